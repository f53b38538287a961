"""Divisions of one cluster in two: proposals from its spread and from its graph, settled by the mixture."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from gmmseg.arrays import BoolArray, FloatArray, IntArray
from gmmseg.control import ShouldStop, raise_if_ended
from gmmseg.digits.graph import Graph
from gmmseg.digits.partition import PartitionProblem, split_gain
from gmmseg.digits.spectral import kmeans, leading_eigenvectors

SMALLEST_SHARE = 0.01
"""Of all rows, for the smaller half: fewer are outliers, not a cluster."""
N_AXES = 30
"""Leading principal components of the cluster itself, in which two means are sought."""
N_STARTS = 3
SETTLING_ITERATIONS = 5

Split = tuple[float, BoolArray]
"""By how much J rises, and which rows are of the second half."""


class Bisector:
    """Finds the best split of clusters, and remembers it: most clusters survive most moves.

    Parameters
    ----------
    problem : PartitionProblem
    generator : numpy Generator
    should_stop : callable
    """

    def __init__(
        self, problem: PartitionProblem, generator: np.random.Generator, should_stop: ShouldStop
    ) -> None:
        self._problem, self._generator, self._should_stop = problem, generator, should_stop
        self._known: dict[bytes, Split | None] = {}

    @property
    def _smallest(self) -> int:
        return max(round(SMALLEST_SHARE * self._problem.n_rows), 2)

    def best(self, rows: IntArray) -> Split | None:
        """Return the best split of some rows, (B,), or None where they do not fall in two.

        Raises
        ------
        FitError
        Cancelled
        """
        key = rows.tobytes()
        if key not in self._known:
            found = [
                (split_gain(self._problem, rows, halves), halves)
                for halves in self._settled(rows)
                if self._has_halves(halves)
            ]
            self._known[key] = max(found, key=lambda split: split[0], default=None)
        return self._known[key]

    def _settled(self, rows: IntArray) -> Iterator[BoolArray]:
        if len(rows) < 2 * self._smallest:
            return
        for proposal in self._proposals(rows):
            raise_if_ended(self._should_stop)
            if self._has_halves(proposal):
                halves = self._problem.settled(
                    proposal.astype(np.int64), SETTLING_ITERATIONS, rows, self._should_stop
                )
                yield halves > 0

    def _has_halves(self, is_second: BoolArray) -> bool:
        n_second = int(np.count_nonzero(is_second))
        return self._smallest <= n_second <= len(is_second) - self._smallest

    def _proposals(self, rows: IntArray) -> Iterator[BoolArray]:
        own = self._problem.rows[rows]
        centred = own - own.mean(axis=0)
        _, axes = np.linalg.eigh(centred.T @ centred)
        yield kmeans(centred @ axes[:, -N_AXES:], 2, N_STARTS, self._generator, self._should_stop) > 0
        yield second_eigenvector_halves(self._problem.graph.among(rows), self._should_stop)


def second_eigenvector_halves(graph: Graph, should_stop: ShouldStop) -> BoolArray:
    """Return the halves of a graph by two means along its second eigenvector (Shi & Malik 2000), (N,)."""
    spectrum = leading_eigenvectors(graph, 2, should_stop)
    is_second: BoolArray = np.zeros(graph.n_nodes, dtype=np.bool_)
    if spectrum.vectors.shape[1] == 2:
        roots = np.sqrt(np.maximum(graph.degrees(), np.finfo(np.float64).tiny))
        is_second = _two_means(spectrum.vectors[:, 1] / roots)
    return is_second


def _two_means(values: FloatArray) -> BoolArray:
    """Return which of some numbers are of the upper of two groups about their means, begun at 0."""
    is_upper: BoolArray = values > 0
    while is_upper.any() and not is_upper.all():
        moved: BoolArray = values > (values[is_upper].mean() + values[~is_upper].mean()) / 2
        if (moved == is_upper).all():
            break
        is_upper = moved
    return is_upper
