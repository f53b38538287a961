"""Cutting a hierarchy against uniting leaves one pair at a time."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from gmmseg.errors import SettingsError
from gmmseg.mixture.tree import MergeTree
from gmmseg.regions.cutting import (
    cut,
    height_of_detail,
    leaf_labels_at,
    leaf_labels_of,
)
from gmmseg.regions.hierarchy import Hierarchy
from gmmseg.regions.settings import RegionSettings
from gmmseg.setting import check_settings


def random_hierarchy(seed: int, n_leaves: int, natural: float = 4.4, has_hole: bool = False) -> Hierarchy:
    """Return a random tree over a strip of leaves of two pixels each, some unions at equal heights."""
    generator = np.random.default_rng(seed)
    open_nodes = list(range(n_leaves))
    pairs = []
    for step in range(n_leaves - 1):
        one = open_nodes.pop(int(generator.integers(len(open_nodes))))
        at = int(generator.integers(len(open_nodes)))
        pairs.append((one, open_nodes[at]))
        open_nodes[at] = n_leaves + step
    leaves = np.arange(n_leaves, dtype=np.int32).repeat(2).reshape(1, -1)
    if has_hole:
        leaves = np.concatenate([np.full_like(leaves, -1), leaves])
    return Hierarchy(
        leaves,
        MergeTree(
            np.array(pairs, dtype=np.int32).reshape(-1, 2),
            np.sort(generator.integers(0, 14, n_leaves - 1) / 2),
        ),
        natural,
        np.full(n_leaves, 2),
        np.zeros((n_leaves, 3)),
        np.ones((n_leaves, 1)),
    )


def separate_leaves(n_leaves: int) -> Hierarchy:
    """Return a chain over leaves of one pixel each, after one without data."""
    leaves = np.arange(-1, n_leaves, dtype=np.int32).reshape(1, -1)
    nodes = np.arange(n_leaves - 1, dtype=np.int32)
    pairs = np.stack([nodes + 1, np.where(nodes > 0, nodes + n_leaves - 1, 0)], axis=1).astype(np.int32)
    heights = np.arange(n_leaves - 1.0)
    areas, means = np.ones(n_leaves, dtype=np.int64), np.zeros((n_leaves, 3))
    return Hierarchy(leaves, MergeTree(pairs, heights), 4.4, areas, means, np.ones((n_leaves, 1)))


def united(hierarchy: Hierarchy, n_unions: int) -> NDArray[np.int32]:
    """Return the region of each leaf after the first unions, found by literally moving sets."""
    sets: dict[int, set[int]] = {leaf: {leaf} for leaf in range(hierarchy.n_leaves)}
    for step, (one, other) in enumerate(hierarchy.tree.pairs[:n_unions].tolist()):
        sets[hierarchy.n_leaves + step] = sets.pop(one) | sets.pop(other)
    labels = np.empty(hierarchy.n_leaves, dtype=np.int32)
    for label, group in enumerate(sorted(sets.values(), key=min)):
        labels[list(group)] = label
    return labels


@given(st.integers(0, 10**6), st.integers(1, 25), st.floats(-1, 8))
def test_a_cut_at_a_height_does_all_unions_up_to_it(seed: int, n_leaves: int, height: float) -> None:
    hierarchy = random_hierarchy(seed, n_leaves)
    n_unions = sum(h <= height for h in hierarchy.tree.heights.tolist())
    np.testing.assert_array_equal(leaf_labels_at(hierarchy, height), united(hierarchy, n_unions))


@given(st.integers(0, 10**6), st.integers(1, 25), st.integers(-3, 40))
def test_a_cut_to_a_number_of_regions_gives_that_number(seed: int, n_leaves: int, n_regions: int) -> None:
    hierarchy = random_hierarchy(seed, n_leaves)
    labels = leaf_labels_of(hierarchy, n_regions)
    capped = min(max(n_regions, 1), n_leaves)
    assert len(np.unique(labels)) == capped
    np.testing.assert_array_equal(labels, united(hierarchy, n_leaves - capped))


@given(st.integers(0, 10**6), st.integers(1, 12), st.floats(0.5, 12))
def test_the_scale_runs_from_one_region_over_the_natural_height_to_the_leaves(
    seed: int, n_leaves: int, natural: float
) -> None:
    hierarchy = random_hierarchy(seed, n_leaves, natural)
    assert leaf_labels_at(hierarchy, height_of_detail(hierarchy, 0)).max() == 0
    assert height_of_detail(hierarchy, 0.5) == natural
    assert leaf_labels_at(hierarchy, height_of_detail(hierarchy, 1)).max() == n_leaves - 1


@given(st.integers(0, 10**6), st.integers(1, 12), st.floats(0.5, 12))
def test_heights_fall_steadily_with_detail(seed: int, n_leaves: int, natural: float) -> None:
    hierarchy = random_hierarchy(seed, n_leaves, natural)
    details = np.linspace(0, 1, 201)
    heights = np.array([height_of_detail(hierarchy, detail) for detail in details.tolist()])
    steps = -np.diff(heights)
    assert (steps > 0).all()
    # Smooth: no step is much longer than its neighbours together.
    extent = heights[0] - heights[-1]
    assert (np.abs(np.diff(steps)) < 0.02 * extent).all()


def test_details_beyond_the_scale_have_its_end_as_height() -> None:
    hierarchy = random_hierarchy(0, 10)
    assert height_of_detail(hierarchy, -1) == height_of_detail(hierarchy, 0)
    assert height_of_detail(hierarchy, 2) == height_of_detail(hierarchy, 1)


@pytest.mark.parametrize(("n_regions", "dtype"), [(254, np.uint8), (255, np.uint16), (65534, np.uint16)])
def test_labels_take_the_smallest_type_that_holds_them(n_regions: int, dtype: type) -> None:
    found = cut(separate_leaves(n_regions), RegionSettings(n_regions=n_regions))
    assert found.labels.dtype == dtype
    assert found.labels.max() == n_regions == found.n_regions


@pytest.mark.parametrize("settings", [RegionSettings(), RegionSettings(n_regions=3)])
def test_a_region_map_shows_each_leafs_region_and_0_without_data(settings: RegionSettings) -> None:
    hierarchy = random_hierarchy(3, 12, natural=2.0, has_hole=True)
    found = cut(hierarchy, settings)
    assert (found.labels[0] == 0).all()
    np.testing.assert_array_equal(found.labels[1], found.leaf_labels[hierarchy.leaves[1]] + 1)
    _, first = np.unique(found.labels[1], return_index=True)
    assert (np.diff(first) > 0).all()
    np.testing.assert_array_equal(leaf_labels_at(hierarchy, found.height).max() + 1, found.n_regions)


def test_what_is_shared_cannot_be_written_to() -> None:
    hierarchy = random_hierarchy(0, 4)
    found = cut(hierarchy, RegionSettings())
    tree = hierarchy.tree
    for array in (hierarchy.leaves, tree.pairs, tree.heights, found.labels, found.leaf_labels):
        assert not array.flags.writeable


def test_a_tree_that_does_not_fit_its_leaves_is_refused() -> None:
    good = random_hierarchy(0, 4)
    with pytest.raises(ValueError, match="do not fit"):
        replace(good, tree=MergeTree(good.tree.pairs[:1], good.tree.heights))


@pytest.mark.parametrize(
    "settings",
    [
        RegionSettings(detail=1.5),
        RegionSettings(detail=float("nan")),
        RegionSettings(n_regions=0),
        RegionSettings(seed=-1),
    ],
)
def test_settings_out_of_bounds_are_refused(settings: RegionSettings) -> None:
    check_settings(RegionSettings())
    with pytest.raises(SettingsError):
        check_settings(settings)
