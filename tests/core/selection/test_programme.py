"""The best labelling of a tree, against trying all."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest

from gmmseg.selection.ground import Ground
from gmmseg.selection.programme import best_labellings
from gmmseg.selection.tree import depth_first
from tests.core.selection.test_tree import random_tree


def bare_ground(n_leaves: int, seed: int) -> Ground:
    """Return a ground of which only the tree and the areas mean anything."""
    tree, _ = depth_first(random_tree(n_leaves, seed))
    rng = np.random.default_rng(seed)
    none = np.zeros((n_leaves, 0))
    return Ground(
        np.arange(n_leaves, dtype=np.int32)[None],
        tree,
        1.0,
        rng.uniform(0.5, 3, n_leaves),
        np.zeros(n_leaves),
        none,
        none.astype(np.float32),
        none.astype(np.float32),
        none,
        none,
        none,
        np.zeros((0, 2), dtype=np.int64),
        np.zeros(0),
        np.zeros(0),
        np.zeros(0, dtype=np.int64),
    )


@pytest.mark.parametrize(("n_leaves", "seed"), [(1, 0), (2, 1), (5, 2), (9, 3)])
def test_no_labelling_costs_less(n_leaves: int, seed: int) -> None:
    ground = bare_ground(n_leaves, seed)
    rng = np.random.default_rng(seed)
    odds, prices = rng.normal(0, 2, n_leaves), rng.exponential(1, n_leaves - 1)
    starts, stops = ground.tree.intervals

    def cost(labels: tuple[bool, ...], weight: float, bias: float) -> float:
        total = 0.0
        for leaf, label in enumerate(labels):
            held = 1 / (1 + np.exp(-(odds[leaf] + bias)))
            total -= ground.areas[leaf] * np.log(held if label else 1 - held)
        for union, price in enumerate(prices):
            inside = labels[starts[n_leaves + union] : stops[n_leaves + union]]
            total += weight * price * (len(set(inside)) == 2)
        return total

    weights, biases = np.array([0.0, 0.3, 1.0, 3.0]), np.array([0.0, -0.7, 0.5, 0.0])
    found = best_labellings(ground, prices, odds, weights, biases)
    for labels, weight, bias in zip(found, weights, biases, strict=True):
        best = min(cost(every, weight, bias) for every in product((False, True), repeat=n_leaves))
        assert cost(tuple(labels.tolist()), weight, bias) == pytest.approx(best)


def test_dear_splits_leave_one_label() -> None:
    ground = bare_ground(9, 3)
    odds = np.where(np.arange(9) < 4, 3.0, -3.0)
    free, dear = best_labellings(ground, np.ones(8), odds, np.array([0.0, 1e6]), np.zeros(2))
    assert free.tolist() == (odds > 0).tolist()
    assert len(set(dear.tolist())) == 1
