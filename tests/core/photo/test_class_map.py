"""Classes by region are those of the sums that a loop over pixels finds, whatever the maps are made from."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from gmmseg.arrays import LabelArray
from gmmseg.control import StopRequest, result_of
from gmmseg.errors import Cancelled
from gmmseg.features.spec import FeatureSpec
from gmmseg.mixture.settings import FitSettings
from gmmseg.photo import class_map
from gmmseg.photo.class_map import ClassMapper
from gmmseg.photo.classes import default_classes
from gmmseg.photo.islands import without_islands
from gmmseg.photo.jobs import SegmentOutcome, SegmentRequest, apply_events, segment_events
from gmmseg.photo.segmentation import (
    class_planes,
    heatmap,
    posterior_at,
    thinned_maps,
    uncertainty,
)
from gmmseg.photo.settings import MapSettings, SegmentSettings
from gmmseg.regions.outcome import RegionOutcome
from tests.core.photo.cases import joint_of
from tests.data.regions import quartered
from tests.data.states import make_image

BY_REGION = MapSettings(by="region")


def fitted(smooth: float = 0.0, features: str = "rgb") -> tuple[SegmentOutcome, RegionOutcome]:
    """Return classes of the pixels of an image with a hole, and its quarters, three of them regions."""
    image = make_image(3, 40, 60, has_hole=True)
    settings = SegmentSettings(FeatureSpec.parse(features), FitSettings(n_components=3), smooth=smooth)
    return result_of(segment_events(SegmentRequest(image, settings))), quartered(image)


def pixel_posteriors(outcome: SegmentOutcome) -> NDArray[np.float64]:
    """Return the posteriors of the pixels, (K, H, W): by scipy, or as smoothing left them."""
    if outcome.segmentation.posteriors is not None:
        return outcome.segmentation.posteriors.astype(np.float64) / 255
    table, params = outcome.table, outcome.segmentation.params
    planes = np.stack([table.pixels.spread(column) for column in table.values.T], axis=-1)
    if table.n_features == 3:
        joint = joint_of(params, planes)
    else:
        joint = np.exp([-((planes - mean) ** 2).sum(axis=-1) for mean in params.means])
    posteriors: NDArray[np.float64] = joint / joint.sum(axis=0)
    return posteriors


def sums_by_loop(posteriors: NDArray[np.float64], labels: LabelArray) -> NDArray[np.float64]:
    sums = np.zeros((len(posteriors), int(labels.max()) + 1))
    for y, x in np.ndindex(labels.shape):
        sums[:, labels[y, x]] += posteriors[:, y, x]
    return sums


def shares_of(sums: NDArray[np.float64]) -> NDArray[np.float64]:
    shares: NDArray[np.float64] = sums[:, 1:] / sums[:, 1:].sum(axis=0)
    return shares


def mapped(
    outcome: SegmentOutcome, regions: RegionOutcome, settings: MapSettings = BY_REGION
) -> SegmentOutcome:
    mapper = ClassMapper(settings, regions)
    made = mapper(regions.image, outcome.table, outcome.segmentation)
    return replace(outcome, segmentation=made)


@pytest.mark.parametrize("smooth", [0.0, 1.5])
def test_each_region_has_the_class_of_the_largest_sum_of_its_pixels(smooth: float) -> None:
    outcome, regions = fitted(smooth)
    labels = regions.regions.labels
    sums = sums_by_loop(pixel_posteriors(outcome), labels)
    made = mapped(outcome, regions).segmentation
    expected = np.where(labels > 0, sums.argmax(axis=0)[labels] + 1, 0)
    np.testing.assert_array_equal(made.labels, expected)
    assert len(np.unique(made.labels)) > 2
    assert made.shared is not None
    np.testing.assert_allclose(made.shared.values, shares_of(sums), atol=1e-6)


def test_sums_of_rows_that_are_pixels_are_those_of_a_loop() -> None:
    outcome, regions = fitted(features="rgb+position")
    planes = list(class_planes(outcome.segmentation, outcome.table, default_classes(3)))
    sums = sums_by_loop(np.stack(planes).astype(np.float64), regions.regions.labels)
    made = mapped(outcome, regions).segmentation
    assert made.shared is not None
    np.testing.assert_allclose(made.shared.values, shares_of(sums), atol=1e-6)


def test_pixels_counted_in_parts_are_all_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    outcome, regions = fitted()
    whole = mapped(outcome, regions).segmentation.shared
    monkeypatch.setattr(class_map, "_PAIRS_AT_ONCE", 333)
    in_parts = mapped(outcome, regions).segmentation.shared
    assert whole is not None
    assert in_parts is not None
    np.testing.assert_array_equal(in_parts.values, whole.values)


def test_balance_divides_the_sums_by_powers_of_the_weights() -> None:
    outcome, regions = fitted()
    params = replace(outcome.segmentation.params, weights=np.array([0.9, 0.05, 0.05]))
    segmentation = replace(outcome.segmentation, params=params)
    labels = regions.regions.labels
    sums = sums_by_loop(pixel_posteriors(replace(outcome, segmentation=segmentation)), labels)
    for balance in (0.5, 1.0):
        made = mapped(
            replace(outcome, segmentation=segmentation), regions, MapSettings(by="region", balance=balance)
        )
        winners = (sums / params.weights[:, None] ** balance).argmax(axis=0)
        expected = np.where(labels > 0, winners[labels] + 1, 0)
        np.testing.assert_array_equal(made.segmentation.labels, expected)


def test_every_map_of_posteriors_is_the_mean_over_the_region() -> None:
    outcome, regions = fitted()
    labels = regions.regions.labels
    sums = sums_by_loop(pixel_posteriors(outcome), labels)
    means = sums / sums.sum(axis=0).clip(1e-300)
    planes = np.where(labels > 0, means[:, labels], 0)
    made = mapped(outcome, regions)
    maps, table = made.segmentation, made.table
    np.testing.assert_allclose(heatmap(maps, table, 1), planes[1] * 255, atol=0.51)
    found = np.stack(list(class_planes(maps, table, default_classes(3))))
    np.testing.assert_allclose(found, planes, atol=1e-6)
    np.testing.assert_allclose(
        next(class_planes(maps, table, default_classes(3).merged([1, 3]))), planes[0] + planes[2], atol=1e-6
    )
    entropy = -(means * np.log(means.clip(1e-300))).sum(axis=0) / np.log(3)
    np.testing.assert_allclose(
        uncertainty(maps, table), np.where(labels > 0, entropy[labels], 0) * 255, atol=0.51
    )
    found_at = posterior_at(maps, table, 39, 0)
    assert found_at is not None
    np.testing.assert_allclose(found_at, planes[:, 39, 0], atol=1e-6)
    hole = np.argwhere(labels == 0)[0]
    assert posterior_at(maps, table, int(hole[0]), int(hole[1])) is None
    small, smaller = thinned_maps(maps, table, 4)
    np.testing.assert_array_equal(heatmap(small, smaller, 1), heatmap(maps, table, 1)[::4, ::4])


def test_another_cut_needs_no_posteriors_and_gives_the_same_as_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    outcome, regions = fitted()
    mapper = ClassMapper(BY_REGION, regions)
    first = mapper(regions.image, outcome.table, outcome.segmentation)
    other = quartered(regions.image, n_regions=4)
    other = replace(other, hierarchy=regions.hierarchy)
    anew = ClassMapper(BY_REGION, other)(regions.image, outcome.table, outcome.segmentation)
    monkeypatch.setattr(class_map, "responsibilities", lambda *arguments: pytest.fail("computed again"))
    mapper.want(BY_REGION, other)
    assert not mapper.is_current(regions.image, first)
    second = mapper(regions.image, outcome.table, first)
    np.testing.assert_array_equal(second.labels, anew.labels)
    assert mapper.is_current(regions.image, second)
    mapper.want(MapSettings(), other)
    assert mapper(regions.image, outcome.table, second) is outcome.segmentation


def test_without_regions_of_the_image_classes_go_by_pixel() -> None:
    outcome, regions = fitted()
    of_other = quartered(make_image(3, 40, 60))
    for none in (None, of_other):
        mapper = ClassMapper(BY_REGION, none)
        assert mapper(regions.image, outcome.table, outcome.segmentation) is outcome.segmentation
        assert mapper.is_current(regions.image, outcome.segmentation)


@pytest.mark.parametrize("by", ["pixel", "region"])
def test_islands_are_removed_from_both_maps(by: str) -> None:
    outcome, regions = fitted()
    regions = quartered(regions.image, n_regions=4)
    settings = MapSettings(by=by, min_island=1300)  # type: ignore[arg-type]
    made = mapped(outcome, regions, settings).segmentation
    whole = mapped(outcome, regions, replace(settings, min_island=0)).segmentation
    np.testing.assert_array_equal(made.labels, without_islands(whole.labels, 1300))
    assert not np.array_equal(made.labels, whole.labels)
    assert made.pixelwise is outcome.segmentation


def test_islands_are_those_of_classes_that_the_user_has_united() -> None:
    outcome, regions = fitted()
    classes = outcome.fit.model.classes.merged([1, 2])
    settings = MapSettings(min_island=1000)
    mapper = ClassMapper(settings, None, (outcome.fit.result.params, classes))
    plain = ClassMapper(settings)
    made, by_component = (
        each(regions.image, outcome.table, outcome.segmentation) for each in (mapper, plain)
    )
    whole = outcome.segmentation.labels
    np.testing.assert_array_equal(made.labels, without_islands(whole, 1000, classes.groups))
    assert not np.array_equal(made.labels, by_component.labels)
    assert mapper.is_current(regions.image, made)
    assert not mapper.is_current(regions.image, by_component)


def test_jobs_return_the_map_that_is_wanted() -> None:
    outcome, regions = fitted()
    mapper = ClassMapper(BY_REGION, regions)
    request = SegmentRequest(regions.image, outcome.fit.settings, wants_preview=True)
    again = result_of(segment_events(request, map_classes=mapper))
    np.testing.assert_array_equal(again.segmentation.labels, mapped(outcome, regions).segmentation.labels)
    applied = result_of(apply_events(outcome.fit.model, regions.image, map_classes=mapper))
    np.testing.assert_array_equal(applied.segmentation.labels, again.segmentation.labels)


def test_cancelling_is_heard() -> None:
    outcome, regions = fitted()
    with pytest.raises(Cancelled):
        ClassMapper(BY_REGION, regions)(
            regions.image, outcome.table, outcome.segmentation, lambda: StopRequest.CANCEL
        )


def test_the_components_of_a_class_are_counted_together() -> None:
    outcome, regions = fitted()
    # Two components that are weaker one by one are stronger together.
    shares = np.array([[0.31], [0.4], [0.29]]) * np.ones(regions.regions.n_regions)
    per_leaf = shares[:, regions.regions.leaf_labels].T
    held = regions.regions.labels > 0
    for groups, winner in ((None, 1), (((1,), (0, 2)), 0)):
        made = class_map.by_region(outcome.segmentation, per_leaf, regions.regions, groups=groups)
        assert set(np.unique(made.labels[held])) == {winner + 1}


@pytest.mark.parametrize(
    ("weights", "expected"),
    [
        # Of four equal leaves two have .6 of the first class and two .55, in the mean .575.
        # .6 / .575 > .4 / .425, but .55 / .575 < .45 / .425.
        ([0.575, 0.425, 0.0], {1, 2}),
        # Weights a little off, of EM stopped early: the picture's own shares decide.
        ([0.61, 0.39, 0.0], {1, 2}),
        # A mixture of another picture: one class may be all that this one shows.
        ([0.3, 0.7, 0.0], {1}),
    ],
)
def test_no_class_takes_all_regions_of_the_picture_that_was_fitted(
    weights: list[float], expected: set[int]
) -> None:
    outcome, regions = fitted()
    params = replace(outcome.segmentation.params, weights=np.array(weights))
    first = np.where(regions.regions.leaf_labels == 0, 0.6, 0.55)
    sums = np.stack([first, 1 - first, np.zeros(4)], axis=1)
    made = class_map.by_region(replace(outcome.segmentation, params=params), sums, regions.regions)
    assert set(np.unique(made.labels[regions.regions.labels > 0])) == expected


def test_merging_classes_makes_another_map_and_splitting_the_first_one_again() -> None:
    outcome, regions = fitted()
    params, classes = outcome.fit.result.params, default_classes(3)
    mapper = ClassMapper(BY_REGION, regions, (params, classes))
    first = mapper(regions.image, outcome.table, outcome.segmentation)
    mapper.want(BY_REGION, regions, (params, classes.merged([1, 3])))
    assert not mapper.is_current(regions.image, first)
    second = mapper(regions.image, outcome.table, first)
    assert second.origin is not None
    assert second.origin.groups == ((0, 2), (1,))
    mapper.want(BY_REGION, regions, (params, classes))
    third = mapper(regions.image, outcome.table, second)
    np.testing.assert_array_equal(third.labels, first.labels)
    # Of another mixture nothing is known: its model's own classes count.
    mapper.want(BY_REGION, regions, (params.reordered(np.arange(3)), classes.merged([1, 3])))
    assert mapper.is_current(regions.image, first)
    mapper.unite(params, classes.merged([1, 3]))
    assert mapper.is_current(regions.image, second)
