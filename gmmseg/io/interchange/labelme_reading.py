"""LabelMe JSON read: shapes drawn as LabelMe itself draws them, and masks."""

from __future__ import annotations

import base64
import binascii
import math
from typing import Annotated

import msgspec
import numpy as np

from gmmseg.arrays import FloatArray
from gmmseg.control import ShouldStop
from gmmseg.io.interchange.found_objects import FoundObjects, check_size, decoded_json
from gmmseg.io.mask_reading import read_values
from gmmseg.limits import MAX_SIDE
from gmmseg.photo.objects.objects import ObjectMap
from gmmseg.photo.objects.patch import Patch

_Side = Annotated[int, msgspec.Meta(ge=1, le=MAX_SIDE)]
_MOST_STEPS = 1 << 31
"""Corners times rows of polygons: seconds of drawing."""


class Shape(msgspec.Struct):
    """One part of an object."""

    label: str
    points: list[tuple[float, float]]
    group_id: int | None = None
    shape_type: str | None = None
    mask: str | None = None


class LabelMe(msgspec.Struct):
    """A LabelMe file, as far as it is read."""

    shapes: list[Shape]
    imageHeight: _Side | None = None
    imageWidth: _Side | None = None


def decode_labelme(data: bytes, name: str, shape: tuple[int, int], should_stop: ShouldStop) -> ObjectMap:
    """Return the shapes of a LabelMe file as objects; those of one label and group are one object.

    Polygons, rectangles and circles cover the pixels that LabelMe's ``shape_to_mask`` gives; points and lines
    are passed over.

    Raises
    ------
    ReadError
        It is no LabelMe file, damaged, or of another size.
    """
    content = decoded_json(data, LabelMe, name, "LabelMe")
    if content.imageHeight is not None and content.imageWidth is not None:
        check_size((content.imageHeight, content.imageWidth), shape, name)
    found = FoundObjects(shape, name, should_stop)
    n_steps = 0
    for number, part in enumerate(content.shapes):
        corners = np.asarray(part.points, dtype=np.float64).reshape(-1, 2)
        if not (np.isfinite(corners).all() and (np.abs(corners) <= 2 * MAX_SIDE).all()):
            found.refuse("has a corner far outside of any picture")
        heights = np.clip(corners[:, 1], 0, shape[0])
        n_steps += int(len(corners) * (1 + heights.max(initial=0) - heights.min(initial=shape[0])))
        if n_steps > _MOST_STEPS:
            found.refuse("describes its shapes in more detail than is read")
        patch = _patch_of(part, corners, found)
        if patch is not None:
            key = ("alone", number) if part.group_id is None else (part.label, part.group_id)
            found.paint(found.object(key, part.label), patch)
    return found.object_map()


def _patch_of(part: Shape, corners: FloatArray, found: FoundObjects) -> Patch | None:
    if part.shape_type == "mask":
        return _mask_of(part, corners, found)
    least = {"polygon": 3, None: 3, "rectangle": 2, "circle": 2}.get(part.shape_type)
    if least is None:
        return None
    if len(corners) < least or (least == 2 and len(corners) != 2):
        found.refuse(f"has a {part.shape_type or 'polygon'} of {len(corners)} points")
    return _drawn(part.shape_type, corners, found.shape)


def _drawn(kind: str | None, corners: FloatArray, shape: tuple[int, int]) -> Patch:
    """Return the pixels of a shape as LabelMe draws it, its outline included; only its box is drawn in."""
    from PIL import Image as PillowImage
    from PIL import ImageDraw

    if kind == "circle":
        radius = math.hypot(*(corners[1] - corners[0]).tolist())
        corners = corners[0] + np.array([[-radius, -radius], [radius, radius]])
    low, high = np.floor(corners.min(axis=0)) - 1, np.ceil(corners.max(axis=0)) + 2
    (left, top), (right, bottom) = (
        np.clip(ends, 0, shape[::-1]).astype(int).tolist() for ends in (low, high)
    )
    picture = PillowImage.new("L", (right - left, bottom - top))
    if not (picture.width and picture.height):
        return Patch.of(np.zeros((0, 0), dtype=np.bool_))
    draw = ImageDraw.Draw(picture)
    points = [(x, y) for x, y in (corners - (left, top)).tolist()]
    if kind in ("rectangle", "circle"):
        (x0, x1), (y0, y1) = (sorted(ends) for ends in zip(*points, strict=True))
        (draw.rectangle if kind == "rectangle" else draw.ellipse)([x0, y0, x1, y1], outline=1, fill=1)
    else:
        draw.polygon(points, outline=1, fill=1)
    return Patch.of(np.asarray(picture) > 0, top, left)


def _mask_of(part: Shape, corners: FloatArray, found: FoundObjects) -> Patch:
    """Return a mask in the box of its two points, the last row and column included."""
    if part.mask is None or len(corners) != 2 or (corners != np.floor(corners)).any():
        found.refuse("has a mask without pixels, or not at the corners of a box")
    try:
        data = base64.b64decode(part.mask, validate=True)
    except binascii.Error:
        found.refuse("has a mask that is not written as base64")
    values = read_values(data, found.name).ids
    (left, top), (right, bottom) = corners.astype(np.int64).tolist()
    height, width = found.shape
    if values.shape != (bottom - top + 1, right - left + 1):
        found.refuse("has a mask that does not fill its box")
    inside = slice(max(-top, 0), height - top), slice(max(-left, 0), width - left)
    return Patch.of(values[inside] > 0, max(top, 0), max(left, 0))
