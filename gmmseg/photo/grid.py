"""The pixel grid as a neighbourhood: eight neighbours, those across a visible edge counting less."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from gmmseg.arrays import AnyArray, BoolArray, ByteArray, Float32Array, frozen
from gmmseg.control import ShouldStop, never_stop, raise_if_cancelled
from gmmseg.image import Image
from gmmseg.mixture.threads import in_two_threads

DIRECTIONS = ((0, 1), (1, 0), (1, 1), (1, -1))
"""Rows down and columns right to one of each two opposite neighbours."""
DIAGONAL = float(1 / np.sqrt(2))
"""Influence of a diagonal neighbour, by its distance, where a direct one has 1."""
_FULL = 255
"""Stored weight of a pair without contrast. The highest contrast leaves 1, so that a speck, which is an edge
to all its neighbours, still listens to them; 0 is no neighbour."""
REACH = 2
"""Pixels that an averaged colour reaches in each direction, and with it the weights of the pixel's pairs."""
_SWEEP_PIXELS = 1 << 15
_CONTRAST_PIXELS = 1 << 16
_SAMPLED_BLOCKS = 32
"""From twice as many on, the mean contrast is that of some blocks, evenly spread."""


class PixelGrid:
    """A `Neighbourhood` of pixels.

    Parameters
    ----------
    weights : uint8 array, (4, H, W)
        How much each pixel and its neighbour in each of `DIRECTIONS` are neighbours, in 255ths and before
        their distance; 0 where either is beyond the border or holds no data.
    """

    def __init__(self, weights: ByteArray) -> None:
        self.weights = frozen(weights)

    def blocks(self) -> Sequence[slice]:
        """Return slices of rows."""
        height, width = self.weights.shape[1:]
        return _row_slices(height, width, _SWEEP_PIXELS)

    def mean(self, posteriors: AnyArray, sites: slice, out: AnyArray) -> None:
        """Set `out` (K, rows, W) to the weighted mean of the posteriors (K, H, W) of the neighbours."""
        width = self.weights.shape[2]
        n_pixels = (sites.stop - sites.start) * width
        # Lines of pixels laid end to end: a neighbour is a fixed number of places away, and where that runs
        # into the next line the pair's weight is 0. Margins hold the lines above and below.
        margin = width + 1
        pairs = self._pairs(sites, margin, n_pixels)
        total = sum(forward + backward for _, forward, backward in pairs)
        share = np.divide(1, total, out=np.zeros_like(total), where=total > 0).reshape(out.shape[1:])
        plane = np.zeros(n_pixels + 2 * margin, dtype=np.float32)
        part, total = np.empty(n_pixels, dtype=np.float32), np.empty(n_pixels, dtype=np.float32)
        for posterior, mean in zip(posteriors, out, strict=True):
            _lay_out(posterior, sites, margin, plane)
            total.fill(0)
            for step, forward, backward in pairs:
                total += np.multiply(forward, plane[margin + step :][:n_pixels], out=part)
                total += np.multiply(backward, plane[margin - step :][:n_pixels], out=part)
            np.multiply(total.reshape(mean.shape), share, out=mean)

    def _pairs(
        self, sites: slice, margin: int, n_pixels: int
    ) -> list[tuple[int, Float32Array, Float32Array]]:
        """Return, for each direction, its step in places and the weights of the neighbours on both sides."""
        width = self.weights.shape[2]
        pairs = []
        for (down, right), weights in zip(DIRECTIONS, self.weights, strict=True):
            line = np.zeros(n_pixels + 2 * margin, dtype=np.float32)
            _lay_out(weights, sites, margin, line)
            if down and right:
                line *= np.float32(DIAGONAL)
            step = down * width + right
            pairs.append((step, line[margin:][:n_pixels], line[margin - step :][:n_pixels]))
        return pairs


@dataclass(frozen=True, slots=True)
class Contrast:
    """The constants of all pair weights of a picture.

    Parameters
    ----------
    low, high : float
        Smallest and largest value with data, to which values are scaled; 0 and 0 where they are not.
    falloff : float
        -1 / (2 beta), single precision: what a pair's |c_i - c_j|² is multiplied by.
    """

    low: float
    high: float
    falloff: float


PairSum = tuple[float, int]
"""The sum of |c_i - c_j|² over some pairs of neighbours, and their number."""


def pixel_grid(
    image: Image, should_stop: ShouldStop = never_stop, contrast: Contrast | None = None
) -> PixelGrid:
    """Return the grid of an image, with weights ``exp(-|c_i - c_j|² / (2 beta))`` of its neighbours.

    c are the channels as they are stored, averaged over the pixels around (1 2 3 2 1 in both directions), so
    that edges count and noise hardly does. beta is the mean of |c_i - c_j|² over all neighbours: the weights
    are the same whatever the image's range of brightness, and without contrast all count alike.

    Parameters
    ----------
    image : Image
    should_stop : callable
    contrast : Contrast, optional
        Of the picture that the image is a part of; else its own. Weights of pixels nearer than `REACH` + 1
        to the part's border are then not those of the picture.

    Raises
    ------
    Cancelled
    """
    height, width = image.height, image.width
    shared = _contrast_of(image, should_stop) if contrast is None else contrast
    blocks = _row_slices(height, width, _CONTRAST_PIXELS)
    falloff = np.float32(shared.falloff)
    weights = np.zeros((len(DIRECTIONS), height, width), dtype=np.uint8)

    def fill(part: Sequence[slice]) -> None:
        for rows in part:
            raise_if_cancelled(should_stop)
            for (direction, place), apart, held in _contrasts(image, rows, shared.low, shared.high):
                apart *= falloff
                np.exp(apart, out=apart)
                apart *= _FULL - 1
                # Casting cuts off what follows the point.
                apart += 1.5
                weights[direction][place] = apart if held is None else apart * held

    middle = len(blocks) // 2
    in_two_threads(lambda: fill(blocks[:middle]), lambda: fill(blocks[middle:]))
    return PixelGrid(weights)


def _contrast_of(image: Image, should_stop: ShouldStop) -> Contrast:
    low, high = (0.0, 0.0) if image.has_fixed_white else value_range(image) or (0.0, 0.0)
    sums: list[PairSum] = []
    for rows in sampled_rows((image.height, image.width)):
        raise_if_cancelled(should_stop)
        sums += pair_sums(image, rows, low, high)
    return contrast_of_sums(sums, low, high)


def sampled_rows(shape: tuple[int, int]) -> list[slice]:
    """Return the rows of a picture (H, W) whose pairs its mean contrast is taken over."""
    blocks = _row_slices(*shape, _CONTRAST_PIXELS)
    return blocks[:: max(1, len(blocks) // _SAMPLED_BLOCKS)]


def pair_sums(image: Image, rows: slice, low: float, high: float) -> list[PairSum]:
    """Return the sum of the contrasts of some rows in each of `DIRECTIONS`.

    Parameters
    ----------
    image : Image
        With `REACH` more rows above and `REACH` + 1 below, where the picture has them.
    rows : slice
    low, high : float
        As in `Contrast`.
    """
    return [
        (float(apart.sum(dtype=np.float64)), apart.size if held is None else int(np.count_nonzero(held)))
        for _, apart, held in _contrasts(image, rows, low, high)
    ]


def contrast_of_sums(sums: Iterable[PairSum], low: float, high: float) -> Contrast:
    """Return the contrast of a picture of which pairs were summed, in the order of its rows."""
    total, n_pairs = 0.0, 0
    for apart, count in sums:
        total += apart
        n_pairs += count
    return Contrast(low, high, float(np.float32(-n_pairs / (2 * total) if total > 0 else 0.0)))


_Place = tuple[int, tuple[slice, slice]]


def _contrasts(
    image: Image, rows: slice, low: float, high: float
) -> Iterator[tuple[_Place, Float32Array, BoolArray | None]]:
    """Yield each direction's pixels of some rows that have such a neighbour, with |c_i - c_j|².

    Pairs of which one holds no data have the contrast 0 and are not held.
    """
    height, width = image.height, image.width
    top, bottom = max(rows.start - REACH, 0), min(rows.stop + 1 + REACH, height)
    mask = None if image.mask is None else image.mask[top:bottom]
    colours = _averaged(_scaled(image.pixels[top:bottom], low, high), mask)[:, rows.start - top :]
    mask = None if mask is None else mask[rows.start - top :]
    for direction, (down, right) in enumerate(DIRECTIONS):
        n_rows = min(rows.stop, height - down) - rows.start
        here = slice(0, n_rows), slice(max(-right, 0), width - max(right, 0))
        there = slice(down, n_rows + down), slice(max(right, 0), width - max(-right, 0))
        contrast = np.zeros(colours[0][here].shape, dtype=np.float32)
        for channel in colours:
            change = channel[here] - channel[there]
            change *= change
            contrast += change
        held = None if mask is None else mask[here] & mask[there]
        if held is not None:
            contrast[~held] = 0
        yield (direction, (slice(rows.start, rows.start + n_rows), here[1])), contrast, held


def _averaged(colours: Float32Array, mask: BoolArray | None) -> Float32Array:
    """Return the weighted means of the channels (C, h, w) over the pixels around that hold data."""
    share = np.ones(colours.shape[1:], dtype=np.float32) if mask is None else mask.astype(np.float32)
    if mask is not None:
        colours = colours * share
    total = _sums_around(share)
    np.divide(1, total, out=total, where=total > 0)
    return np.stack([_sums_around(channel) * total for channel in colours])


def _sums_around(plane: Float32Array) -> Float32Array:
    """Return twice-repeated sums over 3 × 3 pixels; beyond the border is 0."""
    for _ in range(2):
        padded = np.pad(plane, 1)
        lines = padded[:-2] + padded[1:-1]
        lines += padded[2:]
        plane = lines[:, :-2] + lines[:, 1:-1]
        plane += lines[:, 2:]
    return plane


def value_range(image: Image) -> tuple[float, float] | None:
    """Return the smallest and largest value of the pixels that hold data, None where none does."""
    held = image.pixels if image.mask is None else image.pixels[image.mask]
    return (float(held.min()), float(held.max())) if held.size else None


def _scaled(pixels: AnyArray, low: float, high: float) -> Float32Array:
    """Return channels first, (C, rows, W), in single precision; scaled to 0..1 where there is a range."""
    channels = np.moveaxis(pixels, 2, 0)
    if high > low:
        # Halved before subtracting: the range of a float may be wider than its largest number.
        share = (channels.astype(np.float64) / 2 - low / 2) / (high / 2 - low / 2)
        channels = np.nan_to_num(share, posinf=0, neginf=0)
    return np.ascontiguousarray(channels, dtype=np.float32)


def _row_slices(height: int, width: int, n_pixels: int) -> list[slice]:
    n_rows = max(1, n_pixels // max(width, 1))
    return [slice(top, min(top + n_rows, height)) for top in range(0, height, n_rows)]


def _lay_out(plane: AnyArray, sites: slice, margin: int, line: Float32Array) -> None:
    """Copy rows of a plane (H, W), and one more on both sides, end to end with row `sites.start` at `margin`.

    What lies beyond the plane is left as it is.
    """
    height, width = plane.shape
    first, last = max(sites.start - 1, 0), min(sites.stop + 1, height)
    at = margin - (sites.start - first) * width
    line[at : at + (last - first) * width].reshape(last - first, width)[...] = plane[first:last]
