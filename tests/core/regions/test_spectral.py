"""Spectral coordinates against the definition of the normalised Laplacian."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from scipy.linalg import eigh

from gmmseg.regions.spectral import _eigenpairs, spectral_coordinates


@pytest.mark.parametrize("seed", range(3))
def test_coordinates_solve_the_generalised_eigenproblem_and_have_the_stated_spread(seed: int) -> None:
    generator = np.random.default_rng(seed)
    pairs = np.array(list(itertools.combinations(range(9), 2)))
    affinities, areas = generator.random(len(pairs)), generator.random(9) + 0.1
    weights = np.zeros((9, 9))
    weights[pairs[:, 0], pairs[:, 1]] = affinities
    weights += weights.T
    degrees = np.diag(weights.sum(axis=1))
    laplacian = np.linalg.inv(degrees) @ (degrees - weights)
    eigenvalues = np.sort(np.linalg.eigvals(laplacian).real)[1:5]
    found = spectral_coordinates(pairs, affinities, areas, 4)
    factors = 1 / np.sqrt(eigenvalues + 1e-4)
    factors /= np.sqrt((factors**2).sum())
    for column, eigenvalue, factor in zip(found.T, eigenvalues, factors, strict=True):
        mean = np.average(column, weights=areas)
        assert mean == pytest.approx(0, abs=1e-9)
        assert np.average(column**2, weights=areas) == pytest.approx(factor**2)
        # An eigenvector up to the constant that centring took, which the Laplacian sends to 0.
        residual = laplacian @ column - eigenvalue * column
        assert np.ptp(residual) == pytest.approx(0, abs=1e-9)


def test_two_groups_with_weak_ties_lie_apart() -> None:
    pairs = np.array([(0, 1), (1, 2), (0, 2), (3, 4), (4, 5), (3, 5), (2, 3)])
    affinities = np.array([1, 1, 1, 1, 1, 1, 0.01])
    first = spectral_coordinates(pairs, affinities, np.ones(6), 1)[:, 0]
    assert np.ptp(first[:3]) < 0.1 < np.ptp(first)
    assert first[0] * first[5] < 0


def test_fewer_nodes_than_coordinates_give_fewer_coordinates() -> None:
    pair = np.array([[0, 1]])
    assert spectral_coordinates(pair, np.ones(1), np.ones(2), 16).shape == (2, 1)
    nothing = np.zeros((0, 2), dtype=np.int64)
    assert spectral_coordinates(nothing, np.zeros(0), np.ones(1), 16).shape == (1, 0)
    assert spectral_coordinates(nothing, np.zeros(0), np.ones(0), 16).shape == (0, 0)


@pytest.mark.parametrize(("n", "first", "last"), [(2, 1, 1), (5, 0, 4), (17, 1, 8), (120, 1, 8)])
def test_eigenpairs_are_those_of_scipy_to_the_bit(n: int, first: int, last: int) -> None:
    matrix = np.random.default_rng(n).standard_normal((n, n))
    matrix += matrix.T
    # The triangles differ, as rounding makes them differ: both have to read the same one.
    matrix[0, 1] += 1e-9
    kept = matrix.copy()
    values, vectors = _eigenpairs(matrix, first, last)
    expected_values, expected_vectors = eigh(matrix, subset_by_index=[first, last])
    np.testing.assert_array_equal(values, expected_values)
    np.testing.assert_array_equal(vectors, expected_vectors)
    np.testing.assert_array_equal(matrix, kept)
