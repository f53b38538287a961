"""FeatureTable: the rows that are fitted, and how a value per row becomes a value per pixel."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gmmseg.arrays import AnyArray, BoolArray, FloatArray, IntArray, LabelArray, frozen, looked_up
from gmmseg.features.spec import FeatureSpec


class PixelMap(ABC):
    """From rows back to pixels."""

    shape: tuple[int, int]
    """(H, W)."""

    @abstractmethod
    def spread(self, row_values: AnyArray, empty: float = 0) -> AnyArray:
        """Return an (H, W) array of the dtype of `row_values` (N,), with `empty` where there is no data."""

    @abstractmethod
    def rows_in(self, mask: BoolArray) -> IntArray:
        """Return the row of each pixel of a mask (H, W) that holds data, in reading order."""

    @abstractmethod
    def row_at(self, y: int, x: int) -> int | None:
        """Return the row of a pixel, or None where there is no data."""


class CodeMap(PixelMap):
    """Many pixels to a row: each pixel has a small integer code, each row one code.

    Parameters
    ----------
    codes : uint32 array, (H, W)
        The code of each pixel (a packed colour); `n_codes` marks pixels without data.
    keys : int array, (N,)
        The code of each row, increasing.
    n_codes : int
        Codes lie in 0..n_codes-1.
    """

    def __init__(self, codes: AnyArray, keys: IntArray, n_codes: int) -> None:
        self.codes = frozen(codes)
        self.keys = frozen(keys)
        self.n_codes = n_codes
        self.shape = (int(codes.shape[0]), int(codes.shape[1]))

    def spread(self, row_values: AnyArray, empty: float = 0) -> AnyArray:
        table = np.empty(self.n_codes + 1, dtype=row_values.dtype)
        table[-1] = empty
        table[self.keys] = row_values
        return looked_up(table, self.codes)

    def rows_in(self, mask: BoolArray) -> IntArray:
        codes = self.codes[mask]
        rows: IntArray = np.searchsorted(self.keys, codes[codes != self.n_codes])
        return rows

    def row_at(self, y: int, x: int) -> int | None:
        code = int(self.codes[y, x])
        if code == self.n_codes:
            return None
        return int(np.searchsorted(self.keys, code))


class RowPerPixel(PixelMap):
    """One row for each pixel that holds data, in reading order."""

    def __init__(self, shape: tuple[int, int], mask: BoolArray | None) -> None:
        self.shape = shape
        self.mask = mask

    def spread(self, row_values: AnyArray, empty: float = 0) -> AnyArray:
        if self.mask is None:
            return row_values.reshape(self.shape)
        out = np.full(self.shape, empty, dtype=row_values.dtype)
        out[self.mask] = row_values
        return out

    def rows_in(self, mask: BoolArray) -> IntArray:
        return np.flatnonzero(mask if self.mask is None else mask[self.mask])

    def row_at(self, y: int, x: int) -> int | None:
        if self.mask is None:
            return y * self.shape[1] + x
        if not self.mask[y, x]:
            return None
        return int(np.count_nonzero(self.mask[:y])) + int(np.count_nonzero(self.mask[y, :x]))


class RowOfLabel(PixelMap):
    """The pixels of one label to a row: row k those of label k + 1; 0 marks pixels without data."""

    def __init__(self, labels: LabelArray | NDArray[np.int32]) -> None:
        self.labels = labels
        self.shape = (int(labels.shape[0]), int(labels.shape[1]))

    def spread(self, row_values: AnyArray, empty: float = 0) -> AnyArray:
        table = np.empty(len(row_values) + 1, dtype=row_values.dtype)
        table[0] = empty
        table[1:] = row_values
        return looked_up(table, self.labels)

    def rows_in(self, mask: BoolArray) -> IntArray:
        labels = self.labels[mask]
        return labels[labels > 0].astype(np.int64) - 1

    def row_at(self, y: int, x: int) -> int | None:
        label = int(self.labels[y, x])
        return label - 1 if label else None


@dataclass(frozen=True, slots=True, eq=False, weakref_slot=True)
class FeatureTable:
    """The rows of one image under one `FeatureSpec`, read-only.

    Parameters
    ----------
    values : (N, D)
        ``(feature - centre) / scale``; centre is 0 and scale 1 unless the spec standardises.
    weights : (N,)
        Pixels that share the row.
    pixels : PixelMap
    names : tuple of str
        The D feature names.
    centre, scale : (D,)
        In feature units.
    floor : float
        Default eigenvalue floor for `values`: the quantisation variance, 1/12 of a squared step.
    spec : FeatureSpec
    """

    values: FloatArray
    weights: FloatArray
    pixels: PixelMap
    names: tuple[str, ...]
    centre: FloatArray
    scale: FloatArray
    floor: float
    spec: FeatureSpec

    def __post_init__(self) -> None:
        for array in (self.values, self.weights, self.centre, self.scale):
            frozen(array)

    @property
    def n_rows(self) -> int:
        """Rows that are fitted, N."""
        return int(self.values.shape[0])

    @property
    def n_features(self) -> int:
        """Features, D."""
        return int(self.values.shape[1])

    @property
    def n_pixels(self) -> int:
        """Pixels that hold data."""
        return round(float(self.weights.sum()))
