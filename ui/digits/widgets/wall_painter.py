"""WallPainter: draws the parts of a wall of digits that are in view."""

from __future__ import annotations

from PySide6.QtCore import QPoint, QRect, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QFontMetrics, QPainter
from PySide6.QtWidgets import QAbstractScrollArea

from ui.digits.widgets.sheets import Sheets
from ui.digits.widgets.wall_layout import GAP, HEADING, MARGIN, WallLayout, WallSection
from ui.theme import colours, icon, mixed

SWATCH = 12
_MARK = 2
"""Height of the mark below a digit."""


class WallPainter:
    """For one drawing of one wall.

    Parameters
    ----------
    wall : QAbstractScrollArea
    sections : tuple of WallSection
    layout : WallLayout
    unfolded : set of int
        Keys of the sections that the user has unfolded.
    sheets : Sheets
    """

    def __init__(
        self,
        wall: QAbstractScrollArea,
        sections: tuple[WallSection, ...],
        layout: WallLayout,
        unfolded: set[int],
        sheets: Sheets,
    ) -> None:
        self._sections = sections
        self._layout = layout
        self._unfolded = unfolded
        self._sheets = sheets
        self._font = wall.font()
        self._width = wall.viewport().width()
        self._ratio = wall.devicePixelRatioF()
        self._offset = wall.verticalScrollBar().value()

    def heading(self, painter: QPainter, at: int) -> None:
        """Draw the heading of a section, viewport coordinates."""
        section, place = self._sections[at], self._layout.placed[at]
        shades = colours()
        rect = self._layout.heading_of(at, self._offset, self._width)
        painter.fillRect(rect, mixed(shades.base, shades.window, 0.75))
        x = MARGIN
        if place.can_unfold and not section.is_unfolded:
            name = "chevron-down" if section.key in self._unfolded else "chevron-right"
            icon(name).paint(painter, QRect(x, rect.top() + (HEADING - 12) // 2, 12, 12))
        if not section.is_unfolded:
            x += 12 + GAP
        if section.colour is not None:
            box = QRectF(x, rect.top() + (HEADING - SWATCH) / 2, SWATCH, SWATCH)
            painter.fillRect(box, QColor(*section.colour))
            x += SWATCH + 2 * GAP
        bold = QFont(self._font)
        bold.setBold(True)
        painter.setFont(bold)
        painter.setPen(shades.text)
        metrics = QFontMetrics(bold)
        space = max(self._width - x - MARGIN, 1)
        title = metrics.elidedText(section.title, Qt.TextElideMode.ElideRight, space)
        flags = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft
        painter.drawText(QRect(x, rect.top(), space, HEADING), flags, title)
        x += metrics.horizontalAdvance(title) + 2 * MARGIN
        painter.setFont(self._font)
        painter.setPen(shades.muted)
        space = max(self._width - x - MARGIN, 1)
        rest = QFontMetrics(self._font).elidedText(
            "   ·   ".join(section.details), Qt.TextElideMode.ElideRight, space
        )
        painter.drawText(QRect(x, rect.top(), space, HEADING), flags, rest)

    def portraits(self, painter: QPainter, at: int) -> None:
        """Draw the portraits of a section, wall coordinates."""
        section, place = self._sections[at], self._layout.placed[at]
        for number, rect in enumerate(
            self._layout.portrait_of(at, number) for number in range(len(section.portraits))
        ):
            key = (at, "portrait", number)
            picture = self._sheets.strip(
                key,
                section.portraits[number : number + 1],
                place.portrait_side,
                place.portrait_side,
                self._ratio,
            )
            painter.drawPixmap(rect.topLeft(), picture)
            painter.setPen(colours().grid)
            painter.drawRect(rect.adjusted(0, 0, -1, -1))

    def line(self, painter: QPainter, at: int, line: int) -> None:
        """Draw one line of a section's digits with what is below them, wall coordinates."""
        section, place, measures = self._sections[at], self._layout.placed[at], self._layout.measures
        first = line * place.n_columns
        rows = section.rows[first : first + place.n_columns]
        if not len(rows):
            return
        ratio = self._ratio
        corner = self._layout.rect_of(at, first).topLeft()
        key = (at, first, len(rows))
        strip = self._sheets.strip(key, section.images[rows], measures.side, measures.pitch, ratio)
        painter.drawPixmap(corner, strip)
        if section.caption_of is not None:
            self._paint_captions(painter, [section.caption_of(int(row)) for row in rows], corner)
        elif section.wrong is not None:
            for column in section.wrong[rows].nonzero()[0]:
                mark = QRect(
                    corner.x() + int(column) * measures.pitch,
                    corner.y() + measures.side,
                    measures.side,
                    _MARK,
                )
                painter.fillRect(mark, colours().error)

    def _paint_captions(self, painter: QPainter, captions: list[str], corner: QPoint) -> None:
        measures = self._layout.measures
        painter.setFont(caption_font(self._font))
        painter.setPen(colours().muted)
        for column, text in enumerate(captions):
            place = QRect(
                corner.x() + column * measures.pitch,
                corner.y() + measures.side,
                measures.pitch - GAP,
                measures.line - measures.side,
            )
            painter.drawText(place, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop, text)


def caption_font(font: QFont) -> QFont:
    """Return the font of captions on a wall with this font."""
    small = QFont(font)
    small.setPointSizeF(max(small.pointSizeF() * 0.85, 7.0))
    return small
