"""A stack in the window: the slider goes through its frames, the layer shows what is in front of each."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import numpy as np
import pytest
import tifffile
from PIL import Image as Pillow
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QFileDialog, QLabel, QSlider, QSpinBox
from pytestqt.qtbot import QtBot

import gmmseg
from gmmseg.commands.cli import run
from gmmseg.drawing.draw import Scene, draw
from gmmseg.drawing.layers import Layer, available_layers
from gmmseg.frames.settings import BackgroundSettings
from gmmseg.io.images import read_image
from gmmseg.photo.classes import ClassTable
from gmmseg.photo.document import change_setting
from gmmseg.photo.foreground import Foreground, unpacked
from tests.core.frames.test_background import street
from tests.ui.driving import drop, mime_of, wait_for_fit, write_png
from ui.app import App
from ui.widgets.number_box import NumberBox

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
    known = Foreground(image.source.stack_id).grown(masks[:2]).grown(masks[2:3])
    found = known.of(image)
    assert found is not None
    np.testing.assert_array_equal(found, masks[2])
    assert known.of(image) is found, "the same array, so that nothing is drawn again"
    assert known.of(read_image(stack, frame=3)) is None
    assert Foreground((None, "other")).grown(masks).of(image) is None
    picture = draw(Layer("foreground"), Scene(image, foreground=found))
    assert picture.is_over_image
    assert picture.lut is not None
    np.testing.assert_array_equal(picture.lut[picture.pixels][:, :, 3] > 0, masks[2])


@pytest.mark.slow
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


@pytest.mark.slow
def test_nothing_is_followed_before_somebody_looks(opened: App) -> None:
    assert opened.photo.work.workspace.shown.foreground is None
    assert not opened.photo.work.foreground_maker.runner.is_running


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The frames of a stack as images of a folder."""
    folder = tmp_path / "frames"
    folder.mkdir()
    for at, frame in enumerate(list(street(20))[20 - N :]):
        Pillow.fromarray(frame).save(folder / f"frame{at:02d}.png")
    return folder


def test_the_images_of_a_folder_are_the_frames_of_a_stack(app: App, qtbot: QtBot, folder: Path) -> None:
    workspace, panes = app.photo.work.workspace, app.photo.panels.panes
    drop(app.window, mime_of(folder / "frame03.png"))
    wait_for_fit(app, qtbot)
    slider = app.photo.panels.setup.findChild(QSlider, "image.page.slider")
    assert slider is not None
    assert not slider.isVisible()
    assert not app.photo.actions["export_foreground"].isEnabled()
    app.photo.actions["open_stack"].trigger()
    qtbot.waitUntil(lambda: slider.maximum() == N)
    assert slider.value() == 4
    panes.choose_layer(0, Layer("foreground"))
    expected = list(gmmseg.foreground(folder))

    def shows(frame: int) -> bool:
        image, picture = workspace.document.image, panes.panes[0].picture
        if image is None or picture is None or image.source.name != f"frame{frame:02d}.png":
            return False
        return picture.layer.kind == "foreground" and bool((picture.pixels == expected[frame]).all())

    qtbot.waitUntil(lambda: shows(3))
    for ask, frame in (
        (partial(QTest.keyClick, slider, Qt.Key.Key_End), N - 1),
        (app.photo.actions["previous_image"].trigger, N - 2),
    ):
        ask()
        qtbot.waitUntil(partial(shows, frame))
        assert slider.value() == frame + 1
    image = workspace.document.image
    assert image is not None
    assert (image.source.frame, image.source.n_frames) == (0, 1), "of its own file it is the only one"


@pytest.mark.slow
@pytest.mark.parametrize("is_folder", [False, True])
def test_masks_are_exported_as_the_command_line_writes_them(
    app: App, qtbot: QtBot, tmp_path: Path, stack: Path, folder: Path, is_folder: bool
) -> None:
    drop(app.window, mime_of(folder / "frame00.png" if is_folder else stack))
    wait_for_fit(app, qtbot)
    if is_folder:
        app.photo.actions["open_stack"].trigger()
    app.photo.work.apply(change_setting("threshold", 2.0, ""))
    export = app.photo.actions["export_foreground"]
    qtbot.waitUntil(export.isEnabled)
    export.trigger()
    dialog = app.window.findChild(QFileDialog, "foregroundDialog")
    assert dialog is not None
    with qtbot.waitSignal(app.photo.work.exporter.finished, timeout=20000):
        dialog.fileSelected.emit(str(tmp_path / "window"))
    dialog.close()
    source = str(folder if is_folder else stack)
    assert run(["frames", source, "--threshold", "2", "-o", str(tmp_path / "command")]) == 0
    found, expected = (
        {path.name: path.read_bytes() for path in (tmp_path / name).iterdir()}
        for name in ("window", "command")
    )
    assert found == expected
    assert len(found) == N


@pytest.mark.slow
def test_settings_of_the_background_are_those_of_the_command_line(
    opened: App, qtbot: QtBot, stack: Path
) -> None:
    window, workspace = opened.window, opened.photo.work.workspace
    setup = opened.photo.panels.setup
    qtbot.waitUntil(lambda: not setup.background.isHidden())
    opened.photo.panels.panes.choose_layer(0, Layer("foreground"))

    def known(threshold: float) -> bool:
        expected = list(gmmseg.foreground(stack, threshold=threshold))
        found = workspace.shown.foreground
        return found is not None and [unpacked(mask).tolist() for mask in found.masks] == [
            mask.tolist() for mask in expected
        ]

    qtbot.waitUntil(partial(known, 4.0), timeout=20_000)
    box = window.findChild(NumberBox, "threshold")
    assert box is not None
    box.setFocus()
    box.selectAll()
    QTest.keyClicks(box, "2")
    QTest.keyClick(box, Qt.Key.Key_Return)
    assert workspace.document.background_settings == BackgroundSettings(threshold=2.0)
    qtbot.waitUntil(partial(known, 2.0), timeout=20_000)
    assert not known(4.0), "the setting has an effect"
    opened.photo.actions["undo"].trigger()
    qtbot.waitUntil(partial(known, 4.0), timeout=20_000)


def test_a_photo_has_no_settings_of_a_background(app: App, qtbot: QtBot, tmp_path: Path) -> None:
    drop(app.window, mime_of(write_png(tmp_path / "photo.png")))
    wait_for_fit(app, qtbot)
    assert app.photo.panels.setup.background.isHidden()
