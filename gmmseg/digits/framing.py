"""Images as the features expect them: bright ink on dark paper, in the middle of a picture little larger."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from gmmseg.arrays import BoolArray, ByteArray, Float32Array, FloatArray, IntArray

MAX_SAMPLE = 4096
"""Images, evenly spaced, by which a set is judged."""
FAINT_PAPER = 2.0
"""Grey levels up to which paper is as good as black."""
CORNER = 1 / 7
"""Part of the sides of the corners, in which there is paper more than ink."""
ONE_DEVIATION = 84.13
"""Percentile a standard deviation above the median of normal noise, also where it is cut off at black."""
N_DEVIATIONS = 2.0
"""Standard deviations above its median up to which paper still is paper."""
INK_SHARE = 0.35
"""Of an image's largest grey level: what is brighter counts as ink when its extent is measured."""
MARGIN = 1.4
"""Side of a framed picture over that of the ink: 20 pixels of ink in 28, as in MNIST."""
LOOSE, ASIDE = 0.85, 0.1
"""Shares of the side: a framing narrower than the first, or a typical distance of the ink's mean from the
middle beyond the second, is worth a crop."""


@dataclass(frozen=True, slots=True)
class Framing:
    """Geometric and tonal corrections of the images of a set; all of them are treated alike.

    Parameters
    ----------
    is_inverted : bool
        Dark ink on bright paper: grey levels are turned about.
    paper : float
        Grey level up to which there is paper; it becomes black, and white stays.
    shape : tuple of int, optional
        (h, w) of the crop about each image's mean of the ink; None leaves the images in their place.
    """

    is_inverted: bool = False
    paper: float = 0.0
    shape: tuple[int, int] | None = None

    def sentences(self) -> tuple[str, ...]:
        """Return what the user should know, nothing where nothing is done."""
        said = []
        if self.is_inverted:
            said.append(
                "The images were inverted, because their borders are bright: ink is taken to be dark."
            )
        if self.paper:
            said.append(f"Grey levels up to {self.paper:.0f} were taken for paper.")
        if self.shape is not None:
            said.append(f"The images were cut to {self.shape[0]} × {self.shape[1]} pixels about their ink.")
        return tuple(said)


def framing_of(images: ByteArray) -> Framing:
    """Return how a set of images is to be framed: nothing where it is as MNIST's are.

    Parameters
    ----------
    images : uint8 (N, h, w)
    """
    step = -(-len(images) // MAX_SAMPLE)
    sample = images[::step]
    low, high = np.percentile(sample, (1, 99))
    is_inverted = bool(np.median(_border(sample)) > (low + high) / 2)
    if is_inverted:
        sample, low, high = 255 - sample, 255 - high, 255 - low
    level, above = np.percentile(_corners(sample), (50, ONE_DEVIATION))
    paper = float(level + N_DEVIATIONS * (above - level))
    # Corners full of ink, or no paper at all: what lies above it would be little.
    paper = paper if FAINT_PAPER < paper < (low + high) / 2 else 0.0
    return Framing(is_inverted, paper, _crop(_without_paper(sample, paper)))


def framed(images: ByteArray, framing: Framing) -> ByteArray:
    """Return images (N, h, w) as `framing` says, each for itself."""
    if framing.is_inverted:
        images = 255 - images
    images = _without_paper(images, framing.paper)
    return images if framing.shape is None else _centred(images, framing.shape)


def _border(images: ByteArray) -> ByteArray:
    """Return the outermost pixels of all images, (n,)."""
    edges = (images[:, 0], images[:, -1], images[:, :, 0], images[:, :, -1])
    border: ByteArray = np.concatenate([edge.reshape(-1) for edge in edges])
    return border


def _corners(images: ByteArray) -> ByteArray:
    """Return the pixels of the four corners of all images, (n,)."""
    height, width = (max(round(CORNER * side), 1) for side in images.shape[1:])
    parts = [
        images[:, rows, columns].reshape(-1)
        for rows in (slice(0, height), slice(-height, None))
        for columns in (slice(0, width), slice(-width, None))
    ]
    corners: ByteArray = np.concatenate(parts)
    return corners


def _without_paper(images: ByteArray, paper: float) -> ByteArray:
    if not paper:
        return images
    stretched = (images.astype(np.float32) - np.float32(paper)) * np.float32(255 / (255 - paper))
    levels: ByteArray = np.rint(np.clip(stretched, 0, 255)).astype(np.uint8)
    return levels


def _crop(images: ByteArray) -> tuple[int, int] | None:
    """Return the shape to which images are cut about their ink, or None where they fill their frame."""
    height, width = images.shape[1:]
    ink = images >= INK_SHARE * np.maximum(images.max(axis=(1, 2), keepdims=True), 1)
    extents = np.maximum(_extents(ink.any(axis=2)), _extents(ink.any(axis=1)))
    side = round(MARGIN * float(np.percentile(extents, 90)))
    if side < LOOSE * max(height, width):
        return side, side
    y, x = centres(images)
    aside = np.hypot(y - (height - 1) / 2, x - (width - 1) / 2)
    return (height, width) if np.median(aside) > ASIDE * max(height, width) else None


def _extents(lines: BoolArray) -> IntArray:
    """Return the distance of the first to the last line with ink, both counted, (N,)."""
    n_lines = lines.shape[1]
    extents: IntArray = np.maximum(n_lines - lines[:, ::-1].argmax(axis=1) - lines.argmax(axis=1), 1)
    return extents


def centres(images: ByteArray | Float32Array) -> tuple[FloatArray, FloatArray]:
    """Return the mean y and x of the ink of each image, (N,); the middle where there is none."""
    ink: Float32Array = images.astype(np.float32)
    means = []
    for lines in (ink.sum(axis=2, dtype=np.float64), ink.sum(axis=1, dtype=np.float64)):
        total, at = lines.sum(axis=1), np.arange(lines.shape[1])
        means.append(np.where(total > 0, lines @ at / np.maximum(total, 1), at.mean()))
    return means[0], means[1]


def _centred(images: ByteArray, shape: tuple[int, int]) -> ByteArray:
    """Return a window about the mean of each image's ink, in whole pixels; black beyond the image."""
    height, width = shape
    padded = np.pad(images, ((0, 0), (height, height), (width, width)))
    y, x = centres(images)
    top = np.rint(y - (height - 1) / 2).astype(np.intp) + height
    left = np.rint(x - (width - 1) / 2).astype(np.intp) + width
    windows = np.lib.stride_tricks.sliding_window_view(padded, shape, axis=(1, 2))
    return np.ascontiguousarray(windows[np.arange(len(images)), top, left])
