"""The best labelling of a tree: each node object, background, or mixed at a price."""

from __future__ import annotations

import numpy as np

from gmmseg.arrays import BoolArray, FloatArray
from gmmseg.selection.ground import Ground
from gmmseg.selection.sums import bin_sums

LEAST_HEIGHT = 0.02
MAPS = np.array(
    [
        *((0.4, 0), (1.5, -1), (1.5, 0), (1.5, 1)),
        *((4, -1.5), (4, -0.6), (4, 0), (4, 0.6), (4, 1.5)),
        *((16, -1), (16, 0), (16, 1)),
    ]
)
"""Weight of borders and bias of the odds of each labelling that becomes a mask to choose from."""
PLAIN_MAP = 2


def split_prices(ground: Ground) -> FloatArray:
    """Return what splitting each union costs, (N - 1,): the border between its children times g.

    ``g = -log(1 - exp(-h))`` is minus the log of the probability that both children are different things,
    when h is minus that of their being one.
    """
    n_leaves = ground.n_leaves
    between = bin_sums(ground.ancestors, ground.lengths, ground.tree.n_nodes)[n_leaves:]
    prices: FloatArray = between * -np.log(
        -np.expm1(-np.maximum(ground.tree.heights[n_leaves:], LEAST_HEIGHT))
    )
    return prices


def best_labellings(
    ground: Ground, prices: FloatArray, odds: FloatArray, weights: FloatArray, biases: FloatArray
) -> BoolArray:
    """Return the cheapest labelling for each pair of a weight and a bias, (m, N), exactly.

    A leaf costs its area times minus the log probability of its label under ``odds + bias``; a node whose
    children are not labelled alike costs ``weight * price`` more.

    Parameters
    ----------
    ground : Ground
    prices : (N - 1,)
        As by `split_prices`.
    odds : (N,)
        Log odds that a leaf is object.
    weights, biases : (m,)
    """
    tree, n_leaves = ground.tree, ground.n_leaves
    shifted = odds[:, None] + biases
    as_background = tree.sums(np.logaddexp(0, shifted) * ground.areas[:, None])
    # The same with the other sign is less by the odds themselves.
    as_object = as_background - tree.sums(shifted * ground.areas[:, None])
    cheapest = np.minimum(as_object, as_background)
    is_mixed = np.zeros(cheapest.shape, dtype=np.bool_)
    charge = prices[:, None] * weights
    for nodes in tree.levels:
        inner = nodes - n_leaves
        split = cheapest[tree.children[inner]].sum(axis=1)
        split += charge[inner]
        whole = cheapest[nodes]
        is_mixed[nodes] = split < whole
        cheapest[nodes] = np.minimum(split, whole)
    label = as_object < as_background
    for nodes in reversed(tree.levels):
        whole = ~is_mixed[nodes][:, None]
        below = tree.children[nodes - n_leaves]
        # What is decided as a whole passes its label down.
        label[below] = np.where(whole, label[nodes][:, None], label[below])
        is_mixed[below] &= ~whole
    return label[:n_leaves].T.copy()
