"""Uniting components that rows are confused between (Hennig 2010, DEMP)."""

from __future__ import annotations

import numpy as np

from gmmseg.arrays import Float32Array, FloatArray, IntArray
from gmmseg.control import ShouldStop, never_stop, raise_if_ended
from gmmseg.mixture.tree import Dendrogram, tree_of_unions

AnyPosteriors = Float32Array | FloatArray


def merge_by_misclassification(
    posteriors: AnyPosteriors,
    weights: FloatArray | None = None,
    n_clusters: int = 1,
    should_stop: ShouldStop = never_stop,
) -> Dendrogram:
    """Unite the pair with the largest probability of misclassification, again and again.

    The probability that a row of cluster j is assigned to cluster i is estimated directly: the posteriors
    of j summed over the rows whose largest posterior is that of i, over those summed over all rows. A pair
    counts by the larger of its two directions. Posteriors of united components add up, and rows are
    assigned anew. Ties go to the lowest indices.

    Parameters
    ----------
    posteriors : (K, N)
        float32 or float64; unchanged.
    weights : (N,), optional
        A weight of w is the same as w equal rows.
    n_clusters : int
        Merges end when so many are left; the steps before do not depend on it. 1 for the whole tree.
    should_stop : callable
        Asked before each union.

    Raises
    ------
    Cancelled
        When `should_stop` returns anything but NONE: half a tree is none.
    """
    current = posteriors.copy()
    assigned = current.argmax(axis=0)
    largest = current.max(axis=0)
    shares = np.ones(posteriors.shape[1]) if weights is None else weights
    joint = _sums_by_assignment(current, shares, assigned)
    alive = list(range(len(posteriors)))
    pairs, chances = [], []
    while len(alive) > n_clusters:
        raise_if_ended(should_stop)
        first, second, chance = _most_confused(joint, alive)
        pairs.append((first, second))
        chances.append(chance)
        alive.remove(second)
        # In place: the others' sums change only by the rows that are assigned anew.
        assigned[assigned == second] = first
        for sums in (joint, joint.T):
            sums[first] += sums[second]
            sums[second] = 0
        current[first] += current[second]
        current[second] = 0
        won = np.flatnonzero((current[first] > largest) & (assigned != first))
        moved = current[:, won] * shares[won]
        np.add.at(joint, assigned[won], -moved.T)
        joint[first] += moved.sum(axis=1)
        assigned[won] = first
        mine = assigned == first
        largest[mine] = current[first, mine]
    values = np.array(chances)
    return tree_of_unions(len(posteriors), pairs, values, 1 - values)


def misclassification(posteriors: AnyPosteriors) -> FloatArray:
    """Return the estimated probabilities that a row of component j is assigned to i, at [i, j], (K, K).

    Columns add up to 1; those of components without rows are 0.
    """
    ones = np.ones(posteriors.shape[1])
    return _chances(_sums_by_assignment(posteriors, ones, posteriors.argmax(axis=0)))


def _chances(joint: FloatArray) -> FloatArray:
    chances: FloatArray = np.maximum(joint, 0.0) / np.maximum(joint.sum(axis=0), np.finfo(np.float64).tiny)
    return chances


def _most_confused(joint: FloatArray, alive: list[int]) -> tuple[int, int, float]:
    chances = _chances(joint[np.ix_(alive, alive)])
    pairs = np.maximum(chances, chances.T)
    pairs[np.tril_indices(len(alive))] = -1.0
    first, second = np.unravel_index(int(pairs.argmax()), pairs.shape)
    return alive[int(first)], alive[int(second)], float(pairs[first, second])


def _sums_by_assignment(posteriors: AnyPosteriors, weights: FloatArray, assigned: IntArray) -> FloatArray:
    """Return the weighted posteriors of j summed over the rows assigned to i, at [i, j], (K, K)."""
    sums = np.empty((len(posteriors), len(posteriors)))
    for column, shares in enumerate(posteriors):
        sums[:, column] = np.bincount(assigned, weights=shares * weights, minlength=len(posteriors))
    return sums


def groups_by_misclassification(
    posteriors: AnyPosteriors, n_clusters: int, should_stop: ShouldStop = never_stop
) -> list[list[int]]:
    """Return the components of each of `n_clusters` clusters; see `merge_by_misclassification`."""
    tree = merge_by_misclassification(posteriors, None, n_clusters, should_stop)
    return [list(group) for group in tree.groups(len(tree.pairs))]
