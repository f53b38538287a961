"""The epsilon → 0 limit against an independent Lloyd iteration."""

from __future__ import annotations

import numpy as np
import pytest

from gmmseg.arrays import FloatArray, IntArray
from gmmseg.mixture.covariance import Spherical
from gmmseg.mixture.density import responsibilities
from gmmseg.mixture.fit import fit
from gmmseg.mixture.params import MixtureParams
from gmmseg.mixture.settings import FitSettings
from tests.core.mixture.cases import blobs, run_em


def _lloyd(values: FloatArray, means: FloatArray, n_iter: int) -> tuple[list[FloatArray], IntArray]:
    history = [means]
    for _ in range(n_iter):
        distances = ((values[:, None] - means[None]) ** 2).sum(axis=2)
        labels = distances.argmin(axis=1)
        means = np.array([values[labels == k].mean(axis=0) for k in range(len(means))])
        history.append(means)
    return history, labels


def _start(means: FloatArray, variance: float = 1.0, is_hard: bool = True) -> MixtureParams:
    k = len(means)
    return MixtureParams(np.full(k, 1 / k), means.copy(), Spherical(np.full(k, variance)), is_hard)


def _labels(params: MixtureParams, values: FloatArray) -> IntArray:
    return np.concatenate([block.argmax(axis=0) for _, block in responsibilities(params, values)])


@pytest.mark.parametrize("seed", range(5))
def test_hard_em_is_lloyds_iteration(seed: int) -> None:
    rng = np.random.default_rng(seed)
    values, _ = blobs(rng, 400, 4, 3, apart=2.5)
    means = values[rng.choice(400, 4, replace=False)]
    history, labels = _lloyd(values, means, 8)
    steps = run_em(values, _start(means), 8)
    for step, expected in zip(steps, history, strict=False):
        np.testing.assert_allclose(step.params.means, expected, rtol=1e-10, atol=1e-12)
    np.testing.assert_array_equal(_labels(steps[len(steps) - 2].params, values), labels)


def test_hard_em_ends_when_no_row_changes_its_component() -> None:
    values, _ = blobs(np.random.default_rng(0), 300, 3, 2, apart=4.0)
    result = fit(values, None, FitSettings(3, is_hard=True, tol=-np.inf))
    assert result.stop_reason == "assignments"
    history, _ = _lloyd(values, result.params.means, 1)
    np.testing.assert_allclose(history[1], result.params.means, rtol=1e-12, atol=1e-12)
    bounds = [step.lower_bound for step in result.history]
    assert (np.diff(bounds) >= -1e-12 * abs(bounds[-1])).all()


@pytest.mark.parametrize("epsilon", [1e-8, 1e-300])
def test_soft_labels_at_a_tiny_epsilon_are_the_hard_ones(epsilon: float) -> None:
    rng = np.random.default_rng(1)
    values, _ = blobs(rng, 300, 3, 2, apart=2.0)
    means = values[:3]
    with np.errstate(all="raise", under="ignore"):
        soft = _labels(_start(means, epsilon, is_hard=False), values)
    np.testing.assert_array_equal(soft, _labels(_start(means), values))


def test_ties_go_to_the_lowest_index() -> None:
    params = _start(np.array([[0.0], [2.0], [2.0]]))
    np.testing.assert_array_equal(_labels(params, np.array([[1.0], [2.0]])), [0, 1])


def test_weights_do_not_matter() -> None:
    means = np.array([[0.0], [10.0]])
    params = MixtureParams(np.array([1e-6, 1 - 1e-6]), means, Spherical(np.full(2, 1e4)), is_hard=True)
    np.testing.assert_array_equal(_labels(params, np.array([[4.9], [5.1]])), [0, 1])
