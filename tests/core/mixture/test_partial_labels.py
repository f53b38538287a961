"""Rows that are known to come from some components only: the E-step, the fit, and its starts."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy.stats import multivariate_normal

from gmmseg.arrays import BoolArray, FloatArray, IntArray
from gmmseg.control import never_stop, result_of
from gmmseg.mixture.coarse import MIN_ROWS
from gmmseg.mixture.fit import fit, fit_events
from gmmseg.mixture.params import FitResult, MixtureParams
from gmmseg.mixture.partial_labels import UNKNOWN, PartialLabels, joined
from gmmseg.mixture.preparation import prepare
from gmmseg.mixture.settings import CovarianceKind, FitSettings
from tests.core.mixture.cases import KINDS, covariance_of, random_params

TWO_CLASSES = np.array([[True, True, False], [False, False, True]])


def allowed_of(groups: IntArray, allowed: BoolArray) -> BoolArray:
    """Return which components each row may come from, (N, K)."""
    return np.array([allowed[group] if group >= 0 else np.ones(allowed.shape[1], bool) for group in groups])


def joint_by_scipy(params: MixtureParams, values: FloatArray, may: BoolArray) -> FloatArray:
    """Return pi_k N(x_n | k) where the component is allowed and 0 elsewhere, (N, K)."""
    densities = [
        multivariate_normal(mean, matrix).pdf(values)
        for mean, matrix in zip(params.means, params.matrices(), strict=True)
    ]
    return np.where(may, np.stack(densities, axis=1) * params.weights, 0.0)


def step_by_formula(
    params: MixtureParams, values: FloatArray, weights: FloatArray, may: BoolArray
) -> tuple[float, MixtureParams]:
    """Return the log-likelihood of `params` and the EM step from them, full covariances, by the textbook."""
    joint = joint_by_scipy(params, values, may)
    total = joint.sum(axis=1)
    share = joint / total[:, None] * weights[:, None]
    counts = share.sum(axis=0)
    means = share.T @ values / counts[:, None]
    matrices = np.array(
        [
            (share[:, k, None] * (values - means[k])).T @ (values - means[k]) / counts[k]
            for k in range(len(counts))
        ]
    )
    after = MixtureParams(counts / counts.sum(), means, covariance_of("full", matrices))
    return float(weights @ np.log(total)), after


def example(kind: CovarianceKind = "full", n_features: int = 2) -> tuple[MixtureParams, FloatArray, IntArray]:
    rng = np.random.default_rng(3)
    start = random_params(rng, 3, n_features, kind)
    return start, rng.normal(size=(60, n_features)) * 3, rng.integers(UNKNOWN, 2, size=60)


def run(
    start: MixtureParams,
    values: FloatArray,
    groups: IntArray,
    weights: FloatArray | None = None,
    **settings: Any,
) -> FitResult:
    wanted = FitSettings(start.n_components, start.covariance.kind, **settings)
    known = PartialLabels(groups, TWO_CLASSES)
    return result_of(fit_events(values, weights, wanted, start=start, known=known))


def test_each_step_is_the_one_of_the_textbook() -> None:
    params, values, groups = example()
    weights = np.random.default_rng(4).integers(1, 4, size=len(values)).astype(float)
    history = run(params, values, groups, weights, tol=0.0, max_iter=4).history
    assert len(history) == 5
    for step in history:
        np.testing.assert_allclose(step.params.means, params.means, rtol=1e-9)
        np.testing.assert_allclose(step.params.matrices(), params.matrices(), rtol=1e-8, atol=1e-10)
        likelihood, params = step_by_formula(step.params, values, weights, allowed_of(groups, TWO_CLASSES))
        assert step.log_likelihood == pytest.approx(likelihood, rel=1e-12)
        assert step.log_likelihood == pytest.approx(step.q - step.h, rel=1e-12)
        assert step.h <= 0


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("n_features", [2, 40])
def test_the_likelihood_is_that_of_what_was_observed_and_never_falls(
    kind: CovarianceKind, n_features: int
) -> None:
    # In 40 features other kernels compute it: that of what all components share, and the accurate one.
    start, values, groups = example(kind, n_features)
    history = run(start, values, groups, tol=0.0, max_iter=25, reg_covar=0.05).history
    for step in (history[0], history[-1]):
        joint = joint_by_scipy(step.params, values, allowed_of(groups, TWO_CLASSES))
        assert step.log_likelihood == pytest.approx(np.log(joint.sum(axis=1)).sum(), rel=1e-9)
    rises = np.diff([step.log_likelihood for step in history])
    assert (rises >= -1e-10 * abs(history[0].log_likelihood)).all()
    assert rises[0] > 1


@pytest.mark.parametrize("kind", KINDS)
def test_with_all_classes_known_one_step_gives_their_shares_means_and_covariances(
    kind: CovarianceKind,
) -> None:
    rng = np.random.default_rng(0)
    labels = rng.integers(0, 2, size=80)
    values = rng.normal(size=(80, 3)) * (1 + labels[:, None]) + 4 * labels[:, None]
    own = [values[labels == c] for c in (0, 1)]
    scatter = [np.cov(rows.T, bias=True) for rows in own]
    shares = np.array([len(rows) for rows in own]) / 80
    expected = {
        "full": np.array(scatter),
        "tied": np.repeat(np.tensordot(shares, scatter, axes=1)[None], 2, axis=0),
        "diag": np.array([np.diag(np.diag(each)) for each in scatter]),
        "spherical": np.array([np.eye(3) * np.trace(each) / 3 for each in scatter]),
    }[kind]
    start = random_params(rng, 2, 3, kind)
    history = fit(
        values, None, FitSettings(2, kind, max_iter=1), start, PartialLabels(labels, np.eye(2, dtype=bool))
    ).history
    assert [step.iteration for step in history] == [0, 1]
    np.testing.assert_allclose(history[1].params.weights, shares)
    np.testing.assert_allclose(history[1].params.means, [rows.mean(axis=0) for rows in own])
    np.testing.assert_allclose(history[1].params.matrices(), expected, atol=1e-12)


def test_the_order_of_rows_and_copies_of_them_count_for_nothing() -> None:
    start, values, groups = example()
    rng = np.random.default_rng(5)
    copies = rng.integers(0, 4, size=len(values))
    once = run(start, values, groups, copies.astype(float), tol=0.0, max_iter=5)
    spread = rng.permutation(np.repeat(np.arange(len(values)), copies))
    each = run(start, values[spread], groups[spread], tol=0.0, max_iter=5)
    assert once.log_likelihood == pytest.approx(each.log_likelihood, rel=1e-11)
    np.testing.assert_allclose(once.params.means, each.params.means, rtol=1e-9)


def test_equal_rows_may_be_known_to_be_of_different_classes() -> None:
    # More components than different rows: K stays what the classes say.
    values = np.array([[0.0], [0.0], [1.0], [1.0]])
    params = MixtureParams(
        np.full(3, 1 / 3), np.array([[0.0], [1.0], [0.5]]), covariance_of("full", np.full((3, 1, 1), 0.3))
    )
    result = run(params, values, np.array([0, 1, 0, 1]), max_iter=1)
    np.testing.assert_allclose(result.params.means[2], 0.5)
    np.testing.assert_allclose(result.params.weights[2], 0.5)


def test_components_that_are_known_of_keep_what_they_stand_for() -> None:
    # One pixel is known of a class; without it the component would be put where the mixture fits worst.
    rng = np.random.default_rng(1)
    values = np.concatenate([rng.normal(size=(200, 2)), [[100.0, 100.0]], [[-60.0, 0.0]]])
    groups = np.concatenate([np.zeros(200), [UNKNOWN, 1]]).astype(np.int64)
    start = random_params(rng, 3, 2)
    result = run(start, values, groups, reg_covar=0.1)
    assert not any(step.is_reseeded for step in result.history)


def test_cells_of_many_rows_keep_what_is_known_of_them() -> None:
    rng = np.random.default_rng(2)
    values = rng.normal(size=(4 * MIN_ROWS, 1))
    groups = rng.integers(UNKNOWN, 2, size=len(values))
    known = PartialLabels(groups, TWO_CLASSES)
    prepared = prepare(values, None, FitSettings(3), known=known)
    coarse = prepared.coarse
    assert coarse is not None
    assert coarse.is_cells
    for (span, restriction), group in zip(coarse.spans(), (UNKNOWN, 0, 1), strict=True):
        own = values[groups == group]
        assert coarse.weights[span].sum() == pytest.approx(len(own))
        assert coarse.columns[:, span] @ coarse.weights[span] == pytest.approx(own.sum(axis=0))
        allowed = None if restriction is None else restriction.allowed.tolist()
        assert allowed == (None if group == UNKNOWN else TWO_CLASSES[group].tolist())
    start = random_params(rng, 3, 1)
    bounds = [rows.expectation(start, True, never_stop).log_likelihood for rows in (coarse, prepared.exact)]
    assert bounds[0] <= bounds[1]
    assert bounds[0] == pytest.approx(bounds[1], rel=1e-3)


@pytest.mark.parametrize("kind", KINDS)
def test_a_mixture_of_mixtures_has_the_density_of_both(kind: CovarianceKind) -> None:
    rng = np.random.default_rng(6)
    parts = [random_params(rng, n, 2, kind) for n in (2, 1)]
    if kind == "tied":
        parts[1] = MixtureParams(parts[1].weights, parts[1].means, parts[0].covariance)
    whole, members = joined(parts, np.array([0.3, 0.7]))
    values = rng.normal(size=(9, 2))
    every = np.ones((9, 3), dtype=bool)
    expected = 0.3 * joint_by_scipy(parts[0], values, every[:, :2]).sum(axis=1)
    expected += 0.7 * joint_by_scipy(parts[1], values, every[:, :1]).sum(axis=1)
    np.testing.assert_allclose(joint_by_scipy(whole, values, every).sum(axis=1), expected)
    assert members.tolist() == TWO_CLASSES.tolist()


def test_a_tied_covariance_of_two_mixtures_is_their_mean_by_share() -> None:
    rng = np.random.default_rng(6)
    parts = [random_params(rng, 1, 2, "tied") for _ in range(2)]
    whole, _ = joined(parts, np.array([0.25, 0.75]))
    expected = 0.25 * parts[0].covariance.values + 0.75 * parts[1].covariance.values
    np.testing.assert_allclose(whole.covariance.values, expected)


def test_what_is_known_has_to_fit_the_rows_and_the_start() -> None:
    start, values, groups = example()
    with pytest.raises(ValueError, match="no component"):
        PartialLabels(groups, np.zeros((2, 3), dtype=bool))
    with pytest.raises(ValueError, match="not there"):
        PartialLabels(groups + 1, TWO_CLASSES)
    with pytest.raises(ValueError, match="neither"):
        run(start, values[1:], groups)
    with pytest.raises(ValueError, match="neither"):
        result_of(fit_events(values, None, FitSettings(3), known=PartialLabels(groups, TWO_CLASSES)))
