"""Filling: the connected pixels around one that belong to the same object, or to none."""

from __future__ import annotations

import numpy as np

from gmmseg.photo.objects.objects import ObjectMap
from gmmseg.photo.objects.patch import Patch


def flooded(objects: ObjectMap, x: int, y: int) -> Patch:
    """Return the pixels with the same object, or none, that are 4-connected with a pixel."""
    from scipy.ndimage import label

    ids = objects.ids.read()
    parts, _ = label(ids == ids[y, x])
    return Patch.of(np.asarray(parts == parts[y, x]))
