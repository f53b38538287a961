"""Mixtures in tens and hundreds of features against scipy, scikit-learn and plain sums."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from scipy import stats

from gmmseg.mixture.centred import CentredKernel
from gmmseg.mixture.covariance import Full
from gmmseg.mixture.density import log_joint, responsibilities
from gmmseg.mixture.fit import fit, fit_events
from gmmseg.mixture.initialise import kmeans_plus_plus, nearest_mean
from gmmseg.mixture.kernel_choice import MAX_QUADRATIC_FEATURES, kernel_for
from gmmseg.mixture.kernels import exponentiate
from gmmseg.mixture.params import MixtureParams
from gmmseg.mixture.quadratic_kernel import QuadraticKernel
from gmmseg.mixture.settings import CovarianceKind, FitSettings
from gmmseg.mixture.tied_kernel import TiedKernel
from tests.core.mixture.cases import KINDS, blobs, overlapping_params, random_params

DIMENSIONS = (40, 120)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("n_features", DIMENSIONS)
def test_log_densities_are_scipys(kind: CovarianceKind, n_features: int) -> None:
    rng = np.random.default_rng(n_features)
    params = random_params(rng, 3, n_features, kind)
    values = rng.normal(size=(700, n_features)) * 3
    joint = np.empty((3, 700))
    for rows, block in log_joint(params, values):
        joint[:, rows] = block
    matrices = params.matrices()
    for k in range(3):
        expected = np.log(params.weights[k])
        expected += stats.multivariate_normal(params.means[k], matrices[k]).logpdf(values)
        np.testing.assert_allclose(joint[k], expected, rtol=1e-10)


@pytest.mark.parametrize("n_features", [MAX_QUADRATIC_FEATURES, MAX_QUADRATIC_FEATURES + 1])
def test_both_sides_of_the_crossover_agree(n_features: int) -> None:
    rng = np.random.default_rng(0)
    params = overlapping_params(rng, 4, n_features, "full")
    values = rng.normal(size=(300, n_features))
    columns = np.ascontiguousarray(values.T)
    is_quadratic = n_features <= MAX_QUADRATIC_FEATURES
    assert isinstance(kernel_for(params, columns), QuadraticKernel if is_quadratic else CentredKernel)
    joints = []
    for kernel in (QuadraticKernel(columns, columns.mean(axis=1), False), CentredKernel(columns, False)):
        kernel.set_params(params)
        joints.append(kernel.log_joint(slice(0, 300)).copy())
    np.testing.assert_allclose(joints[0], joints[1], rtol=1e-11)


@pytest.mark.parametrize("is_diagonal", [False, True])
def test_rows_without_a_share_are_left_out_of_the_sums_and_nothing_else_is(is_diagonal: bool) -> None:
    rng = np.random.default_rng(0)
    params = overlapping_params(rng, 3, 40, "diag" if is_diagonal else "full")
    values = rng.normal(size=(2000, 40))
    weighted = rng.random((3, 2000)) * (rng.random((3, 2000)) < 0.1)
    weighted[1], weighted[2] = 0.0, rng.random(2000)
    kernel = CentredKernel(np.ascontiguousarray(values.T), is_diagonal)
    kernel.set_params(params)
    kernel.log_joint(slice(0, 2000))
    kernel.add(slice(0, 2000), weighted)
    moments = kernel.moments()
    np.testing.assert_allclose(moments.counts, weighted.sum(axis=1), rtol=1e-12)
    for k in (0, 2):
        mean = weighted[k] @ values / weighted[k].sum()
        scatter = (values - mean).T @ ((values - mean) * weighted[k][:, None])
        np.testing.assert_allclose(moments.means[k], mean, atol=1e-12)
        expected = np.diag(scatter) if is_diagonal else scatter
        np.testing.assert_allclose(moments.scatter[k], expected, rtol=1e-10, atol=1e-9)
    np.testing.assert_array_equal(moments.means[1], params.means[1])


@pytest.mark.parametrize("kind", KINDS)
def test_more_features_than_rows_of_a_component_fit_sensibly(kind: CovarianceKind) -> None:
    rng = np.random.default_rng(1)
    centres = rng.normal(size=(6, 120)) * 4
    labels = np.arange(300) % 6
    values = centres[labels] + rng.normal(size=(300, 120))
    with np.errstate(all="raise", under="ignore"):
        result = fit(values, None, FitSettings(6, kind, seed=0, n_init=3, reg_covar=0.05))
    matrices = result.params.matrices()
    assert np.linalg.eigvalsh(matrices).min() >= 0.05 * (1 - 1e-9)
    bounds = [step.log_likelihood for step in result.history]
    for before, after in itertools.pairwise(bounds):
        assert after >= before - 1e-12 * abs(before)
    found = np.empty(300, dtype=int)
    for rows, block in responsibilities(result.params, values):
        found[rows] = block.argmax(axis=0)
    assert len(set(zip(labels, found, strict=True))) == 6


def test_the_nearest_mean_is_found_by_products_too() -> None:
    rng = np.random.default_rng(2)
    values, means = rng.normal(size=(5000, 30)) + 1e6, rng.normal(size=(40, 30)) + 1e6
    distances = ((values[:, None] - means[None]) ** 2).sum(axis=2)
    np.testing.assert_array_equal(nearest_mean(values, means), distances.argmin(axis=1))


@pytest.mark.parametrize("seed", range(5))
def test_seeds_differ_where_rows_repeat_in_many_features(seed: int) -> None:
    rng = np.random.default_rng(seed)
    distinct = rng.normal(size=(5, 30)) * 1e-3 + 7
    values = distinct[rng.integers(0, 5, size=200)]
    chosen = kmeans_plus_plus(values, np.ones(200), len(np.unique(values, axis=0)), rng)
    assert len(np.unique(chosen, axis=0)) == len(np.unique(values, axis=0))


def test_a_covariance_below_the_floor_is_raised_and_one_above_is_kept() -> None:
    rng = np.random.default_rng(3)
    scatter = np.stack([np.diag(np.linspace(0.0, 3.0, 30)), np.diag(np.linspace(1.0, 3.0, 30))])
    turn = np.linalg.qr(rng.normal(size=(30, 30)))[0]
    scatter = turn @ scatter @ turn.T
    floored = Full.from_moments(np.ones(2), scatter, 0.5).values
    eigenvalues = np.linalg.eigvalsh(floored)
    np.testing.assert_allclose(eigenvalues[0], np.maximum(np.linspace(0.0, 3.0, 30), 0.5), rtol=1e-10)
    np.testing.assert_allclose(floored[1], scatter[1], rtol=1e-12, atol=1e-12)


def test_a_long_fit_keeps_few_large_parameter_sets_and_counts_all_iterations(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    values = blobs(np.random.default_rng(0), 300, 3, 30, apart=1.0)[0]
    settings = FitSettings(3, "full", n_init=2, seed=0, tol=0.0, max_iter=25, reg_covar=0.1)
    whole = fit(values, None, settings)
    n_steps = sum(1 for _ in fit_events(values, None, settings))
    size = 2 * whole.params.covariance.values.nbytes
    monkeypatch.setattr("gmmseg.mixture.fit_log.HISTORY_BYTES", 12 * size)
    thin = fit(values, None, settings)
    assert n_steps > 20 > 12 >= len(thin.history)
    assert thin.n_iter == whole.n_iter > len(thin.history)
    assert thin.restarts == whole.restarts
    assert thin.log_likelihood == whole.log_likelihood == thin.history[-1].log_likelihood
    assert thin.history[0].log_likelihood == whole.history[0].log_likelihood
    iterations = [step.iteration for step in thin.history]
    assert iterations == sorted(set(iterations))


def test_the_kernel_of_tied_covariances_sums_what_the_accurate_one_does_at_every_iteration() -> None:
    rng = np.random.default_rng(3)
    values = rng.normal(size=(3000, 40)) + 5
    weights = rng.integers(1, 4, 3000).astype(float)
    columns = np.ascontiguousarray(values.T)
    kernel = TiedKernel(columns, values.mean(axis=0) + 0.3)
    for seed in range(3):
        params = overlapping_params(np.random.default_rng(seed), 4, 40, "tied")
        params = MixtureParams(params.weights, params.means + 5, params.covariance)
        accurate = CentredKernel(columns, False)
        kernel.set_params(params)
        accurate.set_params(params)
        for rows in (slice(0, 1000), slice(1000, 3000)):
            joint = accurate.log_joint(rows)
            np.testing.assert_allclose(kernel.log_joint(rows), joint, rtol=1e-11)
            shares = joint.copy()
            exponentiate(shares, False, -40.0)
            shares *= weights[rows] / shares.sum(axis=0)
            accurate.add(rows, shares)
            kernel.add(rows, shares)
        found, expected = kernel.moments(), accurate.moments()
        np.testing.assert_allclose(found.counts, expected.counts, rtol=1e-12)
        np.testing.assert_allclose(found.means, expected.means, rtol=1e-11)
        pooled = expected.scatter.sum(axis=0)
        np.testing.assert_allclose(found.scatter.sum(axis=0), pooled, rtol=1e-10, atol=1e-10 * pooled.max())


def test_a_tied_fit_on_two_threads_is_the_one_on_a_single_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(4)
    values, _ = blobs(rng, 40_000, 3, 30, apart=1.0)
    fits = []
    for is_wide in (False, True):
        monkeypatch.setattr(
            "gmmseg.mixture.expectation.uses_two_threads", lambda *_, is_wide=is_wide: is_wide
        )
        fits.append(fit(values, None, FitSettings(3, "tied", seed=0, n_init=1, max_iter=12)).params)
    np.testing.assert_allclose(fits[0].means, fits[1].means, rtol=1e-9, atol=1e-9)
    np.testing.assert_allclose(fits[0].covariance.values, fits[1].covariance.values, rtol=1e-9, atol=1e-9)


def test_far_apart_clusters_take_the_accurate_kernel_for_tied_covariances_too() -> None:
    params = overlapping_params(np.random.default_rng(0), 2, 40, "tied")
    near = np.random.default_rng(1).normal(size=(40, 100))
    assert isinstance(kernel_for(params, near), TiedKernel)
    assert isinstance(kernel_for(params, near * 1e4), CentredKernel)
