"""Redrawing no more often than anybody can see."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, QTimer, Signal, Slot
from PySide6.QtWidgets import QWidget

SOON_MS = 100
"""Plots that follow a run are drawn this long after it reports: the map on screen comes first."""


class Throttle(QObject):
    """Lets a widget redraw at most every `interval` ms, and only while it can be seen.

    `ask` as often as you like; `due` fires at once when the last time is long ago, else once it is.

    Parameters
    ----------
    widget : QWidget
    interval : int
    is_prompt : bool
        False leaves also the first one to a later turn of the event loop.
    """

    due = Signal()

    def __init__(self, widget: QWidget, interval: int = 50, is_prompt: bool = True) -> None:
        super().__init__(widget)
        self._widget = widget
        self._is_wanted = False
        self._is_prompt = is_prompt
        self._timer = QTimer(self, singleShot=True, interval=interval)
        self._timer.timeout.connect(self._go)
        widget.installEventFilter(self)

    def ask(self) -> None:
        """Have `due` fire soon."""
        self._is_wanted = True
        if self._timer.isActive():
            return
        if self._is_prompt:
            self._go()
        else:
            self._timer.start()

    def catch_up(self) -> None:
        """Have `due` fire now where it was asked for, also while the widget cannot be seen."""
        if self._is_wanted:
            self._is_wanted = False
            self.due.emit()

    @Slot()
    def _go(self) -> None:
        # A panel behind another tab is visible to Qt: it lies outside its parent.
        if self._is_wanted and not self._widget.visibleRegion().isEmpty():
            self._is_wanted = False
            self._timer.start()
            self.due.emit()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        # Asked for again by a timer, because the widget is not yet visible while its show event is filtered.
        came_to_front = event.type() in (QEvent.Type.Show, QEvent.Type.Paint)
        if came_to_front and self._is_wanted and not self._timer.isActive():
            self._timer.start()
        return False
