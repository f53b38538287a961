"""The formulas of the laboratory written out row by row with scipy, for comparison."""

from __future__ import annotations

import numpy as np
from scipy.special import logsumexp
from scipy.stats import multivariate_normal

from gmmseg.arrays import FloatArray
from gmmseg.laboratory.data import gaussians
from gmmseg.mixture.params import MixtureParams


def log_joint(params: MixtureParams, values: FloatArray) -> FloatArray:
    """Return log(pi_k N(x_n | k)), (N, K)."""
    columns = [
        np.log(weight) + np.atleast_1d(multivariate_normal(mean, matrix).logpdf(values))
        for weight, mean, matrix in zip(params.weights, params.means, params.matrices(), strict=True)
    ]
    return np.column_stack(columns)


def log_likelihood(params: MixtureParams, values: FloatArray) -> float:
    return float(logsumexp(log_joint(params, values), axis=1).sum())


def log_posteriors(params: MixtureParams, values: FloatArray) -> FloatArray:
    joint = log_joint(params, values)
    logs: FloatArray = joint - logsumexp(joint, axis=1, keepdims=True)
    return logs


def q_of(params: MixtureParams, held: MixtureParams, values: FloatArray) -> float:
    """Return Q(theta, theta_g) as the sum over rows and components."""
    return float((np.exp(log_posteriors(held, values)) * log_joint(params, values)).sum())


def h_of(params: MixtureParams, held: MixtureParams, values: FloatArray) -> float:
    """Return H(theta, theta_g) as the sum over rows and components."""
    return float((np.exp(log_posteriors(held, values)) * log_posteriors(params, values)).sum())


def divergence_of(params: MixtureParams, held: MixtureParams, values: FloatArray) -> float:
    """Return the divergence of the posteriors of theta from those of theta_g."""
    logs = log_posteriors(held, values)
    return float((np.exp(logs) * (logs - log_posteriors(params, values))).sum())


def random_mixture(n_components: int, n_features: int, seed: int) -> MixtureParams:
    """Return a mixture with full covariances that has nothing special."""
    rng = np.random.default_rng(seed)
    roots = rng.normal(size=(n_components, n_features, n_features))
    matrices = roots @ np.swapaxes(roots, 1, 2) + 0.3 * np.eye(n_features)
    weights = rng.dirichlet(np.full(n_components, 3.0))
    return gaussians(weights.tolist(), rng.normal(0, 2, (n_components, n_features)).tolist(), matrices)
