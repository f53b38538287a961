"""ProgressIndicator: what long work is doing, in the status bar, with a button that ends it."""

from __future__ import annotations

from PySide6.QtCore import QRectF, QTimer, Signal, Slot
from PySide6.QtGui import QHideEvent, QPainter, QPaintEvent, QPalette, QShowEvent
from PySide6.QtWidgets import QLabel, QProgressBar, QSizePolicy, QToolButton, QWidget

from gmmseg.control import Progress
from ui.theme import SPACING, icon
from ui.widgets.building import in_row, named

_DELAY_MS = 150
"""Work shorter than this is not worth a flicker."""
_MOVE_MS, _MOVES = 40, 60
"""Interval at which a bar without an end moves, and moves until it comes back."""
_PIECE = 0.25
"""Share of such a bar that is filled."""


class _Bar(QProgressBar):
    """Fills with the share done; where that is not known, a short piece runs to and fro.

    Fusion's own bar without an end is striped all over and looks full.
    """

    def __init__(self) -> None:
        super().__init__()
        self._phase = 0
        self._timer = QTimer(self, interval=_MOVE_MS)
        self._timer.timeout.connect(self._move)

    def piece(self) -> QRectF:
        """Return what is filled where the share is not known."""
        inside = QRectF(self.rect()).adjusted(1, 1, -1, -1)
        width = _PIECE * inside.width()
        there = abs(2 * self._phase / _MOVES - 1)
        return QRectF(inside.x() + there * (inside.width() - width), inside.y(), width, inside.height())

    @Slot()
    def _move(self) -> None:
        self._phase = (self._phase + 1) % _MOVES
        self.update()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._timer.start()

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self._timer.stop()

    def paintEvent(self, event: QPaintEvent) -> None:
        if self.minimum() < self.maximum():
            super().paintEvent(event)
            return
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(self.palette().color(QPalette.ColorRole.Mid))
        painter.setBrush(self.palette().color(QPalette.ColorRole.Base))
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5), 2, 2)
        painter.fillRect(self.piece(), self.palette().color(QPalette.ColorRole.Highlight))


class ProgressIndicator(QWidget):
    """A text, a bar and a stop button; hidden while nothing long runs."""

    stop_requested = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("progress")
        self._text = named(QLabel(), "progressText")
        self._text.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Preferred)
        self._bar = named(_Bar(), "progressBar", spoken=self.tr("Progress"))
        self._bar.setTextVisible(False)
        self._bar.setFixedSize(12 * SPACING, SPACING)
        tip = self.tr("Stop and keep the last step (Esc)")
        self._stop = named(QToolButton(), "progressStop", tip, self.tr("Stop"))
        self._stop.setIcon(icon("stop"))
        self._stop.setAutoRaise(True)
        self._stop.clicked.connect(self.stop_requested)
        in_row(self._text, self._bar, self._stop, of=self, spacing=SPACING)
        self._delay = QTimer(self, singleShot=True, interval=_DELAY_MS)
        self._delay.timeout.connect(self.show)
        self.hide()

    def show_progress(self, progress: Progress) -> None:
        """Show what the work is doing, once it has taken long enough to be worth it."""
        self._text.setText(progress.text)
        if progress.fraction is None:
            self._bar.setRange(0, 0)
        else:
            self._bar.setRange(0, 1000)
            self._bar.setValue(round(1000 * progress.fraction))
        if self.isHidden() and not self._delay.isActive():
            self._delay.start()

    def set_stoppable(self, is_stoppable: bool) -> None:
        """Enable the button while the work can be asked to end: not again where it has been."""
        self._stop.setEnabled(is_stoppable)

    @Slot()
    def finish(self) -> None:
        """Take the indicator away."""
        self._delay.stop()
        self.hide()
        self._bar.setRange(0, 1)
