"""From a region graph to a tree: the cheapest pair of neighbours is united until one region is left."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from gmmseg.arrays import FloatArray, IntArray
from gmmseg.control import ShouldStop, never_stop
from gmmseg.mixture.tree import MergeTree
from gmmseg.regions.adjacency import RegionGraph
from gmmseg.regions.cost import RegionStatistics, mean_strength, union_cost, union_features
from gmmseg.regions.greedy import Cost, GreedyMerger
from gmmseg.regions.odds import QuadraticOdds, fitted_odds
from gmmseg.regions.spectral import spectral_coordinates

APART = 10.0
"""Height, nats, at which parts that touch nowhere are united: above the cost of most borders."""


@dataclass(frozen=True, slots=True)
class MergeWeights:
    """Constants of both stages of merging.

    Parameters
    ----------
    first_size_power : float
        The cost of a union in the first stage is the sum of the means along the border of the three colour
        maps, times ``(n_i n_j / (n_i + n_j)) ** first_size_power``, with areas n in pixels of the reference
        size.
    first_regions : int
        Number of regions that the first stage leaves, in one connected picture.
    affinity_scale : float
        The affinity of two neighbours is the length of their border times ``exp(-s / affinity_scale)``, where
        s is its `mean_strength`.
    n_coordinates : int
        Number of spectral coordinates.
    """

    first_size_power: float = 0.15
    first_regions: int = 300
    affinity_scale: float = 0.2
    n_coordinates: int = 16


DEFAULT_WEIGHTS = MergeWeights()


def build_tree(
    graph: RegionGraph,
    weights: MergeWeights = DEFAULT_WEIGHTS,
    odds: QuadraticOdds | None = None,
    should_stop: ShouldStop = never_stop,
) -> MergeTree:
    """Return the tree of unions of all regions of a graph, by greedy merging in two stages.

    The first stage unites by the colour boundaries alone, see `MergeWeights`; the second by `union_cost`, in
    nats. The height of a union is the largest cost so far, which makes the tree an ultrametric (as that of
    Arbeláez et al. 2011, sec. 4.2); those of the first stage are scaled where they would exceed those of the
    second. Parts of the graph that touch nowhere are united last, at `APART` or above.

    Parameters
    ----------
    graph : RegionGraph
    weights : MergeWeights
    odds : QuadraticOdds, optional
        Of the features `FEATURES`; `fitted_odds` by default.
    should_stop : callable
        Asked every 64 unions.

    Raises
    ------
    Cancelled
        On the request to cancel.
    """
    merger = first_stage(graph, weights, should_stop)
    first = np.maximum.accumulate(np.array(merger.costs))
    _, cost = second_stage(merger, graph, fitted_odds() if odds is None else odds, weights)
    merger.run(cost, 1, should_stop)
    second = np.maximum.accumulate(np.array(merger.costs[len(first) :]))
    if len(first) and len(second) and first[-1] > second[0]:
        first *= second[0] / first[-1]
    # Accumulated once more: scaling rounds.
    heights = np.maximum.accumulate(np.concatenate([first, second]))
    n_missing = merger.unite_rest()
    top = max(APART, float(heights[-1]) if len(heights) else 0.0)
    heights = np.concatenate([heights, np.full(n_missing, top)])
    return MergeTree(np.array(merger.united, dtype=np.int32).reshape(-1, 2), heights)


def first_stage(
    graph: RegionGraph, weights: MergeWeights = DEFAULT_WEIGHTS, should_stop: ShouldStop = never_stop
) -> GreedyMerger:
    """Return the merger of a graph's regions after the first stage.

    Its borders are length and sums as in `RegionStatistics.around`, in pixels of the reference size. Where
    the graph falls into P connected components it leaves ``first_regions + P - 1`` regions.

    Raises
    ------
    Cancelled
        When `should_stop` answers CANCEL.
    """
    borders: FloatArray = np.concatenate([graph.lengths[:, None], graph.sums], axis=1)
    borders *= graph.area_unit**0.5
    merger = GreedyMerger(graph.pairs, borders, graph.areas.astype(np.float64) * graph.area_unit)

    def cost(node: int | IntArray, others: IntArray, borders: FloatArray) -> FloatArray:
        strength: FloatArray = borders[:, 1:4].sum(axis=1) / borders[:, 0]
        return strength * merged_size(merger.areas, node, others) ** weights.first_size_power

    merger.run(cost, weights.first_regions + merger.n_parts() - 1, should_stop)
    return merger


def second_stage(
    merger: GreedyMerger,
    graph: RegionGraph,
    odds: QuadraticOdds,
    weights: MergeWeights = DEFAULT_WEIGHTS,
) -> tuple[RegionStatistics, Cost]:
    """Return the statistics of a merger's regions, which it keeps up to date, and the second stage's cost."""
    squares = graph.spread + (graph.lab**2).sum(axis=1)
    length_unit = graph.area_unit**0.5
    rims = graph.rims * length_unit / (graph.areas * graph.area_unit)
    shape = np.column_stack([graph.centres * length_unit, rims])
    _, borders = merger.borders()
    all_borders = borders.sum(axis=0, keepdims=True)
    shares = graph.areas / graph.areas.sum()
    spread = shares @ squares - ((shares @ graph.lab) ** 2).sum()
    colour, texture, places, lab, shape = merger.means = [
        merger.pooled(graph.colour, graph.areas),
        merger.pooled(graph.texture, graph.areas),
        _coordinates(merger, weights),
        merger.pooled(np.column_stack([graph.lab, squares]), graph.areas),
        merger.pooled(shape, graph.areas),
    ]
    picture = np.array([mean_strength(all_borders)[0], max(spread, 0.0)])
    looks = RegionStatistics(
        merger.areas, colour, texture, places, lab, shape, merger.around, merger.within, picture
    )

    def cost(node: int | IntArray, others: IntArray, borders: FloatArray) -> FloatArray:
        return union_cost(union_features(looks, node, others, borders), odds)

    return looks, cost


def merged_size(areas: FloatArray, node: int | IntArray, others: IntArray) -> FloatArray:
    """Return ``n_i n_j / (n_i + n_j)`` of the areas of a node, or of each of (n,), and of `others`, (n,)."""
    sizes = areas[others]
    merged: FloatArray = sizes * areas[node] / (sizes + areas[node])
    return merged


def _coordinates(merger: GreedyMerger, weights: MergeWeights) -> FloatArray:
    """Return the spectral coordinates of the merger's regions that have neighbours, the others at 0."""
    ends, borders = merger.borders()
    nodes, compact = np.unique(ends, return_inverse=True)
    affinities = borders[:, 0] * np.exp(-mean_strength(borders) / weights.affinity_scale)
    found = spectral_coordinates(
        compact.reshape(-1, 2), affinities, merger.areas[nodes], weights.n_coordinates
    )
    coordinates = np.zeros((len(merger.areas), found.shape[1]))
    coordinates[nodes] = found
    return coordinates
