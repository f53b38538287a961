"""Leaves finer than a hierarchy's: what they are parts of, and how they unite to them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from gmmseg.arrays import FloatArray, IntArray
from gmmseg.control import ShouldStop, never_stop
from gmmseg.mixture.tree import MergeTree
from gmmseg.regions.adjacency import RegionGraph
from gmmseg.regions.cost import mean_strength
from gmmseg.regions.evidence import Evidence, lab_gradient
from gmmseg.regions.leaves import basins_of, surface_of

_GRADIENT_SCALE = 0.7
_GRADIENT_WEIGHT = 0.1
_BLUR = 0.8
_SIZE_POWER = 0.15


def fine_leaves(
    leaves: NDArray[np.int32], evidence: Evidence, should_stop: ShouldStop = never_stop
) -> tuple[NDArray[np.int32], IntArray]:
    """Return smaller basins (h, w), numbered like `leaves`, and of which leaf each is a part, (N,).

    The basins are those of the same surface with less blur and more of the finest gradient; a basin belongs
    to the leaf that most of its pixels lie in. They follow borders to the pixel that the blur of the leaves
    moves or loses, which is what small objects need.
    """
    from scipy.ndimage import gaussian_filter

    picture = evidence.picture
    surface = surface_of(evidence) + np.float32(_GRADIENT_WEIGHT) * lab_gradient(
        picture, _GRADIENT_SCALE, should_stop
    )
    # In pixels of the picture, for fine detail is there at any size; less only where leaves are smaller, too.
    blur = _BLUR * min(1.0, picture.filter_factor)
    fine = basins_of(gaussian_filter(surface, blur, mode="nearest"), picture.held)
    return fine, _majority(fine, leaves)


def _majority(fine: NDArray[np.int32], leaves: NDArray[np.int32]) -> IntArray:
    """Return the leaf that most pixels of each fine one lie in; of equals the one with the smaller number."""
    n_leaves = int(leaves.max()) + 1
    held = fine >= 0
    codes, counts = np.unique(fine[held].astype(np.int64) * n_leaves + leaves[held], return_counts=True)
    parts, wholes = np.divmod(codes, n_leaves)
    order = np.lexsort((wholes, -counts, parts))
    first = np.r_[True, np.diff(parts[order]) > 0]
    majority: IntArray = wholes[order][first]
    return majority


def refined_tree(graph: RegionGraph, wholes: IntArray, tree: MergeTree) -> MergeTree:
    """Return the tree of fine leaves: those of one leaf unite first, weakest border first, then as in `tree`.

    Parameters
    ----------
    graph : RegionGraph
        Of the N fine leaves.
    wholes : (N,)
        The leaf, 0..M-1, that each is a part of; leaves without a part are left out.
    tree : MergeTree
        Of the M leaves.
    """
    n_fine = len(wholes)
    numbers = np.full(len(tree.pairs) + 1, -1, dtype=np.int32)
    present = np.unique(wholes)
    numbers[present] = np.arange(len(present), dtype=np.int32)
    coarse = tree.renumbered(numbers)
    pairs, costs = _unions_within(graph, wholes)
    root = np.arange(n_fine + len(pairs)).tolist()
    for step, (one, other) in enumerate(pairs):
        root[one] = root[other] = n_fine + step
    # The last node of each leaf: every fine leaf of it leads there.
    top: list[int] = [-1] * len(present)
    whole_of = numbers[wholes].tolist()
    owner = whole_of + [0] * len(pairs)
    for step, (one, _) in enumerate(pairs):
        owner[n_fine + step] = owner[one]
    for node, up in enumerate(root):
        if up == node:
            top[owner[node]] = node
    n_inner = len(pairs)
    united = list(pairs)
    for one, other in coarse.pairs.tolist():
        ends = [
            top[end] if end < len(present) else n_fine + n_inner + end - len(present) for end in (one, other)
        ]
        united.append((ends[0], ends[1]))
    lowest = float(coarse.heights[0]) if len(coarse.heights) else 1.0
    inner = costs * (lowest / max(float(costs[-1]), 1e-12)) if len(costs) else costs
    heights = np.concatenate([inner, coarse.heights])
    return MergeTree(np.array(united, dtype=np.int32).reshape(-1, 2), np.maximum.accumulate(heights))


def _unions_within(graph: RegionGraph, wholes: IntArray) -> tuple[list[tuple[int, int]], FloatArray]:
    """Return the unions of fine leaves to their leaves, cheapest first, and what each costs."""
    one, other = graph.pairs.T
    inside = np.flatnonzero(wholes[one] == wholes[other])
    unit = graph.area_unit
    borders = np.concatenate([graph.lengths[inside, None], graph.sums[inside]], axis=1)
    sizes = graph.areas * unit
    size = sizes[one[inside]] * sizes[other[inside]] / (sizes[one[inside]] + sizes[other[inside]])
    costs = mean_strength(borders) * size**_SIZE_POWER
    # Parts that touch nowhere follow last, each with the one before it in its leaf.
    order = np.argsort(wholes, kind="stable")
    loose = np.flatnonzero(wholes[order][1:] == wholes[order][:-1])
    ones = np.concatenate([one[inside], order[loose]])
    others = np.concatenate([other[inside], order[loose + 1]])
    dear = float(costs.max()) if len(costs) else 1.0
    costs = np.concatenate([costs, np.full(len(loose), dear)])
    n_fine = len(wholes)
    boss = list(range(n_fine))
    node = list(range(n_fine))
    united: list[tuple[int, int]] = []
    kept: list[int] = []
    ranking = np.argsort(costs, kind="stable")
    for at, first, second in zip(
        ranking.tolist(), ones[ranking].tolist(), others[ranking].tolist(), strict=True
    ):
        while boss[first] != first:
            boss[first] = first = boss[boss[first]]
        while boss[second] != second:
            boss[second] = second = boss[boss[second]]
        if first == second:
            continue
        united.append((node[first], node[second]))
        boss[second] = first
        node[first] = n_fine + len(united) - 1
        kept.append(at)
    return united, costs[kept]
