"""Display: which stored value of each channel is shown as black, which as white, and how values between."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from weakref import WeakKeyDictionary

import numpy as np

from gmmseg.arrays import AnyArray, FloatArray, IntArray
from gmmseg.errors import WriteError
from gmmseg.image import Image

PERCENTILES = (0.1, 99.9)
"""Of a channel's data, shown as black and white where nothing else is said."""
_MOST_SAMPLED = 1 << 19
_N_BINS = 256

Histogram = tuple[FloatArray, IntArray]
"""Edges (n + 1,) and counts (n,) of the values of a channel."""


@dataclass(frozen=True, slots=True)
class ChannelDisplay:
    """Display of a channel: ``((value - low) / (high - low)) ** gamma`` of full brightness, held to 0..1.

    Parameters
    ----------
    low, high : float
        Stored units, the second larger.
    gamma : float
        Below 1 brightens what is dark.
    """

    low: float
    high: float
    gamma: float = 1.0

    def __post_init__(self) -> None:
        if not (np.isfinite([self.low, self.high]).all() and self.low < self.high and self.gamma > 0):
            raise ValueError(f"{self.low} to {self.high} with gamma {self.gamma} cannot be shown")


@dataclass(frozen=True, slots=True)
class Display:
    """Display of an image: one entry for each of its channels, or one for all. No fit depends on it."""

    channels: tuple[ChannelDisplay, ...]

    def of_all(self, n_channels: int) -> Display:
        """Return the display with an entry for each channel of an image.

        Raises
        ------
        WriteError
            There are entries for another number of channels.
        """
        n_given = len(self.channels)
        if n_given == n_channels:
            return self
        if n_given == 1:
            return Display(self.channels * n_channels)
        raise WriteError(
            f"The display says how {n_given} channels are shown; the image has {n_channels}.",
            "Give one range for all channels, or one for each.",
        )


def display_of(ranges: Sequence[Sequence[float]]) -> Display:
    """Return the display of ranges (low, high) or (low, high, gamma), one a channel or one for all.

    Raises
    ------
    WriteError
        A range is empty or upside down, or a gamma not above 0.
    """
    try:
        return Display(tuple(ChannelDisplay(*map(float, each)) for each in ranges))
    except (TypeError, ValueError) as error:
        raise WriteError(
            f"{list(ranges)} says of no channel what is black and what is white.",
            "Give a low value, a higher one and, if wanted, a gamma above 0 for each.",
        ) from error


_automatic: WeakKeyDictionary[Image, Display] = WeakKeyDictionary()


def automatic_display(image: Image) -> Display:
    """Return the display that an image opens with.

    8-bit values as they are; of other depths the range from `PERCENTILES` of the data, of red, green and blue
    together, of other channels each for itself.
    """
    known = _automatic.get(image)
    if known is None:
        known = _automatic[image] = Display(_automatic_channels(image))
    return known


def full_display(image: Image) -> Display:
    """Return the display from the smallest to the largest value of the data, as `automatic_display`."""
    return Display(_channels_between(image, (0, 100)))


def _automatic_channels(image: Image) -> tuple[ChannelDisplay, ...]:
    if image.pixels.dtype == np.uint8:
        return (ChannelDisplay(0, 255),) * image.n_channels
    return _channels_between(image, PERCENTILES)


def _channels_between(image: Image, percentiles: tuple[float, float]) -> tuple[ChannelDisplay, ...]:
    samples = sampled_values(image)
    if image.is_rgb:
        return (_between(samples.reshape(-1), percentiles),) * 3
    return tuple(_between(column, percentiles) for column in samples.T)


def _between(values: AnyArray, percentiles: tuple[float, float]) -> ChannelDisplay:
    if not values.size:
        return ChannelDisplay(0, 1)
    # Values that are there, not between two of them: a few pixels are shown from the least to the most.
    low = float(np.percentile(values, percentiles[0], method="lower"))
    high = float(np.percentile(values, percentiles[1], method="higher"))
    if low < high:
        return ChannelDisplay(low, high)
    low, high = float(values.min()), float(values.max())
    if low < high:
        return ChannelDisplay(low, high)
    # Of one value alone nothing can be told apart: it is shown as mid grey.
    reach = max(abs(low) * 1e-6, 0.5)
    return ChannelDisplay(low - reach, low + reach)


def sampled_values(image: Image) -> AnyArray:
    """Return the values of half a million pixels with data at most, evenly spread, float64 (n, C)."""
    flat = image.pixels.reshape(-1, image.n_channels)
    # Odd, so that it does not keep meeting the same columns of an image of even width.
    step = max(1, flat.size // _MOST_SAMPLED) | 1
    values = flat[::step].astype(np.float64)
    if image.mask is None:
        return values
    held = image.mask.reshape(-1)[::step]
    return values[held] if held.any() else flat[image.mask.reshape(-1)][:1].astype(np.float64)


def histograms(image: Image) -> list[Histogram]:
    """Return edges (n + 1,) and counts (n,) of each channel's `sampled_values`, from the least to the most.

    Of integers every bin holds equally many values, so that no bin is empty for the rounding.
    """
    found = []
    for column in sampled_values(image).T:
        low, high = (float(column.min()), float(column.max())) if column.size else (0.0, 1.0)
        if image.pixels.dtype.kind in "ui":
            width = max(1, -(-(int(high) - int(low) + 1) // _N_BINS))
            edges = low - 0.5 + width * np.arange(-(-(int(high) - int(low) + 1) // width) + 1)
        else:
            edges = np.linspace(low, high if high > low else low + 1, _N_BINS + 1)
        counts, _ = np.histogram(column, edges)
        found.append((edges.astype(np.float64), counts.astype(np.int64)))
    return found
