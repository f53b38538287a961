"""Postponed: what a person has asked for before it can be done, and that is done as soon as it can."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from PySide6.QtCore import QObject, Signal, Slot


@dataclass(frozen=True, slots=True, eq=False)
class _Waiting:
    """An act, what must be true for it, and what is said until then."""

    is_ready: Callable[[], bool]
    act: Callable[[], object]
    text: str


class Postponed(QObject):
    """Keeps acts until what they need is there; whoever knows of something new calls `look`."""

    waiting = Signal(str)
    """Reason for waiting; empty as soon as there is none."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._acts: list[_Waiting] = []

    @property
    def is_waiting(self) -> bool:
        """Whether an act is waiting."""
        return bool(self._acts)

    def do(self, act: Callable[[], object], is_ready: Callable[[], bool], text: str) -> None:
        """Act now or, where `is_ready` is false, as soon as it is true; `text` says what is waited for."""
        if is_ready():
            act()
            return
        self._acts.append(_Waiting(is_ready, act, text))
        self.waiting.emit(text)

    @Slot()
    def look(self) -> None:
        """Do what can be done now, in the order in which it was asked for.

        Whether an act is ready is asked just before it: the one before may have begun what it waits for.
        """
        has_acted = False
        while (waiting := next((each for each in self._acts if each.is_ready()), None)) is not None:
            self._acts.remove(waiting)
            waiting.act()
            has_acted = True
        if has_acted:
            self.waiting.emit(self._acts[0].text if self._acts else "")

    @Slot()
    def drop(self) -> None:
        """Forget what is waiting."""
        if self._acts:
            self._acts.clear()
            self.waiting.emit("")
