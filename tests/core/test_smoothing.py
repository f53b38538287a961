"""The spatial prior against a literal loop over pixels and neighbours."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from gmmseg.control import Verdict
from gmmseg.errors import BudgetError, Cancelled
from gmmseg.features.build import feature_table
from gmmseg.features.spec import FeatureSpec
from gmmseg.limits import budget_of
from gmmseg.mixture.covariance import FAMILIES
from gmmseg.mixture.params import MixtureParams
from gmmseg.regions.smoothing import SWEEPS, smoothed
from gmmseg.segmentation import Segmentation, class_posteriors, segment
from tests.core.test_features import image_of
from tests.core.test_segmentation import a_mixture, a_table, joint_of

TWO_GREYS = MixtureParams(
    np.array([0.5, 0.5]), np.array([[100.0], [140.0]]), FAMILIES["spherical"](np.array([200.0, 200.0]))
)


def smoothed_greys(
    pixels: NDArray[Any], strength: float, mask: NDArray[np.bool_] | None = None
) -> Segmentation:
    table = feature_table(image_of(pixels, mask), FeatureSpec("gray"))
    return smoothed(segment(TWO_GREYS, table), table, strength)


def by_loops(joint: NDArray[Any], mask: NDArray[np.bool_], strength: float) -> NDArray[Any]:
    """Return the mean-field posteriors, pixel by pixel as the formula says, (K, H, W)."""
    n_components, height, width = joint.shape
    evidence = np.maximum(np.log(joint) - np.log(joint).max(axis=0), -30)
    q = np.exp(evidence) / np.exp(evidence).sum(axis=0) * mask
    for _ in range(SWEEPS):
        new = np.zeros_like(q)
        for y, x in np.ndindex(height, width):
            if not mask[y, x]:
                continue
            support, total = np.zeros(n_components), 0.0
            for dy in (-1, 0, 1):
                for dx in (-1, 0, 1):
                    v, u = y + dy, x + dx
                    if (dy, dx) == (0, 0) or not (0 <= v < height and 0 <= u < width) or not mask[v, u]:
                        continue
                    influence = 1 / np.hypot(dy, dx)
                    support += influence * q[:, v, u]
                    total += influence
            logits = evidence[:, y, x] + strength * support / max(total, 1e-6)
            new[:, y, x] = np.exp(logits - logits.max())
            new[:, y, x] /= new[:, y, x].sum()
        q = new
    return q


@pytest.mark.parametrize("strength", [0.5, 2.0, 6.0])
@pytest.mark.parametrize("seed", [0, 1, 2])
def test_mean_field_is_the_formula(strength: float, seed: int) -> None:
    table, pixels, mask = a_table(seed=seed)
    params = a_mixture(seed=seed)
    found = smoothed(segment(params, table), table, strength)
    expected = by_loops(joint_of(params, pixels), mask, strength)
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


def test_class_posteriors_of_smoothed_maps_sum_to_one() -> None:
    table, _, mask = a_table()
    found = smoothed(segment(a_mixture(), table), table, 2.0)
    planes = class_posteriors(found, table, [(0, 1), (2, 3)])
    np.testing.assert_allclose(planes.sum(axis=0), mask, atol=1e-6)


def test_smoothing_beyond_the_budget_is_refused() -> None:
    table, _, _ = a_table()
    with budget_of(1000), pytest.raises(BudgetError, match="Smoothing 713 pixels"):
        smoothed(segment(a_mixture(), table), table, 1.0)


def test_smoothing_can_be_cancelled() -> None:
    table, _, _ = a_table()
    with pytest.raises(Cancelled):
        smoothed(segment(a_mixture(), table), table, 1.0, lambda: Verdict.CANCEL)
