"""Exact nearest neighbours by blocked matrix products."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gmmseg.arrays import Float32Array, frozen
from gmmseg.control import Progress, ShouldStop, never_stop, raise_if_ended
from gmmseg.mixture.threads import in_two_threads

BLOCK_ROWS = 128
GROUP = 64
"""Distances whose minimum is looked at before they are."""
SPARE = 6
"""Candidates beyond k that are measured in double precision, so that the products' rounding has no say."""


@dataclass(frozen=True, slots=True, eq=False)
class Neighbours:
    """The nearest rows of each row, the nearest first, equally near ones by index.

    Parameters
    ----------
    indices : int32 (N, k)
    distances : float32 (N, k)
        Euclidean.
    """

    indices: NDArray[np.int32]
    distances: Float32Array

    def __post_init__(self) -> None:
        frozen(self.indices)
        frozen(self.distances)

    @property
    def k(self) -> int:
        """Neighbours of each row."""
        return int(self.indices.shape[1])


def nearest_events(
    queries: Float32Array,
    base: Float32Array,
    k: int,
    *,
    is_self: bool = False,
    should_stop: ShouldStop = never_stop,
) -> Generator[Progress, None, Neighbours]:
    """Find the k nearest base rows of each query.

    Parameters
    ----------
    queries : (Q, E)
    base : (N, E)
    k : int
        1..N, or 1..N - 1 with `is_self`.
    is_self : bool
        Query i is base row i, which is not its own neighbour.
    should_stop : callable
        Asked between blocks, by two threads at once.

    Raises
    ------
    Cancelled
    """
    search = _Search(queries, base, k, is_self)
    indices = np.empty((len(queries), k), dtype=np.int32)
    distances = np.empty((len(queries), k), dtype=np.float32)

    def fill(rows: slice) -> None:
        raise_if_ended(should_stop)
        indices[rows], distances[rows] = search.nearest(rows)

    for start in range(0, len(queries), 2 * BLOCK_ROWS):
        middle, stop = (min(start + n * BLOCK_ROWS, len(queries)) for n in (1, 2))
        if middle == stop:
            fill(slice(start, stop))
        else:
            first, second = slice(start, middle), slice(middle, stop)
            in_two_threads(lambda rows=first: fill(rows), lambda rows=second: fill(rows))  # type: ignore[misc]
        yield Progress("Finding nearest neighbours", stop / len(queries))
    return Neighbours(indices, distances)


class _Search:
    """The base rows prepared for products with blocks of queries."""

    def __init__(self, queries: Float32Array, base: Float32Array, k: int, is_self: bool) -> None:
        centre = base.mean(axis=0, dtype=np.float64).astype(np.float32)
        self._queries, self._base, self._centre = queries, base, centre
        self._k, self._is_self = k, is_self
        n_rows, n_features = base.shape
        self._n_groups = -(-n_rows // GROUP)
        # |x|² - 2 x·q orders the base rows like their distance to q; the norms ride along as one more
        # feature. Columns beyond the last row are infinitely far.
        self._columns = np.zeros((n_features + 1, self._n_groups * GROUP), dtype=np.float32)
        columns = self._columns[:-1, :n_rows]
        np.subtract(base.T, centre[:, None], out=columns)
        self._columns[-1] = np.inf
        np.einsum("en,en->n", columns, columns, out=self._columns[-1, :n_rows])
        self._n_candidates = min(k + SPARE, n_rows - is_self)

    def nearest(self, rows: slice) -> tuple[NDArray[np.int32], Float32Array]:
        """Return the neighbours of a block of queries and their distances, (B, k)."""
        candidates = self._candidates(rows)
        deviations = self._base[candidates].astype(np.float64)
        deviations -= self._queries[rows][:, None, :]
        squared = np.einsum("bce,bce->bc", deviations, deviations)
        order = np.lexsort((candidates, squared), axis=1)[:, : self._k]
        distances = np.sqrt(np.take_along_axis(squared, order, axis=1))
        return np.take_along_axis(candidates, order, axis=1).astype(np.int32), distances.astype(np.float32)

    def _candidates(self, rows: slice) -> NDArray[np.intp]:
        """Return the rows that are nearest by the rounded products, in no order, (B, candidates)."""
        block = np.empty((rows.stop - rows.start, self._columns.shape[0]), dtype=np.float32)
        np.subtract(self._queries[rows], self._centre, out=block[:, :-1])
        block[:, :-1] *= -2
        block[:, -1] = 1
        scores = block @ self._columns
        size = len(scores)
        if self._is_self:
            scores[np.arange(size), np.arange(rows.start, rows.stop)] = np.inf
        n = self._n_candidates
        # Groups are strided, so that their minima are taken along contiguous lines. The n smallest scores lie
        # in the groups of the n smallest minima.
        minima = scores.reshape(size, GROUP, self._n_groups).min(axis=1)
        if n < self._n_groups:
            groups = np.argpartition(minima, n - 1, axis=1)[:, :n]
        else:
            groups = np.broadcast_to(np.arange(self._n_groups), (size, self._n_groups))
        members = groups[:, None, :] + (np.arange(GROUP) * self._n_groups)[:, None]
        members = members.reshape(size, -1)
        opened = np.take_along_axis(scores, members, axis=1)
        best = np.argpartition(opened, n - 1, axis=1)[:, :n] if n < opened.shape[1] else np.arange(n)[None]
        return np.take_along_axis(members, np.broadcast_to(best, (size, n)), axis=1)
