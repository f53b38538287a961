"""The feature rows of a tile, as the whole picture has them there, and their first moments."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace

import numpy as np

from gmmseg.arrays import AnyArray, FloatArray, IntArray
from gmmseg.control import never_stop
from gmmseg.features.build import Standard, Surroundings, feature_table
from gmmseg.features.distinct import code_bits
from gmmseg.features.spec import FeatureSpec
from gmmseg.features.table import FeatureTable
from gmmseg.features.texture import luminance, texture_reach
from gmmseg.image import Image
from gmmseg.tiled.tiles import Tile, TiledPicture


@dataclass(frozen=True, slots=True)
class Light:
    """Brightness of a picture, in stored units: common to the features of its tiles."""

    white: float
    """Full brightness."""
    mean: float
    """Mean luminance of the pixels that hold data."""


def stand_in(picture: TiledPicture, light: Light) -> Image:
    """Return an image of one pixel, of full brightness, with a picture's depth, channels and source."""
    white = np.full((1, 1, len(picture.channels)), light.white).astype(picture.dtype)
    return Image(white, picture.channels, picture.source)


@dataclass(frozen=True, slots=True, eq=False)
class LightSum:
    """Sums over some pixels from which `Light` is made."""

    largest: float
    total: float
    n_pixels: int

    def plus(self, other: LightSum) -> LightSum:
        """Return the sum over the pixels of both."""
        return LightSum(
            max(self.largest, other.largest), self.total + other.total, self.n_pixels + other.n_pixels
        )


@dataclass(frozen=True, slots=True)
class MeasureLight:
    """Sums the luminance of a tile."""

    picture: TiledPicture

    def __call__(self, tile: Tile) -> LightSum:
        """Return largest value, sum of luminance and number of the pixels that hold data."""
        image = self.picture.read(tile.top, tile.left, tile.height, tile.width)
        if image.mask is not None and not image.mask.any():
            return LightSum(-math.inf, 0.0, 0)
        held = slice(None) if image.mask is None else image.mask
        values = luminance(image)[held]
        return LightSum(float(image.pixels[held].max()), float(values.sum()), values.size)


@dataclass(frozen=True, slots=True, eq=False)
class TileRows:
    """Makes the rows of any tile of a picture; small when pickled.

    Parameters
    ----------
    picture : TiledPicture
    spec : FeatureSpec
    light : Light
    standard : Standard, optional
        What features are measured in; None leaves them in feature units.
    """

    picture: TiledPicture
    spec: FeatureSpec
    light: Light
    standard: Standard | None = None

    @property
    def has_codes(self) -> bool:
        """Whether rows are colours, and each colour has a code."""
        bits = code_bits(self.picture.dtype, len(self.picture.channels))
        return self.spec.is_colour_only and bits is not None

    def table(self, tile: Tile) -> FeatureTable | None:
        """Return the rows of a tile, None where none of its pixels holds data."""
        reach = texture_reach(self.spec.texture_scales) if self.spec.has_texture else 0
        height, width = self.picture.shape
        above, left = min(reach, tile.top), min(reach, tile.left)
        below = min(reach, height - tile.top - tile.height)
        right = min(reach, width - tile.left - tile.width)
        image = self.picture.read(
            tile.top - above, tile.left - left, tile.height + above + below, tile.width + left + right
        )
        around = Surroundings(
            self.picture.shape,
            (tile.top, tile.left),
            self.light.white,
            self.light.mean,
            (above, below, left, right),
        )
        if image.mask is not None and not image.mask[around.inner(image)].any():
            return None
        spec = self.spec if self.standard is not None else replace(self.spec, is_standardised=False)
        return feature_table(image, spec, never_stop, self.standard, around)


@dataclass(frozen=True, slots=True, eq=False)
class RowStatistics:
    """Counts, means and scatter of some rows, and a sample of them.

    Parameters
    ----------
    total : float
        Sum of the weights: pixels.
    mean : (D,)
    scatter : (D,)
        Sums of squared deviations from `mean`.
    low, high : (D,)
    sample : (M, D)
    names : tuple of str
    floor : float
        Quantisation variance, 0 where there is none.
    """

    total: float
    mean: FloatArray
    scatter: FloatArray
    low: FloatArray
    high: FloatArray
    sample: FloatArray
    names: tuple[str, ...]
    floor: float

    @property
    def variances(self) -> FloatArray:
        """Of each feature, (D,)."""
        return self.scatter / self.total

    def arrays(self) -> dict[str, AnyArray]:
        """Return them as arrays that a file can hold."""
        return {field.name: np.asarray(getattr(self, field.name)) for field in fields(self)}

    @classmethod
    def of_arrays(cls, arrays: Mapping[str, AnyArray]) -> RowStatistics:
        """Return what `arrays` was made of."""
        plain = dict(arrays)
        names = tuple(str(name) for name in plain.pop("names"))
        total, floor = float(plain.pop("total")), float(plain.pop("floor"))
        return cls(total=total, names=names, floor=floor, **plain)

    def plus(self, other: RowStatistics) -> RowStatistics:
        """Return those of both sets of rows (Chan, Golub & LeVeque 1983)."""
        total = self.total + other.total
        apart = other.mean - self.mean
        return RowStatistics(
            total,
            self.mean + apart * (other.total / total),
            self.scatter + other.scatter + apart**2 * (self.total * other.total / total),
            np.minimum(self.low, other.low),
            np.maximum(self.high, other.high),
            np.concatenate([self.sample, other.sample]),
            self.names,
            self.floor,
        )


@dataclass(frozen=True, slots=True, eq=False)
class MeasureRows:
    """Takes the statistics of a tile's rows, in feature units.

    Parameters
    ----------
    rows : TileRows
    share : float
        Of the pixels that are sampled.
    seed : int
    """

    rows: TileRows
    share: float
    seed: int

    def __call__(self, tile: Tile) -> RowStatistics | None:
        """Return the statistics, None where no pixel of the tile holds data."""
        table = self.rows.table(tile)
        if table is None:
            return None
        total = float(table.weights.sum())
        mean = table.weights @ table.values / total
        return RowStatistics(
            total,
            mean,
            table.weights @ (table.values - mean) ** 2,
            table.values.min(axis=0),
            table.values.max(axis=0),
            table.values[self._chosen(table, tile)],
            table.names,
            # Without quantisation a tile's floor would come from its own variances.
            table.floor if self.rows.picture.dtype.kind in "ui" else 0.0,
        )

    def _chosen(self, table: FeatureTable, tile: Tile) -> IntArray:
        """Return the row of each sampled pixel: pixels are drawn, so that rows come up by their weight."""
        generator = np.random.default_rng([self.seed, tile.index])
        n_pixels = int(table.weights.sum())
        drawn = generator.choice(n_pixels, min(n_pixels, math.ceil(self.share * n_pixels)), replace=False)
        return np.searchsorted(np.cumsum(table.weights), np.sort(drawn), side="right").astype(np.int64)
