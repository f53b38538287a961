"""Pictures show what the maps say: checked against formulas written out for one pixel at a time."""

from __future__ import annotations

import csv
import tracemalloc
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from gmmseg.arrays import AnyArray
from gmmseg.colours import Colormap, colormap_table
from gmmseg.control import StopRequest
from gmmseg.drawing.draw import Scene, draw
from gmmseg.drawing.layer_colours import class_means, class_rgba, lut_for
from gmmseg.drawing.layers import Layer, LayerKind, available_layers, layer_title
from gmmseg.errors import Cancelled
from gmmseg.image import GREY, RGB, Image, ImageSource
from gmmseg.photo.classes import ClassTable, default_classes
from gmmseg.photo.segmentation import Segmentation
from gmmseg.render import boundaries, coarser_levels, display_rgb, mean_colours, overlay_rgb
from tests.data.states import expect, make_shown, true_params

LABELS = arrays(np.uint8, array_shapes(min_dims=2, max_dims=2, max_side=9), elements=st.integers(0, 3))


def image_of(pixels: AnyArray, mask: AnyArray | None = None) -> Image:
    channels = {1: GREY, 3: RGB}.get(pixels.shape[2], tuple(f"c{n}" for n in range(pixels.shape[2])))
    return Image(pixels, channels, ImageSource("x"), mask)


def noise(height: int, width: int, seed: int = 0) -> AnyArray:
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)


def scene(n_components: int = 3, *, has_hole: bool = False, classes: ClassTable | None = None) -> Scene:
    shown = make_shown(n_components, 30, 42, has_hole=has_hole)
    assert shown.document.image is not None
    return Scene(shown.document.image, shown.segmentation, shown.table, classes or shown.classes)


def posteriors(drawn: Scene) -> AnyArray:
    """Return (K, H, W) posteriors made without the engine."""
    assert drawn.segmentation is not None
    assert drawn.table is not None
    rows = expect(drawn.segmentation.params, drawn.table).posterior
    return np.stack([drawn.table.pixels.spread(one) for one in rows])


@pytest.mark.parametrize("name", ["viridis", "magma"])
def test_a_colormap_is_within_one_step_of_the_original_and_rises_in_lightness(name: Colormap) -> None:
    spec = find_spec("pyqtgraph")
    assert spec is not None
    assert spec.origin is not None
    with (Path(spec.origin).parent / "colors" / "maps" / f"{name}.csv").open() as file:
        rows = [[float(cell) for cell in row] for row in csv.reader(line for line in file if line[0] != ";")]
    table = colormap_table(name).astype(float)
    assert np.abs(table - 255 * np.array(rows)[:, :3]).max() <= 1.5
    linear = np.where(table / 255 > 0.04045, ((table / 255 + 0.055) / 1.055) ** 2.4, table / 255 / 12.92)
    luminance = linear @ [0.2126, 0.7152, 0.0722]
    # Over three entries, since the rounding to bytes can undo the rise of one.
    assert (luminance[3:] > luminance[:-3]).all()


def test_eight_bit_colour_is_shown_as_it_is_without_a_copy() -> None:
    image = image_of(noise(4, 5))
    assert display_rgb(image) is image.pixels


@pytest.mark.parametrize("dtype", [np.uint16, np.float32, np.float64, np.int16, np.int32, np.uint32])
def test_other_depths_are_stretched_over_their_range(dtype: type) -> None:
    pixels: AnyArray = np.array([[[10], [60], [110]]], dtype=dtype)
    assert display_rgb(image_of(pixels))[0, :, 0].tolist() == [0, 128, 255]


def test_the_widest_range_of_a_float_is_stretched_without_overflow() -> None:
    top = np.finfo(np.float64).max
    shown = display_rgb(image_of(np.array([[[-top], [0.0], [top]]])))
    assert shown[0, :, 1].tolist() == [0, 128, 255]


def test_a_constant_float_image_is_mid_grey() -> None:
    assert (display_rgb(image_of(np.full((3, 3, 1), 7.5))) == 128).all()


def test_one_channel_is_grey_and_of_five_the_first_three_are_shown() -> None:
    five = np.arange(5, dtype=np.uint8).reshape(1, 1, 5)
    assert display_rgb(image_of(five)).tolist() == [[[0, 1, 2]]]
    assert display_rgb(image_of(five[:, :, 3:4])).tolist() == [[[3, 3, 3]]]
    assert display_rgb(image_of(five[:, :, :2])).tolist() == [[[0, 0, 0]]]


def test_pixels_without_data_are_neutral_and_do_not_stretch_the_rest() -> None:
    pixels = np.array([[[0.0], [1.0], [np.nan], [1e9]]])
    shown = display_rgb(image_of(pixels, np.array([[True, True, False, False]])))
    assert shown[0, :2, 0].tolist() == [0, 255]
    assert set(np.unique(shown[0, 2:])) <= {112, 144}


@settings(max_examples=60)
@given(labels=LABELS, opacity=st.floats(0, 1), seed=st.integers(0, 99))
def test_an_overlay_is_the_mixture_of_photo_and_class_colour(
    labels: AnyArray, opacity: float, seed: int
) -> None:
    height, width = labels.shape
    photo = noise(height, width, seed=seed)
    colours = noise(1, 4, seed=seed + 1)[0]
    shown = overlay_rgb(image_of(photo), labels, colours, opacity)
    exact = (1 - opacity) * photo + opacity * colours[labels]
    exact[labels == 0] = photo[labels == 0]
    assert np.abs(shown - exact).max() <= 1.01
    assert (shown[labels == 0] == photo[labels == 0]).all()


def test_an_overlay_of_full_or_no_opacity_is_exact_over_many_blocks() -> None:
    photo = noise(700, 900)
    labels = np.random.default_rng(1).integers(0, 4, (700, 900)).astype(np.uint16)
    colours = noise(1, 4, seed=3)[0]
    assert (overlay_rgb(image_of(photo), labels, colours, 0.0) == photo).all()
    opaque = overlay_rgb(image_of(photo), labels, colours, 1.0)
    assert (opaque == np.where(labels[:, :, None] > 0, colours[labels], photo)).all()


def test_a_hidden_class_does_not_cover_the_photo() -> None:
    photo = noise(6, 6)
    labels = np.ones((6, 6), dtype=np.uint8)
    colours = np.array([[0, 0, 0, 0], [255, 0, 0, 0]], dtype=np.uint8)
    assert (overlay_rgb(image_of(photo), labels, colours) == photo).all()


def test_an_overlay_takes_little_memory_besides_the_result() -> None:
    photo, labels = noise(1500, 2000), np.ones((1500, 2000), dtype=np.uint8)
    image = image_of(photo)
    tracemalloc.start()
    overlay_rgb(image, labels, noise(1, 4)[0])
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < photo.nbytes + 8e6


@given(labels=LABELS)
def test_boundaries_are_the_pixels_with_another_label_beside_them(labels: AnyArray) -> None:
    height, width = labels.shape
    for y in range(height):
        for x in range(width):
            beside = [
                labels[b, a]
                for b, a in ((y - 1, x), (y + 1, x), (y, x - 1), (y, x + 1))
                if 0 <= b < height and 0 <= a < width
            ]
            assert boundaries(labels)[y, x] == any(other != labels[y, x] for other in beside)


@pytest.mark.parametrize("shape", [(1025, 700), (1024, 1024), (1, 5000), (5000, 1)])
def test_coarser_levels_are_means_of_four_with_the_edge_repeated(shape: tuple[int, int]) -> None:
    pixels = noise(*shape)
    before = pixels
    levels = coarser_levels(pixels)
    assert levels
    for level in levels:
        padded = np.pad(before, ((0, before.shape[0] % 2), (0, before.shape[1] % 2), (0, 0)), mode="edge")
        height, width = padded.shape[:2]
        mean = padded.reshape(height // 2, 2, width // 2, 2, 3).mean(axis=(1, 3))
        assert np.abs(level - mean).max() <= 0.5
        before = level
    assert max(levels[-1].shape[:2]) <= 64


def test_a_line_of_one_pixel_is_still_whole_at_every_coarser_level() -> None:
    lines = np.zeros((2001, 1500), dtype=np.uint8)
    lines[:, 777] = 3
    for level in coarser_levels(lines, keeps_lines=True):
        assert (level.max(axis=1) == 3).all()
        assert np.count_nonzero(level[0]) == 1


def test_mean_colours_are_the_means_over_each_component() -> None:
    photo = noise(40, 50)
    labels = np.random.default_rng(5).integers(0, 4, (40, 50)).astype(np.uint8)
    means = mean_colours(image_of(photo), labels, 4)
    for component in range(3):
        assert np.abs(means[component] - photo[labels == component + 1].mean(axis=0)).max() <= 0.5
    assert means[3].tolist() == [128, 128, 128]


def test_colour_visibility_opacity_and_highlight_are_only_in_the_table() -> None:
    classes = default_classes(3).changed(1, colour=(1, 2, 3)).changed(2, is_visible=False)
    overlay = lut_for(Layer("overlay"), classes, opacity=0.5)
    assert overlay is not None
    assert overlay[1].tolist() == [1, 2, 3, 128]
    assert overlay[2, 3] == 0
    assert overlay[0, 3] == 0
    assert (overlay[4:] == 0).all()
    segments = lut_for(Layer("segments"), classes, opacity=0.5, highlighted=1)
    assert segments is not None
    assert segments[1, 3] == 255
    assert 0 < segments[3, 3] < 64


def test_a_merged_class_has_one_colour_and_its_border_within_is_not_outlined() -> None:
    drawn = scene(3)
    assert drawn.segmentation is not None
    labels = drawn.segmentation.labels
    left, middle = int(labels[0, 0]), int(labels[0, 21])
    merged = replace(drawn, classes=drawn.classes.merged([left, middle]))
    picture = draw(Layer("outlines"), merged)
    expected = np.where(boundaries(merged.classes.ids_by_label()[labels]), labels, 0)
    assert (picture.pixels == expected).all()
    assert np.count_nonzero(expected) < np.count_nonzero(draw(Layer("outlines"), drawn).pixels)
    assert picture.lut is not None
    assert picture.lut[left].tolist() == picture.lut[middle].tolist()


def test_a_label_layer_shares_the_pixels_of_the_label_map() -> None:
    drawn = scene()
    assert drawn.segmentation is not None
    picture = draw(Layer("segments"), drawn)
    assert np.shares_memory(picture.pixels, drawn.segmentation.labels)


def test_mean_colours_of_a_merged_class_are_over_all_its_pixels() -> None:
    drawn = scene(3)
    drawn = replace(drawn, classes=drawn.classes.merged([1, 3]))
    assert drawn.segmentation is not None
    picture = draw(Layer("segments", uses_mean_colours=True), drawn)
    members = np.isin(drawn.segmentation.labels, (1, 3))
    assert picture.lut is not None
    assert np.abs(picture.lut[1, :3] - drawn.image.pixels[members].mean(axis=0)).max() <= 0.5
    assert picture.lut[1].tolist() == picture.lut[3].tolist()


def test_mean_colours_of_a_merged_class_count_every_pixel_alike() -> None:
    pixels = np.zeros((1, 10, 3), dtype=np.uint8)
    pixels[0, 9] = 200
    labels = np.array([[1] * 9 + [2]], dtype=np.uint8)
    classes = default_classes(2).merged([1, 2])
    np.testing.assert_array_equal(class_means(image_of(pixels), labels, classes), np.full((2, 3), 20))


@pytest.mark.parametrize("components", [(1,), (0, 2)])
def test_a_heatmap_is_the_posterior_summed_over_the_class(components: tuple[int, ...]) -> None:
    drawn = scene(4)
    if len(components) > 1:
        drawn = replace(drawn, classes=drawn.classes.merged([component + 1 for component in components]))
    picture = draw(Layer("heatmap", components[-1]), drawn)
    expected = posteriors(drawn)[list(components)].sum(axis=0)
    assert np.abs(picture.pixels / 255 - expected).max() <= 1.01 / 255
    assert picture.scale is not None
    assert (picture.scale.low, picture.scale.high) == (0, 1)


def test_uncertainty_is_the_entropy_over_log_k() -> None:
    drawn = scene(4)
    share = posteriors(drawn)
    entropy = -np.sum(np.where(share > 0, share * np.log(np.maximum(share, 1e-300)), 0), axis=0) / np.log(4)
    assert np.abs(draw(Layer("uncertainty"), drawn).pixels / 255 - entropy).max() <= 1.01 / 255


def test_density_is_log_p_between_its_percentiles() -> None:
    drawn = scene(3)
    assert drawn.segmentation is not None
    assert drawn.table is not None
    joint = expect(drawn.segmentation.params, drawn.table).joint
    density = drawn.table.pixels.spread(np.logaddexp.reduce(joint, axis=0))
    picture = draw(Layer("density"), drawn)
    low, high = np.percentile(density, (1, 99))
    assert picture.scale is not None
    assert (picture.scale.low, picture.scale.high) == pytest.approx((low, high), rel=1e-5)
    assert np.abs(picture.pixels / 255 - np.clip((density - low) / (high - low), 0, 1)).max() <= 1.01 / 255


@pytest.mark.parametrize(
    "kind", ["segments", "overlay", "outlines", "heatmap", "uncertainty", "density", "heatmaps"]
)
def test_pixels_without_data_are_transparent_in_every_layer(kind: LayerKind) -> None:
    drawn = scene(3, has_hole=True)
    assert drawn.image.mask is not None
    picture = draw(Layer(kind), drawn)
    assert picture.lut is not None
    alpha = picture.lut[picture.pixels, 3]
    assert (alpha[~drawn.image.mask] == 0).all()
    if kind != "outlines":
        assert (alpha[drawn.image.mask] == 255).all()


@pytest.mark.parametrize("has_hole", [False, True])
def test_the_small_heatmaps_are_every_nth_pixel_of_the_large_ones(has_hole: bool) -> None:
    shown = make_shown(3, 40, 900, has_hole=has_hole)
    assert shown.document.image is not None
    drawn = Scene(shown.document.image, shown.segmentation, shown.table, shown.classes)
    tiles = draw(Layer("heatmaps"), drawn).tiles
    assert [tile.class_id for tile in tiles] == [1, 2, 3]
    for tile in tiles:
        assert max(tile.pixels.shape) <= 400
        large = draw(Layer("heatmap", tile.component), drawn).pixels
        assert np.abs(tile.pixels.astype(int) - large[::3, ::3]).max() <= 1


def test_heatmaps_of_smoothed_maps_are_their_own_posteriors() -> None:
    drawn = scene(3)
    assert drawn.segmentation is not None
    stored = np.random.default_rng(2).integers(1, 256, (3, 30, 42), dtype=np.uint8)
    smooth = replace(drawn, segmentation=replace(drawn.segmentation, posteriors=stored))
    assert (draw(Layer("heatmap", 2), smooth).pixels == stored[2]).all()


def test_more_than_254_components_are_drawn_in_colours_at_once() -> None:
    drawn = scene(3)
    assert drawn.segmentation is not None
    labels = drawn.segmentation.labels.astype(np.uint16) + 253
    many = Segmentation(labels, true_params(256))
    classes = default_classes(256)
    picture = draw(Layer("segments"), replace(drawn, segmentation=many, classes=classes))
    assert picture.lut is None
    assert (picture.pixels == class_rgba(classes)[labels]).all()
    assert lut_for(Layer("segments"), classes) is None


def test_only_the_photo_can_be_drawn_before_the_first_fit() -> None:
    image = image_of(noise(3, 3))
    assert draw(Layer("image"), Scene(image)).pixels is image.pixels
    with pytest.raises(ValueError, match="nothing to draw"):
        draw(Layer("segments"), Scene(image))


@pytest.mark.parametrize("kind", ["heatmap", "heatmaps", "uncertainty", "density"])
def test_drawing_can_be_cancelled(kind: LayerKind) -> None:
    with pytest.raises(Cancelled):
        draw(Layer(kind), scene(), lambda: StopRequest.CANCEL)


def test_layers_are_named_for_people() -> None:
    classes = default_classes(2).changed(2, name="rock")
    titles = [layer_title(layer, classes) for layer in available_layers(classes)]
    assert len(set(titles)) == len(titles)
    assert "Heatmap of rock" in titles
    # A refit with fewer components leaves a pane on the last one.
    assert layer_title(Layer("heatmap", 7), classes) == "Heatmap of rock"
