"""Pictures in memory that are read like files beyond it."""

from __future__ import annotations

import os
import signal
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from gmmseg.arrays import AnyArray, BoolArray
from gmmseg.image import Image, ImageSource
from gmmseg.io.images import image_from_array


@dataclass(frozen=True, slots=True, eq=False)
class ArrayPicture:
    """An image of which tiles are read; with `fatal`, the process that first reads its corner is killed."""

    image: Image
    piece: tuple[int, int] = (1, 1)
    fingerprint: str = "array"
    fatal: Path | None = None

    @property
    def shape(self) -> tuple[int, int]:
        return self.image.height, self.image.width

    @property
    def channels(self) -> tuple[str, ...]:
        return self.image.channels

    @property
    def dtype(self) -> np.dtype[Any]:
        return self.image.pixels.dtype

    @property
    def source(self) -> ImageSource:
        return self.image.source

    def read(self, top: int, left: int, height: int, width: int) -> Image:
        if self.fatal is not None and top + left > 0 and self.fatal.exists():
            self.fatal.unlink()
            os.kill(os.getpid(), signal.SIGKILL)
        place = slice(top, top + height), slice(left, left + width)
        mask = None if self.image.mask is None else np.ascontiguousarray(self.image.mask[place])
        # A part of an image, of its own.
        return replace(self.image, pixels=np.ascontiguousarray(self.image.pixels[place]), mask=mask)


def coloured(
    shape: tuple[int, int], dtype: type[np.generic] = np.uint8, n_channels: int = 3, seed: int = 0
) -> AnyArray:
    """Return (H, W, C) of four noisy colours in patches, over the depth's range (0..1 for floats)."""
    generator = np.random.default_rng(seed)
    means = generator.uniform(0.2, 0.8, (4, n_channels))
    patches = generator.integers(0, 4, tuple(-(-side // 50) for side in shape))
    labels = np.kron(patches, np.ones((50, 50), dtype=np.int64))[: shape[0], : shape[1]]
    values: AnyArray = np.clip(means[labels] + generator.normal(0, 0.05, (*shape, n_channels)), 0, 1)
    kind = np.dtype(dtype)
    return values.astype(kind) if kind.kind == "f" else np.rint(values * np.iinfo(kind).max).astype(kind)


def image_of(pixels: AnyArray, mask: BoolArray | None = None) -> Image:
    """Return an image of an array whose last axis is never opacity."""
    return image_from_array(pixels, "array", mask, has_alpha=False)
