"""Kernel: evaluates log(pi_k N(x | mu_k, Sigma_k)) over blocks of rows, and the posteriors that follow.

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

from gmmseg.arrays import BoolArray, FloatArray
from gmmseg.mixture.moments import LOG_2PI, Moments
from gmmseg.mixture.params import MixtureParams

BLOCK_ROWS = 8192
"""Rows of a block of up to eight components: its arrays fit the cache, and the stop flag is asked often."""
WIDE_BLOCK_ROWS = 32768
"""The same where two threads share the rows: handing the interpreter over costs more than the cache gains."""
TWO_THREADS = 65536
"""From so many rows on two threads are worth their cost."""
TWO_THREAD_VALUES = 2**20
"""The same in numbers, rows times features, where these are many."""
SMALLEST_LOG = -700.0
"""Posteriors are not followed below this logarithm: their exponentials would be slow and next to 0."""
NEGLIGIBLE_LOG = -40.0
"""Below this logarithm a posterior vanishes in the rounding of the sums of an E-step; also in `_expect.c`."""


def blocks(n_rows: int, n_components: int) -> Iterator[slice]:
    """Return consecutive slices over the rows; the sizes depend on nothing but the two arguments."""
    widest = WIDE_BLOCK_ROWS if n_rows >= TWO_THREADS else BLOCK_ROWS
    size = max(256, min(widest, 8 * widest // max(n_components, 1)))
    if n_rows >= TWO_THREADS:
        # An even number of equal blocks: both threads are done at the same time.
        n_pairs = -(-n_rows // (2 * size))
        size = -(-n_rows // (2 * n_pairs))
    for start in range(0, n_rows, size):
        yield slice(start, min(start + size, n_rows))


def uses_two_threads(n_rows: int, n_features: int) -> bool:
    """Whether two threads share the blocks; not asked of the cores, so that sums do not depend on them."""
    return n_rows >= TWO_THREADS or n_rows * n_features >= TWO_THREAD_VALUES


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

    def restricted(self, allowed: BoolArray) -> Self:
        """Return a twin for rows that come from the components `allowed` (K,) alone: no other counts."""
        twin = self.twin()
        twin.exclude(~allowed)
        return twin

    @abstractmethod
    def exclude(self, components: BoolArray) -> None:
        """Give some components (K,) the log-density -inf until the next `set_params`."""

    @abstractmethod
    def absorb(self, other: Self) -> None:
        """Add the sums of a twin to this kernel's."""

    @abstractmethod
    def moments(self) -> Moments:
        """Return the sums over all added blocks."""


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
        sum's rounding anyway, and exponentials are what numpy spends its time on.

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
