"""Pixels as features: the documents' experiment."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from dataclasses import replace

import numpy as np

from gmmseg.arrays import frozen
from gmmseg.control import Progress, ShouldStop, raise_if_ended
from gmmseg.digits.settings import DigitSettings
from gmmseg.digits.workpiece import StageEvent, Workpiece

BLOCK_IMAGES = 1024
"""Images of a block of the image stages: some milliseconds, and little memory beside the result."""


def image_blocks(n_images: int, size: int = BLOCK_IMAGES) -> Iterator[slice]:
    """Yield consecutive slices over the images."""
    for start in range(0, n_images, size):
        yield slice(start, min(start + size, n_images))


def pixels_stage(
    work: Workpiece, settings: DigitSettings, should_stop: ShouldStop
) -> Generator[StageEvent, None, Workpiece]:
    """Set the features to the pixels in 0..1, row after row."""
    n_images, height, width = work.images.shape
    features = np.empty((n_images, height * width), dtype=np.float32)
    for rows in image_blocks(n_images):
        raise_if_ended(should_stop)
        flat = work.images[rows].reshape(-1, height * width)
        np.multiply(flat, np.float32(1 / 255), out=features[rows])
        yield Progress("Reading the pixels", rows.stop / n_images)
    return replace(work, features=frozen(features), axes=None)
