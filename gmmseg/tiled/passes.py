"""Passes over the tiles of a picture: on which engine, what was found before, and how far they are."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Generic, TypeVar

from gmmseg.control import Progress, ShouldStop
from gmmseg.errors import FeatureError
from gmmseg.tiled.engines import Engine, Task
from gmmseg.tiled.pass_store import PassStore
from gmmseg.tiled.tiles import Tile

_R = TypeVar("_R")

Report = Callable[[Progress], None]


def no_report(progress: Progress) -> None:
    """Report nothing."""


def no_data() -> FeatureError:
    """Return the error of a picture no pixel of which holds data."""
    return FeatureError("No pixel of this picture holds data.", "Open another one.")


class TreeSum(Generic[_R]):
    """The sum of terms that come in tile order, added as the leaves of one binary tree.

    Which terms are added to which depends on their number alone. Of n terms at most log2 n partial sums are
    held, and rounding grows as log n.

    Parameters
    ----------
    add : callable
        Returns the sum of two terms.
    """

    def __init__(self, add: Callable[[_R, _R], _R]) -> None:
        self._add = add
        self._partial: list[tuple[int, _R]] = []
        """Height and value of the complete subtrees, as the binary digits of the number of terms."""

    def push(self, term: _R) -> None:
        """Add the next term."""
        height = 0
        while self._partial and self._partial[-1][0] == height:
            term = self._add(self._partial.pop()[1], term)
            height += 1
        self._partial.append((height, term))

    def total(self) -> _R:
        """Return the sum of all terms; ValueError where there is none."""
        if not self._partial:
            raise ValueError("a sum of no terms")
        _, total = self._partial[-1]
        for _, partial in self._partial[-2::-1]:
            total = self._add(partial, total)
        return total


class Passes:
    """Runs the passes of one picture.

    Parameters
    ----------
    engine : Engine
    store : PassStore
        Results of passes that are done.
    report : callable
        Called after each tile; by a callback, for a pass may be one step of a fit among others.
    """

    def __init__(self, engine: Engine, store: PassStore, report: Report = no_report) -> None:
        self._engine = engine
        self.store = store
        self._report = report

    def each(
        self, title: str, task: Task[_R], tiles: Sequence[Tile], should_stop: ShouldStop
    ) -> Iterator[tuple[Tile, _R]]:
        """Yield each tile with its result, in tile order; raises as `Engine.results`."""
        n_pixels, n_done = sum(tile.n_pixels for tile in tiles), 0
        self._report(Progress(title, 0.0))
        for tile, result in self._engine.results(task, tiles, should_stop):
            n_done += tile.n_pixels
            self._report(Progress(title, n_done / n_pixels))
            yield tile, result

    def summed(
        self,
        title: str,
        task: Task[_R | None],
        tiles: Sequence[Tile],
        add: Callable[[_R, _R], _R],
        should_stop: ShouldStop,
    ) -> _R:
        """Return the sum over the tiles in the fixed order; None adds nothing.

        Raises
        ------
        FeatureError
            Every term is None: no pixel holds data.
        """
        terms = TreeSum(add)
        is_empty = True
        for _, result in self.each(title, task, tiles, should_stop):
            if result is not None:
                terms.push(result)
                is_empty = False
        if is_empty:
            raise no_data()
        return terms.total()
