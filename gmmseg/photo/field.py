"""Field: the part of a picture, at one of its levels, in which prompts are answered."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

from gmmseg.image import Image
from gmmseg.photo.objects.tiles import Box

SIDE = 1024
"""Rows and columns of a field. Trees are grown on a copy of 640: a click on one of 30 nuclei of 20 to 60
pixels overlaps with it by .99 in fields of 1024, .91 of 1280, .63 of 2048."""
STRIDE = SIDE // 2
"""From one field to the next: around what is clicked there is a quarter of one, but at the picture's edge."""


@dataclass(frozen=True, slots=True)
class Field:
    """A part of a level; rows and columns are in the level's pixels.

    Parameters
    ----------
    top, left, height, width : int
    step : int
        Pixels of the picture along one of the level.
    """

    top: int
    left: int
    height: int
    width: int
    step: int = 1

    @property
    def box(self) -> Box:
        """Its rows and columns of the level."""
        return slice(self.top, self.top + self.height), slice(self.left, self.left + self.width)

    def holds(self, points: Iterable[tuple[float, float]]) -> bool:
        """Whether points (x, y), in pixels of the picture, lie in it."""
        return all(0 <= x < self.width and 0 <= y < self.height for x, y in self.own(points))

    def own(self, points: Iterable[tuple[float, float]]) -> list[tuple[float, float]]:
        """Return points (x, y) of the picture in the field's own pixels."""
        return [(x / self.step - self.left, y / self.step - self.top) for x, y in points]


def whole_field(image: Image) -> Field:
    """Return all of an image, which may be an overview, as a field."""
    return Field(0, 0, image.height, image.width, image.step_of_levels)


def field_at(shape: tuple[int, int], step: int, point: tuple[float, float]) -> Field:
    """Return the field of a level in which a point is answered: the same for points nearby.

    Parameters
    ----------
    shape : tuple of int
        (H, W) of the level.
    step : int
    point : (x, y)
        In pixels of the picture.
    """
    top, left = (_start(along / step, length) for along, length in zip(point[::-1], shape, strict=True))
    return Field(top, left, min(SIDE, shape[0]), min(SIDE, shape[1]), step)


def _start(at: float, length: int) -> int:
    """Return where the field begins in whose middle half a place lies, or at the edge the outermost does."""
    nearest = math.floor((at - (SIDE - STRIDE) / 2) / STRIDE) * STRIDE
    return min(max(nearest, 0), max(length - SIDE, 0))
