"""Densities, posteriors and samples of a mixture whose parameters are known."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from gmmseg.arrays import FloatArray, IntArray
from gmmseg.control import ShouldStop, never_stop, raise_if_cancelled
from gmmseg.mixture.centred import CentredKernel
from gmmseg.mixture.kernels import (
    MAX_QUADRATIC_FEATURES,
    Kernel,
    blocks,
    extent_about,
    suits_quadratic,
)
from gmmseg.mixture.params import MixtureParams
from gmmseg.mixture.posteriors import normalise
from gmmseg.mixture.quadratic_kernel import QuadraticKernel
from gmmseg.mixture.tied_kernel import TiedKernel


def kernel_for(params: MixtureParams, columns: FloatArray) -> Kernel:
    """Return the fastest accurate kernel for evaluating `params` once on `columns` (D, N)."""
    is_diagonal = params.covariance.is_diagonal
    centre = params.means.mean(axis=0)
    if not params.is_hard and suits_quadratic(params, extent_about(columns, centre)):
        return fast_kernel(columns, centre, is_diagonal, keeps_features=False)
    return CentredKernel(columns, is_diagonal)


def fast_kernel(
    columns: FloatArray, centre: FloatArray, is_diagonal: bool, keeps_features: bool = True
) -> Kernel:
    """Return the kernel for what `suits_quadratic`: in many features tied or diagonal covariances."""
    if is_diagonal or len(columns) <= MAX_QUADRATIC_FEATURES:
        return QuadraticKernel(columns, centre, is_diagonal, keeps_features=keeps_features)
    return TiedKernel(columns, centre)


def log_joint(
    params: MixtureParams, values: FloatArray, should_stop: ShouldStop = never_stop
) -> Iterator[tuple[slice, FloatArray]]:
    """Yield blocks of rows with log(pi_k N(x | k)), (K, B); each array is overwritten by the next.

    Parameters
    ----------
    params : MixtureParams
    values : (N, D)
    should_stop : callable
        Asked before each block; CANCEL raises `Cancelled`.
    """
    columns = values.T
    kernel = kernel_for(params, columns)
    kernel.set_params(params)
    for rows in blocks(columns.shape[1], params.n_components):
        raise_if_cancelled(should_stop)
        yield rows, kernel.log_joint(rows)


def responsibilities(
    params: MixtureParams, values: FloatArray, should_stop: ShouldStop = never_stop
) -> Iterator[tuple[slice, FloatArray]]:
    """Yield blocks of rows with their posteriors gamma(z_nk), (K, B) (S2 eq. 40), overwritten by the next."""
    for rows, joint in log_joint(params, values, should_stop):
        normalise(joint, params.is_hard)
        yield rows, joint


def log_density(
    params: MixtureParams, values: FloatArray, should_stop: ShouldStop = never_stop
) -> Iterator[tuple[slice, FloatArray]]:
    """Yield blocks of rows with log p(x) in nats, (B,) (S2 eq. 30)."""
    for rows, joint in log_joint(params, values, should_stop):
        yield rows, normalise(joint, params.is_hard)


def score_rows(params: MixtureParams, values: FloatArray, should_stop: ShouldStop = never_stop) -> FloatArray:
    """Return log p(x) of each row in nats, (N,)."""
    out = np.empty(values.shape[0])
    for rows, density in log_density(params, values, should_stop):
        out[rows] = density
    return out


def sample(
    params: MixtureParams, n_samples: int, generator: np.random.Generator
) -> tuple[FloatArray, IntArray]:
    """Draw rows: first a component by its weight, then a row from its Gaussian (S2 §1.4).

    Returns
    -------
    values : (n_samples, D)
    components : (n_samples,)
        Which component each row came from.
    """
    weights = params.weights / params.weights.sum()
    components = generator.choice(params.n_components, size=n_samples, p=weights)
    values = generator.standard_normal((n_samples, params.n_features))
    for component, factor in enumerate(np.linalg.cholesky(params.matrices())):
        drawn = components == component
        values[drawn] = values[drawn] @ factor.T + params.means[component]
    return values, components
