"""The spatial prior of a picture beyond memory, for its tiles: the contrast that they have in common."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from gmmseg.control import ShouldStop
from gmmseg.features.table import FeatureTable
from gmmseg.image import Image
from gmmseg.photo.grid import (
    REACH,
    Contrast,
    PairSum,
    contrast_of_sums,
    pair_sums,
    pixel_grid,
    sampled_rows,
    value_range,
)
from gmmseg.photo.segmentation import Segmentation
from gmmseg.photo.smoothing import smooth
from gmmseg.tiled.pass_store import Arrays
from gmmseg.tiled.passes import Passes
from gmmseg.tiled.tiles import Tile, TiledPicture, tile_grid


@dataclass(frozen=True, slots=True)
class Prior:
    """The spatial prior of a picture, for any part of it.

    Parameters
    ----------
    strength : float
        As for `smooth`.
    contrast : Contrast
        Of the picture.
    """

    strength: float
    contrast: Contrast

    def __call__(self, image: Image, table: FeatureTable, alone: Segmentation) -> Segmentation:
        """Return the maps of a part; further than `SMOOTH_REACH` from its border, those of the picture."""
        return smooth(alone, table, pixel_grid(image, contrast=self.contrast), self.strength)


@dataclass(frozen=True, slots=True)
class MeasureRange:
    """Takes the smallest and the largest value of a tile."""

    picture: TiledPicture

    def __call__(self, tile: Tile) -> tuple[float, float] | None:
        """Return both, None where no pixel holds data."""
        return value_range(self.picture.read(tile.top, tile.left, tile.height, tile.width))


@dataclass(frozen=True, slots=True)
class MeasureContrast:
    """Sums the contrasts of whole rows of a picture."""

    picture: TiledPicture
    low: float
    high: float

    def __call__(self, tile: Tile) -> list[PairSum]:
        """Return the sum of each direction over a tile as wide as the picture."""
        height, width = self.picture.shape
        top, bottom = max(tile.top - REACH, 0), min(tile.top + tile.height + 1 + REACH, height)
        image = self.picture.read(top, 0, bottom - top, width)
        first = tile.top - top
        return pair_sums(image, slice(first, first + tile.height), self.low, self.high)


def prior_of(picture: TiledPicture, strength: float, passes: Passes, should_stop: ShouldStop) -> Prior:
    """Return the spatial prior of a picture, with the contrast that it has in memory to the last bit.

    That is taken over some of its rows, and needs the range of all values where the depth does not say it.

    Raises
    ------
    FeatureError
        No pixel holds data.
    ReadError, ClusterError, Cancelled
    """
    height, width = picture.shape

    def measured() -> Arrays:
        low, high = 0.0, 0.0
        if not (picture.dtype.kind == "u" and picture.dtype.itemsize <= 2):
            title = "Measuring the range of values"
            low, high = passes.summed(title, MeasureRange(picture), tile_grid(picture), _wider, should_stop)
        rows = [
            Tile(index, part.start, 0, part.stop - part.start, width)
            for index, part in enumerate(sampled_rows((height, width)))
        ]
        task, sums = MeasureContrast(picture, low, high), list[PairSum]()
        for _, found in passes.each("Measuring the contrast", task, rows, should_stop):
            sums += found
        contrast = contrast_of_sums(sums, low, high)
        return {"contrast": np.array([contrast.low, contrast.high, contrast.falloff])}

    kept = passes.store.kept("contrast", measured)["contrast"]
    return Prior(strength, Contrast(*map(float, kept)))


def _wider(one: tuple[float, float], other: tuple[float, float]) -> tuple[float, float]:
    return min(one[0], other[0]), max(one[1], other[1])
