"""Position features: where a pixel is, in the units of the colour space."""

from __future__ import annotations

import numpy as np

from gmmseg.arrays import FloatArray
from gmmseg.features.table import RowPerPixel

NAMES = ("x", "y")


def position_unit(shape: tuple[int, int], extent: float, weight: float) -> float:
    """Return the length of a pixel's side: the longer image side is `weight` times `extent`."""
    return weight * extent / max(shape)


def position_columns(pixels: RowPerPixel, unit: float, corner: tuple[int, int] = (0, 0)) -> FloatArray:
    """Return x and y of the centre of each pixel that holds data, (2, N), in multiples of `unit`.

    `corner` is the row and the column of the first pixel.
    """
    height, width = pixels.shape
    top, left = corner
    x = np.broadcast_to((np.arange(left, left + width) + 0.5) * unit, (height, width))
    y = np.broadcast_to(((np.arange(top, top + height) + 0.5) * unit)[:, None], (height, width))
    if pixels.mask is None:
        return np.stack([x.reshape(-1), y.reshape(-1)])
    return np.stack([x[pixels.mask], y[pixels.mask]])
