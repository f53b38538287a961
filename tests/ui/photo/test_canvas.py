"""One pane's view, by real mouse, wheel and keys, judged by the colours on the screen."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import QEvent, QPoint, QPointF, QSizeF, Qt
from PySide6.QtGui import QColor, QMouseEvent, QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from gmmseg.arrays import AnyArray, ByteArray
from gmmseg.drawing.draw import ColourScale, Picture
from gmmseg.drawing.layers import Layer, LayerKind
from gmmseg.photo.objects.sources import objects_of_ids
from gmmseg.render import border_levels, border_lines, coarser_levels
from ui.photo.tools.tool import Draft, Pointer, Tool
from ui.photo.widgets.camera import Camera
from ui.photo.widgets.canvas import Canvas
from ui.photo.widgets.colour_bar import ColourBar
from ui.photo.widgets.crosshair import Crosshair
from ui.photo.widgets.object_raster import ObjectRaster
from ui.photo.widgets.swipe_handle import SwipeHandle

RED, GREEN = (255, 0, 0, 255), (0, 255, 0, 255)


def lut(*colours: tuple[int, int, int, int]) -> ByteArray:
    table = np.zeros((256, 4), dtype=np.uint8)
    table[1 : len(colours) + 1] = colours
    return table


def picture(pixels: AnyArray, kind: LayerKind = "segments", **more: object) -> Picture:
    over = kind in ("overlay", "outlines")
    return Picture(Layer(kind), np.ascontiguousarray(pixels), lut(RED, GREEN), over, **more)  # type: ignore[arg-type]


@pytest.fixture
def canvas(qtbot: QtBot) -> Canvas:
    camera = Camera()
    made = Canvas(camera)
    made.fit_requested.connect(lambda: camera.fit(made.view_size()))
    qtbot.addWidget(made)
    made.resize(400, 300)
    with qtbot.waitExposed(made):
        made.show()
    return made


def open_blue(canvas: Canvas, height: int = 30, width: int = 40) -> None:
    photo = np.zeros((height, width, 3), dtype=np.uint8)
    photo[:, :, 2] = 255
    canvas._camera.set_image_size(width, height)
    canvas.set_photo((height, width), photo, coarser_levels(photo))
    canvas._camera.fit(canvas.view_size())


def colour(canvas: Canvas, y: float, x: float) -> tuple[int, int, int]:
    """Return the screen's colour in the middle of pixel (y, x)."""
    at = canvas.position_of(y + 0.5, x + 0.5).toPoint()
    shown: QColor = canvas.grab().toImage().pixelColor(at)
    return shown.red(), shown.green(), shown.blue()


def wheel(canvas: Canvas, at: QPointF, steps: int) -> None:
    QApplication.sendEvent(
        canvas.viewport(),
        QWheelEvent(
            at, QPointF(canvas.mapToGlobal(at.toPoint())), QPoint(), QPoint(0, 120 * steps),
            Qt.MouseButton.NoButton, Qt.KeyboardModifier.NoModifier, Qt.ScrollPhase.NoScrollPhase, False,
        ),
    )  # fmt: skip


def drag(widget: QWidget, start: QPoint, end: QPoint) -> None:
    canvas = widget.viewport() if isinstance(widget, Canvas) else widget
    left, none = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    QTest.mousePress(canvas, left, none, start)
    move = QMouseEvent(
        QEvent.Type.MouseMove,
        QPointF(end),
        QPointF(canvas.mapToGlobal(end)),
        Qt.MouseButton.NoButton,
        left,
        none,
    )
    QApplication.sendEvent(canvas, move)
    QTest.mouseRelease(canvas, left, none, end)


def test_each_pixel_covers_its_square_and_nothing_beside_the_image_is_a_pixel(canvas: Canvas) -> None:
    open_blue(canvas)
    for y, x in ((0, 0), (29, 39), (7, 31)):
        for dy, dx in ((0.01, 0.01), (0.99, 0.99)):
            assert canvas.pixel_at(canvas.position_of(y + dy, x + dx)) == (y, x)
    for beside in ((-0.01, 5), (30.01, 5), (5, -0.01), (5, 40.01)):
        assert canvas.pixel_at(canvas.position_of(*beside)) is None


def test_labels_are_painted_where_the_cursor_finds_them(canvas: Canvas) -> None:
    open_blue(canvas)
    labels = np.ones((30, 40), dtype=np.uint8)
    labels[7, 31] = 2
    canvas.set_picture(picture(labels))
    assert colour(canvas, 7, 31) == GREEN[:3]
    assert {colour(canvas, y, x) for y, x in ((6, 31), (8, 31), (7, 30), (7, 32))} == {RED[:3]}


@pytest.mark.parametrize("side", [1000, 1003])
def test_a_large_label_map_shrunk_to_the_screen_shows_labels_only(canvas: Canvas, side: int) -> None:
    open_blue(canvas, side, side)
    labels = np.ones((side, side), dtype=np.uint8)
    labels[:, side // 2 :] = 2
    canvas.set_picture(picture(labels))
    assert colour(canvas, 5, 5) == RED[:3]
    assert colour(canvas, side - 3, side - 3) == GREEN[:3]
    image = canvas.grab().toImage()
    seen = {image.pixelColor(x, 150).name() for x in range(60, 340)}
    assert seen == {"#ff0000", "#00ff00"}


def test_a_hidden_class_shows_neither_its_colour_nor_the_photo(canvas: Canvas) -> None:
    open_blue(canvas)
    canvas.set_picture(picture(np.ones((30, 40))[:, :].astype(np.uint8)))
    canvas.layer.set_lut(lut((255, 0, 0, 0)))
    assert colour(canvas, 3, 3) not in (RED[:3], (0, 0, 255))


def test_another_table_recolours_without_new_pixels(canvas: Canvas) -> None:
    open_blue(canvas)
    canvas.set_picture(picture(np.ones((30, 40), dtype=np.uint8)))
    assert colour(canvas, 3, 3) == RED[:3]
    canvas.layer.set_lut(lut((9, 8, 7, 255)))
    assert colour(canvas, 3, 3) == (9, 8, 7)


def test_an_overlay_mixes_with_the_photo_and_can_be_switched_off(canvas: Canvas) -> None:
    open_blue(canvas)
    canvas.set_picture(picture(np.ones((30, 40), dtype=np.uint8), "overlay"), lut((255, 0, 0, 128)))
    red, green, blue = colour(canvas, 10, 20)
    assert red == pytest.approx(128, abs=2)
    assert blue == pytest.approx(127, abs=2)
    assert green == 0
    canvas.set_layer_visible(False)
    assert colour(canvas, 10, 20) == (0, 0, 255)


def test_the_divider_uncovers_the_photo_on_its_left(canvas: Canvas) -> None:
    open_blue(canvas)
    canvas.set_picture(picture(np.ones((30, 40), dtype=np.uint8), "overlay"))
    handle = canvas.findChild(SwipeHandle)
    assert handle is not None
    assert not handle.isVisible()
    assert colour(canvas, 10, 10) == RED[:3]
    canvas.set_swiping(True)
    assert handle.isVisible()
    assert handle.geometry().center().x() == pytest.approx(200, abs=1)
    drag(handle, QPoint(7, 150), QPoint(107, 150))
    assert handle.fraction == pytest.approx(0.75)
    assert colour(canvas, 10, 28) == (0, 0, 255)
    QTest.mouseDClick(handle, Qt.MouseButton.LeftButton)
    assert colour(canvas, 10, 10) == (0, 0, 255)
    assert colour(canvas, 10, 30) == RED[:3]
    QTest.keyClick(handle, Qt.Key.Key_Left)
    assert handle.fraction == pytest.approx(0.48)
    # The divider stays on the screen while the picture moves under it.
    canvas._camera.pan(-100, 0)
    assert colour(canvas, 10, 22) == (0, 0, 255)
    canvas.set_picture(picture(np.ones((30, 40), dtype=np.uint8)))
    assert not handle.isVisible()
    assert colour(canvas, 10, 22) == RED[:3]


def test_one_pixel_outlines_are_whole_when_zoomed_out(canvas: Canvas) -> None:
    open_blue(canvas, 1500, 2000)
    mask = np.zeros((1500, 2000), dtype=np.uint8)
    mask[::100] = 1
    canvas.set_picture(picture(mask, "outlines", levels=coarser_levels(mask, keeps_lines=True)))
    image = canvas.grab().toImage()
    column = [image.pixelColor(200, y).red() == 255 for y in range(300)]
    starts = sum(now and not before for before, now in zip([False, *column], column, strict=False))
    assert starts == 15


@pytest.mark.parametrize("width", [410, 500, 560, 640, 790, 810, 1200, 2000])
def test_lines_between_regions_are_whole_and_slim_at_any_zoom(canvas: Canvas, width: int) -> None:
    height = width * 3 // 4
    open_blue(canvas, height, width)
    labels = np.repeat((np.arange(height) * 10 // height).astype(np.uint8)[:, None], width, axis=1)
    lines, levels = border_lines(labels), border_levels(labels)
    red = lut(RED, RED)
    canvas.set_picture(Picture(Layer("regions"), lines, red, is_over_image=True, levels=levels))
    image = canvas.grab().toImage()
    column = "".join("x" if image.pixelColor(200, y).red() == 255 else " " for y in range(300))
    assert len(column.split()) == 9
    assert all(1 <= len(run) <= 4 for run in column.split())


@pytest.mark.parametrize("steps", [3, -2])
def test_the_wheel_zooms_about_the_cursor(canvas: Canvas, steps: int) -> None:
    open_blue(canvas)
    at = QPointF(canvas.position_of(5.5, 11.5).toPoint())
    before = canvas._camera.zoom
    pixel = canvas.pixel_at(at)
    wheel(canvas, at, steps)
    assert canvas._camera.zoom == pytest.approx(before * 1.25**steps)
    assert canvas.pixel_at(at) == pixel


def test_zoom_ends_before_the_image_is_lost(canvas: Canvas) -> None:
    open_blue(canvas)
    at = QPointF(100, 100)
    for _ in range(60):
        wheel(canvas, at, 1)
    assert canvas._camera.zoom <= 64
    for _ in range(120):
        wheel(canvas, at, -1)
    assert 30 * canvas._camera.zoom >= 10
    drag(canvas, QPoint(10, 10), QPoint(390, 290))
    drag(canvas, QPoint(10, 10), QPoint(390, 290))
    assert 0 <= canvas._camera.centre.x() <= 40
    assert 0 <= canvas._camera.centre.y() <= 30


def test_dragging_moves_the_image_with_the_cursor_and_a_double_click_fits(canvas: Canvas) -> None:
    open_blue(canvas)
    fitted = canvas._camera.zoom
    wheel(canvas, QPointF(200, 150), 4)
    start, end = QPoint(200, 150), QPoint(160, 170)
    point = canvas.pixel_at(QPointF(start))
    drag(canvas, start, end)
    assert canvas.pixel_at(QPointF(end)) == point
    QTest.mouseDClick(canvas.viewport(), Qt.MouseButton.LeftButton)
    assert canvas._camera.zoom == pytest.approx(fitted)


def test_keys_pan_zoom_and_fit(canvas: Canvas) -> None:
    open_blue(canvas)
    fitted, centre = canvas._camera.zoom, canvas._camera.centre
    QTest.keyClick(canvas, Qt.Key.Key_Plus)
    assert canvas._camera.zoom == pytest.approx(1.25 * fitted)
    QTest.keyClick(canvas, Qt.Key.Key_Right)
    assert canvas._camera.centre.x() > centre.x()
    QTest.keyClick(canvas, Qt.Key.Key_F)
    assert (canvas._camera.zoom, canvas._camera.centre) == (fitted, centre)


def test_moving_the_mouse_tells_each_new_pixel_and_leaving_tells_none(canvas: Canvas) -> None:
    open_blue(canvas)
    heard: list[object] = []
    canvas.hovered.connect(heard.append)
    canvas.hovered.connect(canvas.mark_pixel)
    for y, x in ((4.2, 4.2), (4.6, 4.6), (4.5, 5.5)):
        QTest.mouseMove(canvas.viewport(), canvas.position_of(y, x).toPoint())
        QTest.qWait(20)
    QApplication.sendEvent(canvas, QEvent(QEvent.Type.Leave))
    assert heard == [(4, 4), (4, 5), None]


@pytest.mark.parametrize("shape", [(1, 20000), (20000, 1), (1, 1), (2, 2)])
def test_images_of_extreme_shape_are_shown(canvas: Canvas, shape: tuple[int, int]) -> None:
    open_blue(canvas, *shape)
    canvas.set_picture(picture(np.ones(shape, dtype=np.uint8)))
    image = canvas.grab().toImage()
    red = sum(
        image.pixelColor(x, y).name() == "#ff0000"
        for y in range(image.height())
        for x in range(image.width())
    )
    assert red >= 280
    canvas._camera.set_zoom(8)
    assert colour(canvas, shape[0] // 2, shape[1] // 2) == RED[:3]


def test_brushed_pixels_stand_out_and_marks_can_be_removed(canvas: Canvas) -> None:
    open_blue(canvas)
    marked = np.zeros((30, 40), dtype=np.uint8)
    marked[10:20, 10:20] = 1
    marked[10, 10:20] = 2
    canvas.set_marks(marked)
    edge, inside, outside = (colour(canvas, y, 15) for y in (10, 15, 25))
    # An edge in its own colour; within it a veil that leaves the picture to be seen, around it less light.
    assert edge[0] > 240
    assert edge[2] < 220
    assert 20 < inside[0] < 90
    assert inside[2] > 220
    assert 100 < outside[2] < 220
    canvas.set_marks(None)
    assert colour(canvas, 15, 15) == (0, 0, 255)


def test_the_copied_view_has_no_crosshair(canvas: Canvas) -> None:
    open_blue(canvas)
    plain = canvas.view_image()
    canvas.mark_pixel((15, 20))
    assert canvas.grab().toImage() != plain
    assert canvas.view_image() == plain
    crosshair = next(item for item in canvas.items() if isinstance(item, Crosshair))
    assert crosshair.isVisible()


def test_a_photo_can_stand_in_at_a_fraction_of_its_size(canvas: Canvas) -> None:
    open_blue(canvas, 301, 400)
    small = np.zeros((76, 100, 3), dtype=np.uint8)
    small[:, 50:] = 255
    canvas.set_photo((301, 400), small)
    assert colour(canvas, 150, 100) == (0, 0, 0)
    assert colour(canvas, 290, 390) == (255, 255, 255)


def test_the_camera_keeps_still_while_panes_of_different_size_follow_it(qtbot: QtBot) -> None:
    camera = Camera()
    canvases = [Canvas(camera), Canvas(camera)]
    for one, size in zip(canvases, ((400, 300), (133, 217)), strict=True):
        qtbot.addWidget(one)
        one.resize(*size)
        one.show()
    camera.set_image_size(640, 480)
    camera.fit(QSizeF(133, 217))
    camera.zoom_about(QPointF(100, 70), 3.7)
    zoom, centre = camera.zoom, camera.centre
    for _ in range(20):
        for one in canvases:
            one.grab()
        QTest.qWait(1)
    assert (camera.zoom, camera.centre) == (zoom, centre)
    for one in canvases:
        drawn = one._root.sceneTransform()
        assert (drawn.m11(), drawn.m22()) == (zoom, zoom)


def test_the_colour_bar_runs_from_low_to_high(qtbot: QtBot) -> None:
    bar = ColourBar()
    qtbot.addWidget(bar)
    bar.set_scale(ColourScale(-12.0, -4.0, "log p", "viridis"))
    bar.resize(bar.sizeHint().width(), 300)
    assert bar.tick_texts() == ["−12", "−10", "−8", "−6", "−4"]
    image = bar.grab().toImage()
    assert image.pixelColor(10, 20).lightness() > image.pixelColor(10, 280).lightness() + 60
    bar.set_scale(None)
    assert not bar.isVisible()


class Noting(Tool):
    """A tool that takes left presses and notes what it is told."""

    def __init__(self, pans: bool = False) -> None:
        super().__init__()
        self.told: list[tuple[str, float, float]] = []
        self.pans = pans

    def press(self, at: Pointer) -> bool:
        self.told.append(("press", at.x, at.y))
        return at.is_left

    def is_pan(self, at: Pointer) -> bool:
        return self.pans

    def move(self, at: Pointer) -> None:
        self.told.append(("move", at.x, at.y))

    def release(self, at: Pointer) -> None:
        self.told.append(("release", at.x, at.y))

    def wheel(self, steps: float, at: Pointer) -> bool:
        self.told.append(("wheel", at.x, at.y))
        return True


def test_a_tool_has_the_drag_that_it_takes_in_image_pixels(canvas: Canvas) -> None:
    open_blue(canvas)
    tool = Noting()
    canvas.set_tool(tool)
    before = canvas._camera.centre
    drag(canvas, canvas.position_of(10, 20).toPoint(), canvas.position_of(20, 30).toPoint())
    wheel(canvas, canvas.position_of(5, 6), 1)
    assert [what for what, _, _ in tool.told] == ["press", "move", "release", "wheel"]
    assert tool.told[0][1:] == pytest.approx((20, 10), abs=0.2)
    assert tool.told[2][1:] == pytest.approx((30, 20), abs=0.2)
    assert tool.told[3][1:] == pytest.approx((6, 5), abs=0.2)
    assert canvas._camera.centre == before


def test_a_drag_that_a_tool_leaves_pans(canvas: Canvas) -> None:
    open_blue(canvas)
    tool = Noting(pans=True)
    canvas.set_tool(tool)
    canvas._camera.set_zoom(canvas._camera.zoom * 4)
    before = canvas._camera.centre
    drag(canvas, QPoint(40, 40), QPoint(60, 50))
    moved = (before - canvas._camera.centre) * canvas._camera.zoom
    assert (moved.x(), moved.y()) == pytest.approx((20, 10), abs=1)
    assert [what for what, _, _ in tool.told] == ["press"]


def test_with_space_held_the_picture_is_panned_whatever_the_tool(canvas: Canvas) -> None:
    open_blue(canvas)
    tool = Noting()
    canvas.set_tool(tool)
    canvas._camera.set_zoom(canvas._camera.zoom * 4)
    QTest.keyPress(canvas, Qt.Key.Key_Space)
    before = canvas._camera.centre
    drag(canvas, QPoint(40, 40), QPoint(60, 50))
    QTest.keyRelease(canvas, Qt.Key.Key_Space)
    assert canvas._camera.centre != before
    assert tool.told == []


def test_outlines_and_drafts_are_drawn_over_the_picture_at_any_zoom(canvas: Canvas) -> None:
    open_blue(canvas)
    ring = np.array([[10, 10], [30, 10], [30, 20], [10, 20]])
    canvas.selection_outline.show_rings([ring])
    assert colour(canvas, 15, 20) != (0, 0, 255)
    assert colour(canvas, 25, 20) == (0, 0, 255)
    canvas.selection_outline.show_rings([])
    assert colour(canvas, 15, 20) == (0, 0, 255)
    tool = Noting()
    canvas.set_tool(tool)
    tool.draft_changed.emit(Draft(((5.5, 5.5), (20.5, 5.5)), width=3, is_removing=True))
    red, _, blue = colour(canvas, 5, 12)
    assert red > 60
    assert blue < 255
    canvas.set_tool(None)
    assert colour(canvas, 5, 12) == (0, 0, 255)


def test_what_is_hovered_over_has_a_still_light_line_and_what_is_selected_dashes(canvas: Canvas) -> None:
    open_blue(canvas)
    ring = np.array([[5, 10], [35, 10], [35, 20], [5, 20]])
    for item, n_colours in ((canvas.hover_outline, 1), (canvas.selection_outline, 2)):
        item.show_rings([ring])
        screen = canvas.grab().toImage()
        y = round(canvas.position_of(10, 20).y() * screen.devicePixelRatio())
        left, right = (round(canvas.position_of(10, x).x() * screen.devicePixelRatio()) for x in (7, 33))
        rows = [{screen.pixelColor(x, row).name() for x in range(left, right)} for row in (y - 1, y)]
        item.show_rings([])
        assert min(len(row) for row in rows if "#ffffff" in row) == n_colours


def raster_of(ids: np.ndarray) -> ObjectRaster:
    raster = ObjectRaster()
    raster.show(objects_of_ids(ids))
    return raster


NONE_CHOSEN = np.zeros(256, dtype=bool)


def test_objects_lie_over_the_picture_in_their_colours(canvas: Canvas) -> None:
    open_blue(canvas)
    ids = np.zeros((30, 40), dtype=np.uint8)
    ids[10:20, 10:20] = 1
    canvas.objects.set_labels(raster_of(ids))
    canvas.objects.set_colours(lut(RED), NONE_CHOSEN)
    assert colour(canvas, 15, 15) == RED[:3]
    canvas.objects.set_colours(lut(GREEN), NONE_CHOSEN)
    assert colour(canvas, 15, 15) == GREEN[:3]
    canvas.objects.setVisible(False)
    assert colour(canvas, 15, 15) == (0, 0, 255)
    canvas.objects.setVisible(True)
    canvas.objects.set_labels(None)
    assert colour(canvas, 15, 15) == (0, 0, 255)


@pytest.mark.parametrize("zoom", [0.37, 1.0, 2.5, 3.7])
def test_objects_are_outlined_one_pixel_of_the_screen_wide_and_chosen_ones_three(
    canvas: Canvas, zoom: float
) -> None:
    open_blue(canvas, 300, 400)
    ids = np.zeros((300, 400), dtype=np.uint8)
    ids[100:201, 150:250] = 1
    canvas.objects.set_labels(raster_of(ids))
    canvas._camera.set_zoom(zoom)
    faint = lut((255, 0, 0, 1))
    for chosen, width in ((False, 1), (True, 3)):
        is_chosen = NONE_CHOSEN.copy()
        is_chosen[1] = chosen
        canvas.objects.set_colours(faint, is_chosen)
        screen = canvas.grab().toImage()
        # Across the left side of the object, half way down.
        ratio, middle = screen.devicePixelRatio(), canvas.position_of(150, 150).toPoint()
        across = [QPoint(middle.x() + dx, middle.y()) * ratio for dx in range(-6, 7)]
        assert sum(screen.pixelColor(at).red() > 200 for at in across) == width
