"""Sums of values by place."""

from __future__ import annotations

import numpy as np

from gmmseg.arrays import FloatArray, IntArray


def bin_sums(places: IntArray, values: FloatArray, n_places: int) -> FloatArray:
    """Return the sums of values (n, …) at each of their places (n,), (n_places, …)."""
    sums = np.empty((n_places, *values.shape[1:]))
    for at in np.ndindex(values.shape[1:]):
        sums[:, *at] = np.bincount(places, values[:, *at], minlength=n_places)
    return sums
