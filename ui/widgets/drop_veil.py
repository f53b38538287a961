"""DropVeil: what lies over the window while a file is dragged over it."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QWidget

from ui.theme import SPACING, colours


class DropVeil(QWidget):
    """Covers a widget with a tint, a frame and a word as long as it is shown.

    Parameters
    ----------
    covered : QWidget
    """

    def __init__(self, covered: QWidget) -> None:
        super().__init__(covered)
        self._covered = covered
        self.setObjectName("dropVeil")
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        covered.installEventFilter(self)
        self.hide()

    def lift(self) -> None:
        """Come to lie over all that is there."""
        self.setGeometry(self._covered.rect())
        self.raise_()
        self.show()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Resize and self.isVisible():
            self.setGeometry(self._covered.rect())
        return False

    def paintEvent(self, event: QPaintEvent) -> None:
        accent = colours().accent
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        frame = self.rect().adjusted(SPACING, SPACING, -SPACING, -SPACING)
        painter.setBrush(QColor(accent.red(), accent.green(), accent.blue(), 50))
        painter.setPen(QPen(accent, 3))
        painter.drawRoundedRect(frame, SPACING, SPACING)
        font = painter.font()
        font.setPointSizeF(1.6 * font.pointSizeF())
        painter.setFont(font)
        words = self.tr("Drop to open")
        label = painter.fontMetrics().boundingRect(words).adjusted(-16, -8, 16, 8)
        label.moveCenter(frame.center())
        painter.setBrush(colours().base)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.drawRoundedRect(label, SPACING, SPACING)
        painter.setPen(colours().text)
        painter.drawText(label, Qt.AlignmentFlag.AlignCenter, words)
