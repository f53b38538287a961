"""Order of components: a canonical one, and partners between two fits."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from gmmseg.arrays import FloatArray, IntArray
from gmmseg.mixture.params import MixtureParams

SMALLEST_WEIGHT = 1e-3


def canonical_order(params: MixtureParams) -> IntArray:
    """Return component indices by falling weight, then by mean (lexicographic), then by index, (K,)."""
    keys: tuple[NDArray[np.float64], ...] = (*params.means.T[::-1], -params.weights)
    return np.lexsort(keys).astype(np.int64)


def dissimilarity(first: MixtureParams, second: MixtureParams) -> FloatArray:
    """Return the squared 2-Wasserstein-like distances between the components of two mixtures, (K1, K2).

    Squared distance of the means plus squared difference of the root total variances, in feature units: a
    bound of the true distance between two Gaussians that needs no matrix roots.
    """
    deviations = first.means[:, None, :] - second.means[None, :, :]
    spread = [
        np.sqrt(np.einsum("kd->k", np.sqrt(np.diagonal(mixture.matrices(), axis1=1, axis2=2)) ** 2))
        for mixture in (first, second)
    ]
    distances: FloatArray = (deviations**2).sum(axis=2) + (spread[0][:, None] - spread[1][None, :]) ** 2
    return distances


def match_components(old: MixtureParams, new: MixtureParams) -> list[int | None]:
    """Return for each new component the old one it continues, or None where there are more new ones.

    The assignment that minimises the total dissimilarity, weighted by the lighter of the two components, so
    that large areas keep their colours before small ones do.
    """
    if old.n_features != new.n_features:
        return [None] * new.n_components
    # Without a smallest weight, components next to nothing would be paired by chance.
    shared = np.minimum(old.weights[:, None], new.weights[None, :]) + SMALLEST_WEIGHT
    rows, columns = _cheapest_pairs(dissimilarity(old, new) * shared)
    partner: list[int | None] = [None] * new.n_components
    for row, column in zip(rows.tolist(), columns.tolist(), strict=True):
        partner[column] = row
    return partner


def _cheapest_pairs(costs: FloatArray) -> tuple[IntArray, IntArray]:
    """Return the rows and columns of the assignment of the least total cost."""
    if costs.shape[0] > costs.shape[1]:
        columns, rows = _cheapest_pairs(costs.T)
        return rows, columns
    # No total can be below that of the rows' own minima. Two fits of the same picture mostly have these in
    # columns of their own, and then nobody waits for scipy to be imported.
    cheapest = costs.argmin(axis=1)
    n_minima = np.count_nonzero(costs == costs.min(axis=1, keepdims=True))
    if n_minima == len(np.unique(cheapest)) == len(costs):
        return np.arange(len(costs)), cheapest
    from scipy.sparse import csr_array
    from scipy.sparse.csgraph import min_weight_full_bipartite_matching

    # To a sparse matrix 0 means that two cannot be paired; what is added to all costs changes no choice.
    shifted = costs + (costs.max() or 1.0)
    found = min_weight_full_bipartite_matching(csr_array(shifted))
    return found[0].astype(np.int64), found[1].astype(np.int64)


def load_solver() -> None:
    """Import scipy's solver before `match_components` may need it.

    That of its sparse graphs, which are imported for regions anyway: ``scipy.optimize`` takes twice as long,
    in which other threads hardly come to anything.
    """
    import scipy.sparse.csgraph  # noqa: F401
