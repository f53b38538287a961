"""Overlap of two components of a mixture, from their parameters alone."""

from __future__ import annotations

import numpy as np

from gmmseg.arrays import FloatArray
from gmmseg.mixture.moments import LOG_2PI
from gmmseg.mixture.params import MixtureParams

RIDGE_POINTS = 257


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
