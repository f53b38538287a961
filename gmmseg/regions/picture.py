"""The picture that a region hierarchy is made from: CIELAB at a working size, whatever the image."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from gmmseg.arrays import BoolArray, ByteArray, Float32Array, row_blocks
from gmmseg.control import ShouldStop, never_stop, raise_if_cancelled
from gmmseg.errors import FeatureError
from gmmseg.features.colour import srgb_to_lab
from gmmseg.image import Image
from gmmseg.render import display_rgb

if TYPE_CHECKING:
    from scipy.sparse import csr_array

WORKING_SIDE = 640
"""Pixels of the longest side that is worked at; larger images are reduced to it and refined afterwards."""
REFERENCE_PIXELS = 481 * 321
"""Area of a picture of the reference size, that of BSDS500.

Scales of filters and sizes of regions are given for a picture of so many pixels, in "pixels of the reference
size".
"""
_ROWS_AT_ONCE = 64
_SMALLEST_FACTOR = 0.5
"""Filters shrink with small images only so far: finer ones would see the noise of single pixels."""


@dataclass(frozen=True, slots=True, eq=False)
class Picture:
    """A picture at its working size, h rows of w pixels.

    Parameters
    ----------
    lab : float32 array, (3, h, w)
        CIELAB; pixels without data hold the colour of the nearest one with data.
    held : bool array, (h, w), optional
        True where there is data; None when all pixels hold data.
    """

    lab: Float32Array
    held: BoolArray | None = None

    @property
    def shape(self) -> tuple[int, int]:
        """Height and width in working pixels, (h, w)."""
        return int(self.lab.shape[1]), int(self.lab.shape[2])

    @property
    def area_unit(self) -> float:
        """Area of a working pixel in pixels of the reference size."""
        return REFERENCE_PIXELS / (self.shape[0] * self.shape[1])

    @property
    def filter_factor(self) -> float:
        """Side of a pixel of the reference size in working pixels, for filters: 0.5 or more."""
        return max(math.sqrt(1 / self.area_unit), _SMALLEST_FACTOR)


def working_picture(
    image: Image, working_side: int = WORKING_SIDE, should_stop: ShouldStop = never_stop
) -> Picture:
    """Return an image in CIELAB (see `srgb_to_lab`), reduced where it is larger than the working size.

    Colours are the 8-bit sRGB values shown on the screen, so that regions follow what people see at any bit
    depth. Reducing averages sRGB over the area of each working pixel, of its part with data alone.

    Parameters
    ----------
    image : Image, (H, W)
    working_side : int
        Largest number of pixels of the longer side.
    should_stop : callable
        Asked between blocks of rows.

    Raises
    ------
    FeatureError
        Where no pixel holds data.
    Cancelled
        On the request to cancel.
    """
    if image.mask is not None and not image.mask.any():
        raise FeatureError(
            "No pixel of this image holds data.", "Include transparent pixels or open another."
        )
    raise_if_cancelled(should_stop)
    rgb = display_rgb(image)
    shrink = min(1.0, working_side / max(image.height, image.width))
    if shrink < 1:
        shape = (max(1, round(image.height * shrink)), max(1, round(image.width * shrink)))
        unit, held = _reduced(rgb, image.mask, shape, should_stop)
    else:
        unit = np.moveaxis(rgb, 2, 0).astype(np.float32) / np.float32(255)
        held = image.mask
    if held is not None:
        unit = _filled(unit, held)
    return Picture(_lab(unit, should_stop), held)


def _lab(unit: Float32Array, should_stop: ShouldStop) -> Float32Array:
    lab = np.empty_like(unit)
    for rows in row_blocks(unit.shape[1:]):
        raise_if_cancelled(should_stop)
        block = unit[:, rows]
        lab[:, rows] = srgb_to_lab(block.reshape(3, -1).astype(np.float64)).reshape(block.shape)
    return lab


def _reduced(
    rgb: ByteArray,
    mask: BoolArray | None,
    shape: tuple[int, int],
    should_stop: ShouldStop,
) -> tuple[Float32Array, BoolArray | None]:
    """Return sRGB 0..1 averaged over the data below each working pixel, and where there are any."""
    down, across = _averaging(rgb.shape[0], shape[0]), _averaging(rgb.shape[1], shape[1])
    planes = np.empty((4, *shape), dtype=np.float32)
    for top in range(0, shape[0], _ROWS_AT_ONCE):
        rows = slice(top, top + _ROWS_AT_ONCE)
        above = down[rows]
        span = slice(int(above.indices.min()), int(above.indices.max()) + 1)
        above = above[:, span]
        held = np.ones((1, 1), np.bool_) if mask is None else mask[span]
        for at in range(3 if mask is None else 4):
            raise_if_cancelled(should_stop)
            # The last plane is the share of data below each pixel.
            values = held if at == 3 else rgb[span, :, at] * held
            plane: Float32Array = values.astype(np.float32)
            reduced: Float32Array = (across @ (above @ plane).T).T
            planes[at, rows] = reduced
    unit = planes[:3] / np.float32(255)
    if mask is None:
        return unit, None
    return unit / np.maximum(planes[3], np.float32(1e-6)), planes[3] > 0


def _averaging(n_in: int, n_out: int) -> csr_array[np.float32]:
    """Return the (n_out, n_in) sparse matrix of means over equal stretches, shared pixels by their part."""
    from scipy.sparse import csr_array

    edges = np.linspace(0, n_in, n_out + 1)
    first = np.floor(edges[:-1]).astype(np.int64)
    last = np.minimum(np.ceil(edges[1:]).astype(np.int64), n_in)
    counts = last - first
    rows = np.repeat(np.arange(n_out), counts)
    columns = np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts) + first[rows]
    parts = np.minimum(columns + 1, edges[rows + 1]) - np.maximum(columns, edges[rows])
    weights = (parts * (n_out / n_in)).astype(np.float32)
    return csr_array((weights, (rows, columns)), shape=(n_out, n_in))


def _filled(unit: Float32Array, held: BoolArray) -> Float32Array:
    """Return the planes with each pixel without data in the colour of the nearest one with data."""
    from scipy.ndimage import distance_transform_edt

    nearest = distance_transform_edt(~held, return_distances=False, return_indices=True)
    filled: Float32Array = unit[:, nearest[0], nearest[1]]
    return filled
