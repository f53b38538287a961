"""Maps of pixels against scipy's densities, pixel by pixel."""

from __future__ import annotations

import numpy as np
import pytest

from gmmseg.arrays import LabelArray, label_dtype
from gmmseg.mixture.covariance import FAMILIES
from gmmseg.mixture.params import MixtureParams
from gmmseg.mixture.settings import CovarianceKind
from gmmseg.photo.classes import default_classes
from gmmseg.photo.segmentation import (
    Segmentation,
    class_planes,
    density_map,
    heatmap,
    label_counts,
    posterior_at,
    segment,
    uncertainty,
)
from tests.core.photo.cases import a_mixture, a_table, joint_of

KINDS: tuple[CovarianceKind, ...] = ("full", "tied", "diag", "spherical")


@pytest.mark.parametrize("kind", KINDS)
def test_labels_are_the_most_probable_components(kind: CovarianceKind) -> None:
    table, pixels, mask = a_table()
    params = a_mixture(kind)
    labels = segment(params, table).labels
    np.testing.assert_array_equal(labels, np.where(mask, joint_of(params, pixels).argmax(axis=0) + 1, 0))


@pytest.mark.parametrize("kind", KINDS)
def test_heatmaps_are_the_posteriors_in_255ths(kind: CovarianceKind) -> None:
    table, pixels, mask = a_table()
    params = a_mixture(kind)
    joint = joint_of(params, pixels)
    posterior = joint / joint.sum(axis=0) * mask
    segmentation = segment(params, table)
    for k in range(segmentation.n_components):
        assert np.abs(heatmap(segmentation, table, k) - posterior[k] * 255).max() <= 0.5 + 1e-6


def test_uncertainty_is_the_entropy_over_log_k() -> None:
    table, pixels, mask = a_table()
    params = a_mixture()
    joint = joint_of(params, pixels)
    posterior = joint / joint.sum(axis=0)
    entropy = -(posterior * np.log(np.maximum(posterior, 1e-300))).sum(axis=0) / np.log(4)
    shown = uncertainty(segment(params, table), table)
    assert np.abs(shown - entropy * 255 * mask).max() <= 0.5 + 1e-6


def test_one_component_is_certain_everywhere() -> None:
    table, _, mask = a_table()
    segmentation = segment(a_mixture(n_components=1), table)
    np.testing.assert_array_equal(segmentation.labels, mask)
    assert not uncertainty(segmentation, table).any()


def test_the_density_map_is_scipys_log_density_and_nan_without_data() -> None:
    table, pixels, mask = a_table()
    params = a_mixture()
    density = density_map(params, table)
    np.testing.assert_allclose(density[mask], np.log(joint_of(params, pixels).sum(axis=0))[mask], rtol=1e-5)
    assert np.isnan(density[~mask]).all()


def test_the_posterior_at_a_pixel_is_that_of_the_maps() -> None:
    table, pixels, mask = a_table()
    params = a_mixture()
    segmentation = segment(params, table)
    joint = joint_of(params, pixels)
    for y, x in np.ndindex(5, 31):
        found = posterior_at(segmentation, table, y, x)
        if not mask[y, x]:
            assert found is None
        else:
            assert found is not None
            np.testing.assert_allclose(found, joint[:, y, x] / joint[:, y, x].sum(), atol=1e-9)


def test_posteriors_of_a_class_are_the_sum_over_its_components() -> None:
    table, pixels, mask = a_table()
    params = a_mixture()
    joint = joint_of(params, pixels)
    posterior = joint / joint.sum(axis=0) * mask
    classes = default_classes(4).merged([1, 3])
    planes = np.stack(list(class_planes(segment(params, table), table, classes)))
    np.testing.assert_allclose(planes[0], posterior[0] + posterior[2], atol=1e-6)
    np.testing.assert_allclose(planes.sum(axis=0), mask, atol=1e-6)


def test_equal_components_give_the_lower_index() -> None:
    table, _, mask = a_table()
    one = a_mixture(n_components=1)
    twice = MixtureParams(
        np.array([0.5, 0.5]),
        np.repeat(one.means, 2, axis=0),
        FAMILIES["full"](np.repeat(one.matrices(), 2, axis=0)),
    )
    assert set(np.unique(segment(twice, table).labels[mask])) == {1}


def test_areas_are_shares_of_the_pixels_with_data() -> None:
    table, _, mask = a_table()
    segmentation = segment(a_mixture(), table)
    areas = segmentation.areas()
    assert areas.sum() == pytest.approx(1)
    assert areas[0] == pytest.approx((segmentation.labels == 1).sum() / mask.sum())


@pytest.mark.parametrize(("n_components", "dtype"), [(1, np.uint8), (254, np.uint8), (255, np.uint16)])
def test_labels_leave_255_free(n_components: int, dtype: type) -> None:
    assert label_dtype(n_components) is dtype


def test_more_than_254_components_label_in_16_bits() -> None:
    table, pixels, mask = a_table()
    random = np.random.default_rng(9)
    params = MixtureParams(
        np.full(256, 1 / 256), random.uniform(0, 255, (256, 3)), FAMILIES["spherical"](np.full(256, 40.0))
    )
    labels = segment(params, table).labels
    assert labels.dtype == np.uint16
    distances = ((pixels[:, :, None, :] - params.means) ** 2).sum(axis=-1)
    np.testing.assert_array_equal(labels, np.where(mask, distances.argmin(axis=-1) + 1, 0))


def test_the_maps_cannot_be_written_to() -> None:
    table, _, _ = a_table()
    segmentation: Segmentation = segment(a_mixture(), table)
    with pytest.raises(ValueError, match="read-only"):
        segmentation.labels[0, 0] = 7


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_pixels_of_a_large_map_are_counted_once_each(dtype: type[np.uint8] | type[np.uint16]) -> None:
    numbers = np.random.default_rng(0).integers(0, 7, size=(700, 1001))
    labels: LabelArray = numbers.astype(np.uint8) if dtype is np.uint8 else numbers.astype(np.uint16)
    counts = label_counts(labels, 9)
    assert counts.tolist() == [int((labels == k).sum()) for k in range(1, 10)]
