"""The spatial prior against a literal loop over pixels and neighbours."""

from __future__ import annotations

import tracemalloc
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from gmmseg.control import StopRequest
from gmmseg.errors import BudgetError, Cancelled
from gmmseg.features.build import feature_table
from gmmseg.features.spec import FeatureSpec
from gmmseg.image import Image
from gmmseg.limits import budget_of
from gmmseg.mixture.covariance import FAMILIES
from gmmseg.mixture.params import MixtureParams
from gmmseg.photo.classes import default_classes
from gmmseg.photo.grid import pixel_grid
from gmmseg.photo.segmentation import Segmentation, class_planes, segment
from gmmseg.photo.smoothing import SWEEPS, smooth
from tests.core.photo.cases import a_mixture, a_table, joint_of, means_by_loops, weights_by_loops
from tests.data.states import image_of

RGB = FeatureSpec()
TWO_GREYS = MixtureParams(
    np.array([0.5, 0.5]), np.array([[100.0], [140.0]]), FAMILIES["spherical"](np.array([200.0, 200.0]))
)


def smoothed_under(
    params: MixtureParams, image: Image, strength: float, spec: FeatureSpec = RGB
) -> Segmentation:
    table = feature_table(image, spec)
    return smooth(segment(params, table), table, pixel_grid(image), strength)


def smoothed_greys(
    pixels: NDArray[Any], strength: float, mask: NDArray[np.bool_] | None = None
) -> Segmentation:
    return smoothed_under(TWO_GREYS, image_of(pixels, mask), strength, FeatureSpec("gray"))


def by_loops(
    joint: NDArray[Any], pixels: NDArray[Any], mask: NDArray[np.bool_], strength: float
) -> NDArray[Any]:
    """Return the mean-field posteriors, pixel by pixel as the formula says, (K, H, W)."""
    q: NDArray[Any]
    weights = weights_by_loops(pixels, mask)
    evidence = np.maximum(np.log(joint) - np.log(joint).max(axis=0), -30)
    q = np.exp(evidence) / np.exp(evidence).sum(axis=0) * mask
    for _ in range(SWEEPS):
        logits = evidence + strength * means_by_loops(q, weights)
        q = np.exp(logits - logits.max(axis=0))
        q *= mask / q.sum(axis=0)
    return q


@pytest.mark.parametrize("strength", [0.5, 2.0, 6.0])
@pytest.mark.parametrize("seed", [0, 1, 2])
def test_mean_field_is_the_formula(strength: float, seed: int) -> None:
    table, pixels, mask = a_table(seed=seed)
    params = a_mixture(seed=seed)
    image = image_of(pixels.astype(np.uint8), mask)
    found = smooth(segment(params, table), table, pixel_grid(image), strength)
    expected = by_loops(joint_of(params, pixels), pixels, mask, strength)
    assert found.posteriors is not None
    assert np.abs(found.posteriors - expected * 255).max() < 0.6
    top_two = np.sort(expected, axis=0)[-2:]
    clear = mask & (top_two[1] - top_two[0] > 1e-4)
    np.testing.assert_array_equal(found.labels[clear], expected.argmax(axis=0)[clear] + 1)
    assert not found.labels[~mask].any()


def test_a_lone_pixel_gives_way_and_a_weak_prior_lets_it_stand() -> None:
    pixels = np.full((9, 9), 105, dtype=np.uint8)
    pixels[4, 4] = 125
    assert smoothed_greys(pixels, 0.1).labels[4, 4] == 2
    assert set(np.unique(smoothed_greys(pixels, 5.0).labels)) == {1}


def test_a_straight_border_stays_where_it_is() -> None:
    pixels = np.full((12, 12), 100, dtype=np.uint8)
    pixels[:, 6:] = 140
    labels = smoothed_greys(pixels, 4.0).labels
    np.testing.assert_array_equal(labels, np.where(np.arange(12) < 6, 1, 2) * np.ones((12, 1)))


def test_pixels_without_data_have_no_influence() -> None:
    random = np.random.default_rng(3)
    pixels = random.choice(np.array([100, 140], dtype=np.uint8), (15, 15))
    mask = random.random((15, 15)) < 0.6
    other = pixels.copy()
    other[~mask] = 240 - other[~mask]
    one, two = (smoothed_greys(values, 3.0, mask) for values in (pixels, other))
    np.testing.assert_array_equal(one.labels, two.labels)
    np.testing.assert_array_equal(one.posteriors, two.posteriors)


def test_a_pixel_without_neighbours_keeps_its_own_evidence() -> None:
    mask = np.zeros((5, 5), dtype=np.bool_)
    mask[2, 2] = True
    pixels = np.full((5, 5), 100, dtype=np.uint8)
    pixels[2, 2] = 140
    found = smoothed_greys(pixels, 10.0, mask)
    assert found.labels[2, 2] == 2
    assert found.labels.sum() == 2


def noisy_step(seed: int) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """Return a picture of two greys under noise, whose border has steps and corners, and its true labels."""
    truth = np.ones((60, 60), dtype=np.int64)
    truth[:, 30:] = 2
    truth[10:14, 22:30] = truth[40:42, 22:30] = 2
    truth[25:28, 30:38] = 1
    noise = np.random.default_rng(seed).normal(0, 6, truth.shape)
    return np.clip(np.rint(np.where(truth == 1, 100, 128) + noise), 0, 255).astype(np.uint8), truth


WIDE_GREYS = MixtureParams(
    np.array([0.5, 0.5]), np.array([[100.0], [128.0]]), FAMILIES["spherical"](np.array([300.0, 300.0]))
)
"""Wider than the noise: thin parts then stand only where the prior sees that they have edges."""


@pytest.mark.parametrize("seed", range(5))
def test_visible_edges_are_kept_better_than_by_a_prior_that_does_not_see_them(seed: int) -> None:
    pixels, truth = noisy_step(seed)
    table = feature_table(image_of(pixels), FeatureSpec("gray"))
    alone = segment(WIDE_GREYS, table)
    blind = pixel_grid(image_of(np.zeros_like(pixels)))
    errors = [
        np.count_nonzero(smooth(alone, table, grid, 6.0).labels != truth)
        for grid in (pixel_grid(image_of(pixels)), blind)
    ]
    assert errors[0] < 0.6 * errors[1]
    assert errors[0] < 0.5 * np.count_nonzero(alone.labels != truth)


def test_a_speck_of_high_contrast_gives_way_too() -> None:
    pixels = np.full((9, 9), 105, dtype=np.uint8)
    pixels[4, 4] = 160
    assert segment(WIDE_GREYS, feature_table(image_of(pixels), FeatureSpec("gray"))).labels[4, 4] == 2
    assert set(np.unique(smoothed_under(WIDE_GREYS, image_of(pixels), 9.0, FeatureSpec("gray")).labels)) == {
        1
    }


def test_posteriors_of_classes_of_smoothed_maps_sum_to_one() -> None:
    table, pixels, mask = a_table()
    found = smoothed_under(a_mixture(), image_of(pixels.astype(np.uint8), mask), 2.0)
    classes = default_classes(4).merged([1, 2]).merged([3, 4])
    planes = np.stack(list(class_planes(found, table, classes)))
    np.testing.assert_allclose(planes.sum(axis=0), mask, atol=1e-6)


def test_smoothing_beyond_the_budget_is_refused() -> None:
    table, pixels, _ = a_table()
    alone, grid = segment(a_mixture(), table), pixel_grid(image_of(pixels))
    with budget_of((6 * 4 + 4) * 713 - 1), pytest.raises(BudgetError, match="Smoothing 713 pixels"):
        smooth(alone, table, grid, 1.0)
    with budget_of((6 * 4 + 4) * 713):
        smooth(alone, table, grid, 1.0)


def test_smoothing_can_be_cancelled() -> None:
    table, pixels, _ = a_table()
    alone, grid = segment(a_mixture(), table), pixel_grid(image_of(pixels))
    with pytest.raises(Cancelled):
        smooth(alone, table, grid, 1.0, lambda: StopRequest.CANCEL)


def test_smoothing_keeps_within_the_memory_that_it_says() -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (700, 900), dtype=np.uint8)
    image = image_of(pixels)
    table = feature_table(image, FeatureSpec("gray"))
    alone = segment(TWO_GREYS, table)
    tracemalloc.start()
    grid = pixel_grid(image)
    smooth(alone, table, grid, 2.0)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    blocks = 16 * 2**20
    assert peak < (6 * 2 + 4) * pixels.size + blocks
