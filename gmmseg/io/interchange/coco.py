"""COCO JSON: one run-length encoded region for each class or object."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from gmmseg.arrays import AnyArray, BoolArray, IntArray
from gmmseg.colours import to_hex
from gmmseg.io.masks import GENERATOR
from gmmseg.io.plain_text import with_plain_names
from gmmseg.photo.classes import ClassInfo, ClassTable
from gmmseg.photo.objects.patch import Patch

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
    patches = ((entry, Patch.of(ids == entry.id)) for entry in classes)
    height, width = ids.shape
    return encode_coco_of(patches, (height, width), classes, file_name, categories)


def encode_coco_of(
    patches: Iterable[tuple[ClassInfo, Patch]],
    shape: tuple[int, int],
    classes: ClassTable,
    file_name: str,
    categories: Mapping[int, int] | None = None,
) -> bytes:
    """Return classes of an (H, W) image, the pixels of which come one by one, as `encode_coco` does."""
    height, width = shape
    classes = with_plain_names(classes)
    annotations: list[dict[str, Any]] = []
    for entry, patch in patches:
        if not patch.is_empty:
            category = entry.id if categories is None else categories[entry.id]
            annotations.append(_annotation(len(annotations) + 1, category, patch, shape))
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


def _annotation(number: int, category: int, patch: Patch, shape: tuple[int, int]) -> dict[str, Any]:
    height, width = patch.mask.shape
    counts = run_lengths(patch.mask, (patch.top, patch.left), shape)
    return {
        "id": number,
        "image_id": 1,
        "category_id": category,
        "iscrowd": 0,
        "area": patch.area,
        "bbox": [patch.left, patch.top, width, height],
        "segmentation": {"size": list(shape), "counts": compressed(counts)},
    }


def run_lengths(
    mask: BoolArray, corner: tuple[int, int] = (0, 0), shape: tuple[int, ...] | None = None
) -> IntArray:
    """Return the lengths of runs in column-major order; the first one is of false pixels, maybe 0.

    The mask's first pixel lies at `corner`, row and column, of an image of `shape`, its own by default.
    """
    shape = shape or mask.shape
    padded = np.zeros((mask.shape[0] + 2, mask.shape[1]), dtype=np.bool_)
    padded[1:-1] = mask
    columns, rows = np.nonzero((padded[1:] != padded[:-1]).T)
    changes = (columns + corner[1]) * shape[0] + rows + corner[0]
    # A run that goes on at the top of the next column ends and begins at one place.
    ends, n_changes = np.unique(changes, return_counts=True)
    n_pixels = shape[0] * shape[1]
    bounds: IntArray = np.concatenate([[0], ends[n_changes == 1], [n_pixels]]).astype(np.int64)
    counts: IntArray = bounds[1:] - bounds[:-1]
    return counts if counts[-1] else counts[:-1]


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
