from __future__ import annotations

import numpy as np
import pytest

from gmmseg.control import result_of
from gmmseg.digits.graph import (
    Graph,
    GraphNeighbourhood,
    edge_weights,
    joined,
    weighted_mean,
)
from gmmseg.digits.neighbours import Neighbours, nearest_events


def neighbours_of(n: int = 200, k: int = 8, seed: int = 0) -> Neighbours:
    values = np.random.default_rng(seed).standard_normal((n, 4)).astype(np.float32)
    return result_of(nearest_events(values, values, k, is_self=True))


@pytest.mark.parametrize("k", [3, 5, 10, 40])
def test_each_row_of_weights_sums_to_the_logarithm_of_k(k: int) -> None:
    weights = edge_weights(neighbours_of(k=k).distances)
    np.testing.assert_allclose(weights.sum(axis=1), np.log2(k), rtol=1e-9)
    assert (weights[:, 0] == 1).all()
    assert (np.diff(weights, axis=1) <= 0).all()


def test_weights_do_not_depend_on_the_unit_of_distance() -> None:
    distances = neighbours_of().distances.astype(np.float64)
    np.testing.assert_allclose(edge_weights(distances * 1e-3), edge_weights(distances), rtol=1e-6)


@pytest.mark.parametrize("value", [0.0, 2.5])
def test_equally_near_neighbours_have_equal_weights(value: float) -> None:
    assert (edge_weights(np.full((4, 6), value, dtype=np.float32)) == 1).all()


@pytest.mark.parametrize("k", [1, 2])
def test_very_few_neighbours_have_finite_weights(k: int) -> None:
    weights = edge_weights(neighbours_of(k=k).distances)
    assert np.isfinite(weights).all()
    assert (weights[:, 0] == 1).all()


def test_edges_are_the_probability_of_either_direction() -> None:
    neighbours = neighbours_of(60, 5)
    affinities = edge_weights(neighbours.distances)
    dense = np.zeros((60, 60))
    for i in range(60):
        for j, a in zip(neighbours.indices[i], affinities[i], strict=True):
            dense[i, j] = a
    expected = 1 - (1 - dense) * (1 - dense.T)
    weights = joined(neighbours, affinities).weights.toarray()
    np.testing.assert_allclose(weights, expected, atol=1e-14)
    assert np.array_equal(weights, weights.T)
    assert not weights.diagonal().any()


def test_the_mean_over_the_neighbourhood_is_that_of_the_normalised_matrix() -> None:
    from gmmseg.digits import graph as module

    neighbours = neighbours_of()
    graph = joined(neighbours, edge_weights(neighbours.distances))
    posteriors = np.random.default_rng(1).random((3, 200), dtype=np.float32)
    dense = graph.weights.toarray()
    expected = posteriors @ (dense / dense.sum(axis=1, keepdims=True)).T
    small = 64
    original, module.BLOCK_SITES = module.BLOCK_SITES, small
    try:
        neighbourhood = GraphNeighbourhood(graph)
    finally:
        module.BLOCK_SITES = original
    assert [b.stop for b in neighbourhood.blocks()] == [64, 128, 192, 200]
    for sites in neighbourhood.blocks():
        out = np.empty((3, sites.stop - sites.start), dtype=np.float32)
        neighbourhood.mean(posteriors, sites, out)
        np.testing.assert_allclose(out, expected[:, sites], rtol=1e-5)


def test_a_node_without_neighbours_hears_nothing() -> None:
    from scipy.sparse import csr_array

    graph = Graph(csr_array(np.array([[0, 1, 0], [1, 0, 0], [0, 0, 0.0]])))
    out = np.empty((2, 3), dtype=np.float32)
    GraphNeighbourhood(graph).mean(np.array([[0.2, 0.7, 1], [0.8, 0.3, 0]], np.float32), slice(0, 3), out)
    np.testing.assert_allclose(out, [[0.7, 0.2, 0], [0.3, 0.8, 0]], rtol=1e-6)


def test_the_mean_over_given_neighbours_is_weighted() -> None:
    rng = np.random.default_rng(2)
    posteriors = rng.random((4, 30), dtype=np.float32)
    indices = rng.integers(0, 30, (6, 5)).astype(np.int32)
    affinities = rng.random((6, 5))
    found = weighted_mean(posteriors, indices, affinities)
    for b in range(6):
        np.testing.assert_allclose(
            found[:, b], np.average(posteriors[:, indices[b]], axis=1, weights=affinities[b]), rtol=1e-5
        )
