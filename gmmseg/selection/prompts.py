"""Prompts: clicks and strokes that ask for object or background, and a box around the object."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from gmmseg.arrays import IntArray, frozen

Box = tuple[int, int, int, int]
"""x0, y0, x1, y1 in pixels of the image, half-open."""


@dataclass(frozen=True, slots=True, eq=False)
class Prompt:
    """A click, or a stroke of many pixels.

    Parameters
    ----------
    rows, columns : int64 arrays, (n,)
        Pixels of the image; at least one.
    is_positive : bool
        Whether they are object.
    """

    rows: IntArray
    columns: IntArray
    is_positive: bool

    def __post_init__(self) -> None:
        if self.rows.ndim != 1 or len(self.rows) == 0 or self.rows.shape != self.columns.shape:
            raise ValueError("a prompt has at least one pixel, each with a row and a column")
        frozen(self.rows)
        frozen(self.columns)


def click(x: int, y: int, is_positive: bool = True) -> Prompt:
    """Return the prompt of one pixel."""
    return Prompt(np.array([y], dtype=np.int64), np.array([x], dtype=np.int64), is_positive)


def stroke(points: Iterable[tuple[float, float]], is_positive: bool = True) -> Prompt:
    """Return the prompt of the pixels along the line through points (x, y), one pixel wide."""
    corners = np.array(list(points), dtype=np.float64).reshape(-1, 2)
    parts = [corners[:1]]
    for start, end in pairwise(corners):
        n_steps = max(1, int(np.ceil(np.abs(end - start).max())))
        parts.append(start + (end - start) * (np.arange(1, n_steps + 1)[:, None] / n_steps))
    pixels = np.floor(np.concatenate(parts)).astype(np.int64)
    _, first = np.unique(pixels, axis=0, return_index=True)
    pixels = pixels[np.sort(first)]
    return Prompt(pixels[:, 1].copy(), pixels[:, 0].copy(), is_positive)
