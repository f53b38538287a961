"""The kernel of one covariance for all components in many features: rows are whitened once, not K times."""

from __future__ import annotations

from copy import copy
from typing import Self

import numpy as np

from gmmseg.arrays import BoolArray, FloatArray
from gmmseg.mixture.kernels import Kernel, log_constants
from gmmseg.mixture.moments import Moments
from gmmseg.mixture.params import MixtureParams


class TiedKernel(Kernel):
    """Products with all means at once; the scatter of all rows is summed at the first iteration only.

    What components share, half the squared whitened distance from the centre, is the same for each of them,
    so that they differ by a linear function of the row. The pooled scatter within components is that of all
    rows less that between components. Both lose digits as `QuadraticKernel` does; see `suits_quadratic`.

    Parameters
    ----------
    columns : (D, N)
        The rows' features, one row a column.
    centre : (D,)
        Subtracted before anything is squared.
    """

    def __init__(self, columns: FloatArray, centre: FloatArray) -> None:
        self._columns = columns
        self._centre = centre
        # Of all added rows about the centre; the rows and their weights stay the same between iterations.
        self._whole: FloatArray | None = None

    def set_params(self, params: MixtureParams) -> None:
        n_components, n_features = params.means.shape
        means = params.means - self._centre
        self._params = params
        self._linear: FloatArray = means @ params.covariance.precisions(n_components, n_features)[0]
        self._constants = log_constants(params) - np.einsum("kd,kd->k", self._linear, means) / 2
        self._counts = np.zeros(n_components)
        self._sums = np.zeros((n_components, n_features))
        self._gathered = np.zeros((n_features, n_features))

    def log_joint(self, rows: slice) -> FloatArray:
        self._held = self._columns[:, rows] - self._centre[:, None]
        white = self._params.covariance.whiten(0, self._held)
        joint: FloatArray = np.dot(self._linear, self._held)
        joint -= np.einsum("db,db->b", white, white) / 2
        joint += self._constants[:, None]
        return joint

    def add(self, rows: slice, weighted: FloatArray) -> None:
        self._counts += weighted.sum(axis=1)
        self._sums += np.dot(weighted, self._held.T)
        if self._whole is None:
            scaled = self._held * np.sqrt(weighted.sum(axis=0))
            self._gathered += np.dot(scaled, scaled.T)

    def twin(self) -> Self:
        twin = copy(self)
        twin.set_params(self._params)
        return twin

    def exclude(self, components: BoolArray) -> None:
        self._constants = np.where(components, -np.inf, self._constants)

    def absorb(self, other: Self) -> None:
        self._counts += other._counts
        self._sums += other._sums
        self._gathered += other._gathered

    def moments(self) -> Moments:
        """Return the sums; each component's scatter is its share of the pooled one, all that is known."""
        if self._whole is None:
            self._whole = self._gathered
        safe = np.where(self._counts > 0, self._counts, 1.0)
        means = self._sums / safe[:, None]
        pooled = self._whole - (means.T * self._counts) @ means
        shares = self._counts / self._counts.sum()
        return Moments(self._counts, means + self._centre, shares[:, None, None] * ((pooled + pooled.T) / 2))
