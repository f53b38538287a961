"""The display of an image's values: handles, gamma, channels, pixel size, and the scale bar."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image as Pillow
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from gmmseg.display import ChannelDisplay, Display, automatic_display, full_display, histograms
from gmmseg.image import Image
from gmmseg.io.export_items import ExportItem
from gmmseg.photo.document import change_display, open_image
from gmmseg.photo.objects.edits import add_object
from gmmseg.photo.objects.patch import Patch
from gmmseg.photo.view_state import ViewState
from gmmseg.photo.workspace import Workspace
from gmmseg.render import display_rgb
from tests.data.states import fitted_shown, image_of
from tests.ui.driving import redraw, wait_for_fit
from ui.app import App
from ui.photo.panels.display import DisplayPanel
from ui.photo.panels.panes import PanesPanel
from ui.photo.panels.readout import ReadoutBar
from ui.photo.widgets.scale_bar import ScaleBar


def measured(n_channels: int = 1, pixel_size: tuple[float, float] | None = None) -> Image:
    """Return a 16-bit image of values around 800 with some far out."""
    random = np.random.default_rng(5)
    pixels = random.normal(800, 60, (60, 80, n_channels)) + 300 * np.arange(n_channels)
    pixels[:2, :2] = 50_000
    return replace(image_of(pixels.clip(0).astype(np.uint16)), pixel_size=pixel_size)


class Shown:
    """A panel with a workspace behind it, as the desk connects them."""

    def __init__(self, panel: DisplayPanel, image: Image) -> None:
        self.panel = panel
        self.workspace = Workspace()
        self.workspace.subscribe(panel.show_state)
        self.asked: list[Image] = []
        panel.edit_requested.connect(self.workspace.apply)
        panel.settled.connect(self.workspace.settle)
        panel.histograms_requested.connect(self.asked.append)
        self.workspace.apply(open_image(image))
        panel.set_in_front(True)
        panel.show_histograms(image, histograms(image))
        redraw(panel)

    @property
    def display(self) -> Display | None:
        return self.workspace.document.display


@pytest.fixture
def panel(qtbot: QtBot) -> DisplayPanel:
    made = DisplayPanel()
    qtbot.addWidget(made)
    made.resize(500, 400)
    with qtbot.waitExposed(made):
        made.show()
    return made


def test_handles_stand_at_the_automatic_range_and_move_it(panel: DisplayPanel) -> None:
    image = measured()
    shown = Shown(panel, image)
    assert shown.asked == [image]
    (automatic,) = automatic_display(image).channels
    assert panel.handles.getRegion() == pytest.approx((automatic.low, automatic.high))
    panel.handles.setRegion((700, 900))
    panel.handles.lineMoveFinished()
    assert shown.display == Display((ChannelDisplay(700, 900),))
    panel.handles.setRegion((650, 900))
    panel.handles.lineMoveFinished()
    shown.workspace.undo()
    assert shown.display == Display((ChannelDisplay(700, 900),))
    shown.workspace.undo()
    assert shown.display is None


def test_buttons_bring_the_full_and_the_automatic_range(panel: DisplayPanel) -> None:
    image = measured()
    shown = Shown(panel, image)
    QTest.mouseClick(panel.full, Qt.MouseButton.LeftButton)
    assert shown.display == full_display(image)
    redraw(panel)
    assert panel.handles.getRegion()[1] == 50_000
    QTest.mouseClick(panel.automatic, Qt.MouseButton.LeftButton)
    assert shown.display is None


def test_each_channel_has_its_own_range_and_gamma(panel: DisplayPanel) -> None:
    image = measured(3)
    image = replace(image, channels=("one", "two", "three"))
    shown = Shown(panel, image)
    panel.channel.setCurrentIndex(2)
    redraw(panel)
    before = automatic_display(image).channels
    panel.gamma.setValue(0.5)
    assert shown.display == Display((before[0], replace(before[1], gamma=0.5), before[2]))
    panel.channel.setCurrentIndex(0)
    redraw(panel)
    panel.handles.setRegion((500, 1500))
    assert shown.display is not None
    assert {(one.low, one.high) for one in shown.display.channels} == {(500, 1500)}
    assert [one.gamma for one in shown.display.channels] == [1, 0.5, 1]


def test_components_are_drawn_over_the_values_they_are_of(panel: DisplayPanel) -> None:
    state = fitted_shown()
    assert state.document.image is not None
    panel.show_state(ViewState(), state)
    panel.set_in_front(True)
    found = histograms(state.document.image)
    panel.show_histograms(state.document.image, found)
    panel.channel.setCurrentIndex(1)
    redraw(panel)
    assert not panel.mixture.isChecked()
    panel.mixture.setChecked(True)
    redraw(panel)
    curves = [10**curve.yData - 1 for curve in panel._curves]
    assert len(curves) == 3
    # Nearly all pixels lie within the range of the histogram.
    assert sum(curve.sum() for curve in curves) == pytest.approx(found[0][1].sum(), rel=0.02)
    panel.channel.setCurrentIndex(0)
    redraw(panel)
    assert not panel.mixture.isEnabled()


def test_a_pixel_size_is_typed_taken_back_and_nonsense_ignored(panel: DisplayPanel) -> None:
    shown = Shown(panel, measured(pixel_size=(0.25, 0.25)))
    assert panel.pixel.placeholderText() == "0.25 (file)"
    assert shown.workspace.document.pixel_size == (0.25, 0.25)
    for text, expected in (("0,5", 0.5), ("-1", 0.5), ("many", 0.5), ("", None)):
        panel.pixel.setText(text)
        QTest.keyClick(panel.pixel, Qt.Key.Key_Return)
        assert shown.workspace.document.typed_pixel_size == expected
    shown.workspace.undo()
    assert shown.workspace.document.pixel_size == (0.5, 0.5)


def test_panes_show_the_chosen_range_and_a_bar_of_true_length(qtbot: QtBot) -> None:
    panes = PanesPanel()
    qtbot.addWidget(panes)
    panes.resize(500, 400)
    with qtbot.waitExposed(panes):
        panes.show()
    image = measured(pixel_size=(0.5, 0.5))
    display = Display((ChannelDisplay(700, 900),))
    workspace = Workspace()
    workspace.subscribe(panes.show_state)
    workspace.apply(open_image(image))
    canvas = panes.panes[0].canvas
    bar = canvas.findChild(ScaleBar)
    assert bar is not None
    assert bar.isVisible()
    panes.camera.set_zoom(4)
    # Up to 140 screen pixels are 35 pixels of the image, 17.5 µm.
    assert bar.text == "10 µm"
    assert bar._length == 80
    state = workspace.shown
    panes.show_state(state, replace(state, document=replace(state.document, display=display)))
    expected = display_rgb(image, display)[30, 40]
    seen = canvas.view_image().pixelColor(canvas.position_of(30.5, 40.5).toPoint())
    assert abs(seen.red() - int(expected[0])) <= 1
    panes.show_state(workspace.shown, ViewState(replace(state.document, image=measured())))
    assert not bar.isVisible()


@pytest.mark.slow
def test_what_is_exported_and_copied_looks_as_on_screen(app: App, qtbot: QtBot, tmp_path: Path) -> None:
    image = measured()
    display = Display((ChannelDisplay(700, 900, 0.6),))
    work = app.photo.work
    work.opener.opened.emit(image, "")
    wait_for_fit(app, qtbot)
    work.apply(change_display(display, "Display"))
    mask = np.zeros((60, 80), dtype=bool)
    mask[10:30, 10:40] = True
    work.apply(add_object(Patch.of(mask), "leaf"))
    overlay = ExportItem(tmp_path / "o.png", "overlay", overlay_opacity=0.0)
    work.exporter.write(work.workspace.shown, [overlay])
    cutout = ExportItem(tmp_path / "c.png", "cutout")
    work.exporter.write(work.workspace.shown, [cutout], "objects")
    qtbot.waitUntil(cutout.path.is_file, timeout=20_000)
    shown = display_rgb(image, display)
    assert np.array_equal(np.asarray(Pillow.open(overlay.path)), shown)
    assert np.array_equal(np.asarray(Pillow.open(cutout.path))[:, :, :3], shown[10:30, 10:40])
    QApplication.clipboard().setText("before")
    app.photo.actions["copy_object_cutout"].trigger()
    qtbot.waitUntil(lambda: QApplication.clipboard().mimeData().hasImage(), timeout=20_000)
    copied = QApplication.clipboard().image().pixelColor(3, 4)
    assert [copied.red(), copied.green(), copied.blue()] == shown[14, 13].tolist()


def test_the_readout_says_the_range(qtbot: QtBot) -> None:
    bar = ReadoutBar()
    qtbot.addWidget(bar)
    workspace = Workspace()
    workspace.subscribe(bar.show_state)
    workspace.apply(open_image(measured()))
    (automatic,) = automatic_display(measured()).channels
    assert f"shown {automatic.low:.4g} to {automatic.high:.4g}" in bar.facts.text()
    workspace.apply(open_image(fitted_shown().document.image or measured()))
    assert "shown" not in bar.facts.text()
