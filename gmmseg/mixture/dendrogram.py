"""Dendrogram: the tree of merges by one of several measures, with the height at which each happens."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np

from gmmseg.arrays import FloatArray, IntArray
from gmmseg.control import ShouldStop, never_stop, raise_if_cancelled
from gmmseg.mixture.covariance import Full
from gmmseg.mixture.density import posteriors
from gmmseg.mixture.merging import MergeTree, merge_by_entropy, with_merged
from gmmseg.mixture.misclassification import merge_by_misclassification
from gmmseg.mixture.overlaps import bhattacharyya, ridge_overlap
from gmmseg.mixture.params import MixtureParams

Measure = Literal["ridge", "bhattacharyya", "misclassification", "entropy"]


@dataclass(frozen=True, slots=True, eq=False)
class Dendrogram:
    """K leaves, the components, and K - 1 unions; node K + i is the i-th union.

    Parameters
    ----------
    n_components : int
    pairs : int array, (K - 1, 2)
        The two nodes of each union.
    heights : (K - 1,)
        0..1, never falling. For ``entropy`` the share of the posteriors' entropy that is gone after the
        union; else 1 minus `values`, or the height of the union before where that is higher.
    values : (K - 1,)
        What the measure says of each union: an overlap of 0..1, or nats of entropy taken away.
    """

    n_components: int
    pairs: IntArray
    heights: FloatArray
    values: FloatArray

    @property
    def n_nodes(self) -> int:
        """Leaves and unions together."""
        return self.n_components + len(self.pairs)

    def members(self, node: int) -> tuple[int, ...]:
        """Return the components below a node, increasing."""
        return tuple(sorted(self._below(node)))

    def _below(self, node: int) -> list[int]:
        """Return the components below a node from left to right."""
        if node < self.n_components:
            return [node]
        first, second = self.pairs[node - self.n_components]
        return self._below(int(first)) + self._below(int(second))

    def leaf_order(self) -> list[int]:
        """Return the components from left to right, so that branches do not cross."""
        return self._below(self.n_nodes - 1)

    def parent(self, node: int) -> int | None:
        """Return the union that a node is part of; None for the last one."""
        at = np.flatnonzero((self.pairs == node).any(axis=1))
        return self.n_components + int(at[0]) if len(at) else None

    def groups_below(self, height: float) -> list[tuple[int, ...]]:
        """Return the components of each cluster that the unions up to a height leave, by lowest component."""
        top = set(range(self.n_components))
        for at in np.flatnonzero(self.heights <= height):
            top -= {int(node) for node in self.pairs[at]}
            top.add(self.n_components + int(at))
        return sorted(self.members(node) for node in top)


def dendrogram(
    params: MixtureParams,
    values: FloatArray,
    weights: FloatArray | None = None,
    measure: Measure = "ridge",
    should_stop: ShouldStop = never_stop,
) -> Dendrogram:
    """Return the tree of merges of a mixture's components.

    Parameters
    ----------
    params : MixtureParams
    values : (N, D)
        Rows that stand for the data; used by ``misclassification`` and ``entropy``.
    weights : (N,), optional
    measure : {"ridge", "bhattacharyya", "misclassification", "entropy"}
        The first two unite the pair of Gaussians that overlaps most and go on with the Gaussian of their
        moments (Hennig 2010); the others unite posteriors.
    should_stop : callable
        Asked before each union.

    Raises
    ------
    Cancelled
    """
    if measure == "entropy":
        tree = merge_by_entropy(params, values, weights, should_stop)
        gone = (tree.entropies[0] - tree.entropies[1:]) / max(tree.entropies[0], np.finfo(np.float64).tiny)
        return _linked(tree, np.clip(gone, 0, 1))
    if measure == "misclassification":
        shares = posteriors(params, values, np.float64, should_stop)
        tree_of_labels = merge_by_misclassification(shares, weights, should_stop=should_stop)
        return _linked(tree_of_labels, 1 - tree_of_labels.gains)
    overlap = ridge_overlap if measure == "ridge" else bhattacharyya
    tree_of_gaussians = _merge_gaussians(params, overlap, should_stop)
    return _linked(tree_of_gaussians, 1 - tree_of_gaussians.gains)


def _merge_gaussians(
    params: MixtureParams, overlap: Callable[[MixtureParams], FloatArray], should_stop: ShouldStop
) -> MergeTree:
    """Unite the two Gaussians that overlap most, again and again; ties go to the lowest indices."""
    names = list(range(params.n_components))
    overlaps = overlap(params)
    pairs, gains = [], []
    while len(names) > 1:
        raise_if_cancelled(should_stop)
        upper = np.triu(overlaps, 1) - np.tri(len(names))
        first, second = (int(at) for at in np.unravel_index(int(upper.argmax()), upper.shape))
        pairs.append((names[first], names[second]))
        gains.append(float(overlaps[first, second]))
        params = with_merged(params, first, second)
        del names[second]
        overlaps = np.delete(np.delete(overlaps, second, axis=0), second, axis=1)
        for other in range(len(names)):
            if other != first:
                between = overlap(_pair(params, first, other))[0, 1]
                overlaps[first, other] = overlaps[other, first] = between
    return MergeTree(len(names) + len(pairs), np.array(pairs, dtype=np.int64).reshape(-1, 2), np.array(gains))


def _pair(params: MixtureParams, first: int, second: int) -> MixtureParams:
    """Return the mixture of two components alone."""
    chosen = [first, second]
    weights = params.weights[chosen] / params.weights[chosen].sum()
    return MixtureParams(weights, params.means[chosen], Full(params.matrices()[chosen]))


def _linked(tree: MergeTree, heights: FloatArray) -> Dendrogram:
    """Return the tree with each union as a node of its own, and heights that never fall."""
    node = {component: component for component in range(tree.n_components)}
    pairs = np.empty((len(tree.pairs), 2), dtype=np.int64)
    for at, (first, second) in enumerate(tree.pairs):
        pairs[at] = node[int(first)], node[int(second)]
        node[int(first)] = tree.n_components + at
    climbing = np.maximum.accumulate(np.clip(heights, 0, 1)) if len(heights) else np.zeros(0)
    return Dendrogram(tree.n_components, pairs, climbing, tree.gains)
