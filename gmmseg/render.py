"""Pixels for the screen and for picture files: photos at any depth, labels in colours, outlines."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from gmmseg.arrays import AnyArray, BoolArray, ByteArray, FloatArray, LabelArray, row_blocks
from gmmseg.control import ShouldStop, never_stop, raise_if_cancelled
from gmmseg.display import ChannelDisplay, Display, automatic_display
from gmmseg.image import Image

_COARSEST = 64
_CHECKER_SIDE = 8
_CHECKER_GREYS = (112, 144)


def display_rgb(image: Image, display: Display | None = None) -> ByteArray:
    """Return the image as (H, W, 3) sRGB bytes, whatever its depth and channels.

    8-bit colour as it is, without a mask, is returned itself, not copied. One or two channels become grey, of
    more the first three are red, green and blue. Pixels without data become a neutral checkerboard.

    Parameters
    ----------
    image : Image, (H, W)
    display : Display, optional
        The automatic one where None.

    Raises
    ------
    WriteError
        The display is of another number of channels.
    """
    pixels = image.pixels
    shown = automatic_display(image) if display is None else display.of_all(image.n_channels)
    channels = shown.channels[: 3 if image.n_channels >= 3 else 1]
    is_plain = pixels.dtype == np.uint8 and all(one == ChannelDisplay(0, 255) for one in channels)
    if is_plain and image.n_channels == 3 and image.mask is None:
        return pixels
    rgb = np.empty((image.height, image.width, 3), dtype=np.uint8)
    converters = [_converter(pixels.dtype, one) for one in channels]
    for rows in row_blocks(rgb.shape):
        for at, convert in enumerate(converters):
            rgb[rows][:, :, at] = convert(pixels[rows][:, :, at])
        if len(converters) == 1:
            rgb[rows][:, :, 1:] = rgb[rows][:, :, :1]
        if image.mask is not None:
            is_empty = ~image.mask[rows]
            rgb[rows][is_empty] = _checkerboard(is_empty, rows.start)[:, None]
    return rgb


def _converter(dtype: np.dtype[Any], display: ChannelDisplay) -> Callable[[AnyArray], AnyArray]:
    """Return what makes bytes of the values of a channel: of up to 16 bits by a table."""
    if dtype.kind != "u" or dtype.itemsize > 2:
        return lambda values: _as_bytes(values, display)
    table = _as_bytes(np.arange(np.iinfo(dtype).max + 1), display)
    return lambda values: np.take(table, values)


def _as_bytes(values: AnyArray, display: ChannelDisplay) -> ByteArray:
    low, high = display.low / 2, display.high / 2
    # Halved before subtracting: the range of a float may be wider than its largest number.
    share = np.clip(np.nan_to_num((values.astype(np.float64) / 2 - low) / (high - low)), 0, 1)
    shown: ByteArray = np.rint(255 * (share if display.gamma == 1 else share**display.gamma)).astype(np.uint8)
    return shown


def _checkerboard(wanted: BoolArray, top: int) -> ByteArray:
    """Return the greys of a checkerboard at the wanted pixels, (n,)."""
    y, x = np.nonzero(wanted)
    is_light = ((y + top) // _CHECKER_SIDE + x // _CHECKER_SIDE) % 2
    greys: ByteArray = np.array(_CHECKER_GREYS, dtype=np.uint8)[is_light]
    return greys


def overlay_rgb(
    image: Image,
    labels: LabelArray,
    colours: ByteArray,
    opacity: float = 0.5,
    display: Display | None = None,
) -> ByteArray:
    """Return the photo with its labels over it, (H, W, 3) sRGB bytes.

    Parameters
    ----------
    image : Image, (H, W)
    labels : (H, W)
        0 shows the photo alone.
    colours : uint8 array, (n, 3) or (n, 4)
        sRGB indexed by label; a fourth column is the label's own opacity in 255ths.
    opacity : float
        0..1, of the labels.
    display : Display, optional
        As for `display_rgb`.

    Notes
    -----
    Blends in 1/256 and works on blocks of rows: besides the result it takes about a megabyte.
    """
    alpha = np.full(len(colours), 255.0) if colours.shape[1] == 3 else colours[:, 3].astype(np.float64)
    alpha[0] = 0
    share = np.rint(alpha / 255 * np.clip(opacity, 0, 1) * 256).astype(np.uint16)
    # With the rounding half the largest sum is 255 * 256 + 128, which still fits 16 bits.
    added = colours[:, :3].astype(np.uint16) * share[:, None] + np.uint16(128)
    kept = np.uint16(256) - share
    photo = display_rgb(image, display)
    out = np.empty_like(photo) if photo is image.pixels else photo
    for rows in row_blocks(out.shape):
        mixed = photo[rows].astype(np.uint16)
        # "clip" skips the bounds check and its copy; labels are within the table by contract.
        mixed *= np.take(kept, labels[rows], mode="clip")[:, :, None]
        mixed += np.take(added, labels[rows], axis=0, mode="clip")
        mixed >>= 8
        out[rows] = mixed
    return out


def boundaries(labels: AnyArray) -> BoolArray:
    """Return where a label differs from one of its four neighbours in the image, (H, W).

    Both sides of a border are marked, so that an outline shows each class in its own colour.
    """
    edge = np.zeros(labels.shape, dtype=np.bool_)
    for one, other in (
        ((slice(None, -1), slice(None)), (slice(1, None), slice(None))),
        ((slice(None), slice(None, -1)), (slice(None), slice(1, None))),
    ):
        differs = labels[one] != labels[other]
        edge[one] |= differs
        edge[other] |= differs
    return edge


def border_lines(labels: AnyArray) -> ByteArray:
    """Return lines between labels, uint8 (H, W): 2 a pixel before a border, 1 the one behind it, else 0.

    Of the two pixels that a border runs between, the upper or left one is 2 and the other 1.
    """
    lines: ByteArray = np.zeros(labels.shape, dtype=np.uint8)
    is_row_border, is_column_border = labels[:-1] != labels[1:], labels[:, :-1] != labels[:, 1:]
    lines[1:][is_row_border] = 1
    lines[:, 1:][is_column_border] = 1
    lines[:-1][is_row_border] = 2
    lines[:, :-1][is_column_border] = 2
    return lines


def border_levels(labels: AnyArray) -> tuple[ByteArray, ...]:
    """Return `border_lines` at 1/2, 1/4, … of the size; odd sides are rounded up.

    Unlike reduced lines, these stay light beside dark at any size.
    """
    levels = []
    while max(labels.shape) > _COARSEST:
        labels = np.ascontiguousarray(labels[::2, ::2])
        levels.append(border_lines(labels))
    return tuple(levels)


def coarser_levels(pixels: ByteArray, *, keeps_lines: bool = False) -> tuple[ByteArray, ...]:
    """Return the picture at 1/2, 1/4, … of its size, for drawing it small without flicker.

    A pixel is the mean of the four it stands for or, where `keeps_lines`, their largest: an outline then
    stays one pixel wide at any size. Odd sides are rounded up.
    """
    levels = []
    while max(pixels.shape[:2]) > _COARSEST:
        pixels = _halved(pixels, keeps_lines)
        levels.append(pixels)
    return tuple(levels)


def _halved(pixels: ByteArray, keeps_lines: bool) -> ByteArray:
    height, width = pixels.shape[:2]
    out = np.empty(((height + 1) // 2, (width + 1) // 2, *pixels.shape[2:]), dtype=np.uint8)
    for rows in row_blocks(out.shape):
        block = pixels[2 * rows.start : 2 * rows.stop]
        upper, lower = block[0::2], block[1::2]
        if len(lower) < len(upper):
            lower = np.concatenate([lower, upper[-1:]])
        quarters = [upper[:, 0::2], lower[:, 0::2], upper[:, 1::2], lower[:, 1::2]]
        if width % 2:
            quarters[2:] = [
                np.concatenate([q, upper_or_lower[:, -1:]], axis=1)
                for q, upper_or_lower in zip(quarters[2:], (upper, lower), strict=True)
            ]
        out[rows] = _united(quarters, keeps_lines)
    return out


def _united(quarters: list[ByteArray], keeps_lines: bool) -> AnyArray:
    if keeps_lines:
        return np.maximum(np.maximum(quarters[0], quarters[1]), np.maximum(quarters[2], quarters[3]))
    total = quarters[0].astype(np.uint16)
    for quarter in quarters[1:]:
        total += quarter
    total += 2
    total >>= 2
    return total


def mean_colours(
    image: Image, labels: LabelArray, n_components: int, should_stop: ShouldStop = never_stop
) -> ByteArray:
    """Return the mean sRGB colour of each component's pixels, (K, 3); grey for a component without any."""
    sums, counts = colour_sums(image, labels, n_components, should_stop)
    return mean_bytes(sums, counts)


def colour_sums(
    image: Image, labels: LabelArray, n_components: int, should_stop: ShouldStop = never_stop
) -> tuple[FloatArray, FloatArray]:
    """Return the sum of each component's sRGB colours, (K, 3), and its number of pixels, (K,)."""
    photo = display_rgb(image)
    sums = np.zeros((n_components + 1, 3))
    counts = np.zeros(n_components + 1)
    for rows in row_blocks(photo.shape):
        raise_if_cancelled(should_stop)
        flat = labels[rows].reshape(-1)
        counts += np.bincount(flat, minlength=n_components + 1)
        for channel in range(3):
            values = photo[rows][:, :, channel].reshape(-1)
            sums[:, channel] += np.bincount(flat, values, minlength=n_components + 1)
    return sums[1:], counts[1:]


def mean_bytes(sums: FloatArray, counts: FloatArray) -> ByteArray:
    """Return sums / counts rounded to bytes, (K, 3); grey where a count is 0."""
    means = np.where(counts[:, None] > 0, sums / np.maximum(counts[:, None], 1), 128)
    return np.rint(means).astype(np.uint8)
