"""Filling: the pixels that have the same value as one of them, connected with it or everywhere."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from gmmseg.arrays import AnyArray
from gmmseg.photo.field import Field
from gmmseg.photo.objects.objects import ObjectMap
from gmmseg.photo.objects.patch import Patch


def flooded(objects: ObjectMap, x: int, y: int, field: Field) -> Patch:
    """Return the pixels of a field with the same object, or none, that are 4-connected with one of them."""
    column, row = (int(along) for along in field.own([(x, y)])[0])
    found = of_one_value(objects.ids.sampled(field.step, field.box), column, row)
    return replace(found, top=found.top + field.top, left=found.left + field.left, step=field.step)


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
