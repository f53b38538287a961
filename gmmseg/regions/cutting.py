"""Cutting a hierarchy: by height, by number of regions, or by detail on a scale of 0 to 1."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gmmseg.arrays import AnyArray, LabelArray, frozen, label_dtype, looked_up
from gmmseg.regions.hierarchy import Hierarchy
from gmmseg.regions.settings import RegionSettings

_LEAST_HEADROOM = 1.01


@dataclass(frozen=True, slots=True, eq=False)
class RegionMap:
    """The regions of one cut of a hierarchy with M leaves, read-only.

    Parameters
    ----------
    labels : uint8 or uint16 array, (H, W)
        1..R by first appearance in reading order; 0 where there is no data.
    height : float
        Of the cut, nats: unions up to it are done.
    leaf_labels : int32 array, (M,)
        The region of each leaf, 0..R-1.
    """

    labels: LabelArray
    height: float
    leaf_labels: NDArray[np.int32]

    def __post_init__(self) -> None:
        frozen(self.labels)
        frozen(self.leaf_labels)

    @property
    def n_regions(self) -> int:
        """Number of regions, R."""
        return int(self.leaf_labels.max()) + 1


def cut(hierarchy: Hierarchy, settings: RegionSettings) -> RegionMap:
    """Return the regions at `settings.detail`, or, where that is set, `settings.n_regions` of them.

    A number of regions beyond that of the leaves gives the leaves. The settings are taken as checked.
    """
    if settings.n_regions is None:
        height = height_of_detail(hierarchy, settings.detail)
        leaf_labels = leaf_labels_at(hierarchy, height)
    else:
        leaf_labels = leaf_labels_of(hierarchy, settings.n_regions)
        height = _height_of_unions(hierarchy, hierarchy.n_leaves - int(leaf_labels.max()) - 1)
    return RegionMap(_painted(hierarchy.leaves, leaf_labels), height, leaf_labels)


def leaf_labels_at(hierarchy: Hierarchy, height: float) -> NDArray[np.int32]:
    """Return the region of each leaf when all unions up to `height`, nats, are done, int32 (M,).

    Regions are numbered 0..R-1 by first appearance in reading order.
    """
    n_unions = int(np.searchsorted(hierarchy.tree.heights, height, side="right"))
    return _leaf_labels(hierarchy, n_unions)


def leaf_labels_of(hierarchy: Hierarchy, n_regions: int) -> NDArray[np.int32]:
    """Return the region of each leaf, as `leaf_labels_at`, when `n_regions`, clipped to 1..M, are left."""
    return _leaf_labels(hierarchy, hierarchy.n_leaves - min(max(n_regions, 1), hierarchy.n_leaves))


def height_of_detail(hierarchy: Hierarchy, detail: float) -> float:
    """Return the height, nats, to cut at for a detail from 0 to 1; a detail beyond counts as the nearer end.

    Detail 0 is the height of the last union, 0.5 `hierarchy.natural`, 1 just below the first union. Between
    them the height is a strictly falling piecewise cubic (Fritsch and Carlson 1980) with a continuous slope.
    """
    ends = _heights_of_scale(hierarchy)
    if detail <= 0:
        # Not by the formula: rounded down it would miss the last union.
        return ends[0]
    return _falling(ends, min(detail, 1.0))


def _heights_of_scale(hierarchy: Hierarchy) -> tuple[float, float, float]:
    """Return the heights of the details 0, 0.5 and 1, falling."""
    heights, natural = hierarchy.tree.heights, hierarchy.natural
    first, last = (float(heights[0]), float(heights[-1])) if len(heights) else (0.0, 0.0)
    return (
        max(last, natural * _LEAST_HEADROOM),
        natural,
        min(math.nextafter(first, -math.inf), natural / _LEAST_HEADROOM),
    )


def _falling(heights: tuple[float, float, float], detail: float) -> float:
    """Return the monotone cubic through heights at the details 0, 0.5 and 1 (Fritsch and Carlson 1980)."""
    high, natural, low = heights
    before, after = 2 * (natural - high), 2 * (low - natural)
    middle = 2 * before * after / (before + after)
    if detail < 0.5:
        return _hermite(2 * detail, high, natural, (1.5 * before - middle / 2) / 2, middle / 2)
    return _hermite(2 * detail - 1, natural, low, middle / 2, (1.5 * after - middle / 2) / 2)


def _hermite(t: float, start: float, end: float, start_slope: float, end_slope: float) -> float:
    """Return the cubic on 0..1 with these values and slopes at its ends."""
    rest = 1 - t
    return rest * rest * ((1 + 2 * t) * start + t * start_slope) + t * t * (
        (1 + 2 * rest) * end - rest * end_slope
    )


def _height_of_unions(hierarchy: Hierarchy, n_unions: int) -> float:
    """Return the height of the last of the first `n_unions`; without any, one below all."""
    if n_unions:
        return float(hierarchy.tree.heights[n_unions - 1])
    return _heights_of_scale(hierarchy)[2]


def _leaf_labels(hierarchy: Hierarchy, n_unions: int) -> NDArray[np.int32]:
    n_leaves = hierarchy.n_leaves
    root = np.arange(n_leaves + n_unions)
    root[hierarchy.tree.pairs[:n_unions]] = np.arange(n_leaves, n_leaves + n_unions)[:, None]
    # Each round doubles how far up a node looks, so that few are needed however deep the tree is.
    while not np.array_equal(root, higher := root[root]):
        root = higher
    _, first, inverse = np.unique(root[:n_leaves], return_index=True, return_inverse=True)
    rank = np.empty(len(first), dtype=np.int32)
    rank[np.argsort(first)] = np.arange(len(first), dtype=np.int32)
    labels: NDArray[np.int32] = rank[inverse]
    return labels


def _painted(leaves: NDArray[np.int32], leaf_labels: NDArray[np.int32]) -> LabelArray:
    n_regions = int(leaf_labels.max()) + 1
    # Pixels without data have leaf -1: the last entry.
    table: AnyArray = np.append(leaf_labels + 1, 0).astype(label_dtype(n_regions))
    return looked_up(table, leaves)
