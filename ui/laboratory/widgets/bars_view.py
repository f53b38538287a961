"""BarsView: numbers as bars from 0, in groups that share a scale."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

from PySide6.QtCore import QEvent, QRectF, QSize, Qt
from PySide6.QtGui import QFont, QHelpEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from gmmseg.laboratory.scene import Bar
from gmmseg.laboratory.words import short
from ui.laboratory.widgets.chart_plot import colour_of
from ui.theme import SPACING, colours, theme

_ROOM = 1.15
"""Of the largest value of a group, so that a bar can grow before the scale changes."""


class BarsView(QWidget):
    """Names on the left, numbers on the right, bars between them; values below 0 go to the left."""

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("laboratory-bars")
        font = QFont(self.font())
        font.setPointSizeF(max(0.92 * font.pointSizeF(), 7.0))
        self.setFont(font)
        self._bars: tuple[Bar, ...] = ()
        self._scales: dict[str, float] = {}
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Minimum)
        theme().changed.connect(self.update)

    @property
    def bars(self) -> tuple[Bar, ...]:
        """The bars shown."""
        return self._bars

    def show_bars(self, bars: Sequence[Bar]) -> None:
        """Show other bars; a group's scale stays while its bars fit and fill a part of it."""
        had, self._bars = self._bars, tuple(bars)
        scales: dict[str, float] = {}
        for bar in self._bars:
            scales[bar.group] = max(scales.get(bar.group, 0.0), abs(bar.value))
        for group, largest in scales.items():
            known = self._scales.get(group, 0.0)
            scales[group] = known if largest <= known <= 8 * largest else _ROOM * largest
        self._scales = scales
        self.setVisible(bool(self._bars))
        if len(had) != len(self._bars):
            self.updateGeometry()
        self.setAccessibleName(", ".join(f"{bar.label} {short(bar.value)}" for bar in self._bars))
        self.update()

    def _line_height(self) -> int:
        return self.fontMetrics().height() + 4

    def _n_lines(self) -> int:
        return len(self._bars) + sum(bool(group) for group in self._scales)

    def sizeHint(self) -> QSize:
        return QSize(300, self._n_lines() * self._line_height() + SPACING)

    def minimumSizeHint(self) -> QSize:
        return QSize(220, min(self.sizeHint().height(), 4 * self._line_height()))

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        tint, metrics = colours(), self.fontMetrics()
        names = max((metrics.horizontalAdvance(bar.label) for bar in self._bars), default=0) + SPACING
        numbers = metrics.horizontalAdvance("−0.000000")
        room = QRectF(names, 0, max(self.width() - names - numbers - 2 * SPACING, 20), self.height())
        for spot, item in self._spots():
            if isinstance(item, str):
                painter.setPen(tint.muted)
                painter.drawText(spot, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, item)
                continue
            painter.setPen(tint.text)
            aligned = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight
            painter.drawText(spot.adjusted(0, 0, names - SPACING - spot.width(), 0), aligned, item.label)
            painter.drawText(spot, aligned, short(item.value, 4))
            self._draw_bar(painter, room, spot, item)

    def _draw_bar(self, painter: QPainter, room: QRectF, spot: QRectF, bar: Bar) -> None:
        scale = self._scales.get(bar.group, 0.0)
        own = [one.value for one in self._bars if one.group == bar.group]
        # Where values have both signs 0 stands in the middle, else at an end.
        low, high = min(0.0, *own), max(0.0, *own)
        has_both = low < -0.02 * scale and high > 0.02 * scale
        zero = room.center().x() if has_both else room.left() if high > -low else room.right()
        unit = room.width() / (2 if has_both else 1) / scale if scale else 0.0
        width = bar.value * unit
        painter.fillRect(
            QRectF(min(zero, zero + width), spot.top() + 3, abs(width), spot.height() - 6),
            colour_of(bar.tint),
        )
        painter.setPen(QPen(colours().muted, 1))
        painter.drawLine(round(zero), round(spot.top()), round(zero), round(spot.bottom()))

    def _spots(self) -> list[tuple[QRectF, Bar | str]]:
        """Return where each heading and bar stands."""
        # Lines move together before the last one is cut off.
        height = min(self._line_height(), (self.height() - SPACING) / max(self._n_lines(), 1))
        y = SPACING / 2
        found: list[tuple[QRectF, Bar | str]] = []
        for group, members in groupby(self._bars, lambda bar: bar.group):
            for item in ([group] if group else []) + list(members):
                found.append((QRectF(0, y, self.width() - SPACING, height), item))
                y += height
        return found

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            for spot, item in self._spots():
                if isinstance(item, Bar) and item.tip and spot.contains(event.pos().toPointF()):
                    QToolTip.showText(event.globalPos(), item.tip, self)
                    return True
            QToolTip.hideText()
        return super().event(event)
