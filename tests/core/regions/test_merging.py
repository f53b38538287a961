"""The merge tree against a reference that recomputes every cost from the leaves at each step."""

from __future__ import annotations

import itertools
from dataclasses import replace

import numpy as np
import pytest

from gmmseg.arrays import FloatArray
from gmmseg.control import StopRequest
from gmmseg.errors import Cancelled
from gmmseg.mixture.tree import MergeTree
from gmmseg.regions.adjacency import RegionGraph
from gmmseg.regions.cost import FEATURES, N_SUMS
from gmmseg.regions.evidence import N_MAPS
from gmmseg.regions.merging import APART, MergeWeights, build_tree
from gmmseg.regions.odds import QuadraticOdds
from gmmseg.regions.picture import REFERENCE_PIXELS
from gmmseg.regions.spectral import spectral_coordinates

Group = frozenset[int]
WEIGHTS = MergeWeights(first_regions=7, n_coordinates=3)


def random_odds(seed: int) -> QuadraticOdds:
    """Return odds in which every feature and product matters, but border strength and size most."""
    generator = np.random.default_rng(seed)
    n = len(FEATURES)
    linear = generator.normal(0, 0.2, n)
    linear[[0, 1, 2, FEATURES.index("smaller size")]] += 1
    products = np.triu(generator.normal(0, 0.02, (n, n)))
    return QuadraticOdds(
        FEATURES, generator.normal(size=n), generator.uniform(1, 3, n), linear, products, 0.1
    )


ODDS = random_odds(0)


def random_graph(seed: int, n_regions: int, n_parts: int = 1) -> RegionGraph:
    """Return a graph of rings with some chords, one ring a part."""
    generator = np.random.default_rng(seed)
    pairs: set[tuple[int, int]] = set()
    for part in range(n_parts):
        members = list(range(part, n_regions, n_parts))
        for one, other in itertools.pairwise(members):
            pairs.add((one, other))
        for _ in range(len(members)):
            one, other = sorted(generator.choice(members, 2, replace=False).tolist())
            pairs.add((one, other))
    n_pairs = len(pairs)
    lengths = generator.integers(1, 20, n_pairs).astype(np.float64)
    return RegionGraph(
        np.array(sorted(pairs)).reshape(-1, 2),
        lengths,
        generator.random((n_pairs, N_SUMS)) * lengths[:, None],
        generator.integers(1, 200, n_regions),
        2.5,
        generator.integers(1, 9, n_regions).astype(np.float64),
        100 * generator.random((n_regions, 2)),
        generator.dirichlet(np.ones(4), n_regions),
        generator.dirichlet(np.ones(4), n_regions),
        30 * generator.random((n_regions, 3)),
        40 * generator.random(n_regions),
    )


class Reference:
    """Partitions of the leaves; everything is summed anew for every pair at every step."""

    def __init__(self, graph: RegionGraph, weights: MergeWeights) -> None:
        self.graph, self.weights = graph, weights
        self.groups: list[Group] = [frozenset({leaf}) for leaf in range(graph.n_regions)]
        self.unions: list[tuple[frozenset[Group], float]] = []
        self.coordinates: FloatArray = np.zeros((graph.n_regions, 1))
        self.picture_strength = 0.0

    def border(self, one: Group, other: Group) -> tuple[float, FloatArray]:
        between = [
            edge
            for edge, (i, j) in enumerate(self.graph.pairs.tolist())
            if (i in one and j in other) or (i in other and j in one)
        ]
        return float(self.graph.lengths[between].sum()), self.graph.sums[between].sum(axis=0)

    def area(self, group: Group) -> float:
        return float(self.graph.areas[list(group)].sum() * self.graph.area_unit)

    def mean(self, values: FloatArray, group: Group) -> FloatArray:
        return np.asarray(np.average(values[list(group)], axis=0, weights=self.graph.areas[list(group)]))

    def size(self, one: Group, other: Group) -> float:
        return self.area(one) * self.area(other) / (self.area(one) + self.area(other))

    def first_cost(self, one: Group, other: Group) -> float:
        length, sums = self.border(one, other)
        strength = float(sums[:3].sum() / length)
        return float(strength * self.size(one, other) ** self.weights.first_size_power)

    def strength(self, one: Group, other: Group) -> float:
        length, sums = self.border(one, other)
        return float((sums[:3].sum() + 0.3 * sums[3:6].sum()) / length)

    def outline(self, group: Group) -> tuple[float, float]:
        """Return the length of the group's outline and how much of it is the picture's rim."""
        around = [
            float(length)
            for (i, j), length in zip(self.graph.pairs.tolist(), self.graph.lengths.tolist(), strict=True)
            if (i in group) != (j in group)
        ]
        rim = float(self.graph.rims[list(group)].sum())
        return (sum(around) + rim) * self.graph.area_unit**0.5, rim * self.graph.area_unit**0.5

    def inner_strength(self, group: Group) -> float:
        inner = [e for e, (i, j) in enumerate(self.graph.pairs.tolist()) if i in group and j in group]
        length, sums = self.graph.lengths[inner].sum(), self.graph.sums[inner].sum(axis=0)
        return float((sums[:3].sum() + 0.3 * sums[3:6].sum()) / length) if inner else 0.0

    def outer_strength(self, group: Group) -> float:
        outer = [e for e, (i, j) in enumerate(self.graph.pairs.tolist()) if (i in group) != (j in group)]
        length, sums = self.graph.lengths[outer].sum(), self.graph.sums[outer].sum(axis=0)
        return float((sums[:3].sum() + 0.3 * sums[3:6].sum()) / length)

    def features(self, one: Group, other: Group) -> list[float]:
        def distance(values: FloatArray) -> float:
            roots = np.sqrt(self.mean(values, one)) - np.sqrt(self.mean(values, other))
            return float(np.linalg.norm(roots) / np.sqrt(2))

        def log(value: float) -> float:
            return float(np.log(value + 0.02))

        length, sums = self.border(one, other)
        places = self.mean(self.coordinates, one) - self.mean(self.coordinates, other)
        colours = self.mean(self.graph.lab, one) - self.mean(self.graph.lab, other)
        apart = self.mean(self.graph.centres, one) - self.mean(self.graph.centres, other)
        apart *= self.graph.area_unit**0.5
        small, large = sorted((one, other), key=self.area)
        (small_outline, small_rim), (large_outline, large_rim) = self.outline(small), self.outline(large)
        union_outline, union_rim = self.outline(one | other)
        size = self.area(small)
        everything: Group = frozenset(range(self.graph.n_regions))
        return [
            *np.log(sums[:N_MAPS] / length + 0.02).tolist(),
            *np.log(sums[2 * N_MAPS :] / length + 0.02).tolist(),
            log(distance(self.graph.colour)),
            log(distance(self.graph.texture)),
            log(float(np.linalg.norm(places))),
            log(float(np.linalg.norm(colours))),
            log(abs(float(colours[0]))),
            log(float(np.linalg.norm(colours)) / np.sqrt(self.spread(one) + self.spread(other) + 20)),
            log(self.inner_strength(small)),
            log(self.inner_strength(large)),
            log(abs(float(apart[0])) / np.sqrt(REFERENCE_PIXELS)),
            log(float(np.linalg.norm(apart)) / np.sqrt(size)),
            log(union_rim / union_outline),
            float(np.log(size)),
            float(np.log(length * np.sqrt(self.graph.area_unit / size))),
            float(np.log(self.spread(small) + 5)),
            float(np.log(self.spread(large) + 5)),
            log(self.picture_strength),
            float(np.log(self.spread(everything) + 20)),
            *(sums[N_MAPS : 2 * N_MAPS] / length).tolist(),
            log(self.strength(one, other)) - log(self.outer_strength(small)),
            log(self.strength(one, other)) - log(self.outer_strength(large)),
            length * self.graph.area_unit**0.5 / small_outline,
            length * self.graph.area_unit**0.5 / large_outline,
            small_rim / small_outline,
            large_rim / large_outline,
            float(self.mean(self.graph.lab, small)[0]),
            float(self.mean(self.graph.lab, large)[0]),
        ]

    def second_cost(self, one: Group, other: Group) -> float:
        z = (np.array(self.features(one, other)) - ODDS.mean) / ODDS.deviation
        z = np.minimum(np.maximum(z, -3), 3)
        pairs = itertools.combinations_with_replacement(range(len(z)), 2)
        odds = ODDS.offset + float(z @ ODDS.linear) + sum(ODDS.products[i, j] * z[i] * z[j] for i, j in pairs)
        return float(np.log1p(np.exp(odds)))

    def spread(self, group: Group) -> float:
        """Return the mean squared distance of the group's pixels from their mean colour."""
        centre = self.mean(self.graph.lab, group)
        distances = ((self.graph.lab - centre) ** 2).sum(axis=1) + self.graph.spread
        return float(self.mean(distances[:, None], group)[0])

    def run(self, is_first: bool, n_regions: int) -> None:
        cost = self.first_cost if is_first else self.second_cost
        while len(self.groups) > n_regions:
            open_pairs = [
                (cost(one, other), one, other)
                for one, other in itertools.combinations(self.groups, 2)
                if self.border(one, other)[0] > 0
            ]
            if not open_pairs:
                return
            price, one, other = min(open_pairs, key=lambda entry: entry[0])
            self.groups = [g for g in self.groups if g not in (one, other)] + [one | other]
            self.unions.append((frozenset({one, other}), price))

    def find_coordinates(self) -> None:
        """Set each leaf to the coordinates of its group: means over leaves are then those over groups.

        And note how strong the borders are that the second stage starts with.
        """
        numbers = list(itertools.combinations(range(len(self.groups)), 2))
        linked = [(i, j) for i, j in numbers if self.border(self.groups[i], self.groups[j])[0] > 0]
        affinities = [
            self.border(self.groups[i], self.groups[j])[0]
            * np.exp(-self.strength(self.groups[i], self.groups[j]) / self.weights.affinity_scale)
            for i, j in linked
        ]
        lengths, sums = zip(*(self.border(self.groups[i], self.groups[j]) for i, j in linked), strict=True)
        total = np.sum(sums, axis=0)
        self.picture_strength = float((total[:3].sum() + 0.3 * total[3:6].sum()) / sum(lengths))
        areas = np.array([self.area(group) for group in self.groups])
        found = spectral_coordinates(
            np.array(linked), np.array(affinities), areas, self.weights.n_coordinates
        )
        self.coordinates = np.zeros((self.graph.n_regions, found.shape[1]))
        for group, place in zip(self.groups, found, strict=True):
            self.coordinates[list(group)] = place


def unions_of(tree: MergeTree, n_leaves: int) -> list[frozenset[Group]]:
    groups: list[Group] = [frozenset({leaf}) for leaf in range(n_leaves)]
    unions = []
    for one, other in tree.pairs.tolist():
        unions.append(frozenset({groups[one], groups[other]}))
        groups.append(groups[one] | groups[other])
    return unions


@pytest.mark.parametrize("seed", range(6))
def test_the_tree_is_that_of_the_reference(seed: int) -> None:
    graph = random_graph(seed, 16)
    reference = Reference(graph, WEIGHTS)
    reference.run(is_first=True, n_regions=WEIGHTS.first_regions)
    n_first = len(reference.unions)
    reference.find_coordinates()
    reference.run(is_first=False, n_regions=1)
    tree = build_tree(graph, WEIGHTS, ODDS)
    assert unions_of(tree, 16) == [pair for pair, _ in reference.unions]
    prices = np.array([price for _, price in reference.unions])
    np.testing.assert_allclose(tree.heights[n_first:], np.maximum.accumulate(prices[n_first:]))
    # The first stage keeps its proportions.
    first = np.maximum.accumulate(prices[:n_first])
    np.testing.assert_allclose(tree.heights[:n_first] * first[-1], first * tree.heights[n_first - 1])


@pytest.mark.parametrize("n_parts", [1, 3])
@pytest.mark.parametrize("first_regions", [1, 5, 100])
def test_any_graph_gives_a_whole_tree_whose_heights_never_fall(n_parts: int, first_regions: int) -> None:
    graph = random_graph(8, 30, n_parts)
    tree = build_tree(graph, replace(WEIGHTS, first_regions=first_regions), ODDS)
    assert tree.pairs.shape == (29, 2)
    assert sorted(tree.pairs.reshape(-1).tolist()) == list(range(58))
    assert (tree.pairs.max(axis=1) < 30 + np.arange(29)).all()
    assert (np.diff(tree.heights) >= 0).all()


def test_parts_that_touch_nowhere_are_united_last_and_high() -> None:
    graph = random_graph(3, 30, n_parts=3)
    tree = build_tree(graph, WEIGHTS, ODDS)
    groups = unions_of(tree, 30)
    for union in groups[:-2]:
        assert len({leaf % 3 for group in union for leaf in group}) == 1
    assert tree.heights[-3] < tree.heights[-2]
    assert (tree.heights[-2:] >= APART).all()


def test_the_first_stage_leaves_many_small_parts_to_the_second() -> None:
    graph = random_graph(5, 30, n_parts=10)
    tree = build_tree(graph, replace(WEIGHTS, first_regions=21), ODDS)
    only_second = build_tree(graph, replace(WEIGHTS, first_regions=1000), ODDS)
    np.testing.assert_array_equal(tree.pairs, only_second.pairs)


def test_the_numbers_of_the_regions_do_not_matter() -> None:
    graph = random_graph(1, 20)
    order = np.random.default_rng(0).permutation(20)
    pairs = np.sort(np.argsort(order)[graph.pairs], axis=1)
    by_pair = np.lexsort(pairs.T[::-1])
    other = replace(
        graph,
        pairs=pairs[by_pair],
        lengths=graph.lengths[by_pair],
        sums=graph.sums[by_pair],
        areas=graph.areas[order],
        rims=graph.rims[order],
        centres=graph.centres[order],
        colour=graph.colour[order],
        texture=graph.texture[order],
        lab=graph.lab[order],
        spread=graph.spread[order],
    )
    one, two = build_tree(graph, WEIGHTS, ODDS), build_tree(other, WEIGHTS, ODDS)
    np.testing.assert_allclose(one.heights, two.heights, rtol=1e-9)
    renamed = [
        frozenset(frozenset(int(order[leaf]) for leaf in group) for group in union)
        for union in unions_of(two, 20)
    ]
    assert unions_of(one, 20) == renamed


@pytest.mark.parametrize("n_regions", [1, 2])
def test_regions_without_borders_are_united_at_the_height_of_parts(n_regions: int) -> None:
    graph = RegionGraph(
        np.zeros((0, 2), dtype=np.int64),
        np.zeros(0),
        np.zeros((0, N_SUMS)),
        np.full(n_regions, 5),
        1.0,
        np.full(n_regions, 9.0),
        np.zeros((n_regions, 2)),
        np.ones((n_regions, 1)),
        np.ones((n_regions, 1)),
        np.zeros((n_regions, 3)),
        np.zeros(n_regions),
    )
    tree = build_tree(graph, WEIGHTS, ODDS)
    assert tree.heights.tolist() == [APART] * (n_regions - 1)
    assert tree.pairs.shape == (n_regions - 1, 2)


def test_merging_can_be_cancelled() -> None:
    with pytest.raises(Cancelled):
        build_tree(random_graph(0, 20), WEIGHTS, ODDS, lambda: StopRequest.CANCEL)


@pytest.mark.parametrize("gone", [{2, 7}, {0, 5}, {1, 11}, {3, 4}, {6, 8}, {9, 10}])
def test_leaves_left_out_vanish_from_the_tree_and_the_others_keep_their_unions(gone: set[int]) -> None:
    tree = build_tree(random_graph(4, 12), WEIGHTS, ODDS)
    kept = [leaf for leaf in range(12) if leaf not in gone]
    numbers = np.full(12, -1, dtype=np.int32)
    numbers[kept[::-1]] = np.arange(10)
    smaller = tree.renumbered(numbers)
    assert sorted(smaller.pairs.reshape(-1).tolist()) == list(range(18))
    expected = [
        (frozenset(frozenset(int(numbers[leaf]) for leaf in g - gone) for g in union), height)
        for union, height in zip(unions_of(tree, 12), tree.heights.tolist(), strict=True)
        if all(g - gone for g in union)
    ]
    assert list(zip(unions_of(smaller, 10), smaller.heights.tolist(), strict=True)) == expected
