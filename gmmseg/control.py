"""Progress reports of long work, and the question between blocks whether to go on."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable
from dataclasses import dataclass
from enum import Enum
from typing import Any, TypeVar

from gmmseg.errors import Cancelled


class StopRequest(Enum):
    """The answer to long work that asks whether to stop."""

    NONE = "none"
    """Go on."""
    STOP = "stop"
    """End soon and keep what is there: the last complete step becomes the result."""
    CANCEL = "cancel"
    """End now and keep nothing."""


ShouldStop = Callable[[], StopRequest]
"""Asked by long work between blocks."""

_E = TypeVar("_E")
_T = TypeVar("_T")
_R = TypeVar("_R")


def never_stop() -> StopRequest:
    """Return NONE: the default of work that nobody interrupts."""
    return StopRequest.NONE


def only_cancelled(should_stop: ShouldStop) -> ShouldStop:
    """Return `should_stop` without STOP, for work that ends by itself soon."""
    return lambda: StopRequest.CANCEL if should_stop() is StopRequest.CANCEL else StopRequest.NONE


def all_or_nothing(should_stop: ShouldStop) -> ShouldStop:
    """Return `should_stop` with CANCEL in place of STOP, for work of which half a result is none."""
    return lambda: StopRequest.NONE if should_stop() is StopRequest.NONE else StopRequest.CANCEL


class Stopped(Exception):  # noqa: N818 - control flow, not an error
    """The user asked to end soon; whoever holds a usable result catches this and returns it."""


def raise_if_asked(should_stop: ShouldStop) -> None:
    """Raise `Stopped` or `Cancelled` as is asked: for loops that hold a usable result."""
    request = should_stop()
    if request is StopRequest.STOP:
        raise Stopped
    if request is StopRequest.CANCEL:
        raise Cancelled


def raise_if_cancelled(should_stop: ShouldStop) -> None:
    """Raise `Cancelled` at CANCEL; STOP goes on, for work that ends by itself soon."""
    if should_stop() is StopRequest.CANCEL:
        raise Cancelled


def raise_if_ended(should_stop: ShouldStop) -> None:
    """Raise `Cancelled` at STOP and at CANCEL: for work of which half a result is none."""
    if should_stop() is not StopRequest.NONE:
        raise Cancelled


@dataclass(frozen=True, slots=True)
class Progress:
    """Present state of long work.

    Parameters
    ----------
    text : str
        For the status bar: ``Reading``, ``Fitting: iteration 12``.
    fraction : float, optional
        0..1; None where the end cannot be foreseen.
    """

    text: str
    fraction: float | None = None


def relayed(job: Generator[_E, None, _R], translate: Callable[[_E], Iterable[_T]]) -> Generator[_T, None, _R]:
    """Run a generator within another one.

    Parameters
    ----------
    job : generator
        Closed where this one is.
    translate : callable
        Returns what to yield in place of an event of `job`: any number of other events.

    Returns
    -------
    _R
        The result of `job`.
    """
    try:
        while True:
            try:
                event = next(job)
            except StopIteration as stop:
                result: _R = stop.value
                return result
            yield from translate(event)
    finally:
        job.close()


def result_of(job: Generator[Any, None, _R]) -> _R:
    """Run a generator to its end, ignoring what it yields, and return its result."""
    while True:
        try:
            next(job)
        except StopIteration as stop:
            result: _R = stop.value
            return result
