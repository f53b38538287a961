"""SwipeHandle: the divider that is dragged over a pane to wipe the layer off the photo."""

from __future__ import annotations

from PySide6.QtCore import QLineF, QRectF, Qt, Signal
from PySide6.QtGui import QColor, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QWidget

_WIDTH = 14
_GRIP_HEIGHT = 36
_KEY_STEP = 0.02
MIDDLE = 0.5


class SwipeHandle(QWidget):
    """A vertical line with a grip over its parent; `moved` carries its place, 0..1 of the width."""

    moved = Signal(float)

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._area = parent
        self.setObjectName("swipe_handle")
        self.setAccessibleName(self.tr("Swipe divider"))
        self.setToolTip(
            self.tr("Drag to uncover the photo; ← and → move it by small steps, a double click to the middle")
        )
        self.setCursor(Qt.CursorShape.SplitHCursor)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAttribute(Qt.WidgetAttribute.WA_NoSystemBackground)
        self.fraction = MIDDLE

    def set_fraction(self, fraction: float) -> None:
        """Move the divider; the layer is shown to its right."""
        fraction = min(max(fraction, 0.0), 1.0)
        is_new = fraction != self.fraction
        self.fraction = fraction
        self.place()
        if is_new:
            self.moved.emit(fraction)

    def place(self) -> None:
        """Follow the parent's size."""
        x = round(self.fraction * self._area.width() - _WIDTH / 2)
        # At the edges the grip stays wholly in view.
        self.setGeometry(min(max(x, 0), self._area.width() - _WIDTH), 0, _WIDTH, self._area.height())

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if event.buttons() & Qt.MouseButton.LeftButton:
            x = self.mapToParent(event.position()).x()
            self.set_fraction(x / max(1, self._area.width()))

    def mousePressEvent(self, event: QMouseEvent) -> None:
        event.accept()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        event.accept()

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        self.set_fraction(MIDDLE)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        step = {Qt.Key.Key_Left: -_KEY_STEP, Qt.Key.Key_Right: _KEY_STEP}.get(Qt.Key(event.key()))
        if step is None:
            super().keyPressEvent(event)
        else:
            self.set_fraction(self.fraction + step)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        middle = min(max(self.fraction * self._area.width() - self.x(), 1.5), _WIDTH - 1.5)
        line = QLineF(middle, 0, middle, self.height())
        for colour, width in ((QColor(0, 0, 0, 150), 3.0), (QColor(255, 255, 255), 1.5)):
            painter.setPen(QPen(colour, width))
            painter.drawLine(line)
        top = (self.height() - _GRIP_HEIGHT) / 2
        grip = QRectF(2, top, _WIDTH - 4, _GRIP_HEIGHT)
        is_active = self.hasFocus() or self.underMouse()
        painter.setPen(QPen(QColor(0, 0, 0, 150), 1))
        painter.setBrush(self.palette().highlight() if is_active else QColor(255, 255, 255, 235))
        painter.drawRoundedRect(grip, 4, 4)
        painter.setPen(QPen(QColor(0, 0, 0, 150), 1))
        for offset in (-2, 2):
            x = grip.center().x() + offset
            painter.drawLine(QLineF(x, grip.center().y() - 7, x, grip.center().y() + 7))
