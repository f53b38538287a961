"""LabelMe JSON: a polygon where LabelMe draws exactly the region's pixels from one, else a small mask."""

from __future__ import annotations

import base64
import json
from typing import Any

import numpy as np

from gmmseg.arrays import AnyArray, BoolArray
from gmmseg.drawing.contours import Outline, Ring, outlines
from gmmseg.io.object_masks import encode_object_mask
from gmmseg.io.plain_text import with_plain_names
from gmmseg.photo.classes import ClassInfo, ClassTable

_LABELME_VERSION = "5.4.1"
"""The version whose layout is written: shapes of type ``mask`` came with 5.3."""
_MOST_STEPS = 50_000_000
"""Corners times rows of a polygon: beyond, Pillow, and so LabelMe, takes seconds to draw it."""
_MOST_CORNERS_KEPT = 32

_Form = tuple[Ring, str | None]
"""The points of a shape from its corner, and its mask where it is one."""


def encode_labelme(ids: AnyArray, classes: ClassTable, image_path: str) -> bytes:
    """Return the regions of class ids (H, W) as LabelMe shapes.

    Parameters
    ----------
    ids : uint8 or uint16 array, (H, W)
    classes : ClassTable
    image_path : str
        From the folder of the JSON file to the image; the pixels themselves are not copied into it.

    Notes
    -----
    All shapes of a class share a ``group_id``, the class id. LabelMe's ``shapes_to_label`` gives back
    every pixel.
    """
    content = {
        "version": _LABELME_VERSION,
        "flags": {},
        "imagePath": image_path,
        "imageData": None,
        "imageHeight": ids.shape[0],
        "imageWidth": ids.shape[1],
    }
    # Speckle has few forms in many places.
    forms: dict[tuple[bytes, ...], _Form] = {}
    # The shapes become text one by one: as Python objects, all of a large image would take a gigabyte.
    shapes = [
        json.dumps(_shape(entry, region, forms))
        for entry in with_plain_names(classes)
        for region in outlines(ids == entry.id)
    ]
    frame = json.dumps(content).removesuffix("}")
    return f'{frame}, "shapes": [{", ".join(shapes)}]}}\n'.encode("ascii")


def _shape(entry: ClassInfo, region: Outline, forms: dict[tuple[bytes, ...], _Form]) -> dict[str, Any]:
    corner = region.outer.min(axis=0)
    rings = [ring - corner for ring in (region.outer, *region.holes)]
    key = tuple(ring.tobytes() for ring in rings)
    form = forms.get(key)
    if form is None:
        form = _form(Outline(rings[0], rings[1:]))
        if len(rings[0]) <= _MOST_CORNERS_KEPT:
            forms[key] = form
    points, mask = form
    return {
        "label": entry.name,
        "points": (points + corner).astype(float).tolist(),
        "group_id": entry.id,
        "description": "",
        "shape_type": "polygon" if mask is None else "mask",
        "flags": {},
        "mask": mask,
    }


def _form(region: Outline) -> _Form:
    """Return the points of a region with its corner at 0, and its mask unless they are a polygon."""
    points = _exact_polygon(region)
    if points is not None:
        return points, None
    pixels = filled(region)
    height, width = pixels.shape
    # The box of a mask includes its last row and column.
    return np.array([[0, 0], [width - 1, height - 1]]), _png(pixels)


def _exact_polygon(region: Outline) -> Ring | None:
    """Return a polygon from which LabelMe draws exactly the region's pixels; None where there is none.

    LabelMe takes points for pixels and draws outline and inside. The polygon therefore leads through the
    pixels along the inner side of the ring, half a pixel from it.
    """
    ring = region.outer
    if region.holes or len(ring) * int(ring[:, 1].max()) > _MOST_STEPS:
        return None
    edges = np.sign(np.roll(ring, -1, axis=0) - ring)
    # The region lies to the right of each edge, on a screen with y down.
    inwards = np.stack([-edges[:, 1], edges[:, 0]], axis=1)
    points: Ring = ring + (inwards + np.roll(inwards, 1, axis=0) - 1) // 2
    points = points[(points != np.roll(points, 1, axis=0)).any(axis=1)]
    return points if len(points) > 2 else None


def filled(region: Outline) -> BoolArray:
    """Return the pixels of an outline within its bounding box."""
    origin, corner = region.outer.min(axis=0), region.outer.max(axis=0)
    width, height = (corner - origin).tolist()
    x, y = (np.concatenate([region.outer, *region.holes]) - origin).T
    marks = np.zeros((height + 1, width + 1), dtype=np.int8)
    np.bitwise_xor.at(marks, (y, x), 1)
    # Downwards the marks become upright edges, and each edge inverts all that lies to its right.
    upright = np.bitwise_xor.accumulate(marks, axis=0)
    return np.bitwise_xor.accumulate(upright, axis=1)[:height, :width].astype(np.bool_)


def _png(mask: BoolArray) -> str:
    return base64.b64encode(encode_object_mask(".png", mask)).decode("ascii")
