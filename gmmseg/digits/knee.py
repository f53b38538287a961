"""Whether a number of clusters is marked: what one more would gain beside what one fewer would lose."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from gmmseg.digits.bisection import Bisector
from gmmseg.digits.partition import Partition, PartitionProblem, merge_gains, partition_of

N_MERGES = 6
"""Pairs that are united to see what one cluster fewer would lose: those of largest J."""


@dataclass(frozen=True, slots=True)
class Knee:
    """Slope of worth at a number of clusters.

    Parameters
    ----------
    ratio : float
        Worth that the best split gains over that which the cheapest merge loses: 0 where no cluster falls
        in two, inf where a merge loses nothing.
    size : float
        Rows of the cluster whose split that is, over those of the median cluster; 0 without one.
    half : float
        Share of the cluster in the smaller half of the split, 0..0.5.
    """

    ratio: float
    size: float = 0.0
    half: float = 0.0


def knee_of(problem: PartitionProblem, partition: Partition, bisector: Bisector) -> Knee:
    """Return how the worth of partitions of one cluster more and one fewer compares.

    Worth rises with the number of clusters, steeply as long as kinds are parted and slowly once styles are:
    at the right number its slope falls (the knee of Thorndike 1953), so that the ratio is clearly below 1.

    Parameters
    ----------
    problem : PartitionProblem
    partition : Partition
        K clusters, 2 or more.
    bisector : Bisector
        Of the problem.

    Raises
    ------
    FitError
    Cancelled
    """
    worth, n_clusters = problem.worth(partition), partition.n_clusters
    gained, lost, split_of = 0.0, np.inf, (0.0, 0.0)
    for cluster in range(n_clusters):
        members = partition.members(cluster)
        split = bisector.best(members)
        if split is not None:
            labels = partition.labels.copy()
            labels[members[split[1]]] = n_clusters
            gain = problem.worth(partition_of(problem, labels, n_clusters + 1)) - worth
            if gain > gained:
                second = float(split[1].mean())
                gained = gain
                split_of = len(members) / float(np.median(partition.counts)), min(second, 1 - second)
    gains = merge_gains(problem, partition)
    pairs = n_clusters * (n_clusters - 1) // 2
    for flat in np.argsort(-gains, axis=None, kind="stable")[: min(N_MERGES, pairs)]:
        a, b = divmod(int(flat), n_clusters)
        united = np.where(partition.labels == b, a, partition.labels)
        lost = min(lost, worth - problem.worth(partition_of(problem, united, n_clusters)))
    return Knee(float("inf") if lost <= 0 else gained / lost, *split_of)
