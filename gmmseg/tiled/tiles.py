"""Tiles of a picture, and what a picture must be able to do to be worked on tile by tile."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from gmmseg.arrays import AnyArray
from gmmseg.image import Image, ImageSource, PixelSize

CHUNK = 1024
"""Side of the pieces that label images are stored in; tiles are multiples of it."""
TILE_PIXELS = 1 << 24
"""Pixels of a tile, about: a task then takes several tenths of a second, much more than handing it over."""


@dataclass(frozen=True, slots=True)
class Tile:
    """A rectangle of a picture, in its pixels, and its number in reading order."""

    index: int
    top: int
    left: int
    height: int
    width: int

    @property
    def n_pixels(self) -> int:
        """Pixels, with data or without."""
        return self.height * self.width

    def grown(self, margin: int, shape: tuple[int, int]) -> Tile:
        """Return the tile with so many pixels around it, as far as a picture (H, W) has them."""
        top, left = max(self.top - margin, 0), max(self.left - margin, 0)
        bottom = min(self.top + self.height + margin, shape[0])
        right = min(self.left + self.width + margin, shape[1])
        return Tile(self.index, top, left, bottom - top, right - left)

    def within(self, field: Tile, values: AnyArray) -> AnyArray:
        """Return the tile's part of an array (h, w) that covers a field around it."""
        top, left = self.top - field.top, self.left - field.left
        return values[top : top + self.height, left : left + self.width]

    def __str__(self) -> str:
        bottom, right = self.top + self.height - 1, self.left + self.width - 1
        return f"rows {self.top:,} to {bottom:,}, columns {self.left:,} to {right:,}"


class TiledPicture(Protocol):
    """A picture of which any rectangle can be read; small when pickled, for it goes to every worker."""

    @property
    def shape(self) -> tuple[int, int]:
        """(H, W)."""

    @property
    def channels(self) -> tuple[str, ...]:
        """The C channel names, as of an `Image`."""

    @property
    def dtype(self) -> np.dtype[Any]:
        """Of the stored values."""

    @property
    def source(self) -> ImageSource:
        """Its origin."""

    @property
    def piece(self) -> tuple[int, int]:
        """Height and width of the pieces that are decoded as a whole."""

    @property
    def fingerprint(self) -> str:
        """A text that changes when the file does."""

    def read(self, top: int, left: int, height: int, width: int) -> Image:
        """Return a rectangle that lies within the picture; raises `ReadError`."""


def own_pixel_size(picture: TiledPicture) -> PixelSize | None:
    """Return width and height of a pixel in micrometres, as its file tells; None where it does not."""
    size: PixelSize | None = getattr(picture, "pixel_size", None)
    return size


def tile_grid(picture: TiledPicture, n_pixels: int | None = None) -> list[Tile]:
    """Return the tiles of a picture in reading order, of `n_pixels` each or `TILE_PIXELS`, about.

    Their sides are multiples of `CHUNK`, so that no two tiles share a chunk of the label image. They are
    square where the picture is stored in tiles, and as wide as it where it is stored in strips: each piece is
    then decoded for one tile only, or for few.
    """
    n_pixels = TILE_PIXELS if n_pixels is None else n_pixels
    height, width = picture.shape
    is_in_strips = picture.piece[1] >= width > CHUNK
    tile_width = width if is_in_strips else math.isqrt(n_pixels)
    tile_width = min(_chunks(tile_width), _chunks(width), 64 * CHUNK)
    tile_height = min(_chunks(max(1, n_pixels // tile_width)), _chunks(height))
    return grid_of(picture.shape, (tile_height, tile_width))


def grid_of(shape: tuple[int, int], tile_shape: tuple[int, int]) -> list[Tile]:
    """Return the tiles of one shape that cover (H, W), cut off at its edges, in reading order."""
    height, width = shape
    corners = [(y, x) for y in range(0, height, tile_shape[0]) for x in range(0, width, tile_shape[1])]
    return [
        Tile(index, y, x, min(tile_shape[0], height - y), min(tile_shape[1], width - x))
        for index, (y, x) in enumerate(corners)
    ]


def _chunks(length: int) -> int:
    """Return a length raised to whole chunks."""
    return -(-length // CHUNK) * CHUNK
