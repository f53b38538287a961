"""The features of a row in which the log-density of a Gaussian is linear: products in pairs, values, 1."""

from __future__ import annotations

from functools import cache

import numpy as np

from gmmseg.arrays import FloatArray, IntArray


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
