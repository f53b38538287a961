"""ColourBar: what the colours of a heatmap stand for."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QImage, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from gmmseg.colours import colormap_table
from gmmseg.drawing.draw import ColourScale
from ui.theme import SPACING

_BAR_WIDTH = 12
_N_TICKS = 5


class ColourBar(QWidget):
    """A vertical bar, low values below, with numbers at its right and the quantity's name beside them.

    Where there is no room for these the bar is alone; the tooltip says the same.
    """

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("colour_bar")
        self.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Expanding)
        self._scale: ColourScale | None = None
        self._room = 0
        self.hide()

    def own_width(self) -> int:
        """Return the width that the bar would take by itself; 0 without a scale."""
        return 0 if self._scale is None else self._hint().width()

    def reserve(self, width: int) -> None:
        """Take this width, also where there is no bar: other panes have one, and pictures shall be alike."""
        if width != self._room:
            self._room = width
            self.setVisible(self._scale is not None or width > 0)
            self.updateGeometry()

    def set_scale(self, scale: ColourScale | None) -> None:
        """Show the bar of a scale; None hides it."""
        if scale == self._scale:
            return
        self._scale = scale
        self.setVisible(scale is not None or self._room > 0)
        if scale is not None:
            text = self.tr("{title}, from {low} to {high}").format(
                title=scale.title, low=_number(scale.low), high=_number(scale.high)
            )
            self.setAccessibleName(text)
            self.setToolTip(text)
        self.updateGeometry()
        self.update()

    def tick_texts(self) -> list[str]:
        """Return the numbers at the bar, from its low end up."""
        if self._scale is None:
            return []
        return [_number(value) for value in np.linspace(self._scale.low, self._scale.high, _N_TICKS)]

    def sizeHint(self) -> QSize:
        hint = self._hint()
        return QSize(max(hint.width() if self._scale is not None else 0, self._room), hint.height())

    def _hint(self) -> QSize:
        metrics = self.fontMetrics()
        texts = max((metrics.horizontalAdvance(text) for text in self.tick_texts()), default=0)
        return QSize(_BAR_WIDTH + texts + metrics.height() + 3 * SPACING // 2, 120)

    def minimumSizeHint(self) -> QSize:
        return QSize(_BAR_WIDTH + SPACING, 48)

    def paintEvent(self, event: QPaintEvent) -> None:
        if self._scale is None:
            return
        painter = QPainter(self)
        metrics = self.fontMetrics()
        bar = QRectF(SPACING / 2, metrics.height() / 2, _BAR_WIDTH, self.height() - metrics.height())
        colours = np.ascontiguousarray(colormap_table(self._scale.colormap)[::-1])
        painter.drawImage(bar, QImage(colours.data, 1, len(colours), 3, QImage.Format.Format_RGB888))
        if self.width() < self._hint().width():
            return
        texts = self.tick_texts()
        # As many numbers as fit without touching: all five, three or the two ends.
        room = bar.height() / max(1, _N_TICKS - 1)
        step = 1 if room > 1.2 * metrics.height() else 2 if 2 * room > 1.2 * metrics.height() else 4
        painter.setPen(self.palette().windowText().color())
        for index in range(0, _N_TICKS, step):
            y = bar.bottom() - bar.height() * index / (_N_TICKS - 1)
            left = bar.right() + SPACING / 2
            box = QRectF(left, y - metrics.height() / 2, self.width() - left, metrics.height())
            painter.drawText(box, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, texts[index])
        self._draw_title(painter, self._scale.title, bar)

    def _draw_title(self, painter: QPainter, title: str, bar: QRectF) -> None:
        height = self.fontMetrics().height()
        painter.save()
        painter.translate(self.width() - height, bar.bottom())
        painter.rotate(-90)
        fitting = self.fontMetrics().elidedText(title, Qt.TextElideMode.ElideRight, int(bar.height()))
        painter.setPen(self.palette().placeholderText().color())
        painter.drawText(QRectF(0, 0, bar.height(), height), Qt.AlignmentFlag.AlignCenter, fitting)
        painter.restore()


def _number(value: float) -> str:
    return f"{value:.3g}".replace("-", "−")
