"""LabelMe JSON: polygons where a region has no holes, else a small mask."""

from __future__ import annotations

import base64
import io
import json
from typing import Any

import numpy as np

from gmmseg.arrays import AnyArray, BoolArray
from gmmseg.io.interchange.contours import Outline, outlines
from gmmseg.photo.classes import ClassInfo, ClassTable

_LABELME_VERSION = "5.4.1"
"""The version whose layout is written: shapes of type ``mask`` came with 5.3."""


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
    All shapes of a class share a ``group_id``, the class id.
    """
    content = {
        "version": _LABELME_VERSION,
        "flags": {},
        "imagePath": image_path,
        "imageData": None,
        "imageHeight": ids.shape[0],
        "imageWidth": ids.shape[1],
    }
    # The shapes become text one by one: as Python objects, all of a large image would take a gigabyte.
    shapes = [json.dumps(_shape(entry, region)) for entry in classes for region in outlines(ids == entry.id)]
    frame = json.dumps(content).removesuffix("}")
    return f'{frame}, "shapes": [{", ".join(shapes)}]}}\n'.encode("ascii")


def _shape(entry: ClassInfo, region: Outline) -> dict[str, Any]:
    shape: dict[str, Any] = {
        "label": entry.name,
        "points": region.outer.astype(float).tolist(),
        "group_id": entry.id,
        "description": "",
        "shape_type": "polygon",
        "flags": {},
        "mask": None,
    }
    if region.holes:
        (left, top), (right, bottom) = region.outer.min(axis=0), region.outer.max(axis=0)
        # LabelMe's mask boxes include their last row and column.
        shape["points"] = [[float(left), float(top)], [float(right - 1), float(bottom - 1)]]
        shape["shape_type"] = "mask"
        shape["mask"] = _png(filled(region))
    return shape


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
    from PIL import Image as PillowImage

    buffer = io.BytesIO()
    PillowImage.fromarray(mask.astype(np.uint8) * 255).save(buffer, "PNG")
    return base64.b64encode(buffer.getvalue()).decode("ascii")
