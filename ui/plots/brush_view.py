"""A view box in which dragging marks an area: a rectangle, or with Shift a lasso."""

from __future__ import annotations

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QPointF, Qt, Signal

from gmmseg.arrays import FloatArray

MOST_CORNERS = 96


class BrushViewBox(pg.ViewBox):  # type: ignore[misc]
    """Left drags mark, middle drags pan, right drags and the wheel zoom.

    ``brushed`` carries the corners (P, 2) in view coordinates when the button is released.
    """

    brushed = Signal(object)

    def __init__(self) -> None:
        super().__init__(enableMenu=False)
        self.spans_height = False
        """Whether a mark takes in the full height, as in a histogram."""
        self.outline = pg.PlotCurveItem()
        self.outline.setZValue(50)
        self.outline.setVisible(False)
        self.addItem(self.outline, ignoreBounds=True)
        self._path: list[tuple[float, float]] = []

    @property
    def has_mark(self) -> bool:
        """Whether an area is marked."""
        return bool(self.outline.isVisible())

    def clear_mark(self) -> None:
        """Take the outline away; emits nothing."""
        self.outline.setVisible(False)

    def mouseDragEvent(self, ev: object, axis: int | None = None) -> None:
        is_left = ev.button() == Qt.MouseButton.LeftButton  # type: ignore[attr-defined]
        if not is_left or axis is not None:
            super().mouseDragEvent(ev, axis)
            return
        ev.accept()  # type: ignore[attr-defined]
        if ev.isStart():  # type: ignore[attr-defined]
            self._path = [self._in_view(ev.buttonDownPos())]  # type: ignore[attr-defined]
        self._path.append(self._in_view(ev.pos()))  # type: ignore[attr-defined]
        is_lasso = bool(ev.modifiers() & Qt.KeyboardModifier.ShiftModifier)  # type: ignore[attr-defined]
        corners = self._corners(is_lasso)
        self.outline.setData(np.append(corners[:, 0], corners[0, 0]), np.append(corners[:, 1], corners[0, 1]))
        self.outline.setVisible(True)
        if ev.isFinish():  # type: ignore[attr-defined]
            self.brushed.emit(corners)

    def _in_view(self, at: QPointF) -> tuple[float, float]:
        point = self.mapToView(at)
        return float(point.x()), float(point.y())

    def _corners(self, is_lasso: bool) -> FloatArray:
        (x1, y1), (x2, y2) = self._path[0], self._path[-1]
        if self.spans_height:
            (_, _), (y1, y2) = self.viewRange()
        elif is_lasso and len(self._path) > 2:
            path = np.array(self._path)
            return path[:: -(-len(path) // MOST_CORNERS)]
        return np.array([(x1, y1), (x2, y1), (x2, y2), (x1, y2)], dtype=np.float64)
