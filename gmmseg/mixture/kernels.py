"""What evaluators of log(pi_k N(x | mu_k, Sigma_k)) over blocks of rows have in common, and which to take.

`QuadraticKernel` writes the log-density as one linear function of the quadratic features of a row, so that a
whole E-step is a matrix product and the sums of the M-step are another. It loses digits in proportion to the
squared extent of the data over the smallest eigenvalue; `CentredKernel` does not: it whitens deviations from
each mean, which in many features is also less work. `TiedKernel` whitens once for all components.

Rows lie along the last axis throughout: every elementwise operation then runs along long contiguous lines.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from typing import Self

import numpy as np

from gmmseg.arrays import FloatArray
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
