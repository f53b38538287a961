"""TileMap: a large map of ids, immutable, of which versions share every tile that an edit left alone."""

from __future__ import annotations

import zlib
from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from gmmseg.arrays import AnyArray, BoolArray, IntArray

SIDE = 128
"""Rows and columns of a tile; doubled for maps that would have more than `_MOST_TILES` of them."""
_MOST_TILES = 1 << 15
"""A version of a map has at least a number for each tile: those of a map of any size take 256 kB."""
_BYTES_OPEN = 64 << 20
"""Of the tiles that are painted in."""
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
        return TileMap(shape, (0,) * _n_tiles(shape, side_of(shape)))

    @staticmethod
    def of(ids: AnyArray, shape: tuple[int, int] | None = None, step: int = 1) -> TileMap:
        """Return the packed form of an array of ids, 0..65535, each of `step` × `step` pixels.

        Without a `shape` the map has that of the array; else the array covers it, or all but its last step.
        """
        empty = TileMap.empty((int(ids.shape[0]), int(ids.shape[1])) if shape is None else shape)
        if step == 1:
            return replace(empty, tiles=tuple(_packed(ids[empty.box(at)]) for at in range(len(empty.tiles))))
        parts = (pixels_of_blocks(ids, empty.box(at), step) for at in range(len(empty.tiles)))
        return replace(empty, tiles=tuple(map(_packed, parts)))

    @property
    def side(self) -> int:
        """Rows and columns of a tile."""
        return side_of(self.shape)

    @property
    def n_columns(self) -> int:
        """Tiles in a row of the grid."""
        return -(-self.shape[1] // self.side)

    @property
    def nbytes(self) -> int:
        """Bytes of the packed tiles, those of other versions included."""
        return sum(len(tile) for tile in self.tiles if isinstance(tile, bytes))

    def box(self, index: int) -> Box:
        """Return the pixels of a tile."""
        side, n_columns = self.side, self.n_columns
        top, left = side * (index // n_columns), side * (index % n_columns)
        return slice(top, min(top + side, self.shape[0])), slice(left, min(left + side, self.shape[1]))

    def tile(self, index: int) -> IdArray:
        """Return the ids of a tile, (h, w); do not write to them."""
        return unpacked(self.tiles[index], self.box(index))

    def touching(self, box: Box) -> Iterator[int]:
        """Yield the tiles that share pixels with a box."""
        rows, columns = box
        if rows.start >= rows.stop or columns.start >= columns.stop:
            return
        side, n_columns = self.side, self.n_columns
        for row in range(rows.start // side, (rows.stop - 1) // side + 1):
            for column in range(columns.start // side, (columns.stop - 1) // side + 1):
                yield row * n_columns + column

    def read(self, box: Box | None = None) -> IdArray:
        """Return the ids in a box, or all, (h, w)."""
        rows, columns = box or (slice(0, self.shape[0]), slice(0, self.shape[1]))
        out = np.empty((rows.stop - rows.start, columns.stop - columns.start), dtype=np.uint16)
        for index in self.touching((rows, columns)):
            here, there = overlap(self.box(index), (rows, columns))
            out[there] = self.tile(index)[here]
        return out

    def sampled(self, step: int, box: Box | None = None) -> IdArray:
        """Return the id in the middle of each `step` × `step` pixels, (h, w), all of them or those in a box.

        The box is in such steps, and may be less than one larger than the map.
        """
        rows, columns = box or (slice(0, -(-self.shape[0] // step)), slice(0, -(-self.shape[1] // step)))
        places = (
            np.minimum(np.arange(along.start, along.stop) * step + step // 2, length - 1)
            for along, length in zip((rows, columns), self.shape, strict=True)
        )
        return self.at(*places)

    def at(self, rows: IntArray, columns: IntArray) -> IdArray:
        """Return the ids where some rows and columns cross, (h, w); both increase and lie within the map."""
        out = np.zeros((len(rows), len(columns)), dtype=np.uint16)
        across = list(_grouped(columns, self.side))
        for down, own_rows in _grouped(rows, self.side):
            for along, own_columns in across:
                index = down * self.n_columns + along
                tile = self.tiles[index]
                if isinstance(tile, int):
                    out[own_rows, own_columns] = tile
                    continue
                y, x = rows[own_rows] % self.side, columns[own_columns] % self.side
                out[own_rows, own_columns] = self.tile(index)[y[:, None], x]
        return out

    def bands(self) -> Iterator[tuple[int, IdArray]]:
        """Yield the map a row of tiles at a time: the first row of pixels and their ids, (h, W)."""
        for top in range(0, self.shape[0], self.side):
            rows = slice(top, min(top + self.side, self.shape[0]))
            yield top, self.read((rows, slice(0, self.shape[1])))

    def written(self, box: Box, ids: AnyArray) -> TileMap:
        """Return the map with other ids in a box; tiles that this does not change are shared."""
        top, left = box[0].start, box[1].start
        return self.changed(
            box,
            lambda part, _: ids[
                part[0].start - top : part[0].stop - top, part[1].start - left : part[1].stop - left
            ],
        )

    def changed(self, box: Box, change: Callable[[Box, IdArray], AnyArray | None]) -> TileMap:
        """Return the map with ids in a box changed tile by tile, however large it is.

        Parameters
        ----------
        box : Box
        change : callable
            Returns the new ids of a part of the box that lies in one tile, from it and the ids there; None
            where they stay.
        """
        tiles = list(self.tiles)
        for index in self.touching(box):
            own = self.box(index)
            here, _ = overlap(own, box)
            rows, columns = (
                slice(at.start + of.start, at.stop + of.start) for at, of in zip(here, own, strict=True)
            )
            old = self.tile(index)
            ids = change((rows, columns), old[here])
            if ids is not None and not np.array_equal(old[here], ids):
                new = old.copy()
                new[here] = ids
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
        """Return the bytes that the map takes beside another version: its list, and the tiles of its own."""
        if self.tiles is other.tiles:
            return 0
        tiles = (self.tiles[index] for index in self.changed_from(other))
        return 8 * len(self.tiles) + sum(len(tile) for tile in tiles if isinstance(tile, bytes))

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

    def boxes(self, n_ids: int) -> dict[int, Box]:
        """Return the smallest box that holds all pixels of each id from 1 to below `n_ids` that has any."""
        firsts = np.full((2, n_ids), np.iinfo(np.int64).max)
        stops = np.zeros((2, n_ids), dtype=np.int64)
        for index, tile in enumerate(self.tiles):
            if tile == 0:
                continue
            box = self.box(index)
            if isinstance(tile, int):
                found, places = np.array([tile]), [np.array([along.start, along.stop - 1]) for along in box]
                found = np.repeat(found, 2)
            else:
                ids = self.tile(index)
                held = np.nonzero(ids)
                found = ids[held]
                places = [at + along.start for at, along in zip(held, box, strict=True)]
            for axis, at in enumerate(places):
                np.minimum.at(firsts[axis], found, at)
                np.maximum.at(stops[axis], found, at + 1)
        present = np.flatnonzero(stops[0, 1:]) + 1
        return {
            each: (
                slice(int(firsts[0, each]), int(stops[0, each])),
                slice(int(firsts[1, each]), int(stops[1, each])),
            )
            for each in present.tolist()
        }

    def bounds_of(self, wanted: int, near: Box | None = None, step: int = 1) -> Box | None:
        """Return the smallest box that holds all pixels of an id, or None where there is none.

        Pixels count in all tiles, or only in those that share pixels with a box of blocks of `step`.
        """
        tops, bottoms, lefts, rights = [], [], [], []
        indices: Iterable[int] = range(len(self.tiles))
        if near is not None:
            rows, columns = (
                slice(along.start * step, min(along.stop * step, length))
                for along, length in zip(near, self.shape, strict=True)
            )
            indices = self.touching((rows, columns))
        for index in indices:
            tile = self.tiles[index]
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


class TilePainter:
    """Paints ids into an empty (H, W) map of any size, one area after the other; few tiles are unpacked."""

    def __init__(self, shape: tuple[int, int]) -> None:
        self._map = TileMap.empty(shape)
        self._tiles = list(self._map.tiles)
        self._open: OrderedDict[int, IdArray] = OrderedDict()
        self._most_open = max(4, _BYTES_OPEN // (2 * self._map.side**2))

    def paint(self, box: Box, mask: BoolArray, wanted: int) -> None:
        """Give the pixels of a mask over a box an id."""
        for index in self._map.touching(box):
            here, there = overlap(self._map.box(index), box)
            self._opened(index)[here][mask[there]] = wanted

    def map(self) -> TileMap:
        """Return what is painted."""
        while self._open:
            self._close()
        return replace(self._map, tiles=tuple(self._tiles))

    def _opened(self, index: int) -> IdArray:
        held = self._open.get(index)
        if held is None:
            held = unpacked(self._tiles[index], self._map.box(index)).copy()
            self._open[index] = held
            if len(self._open) > self._most_open:
                self._close()
        self._open.move_to_end(index)
        return held

    def _close(self) -> None:
        index, ids = self._open.popitem(last=False)
        self._tiles[index] = _packed(ids)


def unpacked(tile: Tile, box: Box) -> IdArray:
    """Return the ids of the tile of a box, (h, w); do not write to them."""
    rows, columns = box
    shape = rows.stop - rows.start, columns.stop - columns.start
    if isinstance(tile, int):
        return np.broadcast_to(np.uint16(tile), shape)
    data = zlib.decompress(tile)
    dtype = np.uint8 if len(data) == shape[0] * shape[1] else np.uint16
    return np.frombuffer(data, dtype=dtype).reshape(shape).astype(np.uint16)


def side_of(shape: tuple[int, int]) -> int:
    """Return rows and columns of the tiles of an (H, W) map."""
    side = SIDE
    while _n_tiles(shape, side) > _MOST_TILES:
        side *= 2
    return side


def pixels_of_blocks(ids: AnyArray, box: Box, step: int) -> AnyArray:
    """Return the pixels in a box of a map of blocks of `step` × `step`, of which the last may be lacking."""
    rows, columns = (
        np.minimum(np.arange(along.start, along.stop) // step, length - 1)
        for along, length in zip(box, ids.shape, strict=True)
    )
    pixels: AnyArray = ids[rows[:, None], columns]
    return pixels


def _n_tiles(shape: tuple[int, int], side: int) -> int:
    return -(-shape[0] // side) * -(-shape[1] // side)


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


def _grouped(places: IntArray, side: int) -> Iterator[tuple[int, slice]]:
    """Yield the rows, or columns, of tiles that increasing places lie in, and which of these lie there."""
    tiles = places // side
    bounds = np.flatnonzero(np.diff(tiles, prepend=-1, append=-1))
    for start, stop in zip(bounds[:-1].tolist(), bounds[1:].tolist(), strict=True):
        yield int(tiles[start]), slice(start, stop)


def overlap(one: Box, two: Box) -> tuple[Box, Box]:
    """Return what two boxes share, in the coordinates of the first and of the second; it may be nothing."""
    lows = [max(a.start, b.start) for a, b in zip(one, two, strict=True)]
    spans = [(low, max(low, min(a.stop, b.stop))) for low, a, b in zip(lows, one, two, strict=True)]
    first, second = (
        [slice(low - side.start, high - side.start) for (low, high), side in zip(spans, box, strict=True)]
        for box in (one, two)
    )
    return (first[0], first[1]), (second[0], second[1])
