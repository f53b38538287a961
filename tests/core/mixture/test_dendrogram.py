"""The tree of merges: its shape, its heights, and what a cut through it leaves."""

from __future__ import annotations

from typing import get_args

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gmmseg.control import StopRequest
from gmmseg.errors import Cancelled
from gmmseg.mixture.covariance import Full
from gmmseg.mixture.dendrogram import Measure, dendrogram
from gmmseg.mixture.params import MixtureParams
from gmmseg.mixture.tree import Dendrogram

MEASURES: tuple[Measure, ...] = get_args(Measure)


def mixture(means: list[list[float]], spread: float = 1.0) -> MixtureParams:
    n = len(means)
    matrices = np.tile(spread * np.eye(len(means[0])), (n, 1, 1))
    return MixtureParams(np.full(n, 1 / n), np.array(means, dtype=np.float64), Full(matrices))


def rows_of(params: MixtureParams, n: int = 400, seed: int = 0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return np.concatenate(
        [rng.multivariate_normal(m, s, n) for m, s in zip(params.means, params.matrices(), strict=True)]
    )


TWO_PAIRS = mixture([[0, 0], [40, 0], [1.5, 0], [42.2, 0]])
"""Components 0 and 2 overlap most, then 1 and 3; the two pairs are far apart."""


@pytest.mark.parametrize("measure", MEASURES)
def test_near_components_are_united_first_and_far_ones_last(measure: Measure) -> None:
    tree = dendrogram(TWO_PAIRS, rows_of(TWO_PAIRS), None, measure)
    assert {tree.members(4), tree.members(5)} == {(0, 2), (1, 3)}
    assert tree.members(4) == (0, 2)
    assert tree.members(6) == (0, 1, 2, 3)
    assert tree.pairs[-1].tolist() == [4, 5]
    assert tree.heights[-1] > 0.9


def test_by_overlap_the_far_pairs_do_not_overlap_at_all() -> None:
    for measure in ("ridge", "bhattacharyya", "misclassification"):
        tree = dendrogram(TWO_PAIRS, rows_of(TWO_PAIRS), None, measure)
        assert tree.values[-1] < 1e-6
        assert tree.groups_below(0.99) == [(0, 2), (1, 3)]


def test_the_first_union_has_the_overlap_of_its_two_gaussians() -> None:
    # Equal covariances: the Bhattacharyya coefficient is exp(-|d|^2 / 8).
    tree = dendrogram(TWO_PAIRS, rows_of(TWO_PAIRS), None, "bhattacharyya")
    np.testing.assert_allclose(tree.values[0], np.exp(-(1.5**2) / 8))
    np.testing.assert_allclose(tree.heights[:2], 1 - np.exp(-(np.array([1.5, 2.2]) ** 2) / 8))


def test_all_entropy_is_gone_at_the_top() -> None:
    tree = dendrogram(TWO_PAIRS, rows_of(TWO_PAIRS), None, "entropy")
    np.testing.assert_allclose(tree.heights[-1], 1)
    np.testing.assert_allclose(tree.heights, np.cumsum(tree.values) / tree.values.sum(), atol=1e-12)


@pytest.mark.parametrize("measure", MEASURES)
@settings(max_examples=15)
@given(seed=st.integers(0, 10_000), n=st.integers(1, 7))
def test_whatever_the_mixture_it_is_a_tree(measure: Measure, seed: int, n: int) -> None:
    rng = np.random.default_rng(seed)
    params = mixture(rng.normal(0, 2, (n, 2)).tolist())
    tree = dendrogram(params, rows_of(params, 40, seed), None, measure)
    children = tree.pairs.ravel().tolist()
    assert sorted(children) == list(range(2 * n - 2))
    assert all(max(pair) < n + at for at, pair in enumerate(tree.pairs))
    assert ((tree.heights >= 0) & (tree.heights <= 1)).all()
    assert (np.diff(tree.heights) >= 0).all()
    assert sorted(tree.leaf_order()) == list(range(n))
    for cut in (-0.1, 0.3, 0.7, 1.0):
        groups = tree.groups_below(cut)
        assert sorted(k for group in groups for k in group) == list(range(n))
        assert len(groups) == n - int((tree.heights <= cut).sum())


def test_branches_do_not_cross() -> None:
    tree = dendrogram(TWO_PAIRS, rows_of(TWO_PAIRS), None, "ridge")
    order = tree.leaf_order()
    for node in range(4, 7):
        places = sorted(order.index(k) for k in tree.members(node))
        assert places == list(range(places[0], places[0] + len(places)))


def test_a_single_component_is_a_tree_without_unions() -> None:
    params = mixture([[0.0, 0.0]])
    for measure in MEASURES:
        tree = dendrogram(params, rows_of(params, 20), None, measure)
        assert (tree.n_nodes, tree.leaf_order(), tree.groups_below(1)) == (1, [0], [(0,)])


@pytest.mark.parametrize("measure", MEASURES)
def test_a_cancelled_tree_is_none(measure: Measure) -> None:
    with pytest.raises(Cancelled):
        dendrogram(TWO_PAIRS, rows_of(TWO_PAIRS, 20), None, measure, lambda: StopRequest.CANCEL)


def test_heights_never_fall_where_the_measure_rises() -> None:
    # The corners of a triangle: the middle of two of them is nearer to the third than they are.
    params = mixture([[0.0, 0.0], [4.0, 0.0], [2.0, 3.5]])
    tree = dendrogram(params, rows_of(params, 50), None, "bhattacharyya")
    assert (np.diff(tree.values) > 0).any()
    assert (np.diff(tree.heights) >= 0).all()


def test_weights_count_as_repeated_rows() -> None:
    rows = rows_of(TWO_PAIRS, 60)
    weights = np.tile([1.0, 3.0], len(rows) // 2)
    repeated = np.repeat(rows, weights.astype(int), axis=0)
    for measure in ("misclassification", "entropy"):
        one: Dendrogram = dendrogram(TWO_PAIRS, rows, weights, measure)
        other = dendrogram(TWO_PAIRS, repeated, None, measure)
        np.testing.assert_allclose(one.values, other.values, rtol=1e-9)
