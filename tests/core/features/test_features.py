"""Features against scikit-image and numpy: colours, the table of distinct colours, position, texture."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter
from skimage.color import rgb2hsv, rgb2lab

from gmmseg.control import StopRequest, never_stop
from gmmseg.errors import BudgetError, Cancelled, FeatureError, SettingsError
from gmmseg.features import texture
from gmmseg.features.build import Standard, feature_table
from gmmseg.features.colour import rgb_to_cone
from gmmseg.features.distinct import distinct_colours
from gmmseg.features.spec import COLOUR_SPACES, FeatureSpec
from gmmseg.image import GREY, RGB, Image, ImageSource
from gmmseg.limits import budget_of
from tests.data.states import image_of


def some_pixels(channels: int, dtype: str, shape: tuple[int, int] = (37, 53), seed: int = 0) -> NDArray[Any]:
    """Return pixels with many repetitions and the extremes of the depth."""
    random = np.random.default_rng(seed)
    values = random.integers(0, 5, (*shape, channels))
    if np.dtype(dtype).kind == "f":
        return (values / 4 - 0.5).astype(dtype)
    limits = np.iinfo(dtype)
    steps = np.array([limits.min, limits.min + 1, limits.max // 2, limits.max - 1, limits.max], dtype=dtype)
    return steps[values]


@pytest.mark.parametrize("is_masked", [False, True])
@pytest.mark.parametrize("channels", [1, 2, 3, 5])
@pytest.mark.parametrize("dtype", ["uint8", "uint16", "int16", "uint32", "float32", "float64"])
def test_distinct_colours_are_those_numpy_finds(dtype: str, channels: int, is_masked: bool) -> None:
    # 160 x 80 pixels: a table of all colours is used up to 16 bits, sorting beyond.
    pixels = some_pixels(channels, dtype, (160, 80))
    mask = np.random.default_rng(1).random(pixels.shape[:2]) < 0.7 if is_masked else None
    found = distinct_colours(image_of(pixels, mask), never_stop)
    held = pixels.reshape(-1, channels) if mask is None else pixels[mask]
    expected, counts = np.unique(held, axis=0, return_counts=True)
    np.testing.assert_array_equal(found.columns.T, expected)
    np.testing.assert_array_equal(found.counts, counts)


def test_a_large_photo_is_counted_exactly_through_the_table() -> None:
    random = np.random.default_rng(2)
    pixels = random.integers(0, 256, (1100, 2000, 3), dtype=np.uint8) & np.uint8(0b11100111)
    mask = random.random(pixels.shape[:2]) < 0.5
    found = distinct_colours(image_of(pixels, mask), never_stop)
    codes = pixels[mask].astype(np.int64) @ np.array([1 << 16, 1 << 8, 1])
    expected, counts = np.unique(codes, return_counts=True)
    np.testing.assert_array_equal(found.columns.astype(np.int64).T @ [1 << 16, 1 << 8, 1], expected)
    np.testing.assert_array_equal(found.counts, counts)
    back = found.pixels.spread(found.columns[1].astype(np.uint8))
    np.testing.assert_array_equal(back[mask], pixels[mask][:, 1])


@given(
    arrays(
        np.uint8,
        st.tuples(st.integers(1, 9), st.integers(1, 9), st.integers(1, 4)),
        elements=st.integers(0, 3),
    ),
    st.randoms(use_true_random=False),
)
@settings(max_examples=60)
def test_rows_spread_back_to_exactly_the_pixels(pixels: NDArray[np.uint8], random: Any) -> None:
    mask = np.array([random.random() < 0.8 for _ in range(pixels.shape[0] * pixels.shape[1])])
    mask = mask.reshape(pixels.shape[:2])
    mask[0, 0] = True
    found = distinct_colours(image_of(pixels, mask), never_stop)
    for channel, column in enumerate(found.columns):
        back = found.pixels.spread(column, empty=-1)
        np.testing.assert_array_equal(back, np.where(mask, pixels[:, :, channel].astype(float), -1))
    assert found.counts.sum() == mask.sum()


@pytest.mark.parametrize("spec", [FeatureSpec(), FeatureSpec(has_position=True)], ids=str)
@pytest.mark.parametrize("is_masked", [False, True])
def test_row_at_is_the_row_whose_value_a_pixel_gets(spec: FeatureSpec, is_masked: bool) -> None:
    pixels = some_pixels(3, "uint8", (7, 9))
    mask = np.random.default_rng(3).random((7, 9)) < 0.6 if is_masked else None
    table = feature_table(image_of(pixels, mask), spec)
    rows = table.pixels.spread(np.arange(table.n_rows), empty=-1)
    for y, x in np.ndindex(7, 9):
        assert table.pixels.row_at(y, x) == (None if rows[y, x] < 0 else rows[y, x])


def test_lab_is_that_of_scikit_image() -> None:
    pixels = np.random.default_rng(4).integers(0, 256, (40, 50, 3), dtype=np.uint8)
    table = feature_table(image_of(pixels), FeatureSpec("lab"))
    lab = np.stack([table.pixels.spread(column) for column in table.values.T], axis=-1)
    np.testing.assert_allclose(lab, rgb2lab(pixels), atol=2e-3)
    assert table.names == ("L*", "a*", "b*")


def test_sixteen_bits_give_the_lab_values_of_eight() -> None:
    pixels = some_pixels(3, "uint8")
    deep = image_of(pixels.astype(np.uint16) * 257)
    shallow = feature_table(image_of(pixels), FeatureSpec("lab"))
    table = feature_table(deep, FeatureSpec("lab"))
    np.testing.assert_allclose(table.values, shallow.values, atol=1e-9)
    assert table.floor == pytest.approx(shallow.floor / 257**2)


def test_the_hsv_cone_is_that_of_scikit_image() -> None:
    pixels = np.random.default_rng(5).integers(0, 256, (40, 50, 3), dtype=np.uint8)
    table = feature_table(image_of(pixels), FeatureSpec("hsv"))
    cone = np.stack([table.pixels.spread(column) for column in table.values.T], axis=-1)
    hue, saturation, value = np.moveaxis(rgb2hsv(pixels), -1, 0)
    angle = 2 * np.pi * hue
    chroma = saturation * value
    np.testing.assert_allclose(
        cone, np.stack([chroma * np.cos(angle), chroma * np.sin(angle), value], -1), atol=1e-12
    )


def test_the_cone_is_continuous_where_hue_wraps_and_at_grey() -> None:
    step = 1e-6
    around_red = rgb_to_cone(np.array([[1.0, 1.0], [step, 0.0], [0.0, step]]))
    assert np.abs(around_red[:, 0] - around_red[:, 1]).max() < 3 * step
    near_grey = rgb_to_cone(
        np.array([[0.5 + step, 0.5, 0.5], [0.5, 0.5 + step, 0.5], [0.5, 0.5, 0.5 + step]])
    )
    assert np.abs(near_grey - np.array([[0], [0], [0.5]])).max() < 3 * step


def test_grey_weighs_green_most_and_keeps_white() -> None:
    pixels = np.array([[[255, 255, 255], [0, 255, 0], [255, 0, 0], [0, 0, 255]]], dtype=np.uint8)
    table = feature_table(image_of(pixels), FeatureSpec("gray"))
    white, green, red, blue = table.pixels.spread(table.values[:, 0])[0]
    assert white == pytest.approx(255)
    assert green + red + blue == pytest.approx(255)
    assert green > red > blue


@pytest.mark.parametrize("space", ["lab", "hsv", "gray"])
def test_spaces_that_need_colour_refuse_other_channels(space: str) -> None:
    image = image_of(some_pixels(5, "uint8"))
    with pytest.raises(FeatureError, match="5 channels"):
        feature_table(image, FeatureSpec.parse(space))


def test_grey_of_one_channel_is_the_channel() -> None:
    pixels = some_pixels(1, "uint16")
    table = feature_table(image_of(pixels), FeatureSpec("gray"))
    np.testing.assert_array_equal(table.pixels.spread(table.values[:, 0]), pixels[:, :, 0])
    assert table.names == GREY


@pytest.mark.parametrize(("height", "width"), [(20, 50), (50, 20), (1, 7)])
def test_position_spans_its_weight_of_the_colour_range(height: int, width: int) -> None:
    image = image_of(some_pixels(3, "uint8", (height, width)))
    table = feature_table(image, FeatureSpec(has_position=True, position_weight=2.0))
    assert table.names == ("R", "G", "B", "x", "y")
    assert table.n_rows == height * width
    unit = 2.0 * 255 / max(height, width)
    for y, x in [(0, 0), (height - 1, width - 1), (height // 2, width // 3)]:
        np.testing.assert_allclose(table.values[y * width + x, 3:], [(x + 0.5) * unit, (y + 0.5) * unit])
        np.testing.assert_array_equal(table.values[y * width + x, :3], image.pixels[y, x])


def test_texture_is_strong_at_stripes_and_none_on_a_plain() -> None:
    pixels = np.full((60, 120, 3), 128, dtype=np.uint8)
    pixels[:, 60:][:, ::4] = 255
    table = feature_table(image_of(pixels), FeatureSpec("gray", has_texture=True))
    texture = table.values[:, 1:].reshape(60, 120, -1)
    assert table.n_features == 1 + texture.shape[2] == len(table.names)
    assert np.abs(texture[:, :10]).max() < 1e-3
    assert (texture[10:50, 85:110].mean(axis=(0, 1)) > 1).any()


@pytest.mark.parametrize(("scale", "octaves"), [(1.0, 3), (1.0, 4), (2.0, 2), (1.5, 3)])
def test_texture_of_a_wave_is_what_calculus_says(scale: float, octaves: int) -> None:
    """To a wave the derivative of a Gaussian answers ``A w exp(-w² s² / 2)``, 2/pi of that on average."""
    # Not a whole number of pixels, so that every phase is met.
    amplitude, frequency = 50.0, 2 * np.pi / 8.37
    wave = 128 + amplitude * np.sin(frequency * np.arange(400))
    spec = FeatureSpec("gray", has_texture=True, texture_scale=scale, texture_octaves=octaves)
    table = feature_table(image_of(np.broadcast_to(wave, (60, 400)).copy()), spec)
    scales = [scale * 2**octave for octave in range(octaves)]
    names = [*(f"gradient σ={one:g}" for one in scales), f"deviation σ={scales[-1]:g}"]
    assert list(table.names[1:]) == names
    inside = table.values.reshape(60, 400, -1)[20:40, 100:300, 1:]
    for at, one in enumerate(scales):
        energy = amplitude * frequency * one * np.exp(-((frequency * one) ** 2) / 2) * 2 / np.pi
        np.testing.assert_allclose(inside[..., at].mean(), energy, rtol=0.03, atol=0.02)
    if scales[-1] >= 8:
        np.testing.assert_allclose(inside[..., -1], amplitude / np.sqrt(2), rtol=0.02)


def test_texture_of_a_large_photo_beyond_the_budget_is_refused_with_its_size() -> None:
    image = image_of(np.zeros((300, 400, 3), dtype=np.uint8))
    for octaves, n_bytes in ((3, 7), (4, 8)):
        needed = 8 * 120_000 * n_bytes * 3
        spec = FeatureSpec(has_texture=True, texture_octaves=octaves)
        with budget_of(needed - 1), pytest.raises(BudgetError, match=r"rgb\+texture features of 120,000"):
            feature_table(image, spec)
        with budget_of(needed):
            feature_table(image, spec)


@pytest.mark.parametrize("block", [1, 97, 1000, 1 << 19])
def test_filtering_in_blocks_of_lines_changes_no_bit(block: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(texture, "_BLOCK", block)
    plane = np.random.default_rng(0).random((37, 53))
    for scale, order in ((1.5, (0, 1)), (2.0, (1, 0)), (6.0, (0, 0))):
        found = texture._filtered(plane, scale, order, never_stop)
        np.testing.assert_array_equal(found, gaussian_filter(plane, scale, order=order))


def test_texture_ignores_what_masked_pixels_hold() -> None:
    pixels = some_pixels(3, "uint8", (20, 20))
    mask = np.ones((20, 20), dtype=np.bool_)
    mask[5:9, 5:9] = False
    spec = FeatureSpec(has_texture=True)
    one = feature_table(image_of(pixels, mask), spec)
    changed = pixels.copy()
    changed[~mask] = 255 - changed[~mask]
    other = feature_table(image_of(changed, mask), spec)
    np.testing.assert_array_equal(one.values, other.values)
    assert one.n_rows == mask.sum()


@pytest.mark.parametrize("space", COLOUR_SPACES)
def test_standardised_features_have_mean_zero_and_deviation_one_over_pixels(space: str) -> None:
    image = image_of(some_pixels(3, "uint8", seed=6))
    table = feature_table(image, replace(FeatureSpec.parse(space), is_standardised=True))
    pixels = np.stack([table.pixels.spread(column).ravel() for column in table.values.T])
    np.testing.assert_allclose(pixels.mean(axis=1), 0, atol=1e-9)
    np.testing.assert_allclose(pixels.std(axis=1), 1, rtol=1e-9)
    plain = feature_table(image, FeatureSpec.parse(space))
    np.testing.assert_allclose(table.values * table.scale + table.centre, plain.values, atol=1e-9)


def test_a_constant_feature_survives_standardising() -> None:
    pixels = some_pixels(3, "uint8")
    pixels[:, :, 2] = 9
    table = feature_table(image_of(pixels), FeatureSpec(is_standardised=True))
    assert np.isfinite(table.values).all()
    assert table.scale[2] == 1.0
    assert (table.values[:, 2] == 0).all()


@pytest.mark.parametrize("is_standardised", [False, True])
def test_a_table_in_another_ones_standard_has_its_centre_and_scale(is_standardised: bool) -> None:
    spec = FeatureSpec("lab", is_standardised=is_standardised)
    fitted, other = (image_of(some_pixels(3, "uint8", seed=s)[: 30 + s]) for s in (7, 8))
    own = feature_table(fitted, spec)
    table = feature_table(other, spec, standard=Standard(own.centre, own.scale))
    plain = feature_table(other, FeatureSpec("lab"))
    np.testing.assert_allclose(table.values, (plain.values - own.centre) / own.scale, atol=1e-12)
    again = feature_table(fitted, spec, standard=Standard(own.centre, own.scale))
    assert again.values.tobytes() == own.values.tobytes()


def test_a_standard_of_another_size_is_refused_with_both_numbers() -> None:
    with pytest.raises(FeatureError, match="3 features where 5"):
        feature_table(
            image_of(some_pixels(3, "uint8")), FeatureSpec(), standard=Standard(np.zeros(5), np.ones(5))
        )


@pytest.mark.parametrize(("dtype", "floor"), [("uint8", 1 / 12), ("uint16", 1 / 12), ("int16", 1 / 12)])
def test_the_floor_is_the_variance_of_rounding(dtype: str, floor: float) -> None:
    assert feature_table(image_of(some_pixels(3, dtype)), FeatureSpec()).floor == pytest.approx(floor)


def test_floats_have_a_floor_that_follows_their_scale() -> None:
    pixels = some_pixels(1, "float64")
    one, large = (feature_table(image_of(pixels * s), FeatureSpec()).floor for s in (1.0, 1000.0))
    assert 0 < one < 1e-3 * pixels.var()
    assert large == pytest.approx(1e6 * one)


def test_an_image_without_data_is_refused() -> None:
    pixels = some_pixels(3, "uint8")
    with pytest.raises(FeatureError, match="holds data"):
        feature_table(image_of(pixels, np.zeros(pixels.shape[:2], dtype=np.bool_)), FeatureSpec())


def test_rows_beyond_the_budget_are_refused_before_they_are_made() -> None:
    image = image_of(np.zeros((500, 500, 3), dtype=np.uint8))
    with budget_of(10_000_000), pytest.raises(BudgetError, match="30 MB"):
        feature_table(image, FeatureSpec(has_position=True))


@pytest.mark.parametrize("spec", ["rgb", "lab+position", "gray+texture"])
def test_building_a_table_can_be_cancelled(spec: str) -> None:
    with pytest.raises(Cancelled):
        feature_table(image_of(some_pixels(3, "uint8")), FeatureSpec.parse(spec), lambda: StopRequest.CANCEL)


@pytest.mark.parametrize("text", ["rgb", "lab+position", "hsv+texture", "gray+position+texture"])
def test_a_spec_reads_back_from_its_own_text(text: str) -> None:
    assert str(FeatureSpec.parse(text)) == text


@pytest.mark.parametrize("text", ["", "RGB", "xyz", "rgb+", "rgb+motion", "position", "rgb position"])
def test_unknown_features_are_refused(text: str) -> None:
    with pytest.raises(SettingsError, match="is not a feature"):
        FeatureSpec.parse(text)


def test_the_names_are_those_of_the_image() -> None:
    assert feature_table(image_of(some_pixels(3, "uint8")), FeatureSpec()).names == ("R", "G", "B")
    assert image_of(some_pixels(3, "uint8")).channels == RGB
    five = image_of(some_pixels(5, "uint8"))
    assert feature_table(five, FeatureSpec()).names == five.channels


def test_values_whose_squares_would_overflow_are_refused() -> None:
    pixels = some_pixels(3, "float64")
    pixels[0, 0, 0] = -1e200
    with pytest.raises(FeatureError, match="larger than 1e100"):
        feature_table(image_of(pixels), FeatureSpec())


def test_more_channels_than_can_be_fitted_are_refused_before_any_work() -> None:
    pixels = np.zeros((2, 2, 1025), np.uint8)
    image = Image(pixels, tuple(f"channel {k}" for k in range(1025)), ImageSource("many"))
    with pytest.raises(BudgetError, match="1,025 features are too many"):
        feature_table(image, FeatureSpec())
