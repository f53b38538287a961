"""A picture beyond memory with its levels: which of them is sharp enough for a view, and their tiles."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

from gmmseg.image import Image, ImageSource, PixelGrid, PixelSize
from gmmseg.limits import check_pixels
from gmmseg.photo.field import Field, field_at
from gmmseg.tiled.pass_store import PassStore
from gmmseg.tiled.tiles import Tile, TiledPicture

OVERVIEW_PIXELS = 1 << 22
"""Of the coarsest level at most: it is in memory, and worked on as any photo is."""
_VIEW_SIDE = 512
"""Of the tiles that a view is put together from, about: one is there in some milliseconds."""
_LARGEST_PIECE = 1024

Place = tuple[int, int, int]
"""A tile of a view: its level, counted from the finest, and its row and column among the tiles of that."""
Box = tuple[float, float, float, float]
"""Left, top, right and bottom, in pixels of the overview."""


@dataclass(frozen=True, slots=True, eq=False, weakref_slot=True)
class Pyramid:
    """The levels of a picture; see `Levels`.

    Parameters
    ----------
    levels : tuple of TiledPicture
        Finest first: the picture itself or, where no part of its file can be had quickly, a copy of it. The
        last one is the overview.
    steps : tuple of int
        Pixels of the picture along one of each level, each a multiple of the one before.
    picture : TiledPicture
        As its file holds it: what is fitted and labelled.
    store : PassStore
        Keeps what passes over the picture find.
    pixel_size : (float, float), optional
        Width and height of a pixel of the picture in micrometres, where its file tells.
    """

    levels: tuple[TiledPicture, ...]
    steps: tuple[int, ...]
    picture: TiledPicture
    store: PassStore
    pixel_size: PixelSize | None = None

    @property
    def shape(self) -> tuple[int, int]:
        """(H, W) of the picture."""
        return self.picture.shape

    def overview(self) -> Image:
        """Return the coarsest level, of which all pixels are read; raises `ReadError`."""
        coarsest = self.levels[-1]
        image = coarsest.read(0, 0, *coarsest.shape)
        size = self._pixel_size(self.steps[-1])
        return replace(image, source=self.picture.source, pixel_size=size, levels=self)

    def part(self, box: Box, zoom: float) -> Image:
        """Return what a box shows at a zoom as an image by itself, of the pixels of the level that is seen.

        Parameters
        ----------
        box : Box
            Of which the part on the picture counts; it is not wholly beside it.
        zoom : float
            As for `level_for`.

        Raises
        ------
        ReadError
        BudgetError
            It would be larger than memory.
        """
        level = self.level_for(zoom)
        scale, step, (height, width) = self.scale(level), self.steps[level], self.levels[level].shape
        left, top = (max(0, math.floor(side / scale)) for side in box[:2])
        right, bottom = min(width, math.ceil(box[2] / scale)), min(height, math.ceil(box[3] / scale))
        channels, dtype = self.picture.channels, self.picture.dtype
        check_pixels(right - left, bottom - top, len(channels), dtype.itemsize)
        image = self.levels[level].read(top, left, bottom - top, right - left)
        note = f"A part of {self.picture.source.name}, from x {left * step:,}, y {top * step:,} on."
        if step > 1:
            note += f" A pixel is the mean of {step} × {step}."
        name = f"{self.picture.source.name} at {left * step}, {top * step}"
        source = ImageSource(name, notes=(note,), part=PixelGrid(left * step, top * step, step))
        return replace(image, source=source, pixel_size=self._pixel_size(step))

    def field_at(self, level: int, point: tuple[float, float]) -> Field:
        """Return the field of a level that answers at a point (x, y) of the picture: of the last one all."""
        shape, step = self.levels[level].shape, self.steps[level]
        return Field(0, 0, *shape, step) if step == self.steps[-1] else field_at(shape, step, point)

    def read(self, top: int, left: int, height: int, width: int) -> Image:
        """Return a rectangle of the picture; raises `ReadError` or `BudgetError`."""
        check_pixels(width, height, len(self.picture.channels), self.picture.dtype.itemsize)
        return self.levels[0].read(top, left, height, width)

    def read_field(self, field: Field) -> Image:
        """Return the pixels of a field; raises `ReadError`."""
        level = self.levels[self.steps.index(field.step)]
        return level.read(field.top, field.left, field.height, field.width)

    def _pixel_size(self, step: int) -> PixelSize | None:
        """Return width and height of a pixel of a level."""
        size = self.pixel_size
        return None if size is None else (size[0] * step, size[1] * step)

    def scale(self, level: int) -> float:
        """Return pixels of the overview along one of a level: 1 for the last one, less for the others."""
        return self.steps[level] / self.steps[-1]

    def level_for(self, zoom: float) -> int:
        """Return the level whose pixels are nearest to those of a screen.

        Parameters
        ----------
        zoom : float
            Pixels of the screen along one of the overview.
        """
        return min(
            range(len(self.steps)),
            key=lambda level: (abs(math.log2(self.scale(level) * zoom)), -level),
        )

    def tile_shape(self, level: int) -> tuple[int, int]:
        """Return height and width of the tiles that a view of a level is put together from.

        They are whole pieces where the file has pieces of such a size, so that none is decoded twice.
        """
        height, width = self.levels[level].piece
        if not (1 < height <= _LARGEST_PIECE and 1 < width <= _LARGEST_PIECE):
            return _VIEW_SIDE, _VIEW_SIDE
        return height * max(1, _VIEW_SIDE // height), width * max(1, _VIEW_SIDE // width)

    def tile(self, place: Place) -> Tile:
        """Return where a tile lies, in pixels of its level."""
        level, row, column = place
        (height, width), (tall, wide) = self.levels[level].shape, self.tile_shape(level)
        top, left = row * tall, column * wide
        return Tile(0, top, left, min(tall, height - top), min(wide, width - left))

    def box_of(self, places: Sequence[Place]) -> Box:
        """Return the smallest box that holds some tiles, one at least."""
        tiles = [(self.tile(place), self.scale(place[0])) for place in places]
        return (
            min(tile.left * scale for tile, scale in tiles),
            min(tile.top * scale for tile, scale in tiles),
            max((tile.left + tile.width) * scale for tile, scale in tiles),
            max((tile.top + tile.height) * scale for tile, scale in tiles),
        )

    def tiles_in(self, level: int, box: Box) -> list[Place]:
        """Return the tiles of a level that a box touches, those in its middle first."""
        scale, (height, width) = self.scale(level), self.levels[level].shape
        tall, wide = self.tile_shape(level)
        left, top, right, bottom = (side / scale for side in box)
        rows = range(max(0, math.floor(top / tall)), min(-(-height // tall), math.ceil(bottom / tall)))
        columns = range(max(0, math.floor(left / wide)), min(-(-width // wide), math.ceil(right / wide)))
        middle = (top + bottom) / 2 / tall - 0.5, (left + right) / 2 / wide - 0.5
        places = [(level, row, column) for row in rows for column in columns]
        return sorted(places, key=lambda place: math.dist(place[1:], middle))


def pyramid_of(image: Image) -> Pyramid:
    """Return the levels of which an image is the overview; ValueError where it is a picture in memory."""
    if not isinstance(image.levels, Pyramid):
        raise ValueError("the image is no overview")
    return image.levels


def nested(shapes: list[tuple[int, int]]) -> list[int]:
    """Return which of the sizes that a file has are levels of its first, as steps; 0 where one is none.

    A level is smaller by a whole number, which is a multiple of that of the level before.
    """
    (height, width), steps = shapes[0], [1]
    for tall, wide in shapes[1:]:
        step = round(max(height / tall, width / wide))
        is_scaled = abs(tall * step - height) < step and abs(wide * step - width) < step
        last = max(steps)
        steps.append(step if is_scaled and step > last and step % last == 0 else 0)
    return steps


def missing_steps(shape: tuple[int, int]) -> list[int]:
    """Return the steps of the levels to be made beyond the first, up to the overview."""
    steps, step = [], 1
    while math.prod(-(-side // step) for side in shape) > OVERVIEW_PIXELS:
        step *= 2
        steps.append(step)
    return steps
