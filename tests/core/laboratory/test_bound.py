"""L, Q, H and the divergence against sums over rows; half steps of EM forward and back."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize

from gmmseg.colours import class_colour
from gmmseg.control import StopRequest, never_stop, result_of
from gmmseg.laboratory.bound import Belief, figures, maximised, problem, shares_of, tints_of
from gmmseg.laboratory.data import Data, example, gaussians, made_data
from gmmseg.laboratory.starts import start
from gmmseg.laboratory.timeline import Timeline, begun, run
from gmmseg.mixture.settings import FitSettings
from tests.core.laboratory import brute

SEEDS = st.integers(0, 10_000)


def rows_of(n_features: int, seed: int) -> Data:
    return made_data("rows", brute.random_mixture(3, n_features, seed), 40, seed)


@given(SEEDS, st.integers(1, 3), st.integers(1, 4))
@settings(max_examples=30)
def test_the_parts_of_the_bound_equal_their_sums_over_rows(seed: int, n_features: int, k: int) -> None:
    data = rows_of(n_features, seed)
    task = problem(data, FitSettings(n_components=k))
    params, held = (brute.random_mixture(k, n_features, seed + add) for add in (1, 2))
    belief = Belief(task, held)
    found = figures(params, task.evaluate(params).log_likelihood, belief)
    values = data.values
    assert found.log_likelihood == pytest.approx(brute.log_likelihood(params, values), rel=1e-10)
    assert found.q == pytest.approx(brute.q_of(params, held, values), rel=1e-10)
    assert found.h == pytest.approx(brute.h_of(params, held, values), rel=1e-9, abs=1e-9)
    divergence = brute.divergence_of(params, held, values)
    assert found.divergence == pytest.approx(divergence, rel=1e-9, abs=1e-8)
    assert found.bound == pytest.approx(found.log_likelihood - divergence, rel=1e-10, abs=1e-8)
    assert found.divergence >= -1e-8
    np.testing.assert_allclose(shares_of(belief).T, np.exp(brute.log_posteriors(held, values)), atol=1e-12)


def test_the_m_step_is_the_weighted_mean_and_covariance_and_a_maximum_of_q() -> None:
    data = example("two-line")
    task = problem(data, FitSettings(n_components=2))
    held = gaussians([0.3, 0.7], [[-1.0], [1.0]], [1.0, 2.0])
    found = maximised(Belief(task, held))
    shares = np.exp(brute.log_posteriors(held, data.values))
    counts = shares.sum(axis=0)
    means = shares.T @ data.values / counts[:, None]
    np.testing.assert_allclose(found.means, means, rtol=1e-10)
    variances = (shares * (data.values - means[:, 0]) ** 2).sum(axis=0) / counts
    np.testing.assert_allclose(found.matrices()[:, 0, 0], variances, rtol=1e-10)
    np.testing.assert_allclose(found.weights, counts / counts.sum(), rtol=1e-12)

    def minus_q(point: np.ndarray) -> float:
        share = 1 / (1 + np.exp(-point[0]))
        trial = gaussians([share, 1 - share], [[point[1]], [point[2]]], np.exp(point[3:]))
        return -brute.q_of(trial, held, data.values)

    best = minimize(minus_q, np.zeros(5), method="BFGS", options={"gtol": 1e-7})
    assert best.x[1:3] == pytest.approx(found.means[:, 0], abs=1e-4)
    assert np.exp(best.x[3:]) == pytest.approx(found.matrices()[:, 0, 0], rel=1e-4)
    assert 1 / (1 + np.exp(-best.x[0])) == pytest.approx(found.weights[0], rel=1e-4)


def test_tints_are_the_colours_mixed_by_posterior() -> None:
    data = example("two-line")
    belief = Belief(
        problem(data, FitSettings(n_components=2)), gaussians([0.5, 0.5], [[-2.0], [2.0]], [1.0, 1.0])
    )
    shares, tints = shares_of(belief), tints_of(belief)
    row = int(np.abs(data.values[:, 0]).argmin())
    wanted = sum(shares[k, row] * np.array(class_colour(k)) for k in range(2))
    np.testing.assert_allclose(tints[row, :3], wanted, atol=0.51)


@pytest.fixture
def timeline() -> Timeline:
    data, settings = example("three-plane"), FitSettings(n_components=3, init="random")
    return begun(problem(data, settings), start(data, settings))


def test_half_steps_go_forward_and_back_and_the_future_gives_way(timeline: Timeline) -> None:
    after = timeline.e_step().m_step()
    assert [frame.half for frame in after.frames] == ["start", "E", "M"]
    assert after.iteration == 1
    back = after.scrubbed(1)
    assert back.now.params is timeline.now.params
    assert back.iteration == 0
    again = back.m_step()
    np.testing.assert_array_equal(again.now.params.means, after.now.params.means)
    other = after.scrubbed(0).e_step()
    assert len(other.frames) == 2
    assert after.scrubbed(99).at == 2
    assert after.scrubbed(-3).at == 0


def test_an_m_step_without_posteriors_is_refused(timeline: Timeline) -> None:
    with pytest.raises(ValueError, match="posteriors"):
        timeline.m_step()


def test_a_step_finishes_what_an_e_step_began(timeline: Timeline) -> None:
    one, two = timeline.step(), timeline.e_step().step()
    assert [frame.half for frame in two.frames] == [frame.half for frame in one.frames]
    np.testing.assert_array_equal(one.now.params.means, two.now.params.means)


def test_consecutive_moves_by_hand_are_one_moment(timeline: Timeline) -> None:
    moved = (
        timeline.e_step()
        .with_params(brute.random_mixture(3, 2, 1))
        .with_params(brute.random_mixture(3, 2, 2))
    )
    assert [frame.half for frame in moved.frames] == ["start", "E", "moved"]
    assert moved.now.belief is moved.frames[1].belief


def test_the_gains_of_an_m_step_are_differences_of_q_and_h(timeline: Timeline) -> None:
    after = timeline.step()
    old, new = timeline.now.params, after.now.params
    values = after.task.rows.columns.T
    rise, entropy = after.now.gains
    assert rise == pytest.approx(brute.q_of(new, old, values) - brute.q_of(old, old, values), rel=1e-8)
    assert entropy == pytest.approx(brute.h_of(new, old, values) - brute.h_of(old, old, values), rel=1e-8)
    assert rise > 0 > entropy
    level = brute.log_likelihood(new, values) - brute.log_likelihood(old, values)
    assert rise - entropy == pytest.approx(level, rel=1e-8)


def test_a_run_rises_to_where_it_settles_and_its_curves_are_of_each_iteration(timeline: Timeline) -> None:
    last = result_of(run(timeline, 1e-8, never_stop))
    curves = last.curves
    assert (np.diff(curves.bound) >= -1e-12).all()
    assert len(curves.bound) == last.iteration + 1
    values = last.task.rows.columns.T
    for at in (0, 3, len(last.changes) - 1):
        params = last.frames[last.changes[at]].params
        assert curves.bound[at] == pytest.approx(
            brute.log_likelihood(params, values) / len(values), rel=1e-10
        )
        assert curves.q[at] == pytest.approx(brute.q_of(params, params, values) / len(values), rel=1e-10)
        assert curves.h[at] == pytest.approx(brute.h_of(params, params, values) / len(values), rel=1e-8)
    settled = last.step().now.found.log_likelihood - last.now.found.log_likelihood
    assert settled < 1e-8 * len(values)


def test_a_run_that_is_stopped_keeps_its_last_step(timeline: Timeline) -> None:
    last = result_of(run(timeline, 0.0, lambda: StopRequest.STOP))
    assert last.iteration == 1
