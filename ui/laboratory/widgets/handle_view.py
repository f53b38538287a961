"""HandleView: a view box in which handles can be dragged, points set, and the rest panned."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from PySide6.QtCore import QPointF, Qt, Signal

from gmmseg.laboratory.scene import Handle
from ui.plots.brush_view import BrushViewBox

REACH = 14.0
"""Largest distance of the pointer from a handle that it is at, device-independent pixels."""


class HandleView(BrushViewBox):
    """Left drags move the handle under the pointer; beside all handles they set points, or pan."""

    handle_dragged = Signal(str, float, float)
    pressed_at = Signal(float, float)
    """Place at which points are to be set, view coordinates."""
    released = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.handles: Sequence[Handle] = ()
        self.takes_points = False
        self._held: str | None = None

    def handle_at(self, at: QPointF) -> Handle | None:
        """Return the handle nearest to a position in the view, if it is near; the first among equals."""
        best, nearest = None, REACH
        for handle in self.handles:
            spot = self.mapFromView(QPointF(handle.x, handle.y))
            away = float(np.hypot(spot.x() - at.x(), spot.y() - at.y()))
            if away < nearest:
                best, nearest = handle, away
        return best

    def mouseDragEvent(self, ev: object, axis: int | None = None) -> None:
        if ev.button() != Qt.MouseButton.LeftButton or axis is not None:  # type: ignore[attr-defined]
            super().mouseDragEvent(ev, axis)
            return
        if ev.isStart():  # type: ignore[attr-defined]
            handle = self.handle_at(ev.buttonDownPos())  # type: ignore[attr-defined]
            self._held = None if handle is None else handle.id
        if self._held is None and not self.takes_points:
            self.translateBy(self.mapToView(ev.lastPos()) - self.mapToView(ev.pos()))  # type: ignore[attr-defined]
            ev.accept()  # type: ignore[attr-defined]
            return
        ev.accept()  # type: ignore[attr-defined]
        at = self.mapToView(ev.pos())  # type: ignore[attr-defined]
        if self._held is not None:
            self.handle_dragged.emit(self._held, float(at.x()), float(at.y()))
        else:
            self.pressed_at.emit(float(at.x()), float(at.y()))
        if ev.isFinish():  # type: ignore[attr-defined]
            self.released.emit()

    def mouseClickEvent(self, ev: object) -> None:
        if self.takes_points and ev.button() == Qt.MouseButton.LeftButton:  # type: ignore[attr-defined]
            at = self.mapToView(ev.pos())  # type: ignore[attr-defined]
            self.pressed_at.emit(float(at.x()), float(at.y()))
            self.released.emit()
            ev.accept()  # type: ignore[attr-defined]
        else:
            super().mouseClickEvent(ev)
