"""Densities, posteriors and samples of a mixture whose parameters are known."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from gmmseg.arrays import FloatArray, IntArray
from gmmseg.control import ShouldStop, never_stop, raise_if_cancelled
from gmmseg.mixture.kernel_choice import kernel_for
from gmmseg.mixture.kernels import blocks, normalise
from gmmseg.mixture.params import MixtureParams

_F = TypeVar("_F", np.float32, np.float64)


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


def posteriors(
    params: MixtureParams, values: FloatArray, dtype: type[_F], should_stop: ShouldStop = never_stop
) -> NDArray[_F]:
    """Return the posteriors of all rows, (K, N), in single or double precision; see `responsibilities`."""
    out: NDArray[_F] = np.empty((params.n_components, len(values)), dtype=dtype)
    for rows, block in responsibilities(params, values, should_stop):
        out[:, rows] = block
    return out


def most_probable(
    params: MixtureParams, values: FloatArray, should_stop: ShouldStop = never_stop
) -> IntArray:
    """Return the component of each row with the largest posterior, the lowest among equals, (N,)."""
    out = np.empty(len(values), dtype=np.int64)
    # The joint density has the order of the posterior, without its exponentials and its rounding to equals.
    for rows, joint in log_joint(params, values, should_stop):
        out[rows] = joint.argmax(axis=0)
    return out


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
    # The generator refuses weights whose sum is off by rounding.
    weights = params.weights / params.weights.sum()
    components = generator.choice(params.n_components, size=n_samples, p=weights)
    values = generator.standard_normal((n_samples, params.n_features))
    for component, factor in enumerate(np.linalg.cholesky(params.matrices())):
        drawn = components == component
        values[drawn] = values[drawn] @ factor.T + params.means[component]
    return values, components
