"""PosteriorBars: the largest class posteriors of one pixel as little bars with their numbers."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from gmmseg.colours import Colour
from ui.theme import SPACING, colours, mixed

_BAR_WIDTH = 5 * SPACING
SWATCH = 10
"""Side of the patch in the colour of the class: a small share leaves the bar empty."""
MAX_BARS = 3


@dataclass(frozen=True, slots=True)
class Bar:
    """One class at the pixel: its text, its colour, and its posterior, 0..1."""

    text: str
    colour: Colour
    share: float


class PosteriorBars(QWidget):
    """Draws up to `MAX_BARS` bars, as many as there is room for."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("posteriorBars")
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        self.bars: tuple[Bar, ...] = ()

    def show_bars(self, bars: tuple[Bar, ...]) -> None:
        """Draw these, the largest first."""
        self.bars = bars
        self.setAccessibleName(", ".join(f"{bar.text} {bar.share:.2f}" for bar in bars))
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(MAX_BARS * 16 * SPACING, self.fontMetrics().height())

    def minimumSizeHint(self) -> QSize:
        return QSize(0, self.fontMetrics().height())

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        tint, metrics = colours(), self.fontMetrics()
        left = 0.0
        for bar in self.bars:
            number = f"{bar.share:.2f}".lstrip("0") if bar.share < 0.995 else "1"
            text_width = metrics.horizontalAdvance(bar.text)
            number_width = metrics.horizontalAdvance(number)
            width = SWATCH + SPACING / 2 + text_width + _BAR_WIDTH + number_width + SPACING
            if left + width > self.width():
                break
            middle = self.height() / 2
            painter.setPen(tint.muted)
            painter.setBrush(QColor(*bar.colour))
            painter.drawRect(QRectF(left + 0.5, middle - SWATCH / 2, SWATCH, SWATCH))
            word = left + SWATCH + SPACING / 2
            frame = QRectF(word + text_width + SPACING / 2, middle - SPACING / 2, _BAR_WIDTH, SPACING)
            painter.setPen(tint.text)
            painter.drawText(
                QRectF(word, 0, text_width + 1, self.height()), Qt.AlignmentFlag.AlignVCenter, bar.text
            )
            painter.drawText(
                QRectF(frame.right() + SPACING / 2, 0, number_width + 1, self.height()),
                Qt.AlignmentFlag.AlignVCenter,
                number,
            )
            painter.fillRect(frame, mixed(tint.window, tint.grid, 0.7))
            frame.setWidth(_BAR_WIDTH * bar.share)
            painter.fillRect(frame, QColor(*bar.colour))
            left += width + 2 * SPACING
        painter.end()
