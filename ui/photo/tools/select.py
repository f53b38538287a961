"""Select: an object by clicks, strokes or a box, corrected by more of them."""

from __future__ import annotations

import math
from functools import partial

from PySide6.QtCore import QObject, Qt, Signal

from ui.photo.tools.deciding import Deciding
from ui.photo.tools.tool import NO_DRAFT, Act, Draft, Point, Pointer

_DRAG = 5.0
"""Device-independent pixels of movement up to which a press is a click."""


class Select(Deciding):
    """Clicks and strokes add to the selection or, with Alt or the right button, take away from it.

    Without a pending selection a drag with the plain left button pans, so that pictures are moved as ever;
    Shift makes it a stroke, Ctrl a box; the right button is left to the menu of what lies there. A plain
    click on an object, with nothing pending, is reported as any click: what it means is decided where objects
    are known.

    Parameters
    ----------
    draws_boxes : bool
        Whether a plain drag is a box: the tool *Box*.
    """

    prompted = Signal(object, bool, bool)
    """(points (x, y) of a click or stroke, whether they are object, whether Shift or Alt asked for it)"""
    boxed = Signal(object)
    """(x0, y0, x1, y1), image pixels, half-open."""
    hovered = Signal(object)
    """(x, y) where a click would be answered, or None."""
    sized = Signal(int)
    """The next larger (1) or smaller (-1) of the likely sizes is wanted."""

    def __init__(self, draws_boxes: bool = False, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._draws_boxes = draws_boxes
        self._points: list[Point] = []
        self._kind = ""
        self._is_positive = True
        self._is_asked = False
        self._turned = 0.0

    def press(self, at: Pointer) -> bool:
        if not at.is_left and not (at.button == Qt.MouseButton.RightButton and self.is_pending):
            return False
        modifiers = Qt.KeyboardModifier
        self._is_positive = at.is_left and not at.has(modifiers.AltModifier)
        self._is_asked = at.has(modifiers.ShiftModifier) or not self._is_positive
        wants_box = at.has(modifiers.ControlModifier) or self._draws_boxes
        self._kind = "box" if wants_box and self._is_positive else "stroke" if self._is_asked else "click"
        self._points = [at.point]
        self.hovered.emit(None)
        return True

    def is_pan(self, at: Pointer) -> bool:
        return self._kind == "click" and self._has_moved(at)

    def move(self, at: Pointer) -> None:
        if not self._points:
            return
        if self._kind == "box":
            self._points = [self._points[0], at.point]
            self._show_box()
        elif self._kind == "stroke":
            self._points.append(at.point)
            self.draft_changed.emit(Draft(tuple(self._points), is_removing=not self._is_positive))

    def release(self, at: Pointer) -> None:
        points, self._points = self._points, []
        self.draft_changed.emit(NO_DRAFT)
        if not points:
            return
        if self._kind == "box" and len(points) == 2 and math.dist(*points) * at.zoom > _DRAG:
            (x0, y0), (x1, y1) = points
            left, top = math.floor(min(x0, x1)), math.floor(min(y0, y1))
            self.boxed.emit((left, top, math.ceil(max(x0, x1)), math.ceil(max(y0, y1))))
        else:
            is_click = (
                self._kind != "stroke" or max(math.dist(points[0], p) for p in points) * at.zoom <= _DRAG
            )
            self.prompted.emit(tuple(points[:1] if is_click else points), self._is_positive, self._is_asked)

    def hover(self, at: Pointer | None) -> None:
        self.hovered.emit(None if at is None else at.point)

    def wheel(self, steps: float, at: Pointer) -> bool:
        if not self.is_pending or at.has(Qt.KeyboardModifier.ControlModifier):
            return False
        # Touchpads report fractions of a step.
        self._turned += steps
        whole = int(self._turned)
        self._turned -= whole
        if whole:
            self.sized.emit(whole)
        return True

    def act_of(self, key: Qt.Key, modifiers: Qt.KeyboardModifier) -> Act | None:
        is_drawing = key == Qt.Key.Key_Escape and bool(self._points)
        return self.abandon if is_drawing else super().act_of(key, modifiers)

    def _asked_by(self, key: Qt.Key, modifiers: Qt.KeyboardModifier) -> Act | None:
        steps = {Qt.Key.Key_BracketLeft: -1, Qt.Key.Key_BracketRight: 1}
        if key in steps:
            return partial(self.sized.emit, steps[key])
        return super()._asked_by(key, modifiers)

    def abandon(self) -> None:
        self._points = []
        self.hovered.emit(None)
        super().abandon()

    def _has_moved(self, at: Pointer) -> bool:
        return bool(self._points) and math.dist(self._points[0], at.point) * at.zoom > _DRAG

    def _show_box(self) -> None:
        (x0, y0), (x1, y1) = self._points
        self.draft_changed.emit(Draft(((x0, y0), (x1, y0), (x1, y1), (x0, y1)), is_closed=True))
