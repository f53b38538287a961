"""Maps as a pyramid of chunks in a folder, an OME-Zarr 0.5 that every worker writes its part of."""

from __future__ import annotations

import gzip
import os
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Self

import numpy as np

from gmmseg.arrays import AnyArray
from gmmseg.image import PixelSize
from gmmseg.io.atomic import refusals
from gmmseg.io.interchange.ome_zarr import (
    array_json,
    chunk_bytes,
    group_json,
    multiscales,
    n_levels_of,
)
from gmmseg.io.temporaries import temporary_name
from gmmseg.tiled.tiles import CHUNK, Tile, grid_of

_GZIP_LEVEL = 1
"""Maps compress well at any level, and the first is thrice as fast."""
_REDUCED = 4 * CHUNK
"""Side of what one task makes of a level that is made from the one below."""


class ChunkSource(ABC):
    """A map, or several of one shape, in chunks, with levels of every second pixel of the one below."""

    __slots__ = ()

    shape: tuple[int, int]
    """(H, W) of the finest level."""
    dtype: str
    """Of the values."""
    pixel_size: PixelSize | None
    """Width and height of a pixel of the finest level in micrometres."""
    n_planes: int | None = None
    """Maps that lie behind each other; None for a single one, without an axis for them."""

    @property
    def planes(self) -> tuple[Self, ...]:
        """One of each map."""
        return (self,)

    @property
    def n_levels(self) -> int:
        """Levels, the finest included."""
        return n_levels_of(*self.shape)

    def level_shape(self, level: int) -> tuple[int, int]:
        """Return (H, W) of a level."""
        height, width = (-(-side // 2**level) for side in self.shape)
        return height, width

    def level_pixel_size(self, level: int) -> PixelSize | None:
        """Return width and height of a pixel of a level."""
        size, step = self.pixel_size, 2**level
        return None if size is None else (size[0] * step, size[1] * step)

    @abstractmethod
    def chunk(self, level: int, row: int, column: int) -> AnyArray:
        """Return a chunk, (`CHUNK`, `CHUNK`), zero beyond the level's edge; raises OSError."""


@dataclass(frozen=True, slots=True)
class ChunkPyramid(ChunkSource):
    """Levels of a map, or of several of one shape, each of every second pixel of the one below.

    A tile's own values give the levels in which it still has whole chunks; the others are made from those,
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
    n_planes : int, optional
        Maps that lie behind each other; None for a single one, without an axis for them.
    plane : int
        Which of them is written and read.
    pixel_size : (float, float), optional
        Width and height of a pixel of the finest level in micrometres.
    """

    folder: str
    shape: tuple[int, int]
    dtype: str
    n_direct: int
    n_planes: int | None = None
    plane: int = 0
    pixel_size: PixelSize | None = None

    @property
    def planes(self) -> tuple[ChunkPyramid, ...]:
        """One of each map."""
        return tuple(replace(self, plane=plane) for plane in range(self.n_planes or 1))

    def reductions(self, level: int) -> list[Tile]:
        """Return the parts of a level that are made from the one below."""
        return grid_of(self.level_shape(level), (_REDUCED, _REDUCED))

    def write(self, tile: Tile, values: AnyArray) -> None:
        """Write a tile of the finest level, and of those above that it makes alone; raises `WriteError`."""
        for level in range(min(self.n_direct, self.n_levels)):
            step = 2**level
            self.write_part(level, tile.top // step, tile.left // step, values[::step, ::step])

    def write_part(self, level: int, top: int, left: int, values: AnyArray) -> None:
        """Write whole chunks of a level from row `top` and column `left` on; raises `WriteError`."""
        for y in range(0, values.shape[0], CHUNK):
            for x in range(0, values.shape[1], CHUNK):
                block = values[y : y + CHUNK, x : x + CHUNK]
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

    def write_metadata(self, name: str, ome: Mapping[str, Any], own: Mapping[str, Any] | None = None) -> None:
        """Write what makes the folder an OME-Zarr; raises `WriteError`.

        Parameters
        ----------
        name : str
            Of the maps, for people.
        ome : mapping
            OME attributes of the maps beside those of the pyramid.
        own : mapping, optional
            Attributes that OME does not know.
        """
        axes = "yx" if self.n_planes is None else "cyx"
        leading = () if self.n_planes is None else (self.n_planes,)
        with refusals(self.folder):
            root = Path(self.folder)
            root.mkdir(parents=True, exist_ok=True)
            scales = multiscales(name, axes, self.n_levels, self.pixel_size)
            (root / "zarr.json").write_bytes(group_json({**scales, **ome}, own))
            for level in range(self.n_levels):
                (root / str(level)).mkdir(exist_ok=True)
                shape = (*leading, *self.level_shape(level))
                chunk = (*(1 for _ in leading), CHUNK, CHUNK)
                content = array_json(shape, np.dtype(self.dtype), chunk, axes)
                (root / str(level) / "zarr.json").write_bytes(content)

    def _chunk(self, level: int, row: int, column: int) -> Path:
        leading = () if self.n_planes is None else (str(self.plane),)
        return Path(self.folder, str(level), "c", *leading, str(row), str(column))


@dataclass(frozen=True, slots=True)
class Reduce:
    """Makes a part of a level from the one below: every second pixel, so that labels do not mix."""

    pyramid: ChunkPyramid
    level: int

    def __call__(self, tile: Tile) -> None:
        """Read, thin out and write."""
        for plane in self.pyramid.planes:
            self._reduce(plane, tile)

    def _reduce(self, plane: ChunkPyramid, tile: Tile) -> None:
        height, width = plane.level_shape(self.level - 1)
        top, left = 2 * tile.top, 2 * tile.left
        below = Tile(0, top, left, min(2 * tile.height, height - top), min(2 * tile.width, width - left))
        finer = plane.read(self.level - 1, below)
        plane.write_part(self.level, tile.top, tile.left, finer[::2, ::2])


def n_direct_levels(tiles: list[Tile]) -> int:
    """Return how many levels the first tile's sides, or the picture's, give whole chunks of."""
    levels = 1
    while all(tile.top % (CHUNK << levels) == 0 and tile.left % (CHUNK << levels) == 0 for tile in tiles):
        levels += 1
        if levels > _MOST_LEVELS:
            break
    return levels


_MOST_LEVELS = 32
