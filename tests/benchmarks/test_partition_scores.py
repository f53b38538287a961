"""The measures of partitions against their definitions, as loops over pixels and pairs of pixels."""

from __future__ import annotations

from itertools import combinations
from math import log2

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray

from tests.benchmarks.partition_scores import (
    PartitionScores,
    annotator_agreement,
    best_per_image,
    best_per_set,
    contingency,
    covered_pixels,
    merged_table,
    pooled,
    rand_index,
    score_labels,
    score_tables,
    variation_of_information,
)

Map = NDArray[np.int64]
SHAPE = (4, 5)


def maps(most: int = 4) -> st.SearchStrategy[Map]:
    return arrays(np.int64, SHAPE, elements=st.integers(0, most))


def regions(labels: Map) -> list[set[int]]:
    flat = labels.reshape(-1).tolist()
    return [{at for at, label in enumerate(flat) if label == value} for value in sorted(set(flat))]


def covering_by_definition(labels: Map, truths: list[Map]) -> float:
    """Sum over every region of every annotator of area · best overlap, over the total area."""
    covered, area = 0.0, 0
    for truth in truths:
        for theirs in regions(truth):
            best = max(len(theirs & ours) / len(theirs | ours) for ours in regions(labels))
            covered += len(theirs) * best
            area += len(theirs)
    return covered / area


def rand_by_definition(labels: Map, truth: Map) -> float:
    ours, theirs = labels.reshape(-1), truth.reshape(-1)
    agreed = [(ours[i] == ours[j]) == (theirs[i] == theirs[j]) for i, j in combinations(range(len(ours)), 2)]
    return float(sum(agreed) / len(agreed))


def voi_by_definition(labels: Map, truth: Map) -> float:
    """H(A) + H(B) - 2 I(A; B) in bits, every sum over regions as sets of pixels."""
    n = labels.size

    def entropy(parts: list[set[int]]) -> float:
        return -sum(len(part) / n * log2(len(part) / n) for part in parts)

    ours, theirs = regions(labels), regions(truth)
    information = 0.0
    for a in ours:
        for b in theirs:
            if a & b:
                joint = len(a & b) / n
                information += joint * log2(joint / (len(a) / n * len(b) / n))
    return entropy(ours) + entropy(theirs) - 2 * information


@given(maps(), st.lists(maps(), min_size=1, max_size=3))
def test_the_three_measures_are_those_of_the_definitions(labels: Map, truths: list[Map]) -> None:
    scores = score_labels(labels, truths)
    assert scores.covering == pytest.approx(covering_by_definition(labels, truths), abs=1e-12)
    assert scores.pri == pytest.approx(np.mean([rand_by_definition(labels, t) for t in truths]), abs=1e-12)
    assert scores.voi == pytest.approx(np.mean([voi_by_definition(labels, t) for t in truths]), abs=1e-12)
    assert scores.area == sum(truth.size for truth in truths)


@pytest.mark.parametrize("spread", [1, 10**12])
@given(labels=maps(), names=st.permutations(range(-2, 3)))
def test_names_of_regions_do_not_matter(spread: int, labels: Map, names: list[int]) -> None:
    renamed = spread * np.array(names)[labels] + 3
    scores = score_labels(renamed, [labels])
    assert (scores.covering, scores.pri) == (1.0, 1.0)
    assert scores.voi == pytest.approx(0.0, abs=1e-12)


@given(maps(), maps())
def test_rand_index_and_variation_of_information_are_symmetric(one: Map, other: Map) -> None:
    there, back = contingency(one, other), contingency(other, one)
    assert rand_index(there) == rand_index(back)
    assert variation_of_information(there) == pytest.approx(variation_of_information(back), abs=1e-12)


@given(maps(), maps(), maps())
def test_variation_of_information_obeys_the_triangle_inequality(a: Map, b: Map, c: Map) -> None:
    ab, bc, ac = (variation_of_information(contingency(*pair)) for pair in ((a, b), (b, c), (a, c)))
    assert ac <= ab + bc + 1e-12


@given(maps(9), maps(), st.lists(st.integers(0, 3), min_size=10, max_size=10))
def test_the_table_of_merged_leaves_is_that_of_the_merged_map(
    leaves: Map, truth: Map, groups: list[int]
) -> None:
    present = np.unique(leaves)
    group_of = np.unique(np.array(groups)[present], return_inverse=True)[1]
    merged = group_of[np.searchsorted(present, leaves)]
    np.testing.assert_array_equal(
        merged_table(contingency(leaves, truth), group_of), contingency(merged, truth)
    )


def test_values_worked_by_hand() -> None:
    truth = np.array([[0, 0, 1, 1]])
    one_pixel_off = np.array([[0, 0, 0, 1]])
    table = contingency(one_pixel_off, truth)
    np.testing.assert_array_equal(table, [[2, 1], [0, 1]])
    # Overlaps: {0, 1} with {0, 1, 2} is 2/3, {2, 3} with {3} is 1/2.
    assert covered_pixels(table) == pytest.approx(2 * 2 / 3 + 2 * 1 / 2)
    # Of the six pairs, 01 and 03 and 13 are judged alike.
    assert rand_index(table) == pytest.approx(3 / 6)
    # H(first) = 2 - 3/4 log2 3, H(truth) = 1, H(joint) = 1.5.
    assert variation_of_information(table) == pytest.approx(3 - (2 - 0.75 * log2(3)) - 1)
    quarters = np.arange(4).reshape(1, 4)
    whole = score_labels(np.zeros((1, 4), int), [quarters])
    assert (whole.covering, whole.pri, whole.voi) == (0.25, 0.0, 2.0)


def test_a_single_pixel_agrees_with_itself() -> None:
    pixel = np.array([[5]])
    assert score_labels(pixel, [pixel]) == PartitionScores(1.0, 1, 1.0, 0.0)


def test_maps_of_different_shapes_are_refused() -> None:
    with pytest.raises(ValueError, match="cannot be compared"):
        contingency(np.zeros((2, 3), int), np.zeros((3, 2), int))


def test_pairs_of_a_large_image_do_not_overflow() -> None:
    half = 30_000_000
    assert rand_index(np.array([[half, 0], [0, half]])) == 1.0
    assert rand_index(np.array([[half, half]])) == pytest.approx(0.5)


def test_covering_is_pooled_over_images_and_annotators_and_the_others_are_means() -> None:
    few, many = PartitionScores(50.0, 100, 0.5, 1.0), PartitionScores(270.0, 300, 0.9, 2.0)
    together = pooled([few, many])
    assert together.covering == pytest.approx(320 / 400)
    assert (together.pri, together.voi) == pytest.approx((0.7, 1.5))


def test_best_per_set_takes_one_parameter_and_best_per_image_each_its_own() -> None:
    def of(covering: float, pri: float, voi: float) -> PartitionScores:
        return PartitionScores(100 * covering, 100, pri, voi)

    images = [[of(0.5, 0.9, 2.0), of(0.6, 0.8, 1.0)], [of(0.8, 0.2, 1.0), of(0.6, 0.8, 3.0)]]
    top, which = best_per_set(images)
    assert which == (0, 1, 0)
    assert (top.covering, top.pri, top.voi) == pytest.approx((0.65, 0.8, 1.5))
    each = best_per_image(images)
    assert (each.covering, each.pri, each.voi) == pytest.approx((0.7, 0.85, 1.0))


@given(st.lists(maps(), min_size=2, max_size=4))
def test_each_annotator_is_scored_against_all_others(truths: list[Map]) -> None:
    agreement = annotator_agreement(truths)
    assert len(agreement) == len(truths)
    for index, scores in enumerate(agreement):
        others = truths[:index] + truths[index + 1 :]
        assert scores == score_tables([contingency(truths[index], other) for other in others])


def test_one_annotator_alone_has_nobody_to_agree_with() -> None:
    assert annotator_agreement([np.zeros(SHAPE, int)]) == []
