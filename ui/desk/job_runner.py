"""JobRunner: runs generators in a thread and reports in the GUI thread; the only file that knows threads."""

from __future__ import annotations

import logging
import math
import time
import weakref
from collections import deque
from collections.abc import Callable, Generator
from dataclasses import dataclass, field
from typing import Any, Literal

from PySide6.QtCore import QObject, Qt, QThread, QTimer, Signal, Slot

from gmmseg.control import ShouldStop, StopRequest
from gmmseg.errors import BudgetError, Cancelled, GmmsegError

Job = Callable[[ShouldStop], Generator[Any, None, Any]]
"""Given what to ask between blocks whether to stop, yields events and returns a result."""

Policy = Literal["newest", "queue"]
"""``newest``: a new job cancels the one that runs. ``queue``: jobs follow each other."""

STACK_BYTES = 16 << 20
"""BLAS overflows the 512 KB that macOS gives a thread (numpy issue 11551)."""
REPORT_SECONDS = 0.05

_log = logging.getLogger("gmmseg.jobs")


@dataclass(eq=False)
class _Run:
    """One started job; also what the job asks whether to stop."""

    number: int
    job: Job
    stop_request: StopRequest = StopRequest.NONE

    def __call__(self) -> StopRequest:
        return self.stop_request


@dataclass(frozen=True, slots=True)
class _End:
    """The last report of a run."""

    kind: Literal["finished", "failed", "cancelled"]
    value: Any = None


@dataclass(eq=False)
class _Mailbox:
    """Reports on their way from the worker to the GUI thread, with one wake-up for as many as there are."""

    wake: Callable[[], None]
    is_urgent: Callable[[Any], bool]
    reports: deque[tuple[_Run, Any]] = field(default_factory=deque)
    has_urgent: bool = False
    is_awake: bool = False

    def put(self, run: _Run, report: Any) -> None:
        """Leave a report; called in the worker."""
        self.reports.append((run, report))
        if isinstance(report, _End) or self.is_urgent(report):
            self.has_urgent = True
            self.wake()
        elif not self.is_awake:
            self.is_awake = True
            self.wake()

    def take(self) -> list[tuple[_Run, Any]]:
        """Return the reports so far; called in the GUI thread."""
        # Lowered first: a report that arrives while the deque is emptied is either taken or wakes again.
        self.is_awake = self.has_urgent = False
        taken = []
        while self.reports:
            taken.append(self.reports.popleft())
        return taken


_threads: weakref.WeakSet[_Worker] = weakref.WeakSet()


def running_threads() -> int:
    """Return how many jobs' threads are running in this process."""
    return sum(thread.isRunning() for thread in _threads)


class _Worker(QThread):
    """The thread of a runner, started again for each run."""

    def __init__(self, mailbox: _Mailbox) -> None:
        super().__init__()
        self._mailbox = mailbox
        self.current: _Run | None = None
        self.setStackSize(STACK_BYTES)
        _threads.add(self)

    def run(self) -> None:
        run = self.current
        if run is not None:
            self._mailbox.put(run, self._outcome(run))

    def _outcome(self, run: _Run) -> _End:
        """Drive the job to its end; never raises."""
        try:
            events = run.job(run)
            while True:
                try:
                    event = next(events)
                except StopIteration as end:
                    return _End("finished", end.value)
                if run.stop_request is StopRequest.CANCEL:
                    events.close()
                    return _End("cancelled")
                self._mailbox.put(run, event)
        except Cancelled:
            return _End("cancelled")
        except GmmsegError as error:
            return _End("failed", error)
        except MemoryError:
            _log.exception("out of memory")
            return _End("failed", BudgetError("There is not enough memory for this.", "Try a smaller image."))
        except Exception as error:
            _log.exception("a job failed by a bug")
            return _End("failed", error)


class JobRunner(QObject):
    """Runs one job at a time in a thread of its own.

    Three devices, one for each way to go wrong: the stop request, which the job asks for (the thread is free
    soon), the run number (reports of a superseded run are dropped), and one queued wake-up (all is received
    in the GUI thread, and a flood of events cannot fill its queue). Every run that is not superseded ends
    with exactly one of `finished`, `failed` and `cancelled`.

    Parameters
    ----------
    policy : {"newest", "queue"}
    parent : QObject, optional
    is_urgent : callable
        Which events are delivered at once, with those before them, instead of 20 times a second; the end of
        a run always is.
    """

    events = Signal(object, object)
    """(run number, tuple of events since the last time), at most 20 times a second."""
    finished = Signal(object, object)
    """(run number, result)"""
    failed = Signal(object, object)
    """(run number, exception); anything but a GmmsegError is a bug and has been logged."""
    cancelled = Signal(object)
    """(run number)"""
    running_changed = Signal(bool)

    _woken = Signal()

    def __init__(
        self,
        policy: Policy = "newest",
        parent: QObject | None = None,
        is_urgent: Callable[[Any], bool] = lambda event: False,
    ) -> None:
        super().__init__(parent)
        self._policy = policy
        self._mailbox = _Mailbox(self._woken.emit, is_urgent)
        self._worker = _Worker(self._mailbox)
        self._current: _Run | None = None
        self._waiting: deque[_Run] = deque()
        self._newest = 0
        self._was_running = False
        self._is_free = True
        self._is_shut = False
        self._last_delivery = -math.inf  # The monotonic clock may have started just now.
        self._timer = QTimer(self, singleShot=True)
        self._timer.timeout.connect(self._deliver)
        self._woken.connect(self._on_woken, Qt.ConnectionType.QueuedConnection)
        self._worker.finished.connect(self._on_thread_free, Qt.ConnectionType.QueuedConnection)

    @property
    def is_running(self) -> bool:
        """Whether a run has been started whose end has not been reported."""
        return self._current is not None or bool(self._waiting)

    @property
    def is_ending(self) -> bool:
        """Whether the run under way has been asked to end, and has not yet."""
        return self._current is not None and self._current.stop_request is not StopRequest.NONE

    def start(self, job: Job) -> int:
        """Run a job as soon as the policy and the thread allow.

        Returns
        -------
        int
            The run number, increasing; 0 after `shutdown`, when nothing is started any more.
        """
        if self._is_shut:
            return 0
        self._newest += 1
        if self._policy == "newest":
            self._waiting.clear()
            if self._current is not None:
                self._current.stop_request = StopRequest.CANCEL
                self._current = None
        self._waiting.append(_Run(self._newest, job))
        self._launch()
        self._tell_running()
        return self._newest

    def report(self, event: Any) -> None:
        """Report an event from within the job, where it cannot yield; called in its thread."""
        run = self._worker.current
        if run is not None:
            self._mailbox.put(run, event)

    def stop(self) -> None:
        """Ask the run to end soon with what it has; its result comes by `finished`."""
        if self._current is not None and self._current.stop_request is StopRequest.NONE:
            self._current.stop_request = StopRequest.STOP
        elif self._current is None:
            self.cancel()

    def cancel(self) -> None:
        """Give up the run and those waiting; all that comes of them is `cancelled`."""
        waiting, self._waiting = list(self._waiting), deque()
        if self._current is not None:
            self._current.stop_request = StopRequest.CANCEL
        for run in waiting:
            self.cancelled.emit(run.number)
        self._tell_running()

    def shutdown(self, *, finish: bool = False, seconds: float = 10.0) -> bool:
        """End for good and silently; may be called more than once.

        Parameters
        ----------
        finish : bool
            Let the run and those waiting end by themselves, as an export must.
        seconds : float
            How long to wait at most, for each run.

        Returns
        -------
        bool
            Whether the thread has ended.
        """
        self._is_shut = True
        self.blockSignals(True)
        if not finish:
            self._waiting.clear()
        self._timer.stop()
        while True:
            run = self._worker.current
            if run is not None and not finish:
                run.stop_request = StopRequest.CANCEL
            if not self._worker.wait(int(seconds * 1000)):
                return False
            if not self._waiting:
                self._current = None
                return True
            self._worker.current = self._waiting.popleft()
            self._worker.start()

    def _launch(self) -> None:
        if self._is_shut or not self._is_free or not self._waiting:
            return
        self._is_free = False
        self._current = self._waiting.popleft()
        self._worker.current = self._current
        self._worker.start()

    @Slot()
    def _on_thread_free(self) -> None:
        # Qt announces the end from within the thread, a moment before it is over.
        self._worker.wait()
        self._worker.current = None
        self._is_free = True
        self._deliver()
        self._launch()

    @Slot()
    def _on_woken(self) -> None:
        due = self._last_delivery + REPORT_SECONDS - time.monotonic()
        if due <= 0 or self._mailbox.has_urgent:
            self._deliver()
        elif not self._timer.isActive():
            self._timer.start(max(1, round(due * 1000)))

    @Slot()
    def _deliver(self) -> None:
        self._last_delivery = time.monotonic()
        batch: list[Any] = []
        for run, report in self._mailbox.take():
            if not isinstance(report, _End):
                # A superseded run was cancelled too: what is left belongs to the current one.
                if run.stop_request is not StopRequest.CANCEL:
                    batch.append(report)
                continue
            if batch:
                self.events.emit(run.number, tuple(batch))
                batch = []
            if run is self._current:
                self._end(run, report)
        current = self._current
        if batch and current is not None:
            self.events.emit(current.number, tuple(batch))

    def _end(self, run: _Run, end: _End) -> None:
        self._current = None
        if run.stop_request is StopRequest.CANCEL or end.kind == "cancelled":
            self.cancelled.emit(run.number)
        elif end.kind == "failed":
            self.failed.emit(run.number, end.value)
        else:
            self.finished.emit(run.number, end.value)
        self._tell_running()

    def _tell_running(self) -> None:
        if self.is_running != self._was_running:
            self._was_running = self.is_running
            self.running_changed.emit(self.is_running)
