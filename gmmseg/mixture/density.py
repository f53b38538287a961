"""Densities, posteriors and samples of a mixture whose parameters are known."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from gmmseg.arrays import FloatArray, IntArray
from gmmseg.control import Check, go_on, raise_if_cancelled
from gmmseg.mixture.centred import CentredKernel
from gmmseg.mixture.kernels import (
    MAX_QUADRATIC_FEATURES,
    Kernel,
    QuadraticKernel,
    blocks,
    extent_about,
    suits_quadratic,
)
from gmmseg.mixture.params import MixtureParams
from gmmseg.mixture.tied_kernel import TiedKernel

SMALLEST_LOG = -700.0
"""Posteriors are not followed below this logarithm: their exponentials would be slow and next to 0."""
NEGLIGIBLE_LOG = -40.0
"""Below this logarithm a posterior vanishes in the rounding of the sums of an E-step."""


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
    params: MixtureParams, values: FloatArray, check: Check = go_on
) -> Iterator[tuple[slice, FloatArray]]:
    """Yield blocks of rows with log(pi_k N(x | k)), (K, B); each array is overwritten by the next.

    Parameters
    ----------
    params : MixtureParams
    values : (N, D)
    check : callable
        Asked before each block; CANCEL raises `Cancelled`.
    """
    columns = values.T
    kernel = kernel_for(params, columns)
    kernel.set_params(params)
    for rows in blocks(columns.shape[1], params.n_components):
        raise_if_cancelled(check)
        yield rows, kernel.log_joint(rows)


def normalise(joint: FloatArray, is_hard: bool) -> FloatArray:
    """Turn log(pi_k N(x | k)) into responsibilities in place and return log p(x), (B,).

    The largest term of each row is subtracted first, so that a row however far away has posteriors; where
    components tie the hard rule takes the lowest index.
    """
    peak, total = exponentiate(joint, is_hard, SMALLEST_LOG)
    joint /= total
    peak += np.log(total)
    return peak


def exponentiate(joint: FloatArray, is_hard: bool, smallest: float) -> tuple[FloatArray, FloatArray]:
    """Turn log(pi_k N(x | k)) into responsibilities times their sum, in place.

    Parameters
    ----------
    joint : (K, B)
    is_hard : bool
    smallest : float
        Terms whose logarithm lies so far below the row's largest become 0. Below -40 they are lost in the
        sum's rounding anyway, and exponentials are what an E-step spends its time on.

    Returns
    -------
    peak : (B,)
        The largest term of each row; log p(x) is this plus the logarithm of `total`, nats.
    total : (B,)
        The sum over components, at least 1.
    """
    peak: FloatArray = joint.max(axis=0)
    if is_hard:
        winner = joint.argmax(axis=0)
        joint[...] = 0.0
        joint[winner, np.arange(joint.shape[1])] = 1.0
        return peak, np.ones_like(peak)
    joint -= peak
    is_peak = joint == 0.0
    is_between = joint > smallest
    is_between ^= is_peak
    exponentials = is_peak.astype(np.float64)
    np.exp(joint, out=exponentials, where=is_between)
    np.copyto(joint, exponentials)
    return peak, joint.sum(axis=0)


def sum_of_logs(totals: FloatArray) -> float:
    """Return the sum of the logarithms of numbers from 1 to 2**15, (B,): one logarithm for 64 of them."""
    whole = len(totals) // 64 * 64
    products = np.multiply.reduce(totals[:whole].reshape(64, -1), axis=0)
    return float(np.log(products).sum() + np.log(totals[whole:]).sum())


def responsibilities(
    params: MixtureParams, values: FloatArray, check: Check = go_on
) -> Iterator[tuple[slice, FloatArray]]:
    """Yield blocks of rows with their posteriors gamma(z_nk), (K, B) (S2 eq. 40), overwritten by the next."""
    for rows, joint in log_joint(params, values, check):
        normalise(joint, params.is_hard)
        yield rows, joint


def log_density(
    params: MixtureParams, values: FloatArray, check: Check = go_on
) -> Iterator[tuple[slice, FloatArray]]:
    """Yield blocks of rows with log p(x) in nats, (B,) (S2 eq. 30)."""
    for rows, joint in log_joint(params, values, check):
        yield rows, normalise(joint, params.is_hard)


def score_rows(params: MixtureParams, values: FloatArray, check: Check = go_on) -> FloatArray:
    """Return log p(x) of each row in nats, (N,)."""
    out = np.empty(values.shape[0])
    for rows, density in log_density(params, values, check):
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
