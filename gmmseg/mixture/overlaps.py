"""How much two components of a mixture overlap, from their parameters alone."""

from __future__ import annotations

import math

import numpy as np

from gmmseg.arrays import FloatArray
from gmmseg.control import ShouldStop, never_stop, raise_if_cancelled
from gmmseg.mixture.density import log_joint
from gmmseg.mixture.moments import LOG_2PI
from gmmseg.mixture.params import MixtureParams

RIDGE_POINTS = 257
DRAWS = 2**14
"""Draws from each component: a probability of misclassification of .01 has a standard error of .0008."""


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


def pairwise_overlap(
    params: MixtureParams, n_draws: int = DRAWS, seed: int = 0, should_stop: ShouldStop = never_stop
) -> FloatArray:
    """Return the probabilities of misclassification of all pairs, both directions added, (K, K); diagonal 1.

    ``omega_ij = omega_i|j + omega_j|i`` (Maitra and Melnykov 2010), where omega_j|i is the probability that a
    row of component i has a larger ``pi N(x)`` under j; rows that tie count half. Exact for one feature, else
    estimated from the same draws for every pair.

    Parameters
    ----------
    params : MixtureParams
    n_draws : int
        Rows drawn from each component; the standard error of a probability p is sqrt(p (1 - p) / n_draws).
    seed : int
    should_stop : callable
        Asked for each component and block of rows; CANCEL raises `Cancelled`.
    """
    if params.n_features == 1:
        missed = _missed_on_a_line(params)
    else:
        missed = _missed_draws(params, n_draws, seed, should_stop)
    overlap = missed + missed.T
    np.fill_diagonal(overlap, 1.0)
    return overlap


def _missed_draws(params: MixtureParams, n_draws: int, seed: int, should_stop: ShouldStop) -> FloatArray:
    """Return omega_j|i at [i, j] from draws: the same standard normal ones, moved to each component."""
    normal = np.random.default_rng(seed).standard_normal((n_draws, params.n_features))
    missed = np.zeros((params.n_components, params.n_components))
    for i, factor in enumerate(np.linalg.cholesky(params.matrices())):
        raise_if_cancelled(should_stop)
        for _, joint in log_joint(params, normal @ factor.T + params.means[i], should_stop):
            missed[i] += (joint > joint[i]).sum(axis=1) + (joint == joint[i]).sum(axis=1) / 2
    return missed / n_draws


def _missed_on_a_line(params: MixtureParams) -> FloatArray:
    """Return omega_j|i at [i, j] for one feature: the parts of the line where j is larger are known."""
    n = params.n_components
    means, deviations = params.means[:, 0], np.sqrt(params.matrices()[:, 0, 0])
    missed = np.zeros((n, n))
    for i in range(n):
        for j in range(n):
            if i != j:
                ratio = params.weights[j] * deviations[i], params.weights[i] * deviations[j]
                missed[i, j] = _chance_of_loss(*ratio, means[j] - means[i], deviations[i], deviations[j])
    return missed


def _chance_of_loss(of: float, over: float, offset: float, own: float, other: float) -> float:
    """Return P(of / over * exp(z^2 / 2 - (own z - offset)^2 / (2 other^2)) > 1) for standard normal z."""
    if of == 0 or over == 0:
        return 0.5 if of == over else float(of > over)
    # log ratio = (a z^2 + 2 b z + c) / 2
    a = 1 - (own / other) ** 2
    b = own * offset / other**2
    c = 2 * math.log(of / over) - (offset / other) ** 2
    if a == 0 and b == 0:
        return 0.5 if c == 0 else float(c > 0)
    if abs(a) <= 1e-14 * abs(b):
        root = -c / (2 * b)
        return _upper(root) if b > 0 else _upper(-root)
    discriminant = b * b - a * c
    if discriminant <= 0:
        return float(a > 0)
    # The root that does not cancel first; the other from their product, c / a.
    larger = -(b + math.copysign(math.sqrt(discriminant), b))
    low, high = sorted((larger / a, c / larger))
    outside = _upper(-low) + _upper(high)
    return outside if a > 0 else 1 - outside


def _upper(z: float) -> float:
    """Return P(Z > z) of a standard normal Z."""
    return math.erfc(z / math.sqrt(2)) / 2
