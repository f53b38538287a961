"""Changes of shape against their definitions, computed another way."""

from __future__ import annotations

import numpy as np
import pytest
from skimage.morphology import disk, isotropic_dilation, isotropic_erosion

from gmmseg.photo.objects import reshaping
from gmmseg.photo.objects.patch import Patch

SHAPE = (60, 70)


@pytest.fixture
def blob() -> np.ndarray:
    """A square with a hole, touching the rim, and a speck beside it."""
    mask = np.zeros(SHAPE, dtype=bool)
    mask[0:30, 10:40] = True
    mask[10:14, 20:25] = False
    mask[50:52, 60:62] = True
    return mask


def test_holes_are_filled_and_bays_are_not(blob: np.ndarray) -> None:
    blob[5, 10:15] = False
    filled = reshaping.with_holes_filled(Patch.of(blob)).full(SHAPE)
    expected = blob.copy()
    expected[10:14, 20:25] = True
    assert np.array_equal(filled, expected)


@pytest.mark.parametrize(("smallest", "keeps_speck"), [(4, True), (5, False), (10_000, False)])
def test_specks_below_a_size_go_and_the_largest_part_never_does(
    blob: np.ndarray, smallest: int, keeps_speck: bool
) -> None:
    left = reshaping.without_specks(Patch.of(blob), smallest).full(SHAPE)
    expected = blob.copy()
    expected[50:52, 60:62] = keeps_speck
    assert np.array_equal(left, expected)


@pytest.mark.parametrize("radius", [1, 2.5, 7])
def test_growing_and_shrinking_are_dilation_and_erosion_by_a_disc(blob: np.ndarray, radius: float) -> None:
    grown = reshaping.grown(Patch.of(blob), radius, SHAPE).full(SHAPE)
    assert np.array_equal(grown, isotropic_dilation(blob, radius))
    # Beyond the rim nothing is known: an object that reaches it stays there.
    padded = np.pad(blob, 10, mode="edge")
    shrunk = reshaping.shrunk(Patch.of(blob), radius, SHAPE).full(SHAPE)
    assert np.array_equal(shrunk, isotropic_erosion(padded, radius)[10:-10, 10:-10])


def test_smoothing_keeps_straight_edges_and_takes_a_spike_away() -> None:
    mask = np.zeros(SHAPE, dtype=bool)
    mask[20:50, 10:60] = True
    mask[10:20, 30] = True
    smooth = reshaping.smoothed(Patch.of(mask), 3, SHAPE).full(SHAPE)
    assert np.array_equal(smooth[22:48, 15:25], mask[22:48, 15:25])
    assert np.array_equal(smooth[:, 35:45], mask[:, 35:45])
    assert not smooth[:17].any()


def test_what_would_vanish_is_left_as_it_is() -> None:
    speck = Patch.of(np.pad(np.ones((1, 1), dtype=bool), 5))
    assert reshaping.smoothed(speck, 5, (11, 11)).area == 1


def test_parts_are_connected_by_edges_and_come_largest_first(blob: np.ndarray) -> None:
    blob[52, 62] = True
    parts = reshaping.connected_parts(Patch.of(blob))
    assert [part.area for part in parts] == [30 * 30 - 20, 4, 1]
    total = sum(part.full(SHAPE).astype(int) for part in parts)
    assert np.array_equal(total, blob.astype(int))


def test_a_line_splits_by_the_side_of_each_centre() -> None:
    patch = Patch.of(disk(20).astype(bool))
    one, two = reshaping.split_by_line(patch, (0, 10.2), (41, 10.2))
    assert (two.box[0].stop, one.box[0].start) == (10, 10)
    assert one.area + two.area == patch.area
    assert len(reshaping.split_by_line(patch, (-50, 0), (-50, 9))) == 1


def test_colours_split_an_object_into_its_two_halves() -> None:
    pixels = np.random.default_rng(0).normal(60, 6, (40, 50, 3)).clip(0, 255)
    pixels[:, 30:] += 90
    patch = Patch.of(np.ones((40, 50), dtype=bool))
    one, two = reshaping.split_by_colour(patch, pixels.astype(np.uint8)[patch.box])
    assert np.mean(one.full((40, 50))[:, :30]) > 0.99
    assert np.mean(two.full((40, 50))[:, 30:]) > 0.99
    assert len(reshaping.split_by_colour(patch, np.full((*patch.mask.shape, 3), 7, dtype=np.uint8))) == 1
