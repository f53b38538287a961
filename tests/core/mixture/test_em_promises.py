"""Promises of every fit, for any rows."""

from __future__ import annotations

import itertools
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import HealthCheck, assume, example, given, settings
from hypothesis import strategies as st

from gmmseg.arrays import FloatArray
from gmmseg.control import never_stop
from gmmseg.mixture.covariance import Full
from gmmseg.mixture.density import responsibilities, score_rows
from gmmseg.mixture.fit import fit, fit_events
from gmmseg.mixture.params import FitResult, FitStep, MixtureParams
from gmmseg.mixture.settings import CovarianceKind, FitSettings
from tests.core.mixture.cases import (
    KINDS,
    awkward_rows,
    blobs,
    covariance_of,
    fit_settings,
    plain_e_step,
    random_params,
    run_em,
)

pytestmark = pytest.mark.usefixtures("both_e_steps")

EPS = float(np.finfo(float).eps)
often = settings(max_examples=60, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
seldom = settings(often, max_examples=25)


def _collect(
    values: FloatArray, weights: FloatArray | None, chosen: FitSettings
) -> tuple[list[FitStep], FitResult]:
    steps = []
    events = fit_events(values, weights, chosen, never_stop)
    while True:
        try:
            steps.append(next(events))
        except StopIteration as stop:
            return steps, stop.value


def _noise(values: FloatArray, params: MixtureParams) -> float:
    """Return how far rounding may move a log-likelihood per unit of itself.

    1e-12 for ordinary rows. Where covariances are ill-conditioned, or rows are spread over few of the steps
    that float64 has at their distance from zero, the density itself has no more digits than this.
    """
    smallest, largest = params.covariance.eigenvalue_range()
    magnitude = float(np.abs(values).max())
    noise: float = max(1e-12, 50 * EPS * (largest / smallest + magnitude / np.sqrt(smallest)))
    return noise


GREY = np.repeat(np.array([[0.0], [0.0], [10.0], [200.0], [255.0], [90.0]]), 3, axis=1)


@often
@given(awkward_rows(), fit_settings())
@example(np.zeros((1, 1)), FitSettings(3))
@example(np.full((5, 2), 7.0), FitSettings(2, "tied"))
@example(GREY, FitSettings(2, "full", reg_covar=1 / 12))
@example(np.array([[0.0, 0.0], [1e6, 1.0], [2.0, 1e6]]), FitSettings(3, "full"))
def test_every_fit_ends_with_finite_parameters_above_the_floor(
    values: FloatArray, chosen: FitSettings
) -> None:
    with np.errstate(all="raise", under="ignore"):
        result = fit(values, None, chosen)
    params = result.params
    matrices = params.matrices()
    assert np.isfinite(params.weights).all()
    assert np.isfinite(params.means).all()
    assert np.isfinite(matrices).all()
    assert params.weights.min() >= 0
    assert abs(params.weights.sum() - 1) <= 1e-12
    np.testing.assert_array_equal(matrices, np.swapaxes(matrices, 1, 2))
    eigenvalues = np.linalg.eigvalsh(matrices)
    rounding = 1e-14 * eigenvalues.max()
    assert eigenvalues.min() >= result.floor * (1 - 1e-9) - rounding
    for _, posterior in responsibilities(params, values):
        assert np.isfinite(posterior).all()
        np.testing.assert_allclose(posterior.sum(axis=0), 1, atol=1e-9)


@often
@given(awkward_rows(), fit_settings())
@example(GREY, FitSettings(3, "tied", reg_covar=1e-6, tol=0.0))
@example(GREY, FitSettings(3, "full", reg_covar=1 / 12, tol=0.0))
def test_the_likelihood_never_falls_with_the_floor_in_force(values: FloatArray, chosen: FitSettings) -> None:
    steps, result = _collect(values, None, chosen)
    for before, after in itertools.pairwise(steps):
        if after.iteration == 0 or after.is_reseeded:
            continue
        tolerance = _noise(values, after.params) * max(1.0, abs(before.log_likelihood), len(values))
        assert after.log_likelihood >= before.log_likelihood - tolerance
    assert result.history[-1].log_likelihood == result.log_likelihood


def test_rows_that_differ_by_few_digits_end_before_the_likelihood_falls() -> None:
    n_told = 0
    for seed, offset, kind in itertools.product(range(2), (1e9, 1e12, 1e15), KINDS):
        rng = np.random.default_rng(seed)
        values = (rng.normal(size=(12, 3)) @ np.diag([1.0, 1e-3, 1e-6]) + offset) * 1e4
        chosen = FitSettings(3, kind, reg_covar=0.0, n_init=1, seed=seed, tol=0.0, max_iter=100)
        steps, result = _collect(values, None, chosen)
        for before, after in itertools.pairwise(steps):
            if after.iteration > 0 and not after.is_reseeded:
                assert after.lower_bound >= before.lower_bound - 1e-9 * max(1.0, abs(before.lower_bound))
        is_told = any("rounding would have lowered" in text for text in result.warnings)
        assert is_told == (result.stop_reason == "rounding")
        n_told += is_told
    assert n_told > 0


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("value", [0.0, 0.1, 1e60, 1e99])
def test_equal_rows_of_any_size_are_fitted_without_a_floor(kind: CovarianceKind, value: float) -> None:
    # The mean of equal rows is rounded: their covariance is a matrix of rounding, of rank 1.
    for n_components in (1, 2):
        result = fit(np.full((20, 2), value), None, FitSettings(n_components, kind, reg_covar=0.0))
        np.testing.assert_allclose(result.params.means, np.full((1, 2), value), rtol=1e-15)
        assert np.linalg.eigvalsh(result.params.matrices()).min() > 0


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("floor", [1e-2, 1 / 12, 1.0])
@pytest.mark.parametrize("seed", range(4))
def test_on_bytes_the_likelihood_never_falls_by_more_than_twelve_digits(
    kind: CovarianceKind, floor: float, seed: int
) -> None:
    rng = np.random.default_rng(seed)
    values = (rng.integers(0, 256, size=(2000, 3)) * (rng.random((2000, 1)) < 0.7)).astype(float)
    counts = rng.integers(1, 50, size=2000).astype(float)
    start = random_params(rng, 4, 3, kind, spread=60.0).shifted(np.full(3, 128.0))
    steps = run_em(values, start, 60, counts, floor)
    bounds = np.array([step.log_likelihood for step in steps[1:]])
    assert np.diff(bounds).min() >= -1e-12 * np.abs(bounds).max()


@pytest.mark.parametrize("seed", range(4))
def test_the_likelihood_does_not_fall_where_the_accurate_kernel_takes_over(
    seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    rng = np.random.default_rng(seed)
    values = blobs(rng, 1500, 3, 3, apart=3.0)[0] * 20 + 128
    start = random_params(rng, 3, 3, spread=20.0).shifted(values.mean(axis=0))
    seen = []

    def only_three_times(params: MixtureParams, extent: float) -> bool:
        seen.append(1)
        return len(seen) <= 3

    monkeypatch.setattr("gmmseg.mixture.em.suits_quadratic", only_three_times)
    steps = run_em(values, start, 8)
    assert len(seen) == 4  # asked until the answer was no
    bounds = np.array([step.log_likelihood for step in steps])
    assert np.diff(bounds).min() >= -1e-12 * np.abs(bounds).max()


def _entropy_h(values: FloatArray, params: MixtureParams) -> float:
    h = 0.0
    for _, gamma in responsibilities(params, values):
        held = gamma > 0
        h += float((gamma[held] * np.log(gamma[held])).sum())
    return h


@seldom
@given(st.integers(0, 2**31), st.sampled_from(KINDS), st.integers(1, 3), st.integers(1, 4))
def test_l_is_q_minus_h_and_its_rise_is_their_difference(
    seed: int, kind: CovarianceKind, n_features: int, n_components: int
) -> None:
    rng = np.random.default_rng(seed)
    values = rng.normal(size=(30, n_features)) * 2
    steps = run_em(values, random_params(rng, n_components, n_features, kind, 1.5), 4, floor=1e-3)
    for step in steps:
        scale = max(1.0, abs(step.log_likelihood))
        assert step.log_likelihood == pytest.approx(step.q - step.h, rel=1e-12)
        assert step.h == pytest.approx(_entropy_h(values, step.params), abs=1e-9 * scale)
        plain = plain_e_step(values, step.params)
        assert step.q == pytest.approx(plain.q, abs=1e-9 * scale)
    for before, after in itertools.pairwise(steps):
        scale = max(1.0, abs(before.log_likelihood))
        rise = after.log_likelihood - before.log_likelihood
        assert rise == pytest.approx(after.q_gain - after.h_gain, abs=1e-9 * scale)
        assert after.q_gain >= -1e-10 * scale
        assert after.h_gain <= 1e-10 * scale
        old, new = plain_e_step(values, before.params).gamma, plain_e_step(values, after.params).gamma
        held = (old > 1e-200) & (new > 1e-200)
        divergence = float((old[held] * np.log(old[held] / new[held])).sum())
        assert -after.h_gain == pytest.approx(divergence, abs=1e-8 * scale)


@pytest.mark.parametrize("kind", KINDS)
def test_h_is_never_above_0_where_components_do_not_overlap(kind: CovarianceKind) -> None:
    # Responsibilities are 0 and 1 there: Q, from the moments, differs from L, a sum over rows, by rounding.
    for seed in range(10):
        rng = np.random.default_rng(seed)
        values = blobs(rng, 60, 3, 2, apart=200.0)[0]
        for step in fit(values, None, FitSettings(3, kind, seed=seed, n_init=1)).history:
            assert step.h <= 0
            assert step.q <= step.log_likelihood


@seldom
@given(st.integers(0, 2**31))
def test_h_is_largest_at_the_parameters_it_was_taken_at(seed: int) -> None:
    rng = np.random.default_rng(seed)
    values = rng.normal(size=(20, 2))
    here, other = (random_params(rng, 3, 2, spread=1.0) for _ in range(2))
    gamma, elsewhere = plain_e_step(values, here).gamma, plain_e_step(values, other).gamma
    cross = float((gamma * np.log(np.maximum(elsewhere, 1e-300))).sum())
    assert cross <= run_em(values, here, 0)[0].h + 1e-9


@seldom
@given(awkward_rows(), fit_settings())
def test_the_reported_likelihood_is_the_score_of_the_returned_parameters(
    values: FloatArray, chosen: FitSettings
) -> None:
    result = fit(values, None, chosen)
    assume(not chosen.is_hard)
    noise = max(1e-10, _noise(values, result.params)) * max(1.0, abs(result.log_likelihood), len(values))
    assert score_rows(result.params, values).sum() == pytest.approx(result.log_likelihood, abs=noise)
    assert result.lower_bound == pytest.approx(result.log_likelihood / len(values), rel=1e-12)


@seldom
@given(awkward_rows(), fit_settings())
def test_the_same_seed_gives_the_same_bytes(values: FloatArray, chosen: FitSettings) -> None:
    first, again = fit(values, None, chosen), fit(values, None, chosen)
    for one, two in (
        (first.params.weights, again.params.weights),
        (first.params.means, again.params.means),
        (first.params.covariance.values, again.params.covariance.values),
    ):
        assert one.tobytes() == two.tobytes()
    assert first.log_likelihood == again.log_likelihood
    assert [step.q for step in first.history] == [step.q for step in again.history]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("seed", range(3))
def test_the_order_of_the_rows_does_not_matter(kind: CovarianceKind, seed: int) -> None:
    rng = np.random.default_rng(seed)
    values = blobs(rng, 9000, 3, 2, apart=3.0)[0]
    start = random_params(rng, 3, 2, kind, 2.0)
    one, two = (run_em(rows, start, 15)[-1] for rows in (values, values[rng.permutation(9000)]))
    assert one.log_likelihood == pytest.approx(two.log_likelihood, rel=1e-10)
    np.testing.assert_allclose(one.params.means, two.params.means, rtol=1e-8, atol=1e-9)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("offset", [1e6, -1e6])
def test_a_shift_by_a_million_changes_no_covariance(kind: CovarianceKind, offset: float) -> None:
    rng = np.random.default_rng(0)
    # Multiples of 1/1024 stay exact when shifted, so that both fits see the same rows.
    values = np.round(blobs(rng, 600, 3, 2, apart=4.0)[0] * 1024) / 1024
    start = random_params(rng, 3, 2, kind, 2.0)
    one = run_em(values, start, 10)[-1]
    two = run_em(values + offset, start.shifted(np.full(2, offset)), 10)[-1]
    np.testing.assert_allclose(two.params.covariance.values, one.params.covariance.values, rtol=1e-9)
    assert two.log_likelihood == pytest.approx(one.log_likelihood, rel=1e-9)


@pytest.mark.parametrize("seed", range(4))
def test_an_affine_map_changes_the_likelihood_by_its_determinant(seed: int) -> None:
    rng = np.random.default_rng(seed)
    values = blobs(rng, 500, 3, 3, apart=3.0)[0]
    start = random_params(rng, 3, 3, "full", 2.0)
    matrix, offset = rng.normal(size=(3, 3)) + 3 * np.eye(3), rng.normal(size=3) * 10
    moved = matrix @ start.matrices() @ matrix.T
    mapped = MixtureParams(
        start.weights, start.means @ matrix.T + offset, Full((moved + np.swapaxes(moved, 1, 2)) / 2)
    )
    one = run_em(values, start, 12)[-1]
    two = run_em(values @ matrix.T + offset, mapped, 12)[-1]
    log_det = np.log(abs(np.linalg.det(matrix)))
    assert two.lower_bound == pytest.approx(one.lower_bound - log_det, rel=1e-9)
    np.testing.assert_allclose(two.params.weights, one.params.weights, rtol=1e-7)
    np.testing.assert_allclose(two.params.means, one.params.means @ matrix.T + offset, rtol=1e-6, atol=1e-7)


@pytest.mark.parametrize("kind", KINDS)
def test_a_change_of_units_with_the_floor_in_the_new_units_changes_nothing_else(kind: CovarianceKind) -> None:
    rng = np.random.default_rng(1)
    values = np.round(blobs(rng, 300, 3, 2, apart=4.0)[0] * 4)
    scale = 2.0**-9
    chosen = FitSettings(4, kind, seed=2, reg_covar=1 / 12, n_init=2)
    one = fit(values, None, chosen)
    two = fit(values * scale, None, replace(chosen, reg_covar=scale**2 / 12))
    np.testing.assert_allclose(two.params.means, one.params.means * scale, rtol=1e-9, atol=1e-12)
    assert two.lower_bound == pytest.approx(one.lower_bound - 2 * np.log(scale), rel=1e-9)


@seldom
@given(st.integers(0, 2**31), st.sampled_from(KINDS))
def test_weights_are_repeated_rows(seed: int, kind: CovarianceKind) -> None:
    rng = np.random.default_rng(seed)
    values = rng.integers(0, 30, size=(40, 2)).astype(float)
    counts = rng.integers(0, 6, size=40)
    assume((counts > 0).sum() > 5)
    start = random_params(rng, 3, 2, kind, 8.0).shifted(np.full(2, 15.0))
    repeated = run_em(np.repeat(values, counts, axis=0), start, 6, floor=1 / 12)[-1]
    held = counts > 0
    weighted = run_em(values[held], start, 6, counts[held].astype(float), floor=1 / 12)[-1]
    assert weighted.log_likelihood == pytest.approx(repeated.log_likelihood, rel=1e-9)
    np.testing.assert_allclose(weighted.params.means, repeated.params.means, rtol=1e-6, atol=1e-8)


def test_rows_of_weight_zero_do_not_count() -> None:
    rng = np.random.default_rng(0)
    values = blobs(rng, 100, 2, 2)[0]
    weights = np.ones(120)
    weights[100:] = 0
    chosen = FitSettings(2, seed=1)
    with_them = fit(np.vstack([values, np.full((20, 2), 1e9)]), weights, chosen)
    assert with_them.log_likelihood == fit(values, None, chosen).log_likelihood
    assert with_them.n_rows == 100


@pytest.mark.parametrize("kind", KINDS)
def test_the_floored_m_step_beats_every_other_allowed_covariance(kind: CovarianceKind) -> None:
    rng = np.random.default_rng(3)
    values = np.column_stack([rng.normal(size=200) * 5, rng.normal(size=200) * 0.1])
    start = random_params(rng, 2, 2, kind, 3.0)
    floor = 0.5
    best = run_em(values, start, 1, floor=floor)[1].params
    gamma = plain_e_step(values, start).gamma

    def q_of(params: MixtureParams) -> float:
        joint = np.array(
            [
                score_rows(MixtureParams(np.ones(1), m[None], Full(c[None])), values)
                for m, c in zip(params.means, params.matrices(), strict=True)
            ]
        )
        return float((gamma.T * (joint + np.log(params.weights)[:, None])).sum())

    top = q_of(best)
    for _ in range(100):
        factors = rng.normal(size=(2, 2, 2)) * 0.3
        noise = factors @ np.swapaxes(factors, 1, 2)
        shrink = rng.uniform(0.7, 1.3)
        matrices = best.matrices() * shrink + noise
        eigenvalues, axes = np.linalg.eigh((matrices + np.swapaxes(matrices, 1, 2)) / 2)
        allowed = (axes * np.maximum(eigenvalues, floor)[:, None, :]) @ np.swapaxes(axes, 1, 2)
        other = MixtureParams(
            best.weights, best.means, covariance_of(kind, (allowed + np.swapaxes(allowed, 1, 2)) / 2)
        )
        assert q_of(other) <= top + 1e-9 * abs(top)
