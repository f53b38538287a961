"""Ahead: what is wanted later is loaded and made while the person and the program do nothing."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Sequence

from PySide6.QtCore import QEvent, QObject, QTimer, Slot
from PySide6.QtWidgets import QApplication, QWidget

from ui.desk.job_runner import JobRunner

REST_MS = 200
"""For which nothing has happened before anything is loaded or made."""

Load = Callable[[], object]
"""Imports something, in a thread: it must make no object of Qt."""


class Ahead(QObject):
    """Loads modules in a thread, and after that makes widgets, a little in each turn of the event loop.

    Both end for the time being with any input to the window and with `put_off`, and go on after a rest.

    Parameters
    ----------
    window : QWidget
    is_busy : callable
        Whether any desk works, in the background too: panels made beside it take twice as long.
    loads : callable
        Returns what loads the modules; done again it must take no time.
    make : callable
        Returns an iterator that makes something with each step.
    """

    def __init__(
        self,
        window: QWidget,
        is_busy: Callable[[], bool],
        loads: Callable[[], Sequence[Load]],
        make: Callable[[], Iterator[None]],
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._window = window
        self._is_busy = is_busy
        self._loads = loads
        self._make = make
        self._steps: Iterator[None] | None = None
        self.is_over = True
        """Whether there is nothing left to do, or `begin` has not been called."""
        self._runner = JobRunner("newest", self)
        self._runner.finished.connect(self._on_loaded)
        # It has been logged, and is told where the module is used.
        self._runner.failed.connect(self.end)
        self._rest = QTimer(self, singleShot=True, interval=REST_MS)
        self._rest.timeout.connect(self._go_on)
        self._turn = QTimer(self, interval=0)
        self._turn.timeout.connect(self._make_next)

    def begin(self) -> None:
        """Begin with the next rest; the window has been shown."""
        self.is_over = False
        self._window.windowHandle().installEventFilter(self)
        self.put_off()

    @Slot()
    def put_off(self) -> None:
        """Go on after another rest only."""
        if not self.is_over:
            self._turn.stop()
            self._runner.cancel()
            self._rest.start()

    @Slot()
    def end(self) -> None:
        """Load and make nothing more."""
        if self.is_over:
            return
        self.is_over = True
        self._rest.stop()
        self._turn.stop()
        self._steps = None
        self._runner.cancel()
        self._window.windowHandle().removeEventFilter(self)

    def shutdown(self) -> bool:
        """End for good. Returns whether the thread has ended."""
        self.end()
        return self._runner.shutdown()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.isInputEvent():
            self.put_off()
        return False

    @Slot()
    def _go_on(self) -> None:
        # What is typed into a dialog or chosen from a menu does not come to the window.
        is_elsewhere = QApplication.activeModalWidget() or QApplication.activePopupWidget()
        if is_elsewhere or self._is_busy():
            self._rest.start()
        elif self._steps is None:
            loads = self._loads()
            self._runner.start(lambda should_stop: _loading(loads))
        else:
            self._turn.start()

    @Slot()
    def _on_loaded(self) -> None:
        self._steps = self._make()
        self._turn.start()

    @Slot()
    def _make_next(self) -> None:
        if self._steps is not None and next(self._steps, self) is self:
            self.end()


def _loading(loads: Sequence[Load]) -> Generator[None, None, None]:
    for load in loads:
        load()
        # Here the runner looks whether it has been cancelled.
        yield
