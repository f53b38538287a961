"""Two ways to evaluate log(pi_k N(x | mu_k, Sigma_k)) over blocks of rows: a fast one and an accurate one.

`QuadraticKernel` writes the log-density as one linear function of the quadratic features of a row, so that a
whole E-step is a matrix product and the sums of the M-step are another. It loses digits in proportion to the
squared extent of the data over the smallest eigenvalue; `CentredKernel` does not: it whitens deviations from
each mean, which in many features is also less work. `suits_quadratic` says which to take.

Rows lie along the last axis throughout: every elementwise operation then runs along long contiguous lines.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from copy import copy
from functools import cache
from typing import Self

import numpy as np

from gmmseg.arrays import FloatArray, IntArray
from gmmseg.mixture import compiled
from gmmseg.mixture.moments import LOG_2PI, Moments
from gmmseg.mixture.params import MixtureParams
from gmmseg.mixture.posteriors import NEGLIGIBLE_LOG, exponentiate, sum_of_logs

BLOCK_ROWS = 8192
"""Rows of a block of up to eight components: its arrays fit the cache, and the stop flag is asked often."""
WIDE_BLOCK_ROWS = 32768
"""The same where two threads share the rows: handing the interpreter over costs more than the cache gains."""
TWO_LANES = 65536
"""From so many rows on two threads are worth their cost."""
TWO_LANE_VALUES = 2**20
"""The same in numbers, rows times features, where these are many."""
MAX_LOST = 4e6
"""Squared extent over smallest eigenvalue up to which the quadratic expansion is used: it costs about as
many digits of a squared distance. Pixels of 8 bits, at the floor of 1/12, reach 2.4e6 at most."""
MAX_QUADRATIC_FEATURES = 20
"""In more features their products in pairs cost more than whitening does (measured on digits, K = 5 to 40);
squares alone never do, and what all components share needs no pairs."""
MAX_COMPILED = 5000
"""Components times quadratic features up to which one compiled pass beats the larger tiles of BLAS (measured
for 1 to 120 features, K = 2 to 60: 2 to 5 times as fast at the lower end, equal here)."""
CACHE_BYTES = 192 * 2**20
"""Quadratic features are kept between iterations up to this size, else made again for each block."""


def blocks(n_rows: int, n_components: int) -> Iterator[slice]:
    """Return consecutive slices over the rows; the sizes depend on nothing but the two arguments."""
    widest = WIDE_BLOCK_ROWS if n_rows >= TWO_LANES else BLOCK_ROWS
    size = max(256, min(widest, 8 * widest // max(n_components, 1)))
    if n_rows >= TWO_LANES:
        # An even number of equal blocks: both threads are done at the same time.
        n_pairs = -(-n_rows // (2 * size))
        size = -(-n_rows // (2 * n_pairs))
    for start in range(0, n_rows, size):
        yield slice(start, min(start + size, n_rows))


def uses_two_lanes(n_rows: int, n_features: int) -> bool:
    """Whether two threads share the blocks; not asked of the cores, so that sums do not depend on them."""
    return n_rows >= TWO_LANES or n_rows * n_features >= TWO_LANE_VALUES


def log_constants(params: MixtureParams) -> FloatArray:
    """Return log pi_k - (D log 2 pi + log |Sigma_k|) / 2, (K,); -inf for weight 0. Hard: the same for all."""
    n_components, n_features = params.means.shape
    log_det = params.covariance.log_determinants(n_components, n_features)
    with np.errstate(divide="ignore"):
        log_weights = -np.log(n_components) if params.is_hard else np.log(params.weights)
    constants: FloatArray = log_weights - (n_features * LOG_2PI + log_det) / 2
    return constants


class Kernel(ABC):
    """Evaluates one block of rows at a time and sums what the M-step needs."""

    @abstractmethod
    def set_params(self, params: MixtureParams) -> None:
        """Prepare for evaluating `params`; forgets the sums."""

    @abstractmethod
    def log_joint(self, rows: slice) -> FloatArray:
        """Return log(pi_k N(x | k)) for a block, (K, B), in an array that the next call overwrites."""

    @abstractmethod
    def add(self, rows: slice, weighted: FloatArray) -> None:
        """Add a block to the sums; `weighted` (K, B) holds responsibility times row weight.

        The block must be the one that `log_joint` evaluated last.
        """

    def expect(self, rows: slice, weights: FloatArray, is_hard: bool) -> float:
        """Evaluate a block, add it to the sums and return its log-likelihood in nats.

        The E-step of one block (S2 eq. 40); `weights` (B,) are those of its rows.
        """
        joint = self.log_joint(rows)
        peak, total = exponentiate(joint, is_hard, NEGLIGIBLE_LOG)
        is_unweighted = bool((weights == 1).all())
        logs = sum_of_logs(total) if is_unweighted else float(np.dot(weights, np.log(total)))
        joint *= weights / total
        self.add(rows, joint)
        return float(np.dot(weights, peak)) + logs

    @abstractmethod
    def twin(self) -> Self:
        """Return a kernel over the same rows and parameters with sums of its own, for another thread."""

    @abstractmethod
    def absorb(self, other: Self) -> None:
        """Add the sums of a twin to this kernel's."""

    @abstractmethod
    def moments(self) -> Moments:
        """Return the sums over all added blocks."""


def quadratic_features(columns: FloatArray, is_diagonal: bool, out: FloatArray | None = None) -> FloatArray:
    """Return (x_i x_j for i <= j, x_i, 1) of each column of `columns` (D, B), as (F, B).

    For diagonal families only the squares: F = 2 D + 1 instead of D (D + 1) / 2 + D + 1.
    """
    n_features, n_rows = columns.shape
    n_squares = n_features if is_diagonal else n_features * (n_features + 1) // 2
    features = np.empty((n_squares + n_features + 1, n_rows)) if out is None else out
    at = 0
    for i in range(n_features):
        width = 1 if is_diagonal else n_features - i
        np.multiply(columns[i], columns[i : i + width], out=features[at : at + width])
        at += width
    features[at : at + n_features] = columns
    features[-1] = 1.0
    return features


@cache
def _pairs(n_features: int) -> tuple[IntArray, IntArray]:
    """Return the pairs i <= j in the order of the quadratic features."""
    i, j = np.triu_indices(n_features)
    return i, j


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
        n_quadratic = 2 * n_features + 1 if is_diagonal else (n_features + 1) * (n_features + 2) // 2
        self._keeps = keeps_features and 8 * n_quadratic * n_rows <= CACHE_BYTES
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
            i, j = _pairs(n_features)
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

    def absorb(self, other: Self) -> None:
        self._sums += other._sums

    def moments(self) -> Moments:
        n_features = self._n_features
        counts = self._sums[:, -1].copy()
        safe = np.where(counts > 0, counts, 1.0)
        means = self._sums[:, -1 - n_features : -1] / safe[:, None]
        squares = self._sums[:, : -1 - n_features]
        if self._is_diagonal:
            scatter = np.maximum(squares - counts[:, None] * means**2, 0.0)
        else:
            scatter = np.empty((len(counts), n_features, n_features))
            i, j = _pairs(n_features)
            scatter[:, i, j] = squares - counts[:, None] * means[:, i] * means[:, j]
            scatter[:, j, i] = scatter[:, i, j]
        return Moments(counts, means + self._centre, scatter)


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
