"""Regions in the whole window: chosen, cut, pinned, stopped and exported by keys and clicks.

Classes go by pixel: by region there would be regions before anybody looks at them.
"""

from __future__ import annotations

import time
from collections.abc import Generator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image as Pillow
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QDockWidget,
    QLabel,
    QPushButton,
    QSlider,
    QTableView,
)
from pytestqt.qtbot import QtBot

from gmmseg.control import Progress, ShouldStop, raise_if_cancelled
from gmmseg.io.images import image_from_array
from gmmseg.photo.classes import default_classes
from gmmseg.photo.document import change_setting, open_image
from gmmseg.regions.outcome import RegionOutcome, region_events
from tests.ui.driving import arrange, blobs, drop, mime_of, write_png
from ui.app import App
from ui.photo import region_maker
from ui.photo.arrangements import FIRST_PANES
from ui.photo.export_dialog import ExportDialog
from ui.widgets.number_box import NumberBox

CONTROL = Qt.KeyboardModifier.ControlModifier


class Driven:
    """The window with a small photo, and its user's hands."""

    def __init__(self, app: App, qtbot: QtBot) -> None:
        self.app = app
        self.qtbot = qtbot
        self.work = app.photo.work
        self.panes = app.photo.panels.panes

    def choose_layer(self, number: int, title: str) -> None:
        """Choose a layer in a pane's list by keys."""
        box = self.panes.panes[number].findChild(QComboBox, "layer")
        assert box is not None
        for _ in range(box.findText(title) - box.currentIndex()):
            QTest.keyClick(box, Qt.Key.Key_Down)
        for _ in range(box.currentIndex() - box.findText(title)):
            QTest.keyClick(box, Qt.Key.Key_Up)
        assert box.currentText() == title

    def caption(self, number: int) -> str:
        label = self.panes.panes[number].findChild(QLabel, "caption")
        assert label is not None
        return label.text() if label.isVisible() else ""

    def wait_for(self, caption: str, number: int = 1) -> None:
        self.qtbot.waitUntil(lambda: caption in self.caption(number), timeout=20000)

    def wait_until_idle(self) -> None:
        self.qtbot.waitUntil(lambda: not self.work.is_busy and not self.work.fitter.is_fitting, timeout=20000)

    def set_detail(self, percent: int) -> None:
        slider = self.app.window.findChild(QSlider, "detail.slider")
        assert slider is not None
        slider.setValue(percent)
        slider.sliderReleased.emit()

    def key(self, key: Qt.Key, modifier: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier) -> None:
        self.app.window.setFocus()
        QTest.keyClick(self.app.window, key, modifier)

    @property
    def regions(self) -> RegionOutcome:
        outcome = self.work.workspace.shown.regions
        assert outcome is not None
        return outcome


@pytest.fixture
def driven(app: App, qtbot: QtBot, tmp_path: Path) -> Driven:
    arrange(app, "explore")
    app.photo.panels.panes.restore(FIRST_PANES["segment"])
    app.photo.work.apply(change_setting("by", "pixel", "Classes"))
    drop(app.window, mime_of(write_png(tmp_path / "bands.png")))
    driven = Driven(app, qtbot)
    qtbot.waitUntil(lambda: app.photo.work.workspace.document.fit is not None, timeout=20000)
    driven.wait_until_idle()
    return driven


def test_nothing_is_made_before_regions_are_looked_at(driven: Driven) -> None:
    assert driven.work.workspace.shown.regions is None
    driven.choose_layer(1, "Regions")
    driven.wait_for("regions · detail 0.5")
    # The three bands are seen at once.
    assert driven.regions.regions.n_regions == 3


def test_a_number_is_typed_undone_and_done_again(driven: Driven) -> None:
    window = driven.app.window
    automatic = window.findChild(QCheckBox, "n_regions.automatic")
    box = window.findChild(NumberBox, "n_regions")
    assert automatic is not None
    assert box is not None
    driven.choose_layer(1, "Regions (mean colours)")
    driven.wait_for("3 regions · detail 0.5")
    QTest.mouseClick(automatic, Qt.MouseButton.LeftButton)
    driven.wait_for("3 regions")
    box.lineEdit().selectAll()
    QTest.keyClicks(box.lineEdit(), "2")
    QTest.keyClick(box.lineEdit(), Qt.Key.Key_Return)
    driven.wait_for("2 regions")
    driven.key(Qt.Key.Key_Z, CONTROL)
    driven.wait_for("3 regions")
    driven.key(Qt.Key.Key_Z, CONTROL)
    driven.wait_for("3 regions · detail 0.5")
    driven.key(Qt.Key.Key_Y, CONTROL)
    driven.key(Qt.Key.Key_Y, CONTROL)
    driven.wait_for("2 regions")
    qpicture = driven.panes.panes[1]
    driven.qtbot.waitUntil(
        lambda: (
            qpicture.picture is not None
            and len(np.unique(qpicture.picture.pixels.reshape(-1, 3), axis=0)) == 2
        )
    )


def test_the_first_move_of_the_detail_brings_the_regions_into_view(driven: Driven) -> None:
    driven.set_detail(0)
    driven.wait_for("1 region · detail 0")
    assert [pane.layer.kind for pane in driven.panes.visible_panes] == ["image", "regions"]
    driven.set_detail(100)
    driven.wait_for("detail 1")
    assert driven.regions.regions.n_regions == driven.regions.hierarchy.n_leaves


def test_two_details_are_compared_side_by_side(driven: Driven) -> None:
    driven.set_detail(30)
    driven.wait_for("detail 0.3")
    kept = driven.caption(1)
    driven.key(Qt.Key.Key_P)
    driven.choose_layer(0, "Regions")
    driven.set_detail(100)
    driven.wait_for("detail 1", number=0)
    assert driven.caption(1) == kept


def test_the_table_in_front_has_regions_made_and_marks_the_row_clicked(driven: Driven) -> None:
    dock = driven.app.window.findChild(QDockWidget, "regionsDock")
    assert dock is not None
    dock.show()
    dock.raise_()
    table = driven.app.window.findChild(QTableView, "regions-table")
    assert table is not None
    driven.qtbot.waitUntil(lambda: table.model().rowCount() == 3, timeout=20000)
    at = table.visualRect(table.model().index(1, 0)).center()
    QTest.mouseClick(table.viewport(), Qt.MouseButton.LeftButton, pos=at)
    value = int(table.model().index(1, 0).data())
    marked = driven.panes.panes[0].canvas._marks._levels[0]
    np.testing.assert_array_equal(marked > 0, driven.regions.regions.labels == value)


def test_esc_stops_it_and_the_detail_starts_it_again(driven: Driven, monkeypatch: pytest.MonkeyPatch) -> None:
    def slow(*arguments: Any, should_stop: ShouldStop) -> Generator[Any, None, RegionOutcome]:
        while True:
            time.sleep(0.01)
            raise_if_cancelled(should_stop)
            yield Progress("Regions: merging", 0.5)

    monkeypatch.setattr(region_maker, "region_events", slow)
    driven.choose_layer(1, "Regions")
    assert driven.caption(1) == "finding regions …"
    progress = driven.app.window.progress
    driven.qtbot.waitUntil(progress.isVisible)
    assert progress.findChild(QLabel, "progressText").text() == "Regions: merging"  # type: ignore[union-attr]
    driven.key(Qt.Key.Key_Escape)
    driven.wait_for("no regions: stopped")
    driven.wait_until_idle()
    driven.qtbot.waitUntil(lambda: not progress.isVisible())
    monkeypatch.setattr(region_maker, "region_events", region_events)
    driven.set_detail(70)
    driven.wait_for("detail 0.7")


@pytest.mark.slow
def test_another_image_meanwhile_gets_its_own_regions(driven: Driven) -> None:
    driven.choose_layer(1, "Regions")
    large = image_from_array(blobs(600, 800), "large")
    small = image_from_array(blobs(40, 50), "small")
    driven.work.apply(open_image(large))
    driven.qtbot.waitUntil(lambda: driven.work.region_maker.runner.is_running)
    driven.work.apply(open_image(small))
    driven.wait_for("regions · detail 0.5")
    assert driven.regions.image is small
    driven.wait_until_idle()


def test_the_regions_on_screen_are_offered_first_and_exported(driven: Driven, tmp_path: Path) -> None:
    driven.choose_layer(1, "Regions")
    driven.wait_for("3 regions")
    driven.key(Qt.Key.Key_E, CONTROL)
    dialog = driven.app.window.findChild(ExportDialog)
    assert dialog is not None
    assert dialog.subject == "regions"
    go = dialog.findChild(QPushButton, "export.go")
    assert go is not None
    QTest.mouseClick(go, Qt.MouseButton.LeftButton)
    driven.qtbot.waitUntil(lambda: "bands_regions_mask.png" in driven.app.window.errors.text, timeout=5000)
    with Pillow.open(tmp_path / "bands_regions_mask.png") as picture:
        np.testing.assert_array_equal(np.asarray(picture), driven.regions.regions.labels)


def test_the_mask_copied_is_that_of_the_regions_on_screen(driven: Driven) -> None:
    driven.choose_layer(1, "Regions")
    driven.wait_for("3 regions")
    driven.key(Qt.Key.Key_C, CONTROL | Qt.KeyboardModifier.ShiftModifier)
    driven.qtbot.waitUntil(lambda: "3 regions" in driven.app.window.errors.text)
    copied = QGuiApplication.clipboard().image()
    labels = driven.regions.regions.labels
    colours = default_classes(3, "Region")
    for y, x in ((3, 5), (30, 40), (59, 79)):
        expected = colours.of_component(int(labels[y, x]) - 1).colour
        assert copied.pixelColor(x, y).getRgb()[:3] == expected  # type: ignore[index]
    driven.choose_layer(1, "Classes")
    driven.key(Qt.Key.Key_C, CONTROL | Qt.KeyboardModifier.ShiftModifier)
    driven.qtbot.waitUntil(lambda: "classes" in driven.app.window.errors.text)


@pytest.mark.slow
def test_classes_are_offered_first_where_the_pane_used_last_shows_them(driven: Driven) -> None:
    driven.choose_layer(1, "Regions")
    driven.wait_for("3 regions")
    driven.choose_layer(1, "Classes")
    driven.key(Qt.Key.Key_E, CONTROL)
    dialog = driven.app.window.findChild(ExportDialog)
    assert dialog is not None
    assert dialog.subject == "classes"
    dialog.reject()
