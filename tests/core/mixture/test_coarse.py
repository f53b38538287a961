"""Cells and samples of many rows, and the way from them to all rows."""

from __future__ import annotations

import numpy as np
import pytest

from gmmseg.arrays import FloatArray
from gmmseg.mixture.coarse import MIN_ROWS
from gmmseg.mixture.density import score_rows
from gmmseg.mixture.fit import fit, fit_events
from gmmseg.mixture.params import MixtureParams
from gmmseg.mixture.preparation import prepare
from gmmseg.mixture.quadratic_kernel import QuadraticKernel, quadratic_features
from gmmseg.mixture.settings import CovarianceKind, FitSettings
from tests.core.mixture.cases import KINDS, blobs

pytestmark = pytest.mark.usefixtures("both_e_steps")


def _bytes(n_rows: int = 20_000, seed: int = 0) -> FloatArray:
    rows, _ = blobs(np.random.default_rng(seed), n_rows, 4, 3, apart=3.0)
    values = np.clip(np.round(rows * 8 + 60), 0, 255)
    values[:2] = [[0, 0, 0], [255, 255, 255]]
    return values


def test_few_rows_have_no_coarse_version() -> None:
    assert prepare(_bytes(MIN_ROWS - 1), None, FitSettings(3)).coarse is None


@pytest.mark.parametrize("kind", ["full", "diag"])
def test_cells_keep_the_exact_sums_of_their_rows(kind: CovarianceKind) -> None:
    values = _bytes()
    weights = np.random.default_rng(1).integers(1, 5, size=len(values)).astype(float)
    prepared = prepare(values, weights, FitSettings(3, kind))
    cells = prepared.coarse
    assert cells is not None
    assert cells.is_cells
    assert cells.n_rows < len(values) / 3
    assert cells.total == pytest.approx(weights.sum(), rel=1e-12)
    np.testing.assert_allclose(cells.columns @ cells.weights, values.T @ weights, rtol=1e-12)
    centre = values.T @ weights / weights.sum()
    expected = quadratic_features(values.T - centre[:, None], kind == "diag") @ weights
    kernel = cells.fast_kernel()
    assert isinstance(kernel, QuadraticKernel)
    assert kernel._features is not None
    np.testing.assert_allclose(kernel._features @ cells.weights, expected, rtol=1e-9, atol=1e-6)


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("seed", range(3))
def test_from_cells_to_all_rows_the_likelihood_never_falls(kind: CovarianceKind, seed: int) -> None:
    values = _bytes(seed=seed)
    result = fit(values, None, FitSettings(4, kind, seed=seed, reg_covar=1 / 12))
    stages = [step.stage for step in result.history]
    assert stages[0] == "coarse"
    assert stages[-1] == "exact"
    assert stages == sorted(stages)
    bounds = np.array([step.log_likelihood for step in result.history])
    is_plain = np.array([not step.is_reseeded for step in result.history[1:]])
    assert np.diff(bounds)[is_plain].min() >= -1e-12 * np.abs(bounds).max()
    assert score_rows(result.params, values).sum() == pytest.approx(result.log_likelihood, rel=1e-10)


def test_the_end_is_stationary_on_all_rows() -> None:
    values = _bytes()
    result = fit(values, None, FitSettings(4, seed=1, reg_covar=1 / 12, tol=1e-8, max_iter=400))
    again = fit(values, None, FitSettings(4, tol=1e-8, reg_covar=1 / 12), result.params)
    settled = next((at for at, step in enumerate(again.history) if step.is_reseeded), again.n_iter)
    assert settled <= 5
    assert again.lower_bound == pytest.approx(result.lower_bound, abs=1e-6)


def test_many_features_are_sampled_and_only_exact_steps_are_shown() -> None:
    values = np.random.default_rng(0).normal(size=(40_000, 8)) * np.arange(1, 9)
    prepared = prepare(values, None, FitSettings(3, "diag"))
    assert prepared.coarse is not None
    assert not prepared.coarse.is_cells
    assert prepared.coarse.total == pytest.approx(40_000)
    result = fit(values, None, FitSettings(3, "diag", max_iter=20, n_init=2))
    assert {step.stage for step in result.history} == {"exact"}


def test_a_sample_follows_the_weights() -> None:
    values = np.random.default_rng(0).normal(size=(40_000, 8))
    weights = np.where(np.arange(40_000) < 400, 1000.0, 1.0)
    coarse = prepare(values, weights, FitSettings(2)).coarse
    assert coarse is not None
    heavy = np.isin(coarse.columns[0], values[:400, 0])
    share = coarse.weights[heavy].sum() / coarse.total
    assert share == pytest.approx(weights[:400].sum() / weights.sum(), abs=0.01)


@pytest.mark.slow
def test_cells_that_cannot_show_any_more_hand_over_without_a_step(monkeypatch: pytest.MonkeyPatch) -> None:
    values = _bytes()
    chosen = FitSettings(4, n_init=1, tol=1e-9)
    first = [step for step in fit_events(values, None, chosen) if step.stage == "coarse"]
    bounds = [step.lower_bound for step in first]
    n_short = next(at for at, rise in enumerate(np.diff(bounds)) if rise < 1e-3) + 1
    asked = []

    def only_in_the_short_run(params: MixtureParams, extent: float) -> bool:
        asked.append(1)
        return len(asked) <= n_short

    monkeypatch.setattr("gmmseg.mixture.em.suits_quadratic", only_in_the_short_run)
    result = fit(values, None, chosen)
    assert sum(step.stage == "coarse" for step in result.history) == n_short + 1
    assert result.history[-1].stage == "exact"
    assert result.converged
