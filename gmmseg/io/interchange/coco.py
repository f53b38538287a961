"""COCO JSON: one run-length encoded region for each class or object."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import numpy as np

from gmmseg.arrays import AnyArray, BoolArray, IntArray
from gmmseg.colours import to_hex
from gmmseg.io.masks import GENERATOR
from gmmseg.io.plain_text import with_plain_names
from gmmseg.photo.classes import ClassTable

_CHUNKS = 7
"""Five-bit chunks of the longest run: enough for 2**34 pixels either way."""


def encode_coco(
    ids: AnyArray, classes: ClassTable, file_name: str, categories: Mapping[int, int] | None = None
) -> bytes:
    """Return class ids (H, W) as COCO JSON; classes without pixels have a category but no annotation.

    Parameters
    ----------
    ids : (H, W)
    classes : ClassTable
    file_name : str
        Of the image.
    categories : mapping, optional
        The category of each class by its id, where several instances are of one; its name and colour are
        those of the first.
    """
    height, width = ids.shape
    classes = with_plain_names(classes)
    annotations: list[dict[str, Any]] = []
    for entry in classes:
        mask = ids == entry.id
        if mask.any():
            category = entry.id if categories is None else categories[entry.id]
            annotations.append(_annotation(len(annotations) + 1, category, mask))
    named = {
        entry.id if categories is None else categories[entry.id]: entry for entry in reversed(tuple(classes))
    }
    content = {
        "info": {"description": "class regions", "version": GENERATOR},
        "licenses": [],
        "images": [{"id": 1, "file_name": file_name, "width": width, "height": height}],
        "categories": [
            {"id": number, "name": entry.name, "supercategory": "class", "color": to_hex(entry.colour)}
            for number, entry in sorted(named.items())
        ],
        "annotations": annotations,
    }
    return (json.dumps(content) + "\n").encode("ascii")


def _annotation(number: int, category: int, mask: BoolArray) -> dict[str, Any]:
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    left, top = int(columns[0]), int(rows[0])
    return {
        "id": number,
        "image_id": 1,
        "category_id": category,
        "iscrowd": 0,
        "area": int(np.count_nonzero(mask)),
        "bbox": [left, top, int(columns[-1]) + 1 - left, int(rows[-1]) + 1 - top],
        "segmentation": {"size": list(mask.shape), "counts": compressed(run_lengths(mask))},
    }


def run_lengths(mask: BoolArray) -> IntArray:
    """Return the lengths of runs in column-major order; the first one is of false pixels, maybe 0."""
    flat = mask.ravel(order="F")
    changes = np.flatnonzero(flat[1:] != flat[:-1]) + 1
    bounds = np.concatenate([[0] if flat[0] else [], [0], changes, [flat.size]]).astype(np.int64)
    return bounds[1:] - bounds[:-1]


def compressed(counts: IntArray) -> str:
    """Return run lengths as COCO's text: each as its difference from the one two before, in 5-bit chunks.

    A chunk holds five bits, least first, and 32 when more follow, offset by 48; numbers are two's complement.
    """
    deltas = counts.copy()
    deltas[3:] -= counts[1:-2]
    shifts = 5 * np.arange(_CHUNKS)
    chunks = (deltas[:, None] >> shifts) & 31
    # A chunk is the last when what remains is only the sign, which its bit 16 already shows.
    rest = deltas[:, None] >> (shifts + 5)
    is_last = rest == -(chunks >> 4 & 1)
    n_chunks = is_last.argmax(axis=1) + 1
    is_used = np.arange(_CHUNKS) < n_chunks[:, None]
    has_more = np.arange(_CHUNKS) < n_chunks[:, None] - 1
    characters = (chunks + 32 * has_more + 48)[is_used]
    return bytes(characters.astype(np.uint8)).decode("ascii")
