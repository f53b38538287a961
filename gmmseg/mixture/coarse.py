"""A coarse version of many rows, on which EM's first iterations are nearly free."""

from __future__ import annotations

import numpy as np

from gmmseg.arrays import FloatArray, IntArray
from gmmseg.mixture.expectation import Rows
from gmmseg.mixture.partial_labels import Restriction
from gmmseg.mixture.quadratic_kernel import n_quadratic, quadratic_features

MIN_ROWS = 4096
SAMPLE_ROWS = 16384
ROWS_PER_MOMENT = 4
"""A sample has so many rows for each component and feature at least: covariances need them."""
_ROWS_AT_ONCE = 1 << 20
"""Rows that are summed up by cell in one call, which holds the interpreter's lock to its end."""
# Bits a feature is cut into, by the number of features: at most 2^20 cells.
_BITS = {1: 10, 2: 8, 3: 5, 4: 4, 5: 4, 6: 3}


def coarse_rows(
    exact: Rows, centre: FloatArray, is_diagonal: bool, n_components: int, seed: int
) -> Rows | None:
    """Return cells of the feature space with exact sums, or a sample of the rows where cells would not help.

    A cell keeps its total weight and the exact averages of the quadratic features of its rows, so that an
    M-step over cells uses exact first and second moments; only the responsibilities are shared within a
    cell. Returns None where there are too few rows to be worth it.
    """
    if exact.n_rows < MIN_ROWS:
        return None
    cells = _cells(exact, centre, is_diagonal)
    if cells is not None and cells.n_rows * 3 <= exact.n_rows:
        return cells
    size = max(SAMPLE_ROWS, ROWS_PER_MOMENT * n_components * (exact.columns.shape[0] + 1))
    if exact.n_rows <= 2 * size or exact.restrictions:
        return None
    return _sample(exact, centre, is_diagonal, size, seed)


def _cells(exact: Rows, centre: FloatArray, is_diagonal: bool) -> Rows | None:
    n_features = len(exact.columns)
    bits = _BITS.get(n_features)
    if bits is None:
        return None
    codes = _cell_codes(exact.columns, bits)
    # Rows of different restrictions share no cell.
    found = [
        (_cells_of(exact, span, codes[span], centre, is_diagonal), restriction)
        for span, restriction in exact.spans()
    ]
    weights = np.concatenate([own for (own, _), _ in found])
    averages = np.concatenate([own for (_, own), _ in found], axis=1)
    restrictions, start = [], 0
    for (own, _), restriction in found:
        if restriction is not None:
            restrictions.append(Restriction(slice(start, start + len(own)), restriction.allowed))
        start += len(own)
    means = averages[-1 - n_features : -1] + centre[:, None]
    return Rows(
        means, weights, centre, is_diagonal, exact.squared_extent, averages, restrictions=restrictions
    )


def _cells_of(
    exact: Rows, span: slice, codes: IntArray, centre: FloatArray, is_diagonal: bool
) -> tuple[FloatArray, FloatArray]:
    """Return the weights (M,) and the averages of the quadratic features (F, M) of the cells of some rows.

    Parameters
    ----------
    exact : Rows
    span : slice
        Which of them.
    codes : (B,)
        The cell of each of these, from 0.
    """
    columns, row_weights = exact.columns[:, span], exact.weights[span]
    parts = [slice(start, start + _ROWS_AT_ONCE) for start in range(0, len(codes), _ROWS_AT_ONCE)]
    totals = np.zeros(int(codes.max()) + 1)
    for part in parts:
        totals += np.bincount(codes[part], weights=row_weights[part], minlength=len(totals))
    occupied = np.flatnonzero(totals)
    weights = totals[occupied]
    compact = np.zeros(len(totals), dtype=np.int64)
    compact[occupied] = np.arange(len(occupied))
    codes = compact[codes]
    sums = np.zeros((n_quadratic(len(columns), is_diagonal), len(occupied)))
    for part in parts:
        features = quadratic_features(columns[:, part] - centre[:, None], is_diagonal)
        features *= row_weights[part]
        for at in range(len(sums)):
            sums[at] += np.bincount(codes[part], weights=features[at], minlength=len(occupied))
    averages = sums / weights
    # Exactly: a quotient of equal sums need not round to it.
    averages[-1] = 1.0
    return weights, averages


def _cell_codes(columns: FloatArray, bits: int) -> IntArray:
    codes = np.zeros(columns.shape[1], dtype=np.int64)
    top = (1 << bits) - 1
    for feature in columns:
        low, high = float(feature.min()), float(feature.max())
        step = (high - low) / (1 << bits)
        codes <<= bits
        if step > 0:
            codes += np.minimum((feature - low) / step, top).astype(np.int64)
    return codes


def _sample(exact: Rows, centre: FloatArray, is_diagonal: bool, size: int, seed: int) -> Rows:
    generator = np.random.default_rng([seed, 0x5A])
    edges = np.cumsum(exact.weights)
    # One draw in each of equal shares of the weight: small groups are not missed by chance.
    draws = (np.arange(size) + generator.random(size)) * (edges[-1] / size)
    rows, counts = np.unique(np.searchsorted(edges, draws, side="right"), return_counts=True)
    # The last draw may round up to the total.
    rows = np.minimum(rows, exact.n_rows - 1)
    weights = counts * (exact.total / counts.sum())
    return Rows(exact.columns[:, rows], weights, centre, is_diagonal, exact.squared_extent)
