"""Work on many items in processes: what each of them yields comes back, whichever process it runs in."""

from __future__ import annotations

import multiprocessing
import os
import pickle
import signal
import sys
import time
from collections import Counter, deque
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import suppress
from ctypes import c_bool
from dataclasses import dataclass
from functools import partial
from multiprocessing.connection import Connection, wait
from typing import Any, Generic, TypeVar

from gmmseg.control import ShouldStop, StopRequest, only_cancelled, raise_if_cancelled, relayed, result_of
from gmmseg.errors import Cancelled, GmmsegError

_T = TypeVar("_T")
_R = TypeVar("_R")

Work = Callable[[_T, ShouldStop], Generator[Any, None, _R]]
"""A job for one item; it and all that it yields and returns is pickled, so it should be small."""

_POLL = 0.1
"""Seconds between two questions whether to stop."""
_BETWEEN_REPORTS = 0.05
"""Seconds; of more frequent events of an item only the first is sent."""
_PATIENCE = 10.0
"""Seconds that cancelled processes have to end in order."""


@dataclass(frozen=True, slots=True)
class Begun:
    """The work on the item at this place has begun."""

    at: int


@dataclass(frozen=True, slots=True)
class Reported:
    """The work on an item yielded something."""

    at: int
    event: Any


@dataclass(frozen=True, slots=True)
class Finished(Generic[_R]):
    """The work on an item ended with a result."""

    at: int
    result: _R


@dataclass(frozen=True, slots=True)
class Failed:
    """The work on an item ended with an error; the others go on."""

    at: int
    error: Exception


ItemEvent = Begun | Reported | Finished[_R] | Failed


class LostProcessError(GmmsegError):
    """A process ended in the middle of its work."""


def work_events(
    work: Work[_T, _R], items: Sequence[_T], n_jobs: int, should_stop: ShouldStop, n_retries: int = 0
) -> Generator[ItemEvent[_R], None, None]:
    """Work on all items, several at a time, and yield what comes of each.

    Parameters
    ----------
    work : callable
        Takes an item and `should_stop`; a function or value that can be pickled.
    items : sequence
        Begun in their order.
    n_jobs : int
        Processes; with 1, or for a single item, everything runs in this one.
    should_stop : callable
        STOP lets the items in hand be completed and begins no other; CANCEL ends all at their next question.
    n_retries : int
        How often an item is begun anew whose process was lost.

    Raises
    ------
    Cancelled
    """
    if min(n_jobs, len(items)) <= 1:
        yield from _one_by_one(work, items, should_stop)
        return
    crew = _Crew(work, min(n_jobs, len(items)))
    try:
        yield from crew.events(items, should_stop, n_retries)
    finally:
        crew.end()


def _one_by_one(work: Work[_T, _R], items: Sequence[_T], should_stop: ShouldStop) -> Iterator[ItemEvent[_R]]:
    asked = only_cancelled(should_stop)
    for at, item in enumerate(items):
        raise_if_cancelled(should_stop)
        if should_stop() is StopRequest.STOP:
            return
        yield Begun(at)
        try:
            result = yield from relayed(work(item, asked), partial(_reported, at))
        except Cancelled:
            raise
        except Exception as error:
            yield Failed(at, error)
        else:
            yield Finished(at, result)


def _reported(at: int, event: Any) -> tuple[Reported]:
    return (Reported(at, event),)


@dataclass(eq=False)
class _Worker:
    """One process and the end of its pipe that is here."""

    process: Any
    pipe: Connection
    at: int | None = None
    """The item it works on."""


class _Crew(Generic[_T, _R]):
    """Processes that take one item after another."""

    def __init__(self, work: Work[_T, _R], n_workers: int) -> None:
        # Not an event: a process that is killed might hold its lock.
        self._cancelled = multiprocessing.get_context("spawn").RawValue(c_bool, False)
        # Pickled once: a mixture or model may take longer than an item.
        self._work = pickle.dumps(work)
        self._workers: list[_Worker] = []
        for _ in range(n_workers):
            self._workers.append(self._started())

    def _started(self) -> _Worker:
        here, there = multiprocessing.Pipe()
        is_copy = _has_one_thread()
        context: Any = multiprocessing.get_context("fork" if is_copy else "spawn")
        inherited = [here, *(worker.pipe for worker in self._workers)] if is_copy else []
        process = context.Process(target=_serve, args=(there, self._cancelled, inherited), daemon=True)
        process.start()
        there.close()
        here.send_bytes(self._work)
        return _Worker(process, here)

    def events(self, items: Sequence[_T], should_stop: ShouldStop, n_retries: int) -> Iterator[ItemEvent[_R]]:
        left = deque(range(len(items)))
        n_losses: Counter[int] = Counter()
        while True:
            raise_if_cancelled(should_stop)
            if should_stop() is StopRequest.STOP:
                left.clear()
            for worker in self._workers:
                if worker.at is None and left:
                    worker.at = left.popleft()
                    with suppress(OSError):  # it is gone, which is seen below
                        worker.pipe.send(items[worker.at])
                    yield Begun(worker.at)
            busy = [worker for worker in self._workers if worker.at is not None]
            if not busy:
                return
            ready = wait([worker.pipe for worker in busy], _POLL)
            for worker in busy:
                if worker.at is None or worker.pipe not in ready:
                    continue
                event = self._heard(worker, worker.at)
                is_lost = isinstance(event, Failed) and isinstance(event.error, LostProcessError)
                if is_lost and n_losses[event.at] < n_retries:
                    n_losses[event.at] += 1
                    left.appendleft(event.at)
                else:
                    yield event

    def _heard(self, worker: _Worker, at: int) -> ItemEvent[_R]:
        """Return what a worker says of its item, or that it is gone; another one then takes its place."""
        try:
            kind, value = worker.pipe.recv()
        except (EOFError, OSError):
            worker.process.join()
            error = _loss(worker.process.exitcode)
            self._workers[self._workers.index(worker)] = self._started()
            return Failed(at, error)
        if kind is Reported:
            return Reported(at, value)
        worker.at = None
        return Finished(at, value) if kind is Finished else Failed(at, value)

    def end(self) -> None:
        """End all processes: at once those that wait, in order those that were cancelled."""
        self._cancelled.value = True
        for worker in self._workers:
            worker.pipe.close()
            if worker.at is None:
                worker.process.kill()
        until = time.monotonic() + _PATIENCE
        for worker in self._workers:
            worker.process.join(max(until - time.monotonic(), 0))
            if worker.process.is_alive():
                worker.process.kill()
                worker.process.join()


def _has_one_thread() -> bool:
    """Whether processes can be copies of this one, which begin at once with all that has been imported.

    Another thread may hold a lock that a copy would wait for. Elsewhere than on Linux libraries start
    threads of their own.
    """
    with suppress(OSError):
        return sys.platform == "linux" and len(os.listdir("/proc/self/task")) == 1
    return False


def _loss(code: int | None) -> LostProcessError:
    how = f"killed by signal {-code}" if code is not None and code < 0 else f"code {code}"
    return LostProcessError(
        f"The process that worked on it ended unexpectedly ({how}).",
        "Use fewer processes: the memory may not have sufficed.",
    )


def _serve(pipe: Connection, cancelled: Any, inherited: Sequence[Connection]) -> None:
    """Work on items as they come, in a process of its own, until the pipe is closed.

    `inherited` are other ends of pipes, which would seem to be in use for as long as they are open here.
    """
    for end in inherited:
        end.close()
    # A copy would end as its original does, which has children to wait for.
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    # Ctrl-C reaches all processes of a terminal; what is to be done is decided by the one that began it.
    for name in ("SIGINT", "SIGHUP"):
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), signal.SIG_IGN)
    # Before numpy: the same bytes everywhere need one fixed number of BLAS threads.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    parent = multiprocessing.parent_process()

    def should_stop() -> StopRequest:
        is_wanted = not cancelled.value and (parent is None or parent.is_alive())
        return StopRequest.NONE if is_wanted else StopRequest.CANCEL

    with suppress(EOFError, Cancelled):
        work = pickle.loads(pipe.recv_bytes())  # noqa: S301 - from the process that started this one
        while True:
            item = pipe.recv()
            try:
                said: tuple[type, Any] = Finished, _reporting(work(item, should_stop), pipe)
            except (Cancelled, EOFError):
                raise
            except Exception as error:
                said = Failed, _portable(error)
            _send(pipe, said)


def _send(pipe: Connection, said: tuple[type, Any]) -> None:
    """Send something; raises EOFError where whoever began this has ended and nobody listens."""
    try:
        pipe.send(said)
    except OSError as error:
        raise EOFError from error


def _reporting(job: Generator[Any, None, _R], pipe: Connection) -> _R:
    """Return the result of a job and send what it yields, not more often than can be seen."""
    last = -_BETWEEN_REPORTS

    def send(event: Any) -> tuple[()]:
        nonlocal last
        now = time.monotonic()
        if now - last >= _BETWEEN_REPORTS:
            last = now
            _send(pipe, (Reported, event))
        return ()

    return result_of(relayed(job, send))


def _portable(error: Exception) -> Exception:
    """Return the error itself where it survives the way, else one with its name and text."""
    with suppress(Exception):
        copy = pickle.loads(pickle.dumps(error))  # noqa: S301
        if type(copy) is type(error) and str(copy) == str(error):
            return error
    return RuntimeError(f"{type(error).__name__}: {error}")
