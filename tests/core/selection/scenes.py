"""Small images and their scenes for the tests of selecting."""

from __future__ import annotations

from functools import cache

import numpy as np

from gmmseg.arrays import ByteArray
from gmmseg.control import result_of
from gmmseg.image import GREY, RGB, Image, ImageSource
from gmmseg.selection.site import Site, site_events

SHAPE = 48, 64
DISC = 20, 24, 12
"""Row, column and radius of the disc in the picture."""


def disc_rgb() -> ByteArray:
    """Return a picture, (48, 64, 3): an orange disc and a blue square on green, with noise."""
    rng = np.random.default_rng(0)
    rows, columns = np.indices(SHAPE)
    rgb = np.empty((*SHAPE, 3))
    rgb[:] = (60, 140, 70)
    row, column, radius = DISC
    rgb[(rows - row) ** 2 + (columns - column) ** 2 <= radius**2] = (230, 130, 40)
    rgb[30:44, 44:58] = (40, 60, 200)
    rgb += rng.normal(0, 6, rgb.shape)
    return np.clip(rgb, 0, 255).astype(np.uint8)


def image_from(pixels: np.ndarray, mask: np.ndarray | None = None) -> Image:
    """Return an image of one or three channels."""
    volume = pixels if pixels.ndim == 3 else pixels[:, :, None]
    return Image(volume.copy(), GREY if volume.shape[2] == 1 else RGB, ImageSource("test"), mask)


@cache
def disc_site() -> Site:
    """Return the site of the picture with the disc."""
    return result_of(site_events(image_from(disc_rgb())))
