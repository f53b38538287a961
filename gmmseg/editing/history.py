"""History: undo and redo of snapshots."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Generic, TypeVar

S = TypeVar("S")


@dataclass(frozen=True, slots=True)
class Entry(Generic[S]):
    """A state and the edit that led to it."""

    state: S
    title: str
    merge_key: str | None = None
    time: float = 0.0
    """Time of the edit, seconds since 1970; 0 where it is unknown."""
    n_bytes: int = 0
    """About what the state takes in memory that the one before it does not."""


@dataclass(frozen=True, slots=True)
class History(Generic[S]):
    """The states up to now and those undone, immutable; at most `limit` steps back.

    Parameters
    ----------
    present : Entry
    past, future : tuple of Entry
        Oldest first; the next redo first.
    limit : int
    n_forgotten : int
        Steps before the oldest that are not kept any more.
    """

    present: Entry[S]
    past: tuple[Entry[S], ...] = ()
    future: tuple[Entry[S], ...] = ()
    limit: int = 500
    n_forgotten: int = 0

    @staticmethod
    def standing(entries: tuple[Entry[S], ...], at: int, n_forgotten: int = 0) -> History[S]:
        """Return the history of these entries, oldest first, of which the one at `at` is the present."""
        return History(entries[at], entries[:at], entries[at + 1 :], n_forgotten=n_forgotten)

    @property
    def entries(self) -> tuple[Entry[S], ...]:
        """All states, oldest first: those before, the present, those undone."""
        return (*self.past, self.present, *self.future)

    def moved_to(self, at: int) -> History[S]:
        """Return the history with another of its `entries` as the present; raises IndexError."""
        return replace(History.standing(self.entries, at, self.n_forgotten), limit=self.limit)

    def pushed(
        self, state: S, title: str, merge_key: str | None = None, time: float = 0.0, n_bytes: int = 0
    ) -> History[S]:
        """Return the history after an edit; one with the present's merge key replaces the present."""
        entry = Entry(state, title, merge_key, time, n_bytes)
        if merge_key is not None and merge_key == self.present.merge_key and self.past and not self.future:
            return replace(self, present=entry)
        past = (*self.past, self.present)
        pushed = replace(self, present=entry, past=past, future=())
        return pushed.without_oldest(max(0, len(past) - self.limit))

    def amended(self, state: S, n_bytes: int = 0) -> History[S]:
        """Return the history with the present state completed by `n_bytes`, not a step of its own."""
        present = replace(self.present, state=state, n_bytes=self.present.n_bytes + n_bytes)
        return replace(self, present=present)

    def without_oldest(self, n_steps: int) -> History[S]:
        """Return the history without its first steps, all of them past."""
        return replace(self, past=self.past[n_steps:], n_forgotten=self.n_forgotten + n_steps)

    def within(self, n_bytes: int) -> History[S]:
        """Return the history without the oldest steps, where all of them take more memory than that."""
        total = 0
        for at in range(len(self.past) - 1, -1, -1):
            total += self.past[at].n_bytes
            if total > n_bytes:
                return self.without_oldest(at + 1)
        return self

    def settled(self) -> History[S]:
        """Return the history in which the next edit starts a step of its own."""
        if self.present.merge_key is None:
            return self
        return replace(self, present=replace(self.present, merge_key=None))

    @property
    def undo_title(self) -> str | None:
        """Title of the step that undo takes back, or None."""
        return self.present.title if self.past else None

    @property
    def redo_title(self) -> str | None:
        """Title of the step that redo brings back, or None."""
        return self.future[0].title if self.future else None

    def undone(self) -> History[S]:
        """Return the history one step back; raises IndexError at the beginning."""
        return replace(self, present=self.past[-1], past=self.past[:-1], future=(self.present, *self.future))

    def redone(self) -> History[S]:
        """Return the history one step forward again; raises IndexError at the end."""
        return replace(self, present=self.future[0], past=(*self.past, self.present), future=self.future[1:])
