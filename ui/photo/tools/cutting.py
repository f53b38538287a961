"""Cutting: a straight line across an object, along which it is to be taken apart."""

from __future__ import annotations

import math

from PySide6.QtCore import QObject, Qt, Signal

from ui.photo.tools.tool import Act, Draft, Point, Pointer, Tool

_LEAST = 5.0
"""Device-independent pixels that a line must be long."""


class Cutting(Tool):
    """Reports the line that the pointer draws while the button is held."""

    drawn = Signal(object, object)
    """((x, y) of the start, of the end), image pixels."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._start: Point | None = None

    def press(self, at: Pointer) -> bool:
        if not at.is_left:
            return False
        self._start = at.point
        return True

    def move(self, at: Pointer) -> None:
        if self._start is not None:
            self.draft_changed.emit(Draft((self._start, at.point), is_removing=True))

    def release(self, at: Pointer) -> None:
        start = self._start
        self.abandon()
        if start is not None and math.dist(start, at.point) * at.zoom >= _LEAST:
            self.drawn.emit(start, at.point)

    def act_of(self, key: Qt.Key, modifiers: Qt.KeyboardModifier) -> Act | None:
        return self.abandon if key == Qt.Key.Key_Escape and self._start is not None else None

    def abandon(self) -> None:
        self._start = None
        super().abandon()
