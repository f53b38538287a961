"""Filling: the connected unlabelled pixels around one, or those of one class."""

from __future__ import annotations

import numpy as np

from gmmseg.arrays import LabelArray
from gmmseg.photo.objects.objects import ObjectMap
from gmmseg.photo.objects.patch import Patch


def flooded(objects: ObjectMap, x: int, y: int) -> Patch:
    """Return the pixels with the same object, or none, that are 4-connected with a pixel."""
    return _connected(objects.ids.read(), x, y)


def of_class(labels: LabelArray, x: int, y: int, *, is_connected: bool = True) -> Patch:
    """Return the pixels of a label map with the label at a pixel, 4-connected with it or everywhere."""
    return _connected(labels, x, y) if is_connected else Patch.of(labels == labels[y, x])


def _connected(values: LabelArray, x: int, y: int) -> Patch:
    from scipy.ndimage import label

    parts, _ = label(values == values[y, x])
    return Patch.of(np.asarray(parts == parts[y, x]))
