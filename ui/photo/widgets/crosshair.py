"""Crosshair: the mark that shows the same pixel in all panes."""

from __future__ import annotations

from PySide6.QtCore import QLineF, QPointF, QRectF
from PySide6.QtGui import QColor, QPainter, QPen
from PySide6.QtWidgets import QGraphicsItem, QStyleOptionGraphicsItem, QWidget

from ui.photo.widgets.image_item import ImageItem

_GAP = 4.0
_ARM = 9.0


class Crosshair(ImageItem):
    """Four short arms about a pixel, black on white to show on any picture; sized for the screen."""

    def __init__(self) -> None:
        super().__init__()
        self.setFlag(QGraphicsItem.GraphicsItemFlag.ItemIgnoresTransformations)
        self.setZValue(100)
        self._gap = _GAP
        self.hide()

    def mark(self, pixel: tuple[int, int] | None, zoom: float) -> None:
        """Mark pixel (y, x) shown at `zoom`, screen pixels for an image pixel; None marks nothing."""
        gap = max(_GAP, zoom / 2 + 1)
        if gap != self._gap:
            self.prepareGeometryChange()
            self._gap = gap
        self.setVisible(pixel is not None)
        if pixel is not None:
            self.setPos(QPointF(pixel[1] + 0.5, pixel[0] + 0.5))

    def boundingRect(self) -> QRectF:
        reach = self._gap + _ARM + 3
        return QRectF(-reach, -reach, 2 * reach, 2 * reach)

    def paint(
        self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None
    ) -> None:
        near, far = self._gap, self._gap + _ARM
        arms = [
            QLineF(near, 0, far, 0),
            QLineF(-near, 0, -far, 0),
            QLineF(0, near, 0, far),
            QLineF(0, -near, 0, -far),
        ]
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
        for colour, width in ((QColor(255, 255, 255, 220), 3.5), (QColor(0, 0, 0), 1.5)):
            painter.setPen(QPen(colour, width))
            painter.drawLines(arms)
