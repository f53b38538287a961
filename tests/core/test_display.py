"""Black and white of each channel on the screen, and the histograms beside them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from gmmseg.display import (
    ChannelDisplay,
    Display,
    automatic_display,
    display_of,
    full_display,
    histograms,
    sampled_values,
)
from gmmseg.errors import WriteError
from gmmseg.render import display_rgb
from tests.data.states import image_of


def skewed(dtype: type = np.uint16, n_channels: int = 1) -> NDArray[np.float64]:
    """Return values between 400 and 3000, a few of them far out."""
    random = np.random.default_rng(3)
    values = random.gamma(4, 150, (200, 300, n_channels)) + 400
    values[0, :20] = 60_000
    return values.astype(dtype)


@pytest.mark.parametrize("dtype", [np.uint16, np.int32, np.float32])
def test_measured_values_open_between_the_percentiles_of_the_data(dtype: type) -> None:
    pixels = skewed(dtype)
    (channel,) = automatic_display(image_of(pixels)).channels
    ordered = np.sort(pixels.reshape(-1))
    assert channel.low == ordered[int(0.001 * (len(ordered) - 1))]
    assert channel.high == ordered[int(np.ceil(0.999 * (len(ordered) - 1)))]
    assert channel.high < 3000
    shown = display_rgb(image_of(pixels))
    assert 60 < np.median(shown) < 160
    full = full_display(image_of(pixels)).channels[0]
    assert (full.low, full.high) == (ordered[0], ordered[-1])


def test_colours_share_a_range_and_other_channels_have_one_each() -> None:
    pixels = skewed(n_channels=3)
    pixels[:, :, 1] //= 4
    assert len(set(automatic_display(image_of(pixels)).channels)) == 1
    four = np.dstack([pixels, pixels[:, :, :1] // 8])
    found = automatic_display(image_of(four)).channels
    assert len(set(found)) > 2
    assert found[3].high < found[0].high / 7


def test_eight_bits_are_shown_as_they_are_until_a_range_is_chosen() -> None:
    pixels = np.array([[[10, 20, 30], [110, 120, 130]]], dtype=np.uint8)
    image = image_of(pixels)
    assert automatic_display(image) == Display((ChannelDisplay(0, 255),) * 3)
    channel = ChannelDisplay(10, 110)
    chosen = display_rgb(image, Display((channel, channel, ChannelDisplay(0, 255))))
    assert chosen.tolist() == [[[0, 26, 30], [255, 255, 130]]]


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float64])
def test_gamma_is_a_power_of_the_share(dtype: type) -> None:
    pixels: NDArray[Any] = np.array([[[0], [50], [100], [200], [250]]], dtype=dtype)
    shown = display_rgb(image_of(pixels), Display((ChannelDisplay(50, 200, 0.5),)))
    expected = np.rint(255 * np.clip((np.array([0, 50, 100, 200, 250]) - 50) / 150, 0, 1) ** 0.5)
    np.testing.assert_array_equal(shown[0, :, 0], expected)


def test_pixels_without_data_have_no_say() -> None:
    pixels = skewed(np.float32)
    mask = np.ones(pixels.shape[:2], dtype=np.bool_)
    mask[0] = False
    pixels[0] = np.nan
    image = image_of(pixels, mask)
    channel = automatic_display(image).channels[0]
    assert np.isfinite([channel.low, channel.high]).all()
    assert sampled_values(image).shape == (199 * 300, 1)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.int16, np.float32])
def test_histograms_count_all_values_and_no_bin_of_integers_is_favoured(dtype: type) -> None:
    values = np.repeat(np.arange(10, 330), 5)[None, :, None].astype(np.float64)
    image = image_of((values.clip(0, 255) if dtype == np.uint8 else values).astype(dtype))
    ((edges, counts),) = histograms(image)
    assert counts.sum() == 1600
    assert len(edges) == len(counts) + 1
    if dtype in (np.uint16, np.int16):
        # 320 values: two to a bin.
        assert set(counts.tolist()) == {10}


@pytest.mark.parametrize(("low", "high", "gamma"), [(1, 1, 1), (2, 1, 1), (0, np.inf, 1), (0, 1, 0)])
def test_ranges_that_show_nothing_are_refused(low: float, high: float, gamma: float) -> None:
    with pytest.raises(ValueError, match="cannot be shown"):
        ChannelDisplay(low, high, gamma)


@pytest.mark.parametrize("ranges", [[(1, 1)], [(5, 2, 1)], [(0, 1, 0)], [(0, float("nan"))], [(3,)], [7]])
def test_ranges_of_a_script_that_show_nothing_are_refused_in_a_sentence(ranges: Any) -> None:
    with pytest.raises(WriteError, match=r"Give a low value, a higher one and, if wanted, a gamma above 0"):
        display_of(ranges)
