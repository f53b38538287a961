"""Sums of values by place."""

from __future__ import annotations

import numpy as np

from gmmseg.arrays import FloatArray, IntArray


def bin_sums(places: IntArray, values: FloatArray, n_places: int) -> FloatArray:
    """Return the sums of values (n, …) at each of their places (n,), (n_places, …)."""
    flat = values.reshape(len(values), -1)
    sums = np.empty((n_places, flat.shape[1]))
    for at, column in enumerate(flat.T):
        sums[:, at] = np.bincount(places, column, minlength=n_places)
    return sums.reshape(n_places, *values.shape[1:])
