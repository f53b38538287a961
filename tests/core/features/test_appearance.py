"""Means shown as colours."""

from __future__ import annotations

import colorsys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from skimage.color import lab2rgb

from gmmseg.arrays import FloatArray
from gmmseg.features.appearance import cone_to_rgb, displayed_means, lab_to_srgb
from gmmseg.features.spec import ColourSpace, FeatureSpec
from gmmseg.image import GREY, RGB, Image, ImageSource

COLOURS = np.array([[141, 96, 60], [255, 0, 0], [0, 0, 255], [12, 200, 90], [128, 128, 128], [0, 0, 0]])


def image_of(pixels: np.ndarray, channels: tuple[str, ...] = RGB) -> Image:
    return Image(np.ascontiguousarray(pixels), channels, ImageSource("test"))


def features_of(colours: np.ndarray, space: ColourSpace) -> np.ndarray:
    """Written for one colour at a time with the standard library and scikit-image."""
    if space == "rgb":
        return colours.astype(np.float64)
    if space == "lab":
        from skimage.color import rgb2lab

        lab: FloatArray = rgb2lab(colours[None] / 255)[0]
        return lab
    rows = []
    for colour in colours / 255:
        hue, saturation, value = colorsys.rgb_to_hsv(*colour)
        angle = 2 * np.pi * hue
        rows.append([saturation * value * np.cos(angle), saturation * value * np.sin(angle), value])
    return np.array(rows)


@pytest.mark.parametrize("space", ["rgb", "lab", "hsv"])
def test_a_mean_looks_like_the_colour_it_came_from(space: ColourSpace) -> None:
    image = image_of(np.zeros((2, 2, 3), np.uint8))
    with_position = np.column_stack([features_of(COLOURS, space), np.ones((len(COLOURS), 2))])
    shown = displayed_means(with_position, FeatureSpec(space, has_position=True), image)
    np.testing.assert_array_equal(shown, COLOURS)


def test_grey_and_deep_images_are_shown_in_their_range() -> None:
    grey = image_of(np.zeros((2, 2, 1), np.uint8), GREY)
    assert displayed_means(np.array([[100.0]]), FeatureSpec(), grey).tolist() == [[100, 100, 100]]
    deep = image_of(np.array([[[0, 0, 0], [65535, 65535, 65535]]], np.uint16))
    means = np.array([[65535.0, 32768.0, 0.0]])
    assert displayed_means(means, FeatureSpec(), deep).tolist() == [[255, 128, 0]]
    assert displayed_means(means[:, :1], FeatureSpec("gray"), deep).tolist() == [[255, 255, 255]]


@given(st.floats(0, 100), st.floats(-90, 90), st.floats(-90, 90))
def test_lab_agrees_with_scikit_image(lightness: float, a: float, b: float) -> None:
    lab = np.array([[lightness, a, b]])
    import warnings

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        expected = lab2rgb(lab[None])[0]
    # The two clip impossible colours at different points; inside sRGB they agree.
    if np.all((expected > 0.01) & (expected < 0.99)):
        np.testing.assert_allclose(lab_to_srgb(lab), expected, atol=2e-3)


@given(st.tuples(st.floats(-1.5, 1.5), st.floats(-1.5, 1.5), st.floats(-0.5, 1.5)))
def test_every_point_beside_the_cone_still_is_a_colour(point: tuple[float, float, float]) -> None:
    rgb = cone_to_rgb(np.array([point]))
    assert np.all((rgb >= 0) & (rgb <= 1))
