"""Hierarchy: an image's leaves, their areas, colours and posteriors, and the tree that unites them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gmmseg.arrays import FloatArray, IntArray, frozen
from gmmseg.mixture.tree import MergeTree


@dataclass(frozen=True, slots=True, eq=False)
class Hierarchy:
    """A tree of regions over an image, read-only.

    An ultrametric contour map (Arbeláez et al. 2011, sec. 4.2): two pixels are in one region of the cut at a
    height when the lowest union that contains both is not above it.

    Parameters
    ----------
    leaves : int32 array, (H, W)
        The leaf of each pixel, 0..M-1 by first appearance in reading order; -1 where there is no data.
    tree : MergeTree
        M - 1 unions of its leaves, up to the whole image; heights in nats, see `build_tree`.
    natural : float
        The height, nats, at which the image is cut by default.
    areas : int64 array, (M,)
        Pixels of each leaf.
    means : (M, 3)
        Mean CIELAB of each leaf.
    posteriors : (M, K)
        Mean posteriors of each leaf under the colour mixture, rows summing to 1.

    Raises
    ------
    ValueError
        Where the tree has not as many unions as the leaves call for.
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
        """Number of leaves, M."""
        return len(self.areas)

    @property
    def shape(self) -> tuple[int, int]:
        """Height and width of the image in pixels, (H, W)."""
        return int(self.leaves.shape[0]), int(self.leaves.shape[1])
