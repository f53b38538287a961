"""The kernel of few features, or of squares alone, on features in which log-densities are linear."""

from __future__ import annotations

from copy import copy
from functools import cache
from typing import Self

import numpy as np

from gmmseg.arrays import BoolArray, FloatArray, IntArray
from gmmseg.mixture import compiled
from gmmseg.mixture.kernels import Kernel, log_constants
from gmmseg.mixture.moments import Moments
from gmmseg.mixture.params import MixtureParams

MAX_COMPILED = 5000
"""Components times quadratic features up to which one compiled pass beats the larger tiles of BLAS (measured
for 1 to 120 features, K = 2 to 60: 2 to 5 times as fast at the lower end, equal here)."""
CACHE_BYTES = 192 * 2**20
"""Quadratic features are kept between iterations up to this size, else made again for each block."""


def n_quadratic(n_features: int, is_diagonal: bool) -> int:
    """Return the number of quadratic features, F; see `quadratic_features`."""
    return 2 * n_features + 1 if is_diagonal else (n_features + 1) * (n_features + 2) // 2


@cache
def pairs(n_features: int) -> tuple[IntArray, IntArray]:
    """Return the pairs i <= j in the order of the quadratic features."""
    i, j = np.triu_indices(n_features)
    return i, j


def quadratic_features(columns: FloatArray, is_diagonal: bool) -> FloatArray:
    """Return (x_i x_j for i <= j, x_i, 1) of each column of `columns` (D, B), as (F, B).

    For diagonal families only the squares: F = 2 D + 1 instead of D (D + 1) / 2 + D + 1.
    """
    n_features, n_rows = columns.shape
    features = np.empty((n_quadratic(n_features, is_diagonal), n_rows))
    at = 0
    for i in range(n_features):
        width = 1 if is_diagonal else n_features - i
        np.multiply(columns[i], columns[i : i + width], out=features[at : at + width])
        at += width
    features[at : at + n_features] = columns
    features[-1] = 1.0
    return features


class QuadraticKernel(Kernel):
    """One matrix product for the E-step, one for the sums; or both in one compiled pass, see `compiled`.

    Parameters
    ----------
    columns : (D, N)
        The rows' features, one row a column.
    centre : (D,)
        Subtracted before squaring.
    is_diagonal : bool
        Whether the covariance family needs squares only.
    features : (F, N) array, optional
        Quadratic features of centred rows, made before: averages over cells, for instance.
    keeps_features : bool
        Keep the features of each block for the next iteration, as far as `CACHE_BYTES` allow.
    """

    def __init__(
        self,
        columns: FloatArray,
        centre: FloatArray,
        is_diagonal: bool,
        features: FloatArray | None = None,
        keeps_features: bool = True,
    ) -> None:
        self._columns = columns
        self._centre = centre
        self._is_diagonal = is_diagonal
        self._features = features
        n_features, n_rows = columns.shape
        n_bytes = 8 * n_quadratic(n_features, is_diagonal) * n_rows
        self._keeps = keeps_features and n_bytes <= CACHE_BYTES
        # Block by block and contiguous: lines of a whole (F, N) array lie a power of two apart for many
        # picture sizes, and then evict one another from the cache.
        self._kept: dict[tuple[int, int], FloatArray] = {}
        self._buffer = np.empty((0, 0))
        self._step: compiled.Step | None = None

    def _block(self, rows: slice) -> FloatArray:
        block = self._kept.get((rows.start, rows.stop))
        if block is not None:
            return block
        if self._features is not None:
            block = np.ascontiguousarray(self._features[:, rows])
        else:
            block = quadratic_features(self._columns[:, rows] - self._centre[:, None], self._is_diagonal)
        if self._keeps:
            self._kept[rows.start, rows.stop] = block
        return block

    def set_params(self, params: MixtureParams) -> None:
        n_components, n_features = params.means.shape
        means = params.means - self._centre
        precisions = params.covariance.precisions(n_components, n_features)
        if self._is_diagonal:
            linear = precisions * means
            quadratic = -precisions / 2
        else:
            linear = np.einsum("kde,ke->kd", precisions, means)
            i, j = pairs(n_features)
            # Off the diagonal a pair stands for both of its orders.
            quadratic = precisions[:, i, j] * np.where(i == j, -0.5, -1.0)
        constants = log_constants(params) - np.einsum("kd,kd->k", linear, means) / 2
        self._coefficients = np.concatenate([quadratic, linear, constants[:, None]], axis=1)
        self._n_features = n_features
        self._start()

    def _start(self) -> None:
        """Forget the sums and make ready for new ones, in memory of one's own."""
        self._sums = np.zeros_like(self._coefficients)
        self._step = None
        is_small = self._coefficients.size <= MAX_COMPILED
        if compiled.is_available() and is_small and compiled.suits(self._coefficients):
            is_made = self._features is not None
            self._step = compiled.Step(self._coefficients, self._centre, self._is_diagonal, is_made)

    def log_joint(self, rows: slice) -> FloatArray:
        shape = len(self._coefficients), rows.stop - rows.start
        if self._buffer.shape != shape:
            self._buffer = np.empty(shape)
        self._held = self._block(rows)
        finite = np.isfinite(self._coefficients[:, -1])
        if finite.all():
            np.dot(self._coefficients, self._held, out=self._buffer)
            return self._buffer
        # A weight of 0 has the constant -inf, which a matrix product may turn into nan.
        joint: FloatArray = np.dot(np.where(finite[:, None], self._coefficients, 0.0), self._held)
        joint[~finite] = -np.inf
        return joint

    def add(self, rows: slice, weighted: FloatArray) -> None:
        self._sums += np.dot(weighted, self._held.T)

    def expect(self, rows: slice, weights: FloatArray, is_hard: bool) -> float:
        if is_hard or self._step is None:
            return super().expect(rows, weights, is_hard)
        lines = self._columns if self._features is None else self._features
        return self._step.expect(lines[:, rows], weights, self._sums)

    def twin(self) -> Self:
        twin = copy(self)
        twin._buffer = np.empty((0, 0))
        twin._start()
        return twin

    def exclude(self, components: BoolArray) -> None:
        self._coefficients = self._coefficients.copy()
        self._coefficients[components, -1] = -np.inf
        self._start()

    def absorb(self, other: Self) -> None:
        self._sums += other._sums

    def moments(self) -> Moments:
        n_features = self._n_features
        counts = self._sums[:, -1].copy()
        safe = np.where(counts > 0, counts, 1.0)
        means = self._sums[:, -1 - n_features : -1] / safe[:, None]
        # Sums about the centre of the rows: what is subtracted below is small, and little cancels.
        squares = self._sums[:, : -1 - n_features]
        if self._is_diagonal:
            scatter = np.maximum(squares - counts[:, None] * means**2, 0.0)
        else:
            scatter = np.empty((len(counts), n_features, n_features))
            i, j = pairs(n_features)
            scatter[:, i, j] = squares - counts[:, None] * means[:, i] * means[:, j]
            scatter[:, j, i] = scatter[:, i, j]
        return Moments(counts, means + self._centre, scatter)
