"""Better partitions by large steps: two clusters are united while one falls in two, or parted otherwise."""

from __future__ import annotations

from collections.abc import Generator, Iterator

import numpy as np

from gmmseg.arrays import IntArray
from gmmseg.control import ShouldStop, never_stop, raise_if_ended
from gmmseg.digits.bisection import Bisector
from gmmseg.digits.partition import Partition, PartitionProblem, merge_gains, partition_of

MAX_ROUNDS = 12
N_TRIED = 4
"""Moves of a round that are carried out and compared; the others are judged by their parts' gains only."""
LEAST_GAIN = 1e-4
"""Nats per image by which a move must raise J."""
WORST_FORECAST = -0.3
"""Nats per image: a move that seems to lose more is not tried, though settling may gain."""
SETTLING_ITERATIONS = 5


def improved_events(
    problem: PartitionProblem,
    labels: IntArray,
    n_clusters: int,
    bisector: Bisector,
    should_stop: ShouldStop = never_stop,
) -> Generator[int, None, Partition]:
    """Raise J until no move raises it, yielding the number of each round.

    Parameters
    ----------
    problem : PartitionProblem
    labels : (N,)
        A start; clusters that are empty are filled by splitting others.
    n_clusters : int
        K.
    bisector : Bisector
        Of the problem.
    should_stop : callable

    Returns
    -------
    Partition
        With fewer than K clusters where no further one falls in two.

    Raises
    ------
    FitError
    Cancelled
    """

    def settled(start: IntArray) -> Partition:
        raise_if_ended(should_stop)
        found = problem.settled(start, SETTLING_ITERATIONS, should_stop=should_stop)
        return _completed(problem, found, n_clusters, bisector)

    best = settled(labels)
    for number in range(1, MAX_ROUNDS + 1):
        yield number
        tried = [settled(moved) for moved in _most_promising(problem, best, bisector)]
        next_best = max(tried, key=lambda one: one.objective, default=best)
        if next_best.objective < best.objective + LEAST_GAIN:
            break
        best = next_best
    return best


def _most_promising(
    problem: PartitionProblem, partition: Partition, bisector: Bisector
) -> Iterator[IntArray]:
    """Yield the labels after each of the moves whose parts promise most."""
    n_clusters = partition.n_clusters
    merges = merge_gains(problem, partition)
    splits = [bisector.best(partition.members(cluster)) for cluster in range(n_clusters)]
    forecasts = [
        (merges[a, b] + split[0], a, b, partition.members(c)[split[1]])
        for a in range(n_clusters)
        for b in range(a + 1, n_clusters)
        for c, split in enumerate(splits)
        if c not in (a, b) and split is not None
    ]
    pairs = [(merges[a, b], a, b) for a in range(n_clusters) for b in range(a + 1, n_clusters)]
    for gain, a, b in sorted(pairs, reverse=True)[:n_clusters]:
        united = np.sort(np.concatenate([partition.members(a), partition.members(b)]))
        split = bisector.best(united)
        if split is not None:
            forecasts.append((gain + split[0], a, b, united[split[1]]))
    forecasts.sort(key=lambda forecast: -forecast[0])
    for forecast, a, b, away in forecasts[:N_TRIED]:
        if forecast > WORST_FORECAST:
            moved = np.where(partition.labels == b, a, partition.labels)
            moved[away] = b
            yield moved


def _completed(problem: PartitionProblem, labels: IntArray, n_clusters: int, bisector: Bisector) -> Partition:
    """Return the partition with its empty clusters filled by the splits that gain most."""
    occupied, labels = np.unique(labels, return_inverse=True)
    for cluster in range(len(occupied), n_clusters):
        members = [np.flatnonzero(labels == other) for other in range(cluster)]
        splits = [
            (split[0], rows[split[1]]) for rows in members if (split := bisector.best(rows)) is not None
        ]
        if not splits:
            return partition_of(problem, labels, cluster)
        labels = labels.copy()
        labels[max(splits, key=lambda split: split[0])[1]] = cluster
    return partition_of(problem, labels, n_clusters)
