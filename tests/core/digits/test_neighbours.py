from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from gmmseg.arrays import Float32Array, FloatArray
from gmmseg.control import StopRequest, result_of
from gmmseg.digits.neighbours import Neighbours, nearest_events
from gmmseg.errors import Cancelled


def nearest(queries: Float32Array, base: Float32Array, k: int, is_self: bool = False) -> Neighbours:
    return result_of(nearest_events(queries, base, k, is_self=is_self))


def by_tree(queries: Float32Array, base: Float32Array, k: int) -> tuple[FloatArray, NDArray[np.intp]]:
    """Return distances and indices (N, k) of the nearest rows of the base, k at least 2."""
    distances, indices = cKDTree(base).query(queries, k)
    return np.asarray(distances), np.asarray(indices)


@pytest.mark.parametrize(("n", "d", "k"), [(3000, 8, 10), (700, 3, 25), (65, 4, 1), (40, 100, 39), (2, 1, 1)])
def test_neighbours_are_those_of_a_tree(n: int, d: int, k: int) -> None:
    values = np.random.default_rng(n).standard_normal((n, d)).astype(np.float32)
    found = nearest(values, values, k, is_self=True)
    distances, indices = by_tree(values, values, k + 1)
    assert np.array_equal(found.indices, indices[:, 1:])
    np.testing.assert_allclose(found.distances, distances[:, 1:], rtol=1e-5)


def test_new_rows_find_neighbours_among_the_base() -> None:
    rng = np.random.default_rng(0)
    base, queries = (rng.standard_normal((n, 6)).astype(np.float32) for n in (900, 333))
    found = nearest(queries, base, 7)
    assert np.array_equal(found.indices, by_tree(queries, base, 7)[1])


@pytest.mark.parametrize("offset", [0.0, 100.0])
def test_rows_far_from_the_origin_keep_their_neighbours(offset: float) -> None:
    values = np.random.default_rng(1).standard_normal((500, 5)).astype(np.float32) + np.float32(offset)
    found = nearest(values, values, 5, is_self=True)
    assert np.array_equal(found.indices, by_tree(values, values, 6)[1][:, 1:])


@given(st.integers(2, 150), st.integers(1, 3), st.integers(0, 10**6))
@settings(max_examples=30)
def test_distances_are_right_whatever_the_ties(n: int, d: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    values = rng.integers(0, 3, (n, d)).astype(np.float32)
    k = min(5, n - 1)
    found = nearest(values, values, k, is_self=True)
    squared = ((values[:, None] - values[None]) ** 2).sum(axis=2)
    np.fill_diagonal(squared, np.inf)
    np.testing.assert_allclose(found.distances**2, np.sort(squared, axis=1)[:, :k], atol=1e-5)
    assert (found.indices != np.arange(n)[:, None]).all()
    assert all(len(set(row)) == k for row in found.indices.tolist())


def test_the_search_ends_when_asked() -> None:
    values = np.random.default_rng(2).standard_normal((2000, 3)).astype(np.float32)
    answers = iter([StopRequest.NONE] * 3)
    with pytest.raises(Cancelled):
        result_of(
            nearest_events(
                values, values, 3, is_self=True, should_stop=lambda: next(answers, StopRequest.CANCEL)
            )
        )
