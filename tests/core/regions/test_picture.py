"""The working picture: colours of every kind of image, reduction by area, pixels without data."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from skimage.color import rgb2lab

from gmmseg.errors import FeatureError
from gmmseg.image import GREY, RGB, Image, ImageSource
from gmmseg.regions.picture import REFERENCE_PIXELS, working_picture


def image_of(pixels: NDArray[Any], mask: NDArray[np.bool_] | None = None) -> Image:
    return Image(pixels, GREY if pixels.shape[2] == 1 else RGB, ImageSource("test"), mask)


def noise(shape: tuple[int, ...], seed: int = 0) -> NDArray[np.uint8]:
    return np.random.default_rng(seed).integers(0, 256, shape).astype(np.uint8)


def test_small_images_keep_their_size_and_colours() -> None:
    pixels = noise((12, 17, 3))
    picture = working_picture(image_of(pixels))
    assert picture.held is None
    np.testing.assert_allclose(np.moveaxis(picture.lab, 0, 2), rgb2lab(pixels), atol=0.05)


@pytest.mark.parametrize("dtype", [np.uint16, np.float32, np.float64])
def test_depth_does_not_change_the_picture(dtype: type) -> None:
    pixels = noise((12, 17, 3))
    pixels[0, 0], pixels[0, 1] = 0, 255
    deep = pixels.astype(dtype) * (257 if dtype is np.uint16 else 1 / 255)
    np.testing.assert_allclose(
        working_picture(image_of(deep.astype(dtype))).lab, working_picture(image_of(pixels)).lab, atol=0.01
    )


def test_grey_images_have_lightness_alone() -> None:
    lab = working_picture(image_of(noise((9, 9, 1)))).lab
    assert np.ptp(lab[0]) > 50
    assert np.abs(lab[1:]).max() < 0.05


@pytest.mark.parametrize(
    ("shape", "side", "expected"),
    [((60, 90), 30, (20, 30)), ((1, 500), 50, (1, 50)), ((280, 8), 140, (140, 4))],
)
def test_reduced_pixels_are_means_over_the_area_below_them(
    shape: tuple[int, int], side: int, expected: tuple[int, int]
) -> None:
    pixels = noise((*shape, 3))
    picture = working_picture(image_of(pixels), side)
    assert picture.shape == expected
    blocks = pixels.reshape(expected[0], shape[0] // expected[0], expected[1], shape[1] // expected[1], 3)
    np.testing.assert_allclose(
        np.moveaxis(picture.lab, 0, 2), rgb2lab(blocks.mean(axis=(1, 3)) / 255), atol=0.05
    )


def test_shared_pixels_count_by_the_part_that_lies_below() -> None:
    # Five pixels in two: the middle one is half of each.
    pixels = np.array([0, 50, 100, 200, 250], dtype=np.uint8)[None, :, None]
    picture = working_picture(image_of(pixels), 2)
    expected = np.array([(0 + 50 + 50) / 2.5, (50 + 200 + 250) / 2.5])
    greys = rgb2lab(np.repeat(expected[:, None], 3, axis=1) / 255)[:, 0]
    np.testing.assert_allclose(picture.lab[0, 0], greys, atol=0.05)


def test_pixels_without_data_take_the_colour_of_the_nearest_with_data() -> None:
    pixels = noise((6, 8, 3))
    mask = np.ones((6, 8), dtype=np.bool_)
    mask[:, 5:] = False
    picture = working_picture(image_of(pixels, mask))
    np.testing.assert_array_equal(picture.held, mask)
    np.testing.assert_array_equal(picture.lab[:, :, 5:], np.repeat(picture.lab[:, :, 4:5], 3, axis=2))


def test_reduction_averages_only_what_holds_data_and_loses_none_of_it() -> None:
    pixels = np.full((40, 40, 3), 255, dtype=np.uint8)
    mask = np.zeros((40, 40), dtype=np.bool_)
    mask[:20, :20] = mask[30, 30] = True
    pixels[mask] = 100
    picture = working_picture(image_of(pixels, mask), 10)
    assert picture.held is not None
    assert picture.held[:5, :5].all()
    assert picture.held[7, 7]
    assert picture.held.sum() == 26
    np.testing.assert_allclose(picture.lab[0], rgb2lab(np.full((1, 1, 3), 100 / 255))[0, 0, 0], atol=0.05)


def test_an_image_without_any_data_is_refused_with_a_remedy() -> None:
    with pytest.raises(FeatureError, match="No pixel"):
        working_picture(image_of(noise((4, 4, 3)), np.zeros((4, 4), dtype=np.bool_)))


def test_lengths_and_areas_are_in_units_of_the_reference_size() -> None:
    reference = working_picture(image_of(noise((321, 481, 3))))
    assert reference.area_unit == reference.filter_factor == 1
    assert REFERENCE_PIXELS == 321 * 481
    large = working_picture(image_of(noise((642, 962, 1))), working_side=962)
    assert large.area_unit == 0.25
    assert large.filter_factor == 2
    assert working_picture(image_of(noise((3, 3, 1)))).filter_factor == 0.5
