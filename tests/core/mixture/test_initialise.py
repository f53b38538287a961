"""The starts of a fit."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gmmseg.mixture.initialise import first_params, kmeans_plus_plus, lloyd, nearest_mean, params_from_labels
from gmmseg.mixture.settings import CovarianceKind, InitMethod
from tests.core.mixture.cases import KINDS, blobs


@settings(max_examples=40, derandomize=True)
@given(st.integers(0, 10_000), st.integers(1, 6))
def test_kmeans_plus_plus_takes_different_rows_of_positive_weight(seed: int, n_components: int) -> None:
    rng = np.random.default_rng(seed)
    values = rng.integers(0, 4, size=(60, 2)).astype(float)
    weights = (rng.random(60) < 0.7).astype(float)
    held = {tuple(row) for row in values[weights > 0]}
    chosen = kmeans_plus_plus(values, weights, n_components, rng)
    assert len({tuple(row) for row in chosen}) == min(n_components, len(held))
    assert {tuple(row) for row in chosen} <= held


@pytest.mark.parametrize("seed", range(10))
def test_kmeans_plus_plus_finds_every_separated_group(seed: int) -> None:
    values, _ = blobs(np.random.default_rng(seed), 200, 4, 2, apart=100.0)
    chosen = kmeans_plus_plus(values, np.ones(200), 4, np.random.default_rng(seed))
    assert len(set(np.round(chosen[:, 0] / 100))) == 4


def test_the_nearest_mean_is_found_and_ties_go_to_the_lowest() -> None:
    means = np.array([[0.0], [2.0], [2.0]])
    np.testing.assert_array_equal(nearest_mean(np.array([[0.9], [1.0], [1.1], [5.0]]), means), [0, 0, 1, 1])


def test_lloyd_ends_at_group_means_and_leaves_a_mean_without_rows_where_it_is() -> None:
    values = np.array([[0.0], [2.0], [10.0], [14.0]])
    asked: list[int] = []
    means, labels = lloyd(
        values, np.array([1.0, 3.0, 1.0, 1.0]), np.array([[1.0], [11.0], [99.0]]), 9, lambda: asked.append(1)
    )
    np.testing.assert_allclose(means, [[1.5], [12.0], [99.0]])
    assert labels.tolist() == [0, 0, 1, 1]
    assert len(asked) == 1  # nothing changes after the first iteration


@pytest.mark.parametrize("kind", KINDS)
def test_labels_give_class_shares_means_and_covariances(kind: CovarianceKind) -> None:
    rng = np.random.default_rng(0)
    values, labels = blobs(rng, 90, 3, 2, apart=5.0)
    weights = rng.integers(1, 4, size=90)
    params = params_from_labels(values, weights.astype(float), labels, 3, kind, 1e-12)
    each = [np.repeat(values[labels == k], weights[labels == k], axis=0) for k in range(3)]
    np.testing.assert_allclose(params.weights, [len(rows) / weights.sum() for rows in each])
    np.testing.assert_allclose(params.means, [rows.mean(axis=0) for rows in each], rtol=1e-10, atol=1e-12)
    covariances = np.array([np.cov(rows.T, ddof=0) for rows in each])
    if kind == "tied":
        covariances = np.tile(np.einsum("k,kde->de", params.weights, covariances), (3, 1, 1))
    elif kind != "full":
        variances = np.diagonal(covariances, axis1=1, axis2=2)
        if kind == "spherical":
            variances = np.repeat(variances.mean(axis=1)[:, None], 2, axis=1)
        covariances = variances[:, :, None] * np.eye(2)
    np.testing.assert_allclose(params.matrices(), covariances, rtol=1e-9, atol=1e-10)


@pytest.mark.parametrize("kind", KINDS)
def test_random_posteriors_are_flat_and_weigh_rows(kind: CovarianceKind) -> None:
    values, _ = blobs(np.random.default_rng(0), 90, 3, 2)
    weights = np.random.default_rng(1).integers(1, 4, 90).astype(float)
    found = first_params(values, weights, 3, "responsibilities", kind, 1e-6, False, np.random.default_rng(4))
    # The same draws, row by row: a flat Dirichlet sample is exponentials over their sum.
    drawn = np.random.default_rng(4).standard_exponential((3, 90))
    shares = drawn / drawn.sum(axis=0) * weights
    np.testing.assert_allclose(found.weights, shares.sum(axis=1) / weights.sum())
    means = [np.average(values, axis=0, weights=own) for own in shares]
    np.testing.assert_allclose(found.means, means)
    if kind == "full":
        covariances = [np.cov(values.T, aweights=own, ddof=0) for own in shares]
        np.testing.assert_allclose(found.matrices(), covariances)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("method", ["kmeans++", "random", "responsibilities"])
@pytest.mark.parametrize("is_hard", [False, True])
def test_a_start_is_valid_and_reproducible(kind: CovarianceKind, method: InitMethod, is_hard: bool) -> None:
    values, _ = blobs(np.random.default_rng(0), 90, 3, 2)
    one, two = (
        first_params(values, np.ones(90), 3, method, kind, 1e-6, is_hard, np.random.default_rng(4))
        for _ in range(2)
    )
    assert one.weights.sum() == pytest.approx(1)
    assert np.linalg.eigvalsh(one.matrices()).min() >= 1e-6
    assert len(np.unique(one.means, axis=0)) == 3
    assert one.is_hard is is_hard
    assert one.means.tobytes() == two.means.tobytes()
    if method == "random" or (is_hard and method == "kmeans++"):
        assert {tuple(mean) for mean in one.means} <= {tuple(row) for row in values}
