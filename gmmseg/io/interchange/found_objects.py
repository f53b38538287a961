"""FoundObjects: what a file says of objects, painted one after the other into a map of ids."""

from __future__ import annotations

import re
from collections.abc import Hashable, Sequence
from typing import Any, NoReturn, TypeVar

import msgspec
import numpy as np

from gmmseg.arrays import AnyArray, FloatArray
from gmmseg.colours import Colour, class_colour, hex_colour
from gmmseg.control import ShouldStop, raise_if_ended
from gmmseg.errors import ReadError
from gmmseg.io.decoder_errors import damaged
from gmmseg.io.strict_json import place_and_reason
from gmmseg.limits import check_file_size, check_pixels, memory_budget
from gmmseg.photo.objects.objects import MAX_OBJECTS, ObjectInfo, ObjectMap
from gmmseg.photo.objects.patch import Patch, enclosed
from gmmseg.photo.objects.tiles import TilePainter

_MOST_STEPS = 1 << 29
"""Pixels painted, and crossings of outlines with rows: seconds of work, far beyond what any picture needs."""
_LARGEST_COORDINATE = 1e7
_LONGEST_NAME = 200
_BYTES_OF_JSON = 16
"""Memory that JSON takes, at most, for each byte of its text."""
_BYTES_OF_AREA = 24
"""For each pixel of the box of an area whose pixels are found."""
_T = TypeVar("_T")


class FoundObjects:
    """Collects objects of one image; later ones cover earlier ones, as programs draw them.

    Parameters
    ----------
    shape : tuple of int
        (H, W) of the image.
    name : str
        Of the file, for refusals.
    should_stop : ShouldStop
        Asked before each object.
    """

    def __init__(self, shape: tuple[int, int], name: str, should_stop: ShouldStop) -> None:
        self.shape = shape
        self.name = name
        self._should_stop = should_stop
        self._ids = TilePainter(shape)
        self._names: dict[int, str] = {}
        self._colours: dict[int, Colour] = {}
        self._known: dict[Hashable, int] = {}
        self._steps = 0

    def object(self, key: Hashable, name: str, colour: Colour | None = None) -> int:
        """Return the id of the object with that key, a new one at its first time."""
        raise_if_ended(self._should_stop)
        found = self._known.get(key)
        if found is None:
            if len(self._known) >= MAX_OBJECTS:
                raise ReadError(
                    f"“{self.name}” holds more than {MAX_OBJECTS:,} objects.", "Choose another file."
                )
            found = len(self._known) + 1
            # The value 255 is left to ignore.
            found += found >= 255
            self._known[key] = found
            self._names[found] = name_of(name) or f"Object {found}"
            if colour is not None:
                self._colours[found] = colour
        return found

    def paint(self, wanted: int, patch: Patch) -> None:
        """Give pixels to an object."""
        self._count(patch.mask.size)
        self._ids.paint(patch.box, patch.mask, wanted)

    def paint_rings(self, wanted: int, rings: Sequence[FloatArray]) -> None:
        """Give an object the pixels whose centres closed rings (M, 2) enclose, by the even-odd rule."""
        for ring in rings:
            if not (np.isfinite(ring).all() and np.abs(ring).max(initial=0) <= _LARGEST_COORDINATE):
                self.refuse("has a corner far outside of any picture")
            heights = np.clip(ring[:, 1], 0, self.shape[0])
            self._count(int(np.abs(np.diff(heights, append=heights[:1])).sum()) + len(ring))
        if not rings:
            return
        corners = np.concatenate(rings)
        low, high = (
            np.clip(side, 0, self.shape[::-1]) for side in (corners.min(axis=0), corners.max(axis=0))
        )
        self._count(int(np.prod(high - low)))
        width, height = (max(int(side), 1) for side in high - low)
        check_pixels(width, height, _BYTES_OF_AREA, 1)
        self.paint(wanted, enclosed(rings, self.shape))

    def paint_flat(self, wanted: int, starts: AnyArray, lengths: AnyArray) -> None:
        """Give an object runs of pixels, counted down the columns."""
        total = int(lengths.sum())
        self._count(total + len(lengths))
        before = np.cumsum(lengths) - lengths
        at = np.arange(total) + np.repeat(starts - before, lengths)
        if not len(at):
            return
        columns, rows = np.divmod(at, self.shape[0])
        top, left = int(rows.min()), int(columns.min())
        height, width = int(rows.max()) + 1 - top, int(columns.max()) + 1 - left
        check_pixels(width, height, 1, 1)
        mask = np.zeros((height, width), dtype=np.bool_)
        mask[rows - top, columns - left] = True
        self._ids.paint((slice(top, top + height), slice(left, left + width)), mask, wanted)

    def refuse(self, why: str) -> NoReturn:
        """Raise `ReadError` about the file; `why` continues a sentence that begins with its name."""
        raise ReadError(f"“{self.name}” {why}.", "Choose another file.")

    def object_map(self) -> ObjectMap:
        """Return the objects; raises `ReadError` where none has a pixel in the image."""
        ids = self._ids.map()
        areas = ids.counts(1 + max(self._names, default=0))
        present = [each for each in self._names if areas[each]]
        if not present:
            self.refuse("marks no pixel of this image")
        return ObjectMap(
            ids,
            tuple(
                ObjectInfo(each, self._names[each], self._colours.get(each, class_colour(position)))
                for position, each in enumerate(present)
            ),
        )

    def _count(self, steps: int) -> None:
        self._steps += steps
        if self._steps > _MOST_STEPS:
            self.refuse("describes its objects in more detail than is read")


def decoded_json(data: bytes, form: type[_T], name: str, kind: str) -> _T:
    """Return a JSON text as a form.

    Parameters
    ----------
    data : bytes
    form : type
        Of msgspec.
    name : str
        Of the file.
    kind : str
        What the file should be: ``COCO``.

    Raises
    ------
    ReadError
        It is damaged, or a field is missing or of another type.
    BudgetError
    """
    check_file_size(len(data), memory_budget() // _BYTES_OF_JSON)
    try:
        return msgspec.json.decode(data, type=form)
    except msgspec.ValidationError as error:
        place, why = place_and_reason(str(error))
        field = f"its field “{place[:80]}” {why}" if place else f"it {why}"
        raise ReadError(
            f"“{name}” is not a {kind} file that is read: {field}.", "Choose another file."
        ) from error
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError) as error:
        raise damaged(name, kind) from error


def name_of(text: str) -> str:
    """Return a name from a file as one line of valid text, of a length that people can read."""
    line = " ".join(text[:_LONGEST_NAME].split())
    return "".join(each if each.isprintable() else "�" for each in line)


def colour_of(value: Any) -> Colour | None:
    """Return a list of red, green and blue, or ``#E69F00``, as a colour; None for anything else."""
    if isinstance(value, str):
        return hex_colour(value) if re.fullmatch("#?[0-9A-Fa-f]{6}", value) else None
    if isinstance(value, list) and len(value) == 3 and all(type(v) is int and 0 <= v <= 255 for v in value):
        return value[0], value[1], value[2]
    return None


def check_size(size: tuple[int, ...], shape: tuple[int, int], name: str) -> None:
    """Raise `ReadError` where a mask's (H, W) is not that of the image."""
    if size != shape:
        raise ReadError(
            f"“{name}” is of {size[1]:,} × {size[0]:,} pixels; the image has {shape[1]:,} × {shape[0]:,}.",
            "Choose the mask that belongs to this image.",
        )
