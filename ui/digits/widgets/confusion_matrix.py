"""A confusion matrix: counts on heat colours; a cell is chosen by click or by keys."""

from __future__ import annotations

import math
from dataclasses import dataclass

from PySide6.QtCore import QEvent, QPoint, QRect, QSize, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QFont,
    QFontMetrics,
    QFontMetricsF,
    QHelpEvent,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
)
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from gmmseg.arrays import IntArray
from gmmseg.colours import colormap_table, readable_on
from ui.theme import SPACING, colours, theme

_LEAST_POINTS = 4.0
"""Of the digits of a count: smaller ones cannot be read."""
_READABLE_POINTS = 6.5
"""Of the digits of a count, where there is room if the names of the rows are shortened."""
_LEAST_NAMES = 4 * SPACING
_LEAST_CELL = (14, 16)
_MOST_CELL = (64, 30)
_TOP = 36


@dataclass(frozen=True, slots=True, eq=False)
class Matrix:
    """Counts (C, L), the rows in the order of display.

    Parameters
    ----------
    counts : int (C, L)
    row_names : tuple of str
    row_keys : tuple of int
        Number of each row in `cell_chosen`.
    column_keys : tuple of int
        The labels.
    """

    counts: IntArray
    row_names: tuple[str, ...]
    row_keys: tuple[int, ...]
    column_keys: tuple[int, ...]


def _longest(matrix: Matrix) -> str:
    return str(int(matrix.counts.max(initial=0)))


class ConfusionMatrix(QWidget):
    """Draws a `Matrix`; colours tell a cell's share of its row."""

    cell_chosen = Signal(int, int)
    """(row key, column key)"""

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("confusion-matrix")
        self.setAccessibleName(self.tr("Confusion matrix: clusters by labels"))
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMouseTracking(True)
        self._matrix: Matrix | None = None
        self._current: tuple[int, int] | None = None
        self._table = colormap_table("viridis")
        self._names_width = self._measured()
        self.explanation = self.tr(
            "Each row is a cluster, each column a label; a number counts digits. The colour tells a cell's "
            "share of its row, from dark, none of the cluster's digits, to yellow, all of them: it compares "
            "cells of one row, not clusters of different sizes."
        )
        """The meaning of rows, columns, numbers and colours."""
        theme().changed.connect(self.update)

    @property
    def matrix(self) -> Matrix | None:
        """The matrix on display."""
        return self._matrix

    def show_matrix(self, matrix: Matrix | None) -> None:
        """Show another matrix."""
        is_same_shape = (
            matrix is not None
            and self._matrix is not None
            and matrix.counts.shape == self._matrix.counts.shape
        )
        self._matrix = matrix
        self._names_width = self._measured()
        if not is_same_shape:
            self._current = None
        self.updateGeometry()
        self.update()

    def minimumSizeHint(self) -> QSize:
        n_rows, n_columns = (1, 1) if self._matrix is None else self._matrix.counts.shape
        return QSize(
            _LEAST_NAMES + n_columns * _LEAST_CELL[0] + SPACING, _TOP + n_rows * _LEAST_CELL[1] + SPACING
        )

    def sizeHint(self) -> QSize:
        n_rows, n_columns = (10, 10) if self._matrix is None else self._matrix.counts.shape
        return QSize(self._names_width + n_columns * 28, _TOP + n_rows * 24)

    # Geometry

    def _left(self) -> int:
        """Return where the cells begin: names give way to counts that could else not be read."""
        if self._matrix is None:
            return self._names_width
        longest = QFontMetricsF(self._font_of(_READABLE_POINTS)).horizontalAdvance(_longest(self._matrix))
        cells = int(self._matrix.counts.shape[1]) * (math.ceil(longest) + 3)
        return min(max(self.width() - cells - SPACING, _LEAST_NAMES), self._names_width)

    def _has_numbers(self) -> bool:
        """Return whether the rows have numbers, because there is no room for their names."""
        return self._left() < self._names_width

    def _font_of(self, points: float) -> QFont:
        font = QFont(self.font())
        font.setPointSizeF(points)
        return font

    def _measured(self) -> int:
        """Return the room that the names of the rows take."""
        names = () if self._matrix is None else self._matrix.row_names
        metrics = QFontMetrics(self.font())
        widest = max((metrics.horizontalAdvance(name) for name in names), default=40)
        return min(widest, 12 * SPACING) + 2 * SPACING

    def _cell(self) -> tuple[int, int]:
        if self._matrix is None:
            return _LEAST_CELL
        n_rows, n_columns = self._matrix.counts.shape
        width = (self.width() - self._left() - SPACING) // max(n_columns, 1)
        height = (self.height() - _TOP - SPACING // 2) // max(n_rows, 1)
        return (
            min(max(width, _LEAST_CELL[0]), _MOST_CELL[0]),
            min(max(height, _LEAST_CELL[1]), _MOST_CELL[1]),
        )

    def cell_rect(self, row: int, column: int) -> QRect:
        """Return where a cell is; row and column as displayed."""
        width, height = self._cell()
        return QRect(self._left() + column * width, _TOP + row * height, width, height)

    def cell_at(self, at: QPoint) -> tuple[int, int] | None:
        """Return the (row, column) displayed at a point, or None."""
        if self._matrix is None:
            return None
        width, height = self._cell()
        row, column = (at.y() - _TOP) // height, (at.x() - self._left()) // width
        n_rows, n_columns = self._matrix.counts.shape
        return (row, column) if 0 <= row < n_rows and 0 <= column < n_columns else None

    # Drawing

    def paintEvent(self, event: QPaintEvent) -> None:
        matrix = self._matrix
        if matrix is None:
            return
        painter = QPainter(self)
        shades = colours()
        painter.setPen(shades.muted)
        flags = Qt.AlignmentFlag.AlignCenter
        width, _ = self._cell()
        n_rows, n_columns = matrix.counts.shape
        head = QRect(self._left(), 0, n_columns * width, _TOP // 2)
        painter.drawText(head, flags, self.tr("label"))
        if self._has_numbers():
            # Else numbers of clusters pass for digits.
            corner = QRect(0, _TOP // 2, self._left() - SPACING // 2, _TOP // 2)
            text = painter.fontMetrics().elidedText(
                self.tr("cluster"), Qt.TextElideMode.ElideRight, corner.width()
            )
            painter.drawText(corner, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, text)
        for column, label in enumerate(matrix.column_keys):
            rect = self.cell_rect(0, column)
            painter.drawText(QRect(rect.left(), _TOP // 2, rect.width(), _TOP // 2), flags, str(label))
        for row in range(n_rows):
            self._paint_row(painter, matrix, row)
        if self._current is not None and self.hasFocus():
            rect = self.cell_rect(*self._current)
            painter.setPen(QPen(shades.accent, 2))
            painter.drawRect(rect.adjusted(0, 0, -2, -2))

    def _paint_row(self, painter: QPainter, matrix: Matrix, row: int) -> None:
        shades = colours()
        painter.setPen(shades.text)
        painter.setFont(self.font())
        first = self.cell_rect(row, 0)
        name = QRect(SPACING // 2, first.top(), self._left() - SPACING, first.height())
        metrics = QFontMetrics(self.font())
        text = matrix.row_names[row]
        if self._has_numbers():
            # What little room is left shows the number better than the name's first letter.
            text = str(matrix.row_keys[row] + 1)
        text = metrics.elidedText(text, Qt.TextElideMode.ElideRight, name.width())
        painter.drawText(name, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, text)
        total = max(int(matrix.counts[row].sum()), 1)
        painter.setFont(self._count_font(matrix, first.width() - 2))
        for column in range(matrix.counts.shape[1]):
            count = int(matrix.counts[row, column])
            red, green, blue = (int(level) for level in self._table[round(255 * count / total)])
            rect = self.cell_rect(row, column)
            painter.fillRect(rect.adjusted(0, 0, -1, -1), QColor(red, green, blue))
            if count:
                painter.setPen(QColor(*readable_on((red, green, blue))))
                painter.drawText(rect.adjusted(0, 0, -1, -1), Qt.AlignmentFlag.AlignCenter, str(count))

    def _count_font(self, matrix: Matrix, room: int) -> QFont:
        """Return the font in which the longest count has room in its cell."""
        font = self._font_of(max(self.font().pointSizeF() * 0.82, _READABLE_POINTS))
        longest = QFontMetricsF(font).horizontalAdvance(_longest(matrix))
        if longest > room:
            font.setPointSizeF(max(font.pointSizeF() * room / longest, _LEAST_POINTS))
        return font

    # Pointer and keys

    def mousePressEvent(self, event: QMouseEvent) -> None:
        cell = self.cell_at(event.position().toPoint())
        if event.button() == Qt.MouseButton.LeftButton and cell is not None:
            self._current = cell
            self.update()
            self._choose()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        is_on_cell = self.cell_at(event.position().toPoint()) is not None
        self.setCursor(Qt.CursorShape.PointingHandCursor if is_on_cell else Qt.CursorShape.ArrowCursor)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        steps = {
            Qt.Key.Key_Left: (0, -1),
            Qt.Key.Key_Right: (0, 1),
            Qt.Key.Key_Up: (-1, 0),
            Qt.Key.Key_Down: (1, 0),
        }
        key = Qt.Key(event.key())
        if self._matrix is not None and key in steps:
            n_rows, n_columns = self._matrix.counts.shape
            row, column = self._current or (0, 0)
            if self._current is not None:
                row, column = row + steps[key][0], column + steps[key][1]
            self._current = (min(max(row, 0), n_rows - 1), min(max(column, 0), n_columns - 1))
            self.setAccessibleDescription(self._words(self._current))
            self.update()
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space):
            self._choose()
        else:
            super().keyPressEvent(event)

    def _choose(self) -> None:
        if self._matrix is not None and self._current is not None:
            row, column = self._current
            self.cell_chosen.emit(self._matrix.row_keys[row], self._matrix.column_keys[column])

    def _words(self, cell: tuple[int, int]) -> str:
        if self._matrix is None:
            return ""
        row, column = cell
        count, total = int(self._matrix.counts[row, column]), int(self._matrix.counts[row].sum())
        share = f"{100 * count / max(total, 1):.1f}"
        return self.tr("{0}: {1} of {2} digits have label {3}, {4} % of the row. Click to see them.").format(
            self._matrix.row_names[row], count, total, self._matrix.column_keys[column], share
        )

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            cell = self.cell_at(event.pos())
            QToolTip.showText(
                event.globalPos(), self.explanation if cell is None else self._words(cell), self
            )
            return True
        if event.type() == QEvent.Type.FontChange:
            self._names_width = self._measured()
        return super().event(event)
