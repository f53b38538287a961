from __future__ import annotations

import numpy as np
import pytest
from sklearn.decomposition import PCA

from gmmseg.control import StopRequest
from gmmseg.digits import pca
from gmmseg.digits.pca import principal_axes
from gmmseg.errors import Cancelled, FitError


def rows(n: int = 400, d: int = 30, seed: int = 0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    mixed = rng.standard_normal((n, d)) * np.linspace(3, 0.1, d) @ rng.standard_normal((d, d))
    return (mixed + 5).astype(np.float32)


@pytest.mark.parametrize(("n", "d", "kept"), [(400, 30, 30), (400, 30, 7), (20, 50, 19)])
def test_axes_are_those_of_scikit_learn(n: int, d: int, kept: int) -> None:
    values = rows(n, d)
    axes = principal_axes(values, kept)
    oracle = PCA(kept, svd_solver="full").fit(values.astype(np.float64))
    np.testing.assert_allclose(axes.variances, oracle.explained_variance_ * (n - 1) / n, rtol=1e-4, atol=1e-3)
    np.testing.assert_allclose(np.abs((axes.vectors.T * oracle.components_).sum(axis=1)), 1, rtol=1e-3)
    np.testing.assert_allclose(axes.mean, oracle.mean_, rtol=1e-5)
    expected = np.abs(oracle.transform(values.astype(np.float64)))
    np.testing.assert_allclose(np.abs(axes.project(values)), expected, atol=2e-2)


def test_signs_are_fixed_and_restoring_all_axes_gives_the_rows_back() -> None:
    values = rows()
    axes = principal_axes(values, 30)
    peaks = axes.vectors[np.abs(axes.vectors).argmax(axis=0), np.arange(30)]
    assert (peaks > 0).all()
    np.testing.assert_allclose(axes.restore(axes.project(values).astype(np.float64)), values, atol=1e-3)


def test_many_features_take_another_way_to_the_same_axes(monkeypatch: pytest.MonkeyPatch) -> None:
    values = rows(300, 60)
    dense = principal_axes(values, 5)
    monkeypatch.setattr(pca, "MAX_DENSE", 40)
    iterative = principal_axes(values, 5)
    np.testing.assert_allclose(iterative.variances, dense.variances, rtol=1e-9)
    np.testing.assert_allclose(iterative.vectors, dense.vectors, atol=1e-7)

    calls = iter([StopRequest.NONE] * 8)
    with pytest.raises(Cancelled):
        principal_axes(values, 5, lambda: next(calls, StopRequest.CANCEL))


def test_no_more_axes_than_the_rows_span() -> None:
    flat = np.outer(np.arange(50), [1, 2, 0, -1]).astype(np.float32)
    axes = principal_axes(flat, 4)
    assert axes.vectors.shape == (4, 1)


def test_directions_of_exactly_equal_variance_are_all_found() -> None:
    corners = np.kron(np.eye(12), np.ones((3, 1))).astype(np.float32)
    axes = principal_axes(corners, 8)
    assert axes.vectors.shape == (12, 8)
    np.testing.assert_allclose(axes.vectors.T @ axes.vectors, np.eye(8), atol=1e-9)
    np.testing.assert_allclose(axes.variances, 1 / 12, rtol=1e-6)


@pytest.mark.parametrize("value", [0.0, 3.0])
def test_equal_rows_are_refused(value: float) -> None:
    with pytest.raises(FitError, match="same features"):
        principal_axes(np.full((20, 6), value, dtype=np.float32), 3)
