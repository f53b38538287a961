"""Regions on screen: lines between them at every size, and each in its mean colour."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from gmmseg.arrays import AnyArray
from gmmseg.drawing.draw import Scene, draw
from gmmseg.drawing.layer_colours import lut_for
from gmmseg.drawing.layers import Layer, available_layers, layer_title
from gmmseg.photo.classes import ClassTable
from gmmseg.render import border_levels, border_lines
from tests.data.regions import quartered
from tests.data.states import make_image

LABELS = arrays(np.uint16, array_shapes(min_dims=2, max_dims=2, max_side=9), elements=st.integers(0, 3))
LINES, MEANS = Layer("regions"), Layer("regions", uses_mean_colours=True)


@given(LABELS)
def test_a_border_is_light_before_it_and_dark_behind_it(labels: AnyArray) -> None:
    lines = border_lines(labels)
    height, width = labels.shape
    for y in range(height):
        for x in range(width):
            after = [labels[y + 1, x]] if y + 1 < height else []
            after += [labels[y, x + 1]] if x + 1 < width else []
            before = [labels[y - 1, x]] if y else []
            before += [labels[y, x - 1]] if x else []
            if any(other != labels[y, x] for other in after):
                assert lines[y, x] == 2
            elif any(other != labels[y, x] for other in before):
                assert lines[y, x] == 1
            else:
                assert lines[y, x] == 0


@pytest.mark.parametrize("shape", [(1, 1), (64, 64), (65, 3), (300, 201)])
def test_smaller_levels_are_the_lines_of_the_smaller_map(shape: tuple[int, int]) -> None:
    labels = np.random.default_rng(0).integers(0, 3, shape).astype(np.uint8)
    levels = border_levels(labels)
    for number, level in enumerate(levels, 1):
        step = 2**number
        assert level.shape == (-(-shape[0] // step), -(-shape[1] // step))
        np.testing.assert_array_equal(level, border_lines(labels[::step, ::step]))
    assert not levels or max(levels[-1].shape) <= 64
    assert bool(levels) == (max(shape) > 64)


def test_lines_lie_over_the_photo_and_leave_it_free_between() -> None:
    image = make_image()
    scene = Scene(image, regions=quartered(image).regions)
    picture = draw(LINES, scene)
    assert picture.is_over_image
    assert picture.lut is not None
    alpha = picture.lut[picture.pixels, 3]
    assert (alpha[19:21] > 0).all()
    assert (alpha[21:, 29:31] > 0).all()
    assert not alpha[:19].any()
    assert not alpha[21:, :29].any()
    light, dark = picture.lut[picture.pixels[19, 0]], picture.lut[picture.pixels[20, 0]]
    assert light[:3].min() > dark[:3].max()


def test_drawn_small_the_lines_stay_light_beside_dark() -> None:
    image = make_image(height=300, width=200)
    regions = quartered(image).regions
    picture = draw(LINES, Scene(image, regions=regions))
    assert [level.shape for level in picture.levels] == [(150, 100), (75, 50), (38, 25)]
    for number, level in enumerate(picture.levels, 1):
        np.testing.assert_array_equal(level, border_lines(regions.labels[:: 2**number, :: 2**number]))
        assert set(np.unique(level)) == {0, 1, 2}


def test_each_region_is_filled_with_its_mean_colour() -> None:
    image = make_image()
    picture = draw(MEANS, Scene(image, regions=quartered(image).regions))
    assert not picture.is_over_image
    for part in (np.s_[:20], np.s_[20:, :30], np.s_[20:, 30:]):
        mean = image.pixels[part].reshape(-1, 3).mean(axis=0)
        assert (picture.pixels[part] == picture.pixels[part][0, 0]).all()
        assert abs(picture.pixels[part][0, 0] - mean).max() <= 0.5


def test_pixels_without_data_are_transparent_among_mean_colours() -> None:
    image = make_image(has_hole=True)
    picture = draw(MEANS, Scene(image, regions=quartered(image).regions))
    assert picture.pixels.shape == (40, 60, 4)
    np.testing.assert_array_equal(picture.pixels[..., 3] > 0, image.mask)


def test_more_regions_than_a_byte_counts_are_drawn_too() -> None:
    image = make_image(height=40, width=60)
    regions = quartered(image).regions
    labels = (1 + np.arange(2400, dtype=np.uint16)).reshape(40, 60)
    many = replace(regions, labels=labels, leaf_labels=np.arange(2400, dtype=np.int32))
    np.testing.assert_array_equal(draw(MEANS, Scene(image, regions=many)).pixels, image.pixels)
    assert (draw(LINES, Scene(image, regions=many)).pixels > 0).all()


def test_without_regions_there_is_nothing_to_draw() -> None:
    with pytest.raises(ValueError, match="regions"):
        draw(LINES, Scene(make_image()))


def test_regions_are_in_the_list_of_layers_by_both_names() -> None:
    titles = [layer_title(layer, ClassTable()) for layer in available_layers(ClassTable())]
    assert {"Regions", "Regions (mean colours)"} <= set(titles)
    assert lut_for(MEANS, ClassTable()) is None
    assert lut_for(LINES, ClassTable()) is not None


@pytest.mark.parametrize(
    ("layer", "width"), [(LINES, 2), (MEANS, 0), (Layer("outlines"), 1), (Layer("overlay"), 0)]
)
def test_a_layer_says_how_wide_its_lines_are(layer: Layer, width: int) -> None:
    assert layer.line_width == width
