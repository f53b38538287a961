"""A label image as a pyramid of chunks in a folder, an OME-Zarr 0.5 that every worker writes its part of."""

from __future__ import annotations

import gzip
import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from gmmseg.arrays import AnyArray, LabelArray
from gmmseg.io.atomic import refusals
from gmmseg.io.interchange.ome_zarr import (
    array_json,
    chunk_bytes,
    group_json,
    image_label,
    multiscales,
    n_levels_of,
)
from gmmseg.io.plain_text import with_plain_names
from gmmseg.io.temporaries import temporary_name
from gmmseg.photo.classes import ClassTable
from gmmseg.tiled.tiles import CHUNK, Tile, grid_of

_GZIP_LEVEL = 1
"""Labels compress well at any level, and the first is thrice as fast."""
_REDUCED = 4 * CHUNK
"""Side of what one task makes of a level that is made from the one below."""


@dataclass(frozen=True, slots=True)
class LabelPyramid:
    """Levels of a label image, each of every second pixel of the one below.

    A tile's own labels give the levels in which it still has whole chunks; the others are made from those,
    level by level (`Reduce`). Every chunk is written by one task, to a name of its own, and renamed.

    Parameters
    ----------
    folder : str
    shape : tuple of int
        (H, W) of the finest level.
    dtype : str
        ``uint8`` or ``uint16``.
    n_direct : int
        Levels that tiles write themselves.
    """

    folder: str
    shape: tuple[int, int]
    dtype: str
    n_direct: int

    @property
    def n_levels(self) -> int:
        """Levels of the pyramid."""
        return n_levels_of(*self.shape)

    def level_shape(self, level: int) -> tuple[int, int]:
        """Return (H, W) of a level."""
        height, width = (-(-side // 2**level) for side in self.shape)
        return height, width

    def reductions(self, level: int) -> list[Tile]:
        """Return the parts of a level that are made from the one below."""
        return grid_of(self.level_shape(level), (_REDUCED, _REDUCED))

    def write(self, tile: Tile, labels: LabelArray) -> None:
        """Write a tile of the finest level, and of those above that it makes alone; raises `WriteError`."""
        for level in range(min(self.n_direct, self.n_levels)):
            step = 2**level
            self.write_part(level, tile.top // step, tile.left // step, labels[::step, ::step])

    def write_part(self, level: int, top: int, left: int, labels: AnyArray) -> None:
        """Write whole chunks of a level from row `top` and column `left` on; raises `WriteError`."""
        for y in range(0, labels.shape[0], CHUNK):
            for x in range(0, labels.shape[1], CHUNK):
                block = labels[y : y + CHUNK, x : x + CHUNK]
                path = self._chunk(level, (top + y) // CHUNK, (left + x) // CHUNK)
                with refusals(self.folder):
                    content = chunk_bytes(block, (CHUNK, CHUNK), _GZIP_LEVEL)
                    path.parent.mkdir(parents=True, exist_ok=True)
                    temporary = path.with_name(temporary_name())
                    temporary.write_bytes(content)
                    os.replace(temporary, path)

    def chunk(self, level: int, row: int, column: int) -> AnyArray:
        """Return a chunk, (`CHUNK`, `CHUNK`), zero beyond the level's edge; raises OSError."""
        content = gzip.decompress(self._chunk(level, row, column).read_bytes())
        return np.frombuffer(content, dtype=np.dtype(self.dtype).newbyteorder("<")).reshape(CHUNK, CHUNK)

    def read(self, level: int, tile: Tile) -> AnyArray:
        """Return a part of a level whose corner is that of a chunk."""
        out = np.empty((tile.height, tile.width), dtype=self.dtype)
        for y in range(0, tile.height, CHUNK):
            for x in range(0, tile.width, CHUNK):
                part = out[y : y + CHUNK, x : x + CHUNK]
                chunk = self.chunk(level, (tile.top + y) // CHUNK, (tile.left + x) // CHUNK)
                part[...] = chunk[: part.shape[0], : part.shape[1]]
        return out

    def write_metadata(self, classes: ClassTable, name: str) -> None:
        """Write what makes the folder an OME-Zarr; raises `WriteError`."""
        ome = {
            **multiscales(name, "yx", self.n_levels),
            "image-label": image_label(with_plain_names(classes), source=None),
        }
        with refusals(self.folder):
            root = Path(self.folder)
            root.mkdir(parents=True, exist_ok=True)
            (root / "zarr.json").write_bytes(group_json(ome))
            for level in range(self.n_levels):
                (root / str(level)).mkdir(exist_ok=True)
                content = array_json(self.level_shape(level), np.dtype(self.dtype), (CHUNK, CHUNK), "yx")
                (root / str(level) / "zarr.json").write_bytes(content)

    def _chunk(self, level: int, row: int, column: int) -> Path:
        return Path(self.folder, str(level), "c", str(row), str(column))


@dataclass(frozen=True, slots=True)
class Reduce:
    """Makes a part of a level from the one below: every second pixel, so that labels do not mix."""

    pyramid: LabelPyramid
    level: int

    def __call__(self, tile: Tile) -> None:
        """Read, thin out and write."""
        height, width = self.pyramid.level_shape(self.level - 1)
        top, left = 2 * tile.top, 2 * tile.left
        below = Tile(0, top, left, min(2 * tile.height, height - top), min(2 * tile.width, width - left))
        finer = self.pyramid.read(self.level - 1, below)
        self.pyramid.write_part(self.level, tile.top, tile.left, finer[::2, ::2])


def n_direct_levels(tiles: list[Tile]) -> int:
    """Return how many levels the first tile's sides, or the picture's, give whole chunks of."""
    levels = 1
    while all(tile.top % (CHUNK << levels) == 0 and tile.left % (CHUNK << levels) == 0 for tile in tiles):
        levels += 1
        if levels > _MOST_LEVELS:
            break
    return levels


_MOST_LEVELS = 32
