"""ImageItem and AreaItem: the bases of what is drawn in image pixels, and paths made of arrays."""

from __future__ import annotations

import struct

import numpy as np
from PySide6.QtCore import QByteArray, QDataStream, QIODevice, QRectF, Qt
from PySide6.QtGui import QPainterPath
from PySide6.QtWidgets import QGraphicsItem, QGraphicsObject

from gmmseg.arrays import IntArray

_ELEMENT = np.dtype([("kind", ">i4"), ("x", ">f8"), ("y", ">f8")])
_MOVE_TO, _LINE_TO = 0, 1


class ImageItem(QGraphicsObject):
    """An item in image pixels, in which pixel (0, 0) covers 0..1; the mouse goes to the view."""

    def __init__(self) -> None:
        super().__init__()
        self.setAcceptedMouseButtons(Qt.MouseButton.NoButton)

    @property
    def screen_pixel(self) -> float:
        """Side of a device-independent pixel, image pixels."""
        return 1 / self.sceneTransform().m11()


class AreaItem(ImageItem):
    """An item that covers an area from (0, 0) on and paints only what is exposed of it."""

    def __init__(self) -> None:
        super().__init__()
        self.setFlag(QGraphicsItem.GraphicsItemFlag.ItemUsesExtendedStyleOption)
        self._rect = QRectF()

    def _cover(self, width: float, height: float) -> None:
        """Take another area, image pixels."""
        rect = QRectF(0, 0, width, height)
        if rect != self._rect:
            self.prepareGeometryChange()
            self._rect = rect

    def boundingRect(self) -> QRectF:
        return self._rect


def path_of(rings: list[IntArray]) -> QPainterPath:
    """Return closed rings, each (M, 2) corner points x, y, as a path; thousands of points take no loop."""
    path = QPainterPath()
    if rings:
        elements = np.empty(sum(len(ring) + 1 for ring in rings), dtype=_ELEMENT)
        elements["kind"] = _LINE_TO
        starts = np.cumsum([0, *(len(ring) + 1 for ring in rings[:-1])])
        elements["kind"][starts] = _MOVE_TO
        points = np.concatenate([part for ring in rings for part in (ring, ring[:1])])
        elements["x"], elements["y"] = points.T
        # As Qt writes a path: the number of elements, these, where the last ring begins, the fill rule.
        numbers = struct.pack(">ii", int(starts[-1]), Qt.FillRule.OddEvenFill.value)
        stored = QByteArray(struct.pack(">i", len(elements)) + elements.tobytes() + numbers)
        QDataStream(stored, QIODevice.OpenModeFlag.ReadOnly) >> path
    return path
