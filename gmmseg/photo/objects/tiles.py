"""TileMap: a large map of ids, immutable, of which versions share every tile that an edit left alone."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from gmmseg.arrays import AnyArray

SIDE = 128
"""Rows and columns of a tile."""
MAX_ID = (1 << 16) - 1
IdArray = NDArray[np.uint16]
Tile = int | bytes
"""The one id of a uniform tile, or zlib of its ids: bytes where all are below 256, else uint16."""
Box = tuple[slice, slice]
"""Rows and columns, both with start and stop inside the map."""


@dataclass(frozen=True, slots=True)
class TileMap:
    """Ids of an (H, W) map in packed tiles.

    An undo step keeps a whole map for the price of the tiles that it changed: label maps shrink to a
    hundredth, and uniform tiles to one number.

    Parameters
    ----------
    shape : tuple of int
        (H, W).
    tiles : tuple of Tile
        Row after row of the grid.
    """

    shape: tuple[int, int]
    tiles: tuple[Tile, ...]

    @staticmethod
    def empty(shape: tuple[int, int]) -> TileMap:
        """Return a map of zeros."""
        return TileMap(shape, (0,) * (-(-shape[0] // SIDE) * -(-shape[1] // SIDE)))

    @staticmethod
    def of(ids: AnyArray) -> TileMap:
        """Return the packed form of an (H, W) array of ids, 0..65535."""
        shape = int(ids.shape[0]), int(ids.shape[1])
        empty = TileMap.empty(shape)
        return TileMap(shape, tuple(_packed(ids[empty.box(index)]) for index in range(len(empty.tiles))))

    @property
    def n_columns(self) -> int:
        """Tiles in a row of the grid."""
        return -(-self.shape[1] // SIDE)

    @property
    def nbytes(self) -> int:
        """Bytes of the packed tiles, those of other versions included."""
        return sum(len(tile) for tile in self.tiles if isinstance(tile, bytes))

    def box(self, index: int) -> Box:
        """Return the pixels of a tile."""
        top, left = SIDE * (index // self.n_columns), SIDE * (index % self.n_columns)
        return slice(top, min(top + SIDE, self.shape[0])), slice(left, min(left + SIDE, self.shape[1]))

    def tile(self, index: int) -> IdArray:
        """Return the ids of a tile, (h, w); do not write to them."""
        tile = self.tiles[index]
        rows, columns = self.box(index)
        shape = rows.stop - rows.start, columns.stop - columns.start
        if isinstance(tile, int):
            return np.broadcast_to(np.uint16(tile), shape)
        data = zlib.decompress(tile)
        dtype = np.uint8 if len(data) == shape[0] * shape[1] else np.uint16
        return np.frombuffer(data, dtype=dtype).reshape(shape).astype(np.uint16)

    def touching(self, box: Box) -> Iterator[int]:
        """Yield the tiles that share pixels with a box."""
        rows, columns = box
        if rows.start >= rows.stop or columns.start >= columns.stop:
            return
        for row in range(rows.start // SIDE, (rows.stop - 1) // SIDE + 1):
            for column in range(columns.start // SIDE, (columns.stop - 1) // SIDE + 1):
                yield row * self.n_columns + column

    def read(self, box: Box | None = None) -> IdArray:
        """Return the ids in a box, or all, (h, w)."""
        rows, columns = box or (slice(0, self.shape[0]), slice(0, self.shape[1]))
        out = np.empty((rows.stop - rows.start, columns.stop - columns.start), dtype=np.uint16)
        for index in self.touching((rows, columns)):
            here, there = _overlap(self.box(index), (rows, columns))
            out[there] = self.tile(index)[here]
        return out

    def bands(self) -> Iterator[tuple[int, IdArray]]:
        """Yield the map a row of tiles at a time: the first row of pixels and their ids, (h, W)."""
        for top in range(0, self.shape[0], SIDE):
            rows = slice(top, min(top + SIDE, self.shape[0]))
            yield top, self.read((rows, slice(0, self.shape[1])))

    def written(self, box: Box, ids: AnyArray) -> TileMap:
        """Return the map with other ids in a box; tiles that this does not change are shared."""
        tiles = list(self.tiles)
        for index in self.touching(box):
            here, there = _overlap(self.box(index), box)
            old = self.tile(index)
            if not np.array_equal(old[here], ids[there]):
                new = old.copy()
                new[here] = ids[there]
                tiles[index] = _packed(new)
        return replace(self, tiles=tuple(tiles))

    def mapped(self, new_ids: IdArray) -> TileMap:
        """Return the map with every id replaced by its entry in `new_ids`, (largest id + 1,)."""
        tiles: list[Tile] = []
        for index, tile in enumerate(self.tiles):
            if isinstance(tile, int):
                tiles.append(int(new_ids[tile]))
                continue
            old = self.tile(index)
            new = new_ids[old]
            tiles.append(tile if np.array_equal(new, old) else _packed(new))
        return replace(self, tiles=tuple(tiles))

    def changed_from(self, other: TileMap) -> list[int]:
        """Return the tiles that differ from another version of the map."""
        pairs = enumerate(zip(self.tiles, other.tiles, strict=True))
        return [index for index, (one, two) in pairs if one is not two and one != two]

    def n_bytes_beside(self, other: TileMap) -> int:
        """Return the bytes of the packed tiles that another version of the map does not have."""
        tiles = (self.tiles[index] for index in self.changed_from(other))
        return sum(len(tile) for tile in tiles if isinstance(tile, bytes))

    def counts(self, n_ids: int) -> NDArray[np.int64]:
        """Return the number of pixels of each id below `n_ids`, (n_ids,)."""
        counts = np.zeros(n_ids, dtype=np.int64)
        for index, tile in enumerate(self.tiles):
            if isinstance(tile, int):
                rows, columns = self.box(index)
                counts[tile] += (rows.stop - rows.start) * (columns.stop - columns.start)
            else:
                counts += np.bincount(self.tile(index).reshape(-1), minlength=n_ids)
        return counts

    def bounds_of(self, wanted: int) -> Box | None:
        """Return the smallest box that holds all pixels of an id, or None where there is none."""
        tops, bottoms, lefts, rights = [], [], [], []
        for index, tile in enumerate(self.tiles):
            if isinstance(tile, int) and tile != wanted:
                continue
            rows, columns = self.box(index)
            is_wanted = self.tile(index) == wanted
            ys, xs = np.flatnonzero(is_wanted.any(axis=1)), np.flatnonzero(is_wanted.any(axis=0))
            if len(ys):
                tops.append(rows.start + int(ys[0]))
                bottoms.append(rows.start + int(ys[-1]) + 1)
                lefts.append(columns.start + int(xs[0]))
                rights.append(columns.start + int(xs[-1]) + 1)
        return (slice(min(tops), max(bottoms)), slice(min(lefts), max(rights))) if tops else None


def is_tile(tile: Tile, box: Box) -> bool:
    """Whether something from a file is the tile of a box; it is unpacked to no more than that takes."""
    if isinstance(tile, int):
        return 0 <= tile <= MAX_ID
    n_pixels = (box[0].stop - box[0].start) * (box[1].stop - box[1].start)
    unpacker = zlib.decompressobj()
    try:
        n_bytes = len(unpacker.decompress(tile, 2 * n_pixels + 1))
    except zlib.error:
        return False
    return n_bytes in (n_pixels, 2 * n_pixels) and unpacker.eof and not unpacker.unused_data


def _packed(ids: AnyArray) -> Tile:
    first = int(ids.flat[0])
    if (ids == first).all():
        return first
    narrow = ids.astype(np.uint8 if int(ids.max()) < 256 else np.uint16)
    return zlib.compress(np.ascontiguousarray(narrow).tobytes(), 1)


def _overlap(one: Box, two: Box) -> tuple[Box, Box]:
    """Return what two boxes share, in the coordinates of the first and of the second."""
    spans = [(max(a.start, b.start), min(a.stop, b.stop)) for a, b in zip(one, two, strict=True)]
    first, second = (
        [slice(low - side.start, high - side.start) for (low, high), side in zip(spans, box, strict=True)]
        for box in (one, two)
    )
    return (first[0], first[1]), (second[0], second[1])
