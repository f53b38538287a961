"""Which components overlap, and what happens when they are merged one pair after another."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from gmmseg.arrays import FloatArray, IntArray
from gmmseg.control import Check, go_on
from gmmseg.mixture.covariance import Full
from gmmseg.mixture.density import responsibilities
from gmmseg.mixture.moments import LOG_2PI
from gmmseg.mixture.params import MixtureParams

RIDGE_POINTS = 257


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


def bhattacharyya(params: MixtureParams) -> FloatArray:
    """Return the Bhattacharyya coefficients exp(-D_B) of all pairs, (K, K), in (0, 1]; weights ignored."""
    matrices, means = params.matrices(), params.means
    _, log_det = np.linalg.slogdet(matrices)
    n = params.n_components
    coefficients = np.eye(n)
    for i in range(n):
        for j in range(i + 1, n):
            average = (matrices[i] + matrices[j]) / 2
            offset = means[i] - means[j]
            distance = offset @ np.linalg.solve(average, offset) / 8
            distance += (np.linalg.slogdet(average)[1] - (log_det[i] + log_det[j]) / 2) / 2
            coefficients[i, j] = coefficients[j, i] = np.exp(-distance)
    return coefficients


def ridge_overlap(params: MixtureParams) -> FloatArray:
    """Return the overlap ratios of all pairs, (K, K), in (0, 1]; 1 on the diagonal and for one-peaked pairs.

    All critical points of a two-component mixture lie on its ridgeline (Ray and Lindsay 2005); the ratio is
    the lowest density between the two outermost peaks on it over the lower of these peaks (Sun and Wang's
    overlap rate, Hennig's ridge ratio).
    """
    n = params.n_components
    overlap = np.eye(n)
    precisions: FloatArray = np.linalg.inv(params.matrices()).astype(np.float64, copy=False)
    for i in range(n):
        for j in range(i + 1, n):
            overlap[i, j] = overlap[j, i] = _ridge_ratio(params, precisions, i, j)
    return overlap


def _ridge_ratio(params: MixtureParams, precisions: FloatArray, i: int, j: int) -> float:
    # Spaced densely at both ends, where the peaks of well-separated components sit.
    alpha = (1 - np.cos(np.linspace(0, np.pi, RIDGE_POINTS))) / 2
    blend = (1 - alpha)[:, None, None] * precisions[i] + alpha[:, None, None] * precisions[j]
    pull = (1 - alpha)[:, None] * (precisions[i] @ params.means[i]) + alpha[:, None] * (
        precisions[j] @ params.means[j]
    )
    ridge = np.linalg.solve(blend, pull[:, :, None])[:, :, 0]
    logs = []
    for k in (i, j):
        deviations = ridge - params.means[k]
        distance = np.einsum("nd,de,ne->n", deviations, precisions[k], deviations)
        log_det = -np.linalg.slogdet(precisions[k])[1]
        with np.errstate(divide="ignore"):
            logs.append(np.log(params.weights[k]) - (distance + log_det + params.n_features * LOG_2PI) / 2)
    density = np.logaddexp(*logs)
    padded = np.concatenate([[-np.inf], density, [-np.inf]])
    peaks = np.flatnonzero((density >= padded[:-2]) & (density > padded[2:]))
    if len(peaks) < 2:
        return 1.0
    first, last = int(peaks[0]), int(peaks[-1])
    saddle = density[first : last + 1].min()
    return float(np.exp(saddle - min(density[first], density[last])))


@dataclass(frozen=True, slots=True, eq=False)
class MergeTree:
    """Merges of K components into one cluster, one pair after another.

    Parameters
    ----------
    pairs : int array, (K - 1, 2)
        Clusters merged at each step, by their lowest component; the first one keeps its number.
    gains : (K - 1,)
        Fall of the entropy in each step, nats.
    entropies : (K,)
        Entropy before any merge, then after each; the last is 0.
    """

    pairs: IntArray
    gains: FloatArray
    entropies: FloatArray

    def groups(self, n_clusters: int) -> list[list[int]]:
        """Return the components of each cluster when `n_clusters` are left."""
        members = {k: [k] for k in range(len(self.entropies))}
        for first, second in self.pairs[: len(self.entropies) - n_clusters]:
            members[int(first)] += members.pop(int(second))
        return [sorted(group) for group in members.values()]


def merge_by_entropy(
    params: MixtureParams, values: FloatArray, weights: FloatArray | None = None, check: Check = go_on
) -> MergeTree:
    """Merge the pair that lowers the entropy of the posteriors most, again and again (Baudry et al. 2010).

    Labels are merged, not Gaussians: density and likelihood stay; a cluster's posterior is the sum of its
    components'. Ties go to the lowest indices.

    Parameters
    ----------
    params : MixtureParams
    values : (N, D)
    weights : (N,), optional
    check : callable
    """
    posterior = np.empty((params.n_components, len(values)))
    for rows, block in responsibilities(params, values, check):
        posterior[:, rows] = block
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
    return MergeTree(
        np.array(pairs, dtype=np.int64).reshape(-1, 2), np.array(gains), np.maximum(np.array(entropies), 0.0)
    )


def _entropy_of(posterior: FloatArray, weights: FloatArray) -> float:
    """Return -sum w p log p of one cluster's posteriors, nats; 0 log 0 = 0."""
    logs = np.log(posterior, out=np.zeros_like(posterior), where=posterior > 0)
    return float(-np.einsum("n,n,n->", weights, posterior, logs))
