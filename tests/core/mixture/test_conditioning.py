"""Marginals and conditionals against numerical integration and scipy; correlations against numpy."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import quad

from gmmseg.mixture.conditioning import conditional, correlations, marginal, overall_covariance
from gmmseg.mixture.density import sample, score_rows
from tests.core.laboratory.brute import random_mixture


@given(st.integers(0, 10_000))
@settings(max_examples=15)
def test_a_marginal_is_the_joint_density_integrated(seed: int) -> None:
    params = random_mixture(3, 2, seed)
    x = float(params.means[0, 0])
    whole, _ = quad(
        lambda y: float(np.exp(score_rows(params, np.array([[x, y]])))[0]),
        -40,
        40,
        limit=400,
        points=params.means[:, 1].tolist(),
    )
    alone = float(np.exp(score_rows(marginal(params, [0]), np.array([[x]])))[0])
    assert alone == pytest.approx(whole, rel=1e-6)


@given(st.integers(0, 10_000))
@settings(max_examples=15)
def test_a_conditional_is_the_joint_over_the_marginal(seed: int) -> None:
    params = random_mixture(3, 4, seed)
    rng = np.random.default_rng(seed)
    known, values = [2, 0], rng.normal(size=2)
    found = conditional(params, known, values)
    others = rng.normal(size=(5, 2))
    rows = np.empty((5, 4))
    rows[:, known], rows[:, [1, 3]] = values, others
    wanted = score_rows(params, rows) - score_rows(marginal(params, known), values[None])[0]
    np.testing.assert_allclose(score_rows(found, others), wanted, rtol=1e-8, atol=1e-8)
    assert found.weights.sum() == pytest.approx(1)


def test_correlations_and_the_whole_covariance_are_those_of_samples() -> None:
    params = random_mixture(3, 3, 1)
    values, _ = sample(params, 200_000, np.random.default_rng(0))
    whole = overall_covariance(params)
    np.testing.assert_allclose(whole, np.cov(values.T), rtol=0.03, atol=0.05)
    np.testing.assert_allclose(correlations(whole), np.corrcoef(values.T), atol=0.02)
    np.testing.assert_allclose(np.diagonal(correlations(whole)), 1.0)
