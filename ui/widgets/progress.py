"""ProgressIndicator: what long work is doing, in the status bar, with a button that ends it."""

from __future__ import annotations

from PySide6.QtCore import QTimer, Signal, Slot
from PySide6.QtWidgets import QHBoxLayout, QLabel, QProgressBar, QSizePolicy, QToolButton, QWidget

from gmmseg.control import Progress
from ui.theme import SPACING, icon

_DELAY_MS = 150
"""Work shorter than this is not worth a flicker."""


class ProgressIndicator(QWidget):
    """A text, a bar and a stop button; hidden while nothing long runs."""

    stop_requested = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("progress")
        self._text = QLabel()
        self._text.setObjectName("progressText")
        self._text.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Preferred)
        self._bar = QProgressBar()
        self._bar.setObjectName("progressBar")
        self._bar.setTextVisible(False)
        self._bar.setFixedSize(12 * SPACING, SPACING)
        self._bar.setAccessibleName(self.tr("Progress"))
        self._stop = QToolButton()
        self._stop.setObjectName("progressStop")
        self._stop.setIcon(icon("stop"))
        self._stop.setAutoRaise(True)
        self._stop.setAccessibleName(self.tr("Stop"))
        self._stop.setToolTip(self.tr("Stop and keep the last step (Esc)"))
        self._stop.clicked.connect(self.stop_requested)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(SPACING)
        for widget in (self._text, self._bar, self._stop):
            row.addWidget(widget)
        self._delay = QTimer(self)
        self._delay.setSingleShot(True)
        self._delay.setInterval(_DELAY_MS)
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

    @Slot()
    def finish(self) -> None:
        """Take the indicator away."""
        self._delay.stop()
        self.hide()
        self._bar.setRange(0, 1)
