from __future__ import annotations

import numpy as np
import pytest
from scipy.sparse import block_diag, csr_array
from sklearn.cluster import KMeans
from sklearn.metrics import adjusted_rand_score

from gmmseg.control import StopRequest, result_of
from gmmseg.digits import spectral
from gmmseg.digits.graph import Graph, edge_weights, joined
from gmmseg.digits.neighbours import nearest_events
from gmmseg.digits.settings import DigitSettings
from gmmseg.digits.spectral import (
    eigenvalue_gap,
    kmeans,
    leading_eigenvectors,
    mainland,
    spectral_coordinates,
)
from gmmseg.digits.stage_runs import spectral_stage
from gmmseg.digits.workpiece import Workpiece
from gmmseg.errors import Cancelled


def graph_of(values: np.ndarray, k: int = 8) -> Graph:
    neighbours = result_of(nearest_events(values, values, k, is_self=True))
    return joined(neighbours, edge_weights(neighbours.distances))


@pytest.fixture
def graph() -> Graph:
    rng = np.random.default_rng(3)
    return graph_of(rng.standard_normal((500, 3)).astype(np.float32) + 2 * rng.integers(0, 3, (500, 1)))


@pytest.mark.parametrize("limit", [1000, 100], ids=["dense", "Lanczos"])
def test_eigenvalues_are_those_of_the_dense_matrix(
    graph: Graph, limit: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(spectral, "MAX_DENSE", limit)
    found = leading_eigenvectors(graph, 6)
    assert found.is_mainland.all()
    weights = graph.weights.toarray()
    roots = 1 / np.sqrt(weights.sum(axis=1))
    values, vectors = np.linalg.eigh(roots[:, None] * weights * roots)
    np.testing.assert_allclose(found.eigenvalues, values[::-1][:6], atol=1e-4)
    np.testing.assert_allclose(np.abs((found.vectors * vectors[:, ::-1][:, :6]).sum(axis=0)), 1, atol=1e-2)


def test_lanczos_ends_when_asked(graph: Graph, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spectral, "MAX_DENSE", 100)
    answers = iter([StopRequest.NONE] * 10)
    with pytest.raises(Cancelled):
        leading_eigenvectors(graph, 6, lambda: next(answers, StopRequest.CANCEL))


def test_rows_of_coordinates_have_unit_length(graph: Graph) -> None:
    coordinates = spectral_coordinates(leading_eigenvectors(graph, 6), 4)
    np.testing.assert_allclose((coordinates**2).sum(axis=1), 1)


@pytest.mark.parametrize(
    ("eigenvalues", "expected"),
    [
        ([1, 0.99, 0.98, 0.6, 0.59], 3),
        ([1, 0.5, 0.49, 0.47], 3),
        ([1, 0.9, 0.3], 2),
        ([1, 1, 1, 1, 0.2, 0.1], 4),
        ([1, 0.8], 2),
    ],
)
def test_the_largest_gap_after_the_second_proposes_the_number(
    eigenvalues: list[float], expected: int
) -> None:
    assert eigenvalue_gap(np.array(eigenvalues)) == expected


def test_equal_images_apart_from_the_rest_are_an_island_and_no_cluster(
    blobs: tuple[np.ndarray, np.ndarray],
) -> None:
    rows, groups = blobs
    # Each has fourteen equals: its neighbours are among them.
    copies = np.repeat(rows[:1] + np.float32(40), 15, axis=0)
    big = np.concatenate([np.repeat(rows, 6, axis=0) + np.tile(np.linspace(0, 1, 6), 300)[:, None], copies])
    big = big.astype(np.float32)
    graph = graph_of(big)
    held = mainland(graph)
    assert np.flatnonzero(~held).tolist() == list(range(1800, 1815))
    work = Workpiece(np.zeros((1815, 2, 2), np.uint8), 1815, features=big, graph=graph)
    done = result_of(spectral_stage(work, DigitSettings(n_clusters=3), lambda: StopRequest.NONE))
    assert done.start is not None
    assert adjusted_rand_score(done.start[:1800], np.repeat(groups, 6)) > 0.9
    means = [big[:1800][done.start[:1800] == k].mean(axis=0) for k in range(3)]
    nearest = np.argmin([((mean - copies[0]) ** 2).sum() for mean in means])
    assert (done.start[1800:] == nearest).all()


def test_large_parts_are_clusters_even_where_nothing_joins_them() -> None:
    dense = np.ones((20, 20)) - np.eye(20)
    graph = Graph(csr_array(block_diag([dense, dense, dense]).toarray()))
    found = leading_eigenvectors(graph, 5)
    assert eigenvalue_gap(found.eigenvalues) == 3
    labels = kmeans(spectral_coordinates(found, 3), 3, 5, np.random.default_rng(0))
    assert adjusted_rand_score(labels, np.repeat(range(3), 20)) == 1


def test_k_means_is_as_tight_as_scikit_learn(blobs: tuple[np.ndarray, np.ndarray]) -> None:
    values = blobs[0].astype(np.float64)
    labels = kmeans(values, 5, 8, np.random.default_rng(0))
    spread = sum(((values[labels == k] - values[labels == k].mean(axis=0)) ** 2).sum() for k in range(5))
    assert spread <= 1.01 * KMeans(5, n_init=8, random_state=0).fit(values).inertia_


def test_k_means_of_few_different_rows_does_not_break() -> None:
    labels = kmeans(np.repeat(np.eye(2), 5, axis=0), 4, 2, np.random.default_rng(0))
    assert (labels[:5] == labels[0]).all()
    assert labels[0] != labels[5]
