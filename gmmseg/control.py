"""How long work reports its progress and is asked, between blocks, whether to go on."""

from __future__ import annotations

from collections.abc import Callable, Generator
from dataclasses import dataclass
from enum import Enum
from typing import Any, TypeVar

from gmmseg.errors import Cancelled


class Verdict(Enum):
    """What a piece of long work is told when it asks."""

    GO = "go"
    STOP = "stop"
    """End soon and keep what is there: the last complete step becomes the result."""
    CANCEL = "cancel"
    """End now and keep nothing."""


Check = Callable[[], Verdict]

_R = TypeVar("_R")


def go_on() -> Verdict:
    """Return GO: the check of a caller that never interrupts."""
    return Verdict.GO


class Stopped(Exception):  # noqa: N818 - control flow, not an error
    """The user asked to end soon; whoever holds a usable result catches this and returns it."""


def raise_if_asked(check: Check) -> None:
    """Raise `Stopped` or `Cancelled` according to the verdict: for loops that hold a usable result."""
    verdict = check()
    if verdict is Verdict.STOP:
        raise Stopped
    if verdict is Verdict.CANCEL:
        raise Cancelled


def raise_if_cancelled(check: Check) -> None:
    """Raise `Cancelled` when the verdict is CANCEL; STOP goes on, for work that ends by itself soon."""
    if check() is Verdict.CANCEL:
        raise Cancelled


def raise_if_ended(check: Check) -> None:
    """Raise `Cancelled` unless the verdict is GO: for work of which half a result is none."""
    if check() is not Verdict.GO:
        raise Cancelled


@dataclass(frozen=True, slots=True)
class Progress:
    """What long work is doing now.

    Parameters
    ----------
    text : str
        For the status bar: ``Reading``, ``Fitting: iteration 12``.
    fraction : float, optional
        0..1; None where the end cannot be foreseen.
    """

    text: str
    fraction: float | None = None


def result_of(job: Generator[Any, None, _R]) -> _R:
    """Run a generator to its end, ignoring what it yields, and return its result."""
    while True:
        try:
            next(job)
        except StopIteration as stop:
            result: _R = stop.value
            return result
