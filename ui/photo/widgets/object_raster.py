"""Objects as bytes that a canvas draws, of whichever part and level it looks at, and all canvases that do."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Iterator, Sequence
from itertools import product

import numpy as np
from PySide6.QtCore import QObject, Slot

from gmmseg.arrays import AnyArray, BoolArray, ByteArray
from gmmseg.image import Image
from gmmseg.photo.objects.objects import ObjectMap
from gmmseg.photo.objects.tiles import MAX_ID, Box
from ui.photo.widgets.canvas import Canvas

_OPACITY = 0.3
_SLOTS = 254
"""Colours that bytes can tell apart besides 0; objects beyond share them."""

_BYTES: ByteArray = np.append(0, np.arange(MAX_ID) % _SLOTS + 1).astype(np.uint8)
"""The byte of each id."""
_FEW = 1 / 8
"""Share of the tiles up to which the parts on each are looked up: of more all parts are forgotten sooner."""
_SIDE = 256
"""Rows and columns of the parts that levels are kept in."""
_MOST_PARTS = 1024
"""Of them, 64 MB; those looked at longest ago go first."""
_Part = tuple[int, int, int]
"""A part of a level: its step, and its row and column among the parts of that."""


class ObjectRaster:
    """Bytes 1 to 254 for objects, 0 for unlabelled, of the newest map shown.

    Another version costs no more than a look at its tiles: levels are sampled when they are drawn, in parts
    that are kept until they change.
    """

    def __init__(self) -> None:
        self.step = 1
        """Pixels of the map along one of the scene."""
        self._steps: tuple[int, ...] = (1,)
        self._shown: ObjectMap | None = None
        self._parts: OrderedDict[_Part, ByteArray] = OrderedDict()

    @property
    def shape(self) -> tuple[int, int]:
        """(H, W) of the map."""
        return (1, 1) if self._shown is None else self._shown.shape

    def show(self, objects: ObjectMap, steps: tuple[int, ...] = (1,)) -> bool:
        """Take another version of a map; returns whether pixels have changed.

        `steps` are those of the levels that it is looked at in, finest first; the last is the scene's.
        """
        before, self._shown = self._shown, objects
        ids, self.step = objects.ids, steps[-1]
        levels = (*steps, *_coarser(steps[-1], max(objects.shape)))
        if before is None or before.shape != objects.shape or levels != self._steps:
            self._steps = levels
            self._parts.clear()
            return True
        changed = ids.changed_from(before.ids)
        if len(changed) > _FEW * len(ids.tiles):
            self._parts.clear()
        for part in self._parts_of(ids.box(index) for index in changed) if self._parts else ():
            self._parts.pop(part, None)
        return bool(changed)

    def forget(self) -> None:
        """Note that nothing is drawn any more: of the next map all pixels have changed."""
        self._shown = None

    def at(self, rows: AnyArray, columns: AnyArray) -> ByteArray:
        """Return the bytes where increasing rows and columns of the map cross, 0 beside it.

        They are read from the coarsest level that is as fine as the rows are dense.
        """
        stride = (rows[-1] - rows[0]) / max(len(rows) - 1, 1)
        step = max((each for each in self._steps if each <= stride), default=self._steps[0])
        out = np.zeros((len(rows), len(columns)), dtype=np.uint8)
        height, width = self.shape
        across = list(_runs(columns, width, step))
        for down, own_rows in _runs(rows, height, step):
            for along, own_columns in across:
                y, x = rows[own_rows] // step % _SIDE, columns[own_columns] // step % _SIDE
                out[own_rows, own_columns] = self._part((step, down, along)).take(y, axis=0).take(x, axis=1)
        return out

    def _part(self, part: _Part) -> ByteArray:
        held = self._parts.get(part)
        if held is None:
            if self._shown is None:
                return np.zeros((_SIDE, _SIDE), dtype=np.uint8)
            step, down, along = part
            rows, columns = (
                slice(at * _SIDE, min(at * _SIDE + _SIDE, -(-side // step)))
                for at, side in zip((down, along), self.shape, strict=True)
            )
            held = self._parts[part] = _BYTES.take(self._shown.ids.sampled(step, (rows, columns)))
            if len(self._parts) > _MOST_PARTS:
                self._parts.popitem(last=False)
        self._parts.move_to_end(part)
        return held

    def _parts_of(self, boxes: Iterable[Box]) -> Iterator[_Part]:
        """Yield the parts of all levels that share pixels with some boxes of the map."""
        for box, step in product(boxes, self._steps):
            rows, columns = _in_steps(box, step * _SIDE)
            for down, along in product(range(rows.start, rows.stop), range(columns.start, columns.stop)):
                yield step, down, along

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


def _coarser(step: int, side: int) -> Iterator[int]:
    """Yield the steps of levels twice as coarse as the one before, down to one part along the longer side."""
    while step * _SIDE < side:
        step *= 2
        yield step


class PaneObjects(QObject):
    """Has canvases draw the objects, those that are chosen more strongly.

    Parameters
    ----------
    canvases : sequence of Canvas
    """

    def __init__(self, canvases: Sequence[Canvas], parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._canvases = tuple(canvases)
        self._raster = ObjectRaster()
        self._objects: ObjectMap | None = None
        self._chosen: tuple[int, ...] = ()

    def show(self, objects: ObjectMap | None, image: Image | None) -> None:
        """Draw another version of the objects of an image; None draws none."""
        self._objects = objects
        if objects is None:
            self._raster.forget()
            for canvas in self._canvases:
                canvas.objects.set_labels(None)
        elif image is not None:
            steps = (image.step_of_levels,) if image.levels is None else image.levels.steps
            if self._raster.show(objects, steps):
                for canvas in self._canvases:
                    canvas.objects.set_labels(self._raster)
            self._colour(objects)

    @Slot(object)
    def choose(self, ids: tuple[int, ...]) -> None:
        """Show which objects are chosen."""
        self._chosen = ids
        if self._objects is not None:
            self._colour(self._objects)

    def _colour(self, objects: ObjectMap) -> None:
        lut = self._raster.colours(objects, _OPACITY, self._chosen)
        is_chosen = self._raster.are_among(self._chosen)
        for canvas in self._canvases:
            canvas.objects.set_colours(lut, is_chosen)


def _in_steps(box: Box, step: int) -> Box:
    """Return a box of pixels in blocks of `step`, as far as it touches them."""
    rows, columns = (slice(along.start // step, -(-along.stop // step)) for along in box)
    return rows, columns


def _runs(places: AnyArray, length: int, step: int) -> Iterator[tuple[int, slice]]:
    """Yield parts, and which of increasing places lie in them; those beside the map are left out."""
    first, stop = (int(np.searchsorted(places, end)) for end in (0, length))
    parts = places[first:stop] // step // _SIDE
    bounds = np.flatnonzero(np.diff(parts, prepend=-1, append=-1)) + first
    for start, end in zip(bounds[:-1].tolist(), bounds[1:].tolist(), strict=True):
        yield int(parts[start - first]), slice(start, end)
