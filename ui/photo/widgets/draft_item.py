"""DraftItem: what a tool has begun, drawn over the picture at any zoom."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPainterPath, QPen
from PySide6.QtWidgets import QStyleOptionGraphicsItem, QWidget

from ui.photo.tools.tool import NO_DRAFT, Draft
from ui.photo.widgets.image_item import ImageItem

_ADDING, _REMOVING = QColor(0, 190, 255, 120), QColor(255, 60, 60, 120)
_LIGHT, _DARK = QColor(255, 255, 255), QColor(0, 0, 0)
_HANDLE = 4.0
"""Half the side of a handle, device-independent pixels."""


class DraftItem(ImageItem):
    """Draws a `Draft`; lines are light on dark, so that they are seen on any picture."""

    def __init__(self) -> None:
        super().__init__()
        self._draft = NO_DRAFT
        self._path = QPainterPath()

    def show_draft(self, draft: Draft) -> None:
        """Show what a tool has begun."""
        if draft == self._draft:
            return
        self.prepareGeometryChange()
        self._draft = draft
        self._path = QPainterPath()
        if draft.points:
            first, *others = (QPointF(*point) for point in draft.points)
            self._path.moveTo(first)
            for point in others or [first + QPointF(1e-3, 0)]:
                self._path.lineTo(point)
            if draft.is_closed:
                self._path.closeSubpath()
        self.update()

    def boundingRect(self) -> QRectF:
        pixel = self.screen_pixel
        reach = self._draft.width / 2 + 2 * _HANDLE * pixel
        rect = self._path.boundingRect().adjusted(-reach, -reach, reach, reach)
        if self._draft.cursor is not None:
            x, y, radius = self._draft.cursor
            radius += 2 * pixel
            rect = rect.united(QRectF(x - radius, y - radius, 2 * radius, 2 * radius))
        return rect

    def paint(
        self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None
    ) -> None:
        draft = self._draft
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        if draft.points and draft.width:
            colour = _REMOVING if draft.is_removing else _ADDING
            pen = QPen(colour, draft.width)
            pen.setCapStyle(Qt.PenCapStyle.RoundCap)
            pen.setJoinStyle(Qt.PenJoinStyle.RoundJoin)
            painter.setPen(pen)
            painter.drawPath(self._path)
        elif draft.points:
            self._draw_line(painter, self._path, draft.is_removing)
        if draft.handles:
            self._draw_handles(painter)
        if draft.cursor is not None:
            x, y, radius = draft.cursor
            circle = QPainterPath()
            circle.addEllipse(QPointF(x, y), radius, radius)
            self._draw_line(painter, circle, draft.is_removing)

    def _draw_line(self, painter: QPainter, path: QPainterPath, is_removing: bool) -> None:
        accent = _REMOVING if is_removing else _LIGHT
        for colour, width in ((_DARK, 3.0), (QColor(accent.rgb()), 1.4)):
            pen = QPen(colour, width)
            pen.setCosmetic(True)
            painter.setPen(pen)
            painter.drawPath(path)

    def _draw_handles(self, painter: QPainter) -> None:
        half = _HANDLE * (self.screen_pixel)
        pen = QPen(_DARK, 1)
        pen.setCosmetic(True)
        painter.setPen(pen)
        painter.setBrush(_LIGHT)
        for x, y in self._draft.points:
            painter.drawRect(QRectF(x - half, y - half, 2 * half, 2 * half))
