"""A picture prepared for selecting: its tree of fine leaves and the appearance of each node."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from gmmseg.arrays import Float32Array, FloatArray, IntArray
from gmmseg.control import ShouldStop, never_stop
from gmmseg.mixture.tree import MergeTree
from gmmseg.regions.adjacency import RegionGraph, region_graph
from gmmseg.regions.cost import mean_strength
from gmmseg.regions.evidence import Evidence
from gmmseg.regions.merging import DEFAULT_WEIGHTS
from gmmseg.regions.spectral import spectral_coordinates
from gmmseg.selection.fine_leaves import fine_leaves, refined_tree
from gmmseg.selection.sums import bin_sums
from gmmseg.selection.tree import IntervalTree, depth_first, renumbered_map


@dataclass(frozen=True, eq=False)
class Ground:
    """A picture at its working size, ready for selecting.

    Lengths and areas are in pixels of the reference size, places in shares of the longer side.

    Parameters
    ----------
    labels : int32 array, (h, w)
        The leaf of each working pixel, numbered depth first; -1 without data.
    tree : IntervalTree
    area_unit : float
        Pixels of the reference size in a working pixel.
    areas : (N,)
    rims : (N,)
        Length of each leaf's outline beyond which the picture or its data end.
    lab : (N, 4)
        Mean CIELAB and mean square of its length.
    colour, texture : float32 arrays, (N, K)
        Mean posteriors.
    spectral : (N, S)
    centres : (N, 2)
        Mean row and column in working pixels.
    boxes : (N, 4)
        First row and column, then minus the last ones, in working pixels.
    pairs : (E, 2)
        Neighbours i < j.
    lengths, strengths : (E,)
        Of their borders.
    ancestors : (E,)
        The lowest node that holds both.
    """

    labels: NDArray[np.int32]
    tree: IntervalTree
    area_unit: float
    areas: FloatArray
    rims: FloatArray
    lab: FloatArray
    colour: Float32Array
    texture: Float32Array
    spectral: FloatArray
    centres: FloatArray
    boxes: FloatArray
    pairs: IntArray
    lengths: FloatArray
    strengths: FloatArray
    ancestors: IntArray

    @property
    def n_leaves(self) -> int:
        """Leaves, N."""
        return len(self.areas)

    @cached_property
    def total(self) -> float:
        """Area of the picture's data."""
        return float(self.areas.sum())

    @cached_property
    def ultrametric(self) -> FloatArray:
        """Height at which the leaves on both sides of each border unite, (E,)."""
        heights: FloatArray = self.tree.heights[self.ancestors]
        return heights


def ground_of(
    leaves: NDArray[np.int32], evidence: Evidence, tree: MergeTree, should_stop: ShouldStop = never_stop
) -> Ground:
    """Return the ground of a picture from its leaves (h, w), their tree, and what they were made of."""
    fine, wholes = fine_leaves(leaves, evidence, should_stop)
    graph = region_graph(fine, evidence, should_stop)
    layout, numbers = depth_first(refined_tree(graph, wholes, tree))
    order = np.argsort(numbers)
    labels = renumbered_map(fine, numbers)
    unit = graph.area_unit
    pairs = np.sort(numbers[graph.pairs], axis=1)
    borders = np.concatenate([graph.lengths[:, None], graph.sums], axis=1)
    squares = graph.spread + (graph.lab**2).sum(axis=1)
    areas = graph.areas[order].astype(np.float64) * unit
    return Ground(
        labels,
        layout,
        unit,
        areas,
        graph.rims[order] * unit**0.5,
        np.column_stack([graph.lab, squares])[order],
        graph.colour[order].astype(np.float32),
        graph.texture[order].astype(np.float32),
        _spectral(layout, areas, pairs, graph, borders),
        graph.centres[order],
        _boxes(labels, len(order)),
        pairs,
        graph.lengths * unit**0.5,
        mean_strength(borders),
        layout.common_ancestors(pairs[:, 0], pairs[:, 1]),
    )


def _spectral(
    tree: IntervalTree, areas: FloatArray, pairs: IntArray, graph: RegionGraph, borders: FloatArray
) -> FloatArray:
    """Return the spectral coordinates of the cut into as many regions as merging looks at closely."""
    n_regions = min(DEFAULT_WEIGHTS.first_regions, tree.n_leaves)
    # Nodes of that cut: unions done so far whose parent is not; in order of their first leaf.
    first_left = tree.n_nodes - n_regions + 1
    tops = np.flatnonzero(np.where(tree.parents < 0, tree.n_nodes, tree.parents) >= first_left)
    tops = tops[tops < first_left]
    starts = np.sort(tree.intervals[0][tops])
    region = np.searchsorted(starts, np.arange(tree.n_leaves), side="right") - 1
    one, other = region[pairs].T
    apart = one != other
    codes, edge = np.unique(one[apart] * n_regions + other[apart], return_inverse=True)
    sums = bin_sums(edge, borders[apart], len(codes))
    ends = np.stack([codes // n_regions, codes % n_regions], axis=1)
    affinities = (
        sums[:, 0] * graph.area_unit**0.5 * np.exp(-mean_strength(sums) / DEFAULT_WEIGHTS.affinity_scale)
    )
    sizes = bin_sums(region, areas, n_regions)
    found = spectral_coordinates(ends, affinities, sizes, DEFAULT_WEIGHTS.n_coordinates)
    coordinates = np.zeros((tree.n_leaves, DEFAULT_WEIGHTS.n_coordinates))
    coordinates[:, : found.shape[1]] = found[region]
    return coordinates


def _boxes(labels: NDArray[np.int32], n_leaves: int) -> FloatArray:
    """Return first row and column and minus the last ones of each leaf, (N, 4)."""
    from scipy.ndimage import find_objects

    slices = find_objects(labels + 1, n_leaves)
    return np.array([(r.start, c.start, 1 - r.stop, 1 - c.stop) for r, c in slices], dtype=np.float64)
