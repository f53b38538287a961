"""Features as pictures: every column of the table, in its own units."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from gmmseg.control import StopRequest
from gmmseg.drawing.draw import Scene, draw
from gmmseg.drawing.layer_colours import lut_for, quantity_lut
from gmmseg.drawing.layers import Layer, available_layers, layer_title
from gmmseg.errors import Cancelled
from gmmseg.features.build import feature_table
from gmmseg.features.spec import FeatureSpec
from gmmseg.photo.classes import default_classes
from tests.data.states import image_of

SPECS = ["rgb", "lab+position", "gray+texture", "hsv+position+texture"]


def scene_of(text: str, *, is_masked: bool = False, is_standardised: bool = False) -> Scene:
    random = np.random.default_rng(2)
    pixels = random.integers(0, 256, (24, 33, 3), dtype=np.uint8)
    mask = random.random((24, 33)) < 0.7 if is_masked else None
    image = image_of(pixels, mask)
    spec = replace(FeatureSpec.parse(text), is_standardised=is_standardised)
    return Scene(image, table=feature_table(image, spec))


@pytest.mark.parametrize("text", SPECS)
@pytest.mark.parametrize("is_masked", [False, True])
@pytest.mark.parametrize("is_standardised", [False, True])
def test_a_feature_is_shown_over_98_percent_of_its_range(
    text: str, is_masked: bool, is_standardised: bool
) -> None:
    scene = scene_of(text, is_masked=is_masked, is_standardised=is_standardised)
    assert scene.table is not None
    plain = feature_table(scene.image, FeatureSpec.parse(text))
    held = np.ones((24, 33), dtype=np.bool_) if scene.image.mask is None else scene.image.mask
    for at, name in enumerate(scene.table.names):
        picture = draw(Layer("feature", feature=name), scene)
        values = plain.pixels.spread(plain.values[:, at].copy())
        low, high = np.percentile(values[held], (1, 99))
        assert picture.scale is not None
        assert (picture.scale.low, picture.scale.high) == pytest.approx((low, high), rel=1e-5, abs=1e-5)
        assert picture.scale.title == f"{name} (1–99 %)"
        expected = np.clip((values - low) / (high - low), 0, 1) * 255
        assert np.abs(picture.pixels[held] - np.maximum(expected[held], 1)).max() < 0.51
        assert not picture.pixels[~held].any()
        np.testing.assert_array_equal(picture.lut, quantity_lut("viridis"))
        np.testing.assert_array_equal(lut_for(picture.layer, default_classes(2)), picture.lut)


def test_a_feature_of_one_value_is_shown() -> None:
    image = image_of(np.full((3, 4, 3), 9, dtype=np.uint8))
    scene = Scene(image, table=feature_table(image, FeatureSpec()))
    picture = draw(Layer("feature", feature="R"), scene)
    assert picture.scale is not None
    assert (picture.scale.low, picture.scale.high) == (8.5, 9.5)
    assert len(np.unique(picture.pixels)) == 1


def test_features_come_last_in_the_list_and_are_named() -> None:
    classes = default_classes(2)
    table = scene_of("gray+texture").table
    assert table is not None
    layers = available_layers(classes, table.names)
    assert layers[: -len(table.names)] == available_layers(classes)
    titles = [layer_title(layer, classes) for layer in layers[-len(table.names) :]]
    assert titles == [f"Feature: {name}" for name in table.names]


def test_a_feature_that_is_no_longer_fitted_gives_way_to_the_last_one() -> None:
    scene = scene_of("rgb+position")
    picture = draw(Layer("feature", feature="gradient σ=2"), scene)
    assert picture.scale is not None
    assert picture.scale.title.startswith("y ")


def test_without_a_table_there_is_no_feature_to_draw() -> None:
    with pytest.raises(ValueError, match="nothing to draw"):
        draw(Layer("feature", feature="R"), replace(scene_of("rgb"), table=None))


def test_drawing_a_feature_can_be_cancelled() -> None:
    with pytest.raises(Cancelled):
        draw(Layer("feature", feature="R"), scene_of("rgb"), lambda: StopRequest.CANCEL)
