"""A region tree laid out for selecting: leaves numbered depth first, so that every node is an interval."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from gmmseg.arrays import FloatArray, IntArray
from gmmseg.mixture.tree import MergeTree


@dataclass(frozen=True, eq=False)
class IntervalTree:
    """A binary tree of N leaves and 2N - 1 nodes; leaf i is node i, the root comes last.

    Parameters
    ----------
    children : int64 array, (N - 1, 2)
        Left and right child of node N + i, both below it; the left one holds the smaller leaves.
    heights : (2N - 1,)
        0 at leaves; nowhere above the parent's.
    """

    children: IntArray
    heights: FloatArray

    @property
    def n_leaves(self) -> int:
        """Leaves, N."""
        return len(self.children) + 1

    @property
    def n_nodes(self) -> int:
        """Nodes, 2N - 1."""
        return 2 * len(self.children) + 1

    @cached_property
    def parents(self) -> IntArray:
        """The parent of each node, (2N - 1,); the root's is -1."""
        parents = np.full(self.n_nodes, -1, dtype=np.int64)
        parents[self.children] = np.arange(self.n_leaves, self.n_nodes)[:, None]
        return parents

    @cached_property
    def intervals(self) -> IntArray:
        """First leaf of each node and one beyond its last, (2, 2N - 1)."""
        n_leaves = self.n_leaves
        starts, stops = list(range(n_leaves)), list(range(1, n_leaves + 1))
        for left, right in self.children.tolist():
            starts.append(starts[left])
            stops.append(stops[right])
        return np.array([starts, stops], dtype=np.int64)

    @cached_property
    def _unions(self) -> IntArray:
        """Sparse table: at [r, m] the last union, a node, among boundaries m..m + 2^r - 1 between leaves."""
        n_boundaries = self.n_leaves - 1
        table = [np.empty(n_boundaries, dtype=np.int64)]
        # Boundary m lies between leaves m and m + 1.
        table[0][self.intervals[0][self.children[:, 1]] - 1] = np.arange(self.n_leaves, self.n_nodes)
        reach = 1
        while 2 * reach <= n_boundaries:
            below = table[-1].copy()
            np.maximum(below[:-reach], below[reach:], out=below[:-reach])
            table.append(below)
            reach *= 2
        return np.stack(table)

    def common_ancestors(self, one: IntArray, other: IntArray) -> IntArray:
        """Return the lowest node that holds both leaves, for each pair of different leaves."""
        low, high = np.minimum(one, other), np.maximum(one, other)
        level = np.log2(np.maximum(high - low, 1)).astype(np.int64)
        ancestors: IntArray = np.maximum(self._unions[level, low], self._unions[level, high - (1 << level)])
        return ancestors

    def path(self, leaf: int) -> IntArray:
        """Return the nodes from a leaf up to the root."""
        parents, nodes = self._parent_list, [leaf]
        while (up := parents[nodes[-1]]) >= 0:
            nodes.append(up)
        return np.array(nodes, dtype=np.int64)

    @cached_property
    def _parent_list(self) -> list[int]:
        parents: list[int] = self.parents.tolist()
        return parents

    @cached_property
    def levels(self) -> tuple[IntArray, ...]:
        """Inner nodes in groups, each of which has its children in earlier groups or among the leaves."""
        level = [0] * self.n_leaves
        for left, right in self.children.tolist():
            level.append(max(level[left], level[right]) + 1)
        inner = np.array(level[self.n_leaves :], dtype=np.int64)
        order = np.argsort(inner, kind="stable") + self.n_leaves
        return tuple(np.split(order, np.flatnonzero(np.diff(np.sort(inner))) + 1)) if len(inner) else ()

    def sums(self, values: FloatArray) -> FloatArray:
        """Return the sum of values of leaves (N, …) over each node, (2N - 1, …)."""
        prefix = np.zeros((self.n_leaves + 1, *values.shape[1:]))
        np.cumsum(values, axis=0, out=prefix[1:])
        starts, stops = self.intervals
        totals: FloatArray = prefix[stops] - prefix[starts]
        return totals

    def sums_below(self, values: FloatArray) -> FloatArray:
        """Return the sum of values of unions (N - 1, …) over those at and below each node, (2N - 1, …)."""
        at_boundary = np.zeros((self.n_leaves, *values.shape[1:]))
        at_boundary[self.intervals[0][self.children[:, 1]] - 1] = values
        prefix = np.zeros((self.n_leaves + 1, *values.shape[1:]))
        np.cumsum(at_boundary, axis=0, out=prefix[1:])
        starts, stops = self.intervals
        totals: FloatArray = prefix[stops - 1] - prefix[starts]
        return totals

    def extremes(self, lowest: FloatArray) -> FloatArray:
        """Return the least of values of leaves (N, C) over each node, (2N - 1, C)."""
        least = np.empty((self.n_nodes, lowest.shape[1]))
        least[: self.n_leaves] = lowest
        for nodes in self.levels:
            left, right = self.children[nodes - self.n_leaves].T
            least[nodes] = np.minimum(least[left], least[right])
        return least


def depth_first(tree: MergeTree) -> tuple[IntervalTree, IntArray]:
    """Return a tree with its leaves numbered depth first, and the new number of each old leaf, (N,)."""
    n_leaves = len(tree.pairs) + 1
    pairs = tree.pairs.tolist()
    sizes = [1] * n_leaves
    for one, other in pairs:
        sizes.append(sizes[one] + sizes[other])
    starts = [0] * len(sizes)
    for step in range(len(pairs) - 1, -1, -1):
        one, other = pairs[step]
        starts[one] = starts[n_leaves + step]
        starts[other] = starts[one] + sizes[one]
    numbers = np.array(starts[:n_leaves], dtype=np.int64)
    children = np.asarray(tree.pairs, dtype=np.int64).reshape(-1, 2)
    children = np.where(children < n_leaves, numbers[np.minimum(children, n_leaves - 1)], children)
    heights = np.concatenate([np.zeros(n_leaves), tree.heights])
    return IntervalTree(children, heights), numbers


def renumbered_map(labels: NDArray[np.int32], numbers: IntArray) -> NDArray[np.int32]:
    """Return a map of leaves with their new numbers; -1 stays."""
    renumbered: NDArray[np.int32] = np.append(numbers, -1).astype(np.int32)[labels]
    return renumbered
