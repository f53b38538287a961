"""Edit and Editor: a document that is changed step by step, its history, and who listens."""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

from gmmseg.editing.history import Entry, History
from gmmseg.limits import MIB

D = TypeVar("D")
"""A document: the whole undoable state, immutable."""
V = TypeVar("V")
"""The type of its view states: everything that a panel draws from, immutable."""

MAX_LARGE_IN_HISTORY = 4
MAX_HISTORY_BYTES = 256 * MIB
"""Of what steps have added to each other; older ones are forgotten."""


@dataclass(frozen=True, slots=True)
class Edit(Generic[D]):
    """A named function from document to document.

    Consecutive edits with the same ``merge_key`` become one undo step: a slider drag is one edit.
    """

    title: str
    apply: Callable[[D], D]
    merge_key: str | None = None


class Editor(ABC, Generic[D, V]):
    """Keeps a document and its history; one thread changes it, and calls the listeners.

    Parameters
    ----------
    document : D
        The one to begin with.
    shown : V
        What is shown of it.
    """

    def __init__(self, document: D, shown: V) -> None:
        self._history: History[D] = History(Entry(document, ""))
        self._shown = shown
        self._listeners: list[Callable[[V, V], None]] = []

    @property
    def shown(self) -> V:
        """The present view state, from which panels draw."""
        return self._shown

    @property
    def document(self) -> D:
        """The present document."""
        return self._history.present.state

    @property
    def history(self) -> History[D]:
        """The present document, those before it and those undone; another object after every change."""
        return self._history

    def subscribe(self, listener: Callable[[V, V], None]) -> None:
        """Have `listener` called with the old and the new state shown, in the thread that changed it."""
        self._listeners.append(listener)

    def apply(self, edit: Edit[D]) -> None:
        """Apply an edit as an undo step; whatever it raises leaves the document as it was.

        One that changes nothing is no step. The first thing opened is where the history begins: an empty
        window is nothing to go back to.
        """
        before = self.document
        document = edit.apply(before)
        if document is before:
            return
        if self._large_parts(before)[0] is None and self._large_parts(document)[0] is not None:
            self._history = History(Entry(document, "", time=time.time()))
        else:
            n_bytes = self._n_bytes_added(before, document)
            pushed = self._history.pushed(document, edit.title, edit.merge_key, time.time(), n_bytes)
            self._history = _with_few(pushed, self._large_parts).within(MAX_HISTORY_BYTES)
        self._show_document()

    def settle(self) -> None:
        """Let the next edit start an undo step of its own, as at the end of a slider drag."""
        self._history = self._history.settled()

    def undo(self) -> None:
        """Go one step back, if there is one."""
        if self._history.past:
            self._history = self._history.undone()
            self._show_document()

    def redo(self) -> None:
        """Go one step forward again, if there is one."""
        if self._history.future:
            self._history = self._history.redone()
            self._show_document()

    def go_to(self, at: int) -> None:
        """Go to one of the history's entries, by its place among them."""
        if at != len(self._history.past) and 0 <= at < len(self._history.entries):
            self._history = self._history.moved_to(at)
            self._show_document()

    def take_up(self, history: History[D]) -> None:
        """Go on with a history from elsewhere, such as a file, in place of this one."""
        self._history = history.settled()
        self._show_document()

    @abstractmethod
    def _large_parts(self, document: D) -> tuple[object | None, ...]:
        """Return what makes a document large: history keeps few different ones of each part.

        The first is what was opened, None in an empty document.
        """

    def _n_bytes_added(self, before: D, after: D) -> int:
        """Return about what a document takes in memory that the one before it does not."""
        return 0

    @abstractmethod
    def _show_document(self) -> None:
        """Publish what is shown of the present document."""

    def _publish(self, shown: V) -> None:
        old, self._shown = self._shown, shown
        for listener in list(self._listeners):
            listener(old, shown)


def _with_few(history: History[D], parts_of: Callable[[D], tuple[object | None, ...]]) -> History[D]:
    """Return the history without the oldest steps beyond a few different large parts."""
    seen: list[list[object | None]] = [[part] for part in parts_of(history.present.state)]
    for index in range(len(history.past) - 1, -1, -1):
        for known, part in zip(seen, parts_of(history.past[index].state), strict=True):
            if all(part is not one for one in known):
                known.append(part)
        if max(map(len, seen)) > MAX_LARGE_IN_HISTORY:
            return history.without_oldest(index + 1)
    return history
