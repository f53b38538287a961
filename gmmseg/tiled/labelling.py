"""Label maps tile by tile: each is made by whoever has the tile, and handed to a sink that stores it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Protocol

import numpy as np

from gmmseg.arrays import AnyArray, IntArray, LabelArray, label_dtype
from gmmseg.features.build import table_of_colours
from gmmseg.features.distinct import code_blocks
from gmmseg.image import Image
from gmmseg.mixture.density import most_probable
from gmmseg.mixture.params import MixtureParams
from gmmseg.photo.segmentation import label_counts, segment
from gmmseg.tiled.colour_counts import ColourCounts, distinct_of_codes
from gmmseg.tiled.tile_rows import TileRows, stand_in
from gmmseg.tiled.tiles import Tile

_BLOCK_BITS = 12
"""Colours are labelled in blocks of so many bits of their codes, whichever of them occur."""


class LabelSink(Protocol):
    """Stores the labels of tiles; small when pickled."""

    def write(self, tile: Tile, labels: LabelArray) -> None:
        """Store the labels of a tile; a second time replaces the first. Raises `WriteError`."""


@dataclass(frozen=True, slots=True, eq=False)
class LabelTile:
    """Labels a tile by a mixture.

    Parameters
    ----------
    rows : TileRows
    params : MixtureParams
    sink : LabelSink
    """

    rows: TileRows
    params: MixtureParams
    sink: LabelSink

    def __call__(self, tile: Tile) -> IntArray:
        """Store the labels and return the number of pixels of each component, (K,)."""
        labels = self._labels(tile)
        self.sink.write(tile, labels)
        return label_counts(labels, self.params.n_components)

    def _labels(self, tile: Tile) -> LabelArray:
        if self.rows.has_codes:
            image = self.rows.picture.read(tile.top, tile.left, tile.height, tile.width)
            return _labels_of_colours(image, _colour_labels(_Key(self.rows, self.params)))
        table = self.rows.table(tile)
        if table is None:
            empty: AnyArray = np.zeros((tile.height, tile.width), label_dtype(self.params.n_components))
            return empty
        return segment(self.params, table).labels


class _Key:
    """A mixture over a picture's colours as a key of the cache: equal where all that labels depend on is."""

    def __init__(self, rows: TileRows, params: MixtureParams) -> None:
        self.rows, self.params = rows, params
        standard = rows.standard
        scaling = () if standard is None else (standard.centre.tobytes(), standard.scale.tobytes())
        numbers = (params.weights, params.means, params.covariance.values)
        self._parts: tuple[Any, ...] = (
            rows.picture.channels,
            rows.picture.dtype,
            rows.spec,
            params.is_hard,
            params.covariance.kind,
            *(array.tobytes() for array in numbers),
            *scaling,
        )

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Key) and self._parts == other._parts

    def __hash__(self) -> int:
        return hash(self._parts)


class _ColourLabels:
    """The label of each colour, made a block of colours at a time.

    A block holds all colours of its codes, present or not: which other colours a tile has makes no difference
    to the last bit, so that workers agree without being handed a table of 16 million labels.
    """

    def __init__(self, rows: TileRows, params: MixtureParams) -> None:
        self._rows, self._params = rows, params
        self._depth = 8 * rows.picture.dtype.itemsize
        self._n_channels = len(rows.picture.channels)
        self.n_codes = 1 << self._depth * self._n_channels
        self.table = np.zeros(self.n_codes + 1, dtype=label_dtype(params.n_components))
        self._is_made = np.zeros((self.n_codes >> _BLOCK_BITS) + 1, dtype=np.bool_)
        # Of no data.
        self._is_made[-1] = self.n_codes % (1 << _BLOCK_BITS) == 0

    def make(self, codes: AnyArray) -> None:
        """Label the blocks that these codes lie in."""
        missing = codes[~self._is_made[codes >> _BLOCK_BITS]]
        for block in np.unique(missing >> _BLOCK_BITS):
            first = int(block) << _BLOCK_BITS
            some = np.arange(first, min(first + (1 << _BLOCK_BITS), self.n_codes))
            self.table[some] = self._labels_of(some)
            self._is_made[block] = True

    def _labels_of(self, codes: IntArray) -> IntArray:
        rows = self._rows
        counted = ColourCounts(codes.astype(np.uint32), np.ones(len(codes)))
        colours = distinct_of_codes(counted, self._depth, self._n_channels)
        image = stand_in(rows.picture, rows.light)
        table = table_of_colours(colours, image, rows.spec, rows.light.white, rows.standard)
        return most_probable(self._params, table.values) + 1


@lru_cache(maxsize=1)
def _colour_labels(key: _Key) -> _ColourLabels:
    return _ColourLabels(key.rows, key.params)


def _labels_of_colours(image: Image, labels: _ColourLabels) -> LabelArray:
    out: AnyArray = np.empty((image.height, image.width), dtype=labels.table.dtype)
    for rows, codes in code_blocks(image, labels.n_codes):
        labels.make(codes)
        # "clip" skips the bounds check and its copy; every code is within the table.
        np.take(labels.table, codes, out=out[rows], mode="clip")
    return out
