"""LatestRequests: what panels ask to have computed in the background, the newest request of each asker."""

from __future__ import annotations

from collections.abc import Callable, Generator, Hashable
from typing import Any

from PySide6.QtCore import QObject, Signal, Slot

from gmmseg.control import ShouldStop
from ui.desk.job_runner import JobRunner

Work = Callable[[Any, ShouldStop], Any]
"""Returns the answer to a request."""


class LatestRequests(QObject):
    """Answers one request after another; a request replaces the one of the same key that still waits.

    Parameters
    ----------
    runner : JobRunner
        For this object alone.
    work : callable
        Returns the answer to a request; runs in the background.
    key_of : callable
        Who asks: of two waiting requests with equal keys only the newer one is answered.
    """

    answered = Signal(object, object)
    """(request, answer)"""
    failed = Signal(object)
    """Exception"""

    def __init__(
        self,
        runner: JobRunner,
        work: Work,
        key_of: Callable[[Any], Hashable],
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._runner = runner
        self._work = work
        self._key_of = key_of
        self._waiting: dict[Hashable, Any] = {}
        self._current: Any = None
        runner.finished.connect(self._on_finished)
        runner.failed.connect(self._on_failed)

    @Slot(object)
    def ask(self, request: Any) -> None:
        """Answer a request as soon as those before it are done."""
        self._waiting[self._key_of(request)] = request
        self._next()

    def _next(self) -> None:
        if self._current is not None or not self._waiting:
            return
        request = self._current = self._waiting.pop(next(iter(self._waiting)))
        self._runner.start(lambda should_stop: _answer(self._work, request, should_stop))

    @Slot(object, object)
    def _on_finished(self, run: int, answer: Any) -> None:
        request, self._current = self._current, None
        self._next()
        self.answered.emit(request, answer)

    @Slot(object, object)
    def _on_failed(self, run: int, error: Exception) -> None:
        self._current = None
        self._next()
        self.failed.emit(error)


def _answer(work: Work, request: Any, should_stop: ShouldStop) -> Generator[None, None, Any]:
    yield
    return work(request, should_stop)
