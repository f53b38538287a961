"""EM, step by step and behind the estimator, against scikit-learn's from the same start."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pytest
from sklearn import mixture as sklearn_mixture

from gmmseg.arrays import FloatArray
from gmmseg.mixture.estimator import GaussianMixture
from gmmseg.mixture.params import MixtureParams
from gmmseg.mixture.settings import CovarianceKind
from tests.core.mixture.cases import KINDS, blobs, overlapping_params, random_params, run_em


def _fitted(model: type[Any], values: FloatArray, start: MixtureParams, n_iter: int) -> Any:
    """Return an estimator after exactly `n_iter` iterations from `start`, without a variance floor."""
    inverse = np.reciprocal if start.covariance.is_diagonal else np.linalg.inv
    made = model(
        start.n_components,
        covariance_type=start.covariance.kind,
        tol=0.0,
        reg_covar=0.0,
        max_iter=n_iter,
        weights_init=start.weights,
        means_init=start.means,
        precisions_init=inverse(start.covariance.values),
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # not converged
        return made.fit(values)


def _same(values: FloatArray, start: MixtureParams, n_iter: int) -> None:
    reference = _fitted(sklearn_mixture.GaussianMixture, values, start, n_iter)
    last = run_em(values, start, n_iter)[-1]
    assert last.lower_bound == pytest.approx(reference.score(values), rel=1e-10)
    np.testing.assert_allclose(last.params.weights, reference.weights_, rtol=1e-8)
    np.testing.assert_allclose(last.params.means, reference.means_, rtol=1e-7, atol=1e-9)
    np.testing.assert_allclose(last.params.covariance.values, reference.covariances_, rtol=1e-7, atol=1e-9)


@pytest.mark.usefixtures("both_e_steps")
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("n_iter", [1, 5, 20])
def test_iterations_are_scikit_learns(kind: CovarianceKind, n_iter: int) -> None:
    rng = np.random.default_rng(4)
    values = blobs(rng, 400, 3, 3, apart=2.5)[0] @ (np.eye(3) + 0.3) + 5
    _same(values, random_params(rng, 3, 3, kind, spread=1.0).shifted(values.mean(axis=0)), n_iter)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("n_features", [40, 120])
def test_iterations_are_scikit_learns_in_many_features(kind: CovarianceKind, n_features: int) -> None:
    rng = np.random.default_rng(n_features)
    start = overlapping_params(rng, 3, n_features, kind)
    values = rng.normal(size=(900, n_features)) * 1.1
    values[:, 0] += rng.choice([-1.0, 1.0], size=900)
    _same(values, start, 4)


@pytest.mark.usefixtures("both_e_steps")
@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("kind", KINDS)
def test_thirty_iterations_are_never_worse(kind: CovarianceKind, seed: int) -> None:
    rng = np.random.default_rng(seed)
    values = blobs(rng, 300, 4, 2, apart=2.0)[0]
    start = random_params(rng, 4, 2, kind, 2.0)
    ours = run_em(values, start, 30)[-1].lower_bound
    reference = _fitted(sklearn_mixture.GaussianMixture, values, start, 30)
    assert ours >= reference.score(values) - 1e-10 * abs(ours)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("n_iter", [1, 3, 10])
def test_the_estimator_gives_scikit_learns_numbers(kind: CovarianceKind, n_iter: int) -> None:
    rng = np.random.default_rng(3)
    rows = blobs(rng, 400, 3, 3, apart=2.0)[0]
    start = random_params(rng, 3, 3, kind, 2.0)
    ours, theirs = (
        _fitted(model, rows, start, n_iter) for model in (GaussianMixture, sklearn_mixture.GaussianMixture)
    )
    assert ours.score(rows) == pytest.approx(theirs.score(rows), rel=1e-10)
    assert ours.lower_bound_ == pytest.approx(ours.score(rows), rel=1e-10)
    assert ours.n_iter_ == theirs.n_iter_ == n_iter
    assert len(ours.lower_bounds_) == n_iter
    # Theirs are one M-step behind.
    np.testing.assert_allclose(ours.lower_bounds_[:-1], theirs.lower_bounds_[1:], rtol=1e-10)
    for name in ("weights_", "means_", "covariances_", "precisions_", "precisions_cholesky_"):
        np.testing.assert_allclose(getattr(ours, name), getattr(theirs, name), rtol=1e-6, atol=1e-9)
    assert ours.bic(rows) == pytest.approx(theirs.bic(rows), rel=1e-9)
    assert ours.aic(rows) == pytest.approx(theirs.aic(rows), rel=1e-9)
    np.testing.assert_array_equal(ours.predict(rows), theirs.predict(rows))
    np.testing.assert_allclose(ours.predict_proba(rows), theirs.predict_proba(rows), atol=1e-8)
    np.testing.assert_allclose(ours.score_samples(rows), theirs.score_samples(rows), rtol=1e-8)


@pytest.mark.parametrize("kind", KINDS)
def test_free_parameters_are_counted_as_scikit_learn_does(kind: CovarianceKind) -> None:
    params = random_params(np.random.default_rng(0), 4, 3, kind)
    reference = sklearn_mixture.GaussianMixture(4, covariance_type=kind)
    reference.means_ = params.means
    assert params.n_parameters == reference._n_parameters()
