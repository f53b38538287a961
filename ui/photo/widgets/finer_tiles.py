"""FinerTiles: the tiles of one layer of a picture beyond memory that are there, drawn over its overview."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager

import numpy as np
from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QImage, QPainter, QPainterPath

from gmmseg.arrays import ByteArray
from gmmseg.tiled.pyramid import Place, Pyramid
from ui.photo.widgets.pixel_item import as_qimage, colour_table

_MOST_BYTES = 96 << 20
"""Of the tiles of a layer; those drawn longest ago go first. A screen takes 10 MB, or a third of that."""


class _Mosaic:
    """Tiles of one level side by side as one picture, of which some may be lacking.

    Each call that draws lets other threads run, and waits for them before it goes on: a screen of tiles is
    therefore drawn by one call.

    Parameters
    ----------
    pyramid : Pyramid
    places : sequence of Place
        Of one level; the mosaic is of the smallest rectangle that holds them.
    like : uint8 array
        A tile, of whose channels there are as many.
    lut : uint8 array (256, 4), optional
        Of tiles of indices.
    """

    def __init__(
        self, pyramid: Pyramid, places: Sequence[Place], like: ByteArray, lut: ByteArray | None
    ) -> None:
        level = places[0][0]
        rows, columns = ([place[axis] for place in places] for axis in (1, 2))
        self._rows = range(min(rows), max(rows) + 1)
        self._columns = range(min(columns), max(columns) + 1)
        first = pyramid.tile((level, self._rows[0], self._columns[0]))
        last = pyramid.tile((level, self._rows[-1], self._columns[-1]))
        self.top, self.left = first.top, first.left
        shape = last.top + last.height - self.top, last.left + last.width - self.left
        self._pyramid = pyramid
        self._pixels: ByteArray = np.zeros((*shape, *like.shape[2:]), np.uint8)
        # Qt's picture shares the memory of the array.
        self.image: QImage = as_qimage(self._pixels, lut if like.ndim == 2 else None)
        self.held: set[Place] = set()

    def covers(self, places: Iterable[Place]) -> bool:
        """Whether it has room for tiles of its level."""
        return all(row in self._rows and column in self._columns for _, row, column in places)

    def put(self, place: Place, pixels: ByteArray) -> None:
        """Take a tile that it has room for; one with other channels is left to coarser levels."""
        if pixels.shape[2:] == self._pixels.shape[2:]:
            tile = self._pyramid.tile(place)
            top, left = tile.top - self.top, tile.left - self.left
            self._pixels[top : top + tile.height, left : left + tile.width] = pixels
            self.held.add(place)


class FinerTiles:
    """Draws each place from the sharpest level that is there, up to the one that the zoom asks for.

    Parameters
    ----------
    pyramid : Pyramid
    """

    def __init__(self, pyramid: Pyramid) -> None:
        self.pyramid = pyramid
        self._tiles: OrderedDict[Place, ByteArray] = OrderedDict()
        self._mosaics: dict[int, _Mosaic] = {}
        self._failed: set[Place] = set()
        self._n_bytes = 0
        self._lut: ByteArray | None = None

    def lacks(self, place: Place) -> bool:
        """Whether a tile is neither there nor known to be unreadable."""
        return place not in self._tiles and place not in self._failed

    def put(self, place: Place, pixels: ByteArray) -> None:
        """Take a tile, (h, w) indices or (h, w, 3 or 4) colours."""
        if place in self._tiles:
            return
        self._tiles[place] = pixels
        self._n_bytes += pixels.nbytes
        while self._n_bytes > _MOST_BYTES and len(self._tiles) > 1:
            _, oldest = self._tiles.popitem(last=False)
            self._n_bytes -= oldest.nbytes
        mosaic = self._mosaics.get(place[0])
        if mosaic is not None and mosaic.covers([place]):
            mosaic.put(place, pixels)

    def give_up(self, place: Place) -> None:
        """Take it that a tile cannot be had: what is coarser stays in its place."""
        self._failed.add(place)

    def set_lut(self, lut: ByteArray | None) -> None:
        """Show the same tiles in other colours."""
        self._lut = lut
        if lut is not None:
            table = colour_table(lut)
            for mosaic in self._mosaics.values():
                if mosaic.image.format() == QImage.Format.Format_Indexed8:
                    mosaic.image.setColorTable(table)

    def paint(
        self, painter: QPainter, exposed: QRectF, zoom: float, paint_own: Callable[[QRectF], None]
    ) -> None:
        """Paint what is exposed, each place once: tiles, and by `paint_own` where there is none."""
        self._paint_level(painter, exposed, self.pyramid.level_for(zoom), paint_own)

    def _paint_level(
        self, painter: QPainter, part: QRectF, level: int, paint_own: Callable[[QRectF], None]
    ) -> None:
        if level == len(self.pyramid.levels) - 1:
            paint_own(part)
            return
        places = self.pyramid.tiles_in(level, (part.left(), part.top(), part.right(), part.bottom()))
        mosaic = self._mosaic(level, places)
        held = [] if mosaic is None else [place for place in places if place in mosaic.held]
        lacking = [place for place in places if place not in set(held)]
        if mosaic is not None and held:
            with _clipped(painter, [self._target(place, part) for place in held] if lacking else []):
                self._draw(painter, mosaic, level, part)
        if lacking:
            targets = [self._target(place, part) for place in lacking]
            around = QRectF()
            for target in targets:
                around |= target
            with _clipped(painter, targets if held else []):
                self._paint_level(painter, around, level + 1, paint_own)

    def _target(self, place: Place, part: QRectF) -> QRectF:
        """Return where a tile lies in a part of the overview."""
        left, top, right, bottom = self.pyramid.box_of([place])
        return QRectF(left, top, right - left, bottom - top) & part

    def _mosaic(self, level: int, places: Sequence[Place]) -> _Mosaic | None:
        """Return the mosaic of tiles of a level, those that are there in it; None where none is."""
        there = [place for place in places if place in self._tiles]
        if not there:
            return None
        mosaic = self._mosaics.get(level)
        if mosaic is None or not mosaic.covers(places):
            mosaic = _Mosaic(self.pyramid, places, self._tiles[there[0]], self._lut)
            self._mosaics[level] = mosaic
        for place in there:
            self._tiles.move_to_end(place)
            if place not in mosaic.held:
                mosaic.put(place, self._tiles[place])
        return mosaic

    def _draw(self, painter: QPainter, mosaic: _Mosaic, level: int, part: QRectF) -> None:
        scale = self.pyramid.scale(level)
        left, top = mosaic.left * scale, mosaic.top * scale
        image = mosaic.image
        target = QRectF(left, top, image.width() * scale, image.height() * scale) & part
        source = QRectF(
            (target.left() - left) / scale,
            (target.top() - top) / scale,
            target.width() / scale,
            target.height() / scale,
        )
        painter.drawImage(target, image, source)


@contextmanager
def _clipped(painter: QPainter, parts: Sequence[QRectF]) -> Iterator[None]:
    """Draw within some rectangles only; without any, everywhere."""
    if not parts:
        yield
        return
    path = QPainterPath()
    for part in parts:
        path.addRect(part)
    painter.save()
    painter.setClipPath(path, Qt.ClipOperation.IntersectClip)
    yield
    painter.restore()
