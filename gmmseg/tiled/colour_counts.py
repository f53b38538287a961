"""The first pass over a picture whose colours have codes: how often each of them occurs."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from gmmseg.arrays import AnyArray, FloatArray
from gmmseg.features.distinct import DistinctColours, code_bits, code_blocks, count_codes, unpacked
from gmmseg.features.table import CodeMap
from gmmseg.image import Image
from gmmseg.tiled.tiles import Tile, TiledPicture


@dataclass(frozen=True, slots=True, eq=False)
class ColourCounts:
    """The distinct colours of some pixels.

    Parameters
    ----------
    codes : uint32 array, (N,)
        Increasing.
    counts : uint32 or float64 array, (N,)
        Pixels of each.
    """

    codes: AnyArray
    counts: AnyArray


@dataclass(frozen=True, slots=True)
class CountColours:
    """Counts the colours of a tile."""

    picture: TiledPicture

    @property
    def n_codes(self) -> int | None:
        """Number of codes, None where colours of this kind have none."""
        bits = code_bits(self.picture.dtype, len(self.picture.channels))
        return None if bits is None else 1 << bits

    def __call__(self, tile: Tile) -> ColourCounts:
        """Return the distinct colours of the pixels that hold data."""
        return self.of(self.picture.read(tile.top, tile.left, tile.height, tile.width))

    def of(self, image: Image) -> ColourCounts:
        """Return the distinct colours of a part of the picture."""
        n_codes = self.n_codes
        if n_codes is None:
            raise ValueError("colours of this kind have no codes")
        totals = np.zeros(n_codes + 1, dtype=np.uint32)
        for _, codes in code_blocks(image, n_codes):
            count_codes(codes, totals)
        present = np.flatnonzero(totals[:-1])
        return ColourCounts(present.astype(np.uint32), totals[present])


class ColourTotals:
    """The counts of all tiles: whole numbers, whose sums are exact in any order.

    Parameters
    ----------
    n_codes : int
        Codes lie in 0..n_codes-1.
    """

    def __init__(self, n_codes: int) -> None:
        self._totals = np.zeros(n_codes, dtype=np.int64)

    def add(self, counted: ColourCounts) -> None:
        """Add the colours of a tile."""
        self._totals[counted.codes] += counted.counts

    def total(self) -> ColourCounts:
        """Return the colours of all tiles so far, counts in double precision."""
        codes = np.flatnonzero(self._totals)
        return ColourCounts(codes.astype(np.uint32), self._totals[codes].astype(np.float64))


def distinct_of_codes(counted: ColourCounts, depth: int, n_channels: int) -> DistinctColours:
    """Return counted colours with their channel values; `depth` is a channel's number of bits.

    They are those of a picture that is not there: its map of pixels is empty.
    """
    codes = counted.codes.astype(np.int64)
    counts: FloatArray = counted.counts.astype(np.float64)
    nowhere = CodeMap(np.zeros((0, 0), dtype=np.uint32), codes, 1 << depth * n_channels)
    return DistinctColours(unpacked(codes, depth, n_channels), counts, nowhere)
