"""SQUAREM: where two EM steps lead when they are followed further (Varadhan and Roland 2008)."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from gmmseg.arrays import FloatArray
from gmmseg.mixture.covariance import FAMILIES
from gmmseg.mixture.params import MixtureParams

GROWTH = 4.0
"""Factor by which the longest step grows when it was right, and shrinks when it was wrong."""
SMALLEST_WEIGHT = 1e-12
"""A mixture with a component next to nothing is left to plain EM: its logarithm would lead every jump."""


class Squarem:
    """Proposes parameters ahead of EM; the caller takes them only where they raise the likelihood.

    Parameters are followed as log weights, means and logarithms of variances or of the diagonals of Cholesky
    factors, so that whatever comes out is a mixture; covariances are raised to the floor.

    Parameters
    ----------
    floor : float
        Smallest eigenvalue allowed.
    """

    def __init__(self, floor: float) -> None:
        self._floor = floor
        self._longest = 1.0
        self._length = 1.0
        self._n_plain = 0

    def ahead(
        self, start: MixtureParams, first: MixtureParams, second: Callable[[], MixtureParams]
    ) -> MixtureParams | None:
        """Return the parameters that two M-steps, from `start` to `first` to `second`, point to.

        None in every other call, so that a plain step follows each jump before the next is measured, and
        where there is nothing to be gained.
        """
        self._n_plain += 1
        if self._n_plain < 2 or min(start.weights.min(), first.weights.min()) < SMALLEST_WEIGHT:
            return None
        after = second()
        if after.weights.min() < SMALLEST_WEIGHT:
            return None
        self._n_plain = 0
        # Lengths in standard deviations: the step must not depend on the features' units.
        unit = float(np.sqrt(np.trace(start.matrices().mean(axis=0)) / start.n_features))
        points = [_packed(params, unit) for params in (start, first, after)]
        step = points[1] - points[0]
        bend = points[2] - points[1] - step
        bend_norm = float(np.linalg.norm(bend))
        if bend_norm == 0:
            return None
        # Their steplength S3; at 1 the jump would end where the second step did.
        wanted = max(1.0, float(np.linalg.norm(step)) / bend_norm)
        self._length = min(wanted, self._longest)
        if wanted >= self._longest:
            self._longest *= GROWTH
        if self._length == 1.0:
            return None
        # Their steplengths are negative: this is x0 - 2 a r + a^2 v with a = -length.
        target = points[0] + 2 * self._length * step + self._length**2 * bend
        return _unpacked(target, after, unit, self._floor)

    def note(self, is_better: bool) -> None:
        """Adapt the longest step to whether the last proposal raised the likelihood."""
        if not is_better:
            self._longest = max(1.0, min(self._longest, self._length) / GROWTH)


def _packed(params: MixtureParams, unit: float) -> FloatArray:
    values = params.covariance.values
    if params.covariance.is_diagonal:
        shape: FloatArray = np.log(values) / 2
    else:
        shape = np.linalg.cholesky(values).astype(np.float64, copy=False) / unit
        diagonal = np.arange(values.shape[-1])
        shape[..., diagonal, diagonal] = np.log(shape[..., diagonal, diagonal])
    return np.concatenate([np.log(params.weights), params.means.ravel() / unit, shape.ravel()])


def _unpacked(vector: FloatArray, like: MixtureParams, unit: float, floor: float) -> MixtureParams | None:
    """Return the mixture of a vector; None where it is beyond what numbers can hold."""
    n_components, n_features = like.means.shape
    logs, means, shape = np.split(vector, [n_components, n_components * (1 + n_features)])
    # A jump leaves the simplex; dividing by the sum brings it back without moving ratios.
    weights = np.exp(logs - logs.max())
    weights /= weights.sum()
    means = means.reshape(like.means.shape) * unit
    shape = shape.reshape(like.covariance.values.shape)
    diagonal = np.arange(n_features)
    family = FAMILIES[like.covariance.kind]
    with np.errstate(over="ignore", invalid="ignore"):
        if like.covariance.is_diagonal:
            values = np.exp(2 * shape)
        else:
            shape[..., diagonal, diagonal] = np.exp(shape[..., diagonal, diagonal])
            values = unit**2 * (shape @ np.swapaxes(shape, -1, -2))
    if not np.isfinite(values).all() or weights.min() < SMALLEST_WEIGHT:
        return None
    try:
        return MixtureParams(weights, means, family.floored(values, floor))
    except np.linalg.LinAlgError:
        return None
