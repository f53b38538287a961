"""First parameters: k-means++, random rows, or given labels."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from gmmseg.arrays import FloatArray, IntArray
from gmmseg.control import ShouldStop, never_stop, raise_if_asked
from gmmseg.mixture.covariance import FAMILIES, Spherical
from gmmseg.mixture.moments import Moments, maximise
from gmmseg.mixture.params import MixtureParams
from gmmseg.mixture.settings import CovarianceKind, InitMethod

LLOYD_ITERATIONS = 8
MANY_FEATURES = 16
"""From so many features on distances come from a matrix product, which keeps fewer digits."""
BLOCK_VALUES = 2**20


def squared_distances(values: FloatArray, centre: FloatArray) -> FloatArray:
    """Return squared Euclidean distances of rows (N, D) to one point (D,)."""
    deviations = values - centre
    distances: FloatArray = np.einsum("nd,nd->n", deviations, deviations)
    return distances


def _distances_to_each(values: FloatArray, centres: FloatArray) -> list[FloatArray]:
    """Return the squared distances of rows (N, D) to each of some rows (M, D), M arrays (N,)."""
    if values.shape[1] < MANY_FEATURES:
        return [squared_distances(values, centre) for centre in centres]
    norms = np.einsum("nd,nd->n", values, values)
    products = centres @ values.T
    own = np.einsum("md,md->m", centres, centres)
    distances = norms - 2 * products + own[:, None]
    # What is left of the rows themselves is rounding: they must have the probability 0.
    distances[distances <= 1e-12 * (norms + own[:, None])] = 0.0
    return list(distances)


def kmeans_plus_plus(
    values: FloatArray, weights: FloatArray, n_components: int, generator: np.random.Generator
) -> FloatArray:
    """Return K rows chosen by greedy k-means++ (Arthur and Vassilvitskii 2007), (K, D).

    Each next row is drawn with probability proportional to weight times squared distance to the nearest one
    chosen; of a few candidates the one that lowers the sum of distances most is taken. Rows at distance 0
    have probability 0, so that the K rows differ as long as there are K different ones.
    """
    n_trials = 2 + int(np.log(n_components))
    first = generator.choice(len(values), p=weights / weights.sum())
    chosen = [int(first)]
    nearest = squared_distances(values, values[first])
    for _ in range(1, n_components):
        mass = np.cumsum(weights * nearest)
        candidates = np.searchsorted(mass, generator.random(n_trials) * mass[-1], side="right")
        candidates = np.minimum(candidates, len(values) - 1)
        reached = [
            np.minimum(nearest, distances) for distances in _distances_to_each(values, values[candidates])
        ]
        costs = [float(np.dot(weights, distances)) for distances in reached]
        best = int(np.argmin(costs))
        chosen.append(int(candidates[best]))
        nearest = reached[best]
    return values[chosen].copy()


def nearest_mean(values: FloatArray, means: FloatArray) -> IntArray:
    """Return the index of the nearest mean of each row, the lowest among equals, (N,)."""
    if values.shape[1] >= MANY_FEATURES:
        return _nearest_by_products(values, means)
    best = squared_distances(values, means[0])
    labels = np.zeros(len(values), dtype=np.int64)
    for k in range(1, len(means)):
        distances = squared_distances(values, means[k])
        closer = distances < best
        labels[closer] = k
        best[closer] = distances[closer]
    return labels


def _nearest_by_products(values: FloatArray, means: FloatArray) -> IntArray:
    centre = means.mean(axis=0)
    offsets = means - centre
    halves = np.einsum("kd,kd->k", offsets, offsets)[:, None] / 2
    labels = np.empty(len(values), dtype=np.int64)
    size = max(1, BLOCK_VALUES // max(len(means), values.shape[1]))
    for start in range(0, len(values), size):
        block = slice(start, start + size)
        labels[block] = (halves - offsets @ (values[block] - centre).T).argmin(axis=0)
    return labels


def means_of_labels(
    values: FloatArray, weights: FloatArray, labels: IntArray, n_components: int
) -> tuple[FloatArray, FloatArray]:
    """Return the total weights (K,) and means (K, D) of rows assigned to one component each.

    A component without rows has a mean of 0.
    """
    counts: FloatArray = np.bincount(labels, weights=weights, minlength=n_components).astype(np.float64)
    safe = np.where(counts > 0, counts, 1.0)
    sums = [np.bincount(labels, weights=weights * feature, minlength=n_components) for feature in values.T]
    return counts, np.stack(sums, axis=1) / safe[:, None]


def lloyd(
    values: FloatArray, weights: FloatArray, means: FloatArray, max_iter: int, ask: Callable[[], None]
) -> tuple[FloatArray, IntArray]:
    """Return means (K, D) and the nearest of them to each row, (N,), after k-means iterations from `means`.

    Ends where no row changes its mean. A mean without rows stays where it is.

    Parameters
    ----------
    values : (N, D)
    weights : (N,)
    means : (K, D)
    max_iter : int
    ask : callable
        Called before each iteration; raises where the work is to end.
    """
    labels = nearest_mean(values, means)
    for _ in range(max_iter):
        ask()
        counts, moved = means_of_labels(values, weights, labels, len(means))
        means = np.where(counts[:, None] > 0, moved, means)
        previous, labels = labels, nearest_mean(values, means)
        if np.array_equal(previous, labels):
            break
    return means, labels


def moments_of_labels(
    values: FloatArray, weights: FloatArray, labels: IntArray, n_components: int, is_diagonal: bool
) -> Moments:
    """Return the moments of rows assigned wholly to one component each."""
    n_features = values.shape[1]
    counts, means = means_of_labels(values, weights, labels, n_components)
    deviations = values - means[labels]
    scatter = np.zeros((n_components, n_features, *(() if is_diagonal else (n_features,))))
    for k in range(n_components):
        own = labels == k
        mine, scaled = deviations[own], deviations[own] * weights[own, None]
        scatter[k] = (scaled * mine).sum(axis=0) if is_diagonal else scaled.T @ mine
    return Moments(counts, means, scatter)


def params_from_labels(
    values: FloatArray,
    weights: FloatArray,
    labels: IntArray,
    n_components: int,
    kind: CovarianceKind,
    floor: float,
) -> MixtureParams:
    """Return the M-step for given assignments: class shares, class means and class covariances."""
    moments = moments_of_labels(values, weights, labels, n_components, FAMILIES[kind].is_diagonal)
    previous = global_params(values, weights, moments.means, kind, floor)
    return maximise(moments, previous, kind, floor)


def global_params(
    values: FloatArray,
    weights: FloatArray,
    means: FloatArray,
    kind: CovarianceKind,
    floor: float,
    is_hard: bool = False,
) -> MixtureParams:
    """Return equal weights and the covariance of all rows about each of the given means (K, D)."""
    n_components = len(means)
    shares = np.full(n_components, 1 / n_components)
    is_diagonal = FAMILIES[kind].is_diagonal or is_hard
    whole = moments_of_labels(values, weights, np.zeros(len(values), dtype=np.int64), 1, is_diagonal)
    if is_hard:
        variance = max(float(whole.scatter.sum() / (whole.counts[0] * values.shape[1])), floor)
        return MixtureParams(shares, means, Spherical(np.full(n_components, variance)), is_hard=True)
    counts = np.full(n_components, whole.counts[0])
    scatter = np.repeat(whole.scatter, n_components, axis=0)
    return MixtureParams(shares, means, FAMILIES[kind].from_moments(counts, scatter, floor))


def first_params(
    values: FloatArray,
    weights: FloatArray,
    n_components: int,
    method: InitMethod,
    kind: CovarianceKind,
    floor: float,
    is_hard: bool,
    generator: np.random.Generator,
    should_stop: ShouldStop = never_stop,
) -> MixtureParams:
    """Return the start of one restart.

    ``kmeans++`` polishes its rows by a few Lloyd iterations and takes the classes' own covariances;
    ``random`` takes different rows, drawn by weight, with the covariance of all rows; ``responsibilities`` is
    the M-step for posteriors drawn at random, uniform over all that add up to 1. The hard limit starts
    at the chosen rows themselves, so that its Lloyd iterations are all EM's.
    """
    if method == "random":
        means = _different_rows(values, weights, n_components, generator)
        return global_params(values, weights, means, kind, floor, is_hard)
    if method == "responsibilities":
        return _from_random_responsibilities(
            values, weights, n_components, kind, floor, is_hard, generator, should_stop
        )
    means = kmeans_plus_plus(values, weights, n_components, generator)
    if is_hard:
        return global_params(values, weights, means, kind, floor, is_hard)
    _, labels = lloyd(values, weights, means, LLOYD_ITERATIONS, lambda: raise_if_asked(should_stop))
    return params_from_labels(values, weights, labels, n_components, kind, floor)


def _from_random_responsibilities(
    values: FloatArray,
    weights: FloatArray,
    n_components: int,
    kind: CovarianceKind,
    floor: float,
    is_hard: bool,
    generator: np.random.Generator,
    should_stop: ShouldStop,
) -> MixtureParams:
    """Return the M-step for posteriors drawn from the flat Dirichlet distribution."""
    shares = generator.standard_exponential((n_components, len(values)))
    shares *= weights / shares.sum(axis=0)
    counts = shares.sum(axis=1)
    means = shares @ values / counts[:, None]
    is_diagonal = FAMILIES[kind].is_diagonal or is_hard
    n_features = values.shape[1]
    scatter = np.zeros((n_components, n_features, *(() if is_diagonal else (n_features,))))
    for k in range(n_components):
        raise_if_asked(should_stop)
        deviations = values - means[k]
        scaled = deviations * shares[k, :, None]
        scatter[k] = (scaled * deviations).sum(axis=0) if is_diagonal else scaled.T @ deviations
    previous = global_params(values, weights, means, kind, floor, is_hard)
    return maximise(Moments(counts, means, scatter), previous, kind, floor)


def _different_rows(
    values: FloatArray, weights: FloatArray, n_components: int, generator: np.random.Generator
) -> FloatArray:
    """Return K rows that differ, drawn without replacement by weight, (K, D)."""
    positive = int(np.count_nonzero(weights))
    order = generator.choice(
        len(values), size=min(positive, len(values)), replace=False, p=weights / weights.sum()
    )
    chosen: list[FloatArray] = []
    seen: set[bytes] = set()
    for row in order:
        key = values[row].tobytes()
        if key not in seen:
            seen.add(key)
            chosen.append(values[row])
        if len(chosen) == n_components:
            break
    return np.array(chosen)
