"""The documents' table walked through by mouse and keys, in the whole window, and its commands run."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image as Pillow
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QCheckBox, QComboBox, QDialog, QDockWidget, QListWidget, QTextBrowser
from pytestqt.qtbot import QtBot

import gmmseg
from gmmseg.commands.cli import run
from gmmseg.io.models import dump_model
from gmmseg.laboratory.theory_pages import theory_page
from tests.core.frames.test_background import street
from tests.ui.documents_table import places_of
from tests.ui.driving import blobs, drop, mime_of, redraw, wait_for_fit
from tests.ui.reading import (
    LEFT,
    NO_KEYS,
    choose_from_menu,
    choose_in_list,
    click_button,
    click_tab,
    is_seen,
    plain,
    texts_of,
)
from ui.app import App
from ui.dialogs.about import formula_html
from ui.dialogs.errata import ERRATA
from ui.digits.desk import DigitsDesk
from ui.digits.widgets.wall import Wall
from ui.photo.panels.convergence import ConvergencePanel
from ui.photo.panels.scatter import ScatterPanel
from ui.photo.widgets.layer_pane import LayerPane
from ui.plots.plot_panel import PlotPanel

DOCKS = {"convergence": "Convergence", "scatter": "Scatter", "merge_tree": "Merge tree", "setup": "Setup",
         "classes": "Classes", "scores": "Scores", "confusion": "Matrix"}  # fmt: skip
"""Titles of the docks that show a panel."""
_LEGEND = ("L = Q − H", "Q(θg, θg)", "H(θg, θg), right")
_UPSIDE_DOWN = ("NLL = H − Q", "−Q(θg, θg)", "−H(θg, θg), right")
"""Names of the curves, all of them ticked."""


class Student:
    """Sits before the window, and reads."""

    def __init__(self, app: App, qtbot: QtBot) -> None:
        self.app, self.window, self.qtbot = app, app.window, qtbot
        self.window.resize(1600, 1000)

    def open_sample(self) -> None:
        """Choose an arrangement and a sample, and wait for its segmentation."""
        click_button(self.window, "Explore")
        choose_from_menu(self.window.menuBar(), "File", "Samples", "Coffee cup")
        wait_for_fit(self.app, self.qtbot)

    def dock(self, title: str) -> QDockWidget:
        """Bring a dock to the front by its tab, where it has one, and let it draw."""
        (dock,) = (
            one
            for one in self.window.findChildren(QDockWidget)
            if one.windowTitle() == title and one.isVisible()
        )
        if dock.visibleRegion().isEmpty():
            click_tab(self.window, title)
        assert not dock.visibleRegion().isEmpty()
        redraw(dock)
        panel = dock.widget()
        if isinstance(panel, PlotPanel):
            self.qtbot.waitUntil(lambda: panel.has_content, timeout=10_000)
        return dock

    def dialog(self, *path: str) -> QDialog:
        """Open a dialog from the menus."""
        choose_from_menu(self.window.menuBar(), *path)
        (dialog,) = (one for one in self.window.findChildren(QDialog) if one.isVisible())
        return dialog


@pytest.fixture
def student(app: App, qtbot: QtBot) -> Student:
    return Student(app, qtbot)


def missing(kind: str, name: str, texts: set[str]) -> list[tuple[int, str]]:
    """Return the words of a place's items that are not to be seen, with the items' numbers."""
    wanted = [
        (number, word) for number, place in places_of(kind) if place.name == name for word in place.words
    ]
    assert wanted, (kind, name)
    return [(number, word) for number, word in wanted if not is_seen(word, texts)]


def read_convergence(student: Student) -> set[str]:
    """Tick every curve, then look through the three views."""
    dock = student.dock("Convergence")
    panel = dock.widget()
    assert isinstance(panel, ConvergencePanel)
    for title, drawn in (("Q", ["L = Q − H", "Q(θg, θg)"]), ("H", [*_LEGEND]), ("NLL", [*_UPSIDE_DOWN])):
        (box,) = (one for one in dock.findChildren(QCheckBox) if plain(one.text()) == title)
        box.setFocus()
        QTest.keyClick(box, Qt.Key.Key_Space)
        redraw(dock)
        # The box is more than a name: its curve is drawn.
        assert panel.plot.legend.names == drawn
    texts = set(texts_of(dock))
    for view in ("Table", "Restarts"):
        choose_in_list(panel.view_box, view)
        redraw(dock)
        texts |= set(texts_of(dock))
    assert panel.restarts_table.texts.rows
    return texts


def read_scatter(student: Student) -> set[str]:
    dock = student.dock("Scatter")
    panel = dock.widget()
    assert isinstance(panel, ScatterPanel)
    texts = set(texts_of(dock))
    y = next(box for box in dock.findChildren(QComboBox) if box.findText("Histogram") >= 0)
    choose_in_list(y, "Histogram")
    redraw(dock)
    assert panel.plot.bars.isVisible()
    return texts


def read_setup(student: Student) -> set[str]:
    dock = student.dock("Setup")
    click_button(dock, "Advanced")
    return set(texts_of(dock))


def read_dock(title: str) -> Callable[[Student], set[str]]:
    return lambda student: set(texts_of(student.dock(title)))


PANELS: dict[str, Callable[[Student], set[str]]] = {
    "convergence": read_convergence,
    "scatter": read_scatter,
    "merge_tree": read_dock("Merge tree"),
    "classes": read_dock("Classes"),
}


@pytest.mark.slow
def test_what_the_photo_desk_is_said_to_show_is_seen(student: Student, tmp_path: Path) -> None:
    student.open_sample()
    for name, read in PANELS.items():
        assert missing("Photo", name, read(student)) == [], name
    see_panes(student)
    assert missing("Photo", "readout", read_pixels(student)) == []
    seen = read_setup(student)
    # The given model comes last: it takes the place of the fit.
    student.qtbot.waitUntil(lambda: not student.app.photo.work.is_busy, timeout=20_000)
    seen |= read_given(student, tmp_path)
    assert missing("Photo", "setup", seen) == []
    read_by_test = {*PANELS, "panes", "readout", "setup"}
    assert {place.name for _, place in places_of("Photo")} == read_by_test


def first_pane(student: Student) -> tuple[LayerPane, QComboBox]:
    """Return the first pane and the list of its layers."""
    pane = student.app.photo.panels.panes.panes[0]
    box = pane.findChild(QComboBox, "layer")
    assert box is not None
    return pane, box


def see_panes(student: Student) -> None:
    """Choose each layer that the table names, and see a picture of it that is not all alike."""
    pane, box = first_pane(student)
    for layer in sorted(
        {word for _, place in places_of("Photo") if place.name == "panes" for word in place.words}
    ):
        before = pane.picture
        choose_in_list(box, layer)
        student.qtbot.waitUntil(lambda before=before: pane.picture not in (None, before), timeout=5000)  # type: ignore[misc]
        drawn = pane.picture
        assert drawn is not None
        assert len(drawn.tiles) == 5 if layer == "All heatmaps" else np.ptp(drawn.pixels) > 0, layer


def read_pixels(student: Student) -> set[str]:
    """Point at the picture here and there: the status bar says how probable the classes are."""
    pane, box = first_pane(student)
    choose_in_list(box, "Classes")
    readout, texts = student.app.photo.panels.readout, set()
    size = pane.canvas.viewport().size()
    for x, y in ((x, y) for x in (0.1, 0.3, 0.5, 0.7) for y in (0.3, 0.5, 0.7)):
        place = QPoint(round(x * size.width()), round(y * size.height()))
        QTest.mouseMove(pane.canvas.viewport(), place)
        QTest.qWait(60)
        assert sum(bar.share for bar in readout.bars.bars) == pytest.approx(1, abs=0.05)
        texts |= set(texts_of(readout))
    return texts


def read_given(student: Student, folder: Path) -> set[str]:
    """Drop a saved model on the window: the setup offers to adapt it."""
    found = gmmseg.segment(blobs(), n_components=3, seed=1)
    path = folder / "model.json"
    path.write_bytes(dump_model(found.model))
    drop(student.window, mime_of(path))
    work = student.app.photo.work.workspace
    student.qtbot.waitUntil(lambda: work.document.given is not None, timeout=10_000)
    return set(texts_of(student.dock("Setup")))


@pytest.mark.slow
def test_what_the_digits_desk_is_said_to_show_is_seen(student: Student) -> None:
    click_button(student.window, "Digits")
    desk = student.app._desk
    assert isinstance(desk, DigitsDesk)
    wall = desk.panels.clusters.walls["clusters"]
    student.qtbot.waitUntil(lambda: len(wall.sections) == 10 and not desk.work.is_running, timeout=60_000)
    titles = {section.title for one in desk.panels.clusters.findChildren(Wall) for section in one.sections}
    assert missing("Digits", "clusters", titles) == []
    for name in ("scores", "confusion"):
        assert missing("Digits", name, set(texts_of(student.dock(DOCKS[name])))) == []
    figures = desk.panels.scores.figures
    assert all(0 < float(label.text()) <= 1 for label in figures.values())
    assert {place.name for _, place in places_of("Digits")} == {"clusters", "scores", "confusion"}


def test_what_the_theory_is_said_to_show_is_read_there(student: Student) -> None:
    dialog = student.dialog("Help", "Theory")
    pages, text = dialog.findChild(QListWidget), dialog.findChild(QTextBrowser)
    assert pages is not None
    assert text is not None
    for name in sorted({place.name for _, place in places_of("Theory")}):
        (item,) = pages.findItems(theory_page(name).title, Qt.MatchFlag.MatchExactly)
        QTest.mouseClick(pages.viewport(), LEFT, NO_KEYS, pages.visualItemRect(item).center())
        said = " ".join(text.toPlainText().split())
        assert missing("Theory", name, {said, *re.findall(r"\w+", said)}) == []
    dialog.close()


def test_the_slips_are_read_in_the_page_about_the_documents(student: Student) -> None:
    dialog = student.dialog("Help", "source documents")
    page = dialog.findChild(QTextBrowser, "about.documents")
    assert page is not None
    assert page.isVisible()
    said = page.toPlainText()
    for _, place in places_of("Erratum"):
        slip = ERRATA[int(place.name[1:]) - 1]
        for words in (place.name, slip.where, plain(formula_html(slip.correct)).replace(" ", "")):
            assert words in said.replace(" ", "") or words in said, (place.name, words)
    dialog.close()


def written_model(folder: Path) -> tuple[Path, Path]:
    """Write a picture and the model of another light's."""
    model, picture = folder / "model.json", folder / "dusk.png"
    model.write_bytes(dump_model(gmmseg.segment(blobs(), n_components=3, seed=1).model))
    Pillow.fromarray((blobs() * 0.8).astype(np.uint8)).save(picture)
    return model, picture


def run_sample(folder: Path) -> None:
    model, _ = written_model(folder)
    assert run(["sample", str(model), "-n", "400", "-o", str(folder / "drawn.npy")]) == 0
    drawn = np.load(folder / "drawn.npy")
    assert drawn.shape == (400, 3)
    np.testing.assert_allclose(drawn.mean(axis=0), blobs().reshape(-1, 3).mean(axis=0), atol=20)


def run_fit(folder: Path) -> None:
    rng = np.random.default_rng(0)
    lines = [f"{x:.3f},{y:.3f},spoken" for x, y in [*rng.normal(0, 1, (40, 2)), *rng.normal(9, 1, (20, 2))]]
    (folder / "speech.csv").write_text("c1,c2,word\n" + "\n".join(lines))
    table, out, model = (str(folder / name) for name in ("speech.csv", "out.csv", "speaker.json"))
    assert run(["fit", table, "-k", "2", "--columns", "c1,c2", "-o", out, "--model", model]) == 0
    found = [line.split(",")[2:] for line in Path(out).read_text().splitlines()]
    assert found == [["word", "component"], *[["spoken", "1"]] * 40, *[["spoken", "2"]] * 20]
    assert Path(model).stat().st_size > 0


def run_apply(folder: Path) -> None:
    model, picture = written_model(folder)
    masks = {}
    for name, options in (("plain.npy", []), ("adapted.npy", ["--adapt", "10"])):
        assert run(["apply", str(model), str(picture), *options, "-o", str(folder / name)]) == 0
        masks[name] = np.load(folder / name)
    bands = (3 * np.arange(80)) // 80
    # The bands of the picture are found again, whatever the light.
    assert [len(np.unique(masks["adapted.npy"][:, bands == band])) for band in range(3)] == [1, 1, 1]


def run_frames(folder: Path) -> None:
    frames = [Pillow.fromarray(frame) for frame in street(12)]
    frames[0].save(folder / "street.gif", save_all=True, append_images=frames[1:])
    source, out = str(folder / "street.gif"), folder / "masks"
    assert run(["frames", source, "--rate", "0.05", "-k", "4", "-o", str(out)]) == 0
    masks = [np.asarray(Pillow.open(path)) for path in sorted(out.iterdir())]
    assert len(masks) == 12
    assert {int(value) for mask in masks for value in np.unique(mask)} == {0, 255}


COMMANDS = {"sample": run_sample, "fit": run_fit, "apply": run_apply, "frames": run_frames}


def test_every_command_of_the_table_is_run() -> None:
    assert set(COMMANDS) == {place.name for _, place in places_of("Command")}


@pytest.mark.parametrize("name", COMMANDS)
def test_a_command_does_what_the_table_says(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run([name, "--help"]) == 0
    options = set(capsys.readouterr().out.replace(",", " ").split())
    assert missing("Command", name, options) == []
    COMMANDS[name](tmp_path)
