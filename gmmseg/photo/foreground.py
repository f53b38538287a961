"""Foreground: the masks of a stack's frames, packed, as far as they are known."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import lru_cache
from pathlib import Path

import numpy as np

from gmmseg.arrays import BoolArray, ByteArray, frozen
from gmmseg.frames.settings import BackgroundSettings
from gmmseg.image import Image


@dataclass(frozen=True, slots=True, eq=False)
class PackedMask:
    """A mask of `shape` (H, W) with eight pixels a byte, in reading order."""

    bits: ByteArray
    shape: tuple[int, int]


# A few only: a stack has many frames, and one or two are looked at.
@lru_cache(maxsize=4)
def unpacked(mask: PackedMask) -> BoolArray:
    """Return a mask, (H, W), the same array when it is asked for again."""
    height, width = mask.shape
    pixels = np.unpackbits(mask.bits, count=height * width)
    return frozen(pixels.reshape(height, width).view(np.bool_))


@dataclass(frozen=True, slots=True, eq=False)
class Foreground:
    """Foreground masks of the frames of a stack, from the first one on.

    Parameters
    ----------
    stack_id : (Path, str)
        As `ImageSource.stack_id` tells it.
    settings : BackgroundSettings
        Of the background that they are in front of.
    masks : tuple of PackedMask
    """

    stack_id: tuple[Path | None, str]
    settings: BackgroundSettings = field(default_factory=BackgroundSettings)
    masks: tuple[PackedMask, ...] = ()

    def of(self, image: Image) -> BoolArray | None:
        """Return the mask of a frame, (H, W); None where it is of another stack or not known yet."""
        place = image.source.place
        if place is None or image.source.stack_id != self.stack_id or place.frame >= len(self.masks):
            return None
        return unpacked(self.masks[place.frame])

    def is_of_same(self, other: Foreground) -> bool:
        """Whether both are of the same stack and background, however many frames are known."""
        return (self.stack_id, self.settings) == (other.stack_id, other.settings)

    def grown(self, masks: list[BoolArray]) -> Foreground:
        """Return this with the masks of further frames."""
        packed = (PackedMask(np.packbits(mask), (len(mask), mask.shape[1])) for mask in masks)
        return replace(self, masks=(*self.masks, *packed))
