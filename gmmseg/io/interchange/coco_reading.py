"""COCO JSON read: run-length encoded regions, compressed or not, and polygons."""

from __future__ import annotations

from typing import Annotated

import msgspec
import numpy as np

from gmmseg.arrays import IntArray
from gmmseg.control import ShouldStop
from gmmseg.errors import ReadError
from gmmseg.io.interchange.found_objects import FoundObjects, check_size, colour_of, decoded_json
from gmmseg.limits import MAX_SIDE
from gmmseg.photo.objects.objects import ObjectMap

_Side = Annotated[int, msgspec.Meta(ge=1, le=MAX_SIDE)]
_MOST_CHUNKS = 7
"""Five-bit chunks of a run; see `gmmseg.io.interchange.coco`."""


class Picture(msgspec.Struct):
    """An image of a COCO file."""

    id: int
    width: _Side
    height: _Side
    file_name: str = ""


class Category(msgspec.Struct):
    """A category of objects."""

    id: int
    name: str
    color: str = ""


class RunLengths(msgspec.Struct):
    """A mask as lengths of runs down the columns, of background first."""

    size: tuple[_Side, _Side]
    counts: str | list[Annotated[int, msgspec.Meta(ge=0)]]


class Annotation(msgspec.Struct):
    """One object."""

    image_id: int
    category_id: int
    segmentation: RunLengths | list[list[float]]


class Coco(msgspec.Struct):
    """A COCO file, as far as it is read."""

    images: list[Picture]
    annotations: list[Annotation]
    categories: list[Category] = []


def decode_coco(
    data: bytes, name: str, shape: tuple[int, int], image_name: str, should_stop: ShouldStop
) -> ObjectMap:
    """Return the objects of one image of a COCO file: the one called `image_name`, or the only one.

    Raises
    ------
    ReadError
        It is no COCO file, damaged, of other images, or of another size.
    """
    content = decoded_json(data, Coco, name, "COCO")
    picture = _picture_of(content.images, image_name, name)
    check_size((picture.height, picture.width), shape, name)
    categories = {category.id: category for category in content.categories}
    found = FoundObjects(shape, name, should_stop)
    for number, annotation in enumerate(content.annotations):
        if annotation.image_id != picture.id:
            continue
        category = categories.get(annotation.category_id, Category(0, f"Category {annotation.category_id}"))
        wanted = found.object(number, category.name, colour_of(category.color))
        _paint(found, wanted, annotation)
    return found.object_map()


def _picture_of(pictures: list[Picture], image_name: str, name: str) -> Picture:
    of_name = [
        picture for picture in pictures if picture.file_name.replace("\\", "/").split("/")[-1] == image_name
    ]
    if len(of_name) == 1:
        return of_name[0]
    if len(pictures) == 1:
        return pictures[0]
    raise ReadError(
        f"“{name}” is about {len(pictures):,} images, and none or several are called “{image_name}”.",
        "Choose a file about this image.",
    )


def _paint(found: FoundObjects, wanted: int, annotation: Annotation) -> None:
    mask = annotation.segmentation
    if not isinstance(mask, RunLengths):
        for numbers in mask:
            if len(numbers) % 2 or len(numbers) < 6:
                found.refuse("has a polygon of less than three corners, or of half a corner")
            # Each polygon is a part of its own, so that parts that overlap do not undo each other.
            found.paint_rings(wanted, [np.reshape(np.asarray(numbers, dtype=np.float64), (-1, 2))])
        return
    check_size(mask.size, found.shape, found.name)
    counts = uncompressed(mask.counts) if isinstance(mask.counts, str) else _whole_numbers(mask.counts)
    if counts is None or (counts < 0).any() or int(counts.sum()) != found.shape[0] * found.shape[1]:
        found.refuse("has runs that do not fill the picture")
    starts = np.cumsum(counts) - counts
    found.paint_flat(wanted, starts[1::2], counts[1::2])


def _whole_numbers(counts: list[int]) -> IntArray | None:
    is_plausible = max(counts, default=0) <= MAX_SIDE**2
    return np.asarray(counts, dtype=np.int64) if is_plausible else None


def uncompressed(text: str) -> IntArray | None:
    """Return the run lengths in COCO's text, the inverse of `compressed`; None where it is none."""
    if not text.isascii():
        return None
    codes = np.frombuffer(text.encode("ascii"), dtype=np.uint8).astype(np.int64) - 48
    if (codes < 0).any() or (codes > 63).any() or (codes.size and codes[-1] & 32):
        return None
    is_last = (codes & 32) == 0
    ends = np.flatnonzero(is_last)
    starts = np.concatenate([[0], ends[:-1] + 1]) if ends.size else ends
    if ends.size and int((ends - starts).max()) >= _MOST_CHUNKS:
        return None
    shifts = 5 * (np.arange(codes.size) - np.repeat(starts, ends - starts + 1))
    numbers = np.add.reduceat((codes & 31) << shifts, starts) if ends.size else codes
    # The highest bit that is written is the sign.
    numbers -= np.where(codes[ends] & 16, np.int64(1) << (shifts[ends] + 5), 0)
    # From the third run on a number is the difference from the run two before it.
    for first in (1, 2):
        numbers[first::2] = np.cumsum(numbers[first::2])
    return numbers
