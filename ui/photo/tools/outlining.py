"""Lasso and polygon: an area enclosed by a line drawn freely, or point by point."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from functools import partial

from PySide6.QtCore import QObject, Qt, Signal

from gmmseg.photo.objects.patch import Patch, polygon
from ui.photo.tools.tool import Act, Draft, Point, Pointer, Tool

_NEAR = 8.0
"""Device-independent pixels within which a point of a polygon is meant."""
_MOST_PIXELS = 1 << 24
"""Of the box of an area in a picture that has coarser levels."""


class Enclosing(Tool):
    """A tool that encloses an area."""

    enclosed = Signal(object, bool)
    """(a function that returns the `Patch`, whether it is to be taken away)

    Of many pixels the patch takes a while.
    """

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._points: list[Point] = []
        self._is_removing = False

    def act_of(self, key: Qt.Key, modifiers: Qt.KeyboardModifier) -> Act | None:
        return self.abandon if key == Qt.Key.Key_Escape and self._points else None

    def abandon(self) -> None:
        self._points = []
        super().abandon()

    def _finish(self) -> None:
        points, self._points = self._points, []
        self._show()
        if len(points) > 2:
            self.enclosed.emit(
                partial(_area, tuple(points), self.shape, self._step_of(points)), self._is_removing
            )

    def _step_of(self, points: Sequence[Point]) -> int:
        """Return the step of the finest level in which the box of some points is not too large for a mask."""
        width, height = (max(along) - min(along) for along in zip(*points, strict=True))
        fine = (step for step in self.steps if width * height <= _MOST_PIXELS * step * step)
        return next(fine, self.steps[-1])

    def _show(self, handles: bool = False) -> None:
        self.draft_changed.emit(
            Draft(tuple(self._points), is_removing=self._is_removing, is_closed=True, handles=handles)
        )


def _area(points: Sequence[Point], shape: tuple[int, int], step: int) -> Patch:
    """Return the blocks of `step` pixels of a picture (H, W) that a closed line encloses."""
    height, width = (-(-side // step) for side in shape)
    return replace(polygon([(x / step, y / step) for x, y in points], (height, width)), step=step)


class Lasso(Enclosing):
    """Encloses what the pointer goes round while the button is held."""

    def press(self, at: Pointer) -> bool:
        if at.button not in (Qt.MouseButton.LeftButton, Qt.MouseButton.RightButton):
            return False
        self._is_removing = not at.is_left or at.has(Qt.KeyboardModifier.AltModifier)
        self._points = [at.point]
        return True

    def move(self, at: Pointer) -> None:
        if self._points:
            self._points.append(at.point)
            self._show()

    def release(self, at: Pointer) -> None:
        self._finish()


class Polygon(Enclosing):
    """Encloses what lies within points that are clicked one by one.

    A click on the first point, a double click or Enter closes it; until then points can be dragged, taken
    away with the right button, and the last one with Backspace.
    """

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._held: int | None = None

    def press(self, at: Pointer) -> bool:
        near = self._near(at)
        if at.button == Qt.MouseButton.RightButton and self._points:
            if near is not None:
                del self._points[near]
            self._show()
            return True
        if not at.is_left:
            return False
        if not self._points:
            self._is_removing = at.has(Qt.KeyboardModifier.AltModifier)
        if near == 0 and len(self._points) > 2:
            self._finish()
        elif near is not None:
            self._held = near
        else:
            self._points.append(at.point)
            self._held = len(self._points) - 1
            self._show()
        return True

    def move(self, at: Pointer) -> None:
        if self._held is not None and self._held < len(self._points):
            self._points[self._held] = at.point
            self._show()

    def release(self, at: Pointer) -> None:
        self._held = None

    def double_click(self, at: Pointer) -> bool:
        if not self._points:
            return False
        self._finish()
        return True

    def act_of(self, key: Qt.Key, modifiers: Qt.KeyboardModifier) -> Act | None:
        if self._points and key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            return self._finish
        if self._points and key == Qt.Key.Key_Backspace:
            return self._drop_last
        return super().act_of(key, modifiers)

    def _drop_last(self) -> None:
        self._points.pop()
        self._show()

    def abandon(self) -> None:
        self._held = None
        super().abandon()

    def _near(self, at: Pointer) -> int | None:
        """Return the point that is meant, if any."""
        distances = [math.dist(at.point, point) * at.zoom for point in self._points]
        nearest = min(range(len(distances)), key=distances.__getitem__, default=None)
        return nearest if nearest is not None and distances[nearest] <= _NEAR else None

    def _show(self, handles: bool = True) -> None:
        super()._show(handles)
