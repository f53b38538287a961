"""Eigenvalues by Lanczos steps, against LAPACK's and ARPACK's."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from scipy.sparse.linalg import LinearOperator, eigsh

from gmmseg.arrays import FloatArray
from gmmseg.digits import lanczos
from gmmseg.digits.lanczos import NoConvergenceError, largest_eigenpairs


def symmetric(side: int, seed: int, decay: float = 0.9) -> FloatArray:
    """Return a matrix whose eigenvalues fall from 1 by a factor each."""
    rotation, _ = np.linalg.qr(np.random.default_rng(seed).standard_normal((side, side)))
    matrix: FloatArray = (rotation * decay ** np.arange(side)) @ rotation.T
    return matrix


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize(("side", "n", "n_vectors"), [(60, 5, 12), (300, 8, 20), (300, 1, 5), (50, 20, 50)])
def test_they_are_the_eigenpairs(seed: int, side: int, n: int, n_vectors: int) -> None:
    matrix = symmetric(side, seed)
    start = np.random.default_rng(seed).standard_normal(side)
    values, vectors = largest_eigenpairs(lambda v: matrix @ v, start, n, n_vectors, 1e-9)
    np.testing.assert_allclose(values, np.linalg.eigvalsh(matrix)[::-1][:n], atol=1e-10)
    np.testing.assert_allclose(matrix @ vectors, vectors * values, atol=2e-9)
    np.testing.assert_allclose(vectors.T @ vectors, np.eye(n), atol=1e-10)


def test_they_are_found_in_as_few_products_as_arpack_needs() -> None:
    matrix, start = symmetric(500, 0, 0.995), np.random.default_rng(1).standard_normal(500)
    calls = {"ours": 0, "arpack": 0}

    def counted(name: str) -> Callable[[FloatArray], FloatArray]:
        def multiply(vector: FloatArray) -> FloatArray:
            calls[name] += 1
            product: FloatArray = matrix @ vector
            return product

        return multiply

    values, _ = largest_eigenpairs(counted("ours"), start, 10, 30, 1e-4)
    operator = LinearOperator(matrix.shape, matvec=counted("arpack"), dtype=np.float64)
    expected = eigsh(operator, 10, which="LA", v0=start, ncv=30, tol=1e-4, return_eigenvectors=False)
    np.testing.assert_allclose(values, np.sort(expected)[::-1], atol=1e-5)
    assert calls["ours"] < 1.3 * calls["arpack"]


def test_a_start_that_reaches_few_directions_still_gives_all_pairs() -> None:
    matrix = np.diag([3.0, 2.0, 2.0, 1.0, 1.0, 1.0, 0.5, 0.5, 0.2, 0.1])
    start = np.zeros(10)
    start[0] = 1
    values, vectors = largest_eigenpairs(lambda v: matrix @ v, start, 4, 9, 1e-10)
    np.testing.assert_allclose(values, [3, 2, 2, 1], atol=1e-9)
    np.testing.assert_allclose(matrix @ vectors, vectors * values, atol=1e-8)


def test_the_same_start_gives_the_same_bits() -> None:
    matrix, start = symmetric(200, 4), np.ones(200)
    one, other = (largest_eigenpairs(lambda v: matrix @ v, start, 6, 15, 1e-6) for _ in range(2))
    assert one[0].tobytes() == other[0].tobytes()
    assert one[1].tobytes() == other[1].tobytes()


def test_what_is_not_found_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lanczos, "MAX_RESTARTS", 1)
    matrix = symmetric(400, 0, 0.9999)
    with pytest.raises(NoConvergenceError):
        largest_eigenpairs(lambda v: matrix @ v, np.ones(400), 5, 12, 1e-12)
