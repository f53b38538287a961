"""OutlineItem: the outline of a mask, in two colours that move along it or as a still line, at any zoom."""

from __future__ import annotations

from PySide6.QtCore import QRectF, QTimer
from PySide6.QtGui import QColor, QPainter, QPainterPath, QPen
from PySide6.QtWidgets import QStyleOptionGraphicsItem, QWidget

from gmmseg.arrays import IntArray
from ui.photo.widgets.image_item import ImageItem, path_of

_LIGHT, _DARK, _SHADE = QColor(255, 255, 255), QColor(0, 0, 0), QColor(0, 0, 0, 110)
_DASHES = 4.0
_STEP_MS = 120


class OutlineItem(ImageItem):
    """Draws rings of corner points with a light veil inside.

    Parameters
    ----------
    is_moving : bool
        Dashes move along it; else it is a thin light line on a shade, which can be told from these.
    veil : QColor
        Laid over the pixels inside.
    """

    def __init__(self, *, is_moving: bool, veil: QColor) -> None:
        super().__init__()
        self._veil = veil
        self._path = QPainterPath()
        self._offset = 0.0
        self._timer = QTimer(self, interval=_STEP_MS)
        self._timer.timeout.connect(self._step)
        self._is_moving = is_moving

    @property
    def is_empty(self) -> bool:
        """Whether nothing is drawn."""
        return self._path.isEmpty()

    def show_rings(self, rings: list[IntArray]) -> None:
        """Show closed rings, each (M, 2) corner points x, y; none clears."""
        self.prepareGeometryChange()
        self._path = path_of(rings)
        if rings and self._is_moving:
            self._timer.start()
        else:
            self._timer.stop()
        self.update()

    def boundingRect(self) -> QRectF:
        reach = 2 * self.screen_pixel
        return self._path.boundingRect().adjusted(-reach, -reach, reach, reach)

    def paint(
        self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None
    ) -> None:
        if self._path.isEmpty():
            return
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
        painter.fillPath(self._path, self._veil)
        below, above = QPen(_SHADE, 3), QPen(_LIGHT, 1)
        if self._is_moving:
            below, above = QPen(_DARK, 1.5), QPen(_LIGHT, 1.5)
            above.setDashPattern([_DASHES, _DASHES])
            above.setDashOffset(self._offset)
        for pen in (below, above):
            pen.setCosmetic(True)
            painter.strokePath(self._path, pen)

    def _step(self) -> None:
        self._offset = (self._offset + 1) % (2 * _DASHES)
        self.update()
