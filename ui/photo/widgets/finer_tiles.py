"""FinerTiles: the tiles of one layer of a picture beyond memory that are there, drawn over its overview."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable

from PySide6.QtCore import QRectF
from PySide6.QtGui import QImage, QPainter

from gmmseg.arrays import ByteArray
from gmmseg.tiled.pyramid import Place, Pyramid
from ui.photo.widgets.pixel_item import as_qimage, colour_table

_MOST_BYTES = 96 << 20
"""Of the tiles of a layer; those drawn longest ago go first. A screen takes 10 MB, or a third of that."""


class FinerTiles:
    """Draws each place from the sharpest level that is there, up to the one that the zoom asks for.

    Parameters
    ----------
    pyramid : Pyramid
    """

    def __init__(self, pyramid: Pyramid) -> None:
        self.pyramid = pyramid
        self._tiles: OrderedDict[Place, tuple[ByteArray, QImage]] = OrderedDict()
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
        # Qt's picture shares the memory of the array.
        self._tiles[place] = pixels, as_qimage(pixels, self._lut if pixels.ndim == 2 else None)
        self._n_bytes += pixels.nbytes
        while self._n_bytes > _MOST_BYTES and len(self._tiles) > 1:
            _, (oldest, _) = self._tiles.popitem(last=False)
            self._n_bytes -= oldest.nbytes

    def give_up(self, place: Place) -> None:
        """Take it that a tile cannot be had: what is coarser stays in its place."""
        self._failed.add(place)

    def set_lut(self, lut: ByteArray | None) -> None:
        """Show the same tiles in other colours."""
        self._lut = lut
        if lut is not None:
            table = colour_table(lut)
            for pixels, image in self._tiles.values():
                if pixels.ndim == 2:
                    image.setColorTable(table)

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
        scale = self.pyramid.scale(level)
        for place in self.pyramid.tiles_in(level, (part.left(), part.top(), part.right(), part.bottom())):
            tile = self.pyramid.tile(place)
            whole = QRectF(tile.left * scale, tile.top * scale, tile.width * scale, tile.height * scale)
            target = whole & part
            if target.isEmpty():
                continue
            if place not in self._tiles:
                self._paint_level(painter, target, level + 1, paint_own)
                continue
            self._tiles.move_to_end(place)
            left, top = (target.left() - whole.left()) / scale, (target.top() - whole.top()) / scale
            source = QRectF(left, top, target.width() / scale, target.height() / scale)
            painter.drawImage(target, self._tiles[place][1], source)
