"""Canvas: one view of the photo and a layer over it, moved by a camera that all panes share."""

from __future__ import annotations

import math

import numpy as np
from PySide6.QtCore import QEvent, QPoint, QPointF, QSizeF, Qt, Signal, Slot
from PySide6.QtGui import (
    QColor,
    QContextMenuEvent,
    QImage,
    QKeyEvent,
    QMouseEvent,
    QResizeEvent,
    QTransform,
    QWheelEvent,
)
from PySide6.QtWidgets import QFrame, QGraphicsRectItem, QGraphicsScene, QGraphicsView, QWidget

from gmmseg.arrays import ByteArray
from gmmseg.drawing.draw import Picture
from ui.photo.tools.tool import NO_DRAFT, Pointer, Tool
from ui.photo.widgets.camera import Camera
from ui.photo.widgets.crosshair import Crosshair
from ui.photo.widgets.draft_item import DraftItem
from ui.photo.widgets.fading import Fading
from ui.photo.widgets.label_item import LabelItem
from ui.photo.widgets.outline_item import OutlineItem
from ui.photo.widgets.pixel_item import PixelItem
from ui.photo.widgets.scale_bar import Caption, ScaleBar
from ui.photo.widgets.swipe_handle import MIDDLE, SwipeHandle
from ui.theme import colours, mixed, theme

_WHEEL_FACTOR = 1.25
_PAN_STEP = 48.0
_VEIL, _EDGE = (255, 0, 200, 50), (255, 0, 200, 255)
_UNMARKED = (0, 0, 0, 90)
_CLICK = 5.0
"""Device-independent pixels of movement up to which a press is a click."""


class Canvas(QGraphicsView):
    """A photo below, a layer above and marks on top; pixel (0, 0) covers 0..1.

    The tool in hand has every event first. What it leaves, the canvas uses itself: the wheel zooms about the
    cursor, dragging pans (with the middle button or Space held always), a double click or F fits, + and -
    zoom, the arrow keys pan.
    """

    hovered = Signal(object)
    """Pixel (y, x) under the cursor, or None."""
    clicked = Signal(object)
    """Pixel (y, x) of a plain left click, whatever the tool makes of it."""
    fit_requested = Signal()
    menu_requested = Signal(object, QPoint)
    """((x, y) on the image, a place of the screen): a right click that no tool uses."""
    resized = Signal()

    def __init__(self, camera: Camera, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setScene(QGraphicsScene(self))
        self.setObjectName("canvas")
        self.setAccessibleName(self.tr("Image view"))
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMinimumSize(64, 64)
        self._camera = camera
        self._show_plainly()
        self._root = QGraphicsRectItem()
        """Holds all that is drawn, in image pixels; the scene itself is in those of the screen."""
        self.scene().addItem(self._root)
        self.photo = PixelItem(is_smooth=True)
        self.layer = PixelItem(is_smooth=False)
        self._marks = PixelItem(is_smooth=False)
        self.objects = LabelItem()
        self.hover_outline = OutlineItem(is_moving=False, veil=QColor(255, 255, 255, 40))
        self.selection_outline = OutlineItem(is_moving=True, veil=QColor(0, 150, 255, 60))
        self.place_outline = OutlineItem(is_moving=True, veil=QColor(255, 190, 0, 50))
        self._draft = DraftItem()
        self._crosshair = Crosshair()
        outlines = (self.place_outline, self.hover_outline, self.selection_outline)
        for item in (
            self.photo,
            self.layer,
            self._marks,
            self.objects,
            *outlines,
            self._draft,
            self._crosshair,
        ):
            item.setParentItem(self._root)
        self.caption = Caption(self)
        self.scale_bar = ScaleBar(self)
        self.fading = Fading(self)
        self._handle = SwipeHandle(self)
        self._handle.hide()
        self._handle.moved.connect(self._apply_swipe)
        self._size: tuple[int, int] | None = None
        self._picture: Picture | None = None
        self._is_layer_wanted = True
        self._is_swiping = False
        self._pixel: tuple[int, int] | None = None
        self._drag_from: QPointF | None = None
        self._pressed_at: QPointF | None = None
        self._tool: Tool | None = None
        self._is_tool_dragging = False
        self._is_space_held = False
        self._restyle()
        theme().changed.connect(self._restyle)
        camera.changed.connect(self._follow_camera)

    def _show_plainly(self) -> None:
        """Have the view add nothing of its own: no frame, no bars, no search for items under the mouse."""
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setTransformationAnchor(QGraphicsView.ViewportAnchor.NoAnchor)
        self.setMouseTracking(True)
        self.scene().setItemIndexMethod(QGraphicsScene.ItemIndexMethod.NoIndex)

    def set_photo(self, size: tuple[int, int], pixels: ByteArray, levels: tuple[ByteArray, ...] = ()) -> None:
        """Show a photo of `size` (H, W); `pixels` may be a smaller stand-in for it."""
        self._size = size
        for item in (self.hover_outline, self.selection_outline, self._draft):
            # They are in pixels of the picture.
            item.setScale(1 / self._camera.step)
        self.photo.set_pixels(pixels, levels=levels, size=size)
        self._arrange()

    def clear(self) -> None:
        """Show nothing at all."""
        self._size = None
        for item in (self.photo, self.layer, self._marks):
            item.clear()
        self.objects.set_labels(None)
        for outline in (self.place_outline, self.hover_outline, self.selection_outline):
            outline.show_rings([])

    def set_picture(self, picture: Picture | None, lut: ByteArray | None = None) -> None:
        """Show a layer over the photo, or instead of it; `lut` replaces the picture's own table."""
        self._picture = picture
        if picture is None:
            self.layer.clear()
        else:
            self.layer.set_pixels(
                picture.pixels,
                picture.lut if lut is None else lut,
                picture.levels,
                line_width=picture.layer.line_width,
            )
        self._arrange()

    def set_layer_visible(self, is_visible: bool) -> None:
        """Show the layer, or the bare photo."""
        self._is_layer_wanted = is_visible
        self._arrange()

    def set_swiping(self, is_swiping: bool) -> None:
        """Show a divider that wipes the layer off the photo where the photo is underneath, or none."""
        if is_swiping and not self._is_swiping:
            # Wherever it was left the last time, it is found in the middle.
            self._handle.set_fraction(MIDDLE)
        self._is_swiping = is_swiping
        self._arrange()

    def set_marks(self, marked: ByteArray | None) -> None:
        """Show which pixels are marked: (H, W) bytes, 1 inside, 2 at an edge; None for no marks."""
        if marked is None:
            self._marks.clear()
            return
        lut = np.zeros((256, 4), dtype=np.uint8)
        lut[:3] = (_UNMARKED, _VEIL, _EDGE)
        self._marks.set_pixels(marked, lut, line_width=1)

    def set_tool(self, tool: Tool | None) -> None:
        """Take a tool in hand, which several canvases may share; without one the pointer only looks."""
        if self._tool is not None:
            self._tool.draft_changed.disconnect(self._draft.show_draft)
        self._tool = tool
        self._is_tool_dragging = False
        self._draft.show_draft(NO_DRAFT)
        if tool is not None:
            tool.draft_changed.connect(self._draft.show_draft)
        self._show_cursor()

    def mark_pixel(self, pixel: tuple[int, int] | None) -> None:
        """Show the crosshair at a pixel (y, x)."""
        self._pixel = pixel
        self._crosshair.mark(pixel, self._camera.zoom)

    def view_image(self) -> QImage:
        """Return what is on screen, without the crosshair and the divider, at the screen's resolution."""
        self.fading.end()
        had_handle = self._handle.isVisible()
        self._crosshair.hide()
        self._handle.hide()
        image: QImage = self.grab().toImage()
        self._handle.setVisible(had_handle)
        self.mark_pixel(self._pixel)
        return image

    def pixel_at(self, position: QPointF) -> tuple[int, int] | None:
        """Return the pixel (y, x) at a position in this widget, or None beside the image."""
        point = self._image_point(position)
        y, x = math.floor(point.y()), math.floor(point.x())
        if self._size is None or not (0 <= y < self._size[0] and 0 <= x < self._size[1]):
            return None
        return y, x

    def position_of(self, y: float, x: float) -> QPointF:
        """Return where image point (y, x) is in this widget."""
        middle = QPointF(self.width() / 2, self.height() / 2)
        return (QPointF(x, y) - self._camera.centre) * self._camera.zoom + middle

    def view_size(self) -> QSizeF:
        """Return this widget's size, device-independent pixels."""
        return QSizeF(self.width(), self.height())

    def _image_point(self, position: QPointF) -> QPointF:
        middle = QPointF(self.width() / 2, self.height() / 2)
        return (position - middle) / self._camera.zoom + self._camera.centre

    def _arrange(self) -> None:
        """Decide which of photo and layer are visible, and whether there is a divider between them."""
        has_layer = self._is_layer_wanted and self._picture is not None
        is_over = self._picture is not None and self._picture.is_over_image
        self.layer.setVisible(has_layer)
        self.photo.setVisible(not has_layer or is_over)
        self._handle.setVisible(self._is_swiping and has_layer and is_over)
        self._handle.place()
        self._apply_swipe()

    @Slot()
    def _apply_swipe(self) -> None:
        is_wiped = self._handle.isVisibleTo(self) and self._handle.fraction > 0
        left = self._image_point(QPointF(self._handle.fraction * self.width(), 0)).x() if is_wiped else 0.0
        self.layer.set_clip_left(max(left, 0.0))

    @Slot()
    def _follow_camera(self) -> None:
        seen = self._camera.box(self.view_size())
        zoom = self._camera.zoom
        self._root.setTransform(QTransform(zoom, 0, 0, zoom, -zoom * seen.left(), -zoom * seen.top()))
        self._crosshair.mark(self._pixel, self._camera.zoom)
        self.scale_bar.set_zoom(self._camera.zoom)
        self.fading.end()
        self._apply_swipe()

    @Slot()
    def _restyle(self) -> None:
        self.setBackgroundBrush(mixed(colours().window, colours().text, 0.1))

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.setSceneRect(0, 0, self.width(), self.height())
        self._handle.place()
        self.scale_bar.place()
        self.caption.place()
        self._follow_camera()
        self.resized.emit()

    def wheelEvent(self, event: QWheelEvent) -> None:
        steps = event.angleDelta().y() / 120 or event.angleDelta().x() / 120
        tool = self._tool
        if steps and not (tool is not None and tool.wheel(steps, self._pointer(event.position(), event))):
            self._camera.zoom_about(self._image_point(event.position()), _WHEEL_FACTOR**steps)
            self._hover(event.position())
        event.accept()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        left, middle = Qt.MouseButton.LeftButton, Qt.MouseButton.MiddleButton
        is_plain = event.button() == left and event.modifiers() == Qt.KeyboardModifier.NoModifier
        self._pressed_at = event.position() if is_plain else None
        tool = None if event.button() == middle or self._is_space_held else self._tool
        if tool is not None and tool.press(self._pointer(event.position(), event)):
            self._is_tool_dragging = True
            self._drag_from = event.position()
        elif event.button() in (left, middle):
            self._drag_from = event.position()
            self.setCursor(Qt.CursorShape.ClosedHandCursor)
        elif self.pixel_at(event.position()) is not None:
            point = self._image_point(event.position())
            self.menu_requested.emit((point.x(), point.y()), event.globalPosition().toPoint())
        event.accept()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        at = self._pointer(event.position(), event)
        tool = self._tool
        if tool is not None and self._is_tool_dragging:
            if tool.is_pan(at):
                self._is_tool_dragging = False
                tool.abandon()
                self.setCursor(Qt.CursorShape.ClosedHandCursor)
            else:
                tool.move(at)
        if self._drag_from is not None and not self._is_tool_dragging:
            moved = event.position() - self._drag_from
            self._drag_from = event.position()
            self._camera.pan(moved.x(), moved.y())
        elif tool is not None and self._drag_from is None:
            tool.hover(at if self.pixel_at(event.position()) is not None else None)
        self._hover(event.position())
        event.accept()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if self._tool is not None and self._is_tool_dragging:
            self._is_tool_dragging = False
            self._tool.release(self._pointer(event.position(), event))
        self._drag_from = None
        self._show_cursor()
        pressed, self._pressed_at = self._pressed_at, None
        pixel = self.pixel_at(event.position())
        is_click = pressed is not None and (event.position() - pressed).manhattanLength() <= _CLICK
        if is_click and pixel is not None:
            self.clicked.emit(pixel)
        event.accept()

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        tool = self._tool
        is_used = tool is not None and tool.double_click(self._pointer(event.position(), event))
        if not is_used and event.button() == Qt.MouseButton.LeftButton:
            if tool is not None and tool.press(self._pointer(event.position(), event)):
                self._is_tool_dragging = True
                self._drag_from = event.position()
            else:
                self.fit_requested.emit()
        event.accept()

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        # A right click is told apart from a stroke with that button by the tool; the menu key is no click.
        if event.reason() == QContextMenuEvent.Reason.Keyboard and self._size is not None:
            y, x = self._pixel or (self._size[0] // 2, self._size[1] // 2)
            place = self.mapToGlobal(self.position_of(y + 0.5, x + 0.5).toPoint())
            self.menu_requested.emit((x + 0.5, y + 0.5), place)
        event.accept()

    def leaveEvent(self, event: QEvent) -> None:
        if self._tool is not None:
            self._tool.hover(None)
        self.hovered.emit(None)

    def _pointer(self, position: QPointF, event: QMouseEvent | QWheelEvent) -> Pointer:
        """Return the pointer in pixels of the picture; in a move the button that is held."""
        step = self._camera.step
        point = self._image_point(position) * step
        button = event.button() if isinstance(event, QMouseEvent) else Qt.MouseButton.NoButton
        return Pointer(point.x(), point.y(), self._camera.zoom / step, button, event.modifiers())

    def _show_cursor(self) -> None:
        if self._is_space_held:
            self.setCursor(Qt.CursorShape.OpenHandCursor)
        elif self._tool is not None:
            self.setCursor(Qt.CursorShape.CrossCursor)
        else:
            self.unsetCursor()

    def _hover(self, position: QPointF) -> None:
        pixel = self.pixel_at(position)
        if pixel != self._pixel:
            self.hovered.emit(pixel)

    def event(self, event: QEvent) -> bool:
        # Keys that the tool in hand uses now come here instead of to shortcuts of the window.
        if isinstance(event, QKeyEvent) and event.type() == QEvent.Type.ShortcutOverride:
            is_claimed = self._tool is not None and self._tool.claims(Qt.Key(event.key()), event.modifiers())
            if is_claimed:
                event.accept()
                return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        pans = {
            Qt.Key.Key_Left: (_PAN_STEP, 0.0),
            Qt.Key.Key_Right: (-_PAN_STEP, 0.0),
            Qt.Key.Key_Up: (0.0, _PAN_STEP),
            Qt.Key.Key_Down: (0.0, -_PAN_STEP),
        }
        key = Qt.Key(event.key())
        if self._tool is not None and self._tool.key(key, event.modifiers()):
            return
        if key in pans:
            self._camera.pan(*pans[key])
        elif key in (Qt.Key.Key_Plus, Qt.Key.Key_Equal):
            self._camera.set_zoom(self._camera.zoom * _WHEEL_FACTOR)
        elif key == Qt.Key.Key_Minus:
            self._camera.set_zoom(self._camera.zoom / _WHEEL_FACTOR)
        elif key == Qt.Key.Key_F:
            self.fit_requested.emit()
        elif key == Qt.Key.Key_Space:
            self._is_space_held = True
            self._show_cursor()
        else:
            event.ignore()

    def keyReleaseEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Space and not event.isAutoRepeat():
            self._is_space_held = False
            if self._drag_from is None:
                self._show_cursor()
        else:
            event.ignore()
