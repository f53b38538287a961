"""Choice of the fastest kernel that is accurate enough for some parameters and rows."""

from __future__ import annotations

import numpy as np

from gmmseg.arrays import FloatArray
from gmmseg.mixture.centred import CentredKernel
from gmmseg.mixture.kernels import Kernel
from gmmseg.mixture.params import MixtureParams
from gmmseg.mixture.quadratic_kernel import QuadraticKernel
from gmmseg.mixture.tied_kernel import TiedKernel

MAX_LOST = 4e6
"""Squared extent over smallest eigenvalue up to which the quadratic expansion is used: it costs about as
many digits of a squared distance. Pixels of 8 bits, at the floor of 1/12, reach 2.4e6 at most."""
MAX_QUADRATIC_FEATURES = 20
"""In more features their products in pairs cost more than whitening does (measured on digits, K = 5 to 40);
squares alone never do, and what all components share needs no pairs."""


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


def extent_about(columns: FloatArray, centre: FloatArray) -> float:
    """Return the largest squared distance of a row from `centre` that the bounding box allows."""
    if not columns.shape[1]:
        return 0.0
    reach = np.maximum(columns.max(axis=1) - centre, centre - columns.min(axis=1))
    return float((reach**2).sum())


def suits_quadratic(params: MixtureParams, squared_extent: float) -> bool:
    """Whether the quadratic expansion of these parameters is fast and accurate over that extent."""
    if params.covariance.kind == "full" and params.n_features > MAX_QUADRATIC_FEATURES:
        return False
    smallest, _ = params.covariance.eigenvalue_range()
    return squared_extent <= MAX_LOST * smallest
