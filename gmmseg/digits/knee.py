"""Whether a number of clusters is marked: what one more would gain beside what one fewer would lose."""

from __future__ import annotations

import numpy as np

from gmmseg.digits.bisection import Bisector
from gmmseg.digits.partition import Partition, PartitionProblem, merge_gains, partition_of

N_MERGES = 6
"""Pairs that are united to see what one cluster fewer would lose: those of largest J."""


def knee_ratio(problem: PartitionProblem, partition: Partition, bisector: Bisector) -> float:
    """Return the worth that the best split gains over that which the cheapest merge loses, 0 or more.

    Worth rises with the number of clusters, steeply as long as kinds are parted and slowly once styles are:
    at the right number its slope falls (the knee of Thorndike 1953), so that the ratio is clearly below 1.

    Parameters
    ----------
    problem : PartitionProblem
    partition : Partition
        K clusters, 2 or more.
    bisector : Bisector
        Of the problem.

    Returns
    -------
    float
        0 where no cluster falls in two, inf where a merge loses nothing.

    Raises
    ------
    FitError
    Cancelled
    """
    worth, n_clusters = problem.worth(partition), partition.n_clusters
    gained, lost = 0.0, np.inf
    for cluster in range(n_clusters):
        members = partition.members(cluster)
        split = bisector.best(members)
        if split is not None:
            labels = partition.labels.copy()
            labels[members[split[1]]] = n_clusters
            gained = max(gained, problem.worth(partition_of(problem, labels, n_clusters + 1)) - worth)
    gains = merge_gains(problem, partition)
    pairs = n_clusters * (n_clusters - 1) // 2
    for flat in np.argsort(-gains, axis=None, kind="stable")[: min(N_MERGES, pairs)]:
        a, b = divmod(int(flat), n_clusters)
        united = np.where(partition.labels == b, a, partition.labels)
        lost = min(lost, worth - problem.worth(partition_of(problem, united, n_clusters)))
    return float("inf") if lost <= 0 else gained / lost
