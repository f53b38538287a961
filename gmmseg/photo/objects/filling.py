"""Filling: the pixels that have the same value as one of them, connected with it or everywhere."""

from __future__ import annotations

import numpy as np

from gmmseg.arrays import AnyArray
from gmmseg.photo.objects.objects import ObjectMap
from gmmseg.photo.objects.patch import Patch


def flooded(objects: ObjectMap, x: int, y: int) -> Patch:
    """Return the pixels with the same object, or none, that are 4-connected with a pixel."""
    return of_one_value(objects.ids.read(), x, y)


def of_one_value(values: AnyArray, x: int, y: int, *, is_connected: bool = True) -> Patch:
    """Return the pixels of an (H, W) array with the value of one of them.

    Parameters
    ----------
    values : array, (H, W)
    x, y : int
        The pixel.
    is_connected : bool
        Those 4-connected with it alone.
    """
    from scipy.ndimage import label

    is_same = np.asarray(values == values[y, x])
    if is_connected:
        parts, _ = label(is_same)
        is_same = np.asarray(parts == parts[y, x])
    return Patch.of(is_same)
