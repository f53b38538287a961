"""A whole fit: restarts, stopping, reductions, refusals, cancelling."""

from __future__ import annotations

import numpy as np
import pytest

from gmmseg.arrays import FloatArray
from gmmseg.control import StopRequest, never_stop, result_of
from gmmseg.errors import Cancelled, FitError
from gmmseg.mixture.covariance import Full, Spherical
from gmmseg.mixture.density import score_rows
from gmmseg.mixture.fit import fit, fit_events
from gmmseg.mixture.kernels import blocks
from gmmseg.mixture.params import MixtureParams
from gmmseg.mixture.preparation import count_distinct, prepare
from gmmseg.mixture.settings import CovarianceKind, FitSettings, InitMethod
from tests.core.mixture.cases import KINDS, blobs, random_params

pytestmark = pytest.mark.usefixtures("both_e_steps")


def _overlapping(n_rows: int = 300, seed: int = 0) -> FloatArray:
    return blobs(np.random.default_rng(seed), n_rows, 3, 2, apart=2.0)[0]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("init", ["kmeans++", "random"])
def test_all_restarts_are_reported_and_the_best_is_kept(kind: CovarianceKind, init: InitMethod) -> None:
    values = _overlapping()
    result = fit(values, None, FitSettings(4, kind, init=init, n_init=4, seed=3, max_iter=60))
    bounds = [restart.lower_bound for restart in result.restarts]
    assert [restart.index for restart in result.restarts] == list(range(4))
    assert result.lower_bound == max(bounds)
    assert result.best_restart == int(np.argmax(bounds))
    assert result.lower_bound == pytest.approx(score_rows(result.params, values).mean(), rel=1e-10)
    assert {step.restart for step in result.history} == {result.best_restart}
    kept = result.restarts[result.best_restart]
    assert (kept.n_iter, kept.stop_reason) == (result.n_iter, result.stop_reason)


@pytest.mark.parametrize("n_rows", [300, 50_000])
def test_the_bound_of_every_restart_is_kept_step_by_step(n_rows: int) -> None:
    values, settings = _overlapping(n_rows), FitSettings(4, n_init=4, seed=3, max_iter=60)
    watched = list(fit_events(values, None, settings))
    result = fit(values, None, settings)
    for run in result.restarts:
        if run.index != result.best_restart:
            assert run.bounds == tuple(step.lower_bound for step in watched if step.restart == run.index)
    kept = result.restarts[result.best_restart]
    assert len(kept.bounds) == kept.n_iter + 1
    assert kept.bounds[-1] == result.lower_bound


def test_each_restart_starts_elsewhere() -> None:
    values = _overlapping()
    steps = list(fit_events(values, None, FitSettings(3, init="random", n_init=3)))
    starts = [step.params.means.tobytes() for step in steps if step.iteration == 0]
    assert len(set(starts)) == 3


def test_the_parameter_rule_fires_alone_and_says_so() -> None:
    result = fit(_overlapping(), None, FitSettings(3, tol=0.0, parameter_tol=0.05, n_init=1, max_iter=2000))
    assert result.stop_reason == "parameters"
    assert result.converged
    changes = [step.parameter_change for step in result.history[1:]]
    assert changes[-1] <= 0.05 < min(changes[:-1])


def test_the_q_rule_fires_alone_and_says_so() -> None:
    values = _overlapping()
    result = fit(values, None, FitSettings(3, tol=0.0, q_tol=1e-4, n_init=1, max_iter=2000))
    assert result.stop_reason == "expected likelihood"
    assert result.converged
    gains = [abs(step.q_gain) / len(values) for step in result.history[1:]]
    assert gains[-1] <= 1e-4 < min(gains[:-1])


def test_the_bound_rule_fires_alone_and_says_so() -> None:
    result = fit(_overlapping(), None, FitSettings(3, tol=1e-5, n_init=1))
    assert result.stop_reason == "bound"
    rises = np.diff([step.lower_bound for step in result.history])
    assert rises[-1] < 1e-5 <= rises[:-1].min()


def test_the_iteration_limit_is_no_convergence() -> None:
    result = fit(_overlapping(), None, FitSettings(3, tol=0.0, n_init=1, max_iter=4))
    assert result.stop_reason == "iteration limit"
    assert not result.converged
    assert result.n_iter == 4
    assert any("had not converged" in text for text in result.warnings)


@pytest.mark.parametrize("max_iter", [1, 2, 7, 12, 30])
def test_the_iteration_limit_holds_for_coarse_and_exact_iterations_together(max_iter: int) -> None:
    values = np.random.default_rng(0).integers(0, 30, (9000, 2)).astype(float)
    settings = FitSettings(4, tol=0.0, n_init=2, max_iter=max_iter, reg_covar=1 / 12)
    assert prepare(values, None, settings).coarse is not None
    result = fit(values, None, settings)
    assert result.n_iter == max_iter
    assert result.restarts[result.best_restart].n_iter == max_iter
    assert sum(step.stage == "exact" and step.iteration > 0 for step in result.history) >= max_iter / 2


def test_the_parameter_rule_does_not_depend_on_the_units() -> None:
    values = _overlapping()
    chosen = FitSettings(3, tol=0.0, parameter_tol=0.05, n_init=1, max_iter=2000)
    one, two = (fit(values * scale, None, chosen) for scale in (1.0, 1024.0))
    assert one.n_iter == two.n_iter


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("n_distinct", [1, 2, 3])
def test_k_is_reduced_to_the_number_of_different_rows(kind: CovarianceKind, n_distinct: int) -> None:
    values = np.tile(np.arange(n_distinct, dtype=float)[:, None] * 50, (20, 2))
    result = fit(values, None, FitSettings(5, kind, reg_covar=1 / 12))
    assert result.params.n_components == n_distinct
    found = sorted(result.params.means[:, 0])
    np.testing.assert_allclose(found, np.arange(n_distinct) * 50.0, atol=1e-6)
    rows = "is only 1 distinct value." if n_distinct == 1 else f"are only {n_distinct} distinct values."
    assert result.warnings[0] == f"K was reduced from 5 to {n_distinct}: there {rows}"


def test_minus_zero_is_the_same_row_as_zero() -> None:
    assert count_distinct(np.array([[0.0], [-0.0]]), 5) == 1


@pytest.mark.parametrize("n_rows", [10, 5000, 300_000])
def test_distinct_rows_are_counted_wherever_they_are(n_rows: int) -> None:
    values = np.zeros((n_rows, 2))
    values[-1] = 1.0
    values[-2, 1] = 2.0
    assert count_distinct(values, 100) == 3
    assert count_distinct(values, 2) == 2


@pytest.mark.parametrize("kind", KINDS)
def test_a_component_on_one_row_has_the_floor_as_its_variance(kind: CovarianceKind) -> None:
    values = np.vstack([np.random.default_rng(0).normal(size=(100, 2)), [[1e4, 1e4]]])
    result = fit(values, None, FitSettings(2, kind, reg_covar=0.01))
    lone = int(np.argmax(result.params.means[:, 0]))
    np.testing.assert_allclose(result.params.means[lone], [1e4, 1e4])
    if kind != "tied":
        np.testing.assert_allclose(result.params.matrices()[lone], 0.01 * np.eye(2), atol=1e-9)


def test_components_come_by_falling_weight() -> None:
    result = fit(_overlapping(), None, FitSettings(4))
    assert (np.diff(result.params.weights) <= 0).all()


def test_a_given_start_keeps_its_order_and_runs_once() -> None:
    values, _ = blobs(np.random.default_rng(0), 300, 3, 2, apart=20.0)
    means = np.array([[40.0, 0.0], [0.0, 0.0], [20.0, 0.0]])
    start = MixtureParams(np.array([0.2, 0.2, 0.6]), means, Spherical(np.ones(3)))
    result = fit(values, None, FitSettings(3, "spherical", n_init=5), start)
    np.testing.assert_allclose(result.params.means, means, atol=0.5)
    assert len(result.restarts) == 1
    assert result.history[0].params is start


def test_one_component_from_a_given_start_reaches_the_closed_form() -> None:
    values = _overlapping()
    start = MixtureParams(np.ones(1), np.array([[5.0, 5.0]]), Full(np.eye(2)[None]))
    result = fit(values, None, FitSettings(1), start)
    assert result.history[0].params is start
    closed = fit(values, None, FitSettings(1))
    assert result.log_likelihood == pytest.approx(closed.log_likelihood, rel=1e-12)


def test_an_ill_conditioned_covariance_is_warned_about() -> None:
    values = np.random.default_rng(0).normal(size=(100, 2)) * [1e6, 1e-6]
    assert any("ill-conditioned" in text for text in fit(values, None, FitSettings(1)).warnings)


@pytest.mark.parametrize(
    ("values", "weights", "cause"),
    [
        (np.zeros((0, 2)), None, "shape"),
        (np.zeros(3), None, "shape"),
        (np.array([[np.nan], [1.0]]), None, "finite"),
        (np.array([[np.inf], [1.0]]), None, "finite"),
        (np.array([[1e101], [1.0]]), None, "1e100"),
        (np.zeros((3, 1)), np.ones(2), r"\(2,\) do not fit 3 rows"),
        (np.zeros((3, 1)), np.array([1.0, -1.0, 1.0]), "at least 0"),
        (np.zeros((3, 1)), np.zeros(3), "not all 0"),
        (np.zeros((3, 1)), np.array([1.0, np.nan, 1.0]), "finite"),
        (np.zeros((3, 1)), np.full(3, 1e308), "too large. Divide all weights"),
        (np.array([[1e90], [0.0], [2e90]]), np.full(3, 1e200), "too large. Divide all weights"),
    ],
)
def test_rows_that_cannot_be_fitted_are_refused_with_the_cause(
    values: FloatArray, weights: FloatArray | None, cause: str
) -> None:
    with pytest.raises(FitError, match=cause):
        fit(values, weights, FitSettings(2))


def test_a_start_without_a_finite_likelihood_is_refused() -> None:
    start = MixtureParams(np.full(2, 0.5), np.array([[1e200], [-1e200]]), Spherical(np.ones(2)))
    with np.errstate(all="ignore"), pytest.raises(FitError, match="not a finite number"):
        fit(np.random.default_rng(0).normal(size=(10, 1)), None, FitSettings(2, "spherical"), start)


@pytest.mark.slow
def test_huge_and_tiny_rows_are_fitted() -> None:
    values = _overlapping()
    for scale in (1e99, 1e-90):
        with np.errstate(all="raise", under="ignore"):
            result = fit(values * scale, None, FitSettings(3))
        plain = fit(values, None, FitSettings(3))
        assert result.lower_bound == pytest.approx(plain.lower_bound - 2 * np.log(scale), rel=1e-6)


class _Asked:
    """Callable that answers NONE a number of times, then something else."""

    def __init__(self, n_times: int, then: StopRequest) -> None:
        self.n_times, self.then, self.count = n_times, then, 0

    def __call__(self) -> StopRequest:
        self.count += 1
        return StopRequest.NONE if self.count <= self.n_times else self.then


@pytest.mark.parametrize("n_times", [0, 1, 9, 40])
def test_cancel_ends_at_the_next_block(n_times: int) -> None:
    values = _overlapping(30_000)
    should_stop = _Asked(n_times, StopRequest.CANCEL)
    with pytest.raises(Cancelled):
        result_of(fit_events(values, None, FitSettings(3, tol=0.0), should_stop))
    assert should_stop.count <= n_times + 2  # the two halves of an E-step ask side by side


def test_stop_before_the_first_step_is_a_cancel() -> None:
    with pytest.raises(Cancelled):
        result_of(fit_events(_overlapping(), None, FitSettings(3), _Asked(0, StopRequest.STOP)))


@pytest.mark.parametrize("n_extra", [0, 1, 2])
def test_stop_within_a_step_keeps_the_last_complete_one(n_extra: int) -> None:
    values = _overlapping(20_000)
    rng = np.random.default_rng(1)
    start = random_params(rng, 3, 2)
    per_step = len(list(blocks(20_000, 3)))
    assert per_step == 3
    # Three questions come before the first step, while the rows are prepared.
    should_stop = _Asked(3 + 4 * per_step + n_extra, StopRequest.STOP)
    seen = []
    events = fit_events(values, None, FitSettings(3, tol=0.0), should_stop, start)
    while True:
        try:
            seen.append(next(events))
        except StopIteration as stop:
            result = stop.value
            break
    assert should_stop.count <= 3 + 4 * per_step + n_extra + 2
    assert len(seen) == 4
    assert result.params is seen[-1].params
    assert result.log_likelihood == seen[-1].log_likelihood
    assert (result.stop_reason, result.converged) == ("stopped", False)
    assert any("stopped before" in text for text in result.warnings)


def test_stop_during_a_later_restart_keeps_the_better_one() -> None:
    values = _overlapping()
    steps = []
    stopping: list[int] = []
    chosen = FitSettings(3, init="random", n_init=4, tol=1e-9)
    events = fit_events(values, None, chosen, lambda: StopRequest.STOP if stopping else StopRequest.NONE)
    while True:
        try:
            steps.append(next(events))
        except StopIteration as stop:
            result = stop.value
            break
        if steps[-1].restart == 1 and steps[-1].iteration == 1:
            stopping.append(1)
    last = {step.restart: step.lower_bound for step in steps}
    assert result.lower_bound == max(last.values())
    assert [restart.stop_reason for restart in result.restarts][1] == "stopped"


def test_stop_in_the_coarse_stage_is_scored_on_all_rows() -> None:
    rng = np.random.default_rng(0)
    values = np.round(blobs(rng, 30_000, 3, 2, apart=3.0)[0] * 20)
    stopping: list[int] = []
    events = fit_events(
        values, None, FitSettings(3), lambda: StopRequest.STOP if stopping else StopRequest.NONE
    )
    while True:
        try:
            step = next(events)
        except StopIteration as stop:
            result = stop.value
            break
        assert not stopping or step.stage == "exact"
        if step.iteration == 3:
            stopping.append(1)
    assert result.stop_reason == "stopped"
    assert result.log_likelihood == pytest.approx(score_rows(result.params, values).sum(), rel=1e-10)


def test_stop_on_all_rows_never_falls_back_to_a_sample() -> None:
    values = np.random.default_rng(0).normal(size=(40_000, 8)) * np.arange(1, 9)
    stopping: list[int] = []
    chosen = FitSettings(3, "diag", n_init=4, max_iter=30, tol=1e-9)
    events = fit_events(values, None, chosen, lambda: StopRequest.STOP if stopping else StopRequest.NONE)
    last = None
    while True:
        try:
            step = next(events)
        except StopIteration as stop:
            result = stop.value
            break
        if step.stage == "exact":
            last = step
        if step.stage == "exact" and step.iteration == 2:
            stopping.append(1)
    assert last is not None
    assert result.history[-1].log_likelihood == last.log_likelihood
    assert last.iteration == 2
    assert result.best_restart == last.restart


def test_each_block_of_each_iteration_asks_whether_to_stop() -> None:
    values = np.random.default_rng(0).normal(size=(100_000, 3))
    asked = 0

    def should_stop() -> StopRequest:
        nonlocal asked
        asked += 1
        return StopRequest.NONE

    by_step = [
        (step.stage, asked)
        for step in fit_events(values, None, FitSettings(5, n_init=1, max_iter=3), should_stop)
    ]
    exact = [count for stage, count in by_step if stage == "exact"]
    assert len(exact) > 1
    assert np.diff(exact).min() >= len(list(blocks(len(values), 5))) > 1


def test_the_floor_is_never_below_what_rounding_can_tell() -> None:
    prepared = prepare(np.random.default_rng(0).normal(size=(50, 2)) * 1e3, None, FitSettings(2))
    assert 1e-7 < prepared.floor < 1e-4
    assert prepare(np.zeros((5, 1)), None, FitSettings(1, reg_covar=0.25)).floor == 0.25


def test_the_criteria_are_their_formulas() -> None:
    values = _overlapping()
    counts = np.random.default_rng(0).integers(1, 4, size=300).astype(float)
    result = fit(values, counts, FitSettings(3))
    n_parameters = 2 + 6 + 9
    assert result.params.n_parameters == n_parameters
    n = counts.sum()
    assert result.total_weight == n
    assert result.bic == pytest.approx(-2 * result.log_likelihood + n_parameters * np.log(n))
    assert result.aic == pytest.approx(-2 * result.log_likelihood + 2 * n_parameters)
    joint = np.array(
        [
            np.log(w) + score_rows(MixtureParams(np.ones(1), m[None], Full(c[None])), values)
            for w, m, c in zip(
                result.params.weights, result.params.means, result.params.matrices(), strict=True
            )
        ]
    )
    gamma = np.exp(joint - np.logaddexp.reduce(joint))
    entropy = -(counts * gamma * np.log(gamma)).sum()
    assert result.icl == pytest.approx(result.bic + 2 * entropy, rel=1e-9)
    assert result_of(fit_events(values, counts, FitSettings(3), never_stop)).bic == result.bic
