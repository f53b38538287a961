"""Brushes and polygons against their definitions, pixel by pixel."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from skimage.measure import points_in_poly

from gmmseg.photo.objects.patch import Patch, brushed, polygon, within_touched

SHAPE = (40, 50)
POINTS = st.lists(
    st.tuples(st.floats(-10, 60, allow_nan=False), st.floats(-10, 50, allow_nan=False)),
    min_size=1,
    max_size=5,
)


def centres() -> np.ndarray:
    ys, xs = np.mgrid[: SHAPE[0], : SHAPE[1]] + 0.5
    return np.stack([xs, ys], axis=-1)


@settings(max_examples=80)
@given(POINTS, st.floats(0, 12))
def test_a_brush_covers_the_centres_within_its_radius_of_the_way(
    points: list[tuple[float, float]], radius: float
) -> None:
    mask = brushed(points, radius, SHAPE).full(SHAPE)
    nearest = np.full(SHAPE, np.inf)
    for start, end in zip(points, points[1:] or points, strict=False):
        a, b = np.array(start), np.array(end)
        along = np.clip(((centres() - a) @ (b - a)) / max((b - a) @ (b - a), 1e-300), 0, 1)
        nearest = np.minimum(nearest, np.linalg.norm(centres() - a - along[..., None] * (b - a), axis=-1))
    expected = nearest <= radius
    for x, y in points:
        if 0 <= x < SHAPE[1] and 0 <= y < SHAPE[0]:
            expected[int(y), int(x)] = True
    unsure = np.abs(nearest - radius) < 1e-6
    assert np.array_equal(mask[~unsure], expected[~unsure])


def test_a_long_way_is_covered_from_block_to_block() -> None:
    shape = (300, 420)
    points = [(10.0, 10.0), (400.5, 20.0), (300.0, 290.0), (300.0, 290.0), (-30.0, 150.0)]
    found = brushed(points, 21.5, shape)
    rows, columns = np.mgrid[: shape[0], : shape[1]] + 0.5
    expected = np.zeros(shape, dtype=bool)
    for start, end in pairwise(points):
        # Discs a pixel apart.
        for x, y in np.linspace(start, end, 2 + int(np.hypot(*np.subtract(end, start)))):
            expected |= (columns - x) ** 2 + (rows - y) ** 2 <= 21.5**2
    differs = found.full(shape) != expected
    # Between two discs the way is wider by 0.006 pixels at most.
    assert differs.sum() <= 0.001 * expected.sum()
    assert not (expected & ~found.full(shape)).any()
    assert found.mask[[0, -1]].any(axis=1).all()
    assert found.mask[:, [0, -1]].any(axis=0).all()


@settings(max_examples=80)
@given(st.lists(st.tuples(st.integers(-40, 240), st.integers(-40, 200)), min_size=3, max_size=8))
def test_a_polygon_holds_the_centres_inside_by_the_even_odd_rule(corners: list[tuple[int, int]]) -> None:
    # Corners that no line of pixel centres meets: which side such a centre falls on is a convention.
    points = [(x / 4 + 0.031, y / 4 + 0.017) for x, y in corners]
    expected = points_in_poly(centres().reshape(-1, 2), points).reshape(SHAPE)
    found = polygon(points, SHAPE).full(SHAPE)
    assert np.count_nonzero(found != expected) <= 1


def test_fewer_than_three_corners_enclose_nothing() -> None:
    assert polygon([(1, 1), (9, 9)], SHAPE).is_empty
    assert polygon([(100, 100), (120, 100), (110, 130)], SHAPE).is_empty


def test_a_patch_is_cropped_and_lies_where_it_lay() -> None:
    mask = np.zeros(SHAPE, dtype=bool)
    mask[5:9, 7:20] = True
    patch = Patch.of(mask)
    assert (patch.top, patch.left, patch.mask.shape, patch.area) == (5, 7, (4, 13), 52)
    assert np.array_equal(patch.full(SHAPE), mask)
    assert np.array_equal(
        patch.inside((slice(0, 6), slice(10, 60))), np.pad(mask, ((0, 0), (0, 10)))[:6, 10:]
    )


def test_a_stroke_kept_to_edges_stops_at_areas_that_its_way_does_not_cross() -> None:
    areas = np.broadcast_to(np.arange(SHAPE[1]) // 7, SHAPE)
    points = [(9.5, 12.0), (17.0, 12.0)]
    stroke = brushed(points, 6, SHAPE)
    kept = within_touched(stroke, points, areas).full(SHAPE)
    expected = stroke.full(SHAPE) & (areas >= 1) & (areas <= 2)
    assert np.array_equal(kept, expected)
    assert kept.sum() < stroke.area


@pytest.mark.parametrize("point", [(-100.0, -100.0), (500.0, 20.0)])
def test_a_brush_outside_of_the_image_covers_nothing(point: tuple[float, float]) -> None:
    assert brushed([point], 5, SHAPE).is_empty


@given(st.data())
def test_the_union_of_patches_is_that_of_their_masks(data: st.DataObject) -> None:
    shape = (7, 9)
    masks = [data.draw(arrays(np.bool_, shape)) for _ in range(2)]
    one, other = map(Patch.of, masks)
    assert np.array_equal(one.united(other).full(shape), masks[0] | masks[1])
