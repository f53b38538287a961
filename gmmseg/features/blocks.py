"""Blocks: a table in which square blocks of pixels share a row, for quick previews of large images."""

from __future__ import annotations

import math
from dataclasses import replace
from weakref import WeakKeyDictionary

import numpy as np

from gmmseg.features.table import FeatureTable, RowOfLabel

MANY_ROWS = 1 << 20
"""Up to so many rows, those of distinct colours mostly, all are labelled within half a second."""
N_BLOCKS = 250_000
"""About as many blocks as there are at most."""

_known: WeakKeyDictionary[FeatureTable, FeatureTable] = WeakKeyDictionary()


def block_table(table: FeatureTable) -> FeatureTable:
    """Return the table itself or, of `MANY_ROWS`, one with a row for each block of pixels.

    The row of a block is that of the pixel in its middle; where that holds no data, the block has none. The
    table of blocks is kept as long as the other one is.
    """
    if table.n_rows <= MANY_ROWS:
        return table
    if table not in _known:
        height, width = table.pixels.shape
        _known[table] = _of_blocks(table, math.ceil(math.sqrt(height * width / N_BLOCKS)))
    return _known[table]


def _of_blocks(table: FeatureTable, side: int) -> FeatureTable:
    row_of = table.pixels.spread(np.arange(table.n_rows, dtype=np.int32), empty=-1)
    middles = [np.minimum(np.arange(0, length, side) + side // 2, length - 1) for length in row_of.shape]
    rows = row_of[np.ix_(*middles)]
    has_row = rows >= 0
    numbers = np.where(has_row, np.cumsum(has_row).reshape(rows.shape), 0).astype(np.int32)
    down, across = (np.arange(length) // side for length in row_of.shape)
    labels = numbers[down][:, across]
    labels[row_of < 0] = 0
    weights = np.bincount(labels.reshape(-1), minlength=int(has_row.sum()) + 1)[1:].astype(np.float64)
    return replace(table, values=table.values[rows[has_row]], weights=weights, pixels=RowOfLabel(labels))
