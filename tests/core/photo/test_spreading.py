"""Spreading marks over regions, against a search of every region of small trees."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gmmseg.arrays import AnyArray
from gmmseg.control import result_of
from gmmseg.mixture.settings import FitSettings
from gmmseg.mixture.tree import MergeTree
from gmmseg.photo.jobs import SegmentRequest, segment_events
from gmmseg.photo.objects.hints import Hints, hints_of
from gmmseg.photo.objects.objects import ObjectMap
from gmmseg.photo.objects.patch import Patch
from gmmseg.photo.settings import LearnsFrom, SegmentSettings
from gmmseg.photo.spreading import spread_over_regions
from gmmseg.regions.hierarchy import Hierarchy
from gmmseg.regions.pipeline import hierarchy_events
from tests.data.states import image_of


def hints(marks: AnyArray) -> Hints:
    """Return marks (H, W) as hints, those of 3 by two objects of one name."""
    objects = ObjectMap.empty((marks.shape[0], marks.shape[1]))
    for wanted, name in ((1, "a"), (2, "b"), (3, "c"), (4, "c")):
        if (marks == wanted).any():
            objects = objects.with_object(Patch.of(marks == wanted), name)
    found = hints_of(objects)
    assert found is not None
    return found


def positions(of: Hints) -> AnyArray:
    """Return the category of each pixel, from 1; 0 where it is not known."""
    return sum((np.where(mask, at, 0) for at, mask in enumerate(of.masks(), start=1)), start=np.array(0))


def random_tree(rng: np.random.Generator, n_leaves: int) -> Hierarchy:
    leaves = rng.integers(-1, n_leaves, (7, 9)).astype(np.int32)
    leaves.reshape(-1)[:n_leaves] = np.arange(n_leaves)
    free = list(range(n_leaves))
    pairs = []
    for node in range(n_leaves, 2 * n_leaves - 1):
        one, other = rng.choice(len(free), 2, replace=False)
        pairs.append((free[one], free[other]))
        free = [each for each in free if each not in pairs[-1]] + [node]
    heights = np.sort(rng.random(n_leaves - 1))
    return Hierarchy(
        leaves,
        MergeTree(np.array(pairs, dtype=np.int32).reshape(-1, 2), heights),
        float(rng.random()),
        np.bincount(leaves[leaves >= 0], minlength=n_leaves),
        np.zeros((n_leaves, 3)),
        np.ones((n_leaves, 1)),
    )


@given(st.integers(0, 2**32 - 1), st.integers(1, 12), st.floats(0.02, 0.4))
def test_a_leaf_goes_with_the_smallest_marked_region_around_it(
    seed: int, n_leaves: int, share: float
) -> None:
    rng = np.random.default_rng(seed)
    tree = random_tree(rng, n_leaves)
    marks = np.where(rng.random(tree.shape) < share, rng.integers(1, 5, tree.shape), 0)
    marks[0, 0] = 1
    given_hints = hints(marks)
    found = spread_over_regions(given_hints, tree)
    assert [each.name for each in found.categories] == [each.name for each in given_hints.categories]
    known = positions(given_hints)
    low = int((tree.tree.heights <= tree.natural).sum())
    heights = [0.0] * n_leaves + tree.tree.heights.tolist()
    regions = [(tree.tree.members(node), heights[node]) for node in range(n_leaves + low)]
    expected = known.copy()
    for leaf in range(n_leaves):
        around = sorted((each for each in regions if leaf in each[0]), key=lambda each: len(each[0]))
        held = [(set(known[np.isin(tree.leaves, each)].tolist()) - {0}, height) for each, height in around]
        smallest, height = next(((each, height) for each, height in held if each), (set(), 0.0))
        met = next((height for each, height in held if len(each) > 1), np.inf)
        if len(smallest) == 1 and height <= met / 2:
            expected[(tree.leaves == leaf) & (known == 0)] = smallest.pop()
    assert np.array_equal(positions(found), expected)


def picture() -> tuple[AnyArray, AnyArray]:
    """Return four noisy squares in two colours, and a mark in one of either."""
    rng = np.random.default_rng(0)
    colours = np.array([[200, 60, 60], [60, 60, 200]])
    kinds = np.kron([[0, 1], [1, 0]], np.ones((20, 24), dtype=int))
    marks = np.zeros(kinds.shape, dtype=int)
    marks[4:7, 4:9], marks[4:7, 30:36] = 1, 2
    return np.clip(colours[kinds] + rng.normal(0, 6, (*kinds.shape, 3)), 0, 255).astype(np.uint8), marks


@pytest.mark.parametrize("is_known", [False, True])
def test_learning_from_regions_is_learning_from_their_pixels(is_known: bool) -> None:
    pixels, marks = picture()
    image = image_of(pixels)
    tree = result_of(hierarchy_events(image, 3))

    def fitted(learns_from: LearnsFrom, of: Hints) -> AnyArray:
        settings = SegmentSettings(mixture=FitSettings(n_init=1, seed=3), learns_from=learns_from)
        request = SegmentRequest(image, settings, hints=of, hierarchy=tree if is_known else None)
        outcome = result_of(segment_events(request))
        assert outcome.fit.hints is of
        return outcome.fit.result.params.means

    spread = spread_over_regions(hints(marks), tree)
    assert (positions(spread) > 0).sum() > 20 * (marks > 0).sum()
    assert np.array_equal(fitted("regions", hints(marks)), fitted("marked", spread))
    assert not np.array_equal(fitted("regions", hints(marks)), fitted("marked", hints(marks)))
