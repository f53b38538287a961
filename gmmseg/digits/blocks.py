"""Consecutive blocks of images, between which long work reports and asks whether to stop."""

from __future__ import annotations

from collections.abc import Iterator

BLOCK_IMAGES = 1024
"""Images of a block of the image stages: some milliseconds, and little memory beside the result."""


def image_blocks(n_images: int, size: int = BLOCK_IMAGES) -> Iterator[slice]:
    """Yield consecutive slices over the images."""
    for start in range(0, n_images, size):
        yield slice(start, min(start + size, n_images))
