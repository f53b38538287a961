"""From the logarithms of a mixture's terms to posteriors and log-densities."""

from __future__ import annotations

import numpy as np

from gmmseg.arrays import FloatArray

SMALLEST_LOG = -700.0
"""Posteriors are not followed below this logarithm: their exponentials would be slow and next to 0."""
NEGLIGIBLE_LOG = -40.0
"""Below this logarithm a posterior vanishes in the rounding of the sums of an E-step; also in `_expect.c`."""


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
