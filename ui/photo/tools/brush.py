"""Brush and eraser: pixels given to an object, or taken away, along the pointer's way."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial

from PySide6.QtCore import QObject, Qt, Signal

from gmmseg.photo.objects.patch import BrushedWay
from ui.photo.tools.tool import NO_DRAFT, Act, Draft, Point, Pointer, Tool

LARGEST_RADIUS = 500.0
_STEP = 1.25


class Stroking(Tool):
    """A tool that covers pixels with a round brush.

    The stroke in progress is drawn as a line as wide as the brush; its pixels are found on the way, so that
    neither a move nor the end of a long stroke holds the pointer up at any size of the image.

    Parameters
    ----------
    is_removing : bool
    """

    stroked = Signal(object, bool, object)
    """(`Patch`, whether it is to be taken away, the points of its way)"""
    radius_changed = Signal(float)

    def __init__(self, is_removing: bool, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._is_removing = is_removing
        self._radius = 12.0
        self._points: list[Point] = []
        self._step = 1
        self._way = BrushedWay(self._radius, self.shape)
        self._is_inverted = False
        self._at: Point | None = None

    @property
    def radius(self) -> float:
        """Of the brush, pixels of the picture."""
        return self._radius

    def set_radius(self, radius: float) -> None:
        """Take another size, from half a pixel on."""
        radius = min(max(radius, 0.5), LARGEST_RADIUS)
        if radius != self._radius:
            self._radius = radius
            self._begin(self._points)
            self.radius_changed.emit(radius)
            self._show()

    def press(self, at: Pointer) -> bool:
        if at.button not in (Qt.MouseButton.LeftButton, Qt.MouseButton.RightButton):
            return False
        # The right button and Alt do the opposite for the length of a stroke.
        self._is_inverted = not at.is_left or at.has(Qt.KeyboardModifier.AltModifier)
        # From far away a stroke covers more pixels than can be seen, or held.
        self._step = self.step_at(at.zoom)
        self._begin([at.point])
        self._at = at.point
        self._show()
        return True

    def move(self, at: Pointer) -> None:
        self._at = at.point
        if self._points:
            self._points.append(at.point)
            self._extend(at.point)
        self._show()

    def release(self, at: Pointer) -> None:
        points, self._points = self._points, []
        self._show()
        if points:
            patch = replace(self._way.patch(), step=self._step)
            if not patch.is_empty:
                self.stroked.emit(patch, self._is_removing != self._is_inverted, tuple(points))

    def hover(self, at: Pointer | None) -> None:
        self._at = None if at is None else at.point
        self._show()

    def act_of(self, key: Qt.Key, modifiers: Qt.KeyboardModifier) -> Act | None:
        factors = {Qt.Key.Key_BracketLeft: 1 / _STEP, Qt.Key.Key_BracketRight: _STEP}
        if key in factors:
            return partial(self.set_radius, self._radius * factors[key])
        return self.abandon if key == Qt.Key.Key_Escape and self._points else None

    def wheel(self, steps: float, at: Pointer) -> bool:
        if not at.has(Qt.KeyboardModifier.ShiftModifier):
            return False
        self.set_radius(self._radius * _STEP**steps)
        return True

    def abandon(self) -> None:
        self._points, self._at = [], None
        super().abandon()

    def _begin(self, points: Sequence[Point]) -> None:
        """Cover anew what the brush covers along points."""
        self._points = list(points)
        height, width = (-(-side // self._step) for side in self.shape)
        self._way = BrushedWay(self._radius / self._step, (height, width))
        for point in points:
            self._extend(point)

    def _extend(self, point: Point) -> None:
        self._way.extend((point[0] / self._step, point[1] / self._step))

    def _show(self) -> None:
        if self._at is None and not self._points:
            self.draft_changed.emit(NO_DRAFT)
            return
        cursor = None if self._at is None else (*self._at, self._radius)
        is_removing = self._is_removing != (self._is_inverted and bool(self._points))
        self.draft_changed.emit(
            Draft(tuple(self._points), 2 * self._radius, is_removing=is_removing, cursor=cursor)
        )
