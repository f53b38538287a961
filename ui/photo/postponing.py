"""Postponed: what a person has asked for before it can be done, and that is done as soon as it can."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from PySide6.QtCore import QObject, Signal, Slot


@dataclass(frozen=True, slots=True, eq=False)
class _Wish:
    """An act, what must be true for it, and what is said until then."""

    is_ready: Callable[[], bool]
    act: Callable[[], object]
    text: str


class Postponed(QObject):
    """Keeps acts until what they need is there; whoever knows of something new calls `look`."""

    waiting = Signal(str)
    """What is waited for; empty as soon as nothing is."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._wishes: list[_Wish] = []

    @property
    def is_waiting(self) -> bool:
        """Whether an act is waiting."""
        return bool(self._wishes)

    def do(self, act: Callable[[], object], is_ready: Callable[[], bool], text: str) -> None:
        """Act now or, where `is_ready` is false, as soon as it is true; `text` says what is waited for."""
        if is_ready():
            act()
            return
        self._wishes.append(_Wish(is_ready, act, text))
        self.waiting.emit(text)

    @Slot()
    def look(self) -> None:
        """Do what can be done now, in the order in which it was asked for."""
        ready = [wish for wish in self._wishes if wish.is_ready()]
        if ready:
            self._wishes = [wish for wish in self._wishes if wish not in ready]
            self.waiting.emit(self._wishes[0].text if self._wishes else "")
        for wish in ready:
            wish.act()

    @Slot()
    def drop(self) -> None:
        """Forget what is waiting."""
        if self._wishes:
            self._wishes.clear()
            self.waiting.emit("")
