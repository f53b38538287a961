"""Array aliases, named for what they hold; freezing, and what is done to large ones in blocks."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

AnyArray = NDArray[Any]
FloatArray = NDArray[np.float64]
Float32Array = NDArray[np.float32]
ByteArray = NDArray[np.uint8]
IntArray = NDArray[np.int64]
BoolArray = NDArray[np.bool_]
LabelArray = NDArray[np.uint8] | NDArray[np.uint16]
"""(H, W) label map: 0 is no data, k + 1 is component k; uint8 up to 254 components, else uint16."""

_BLOCK_PIXELS = 1 << 17

_A = TypeVar("_A", bound=np.ndarray[Any, Any])


def frozen(array: _A) -> _A:
    """Return `array` itself, made read-only, so that it can be shared between threads and snapshots."""
    array.flags.writeable = False
    return array


def label_dtype(n_components: int) -> type[np.uint8] | type[np.uint16]:
    """Return the smallest type that holds labels 0..K with 255 left free."""
    return np.uint8 if n_components <= 254 else np.uint16


def row_blocks(shape: tuple[int, ...]) -> Iterator[slice]:
    """Yield slices of whole rows that cover an (H, W, ...) array in blocks small enough for the cache."""
    height, width = shape[:2]
    n_rows = max(1, _BLOCK_PIXELS // max(width, 1))
    for top in range(0, height, n_rows):
        yield slice(top, min(top + n_rows, height))


def looked_up(table: AnyArray, indices: AnyArray) -> AnyArray:
    """Return the entry of a table for each pixel, as ``table[indices]``, in blocks.

    numpy widens indices to eight bytes each; of a block they stay in the cache.

    Parameters
    ----------
    table : (N,) or (N, C)
    indices : integers, (H, W)
        -N..N-1; -1 is the last entry.

    Returns
    -------
    array, (H, W) or (H, W, C)
    """
    out = np.empty((*indices.shape, *table.shape[1:]), dtype=table.dtype)
    for rows in row_blocks(indices.shape):
        # "wrap" leaves out the copy that the check of bounds needs.
        np.take(table, indices[rows], axis=0, out=out[rows], mode="wrap")
    return out
