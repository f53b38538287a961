"""Empty components: found, moved to where the mixture explains worst, moved back where that is worse."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from gmmseg.arrays import FloatArray
from gmmseg.control import StopRequest
from gmmseg.drawing.convergence import monotony
from gmmseg.mixture.covariance import Full
from gmmseg.mixture.density import score_rows
from gmmseg.mixture.fit import fit, fit_events
from gmmseg.mixture.params import MixtureParams
from gmmseg.mixture.reseeding import empty_components, with_empty_moved
from gmmseg.mixture.settings import CovarianceKind, FitSettings
from tests.core.mixture.cases import KINDS, blobs, covariance_of, run_em


def _with_one_far_away(kind: CovarianceKind, n_features: int = 2) -> tuple[FloatArray, MixtureParams]:
    """Return three groups of rows and a start that gives two of them one component and one none at all."""
    values, _ = blobs(np.random.default_rng(0), 600, 3, n_features, apart=15.0)
    means = np.array([[0.0, 0.0], [22.0, 0.0], [1e6, 1e6]])
    matrices = np.stack([np.eye(2), np.diag([60.0, 1.0]), 2 * np.eye(2)])
    return values, MixtureParams(np.full(3, 1 / 3), means, covariance_of(kind, matrices))


@pytest.mark.parametrize("kind", KINDS)
def test_without_reseeding_a_component_without_rows_keeps_its_parameters(kind: CovarianceKind) -> None:
    values, start = _with_one_far_away(kind)
    with np.errstate(all="raise", under="ignore"):
        last = run_em(values, start, 20)[-1].params
    np.testing.assert_array_equal(last.means[2], [1e6, 1e6])
    if kind != "tied":
        np.testing.assert_array_equal(last.matrices()[2], 2 * np.eye(2))
    assert last.weights[2] < 1e-12
    assert np.isfinite(last.matrices()).all()


@pytest.mark.parametrize("kind", KINDS)
def test_an_empty_component_is_started_anew_once_and_the_fit_is_better(kind: CovarianceKind) -> None:
    values, start = _with_one_far_away(kind)
    plain = run_em(values, start, 40)[-1]
    with np.errstate(all="raise", under="ignore"):
        result = fit(values, None, FitSettings(3, kind), start)
    assert sum(step.is_reseeded for step in result.history) == 1
    assert result.log_likelihood > plain.log_likelihood + 0.1
    assert result.params.weights.min() > 0.01
    if kind in ("full", "diag"):
        np.testing.assert_allclose(result.params.weights, 1 / 3, atol=1e-3)
        np.testing.assert_allclose(np.sort(result.params.means[:, 0]), [0, 15, 30], atol=0.3)
    assert any("Empty components were started anew at iteration" in text for text in result.warnings)
    assert not any("Empty components:" in text for text in result.warnings)
    assert result.converged


def test_the_restart_is_no_failure_of_the_rising_bound_and_every_other_fall_is() -> None:
    values, start = _with_one_far_away("full")
    history = fit(values, None, FitSettings(3), start).history
    falls = [b.log_likelihood < a.log_likelihood for a, b in itertools.pairwise(history)]
    assert all(step.is_reseeded for step, falls_here in zip(history[1:], falls, strict=True) if falls_here)
    assert monotony(history).bound is None
    assert np.isnan([step.q_gain for step in history if step.is_reseeded]).all()


@pytest.fixture
def bad_move(monkeypatch: pytest.MonkeyPatch) -> tuple[FloatArray, MixtureParams]:
    """Make every move a bad one: two components in the same place stay there, whatever EM does."""
    values = np.vstack([np.random.default_rng(0).normal(size=(100, 2)), [[1e4, 1e4]]])
    start = MixtureParams(
        np.array([0.9, 0.1]), np.array([[0.0, 0.0], [1e4, 1e4]]), Full(np.stack([np.eye(2)] * 2))
    )
    same = MixtureParams(np.full(2, 0.5), np.zeros((2, 2)), Full(np.stack([1e4 * np.eye(2)] * 2)))
    monkeypatch.setattr("gmmseg.mixture.expectation.with_empty_moved", lambda *given: same)
    return values, start


def test_where_a_move_is_no_better_the_component_comes_back(
    bad_move: tuple[FloatArray, MixtureParams],
) -> None:
    values, start = bad_move
    result = fit(values, None, FitSettings(2, reg_covar=0.01), start)
    first, second = (at for at, step in enumerate(result.history) if step.is_reseeded)
    settled, back = result.history[first - 1], result.history[second]
    assert second > first + 1
    assert back.params is settled.params
    assert back.log_likelihood == settled.log_likelihood == result.log_likelihood
    assert any("put back" in text for text in result.warnings)


def test_stopped_in_the_middle_of_a_bad_move_the_settled_parameters_are_the_last_ones(
    bad_move: tuple[FloatArray, MixtureParams],
) -> None:
    values, start = bad_move
    verdict = [StopRequest.NONE]
    events = fit_events(values, None, FitSettings(2, reg_covar=0.01), lambda: verdict[0], start)
    steps = []
    while True:
        try:
            steps.append(next(events))
        except StopIteration as stop:
            result = stop.value
            break
        if steps[-1].is_reseeded:
            verdict[0] = StopRequest.STOP
    first_move = next(at for at, step in enumerate(steps) if step.is_reseeded)
    assert result.stop_reason == "stopped"
    assert result.log_likelihood == steps[first_move - 1].log_likelihood


@pytest.mark.parametrize(("kind", "needed"), [("full", 4), ("tied", 1), ("diag", 2), ("spherical", 2)])
def test_few_rows_are_too_few_for_a_shape(kind: CovarianceKind, needed: int) -> None:
    params = MixtureParams(np.full(2, 0.5), np.zeros((2, 3)), covariance_of(kind, np.stack([np.eye(3)] * 2)))
    for few in (needed - 0.5, needed):
        counts = np.array([few, 50.0])
        assert empty_components(params, counts, 1.0).tolist() == [few < needed, False]
    # Weights that add up to 1 instead of counting rows.
    assert empty_components(params, np.array([0.4, 0.6]), 0.01).tolist() == [False, False]
    assert not empty_components(params, np.array([0.1, 0.4]), 1.0).any()  # too few rows for both


def test_a_component_goes_to_the_row_of_the_lowest_density() -> None:
    rng = np.random.default_rng(1)
    values = rng.normal(size=(200, 2))
    values[17], values[40] = [30.0, 0.0], [0.0, -20.0]
    means = np.array([[0.0, 0.0], [1e6, 0.0], [0.0, 1e6]])
    params = MixtureParams(np.array([1.0, 0.0, 0.0]), means, Full(np.stack([np.eye(2)] * 3)))
    moved = with_empty_moved(values.T, np.ones(200), params, np.array([200.0, 0.0, 0.0]))
    assert moved is not None
    assert score_rows(params, values).argmin() == 17
    np.testing.assert_array_equal(moved.means[1], values[17])
    np.testing.assert_array_equal(moved.means[2], values[40])
    assert moved.weights.sum() == pytest.approx(1)
    assert with_empty_moved(values.T, np.ones(200), params, np.array([100.0, 50.0, 50.0])) is None
