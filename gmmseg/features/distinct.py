"""Distinct colours with their counts: exact, and the reason fits are fast."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from gmmseg.arrays import AnyArray, FloatArray, IntArray
from gmmseg.control import ShouldStop, raise_if_ended
from gmmseg.errors import FeatureError
from gmmseg.features.table import CodeMap
from gmmseg.image import Image

_CHUNK = 1 << 16
"""Pixels packed and counted at a time: their codes stay in the processor's cache."""
MAX_DIRECT_BITS = 24
"""Colours of up to so many bits are counted in a table of all of them; wider ones are sorted."""


@dataclass(frozen=True, slots=True, eq=False)
class DistinctColours:
    """The different pixel values of an image.

    Parameters
    ----------
    columns : (C, N)
        Channel values in stored units, one colour a column, in increasing order of the first channel, then
        the next.
    counts : (N,)
        Pixels of each colour.
    pixels : CodeMap
    """

    columns: FloatArray
    counts: FloatArray
    pixels: CodeMap


def distinct_colours(image: Image, should_stop: ShouldStop) -> DistinctColours:
    """Return the distinct colours of the pixels that hold data.

    Raises
    ------
    FeatureError
        Where no pixel holds data.
    """
    if image.mask is not None and not image.mask.any():
        raise FeatureError(
            "No pixel of this image holds data.", "Include transparent pixels or open another."
        )
    bits = code_bits(image.pixels.dtype, image.n_channels)
    return _sorted(image, should_stop) if bits is None else _counted(image, bits, should_stop)


def code_bits(dtype: np.dtype[Any], n_channels: int) -> int | None:
    """Return how many bits the code of a colour has, None where colours of this kind have no code."""
    bits = 8 * dtype.itemsize * n_channels
    return bits if dtype.kind == "u" and bits <= MAX_DIRECT_BITS else None


def _counted(image: Image, bits: int, should_stop: ShouldStop) -> DistinctColours:
    codes = np.empty((image.height, image.width), dtype=np.uint32)
    n_codes = 1 << bits
    # A table of all colours costs as much as sorting some millions of pixels.
    is_large = codes.size >= n_codes >> 3
    totals = np.zeros(n_codes + 1 if is_large else 0, dtype=np.uint32)
    for _, block in code_blocks(image, n_codes, codes):
        raise_if_ended(should_stop)
        if is_large:
            count_codes(block, totals)
    if is_large:
        keys = np.flatnonzero(totals[:-1] != 0)
        counts = totals[keys].astype(np.float64)
    else:
        present, number = np.unique(codes, return_counts=True)
        n_keys = int(np.searchsorted(present, n_codes))
        keys, counts = present[:n_keys].astype(np.int64), number[:n_keys].astype(np.float64)
    columns = unpacked(keys, 8 * image.pixels.dtype.itemsize, image.n_channels)
    return DistinctColours(columns, counts, CodeMap(codes, keys, n_codes))


def code_blocks(image: Image, n_codes: int, into: AnyArray | None = None) -> Iterator[tuple[slice, AnyArray]]:
    """Yield some rows of an image after another with the codes of their pixels.

    Parameters
    ----------
    image : Image
    n_codes : int
        The code of pixels without data.
    into : uint32 array, (H, W), optional
        Where the codes are put; without it each block overwrites the one before, in the processor's cache.

    Yields
    ------
    rows : slice
    codes : uint32 array, (h, W)
    """
    at_once = max(1, _CHUNK // max(image.width, 1))
    buffer = np.empty((at_once, image.width), dtype=np.uint32) if into is None else into
    for top in range(0, image.height, at_once):
        rows = slice(top, min(top + at_once, image.height))
        codes = buffer[: rows.stop - top] if into is None else buffer[rows]
        pack(image.pixels[rows], codes)
        if image.mask is not None:
            codes[~image.mask[rows]] = n_codes
        yield rows, codes


def count_codes(codes: AnyArray, totals: AnyArray) -> None:
    """Add the number of times each code occurs to `totals`, uint32 (n_codes + 1,)."""
    # Of the ways to count, this one neither widens the codes to 64 bits nor makes a second table.
    np.add.at(totals, codes.reshape(-1), np.uint32(1))


def unpacked(codes: IntArray, depth: int, n_channels: int) -> FloatArray:
    """Return the channel values of codes (N,), (C, N), as `pack` puts them together; `depth` in bits."""
    columns = np.empty((n_channels, len(codes)))
    for channel in range(n_channels):
        columns[channel] = codes >> depth * (n_channels - 1 - channel) & (1 << depth) - 1
    return columns


def pack(pixels: AnyArray, codes: AnyArray) -> None:
    """Set `codes` (H, W) to the channels of `pixels` (H, W, C) side by side, the first one highest."""
    codes[...] = pixels[:, :, 0]
    for channel in range(1, pixels.shape[2]):
        codes <<= 8 * pixels.dtype.itemsize
        codes |= pixels[:, :, channel]


def _sorted(image: Image, should_stop: ShouldStop) -> DistinctColours:
    held = image.pixels.reshape(-1, image.n_channels)
    if image.mask is not None:
        held = held[image.mask.reshape(-1)]
    ranks = np.zeros(len(held), dtype=np.int64)
    n_ranks = 1
    first = np.zeros(0, dtype=np.int64)
    for channel in range(image.n_channels):
        raise_if_ended(should_stop)
        values, own = np.unique(held[:, channel], return_inverse=True)
        raise_if_ended(should_stop)
        # Ranks so far times the new channel's values stays below 2^63: both are at most the pixel count.
        ranks = ranks * len(values) + own
        _, first, ranks = np.unique(ranks, return_index=True, return_inverse=True)
        n_ranks = len(first)
    columns = np.ascontiguousarray(held[first].T, dtype=np.float64)
    counts = np.bincount(ranks, minlength=n_ranks).astype(np.float64)
    codes = np.full(image.height * image.width, n_ranks, dtype=np.uint32)
    if image.mask is None:
        codes[:] = ranks
    else:
        codes[image.mask.reshape(-1)] = ranks
    pixels = CodeMap(codes.reshape(image.height, image.width), np.arange(n_ranks), n_ranks)
    return DistinctColours(columns, counts, pixels)
