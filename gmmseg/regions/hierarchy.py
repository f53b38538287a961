"""Hierarchy: an image's leaves and the tree that unites them, with what is known of each leaf."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gmmseg.arrays import FloatArray, IntArray, frozen
from gmmseg.mixture.tree import MergeTree


@dataclass(frozen=True, slots=True, eq=False)
class Hierarchy:
    """A tree of regions over an image, read-only.

    Parameters
    ----------
    leaves : int32 array, (H, W)
        The leaf of each pixel, 0..M-1 by first appearance in reading order; -1 where there is no data.
    tree : MergeTree
        M - 1 unions of its leaves, up to the whole image.
    natural : float
        The height at which this image is best cut.
    areas : int64 array, (M,)
        Pixels of each leaf.
    means : (M, 3)
        Mean CIELAB of each leaf.
    posteriors : (M, K)
        Mean posteriors of each leaf under the colour mixture.
    """

    leaves: NDArray[np.int32]
    tree: MergeTree
    natural: float
    areas: IntArray
    means: FloatArray
    posteriors: FloatArray

    def __post_init__(self) -> None:
        pairs, heights = self.tree.pairs, self.tree.heights
        if pairs.shape != (self.n_leaves - 1, 2) or heights.shape != (self.n_leaves - 1,):
            raise ValueError(f"{len(pairs)} unions do not fit {self.n_leaves} leaves")
        for array in (self.leaves, pairs, heights, self.areas, self.means, self.posteriors):
            frozen(array)

    @property
    def n_leaves(self) -> int:
        """Leaves, M."""
        return len(self.areas)

    @property
    def shape(self) -> tuple[int, int]:
        """(H, W)."""
        return int(self.leaves.shape[0]), int(self.leaves.shape[1])
