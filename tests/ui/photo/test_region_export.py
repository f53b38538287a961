"""Regions are exported from the window as from the command line, with what they hold of the classes."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image as Pillow
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QCheckBox, QComboBox, QLabel, QLineEdit, QPushButton
from pytestqt.qtbot import QtBot

from gmmseg.commands.cli import run
from gmmseg.control import result_of
from gmmseg.io.export_items import SUFFIXES, ExportItem
from gmmseg.io.images import read_image
from gmmseg.photo.classes import ClassTable, default_classes
from gmmseg.photo.document import Document, change_setting, open_image
from gmmseg.photo.view_state import ViewState
from gmmseg.photo.workspace import Workspace
from gmmseg.regions.outcome import region_events
from gmmseg.regions.settings import RegionSettings
from tests.data.regions import quartered
from tests.data.states import make_image, make_shown
from tests.ui.driving import write_png
from ui.desk.job_runner import JobRunner
from ui.photo.export_dialog import ExportDialog
from ui.photo.exporting import Exporter
from ui.settings_store import SettingsStore


class Export:
    """An open export dialog for classes and seven regions, and what it asked for."""

    def __init__(self, qtbot: QtBot, folder: Path, **options: Any) -> None:
        options = {"image_name": "sky.jpeg", "classes": default_classes(3), "n_regions": 7, **options}
        self.dialog = ExportDialog(folder=folder, **options)
        qtbot.addWidget(self.dialog)
        self.requests: list[tuple[list[ExportItem], str]] = []
        self.dialog.export_requested.connect(lambda items, subject: self.requests.append((items, subject)))
        self.dialog.open()

    def find(self, kind: type, name: str) -> Any:
        found = self.dialog.findChild(kind, f"export.{name}")
        assert found is not None
        return found

    def choose(self, subject: str) -> None:
        """Choose what is exported by keys."""
        way = Qt.Key.Key_Down if subject == "regions" else Qt.Key.Key_Up
        QTest.keyClick(self.find(QComboBox, "subject"), way)
        assert self.dialog.subject == subject

    def tick(self, kind: str) -> None:
        box = self.find(QCheckBox, kind)
        QTest.mouseClick(box, Qt.MouseButton.LeftButton, pos=QPoint(8, box.height() // 2))

    def go(self) -> None:
        QTest.mouseClick(self.find(QPushButton, "go"), Qt.MouseButton.LeftButton)

    def names(self) -> list[str]:
        return [item.path.name for item in self.dialog.items()]


def test_there_is_no_choice_before_there_are_regions(qtbot: QtBot, tmp_path: Path) -> None:
    export = Export(qtbot, tmp_path, n_regions=0)
    assert not export.find(QComboBox, "subject").isVisible()
    export.go()
    assert export.requests == [([ExportItem(tmp_path / "sky_mask.png", "mask")], "classes")]


def test_regions_are_offered_with_their_number_and_under_names_of_their_own(
    qtbot: QtBot, tmp_path: Path
) -> None:
    export = Export(qtbot, tmp_path, kinds=("mask", "overlay", "table", "report", "ome-tiff"))
    subject = export.find(QComboBox, "subject")
    assert [subject.itemText(at) for at in range(subject.count())] == ["Classes", "Regions (7)"]
    as_classes = export.names()
    export.choose("regions")
    assert export.names() == [
        "sky_regions_mask.png", "sky_regions_overlay.png", "sky_regions_table.csv",
        "sky_regions_report.json", "sky_regions_labels.ome.tif",
    ]  # fmt: skip
    assert export.find(QCheckBox, "table").text() == "Region &table"
    export.choose("classes")
    assert export.names() == as_classes
    assert export.find(QCheckBox, "table").text() == "Class &table"


def test_a_name_that_was_typed_stays(qtbot: QtBot, tmp_path: Path) -> None:
    export = Export(qtbot, tmp_path, kinds=("mask", "report"))
    line = export.find(QLineEdit, "mask.name")
    line.selectAll()
    QTest.keyClicks(line, "mine")
    export.choose("regions")
    assert export.names() == ["mine.png", "sky_regions_report.json"]


def test_what_regions_do_not_have_is_disabled_and_says_why(qtbot: QtBot, tmp_path: Path) -> None:
    export = Export(qtbot, tmp_path, kinds=("mask", "probabilities", "model"), preferred="regions")
    assert export.dialog.subject == "regions"
    for kind in ("probabilities", "model"):
        box = export.find(QCheckBox, kind)
        assert not box.isEnabled()
        assert box.toolTip().startswith("Regions ")
        assert not export.find(QLineEdit, f"{kind}.name").isEnabled()
    export.go()
    items, subject = export.requests[0]
    assert subject == "regions"
    assert [item.kind for item in items] == ["mask"]


def test_they_are_ticked_again_when_classes_are_chosen(qtbot: QtBot, tmp_path: Path) -> None:
    export = Export(qtbot, tmp_path, kinds=("mask", "model"), preferred="regions")
    export.choose("classes")
    assert export.dialog.kinds == ("mask", "model")
    assert export.find(QLineEdit, "model.name").isEnabled()


def test_a_mask_is_ticked_where_nothing_else_could_be(qtbot: QtBot, tmp_path: Path) -> None:
    export = Export(qtbot, tmp_path, kinds=("model",), preferred="regions")
    assert export.dialog.kinds == ("mask",)


def test_without_a_fit_only_regions_are_offered(qtbot: QtBot, tmp_path: Path) -> None:
    export = Export(qtbot, tmp_path, classes=ClassTable())
    assert export.dialog.subject == "regions"
    assert export.find(QComboBox, "subject").count() == 1


@pytest.mark.parametrize(("n_regions", "is_wide"), [(254, False), (255, True)])
def test_the_note_speaks_of_regions_and_of_their_depth(
    qtbot: QtBot, tmp_path: Path, n_regions: int, is_wide: bool
) -> None:
    export = Export(qtbot, tmp_path, n_regions=n_regions)
    note = export.find(QLabel, "note")
    assert "classes from 1" in note.text()
    export.choose("regions")
    assert "regions from 1" in note.text()
    assert ("16 bits" in note.text()) is is_wide
    assert (f"up to {n_regions + 1} " in note.text()) is is_wide
    assert "region" in export.find(QCheckBox, "zero_based").text()


def test_every_word_fits_its_place(qtbot: QtBot, tmp_path: Path) -> None:
    export = Export(qtbot, tmp_path, kinds=tuple(SUFFIXES), n_regions=1234, preferred="regions")
    for label in export.dialog.findChildren(QLabel):
        if label.isVisible() and label.text():
            assert label.width() >= label.minimumSizeHint().width(), label.text()
            assert label.height() >= label.heightForWidth(label.width()), label.text()
    for box in export.dialog.findChildren(QCheckBox):
        assert not box.isVisible() or box.width() >= box.sizeHint().width(), box.text()


def test_mnemonics_are_all_different(qtbot: QtBot, tmp_path: Path) -> None:
    export = Export(qtbot, tmp_path, preferred="regions")
    labels = export.dialog.findChildren(QLabel)
    texts = [label.text() for label in labels if label.isVisible() and label.buddy() is not None]
    boxes = export.dialog.findChildren(QCheckBox)
    texts += [box.text() for box in boxes if box.isVisible()]
    letters = [text[text.index("&") + 1].lower() for text in texts if "&" in text]
    assert "w" in letters
    assert len(letters) == len(set(letters))


# Writing


class Writer:
    """An exporter with its workspace."""

    def __init__(self) -> None:
        self.workspace = Workspace()
        self.runner = JobRunner("queue")
        self.exporter = Exporter(self.workspace, self.runner, SettingsStore())
        self.written: list[tuple[list[Path], bool]] = []
        self.failures: list[Exception] = []
        self.exporter.finished.connect(lambda paths, is_old: self.written.append((paths, is_old)))
        self.exporter.failed.connect(self.failures.append)

    def write(self, qtbot: QtBot, shown: ViewState, items: list[ExportItem]) -> None:
        self.exporter.write(shown, items, "regions")
        qtbot.waitUntil(lambda: not self.runner.is_running, timeout=20000)


@pytest.fixture
def writer(qapp: object) -> Iterator[Writer]:
    writer = Writer()
    yield writer
    assert writer.runner.shutdown(finish=True)


def items_in(folder: Path) -> list[ExportItem]:
    return [
        ExportItem(folder / "m.png", "mask"), ExportItem(folder / "voc.png", "mask", palette="voc"),
        ExportItem(folder / "o.png", "overlay"), ExportItem(folder / "c.json", "coco"),
    ]  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize(
    ("settings", "options"),
    [
        (RegionSettings(), []),
        (RegionSettings(detail=0.8), ["--detail", "0.8"]),
        (RegionSettings(n_regions=3), ["--regions", "3"]),
    ],
    ids=["default", "detail", "number"],
)
def test_the_window_writes_the_bytes_of_the_command_line(
    writer: Writer,
    qtbot: QtBot,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    settings: RegionSettings,
    options: list[str],
) -> None:
    write_png(tmp_path / "photo.png")
    monkeypatch.chdir(tmp_path)
    for palette, name in (("class", "cli.png"), ("voc", "cli-voc.png")):
        command = ["segment", "photo.png", "--method", "regions", *options, "--palette", palette]
        assert run([*command, "-o", name, "--overlay", "cli-over.png"]) == 0
    image = read_image("photo.png")
    # Another cut is on screen than the settings ask for, as while a slider is moved.
    writer.workspace.apply(open_image(image))
    writer.workspace.accept_regions(result_of(region_events(image, RegionSettings(detail=0.1))))
    for path in ("detail", "n_regions"):
        writer.workspace.apply(change_setting(path, getattr(settings, path), path))
    writer.write(qtbot, writer.workspace.shown, items_in(tmp_path))
    assert writer.failures == []
    for ours, theirs in (("m.png", "cli.png"), ("voc.png", "cli-voc.png"), ("o.png", "cli-over.png")):
        assert (tmp_path / ours).read_bytes() == (tmp_path / theirs).read_bytes()
    assert writer.written[0][1] is False


def test_the_class_palette_gives_each_region_a_colour_of_its_own(
    writer: Writer, qtbot: QtBot, tmp_path: Path
) -> None:
    image = make_image()
    shown = ViewState(Document(image), regions=quartered(image))
    writer.write(qtbot, shown, items_in(tmp_path))
    with Pillow.open(tmp_path / "m.png") as picture:
        assert picture.mode == "P"
        colours = np.asarray(picture.convert("RGB"))
        np.testing.assert_array_equal(np.asarray(picture), shown.regions.regions.labels)  # type: ignore[union-attr]
    expected = [entry.colour for entry in default_classes(3)]
    assert [tuple(colours[y, x]) for y, x in ((0, 0), (39, 0), (39, 59))] == expected
    coco = json.loads((tmp_path / "c.json").read_text())
    assert [category["name"] for category in coco["categories"]] == ["Region 1", "Region 2", "Region 3"]


@pytest.mark.parametrize("is_preview", [False, True], ids=["final", "preview on screen"])
def test_the_table_tells_the_mean_posteriors_of_the_classes(
    writer: Writer, qtbot: QtBot, tmp_path: Path, is_preview: bool
) -> None:
    shown = make_shown(3)
    image = shown.document.image
    assert image is not None
    assert shown.segmentation is not None
    renamed = shown.document.classes.changed(1, name="=sky")
    document = replace(shown.document, classes=renamed)
    shown = replace(shown, document=document, regions=quartered(image), is_preview=is_preview)
    if is_preview:
        # Maps of other components are on screen: the table is about the finished fit all the same.
        shown = replace(shown, segmentation=make_shown(2).segmentation)
    writer.write(qtbot, shown, [ExportItem(tmp_path / "t.csv", "table")])
    assert writer.failures == []
    with (tmp_path / "t.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["region"] for row in rows] == ["1", "2", "3"]
    assert [int(row["area"]) for row in rows] == [1200, 600, 600]
    names = ["posterior =sky", "posterior Class 2", "posterior Class 3"]
    found = np.array([[float(row[name]) for name in names] for row in rows])
    np.testing.assert_allclose(found.sum(axis=1), 1, atol=1e-5)
    # The image is three equal bands, and the lower left quarter one and a half of them.
    np.testing.assert_allclose(found[0], 1 / 3, atol=0.05)
    np.testing.assert_allclose(np.sort(found[1]), [0, 1 / 3, 2 / 3], atol=0.05)
    np.testing.assert_allclose((found[1] + found[2]) / 2, found[0], atol=0.05)


def test_without_a_fit_the_table_has_no_posteriors(writer: Writer, qtbot: QtBot, tmp_path: Path) -> None:
    image = make_image()
    shown = ViewState(Document(image), regions=quartered(image))
    writer.write(qtbot, shown, [ExportItem(tmp_path / "t.csv", "table")])
    assert "posterior" not in (tmp_path / "t.csv").read_text()


def test_without_regions_nothing_is_written(writer: Writer, qtbot: QtBot, tmp_path: Path) -> None:
    writer.write(qtbot, ViewState(Document(make_image())), items_in(tmp_path))
    assert "no regions" in str(writer.failures[0])
    assert list(tmp_path.glob("*.png")) == []
