"""CurveLegend: which curve is which, beside a plot instead of over its curves."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from PySide6.QtCore import QLineF, QRect, QSize
from PySide6.QtGui import QFont, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from ui.theme import SPACING

_LINE = 22
"""Length of the piece of curve before each name."""


class CurveLegend(QWidget):
    """Names with a piece of their curve, in as many lines as the width asks for; hidden without any."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("curve-legend")
        font = QFont(self.font())
        font.setPointSizeF(max(0.85 * font.pointSizeF(), 7.0))
        self.setFont(font)
        policy = QSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Minimum)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)
        self._entries: tuple[tuple[str, QPen], ...] = ()
        self.hide()

    @property
    def names(self) -> list[str]:
        """The names of the curves shown."""
        return [name for name, _ in self._entries]

    def show_curves(self, entries: Sequence[tuple[str, QPen]]) -> None:
        """Show the names of these curves, each with how it is drawn."""
        if tuple(entries) == self._entries:
            return
        had = self.names
        self._entries = tuple(entries)
        if self.names != had:
            self.setVisible(bool(entries))
            self.setAccessibleName(", ".join(self.names))
            self.updateGeometry()
        self.update()

    def heightForWidth(self, width: int) -> int:
        return max((spot.bottom() + 1 for spot in self._spots(width)), default=0)

    def sizeHint(self) -> QSize:
        width = max(self.width(), 1)
        return QSize(width, self.heightForWidth(width))

    def minimumSizeHint(self) -> QSize:
        return QSize(0, self.fontMetrics().height() if self._entries else 0)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        for (name, pen), spot in zip(self._entries, self._spots(self.width()), strict=True):
            middle = spot.center().y() + 0.5
            painter.setPen(pen)
            painter.drawLine(QLineF(spot.left(), middle, spot.left() + _LINE, middle))
            painter.setPen(self.palette().windowText().color())
            baseline = spot.top() + self.fontMetrics().ascent()
            painter.drawText(spot.left() + _LINE + SPACING // 2, baseline, name)

    def _spots(self, width: int) -> Iterator[QRect]:
        """Yield where each entry stands: from left to right, in a new line where it has no room."""
        metrics = self.fontMetrics()
        x, y = 0, 0
        for name in self.names:
            needed = _LINE + SPACING // 2 + metrics.horizontalAdvance(name)
            if x and x + needed > width:
                x, y = 0, y + metrics.height()
            yield QRect(x, y, needed, metrics.height())
            x += needed + 2 * SPACING
