"""Dendrogram: the tree of merges by one of several measures, with the height at which each happens."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

import numpy as np

from gmmseg.arrays import FloatArray
from gmmseg.control import ShouldStop, never_stop, raise_if_cancelled
from gmmseg.mixture.covariance import Full
from gmmseg.mixture.density import posteriors
from gmmseg.mixture.merging import entropy_gains, merge_by_entropy, with_merged
from gmmseg.mixture.misclassification import merge_by_misclassification, misclassification
from gmmseg.mixture.overlaps import bhattacharyya, ridge_overlap
from gmmseg.mixture.params import MixtureParams
from gmmseg.mixture.tree import Dendrogram, tree_of_unions

Measure = Literal["ridge", "bhattacharyya", "misclassification", "entropy"]
_OF_GAUSSIANS: dict[Measure, Callable[[MixtureParams], FloatArray]] = {
    "ridge": ridge_overlap,
    "bhattacharyya": bhattacharyya,
}


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
        return merge_by_entropy(params, values, weights, should_stop)[0]
    if measure == "misclassification":
        shares = posteriors(params, values, np.float64, should_stop)
        return merge_by_misclassification(shares, weights, should_stop=should_stop)
    return _merge_gaussians(params, _OF_GAUSSIANS[measure], should_stop)


def overlap_matrix(
    params: MixtureParams,
    values: FloatArray,
    measure: Measure = "ridge",
    should_stop: ShouldStop = never_stop,
) -> FloatArray:
    """Return how much each pair of a mixture's components overlaps, (K, K), symmetric, 0..1.

    The first union of `dendrogram` is its largest entry beside the diagonal. ``misclassification`` gives the
    greater of the two probabilities of a pair, ``entropy`` the share of it that a union would take.

    Parameters
    ----------
    params, values, measure, should_stop
        As for `dendrogram`.
    """
    if measure in _OF_GAUSSIANS:
        return _OF_GAUSSIANS[measure](params)
    shares = posteriors(params, values, np.float64, should_stop)
    if measure == "entropy":
        return entropy_gains(shares)
    chances = misclassification(shares)
    return np.maximum(chances, chances.T)


def _merge_gaussians(
    params: MixtureParams, overlap: Callable[[MixtureParams], FloatArray], should_stop: ShouldStop
) -> Dendrogram:
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
    values = np.array(gains)
    return tree_of_unions(len(names) + len(pairs), pairs, values, 1 - values)


def _pair(params: MixtureParams, first: int, second: int) -> MixtureParams:
    """Return the mixture of two components alone."""
    chosen = [first, second]
    weights = params.weights[chosen] / params.weights[chosen].sum()
    return MixtureParams(weights, params.means[chosen], Full(params.matrices()[chosen]))
