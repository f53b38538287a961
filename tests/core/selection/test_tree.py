"""Trees laid out depth first, against walking up and down their pairs."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from gmmseg.mixture.tree import MergeTree
from gmmseg.selection.tree import depth_first


def random_tree(n_leaves: int, seed: int) -> MergeTree:
    rng = np.random.default_rng(seed)
    alive, pairs = list(range(n_leaves)), []
    for step in range(n_leaves - 1):
        one, other = (alive.pop(int(rng.integers(len(alive)))) for _ in range(2))
        pairs.append((one, other))
        alive.append(n_leaves + step)
    heights = np.sort(rng.exponential(size=n_leaves - 1))
    return MergeTree(np.array(pairs, dtype=np.int32).reshape(-1, 2), heights)


def leaves_below(tree: MergeTree) -> list[set[int]]:
    """Return the leaves of each node by the definition."""
    found = [{leaf} for leaf in range(len(tree.pairs) + 1)]
    for one, other in tree.pairs.tolist():
        found.append(found[one] | found[other])
    return found


@pytest.mark.parametrize(("n_leaves", "seed"), [(1, 0), (2, 0), (3, 1), (17, 2), (40, 3)])
def test_each_node_is_the_interval_of_its_leaves(n_leaves: int, seed: int) -> None:
    pairs = random_tree(n_leaves, seed)
    tree, numbers = depth_first(pairs)
    assert sorted(numbers.tolist()) == list(range(n_leaves))
    starts, stops = tree.intervals
    for node, leaves in enumerate(leaves_below(pairs)):
        place = int(numbers[node]) if node < n_leaves else node
        assert {int(numbers[leaf]) for leaf in leaves} == set(range(starts[place], stops[place]))


@pytest.mark.parametrize(("n_leaves", "seed"), [(2, 0), (17, 2), (40, 3)])
def test_common_ancestors_are_the_smallest_nodes_that_hold_both(n_leaves: int, seed: int) -> None:
    tree, _ = depth_first(random_tree(n_leaves, seed))
    starts, stops = tree.intervals
    one, other = np.array([(i, j) for i in range(n_leaves) for j in range(n_leaves) if i != j]).T
    for first, second, found in zip(one, other, tree.common_ancestors(one, other), strict=True):
        holding = [
            node
            for node in range(tree.n_nodes)
            if starts[node] <= min(first, second) and max(first, second) < stops[node]
        ]
        assert found == min(holding, key=lambda node: stops[node] - starts[node])


def test_paths_lead_through_all_nodes_that_hold_a_leaf_to_the_root() -> None:
    tree, _ = depth_first(random_tree(23, 5))
    starts, stops = tree.intervals
    for leaf in range(23):
        holding = [node for node in range(tree.n_nodes) if starts[node] <= leaf < stops[node]]
        assert tree.path(leaf).tolist() == sorted(holding, key=lambda node: stops[node] - starts[node])


@pytest.mark.parametrize(("n_leaves", "seed"), [(1, 0), (2, 0), (23, 5)])
def test_sums_over_nodes_and_over_the_unions_below_them(n_leaves: int, seed: int) -> None:
    tree, _ = depth_first(random_tree(n_leaves, seed))
    rng = np.random.default_rng(seed)
    of_leaves, of_unions = rng.normal(size=(n_leaves, 2)), rng.normal(size=(n_leaves - 1, 2))
    starts, stops = tree.intervals
    sums, below = tree.sums(of_leaves), tree.sums_below(of_unions)
    for node in range(tree.n_nodes):
        inside = [
            inner
            for inner in range(n_leaves, tree.n_nodes)
            if starts[node] <= starts[inner] and stops[inner] <= stops[node] and inner <= node
        ]
        np.testing.assert_allclose(sums[node], of_leaves[starts[node] : stops[node]].sum(axis=0), atol=1e-12)
        expected: NDArray[np.float64] = of_unions[[inner - n_leaves for inner in inside]].sum(axis=0)
        np.testing.assert_allclose(below[node], expected, atol=1e-12)


def test_levels_hold_each_union_once_after_its_children() -> None:
    tree, _ = depth_first(random_tree(31, 7))
    done = set(range(31))
    for nodes in tree.levels:
        for node in nodes.tolist():
            assert set(tree.children[node - 31].tolist()) <= done
        done |= set(nodes.tolist())
    assert done == set(range(tree.n_nodes))
