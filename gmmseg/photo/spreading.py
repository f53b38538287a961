"""Spreading: what is marked of some pixels is taken to hold for the regions that they lie in."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from gmmseg.arrays import AnyArray, IntArray
from gmmseg.photo.objects.hints import Hints
from gmmseg.photo.objects.tiles import TileMap

if TYPE_CHECKING:
    from gmmseg.regions.hierarchy import Hierarchy

_SEVERAL = -1
"""Category of regions that hold marks of several."""
_TRUSTED = 0.5
"""Of the height at which marks of several categories meet, the part up to which regions count there."""


def spread_over_regions(hints: Hints, hierarchy: Hierarchy) -> Hints:
    """Return the hints of all pixels of the regions that are marked.

    A leaf of the tree goes with the smallest of the regions that hold it and are marked at all, up to the
    height at which the image is best cut: it is of their category where that is one. Where that region lies
    in another one with marks of several categories, the tree has not told apart what is different, and it
    counts up to half the height of that one. Pixels that are marked keep what they are marked as.

    Parameters
    ----------
    hints : Hints
        Of an image.
    hierarchy : Hierarchy
        Of the same image.

    Returns
    -------
    Hints
        The same categories in the same order, with one id each.
    """
    marks = np.zeros(hierarchy.n_leaves, dtype=np.int64)
    marked = np.zeros(hierarchy.shape, dtype=np.uint16)
    for number, mask in enumerate(hints.masks(), start=1):
        marked[mask] = number
        touched = np.unique(hierarchy.leaves[mask])
        touched = touched[touched >= 0]
        marks[touched] = np.where(marks[touched] == 0, number, _SEVERAL)
    known = np.maximum(_known_leaves(marks, hierarchy), 0)
    # Pixels without data have leaf -1: the last entry.
    table: AnyArray = np.append(known, 0).astype(np.uint16)
    spread = np.where(marked > 0, marked, table[hierarchy.leaves])
    categories = tuple(
        replace(category, ids=(number,)) for number, category in enumerate(hints.categories, start=1)
    )
    return Hints(TileMap.of(spread), categories)


def _known_leaves(marks: IntArray, hierarchy: Hierarchy) -> IntArray:
    """Return what is known of each leaf by its own mark or that of the smallest marked region around it.

    Marks and what is known are 0 for nothing, else a category, or `_SEVERAL`.
    """
    tree, n_leaves = hierarchy.tree, hierarchy.n_leaves
    n_unions = int(np.searchsorted(tree.heights, hierarchy.natural, side="right"))
    pairs, heights = tree.pairs[:n_unions].tolist(), tree.heights.tolist()
    known = marks.tolist()
    for one, other in pairs:
        first, second = known[one], known[other]
        known.append(first if second in (0, first) else second if first == 0 else _SEVERAL)
    # The height of the smallest region around each node in which several categories meet.
    meeting = [math.inf] * len(known)
    for at in range(n_unions - 1, -1, -1):
        node, height = n_leaves + at, heights[at]
        for child in pairs[at]:
            meeting[child] = height if known[node] == _SEVERAL else meeting[node]
            if known[child] == 0 and known[node] > 0 and height <= _TRUSTED * meeting[node]:
                known[child] = known[node]
    return np.array(known[:n_leaves])
