"""What is written over a picture: how long something is, in micrometres, and what is shown."""

from __future__ import annotations

from PySide6.QtCore import QRect, QSize, Qt, Slot
from PySide6.QtGui import QColor, QPainter, QPaintEvent
from PySide6.QtWidgets import QLabel, QWidget

from gmmseg.physical import length_text, round_length
from ui.theme import SPACING, colours, theme

_LONGEST = 140.0
"""Device-independent pixels."""
_THICKNESS = 4
_BACK, _INK = QColor(0, 0, 0, 140), QColor(255, 255, 255)


class ScaleBar(QWidget):
    """White on a dark ground, so that it shows on any picture; hidden while no length is known."""

    def __init__(self, view: QWidget) -> None:
        super().__init__(view)
        self._view = view
        self.setObjectName("scale_bar")
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self._pixel_width: float | None = None
        self._zoom = 1.0
        self._length = 0
        self.text = ""
        """The length that the bar stands for."""
        self.hide()

    def set_pixel_width(self, micrometres: float | None) -> None:
        """Take the width of a pixel; None where it is not known."""
        self._pixel_width = micrometres
        self._update()

    def set_zoom(self, zoom: float) -> None:
        """Take how many device-independent pixels a pixel of the image takes."""
        self._zoom = zoom
        self._update()

    def _update(self) -> None:
        width = self._pixel_width
        self.setVisible(width is not None)
        if width is None:
            return
        micrometres = round_length(_LONGEST / self._zoom * width)
        self._length = round(micrometres / width * self._zoom)
        self.text = length_text(micrometres)
        self.setAccessibleName(self.tr("Scale bar: {0}").format(self.text))
        self.resize(self.sizeHint())
        self.place()
        self.update()

    def place(self) -> None:
        """Move to the lower left corner of the view."""
        self.move(SPACING, self._view.height() - self.height() - SPACING)

    def sizeHint(self) -> QSize:
        metrics = self.fontMetrics()
        width = max(self._length, metrics.horizontalAdvance(self.text))
        return QSize(width + 2 * SPACING, metrics.height() + _THICKNESS + 2 * SPACING)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(_BACK)
        painter.drawRoundedRect(self.rect(), 4, 4)
        bar = QRect(0, 0, self._length, _THICKNESS)
        bar.moveCenter(self.rect().center())
        bar.moveBottom(self.height() - SPACING)
        painter.fillRect(bar, _INK)
        painter.setPen(_INK)
        above = QRect(0, SPACING // 2, self.width(), self.height() - _THICKNESS - SPACING - SPACING // 2)
        painter.drawText(above, Qt.AlignmentFlag.AlignCenter, self.text)


class Caption(QLabel):
    """Says in the corner of a view what is shown when it is not the final result; hidden without a text."""

    def __init__(self, view: QWidget) -> None:
        super().__init__(view)
        self._view = view
        self.setObjectName("caption")
        self.move(SPACING, SPACING)
        self.hide()
        theme().changed.connect(self._restyle)
        self._restyle()

    def say(self, text: str) -> None:
        """Say something: ``preview``, ``iteration 12``."""
        self.setText(text)
        self.setVisible(bool(text))
        self.place()

    def place(self) -> None:
        """Take one line, or as many as are needed where the view is narrow."""
        room = max(1, self._view.width() - 2 * SPACING)
        self.setWordWrap(False)
        self.adjustSize()
        if self.width() > room:
            self.setWordWrap(True)
            self.resize(room, self.heightForWidth(room))

    @Slot()
    def _restyle(self) -> None:
        tint = colours()
        self.setStyleSheet(
            f"color: {tint.text.name()}; background: {tint.base.name()};"
            f" border: 1px solid {tint.grid.name()}; border-radius: 4px; padding: 2px 6px;"
        )
