"""Paints what is not text in a table of entries: eye, swatch, bar, lock and chips of colour."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QObject, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QIcon, QPainter, QPalette
from PySide6.QtWidgets import QApplication, QStyle, QStyledItemDelegate, QStyleOptionViewItem

from gmmseg.colours import Colour, readable_on
from ui.photo.widgets.entry_model import ROW_ROLE, AnyIndex, Column, EntryColumn, EntryKind, EntryRow
from ui.theme import colours, icon

ROW_HEIGHT = 28
CHIP = 16
_ICON = 16
_GAP = 6


class EntryDelegate(QStyledItemDelegate):
    """Draws the cells of `EntryModel`; names are edited with Qt's own line edit.

    Parameters
    ----------
    kind : EntryKind
    """

    def __init__(self, kind: EntryKind[Any], parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._kind = kind

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: AnyIndex) -> None:
        row: EntryRow | None = index.data(ROW_ROLE)
        column = index.column()
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if row is None:
            self._paint_sum_line(painter, option)
        own = self._kind.column(column)
        if row is None or (own is not None and own.chip is None):
            super().paint(painter, option, index)
        elif column == Column.NAME:
            self._paint_name(painter, option, index, row)
        else:
            self._paint_ground(painter, option, index)
            if column == Column.EYE:
                self._paint_eye(painter, option, row)
            elif column == Column.SWATCH:
                self._paint_swatch(painter, option, row)
            elif own is None:
                self._paint_share(painter, option, index, row)
            else:
                self._paint_chip_and_text(painter, option, own, row)
        painter.restore()

    def sizeHint(self, option: QStyleOptionViewItem, index: AnyIndex) -> QSize:
        return QSize(super().sizeHint(option, index).width(), ROW_HEIGHT)

    def _paint_ground(self, painter: QPainter, option: QStyleOptionViewItem, index: AnyIndex) -> None:
        ground = QStyleOptionViewItem(option)
        self.initStyleOption(ground, index)
        ground.text = ""
        style = option.widget.style() if option.widget is not None else QApplication.style()
        style.drawControl(QStyle.ControlElement.CE_ItemViewItem, ground, painter, option.widget)

    def _paint_sum_line(self, painter: QPainter, option: QStyleOptionViewItem) -> None:
        painter.setPen(colours().grid)
        painter.drawLine(option.rect.topLeft(), option.rect.topRight())

    def _paint_name(
        self, painter: QPainter, option: QStyleOptionViewItem, index: AnyIndex, row: EntryRow
    ) -> None:
        narrowed = QStyleOptionViewItem(option)
        if not row.entry.is_visible:
            narrowed.palette.setColor(QPalette.ColorRole.Text, colours().muted)
        if row.entry.is_locked:
            self._paint_ground(painter, option, index)
            narrowed.rect = option.rect.adjusted(0, 0, -_ICON - 4, 0)
        super().paint(painter, narrowed, index)
        if row.entry.is_locked:
            spot = QRect(option.rect.right() - _ICON - 1, option.rect.center().y() - 6, 13, 13)
            icon("lock").paint(painter, spot, Qt.AlignmentFlag.AlignCenter, _mode(option))

    def _paint_eye(self, painter: QPainter, option: QStyleOptionViewItem, row: EntryRow) -> None:
        spot = QRect(0, 0, _ICON, _ICON)
        spot.moveCenter(option.rect.center())
        if not row.entry.is_visible:
            painter.setOpacity(0.6)
        name = "eye" if row.entry.is_visible else "eye-off"
        icon(name).paint(painter, spot, Qt.AlignmentFlag.AlignCenter, _mode(option))

    def _paint_swatch(self, painter: QPainter, option: QStyleOptionViewItem, row: EntryRow) -> None:
        text = str(row.entry.id)
        width = max(20, painter.fontMetrics().horizontalAdvance(text) + 8)
        spot = QRectF(0, 0, width, 18)
        spot.moveCenter(option.rect.center().toPointF())
        _paint_chip(painter, option, spot, row.entry.colour)
        painter.setPen(QColor(*readable_on(row.entry.colour)))
        painter.drawText(spot, Qt.AlignmentFlag.AlignCenter, text)

    def _paint_share(
        self, painter: QPainter, option: QStyleOptionViewItem, index: AnyIndex, row: EntryRow
    ) -> None:
        area = option.rect.adjusted(_GAP, 0, -_GAP, 0)
        painter.setPen(_text_colour(option))
        above = area.adjusted(0, 2, 0, -7)
        painter.drawText(above, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, index.data())
        groove = QRectF(area.left(), area.bottom() - 6, area.width(), 3)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(colours().grid)
        painter.drawRoundedRect(groove, 1.5, 1.5)
        if row.share:
            groove.setWidth(max(2.0, area.width() * row.share))
            painter.setBrush(QColor(*row.entry.colour))
            painter.drawRoundedRect(groove, 1.5, 1.5)

    def _paint_chip_and_text(
        self, painter: QPainter, option: QStyleOptionViewItem, own: EntryColumn[Any], row: EntryRow
    ) -> None:
        spot = QRectF(option.rect.left() + _GAP, option.rect.center().y() - CHIP / 2 + 0.5, CHIP, CHIP)
        if own.chip is not None:
            _paint_chip(painter, option, spot, own.chip(row))
        text = option.rect.adjusted(_GAP + CHIP + _GAP, 0, -2, 0)
        if text.width() > 2 * CHIP:
            painter.setPen(_text_colour(option))
            metrics = painter.fontMetrics()
            shown = metrics.elidedText(own.text(row), Qt.TextElideMode.ElideRight, text.width())
            painter.drawText(text, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, shown)


def _paint_chip(painter: QPainter, option: QStyleOptionViewItem, spot: QRectF, colour: Colour) -> None:
    # On the ground of a selected row a chip may have the colour of that.
    painter.setPen(_text_colour(option) if _is_selected(option) else colours().muted)
    painter.setBrush(QColor(*colour))
    painter.drawRoundedRect(spot, 3, 3)


def _is_selected(option: QStyleOptionViewItem) -> bool:
    return bool(option.state & QStyle.StateFlag.State_Selected)


def _mode(option: QStyleOptionViewItem) -> QIcon.Mode:
    return QIcon.Mode.Selected if _is_selected(option) else QIcon.Mode.Normal


def _text_colour(option: QStyleOptionViewItem) -> QColor:
    role = QPalette.ColorRole.HighlightedText if _is_selected(option) else QPalette.ColorRole.Text
    return option.palette.color(role)
