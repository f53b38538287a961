"""Classes by region in the whole window: the first map of a photo, under the detail, by pixel at a choice."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QComboBox, QSlider
from pytestqt.qtbot import QtBot

from gmmseg.commands.cli import run
from gmmseg.io.export_items import ExportItem
from gmmseg.photo.document import change_setting
from gmmseg.photo.segmentation import Segmentation
from gmmseg.photo.view_state import ViewState
from tests.ui.driving import arrange, drop, has_final_map, mime_of, write_png
from ui.app import App
from ui.photo.arrangements import FIRST_PANES
from ui.photo.exporting import Exporter
from ui.photo.widgets.fading import Fading


class Window:
    """The window, and every state it has shown."""

    def __init__(self, app: App, qtbot: QtBot) -> None:
        self.app = app
        self.qtbot = qtbot
        self.work = app.photo.work
        self.panes = app.photo.panels.panes
        self.states: list[ViewState] = []
        self.work.bridge.changed.connect(lambda old, new: self.states.append(new))

    @property
    def shown(self) -> ViewState:
        return self.work.workspace.shown

    @property
    def map(self) -> Segmentation:
        assert self.shown.segmentation is not None
        return self.shown.segmentation

    def wait(self) -> None:
        self.qtbot.waitUntil(lambda: has_final_map(self.work), timeout=30000)

    def unit(self, number: int) -> QComboBox:
        box = self.panes.panes[number].findChild(QComboBox, "map_unit")
        assert box is not None
        return box


@pytest.fixture
def window(app: App, qtbot: QtBot, tmp_path: Path) -> Window:
    arrange(app, "segment")
    app.photo.panels.panes.restore(FIRST_PANES["segment"])
    window = Window(app, qtbot)
    drop(app.window, mime_of(write_png(tmp_path / "bands.png")))
    window.wait()
    return window


def test_the_first_map_becomes_one_by_region_without_another_fit_or_other_colours(window: Window) -> None:
    maps = [state for state in window.states if state.segmentation is not None and not state.is_preview]
    first, last = maps[0], maps[-1]
    # On a busy machine the tree may be there before the fit ends.
    assert first.segmentation is not None
    assert window.map.origin is not None
    assert window.map.pixelwise is first.segmentation.pixelwise
    assert first.classes is last.classes
    assert first.document.fit is last.document.fit
    # Three bands are three regions: each of one class.
    regions = window.shown.regions
    assert regions is not None
    assert regions.regions.n_regions == 3
    for region in (1, 2, 3):
        assert len(np.unique(window.map.labels[regions.regions.labels == region])) == 1


def test_the_tree_is_made_once_for_clicks_and_for_the_map(window: Window) -> None:
    shown = window.shown
    assert shown.regions is not None
    assert "hierarchy" not in shown.regions.seconds


@pytest.mark.slow
def test_the_detail_moves_the_map_and_leaves_the_panes_and_the_fit_alone(window: Window) -> None:
    fit, before = window.shown.document.fit, window.map
    layers = [pane.layer for pane in window.panes.visible_panes]
    slider = window.app.window.findChild(QSlider, "detail.slider")
    assert slider is not None
    slider.setValue(0)
    slider.sliderReleased.emit()
    window.wait()
    assert window.map is not before
    assert len(np.unique(window.map.labels)) == 1
    assert [pane.layer for pane in window.panes.visible_panes] == layers
    assert window.shown.document.fit is fit
    window.app.photo.actions["undo"].trigger()
    window.wait()
    np.testing.assert_array_equal(window.map.labels, before.labels)


def test_by_pixel_is_one_choice_beside_the_map_away_and_undone(window: Window) -> None:
    box = window.unit(1)
    assert box.isVisible()
    assert not window.unit(0).isVisible(), "the photo has no classes to choose for"
    assert box.currentText() == "By region"
    QTest.keyClick(box, Qt.Key.Key_Up)
    window.wait()
    assert window.map.origin is None
    assert box.currentText() == "By pixel"
    window.app.photo.actions["undo"].trigger()
    window.wait()
    assert window.map.origin is not None
    assert box.currentText() == "By region"


@pytest.mark.slow
def test_every_map_after_a_change_of_k_is_by_region_at_once(window: Window) -> None:
    window.states.clear()
    window.work.apply(change_setting("mixture.n_components", 3, "Components"))
    window.wait()
    seen = [state.segmentation for state in window.states]
    assert len({id(one) for one in seen}) > 1
    assert all(one is not None and one.origin is not None for one in seen)


@pytest.mark.slow
@pytest.mark.parametrize("is_early", [False, True])
def test_the_window_exports_what_the_command_line_writes(
    window: Window, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, is_early: bool
) -> None:
    window.work.apply(change_setting("min_island", 30, "Islands"))
    window.wait()
    shown = window.shown
    if is_early:
        # As it was when the pixels' map had just come.
        shown = next(state for state in window.states if state.document.fit is not None)
        shown = ViewState(
            window.shown.document, shown.table, window.map.pixelwise, shown.classes, regions=None
        )
    monkeypatch.chdir(tmp_path)
    exporter: Exporter = window.work.exporter
    with window.qtbot.waitSignal(exporter.finished, timeout=20000):
        exporter.write(
            shown,
            [ExportItem(tmp_path / "w.tif", "mask"), ExportItem(tmp_path / "w.npz", "probabilities")],
        )
    options = ["--by", "region", "--min-island", "30"]
    assert run(["segment", "bands.png", *options, "-o", "c.tif", "--probabilities", "c.npz"]) == 0
    assert (tmp_path / "w.tif").read_bytes() == (tmp_path / "c.tif").read_bytes()
    ours, theirs = np.load("w.npz"), np.load("c.npz")
    np.testing.assert_array_equal(ours["probabilities"], theirs["probabilities"])


def test_the_map_of_pixels_goes_softly_and_a_moved_picture_at_once(
    window: Window, monkeypatch: pytest.MonkeyPatch
) -> None:
    faded: list[object] = []
    monkeypatch.setattr(Fading, "begin", lambda fading: faded.append(fading))
    new = window.shown
    old = replace(new, segmentation=window.map.pixelwise)
    window.panes.show_state(new, old)
    assert not faded
    window.panes.show_state(old, new)
    assert faded == [window.panes.panes[1].canvas.fading], "the photo stays as it is"
    monkeypatch.undo()
    canvas = window.panes.panes[1].canvas
    cover = canvas.findChild(Fading)
    assert cover is not None
    canvas.fading.begin()
    if cover.isVisible():
        window.panes.camera.pan(3, 0)
    assert not cover.isVisible()
