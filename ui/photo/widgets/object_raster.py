"""ObjectRaster: the objects as bytes that a canvas draws, kept up to date tile by tile."""

from __future__ import annotations

import numpy as np

from gmmseg.arrays import BoolArray, ByteArray
from gmmseg.photo.objects.objects import ObjectMap
from gmmseg.photo.objects.tiles import MAX_ID

_SLOTS = 254
"""Colours that bytes can tell apart besides 0; objects beyond share them."""

_BYTES: ByteArray = np.append(0, np.arange(MAX_ID) % _SLOTS + 1).astype(np.uint8)
"""The byte of each id."""


class ObjectRaster:
    """Bytes 1 to 254 for objects, 0 for unlabelled, of the newest map shown.

    The array is written to when another version is shown; who draws from it does so afterwards, in the same
    thread.
    """

    def __init__(self) -> None:
        self.pixels: ByteArray = np.zeros((1, 1), dtype=np.uint8)
        self._shown: ObjectMap | None = None

    def show(self, objects: ObjectMap) -> bool:
        """Take another version of a map; returns whether pixels have changed."""
        before, self._shown = self._shown, objects
        tiles = objects.ids
        if before is None or before.shape != objects.shape:
            self.pixels = np.zeros(objects.shape, dtype=np.uint8)
            changed = [index for index, tile in enumerate(tiles.tiles) if tile != 0]
        else:
            changed = tiles.changed_from(before.ids)
        for index in changed:
            tile = tiles.tiles[index]
            # Most tiles of a large object are uniform: one number, which is written sooner than looked up.
            self.pixels[tiles.box(index)] = _BYTES[tile if isinstance(tile, int) else tiles.tile(index)]
        return bool(changed) or before is None

    def forget(self) -> None:
        """Note that nothing is drawn any more: of the next map all pixels have changed."""
        self._shown = None

    @staticmethod
    def colours(objects: ObjectMap, opacity: float, chosen: tuple[int, ...] = ()) -> ByteArray:
        """Return the (256, 4) RGBA colours of the bytes; chosen objects are denser, hidden ones unseen."""
        lut = np.zeros((256, 4), dtype=np.uint8)
        for entry in objects:
            density = min(1.0, opacity + 0.12) if entry.id in chosen else opacity
            alpha = round(255 * density) if entry.is_visible else 0
            lut[_BYTES[entry.id]] = (*entry.colour, alpha)
        return lut

    @staticmethod
    def are_among(chosen: tuple[int, ...]) -> BoolArray:
        """Return which bytes are those of some objects, (256,)."""
        found = np.zeros(256, dtype=np.bool_)
        found[_BYTES[list(chosen)]] = True
        return found
