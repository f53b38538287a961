"""Acceleration: the same fixed points with fewer E-steps, and a bound that never falls."""

from __future__ import annotations

import itertools
from dataclasses import replace

import numpy as np
import pytest

from gmmseg.arrays import FloatArray
from gmmseg.control import ShouldStop
from gmmseg.mixture.expectation import Expectation, Rows
from gmmseg.mixture.fit import fit
from gmmseg.mixture.params import FitResult, MixtureParams
from gmmseg.mixture.settings import CovarianceKind, FitSettings
from gmmseg.mixture.squarem import Squarem, _packed, _unpacked
from tests.core.mixture.cases import KINDS, blobs, random_params, run_em


def _slow_rows(seed: int, n_rows: int = 500) -> FloatArray:
    """Return rows of overlapping groups, on which EM takes long."""
    return blobs(np.random.default_rng(seed), n_rows, 3, 2, apart=2.0)[0] * 10


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("seed", range(3))
def test_the_bound_never_falls_and_the_end_is_a_fixed_point_of_plain_em(
    kind: CovarianceKind, seed: int
) -> None:
    values = _slow_rows(seed)
    start = random_params(np.random.default_rng(seed), 3, 2, kind, spread=10.0)
    steps = run_em(values, start, 400, floor=1e-3, accelerates=True)
    for before, after in itertools.pairwise(steps):
        assert after.log_likelihood >= before.log_likelihood - 1e-12 * abs(before.log_likelihood)
    assert np.linalg.eigvalsh(steps[-1].params.matrices()).min() >= 1e-3 * (1 - 1e-9)
    more = run_em(values, steps[-1].params, 5, floor=1e-3)
    assert more[-1].lower_bound == pytest.approx(more[0].lower_bound, abs=1e-8)


def _n_expectations(
    monkeypatch: pytest.MonkeyPatch, values: FloatArray, chosen: FitSettings
) -> tuple[int, FitResult]:
    counted: list[int] = []

    plain = Rows.expectation

    def counting(rows: Rows, params: MixtureParams, is_fast: bool, should_stop: ShouldStop) -> Expectation:
        counted.append(1)
        return plain(rows, params, is_fast, should_stop)

    monkeypatch.setattr(Rows, "expectation", counting)
    result = fit(values, None, chosen)
    monkeypatch.undo()
    return len(counted), result


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(3))
def test_fewer_e_steps_lead_at_least_as_high(monkeypatch: pytest.MonkeyPatch, seed: int) -> None:
    values = _slow_rows(seed, 1500)
    settings = FitSettings(n_components=3, n_init=1, seed=seed, tol=1e-8, max_iter=20_000)
    plain, first = _n_expectations(monkeypatch, values, settings)
    fast, second = _n_expectations(monkeypatch, values, replace(settings, accelerate=True))
    assert first.converged
    assert second.converged
    assert fast < 0.6 * plain
    assert second.lower_bound >= first.lower_bound - 1e-6


@pytest.mark.parametrize("kind", KINDS)
def test_parameters_survive_being_packed_and_proposals_are_mixtures(kind: CovarianceKind) -> None:
    params = random_params(np.random.default_rng(0), 4, 3, kind)
    back = _unpacked(_packed(params, 2.5), params, 2.5, 1e-9)
    assert back is not None
    np.testing.assert_allclose(back.weights, params.weights, rtol=1e-12)
    np.testing.assert_allclose(back.means, params.means, rtol=1e-12)
    np.testing.assert_allclose(back.matrices(), params.matrices(), rtol=1e-10, atol=1e-12)
    wild = np.random.default_rng(1).normal(size=_packed(params, 1.0).shape) * 3
    proposed = _unpacked(wild, params, 1.0, 0.5)
    assert proposed is not None
    assert proposed.weights.sum() == pytest.approx(1, abs=1e-12)
    assert np.linalg.eigvalsh(proposed.matrices()).min() >= 0.5 * (1 - 1e-9)
    assert _unpacked(wild * 1e4, params, 1.0, 0.5) is None


def test_steps_do_not_depend_on_the_units_of_the_features() -> None:
    values, scale = _slow_rows(0), 2.0**7
    start = random_params(np.random.default_rng(0), 3, 2, "full", spread=10.0)
    scaled = type(start)(
        start.weights, start.means * scale, type(start.covariance)(start.covariance.values * scale**2)
    )
    one = run_em(values, start, 30, floor=1e-6, accelerates=True)
    two = run_em(values * scale, scaled, 30, floor=1e-6 * scale**2, accelerates=True)
    shift = 2 * np.log(scale)
    assert len(one) == len(two)
    assert two[-1].lower_bound == pytest.approx(one[-1].lower_bound - shift, abs=1e-8)


def test_a_proposal_that_was_wrong_shortens_the_next_one() -> None:
    squarem = Squarem(1e-6)
    squarem._longest = squarem._length = 64.0
    squarem.note(is_better=True)
    assert squarem._longest == 64
    squarem.note(is_better=False)
    assert squarem._longest == 16


def test_jumps_have_no_gain_of_q_of_their_own() -> None:
    values = _slow_rows(1)
    start = random_params(np.random.default_rng(1), 3, 2, "full", spread=10.0)
    steps = run_em(values, start, 60, accelerates=True)
    is_jump = np.isnan([step.q_gain for step in steps[1:]])
    assert 5 < is_jump.sum() < 30
    for step in steps:
        assert step.log_likelihood == pytest.approx(step.q - step.h, rel=1e-12)
