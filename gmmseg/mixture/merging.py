"""Merged components: one Gaussian for some, and the tree of merges one pair after another."""

from __future__ import annotations

import numpy as np

from gmmseg.arrays import FloatArray
from gmmseg.control import ShouldStop, never_stop
from gmmseg.mixture.covariance import Full
from gmmseg.mixture.density import posteriors
from gmmseg.mixture.params import MixtureParams
from gmmseg.mixture.tree import Dendrogram, tree_of_unions


def merged_component(params: MixtureParams, members: list[int]) -> tuple[float, FloatArray, FloatArray]:
    """Return weight, mean (D,) and covariance (D, D) of the Gaussian with the moments of some components.

    The mixture's overall mean and covariance stay what they were.
    """
    weights = params.weights[members]
    weight = float(weights.sum())
    shares = weights / weight
    means = params.means[members]
    mean = shares @ means
    deviations = means - mean
    within = np.einsum("k,kde->de", shares, params.matrices()[members])
    between = np.einsum("k,kd,ke->de", shares, deviations, deviations)
    return weight, mean, within + between


def with_merged(params: MixtureParams, first: int, second: int) -> MixtureParams:
    """Return the mixture in which one Gaussian replaces two, at the place of `first`; full covariances."""
    weight, mean, covariance = merged_component(params, [first, second])
    weights, means, matrices = params.weights.copy(), params.means.copy(), params.matrices().copy()
    weights[first], means[first], matrices[first] = weight, mean, covariance
    keep = np.arange(params.n_components) != second
    return MixtureParams(weights[keep], means[keep], Full(matrices[keep]))


def merge_by_entropy(
    params: MixtureParams,
    values: FloatArray,
    weights: FloatArray | None = None,
    should_stop: ShouldStop = never_stop,
) -> tuple[Dendrogram, FloatArray]:
    """Merge the pair that lowers the entropy of the posteriors most, again and again (Baudry et al. 2010).

    Labels are merged, not Gaussians: density and likelihood stay; a cluster's posterior is the sum of its
    components'. Ties go to the lowest indices.

    Parameters
    ----------
    params : MixtureParams
    values : (N, D)
    weights : (N,), optional
    should_stop : callable

    Returns
    -------
    tree : Dendrogram
        A height is the share of the entropy that is gone after the union.
    entropies : (K,)
        Before any union, then after each, nats; the last is 0.
    """
    posterior = posteriors(params, values, np.float64, should_stop)
    weights = np.ones(len(values)) if weights is None else weights
    alive = list(range(params.n_components))
    terms = {k: _entropy_of(posterior[k], weights) for k in alive}
    entropies, pairs, gains = [sum(terms.values())], [], []
    joint: dict[tuple[int, int], float] = {}
    while len(alive) > 1:
        for at, i in enumerate(alive):
            for j in alive[at + 1 :]:
                if (i, j) not in joint:
                    joint[i, j] = _entropy_of(posterior[i] + posterior[j], weights)
        best = max(
            ((i, j) for at, i in enumerate(alive) for j in alive[at + 1 :]),
            key=lambda pair: (terms[pair[0]] + terms[pair[1]] - joint[pair], -pair[0], -pair[1]),
        )
        i, j = best
        gain = terms[i] + terms[j] - joint[best]
        posterior[i] += posterior[j]
        terms[i] = joint[best]
        alive.remove(j)
        joint = {pair: value for pair, value in joint.items() if i not in pair and j not in pair}
        pairs.append(best)
        gains.append(gain)
        entropies.append(entropies[-1] - gain)
    left = np.maximum(np.array(entropies), 0.0)
    gone = (left[0] - left[1:]) / max(left[0], np.finfo(np.float64).tiny)
    return tree_of_unions(params.n_components, pairs, np.array(gains), gone), left


def entropy_gains(posterior: FloatArray) -> FloatArray:
    """Return what uniting each pair of clusters takes of the entropy of the posteriors, (K, K), 0..1.

    Parameters
    ----------
    posterior : (K, N)
    """
    ones = np.ones(posterior.shape[1])
    own = [_entropy_of(shares, ones) for shares in posterior]
    whole = max(sum(own), np.finfo(np.float64).tiny)
    gains = np.eye(len(posterior))
    for i in range(len(posterior)):
        for j in range(i + 1, len(posterior)):
            gain = own[i] + own[j] - _entropy_of(posterior[i] + posterior[j], ones)
            gains[i, j] = gains[j, i] = max(gain, 0.0) / whole
    return gains


def _entropy_of(posterior: FloatArray, weights: FloatArray) -> float:
    """Return -sum w p log p of one cluster's posteriors, nats; 0 log 0 = 0."""
    logs = np.log(posterior, out=np.zeros_like(posterior), where=posterior > 0)
    return float(-np.einsum("n,n,n->", weights, posterior, logs))
