"""MAP adaptation: the formulas of Reynolds, Quatieri and Dunn by hand, and their limits."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gmmseg.arrays import FloatArray
from gmmseg.mixture.adaptation import adapted
from gmmseg.mixture.covariance import Spherical
from gmmseg.mixture.params import MixtureParams
from gmmseg.mixture.settings import Adaptation, CovarianceKind
from tests.core.mixture.cases import KINDS, plain_e_step, plain_m_step, random_params

ALL = Adaptation(16.0, moves_weights=True, moves_covariances=True)


def some_rows(seed: int, n_rows: int = 40, n_features: int = 2) -> FloatArray:
    return np.random.default_rng(seed).normal(size=(n_rows, n_features)) * 2 + 1


def by_hand(params: MixtureParams, values: FloatArray, r: float) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return weights, means and full covariances by equations 11 to 14, one component at a time."""
    gamma = plain_e_step(values, params).gamma
    weights, means, matrices = [], [], []
    for k in range(params.n_components):
        n_k = gamma[:, k].sum()
        first = sum(g * x for g, x in zip(gamma[:, k], values, strict=True)) / n_k
        second = sum(g * np.outer(x, x) for g, x in zip(gamma[:, k], values, strict=True)) / n_k
        a = n_k / (n_k + r)
        old, sigma = params.means[k], params.matrices()[k]
        mean = a * first + (1 - a) * old
        weights.append(a * n_k / len(values) + (1 - a) * params.weights[k])
        means.append(mean)
        matrices.append(a * second + (1 - a) * (sigma + np.outer(old, old)) - np.outer(mean, mean))
    return np.array(weights) / sum(weights), np.array(means), np.array(matrices)


@given(seed=st.integers(0, 10**6), r=st.floats(0.1, 1e4))
def test_the_three_formulas_hold(seed: int, r: float) -> None:
    params, values = random_params(np.random.default_rng(seed), 3, 2), some_rows(seed)
    found = adapted(params, values, np.ones(40), replace(ALL, relevance=r), 1e-12)
    weights, means, matrices = by_hand(params, values, r)
    np.testing.assert_allclose(found.weights, weights, rtol=1e-9)
    np.testing.assert_allclose(found.means, means, rtol=1e-9, atol=1e-9)
    np.testing.assert_allclose(found.matrices(), matrices, rtol=1e-7, atol=1e-9)


def test_a_component_by_hand() -> None:
    # One component: responsibilities are 1, n = 4, E[x] = 3, E[x²] = 10, a = 4 / (4 + 12) = 1/4.
    params = MixtureParams(np.ones(1), np.array([[7.0]]), Spherical(np.array([2.0])))
    values = np.array([[2.0], [2.0], [4.0], [4.0]])
    found = adapted(params, values, np.ones(4), replace(ALL, relevance=12.0), 1e-12)
    assert found.means[0, 0] == pytest.approx(3 / 4 + 3 * 7 / 4)
    assert found.covariance.values[0] == pytest.approx(10 / 4 + 3 / 4 * (2 + 49) - 6.0**2)
    # The same rows with weights.
    halved = adapted(
        params, np.array([[2.0], [4.0]]), np.array([2.0, 2.0]), replace(ALL, relevance=12.0), 0.0
    )
    np.testing.assert_allclose(halved.means, found.means)


@pytest.mark.parametrize("kind", KINDS)
def test_without_relevance_it_is_the_m_step(kind: CovarianceKind) -> None:
    params, values = random_params(np.random.default_rng(3), 3, 2, kind), some_rows(3)
    found = adapted(params, values, np.ones(40), replace(ALL, relevance=0.0), 1e-12)
    expected = plain_m_step(values, plain_e_step(values, params).gamma, kind)
    np.testing.assert_allclose(found.weights, expected.weights, rtol=1e-9)
    np.testing.assert_allclose(found.means, expected.means, rtol=1e-9)
    np.testing.assert_allclose(found.covariance.values, expected.covariance.values, rtol=1e-8)


@pytest.mark.parametrize("kind", KINDS)
def test_with_boundless_relevance_nothing_moves(kind: CovarianceKind) -> None:
    params, values = random_params(np.random.default_rng(4), 3, 2, kind), some_rows(4)
    found = adapted(params, values, np.ones(40), replace(ALL, relevance=1e14), 1e-12)
    np.testing.assert_allclose(found.weights, params.weights, rtol=1e-10)
    np.testing.assert_allclose(found.means, params.means, rtol=1e-10)
    np.testing.assert_allclose(found.covariance.values, params.covariance.values, rtol=1e-10, atol=1e-11)


def test_each_switch_moves_its_own_parameters_alone() -> None:
    params, values = random_params(np.random.default_rng(5), 3, 2), some_rows(5)

    def moved(adaptation: Adaptation) -> tuple[bool, bool, bool]:
        found = adapted(params, values, np.ones(40), adaptation, 1e-12)
        return (
            not np.array_equal(found.weights, params.weights),
            not np.array_equal(found.means, params.means),
            not np.array_equal(found.covariance.values, params.covariance.values),
        )

    assert moved(Adaptation()) == (False, True, False)
    assert moved(Adaptation(keeps_means=True, moves_weights=True)) == (True, False, False)
    assert moved(Adaptation(keeps_means=True, moves_covariances=True)) == (False, False, True)
    assert moved(ALL) == (True, True, True)


def test_covariances_are_about_the_means_that_stay() -> None:
    params, values = random_params(np.random.default_rng(6), 2, 2), some_rows(6)
    found = adapted(
        params, values, np.ones(40), Adaptation(16.0, keeps_means=True, moves_covariances=True), 1e-12
    )
    gamma = plain_e_step(values, params).gamma
    for k in range(2):
        deviations = values - params.means[k]
        n_k = gamma[:, k].sum()
        expected = (gamma[:, k] * deviations.T @ deviations + 16 * params.matrices()[k]) / (n_k + 16)
        np.testing.assert_allclose(found.matrices()[k], expected, rtol=1e-9)


def test_the_floor_and_components_without_rows() -> None:
    far = MixtureParams(np.array([0.5, 0.5]), np.array([[0.0], [1e6]]), Spherical(np.array([1.0, 3.0])))
    rows = np.zeros((5, 1))
    found = adapted(far, rows, np.ones(5), replace(ALL, relevance=0.0), 0.25)
    assert found.means[1, 0] == 1e6
    assert found.covariance.values.tolist() == [0.25, 3.0]
    assert found.weights.tolist() == [1.0, 0.0]


def test_hard_mixtures_move_towards_the_rows_nearest_to_each_mean() -> None:
    hard = MixtureParams(np.array([0.9, 0.1]), np.array([[0.0], [10.0]]), Spherical(np.ones(2)), is_hard=True)
    rows = np.array([[1.0], [3.0], [12.0]])
    found = adapted(hard, rows, np.ones(3), replace(ALL, relevance=2.0), 0.0)
    assert found.is_hard
    np.testing.assert_allclose(found.means[:, 0], [2 / 2, 10 * 2 / 3 + 12 / 3])
    assert found.covariance.values[0] == found.covariance.values[1]
