"""The dialogs, by real clicks and keys."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QKeySequence, QTextDocument
from PySide6.QtTest import QTest
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QDoubleSpinBox,
    QLabel,
    QLineEdit,
    QPushButton,
    QSpinBox,
    QToolButton,
)
from pytestqt.qtbot import QtBot
from scipy.stats import chi2

from gmmseg.io.export_items import OBJECT_KINDS, SUFFIXES, ExportItem
from gmmseg.limits import physical_memory
from gmmseg.mixture.compiled import kernel_name
from gmmseg.photo.classes import default_classes
from gmmseg.version import VERSION
from ui.dialogs.about import AboutDialog, documents_html, formula_html
from ui.dialogs.errata import DOCUMENTS, ERRATA
from ui.dialogs.preferences import Preferences, PreferencesDialog
from ui.dialogs.shortcuts import Shortcut, ShortcutsDialog
from ui.photo.export_dialog import ExportDialog, safe_stem
from ui.widgets.export_row import INTERCHANGE, RESULTS


class Export:
    """An open export dialog and what it asked for."""

    def __init__(self, qtbot: QtBot, folder: Path, **options: Any) -> None:
        options = {"image_name": "sky.jpeg", "classes": default_classes(3), **options}
        self.dialog = ExportDialog(folder=folder, **options)
        qtbot.addWidget(self.dialog)
        self.requests: list[list[ExportItem]] = []
        self.subjects: list[str] = []
        self.dialog.export_requested.connect(self.take)
        self.dialog.open()

    def take(self, items: list[ExportItem], subject: str) -> None:
        self.requests.append(items)
        self.subjects.append(subject)

    def find(self, kind: type, name: str) -> Any:
        found = self.dialog.findChild(kind, f"export.{name}")
        assert found is not None
        return found

    def tick(self, kind: str) -> None:
        box = self.find(QCheckBox, kind)
        QTest.mouseClick(box, Qt.MouseButton.LeftButton, pos=QPoint(8, box.height() // 2))

    def name(self, kind: str, text: str) -> None:
        line = self.find(QLineEdit, f"{kind}.name")
        line.selectAll()
        QTest.keyClicks(line, text)

    def go(self) -> None:
        QTest.mouseClick(self.find(QPushButton, "go"), Qt.MouseButton.LeftButton)


def test_a_mask_is_offered_under_a_name_made_from_the_image(qtbot: QtBot, tmp_path: Path) -> None:
    export = Export(qtbot, tmp_path)
    export.go()
    assert export.requests == [[ExportItem(tmp_path / "sky_mask.png", "mask")]]
    assert not export.dialog.isVisible()


def test_every_kind_can_be_asked_for_under_a_name_of_its_own(qtbot: QtBot, tmp_path: Path) -> None:
    assert {row[0] for row in (*RESULTS, *INTERCHANGE)} == set(SUFFIXES) - {"legend"}
    export = Export(qtbot, tmp_path, kinds=tuple(SUFFIXES))
    export.go()
    items = export.requests[0]
    assert {item.kind for item in items} == set(SUFFIXES) - {"legend", *OBJECT_KINDS}
    assert len({item.path for item in items}) == len(items)
    for item in items:
        assert item.path.name.endswith(SUFFIXES[item.kind])
        assert item.path.name.startswith("sky")


def test_options_go_along(qtbot: QtBot, tmp_path: Path) -> None:
    export = Export(qtbot, tmp_path, kinds=("mask", "overlay"))
    assert not export.find(QSpinBox, "least_part").isEnabled()
    export.tick("parts")
    export.find(QSpinBox, "least_part").selectAll()
    QTest.keyClicks(export.find(QSpinBox, "least_part"), "40")
    export.tick("zero_based")
    QTest.keyClick(export.find(QComboBox, "palette"), Qt.Key.Key_Down)
    export.find(QSpinBox, "opacity").selectAll()
    QTest.keyClicks(export.find(QSpinBox, "opacity"), "35")
    QTest.keyClick(export.find(QComboBox, "mask.format"), Qt.Key.Key_Down)
    export.go()
    mask, overlay, parts = export.requests[0]
    assert mask == ExportItem(tmp_path / "sky_mask.tif", "mask", True, "voc", 0.35, 40)
    assert (parts.path.name, parts.least_part) == ("sky_parts.csv", 40)
    assert overlay.overlay_opacity == 0.35


def test_options_without_effect_are_disabled(qtbot: QtBot, tmp_path: Path) -> None:
    export = Export(qtbot, tmp_path, kinds=("model",))
    for kind, name in ((QCheckBox, "zero_based"), (QComboBox, "palette"), (QSpinBox, "opacity")):
        assert not export.find(kind, name).isEnabled()
    export.tick("mask")
    assert export.find(QCheckBox, "zero_based").isEnabled()
    export.tick("mask")
    export.tick("model")
    assert not export.find(QPushButton, "go").isEnabled()


def test_a_mask_in_grey_can_be_chosen(qtbot: QtBot, tmp_path: Path) -> None:
    export = Export(qtbot, tmp_path)
    QTest.keyClick(export.find(QComboBox, "palette"), Qt.Key.Key_End)
    export.go()
    assert export.requests == [[ExportItem(tmp_path / "sky_mask.png", "mask", palette="grey")]]


def test_colours_can_be_chosen_for_a_png_alone(qtbot: QtBot, tmp_path: Path) -> None:
    export = Export(qtbot, tmp_path)
    assert export.find(QComboBox, "palette").isEnabled()
    QTest.keyClick(export.find(QComboBox, "mask.format"), Qt.Key.Key_Down)
    assert export.find(QComboBox, "mask.format").currentText() == ".tif"
    assert not export.find(QComboBox, "palette").isEnabled()


def test_indices_from_0_are_asked_for_only_where_they_can_be_written(qtbot: QtBot, tmp_path: Path) -> None:
    export = Export(qtbot, tmp_path, kinds=tuple(SUFFIXES))
    export.tick("zero_based")
    export.go()
    assert {item.kind for item in export.requests[0] if item.zero_based} == {"mask", "ome-tiff"}


def test_the_legend_beside_an_npy_is_not_replaced_without_a_word(qtbot: QtBot, tmp_path: Path) -> None:
    (tmp_path / "labels.npy.json").write_text("mine")
    export = Export(qtbot, tmp_path)
    export.name("mask", "labels.npy")
    export.go()
    assert export.requests == []
    assert "labels.npy.json" in export.dialog.message
    export.go()
    assert [item.path.name for item in export.requests[0]] == ["labels.npy", "labels.npy.json"]


def test_an_extension_that_is_typed_along_is_not_doubled(qtbot: QtBot, tmp_path: Path) -> None:
    export = Export(qtbot, tmp_path)
    export.name("mask", "labels.npy")
    export.go()
    assert export.requests[0][0].path == tmp_path / "labels.npy"


@pytest.mark.parametrize("name", ["mask.jpg", "mask.JPEG", "mask.webp"])
def test_a_mask_as_jpeg_is_refused_with_the_reason(qtbot: QtBot, tmp_path: Path, name: str) -> None:
    export = Export(qtbot, tmp_path)
    export.name("mask", name)
    export.go()
    assert export.requests == []
    assert "compresses" in export.dialog.message
    assert export.dialog.isVisible()


@pytest.mark.parametrize("name", ["../mask", "a/b", " ", ".hidden"])
def test_a_name_that_is_none_is_refused(qtbot: QtBot, tmp_path: Path, name: str) -> None:
    export = Export(qtbot, tmp_path)
    export.name("mask", name)
    export.go()
    assert export.requests == []
    assert "not a file name" in export.dialog.message


def test_two_exports_under_one_name_are_refused(qtbot: QtBot, tmp_path: Path) -> None:
    export = Export(qtbot, tmp_path, kinds=("model", "report"))
    export.name("model", "same")
    export.name("report", "same")
    export.go()
    assert export.requests == []
    assert "same.json" in export.dialog.message


def test_replacing_files_is_asked_once(qtbot: QtBot, tmp_path: Path) -> None:
    (tmp_path / "sky_mask.png").write_bytes(b"old")
    export = Export(qtbot, tmp_path)
    export.go()
    assert export.requests == []
    assert "sky_mask.png" in export.dialog.message
    assert export.find(QPushButton, "go").text() == "&Replace"
    export.go()
    assert len(export.requests) == 1


def test_another_name_takes_the_question_back(qtbot: QtBot, tmp_path: Path) -> None:
    (tmp_path / "sky_mask.png").write_bytes(b"old")
    (tmp_path / "other.png").write_bytes(b"old")
    export = Export(qtbot, tmp_path)
    export.go()
    export.name("mask", "other")
    assert export.dialog.message == ""
    assert export.find(QPushButton, "go").text() == "&Export"
    export.go()
    assert export.requests == []
    assert "other.png" in export.dialog.message


@pytest.mark.parametrize("name", ["gone", "a" * 300, "~nobody-of-that-name/x"])
def test_a_folder_that_is_not_there_is_refused(qtbot: QtBot, tmp_path: Path, name: str) -> None:
    export = Export(qtbot, Path(name) if name.startswith("~") else tmp_path / name)
    export.go()
    assert export.requests == []
    assert "no folder" in export.dialog.message


def test_the_folder_is_chosen_and_handed_back(qtbot: QtBot, tmp_path: Path) -> None:
    other = tmp_path / "高斯 and more"
    other.mkdir()
    export = Export(qtbot, tmp_path, pick_folder=lambda parent, folder: other)
    QTest.mouseClick(export.find(QToolButton, "browse"), Qt.MouseButton.LeftButton)
    assert export.dialog.folder == other
    export.tick("table")
    assert export.dialog.kinds == ("mask", "table")
    export.go()
    assert [item.path.parent for item in export.requests[0]] == [other, other]


def test_cancelling_asks_for_nothing(qtbot: QtBot, tmp_path: Path) -> None:
    export = Export(qtbot, tmp_path)
    QTest.keyClick(export.dialog, Qt.Key.Key_Escape)
    assert export.requests == []
    assert not export.dialog.isVisible()


def test_label_values_are_explained_and_sixteen_bits_announced(qtbot: QtBot, tmp_path: Path) -> None:
    small, large = Export(qtbot, tmp_path), Export(qtbot, tmp_path, classes=default_classes(256))
    few, many = small.find(QLabel, "note").text(), large.find(QLabel, "note").text()
    assert "255" in few
    assert "16" not in few
    assert "16 bits" in many


def test_hidden_classes_and_the_opacity_on_screen_are_told(qtbot: QtBot, tmp_path: Path) -> None:
    classes = default_classes(3).changed(2, is_visible=False)
    export = Export(qtbot, tmp_path, classes=classes, overlay_opacity=0.3)
    assert "in a mask too: Class 2. An overlay leaves them out." in export.find(QLabel, "note").text()
    export.tick("overlay")
    export.go()
    assert export.requests[0][-1].overlay_opacity == 0.3
    assert "mask too" not in Export(qtbot, tmp_path).find(QLabel, "note").text()


@pytest.mark.parametrize(
    ("name", "stem"),
    [("a.b.tif", "a.b"), ("clipboard", "clipboard"), ("a/b", "a_b"), ("x\ny.png", "x_y"), ("..", "image"),
     ("什么.png", "什么"), ("", "image")],
)  # fmt: skip
def test_names_are_safe_for_files(name: str, stem: str) -> None:
    assert safe_stem(name) == stem


def test_the_export_dialog_fits_a_small_screen(qtbot: QtBot, tmp_path: Path) -> None:
    export = Export(qtbot, tmp_path, kinds=tuple(SUFFIXES))
    assert export.dialog.sizeHint().height() < 660
    assert export.dialog.sizeHint().width() < 700


SHORTCUTS: list[Shortcut] = [
    ("File", "&Open…", QKeySequence("Ctrl+O")),
    ("File", "Nothing", QKeySequence()),
    ("Classes", "Show alone", "Alt+click"),
    ("Classes", "Salt && pepper", "M"),
]


def test_the_sheet_lists_groups_and_keys(qtbot: QtBot) -> None:
    dialog = ShortcutsDialog(SHORTCUTS)
    qtbot.addWidget(dialog)
    dialog.open()
    texts = [label.text() for label in dialog.findChildren(QLabel)]
    assert texts == ["File", "Open…", "Ctrl+O", "Classes", "Show alone", "Alt+click", "Salt & pepper", "M"]


@pytest.mark.parametrize(
    ("wanted", "found"),
    [("", ["Open…", "Show alone", "Salt & pepper"]), ("alt", ["Show alone", "Salt & pepper"]),
     ("CTRL", ["Open…"]), ("alt click", ["Show alone"]), ("zzz", [])],
)  # fmt: skip
def test_the_sheet_can_be_searched(qtbot: QtBot, wanted: str, found: list[str]) -> None:
    dialog = ShortcutsDialog(SHORTCUTS)
    qtbot.addWidget(dialog)
    dialog.open()
    QTest.keyClicks(dialog.search, wanted)
    assert dialog.visible_texts == found
    headings = [label for label in dialog.findChildren(QLabel) if label.text() in ("File", "Classes")]
    assert any(label.isHidden() for label in headings) is (len(found) < 2 or wanted == "alt")


def test_about_says_which_version_and_which_kernel_run(qtbot: QtBot) -> None:
    dialog = AboutDialog()
    qtbot.addWidget(dialog)
    text = " ".join(label.text() for label in dialog.findChildren(QLabel))
    assert f"gmmseg {VERSION}" in text
    assert f"E-step: {kernel_name()}" in text


def test_all_slips_are_shown(qtbot: QtBot) -> None:
    dialog = AboutDialog()
    qtbot.addWidget(dialog)
    dialog.open()
    shown = dialog.documents.toPlainText()
    for number in range(1, 47):
        assert re.search(rf"^E{number}$", shown, re.MULTILINE)
    assert [slip.number for slip in ERRATA] == list(range(1, 47))


def test_every_slip_names_one_of_the_documents_and_what_is_right() -> None:
    keys = {document.key for document in DOCUMENTS}
    for slip in ERRATA:
        assert slip.where[:2] in keys
        assert slip.printed
        assert slip.correct
        assert slip.printed != slip.correct
        assert slip.source


def test_indices_are_set_below_the_line() -> None:
    assert formula_html("γ(z_nk) < 1") == "γ(z<sub>nk</sub>) &lt; 1"
    assert formula_html("Σ_{i ∈ D} x_i") == "Σ<sub>i ∈ D</sub> x<sub>i</sub>"
    page = QTextDocument()
    page.setHtml(documents_html(ERRATA, "#888888"))
    assert "_{" not in page.toPlainText()


def test_the_share_within_two_sigma_is_what_the_page_says() -> None:
    slip = next(slip for slip in ERRATA if "2σ" in slip.printed)
    assert f"{100 * chi2.cdf(4, 2):.1f} %" in slip.correct
    assert f"{100 * chi2.cdf(4, 3):.1f} %" in slip.correct
    assert f"{np.sqrt(chi2.ppf(0.95, 2)):.3f}σ" in slip.correct


def test_a_scheme_is_announced_at_once(qtbot: QtBot) -> None:
    dialog = PreferencesDialog(Preferences("light"))
    qtbot.addWidget(dialog)
    dialog.open()
    scheme = dialog.findChild(QComboBox, "preferences.scheme")
    assert scheme is not None
    with qtbot.waitSignal(dialog.changed) as told:
        QTest.keyClick(scheme, Qt.Key.Key_Down)
    assert told.args == [Preferences("dark")]


def test_the_memory_budget_is_half_until_it_is_chosen(qtbot: QtBot) -> None:
    dialog = PreferencesDialog(Preferences())
    qtbot.addWidget(dialog)
    dialog.open()
    budget = dialog.findChild(QDoubleSpinBox, "preferences.budget")
    half = dialog.findChild(QCheckBox, "preferences.half")
    assert budget is not None
    assert half is not None
    assert budget.value() == pytest.approx(physical_memory() / 2e9, abs=0.06)
    assert not budget.isEnabled()
    QTest.mouseClick(half, Qt.MouseButton.LeftButton, pos=QPoint(8, half.height() // 2))
    assert dialog.preferences.memory_budget is not None
    dialog.activateWindow()
    budget.setFocus()
    qtbot.waitUntil(budget.hasFocus)
    budget.selectAll()
    with qtbot.waitSignal(dialog.changed) as told:
        QTest.keyClicks(budget, "1.5")
        QTest.keyClick(budget, Qt.Key.Key_Tab)
    assert told.args == [Preferences("system", 1_500_000_000)]
    QTest.mouseClick(half, Qt.MouseButton.LeftButton, pos=QPoint(8, half.height() // 2))
    assert dialog.preferences == Preferences()


def test_a_stored_budget_is_shown(qtbot: QtBot) -> None:
    stored = Preferences("dark", 2_000_000_000, 1, True)
    dialog = PreferencesDialog(stored)
    qtbot.addWidget(dialog)
    assert dialog.preferences == stored
