"""A stack in the window: the slider goes through its frames, the layer shows what is in front of each."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import numpy as np
import pytest
import tifffile
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLabel, QSlider, QSpinBox
from pytestqt.qtbot import QtBot

import gmmseg
from gmmseg.drawing.draw import Scene, draw
from gmmseg.drawing.layers import Layer, available_layers
from gmmseg.io.images import read_image
from gmmseg.photo.classes import ClassTable
from gmmseg.photo.foreground import Foreground
from tests.core.frames.test_background import street
from tests.ui.driving import drop, mime_of, wait_for_fit
from ui.app import App

N = 10


@pytest.fixture
def stack(tmp_path: Path) -> Path:
    path = tmp_path / "street.tif"
    tifffile.imwrite(path, np.array(list(street(20))[20 - N :]), photometric="rgb")
    return path


@pytest.fixture
def opened(app: App, qtbot: QtBot, stack: Path) -> App:
    drop(app.window, mime_of(stack))
    wait_for_fit(app, qtbot)
    return app


def test_the_layer_is_offered_for_frames_alone() -> None:
    assert Layer("foreground") not in available_layers(ClassTable())
    assert Layer("foreground") in available_layers(ClassTable(), has_frames=True)


def test_masks_come_back_from_their_bits(stack: Path) -> None:
    image = read_image(stack, frame=2)
    masks = list(gmmseg.foreground(stack))
    known = Foreground(image.source.sha256).grown(masks[:2]).grown(masks[2:3])
    found = known.of(image)
    assert found is not None
    np.testing.assert_array_equal(found, masks[2])
    assert known.of(image) is found, "the same array, so that nothing is drawn again"
    assert known.of(read_image(stack, frame=3)) is None
    assert Foreground("other").grown(masks).of(image) is None
    picture = draw(Layer("foreground"), Scene(image, foreground=found))
    assert picture.is_over_image
    assert picture.lut is not None
    np.testing.assert_array_equal(picture.lut[picture.pixels][:, :, 3] > 0, masks[2])


def test_slider_and_layer_show_what_is_in_front_of_each_frame(opened: App, qtbot: QtBot, stack: Path) -> None:
    panes, workspace = opened.photo.panels.panes, opened.photo.work.workspace
    panes.choose_layer(0, Layer("foreground"))
    expected = list(gmmseg.foreground(stack))
    slider = opened.photo.panels.setup.findChild(QSlider, "image.page.slider")
    page = opened.photo.panels.setup.findChild(QSpinBox, "image.page")
    assert slider is not None
    assert page is not None
    assert (slider.minimum(), slider.maximum()) == (1, N)

    def shows(frame: int) -> bool:
        image, picture = workspace.document.image, panes.panes[0].picture
        if image is None or image.source.frame != frame or picture is None:
            return False
        return picture.layer.kind == "foreground" and bool((picture.pixels == expected[frame]).all())

    qtbot.waitUntil(lambda: shows(0))
    for key, frame in ((Qt.Key.Key_End, N - 1), (Qt.Key.Key_Left, N - 2)):
        QTest.keyClick(slider, key)
        qtbot.waitUntil(partial(shows, frame))
        assert page.value() == slider.value() == frame + 1
    assert expected[N - 2].any()
    assert not expected[N - 2].all()
    caption = f"{100 * expected[N - 2].mean():.1f} % in front"
    label = panes.panes[0].canvas.findChild(QLabel, "caption")
    assert label is not None
    qtbot.waitUntil(lambda: label.text() == caption)


def test_nothing_is_followed_before_somebody_looks(opened: App) -> None:
    assert opened.photo.work.workspace.shown.foreground is None
    assert not opened.photo.work.foreground_maker.runner.is_running
