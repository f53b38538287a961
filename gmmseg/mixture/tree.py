"""A tree of merges with the height of each: of components of a mixture, or of regions of a picture."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from gmmseg.arrays import FloatArray


@dataclass(frozen=True, slots=True, eq=False)
class MergeTree:
    """Unions over M leaves: step i makes node M + i.

    Parameters
    ----------
    pairs : int32 array, (M - R, 2)
        The two nodes united, both below M + i.
    heights : (M - R,)
        Never decreasing.
    n_roots : int
        R, nodes that are part of no other: 1, or more where merging was ended early.
    """

    pairs: NDArray[np.int32]
    heights: FloatArray
    n_roots: int = 1

    @property
    def n_leaves(self) -> int:
        """Leaves, M."""
        return len(self.pairs) + self.n_roots

    @property
    def n_nodes(self) -> int:
        """Leaves and unions together."""
        return self.n_leaves + len(self.pairs)

    def members(self, node: int) -> tuple[int, ...]:
        """Return the leaves below a node, increasing."""
        return tuple(sorted(self._below(node)))

    def _below(self, node: int) -> list[int]:
        """Return the leaves below a node from left to right."""
        if node < self.n_leaves:
            return [node]
        first, second = self.pairs[node - self.n_leaves]
        return self._below(int(first)) + self._below(int(second))

    def leaf_order(self) -> list[int]:
        """Return the leaves from left to right, so that branches do not cross."""
        return self._below(self.n_nodes - 1)

    def groups(self, n_unions: int) -> list[tuple[int, ...]]:
        """Return the leaves of each node that the first unions leave on top, by their lowest leaf."""
        top = set(range(self.n_leaves))
        for at, pair in enumerate(self.pairs[:n_unions].tolist()):
            top -= set(pair)
            top.add(self.n_leaves + at)
        return sorted(self.members(node) for node in top)

    def groups_below(self, height: float) -> list[tuple[int, ...]]:
        """Return `groups` after the unions up to a height."""
        return self.groups(int(np.searchsorted(self.heights, height, side="right")))

    def renumbered(self, numbers: NDArray[np.int32]) -> MergeTree:
        """Return the tree with the leaves' new numbers (M,), 0.. without gaps; -1 leaves one out."""
        n_leaves = int(numbers.max()) + 1
        new = numbers.tolist()
        kept: list[tuple[int, int]] = []
        heights: list[float] = []
        for (one, other), height in zip(self.pairs.tolist(), self.heights.tolist(), strict=True):
            if new[one] >= 0 and new[other] >= 0:
                new.append(n_leaves + len(kept))
                kept.append((new[one], new[other]))
                heights.append(height)
            else:
                new.append(max(new[one], new[other]))
        return MergeTree(np.array(kept, dtype=np.int32).reshape(-1, 2), np.array(heights))


@dataclass(frozen=True, slots=True, eq=False)
class Dendrogram(MergeTree):
    """The tree of merges of a mixture's components.

    Parameters
    ----------
    values : (K - R,)
        By the measure that pairs were chosen for: their overlap, 0..1; how often rows of one are assigned to
        the other, 0..1; or the entropy that goes with the union, nats.
    """

    values: FloatArray = field(kw_only=True)


def tree_of_unions(
    n_components: int, lowest: Sequence[tuple[int, int]], values: FloatArray, heights: FloatArray
) -> Dendrogram:
    """Return the tree of unions of clusters that are named by their lowest components.

    Parameters
    ----------
    n_components : int
    lowest : sequence of pairs
    values : (K - R,)
    heights : (K - R,)
        Cut to 0..1 and raised to the height of the union before where they fall.
    """
    climbing = np.maximum.accumulate(np.clip(heights, 0, 1)) if len(heights) else np.zeros(0)
    return Dendrogram(
        _node_pairs(n_components, lowest), climbing, n_components - len(lowest), values=np.asarray(values)
    )


def _node_pairs(n_leaves: int, lowest: Sequence[tuple[int, int]]) -> NDArray[np.int32]:
    """Return the nodes that unions unite, (M - R, 2), where both parts are named by their lowest leaf."""
    node = list(range(n_leaves))
    pairs = np.empty((len(lowest), 2), dtype=np.int32)
    for at, (first, second) in enumerate(lowest):
        pairs[at] = node[first], node[second]
        node[min(first, second)] = n_leaves + at
    return pairs
