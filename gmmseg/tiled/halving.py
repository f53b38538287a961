"""A picture at half its size: what the levels of a pyramid are made by."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from gmmseg.arrays import AnyArray
from gmmseg.image import Image


def halved(image: Image) -> Image:
    """Return an image at half its size, odd sides rounded up.

    A pixel is the mean of those that hold data among the four it stands for, at an odd edge two, or one.
    Integers are rounded, halves up.
    """
    quarters = _quarters(image.pixels)
    total = _sum_of(quarters, _wide(image.pixels.dtype))
    if image.mask is None:
        return replace(image, pixels=_quotient(total, 4, image.pixels.dtype))
    held = _quarters(image.mask[:, :, None])
    counts = _sum_of(held, np.dtype(np.int64))
    zero = image.pixels.dtype.type(0)
    kept = [np.where(is_held, quarter, zero) for quarter, is_held in zip(quarters, held, strict=True)]
    total = _sum_of(kept, _wide(image.pixels.dtype))
    pixels = _quotient(total, np.maximum(counts, 1), image.pixels.dtype)
    mask = counts[:, :, 0] > 0
    return replace(image, pixels=pixels, mask=None if mask.all() else mask)


def _quarters(values: AnyArray) -> list[AnyArray]:
    """Return the four pixels of each block of two by two, the last row and column repeated at odd edges."""
    height, width = values.shape[:2]
    if height % 2 or width % 2:
        values = np.pad(values, ((0, height % 2), (0, width % 2), (0, 0)), "edge")
    return [values[y::2, x::2] for y in (0, 1) for x in (0, 1)]


def _wide(dtype: np.dtype[Any]) -> np.dtype[Any]:
    """Return a type that holds the sum of four."""
    if dtype.kind == "f":
        return np.dtype(np.float64)
    return np.dtype(np.uint16) if dtype == np.uint8 else np.dtype(np.int64)


def _sum_of(parts: list[AnyArray], dtype: np.dtype[Any]) -> AnyArray:
    total = parts[0].astype(dtype)
    for part in parts[1:]:
        total += part
    return total


def _quotient(total: AnyArray, counts: AnyArray | int, dtype: np.dtype[Any]) -> AnyArray:
    """Return sums over counts, rounded where the values are integers."""
    if dtype.kind == "f":
        return (total / counts).astype(dtype)
    return np.ascontiguousarray(((total + counts // 2) // counts).astype(dtype))
