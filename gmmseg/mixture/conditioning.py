"""Marginals of a mixture in some features, and conditionals given the others."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from gmmseg.arrays import FloatArray
from gmmseg.mixture.covariance import Full
from gmmseg.mixture.params import MixtureParams


def marginal(params: MixtureParams, features: Sequence[int]) -> MixtureParams:
    """Return the mixture of some features alone: their means and blocks of the covariances (S1 L62-66)."""
    chosen = list(features)
    matrices = params.matrices()[:, chosen][:, :, chosen]
    return MixtureParams(params.weights.copy(), params.means[:, chosen].copy(), Full(matrices))


def conditional(params: MixtureParams, given: Sequence[int], values: FloatArray) -> MixtureParams:
    """Return the mixture of the other features where those of `given` have certain values (S1 L68-70).

    Each component's mean moves by its regression on what is given and its covariance shrinks to what is left
    (Schur complement); its weight is its posterior given these values.

    Parameters
    ----------
    params : MixtureParams
    given : sequence of int
        Not all features.
    values : (len(given),)
    """
    known = list(given)
    open_ones = [at for at in range(params.n_features) if at not in known]
    matrices = params.matrices()
    within = matrices[:, known][:, :, known]
    across = matrices[:, open_ones][:, :, known]
    offsets = np.asarray(values, dtype=np.float64) - params.means[:, known]
    # Σ_ab Σ_bb⁻¹, solved from the right.
    slopes = np.swapaxes(np.linalg.solve(within, np.swapaxes(across, 1, 2)), 1, 2)
    means = params.means[:, open_ones] + np.einsum("kab,kb->ka", slopes, offsets)
    left = matrices[:, open_ones][:, :, open_ones] - slopes @ np.swapaxes(across, 1, 2)
    logs = (
        np.log(params.weights)
        - (
            np.einsum("kb,kb->k", offsets, np.linalg.solve(within, offsets[:, :, None])[:, :, 0])
            + np.linalg.slogdet(within)[1]
        )
        / 2
    )
    weights = np.exp(logs - logs.max())
    return MixtureParams(weights / weights.sum(), means, Full((left + np.swapaxes(left, 1, 2)) / 2))


def correlations(matrix: FloatArray) -> FloatArray:
    """Return the correlation matrix of a covariance matrix, (D, D): cov / (σ σ)."""
    sigmas = np.sqrt(np.diagonal(matrix))
    found: FloatArray = matrix / np.outer(sigmas, sigmas)
    return found


def overall_covariance(params: MixtureParams) -> FloatArray:
    """Return the covariance of the whole mixture, (D, D): within components and between their means."""
    mean = params.weights @ params.means
    deviations = params.means - mean
    between = np.einsum("k,kd,ke->de", params.weights, deviations, deviations)
    found: FloatArray = between + np.einsum("k,kde->de", params.weights, params.matrices())
    return found
