from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from gmmseg.drawing.convergence import curves, iteration_of, monotony, runs_by_restart
from gmmseg.mixture.params import FitStep
from gmmseg.mixture.settings import CovarianceKind, FitSettings
from gmmseg.photo.settings import SegmentSettings
from tests.data.states import fitted_shown, make_image, make_runs, make_table


@pytest.fixture(scope="module")
def run() -> tuple[FitStep, ...]:
    return make_runs(make_table(make_image()), n_steps=9)[0]


def test_steps_are_sorted_by_restart_in_the_order_they_came() -> None:
    runs = make_runs(make_table(make_image()), n_steps=4)
    mixed = [step for column in zip(*runs, strict=True) for step in column]
    assert runs_by_restart(mixed) == {0: runs[0], 1: runs[1], 2: runs[2]}


def test_figures_per_pixel_keep_l_equal_to_q_minus_h(run: tuple[FitStep, ...]) -> None:
    figures = curves(run)
    np.testing.assert_allclose(figures.q - figures.h, figures.bound, rtol=1e-12)
    np.testing.assert_allclose(figures.q * 2400, [step.q for step in run], rtol=1e-12)
    assert figures.n_coarse == 5
    assert figures.iteration.tolist() == list(range(9))


def test_iterations_are_counted_on_through_the_stages() -> None:
    shown = fitted_shown(3, 100, 150)
    result = shown.document.fit.result  # type: ignore[union-attr]
    figures = curves(result.history)
    assert {step.stage for step in result.history} == {"coarse", "exact"}
    assert figures.iteration[-1] == result.n_iter
    assert figures.iteration[figures.n_coarse] == figures.iteration[figures.n_coarse - 1]
    assert [iteration_of(step, result.history) for step in result.history] == figures.iteration.tolist()


def test_the_iterations_of_another_restart_do_not_count() -> None:
    one, other, _ = make_runs(make_table(make_image()), n_steps=4)
    mixed = [step for pair in zip(one, other, strict=True) for step in pair]
    assert [iteration_of(step, mixed) for step in other] == [0, 1, 2, 3]
    with pytest.raises(ValueError, match="not one of"):
        iteration_of(one[0], other)


def test_the_last_tenth_of_the_climb_starts_where_a_tenth_is_left(run: tuple[FitStep, ...]) -> None:
    figures = curves(run)
    first = figures.climb_from(0.1)
    rise = figures.bound[-1] - figures.bound[0]
    assert (
        figures.bound[-1] - figures.bound[first] <= 0.1 * rise < figures.bound[-1] - figures.bound[first - 1]
    )
    assert curves(run[:1]).climb_from(0.1) == 0


def test_genuine_steps_are_monotone(run: tuple[FitStep, ...]) -> None:
    found = monotony(run)
    assert (found.bound, found.q, found.h) == (None, None, None)


@pytest.mark.parametrize("covariance", ["full", "tied", "diag", "spherical"])
@pytest.mark.parametrize("is_hard", [False, True], ids=["soft", "hard"])
def test_the_engine_is_monotone_from_the_coarse_to_the_exact_stage(
    covariance: CovarianceKind, is_hard: bool
) -> None:
    mixture = FitSettings(n_components=5, covariance=covariance, n_init=2, is_hard=is_hard)
    shown = fitted_shown(4, 60, 80, settings=SegmentSettings(mixture=mixture))
    found = monotony(shown.steps)
    assert (found.bound, found.q, found.h) == (None, None, None)


@pytest.mark.parametrize("at", [2, 5, 8], ids=["coarse", "coarse to exact", "exact"])
def test_a_fall_of_the_bound_is_found_where_it_happens(run: tuple[FitStep, ...], at: int) -> None:
    low = replace(run[at], lower_bound=run[at - 1].lower_bound - 1e-9)
    assert monotony((*run[:at], low)).bound is low


def test_a_fall_within_rounding_is_none(run: tuple[FitStep, ...]) -> None:
    bound = run[7].lower_bound
    assert monotony((run[7], replace(run[8], lower_bound=bound - 0.9e-12 * abs(bound)))).bound is None
    assert monotony((run[7], replace(run[8], lower_bound=bound - 1.1e-12 * abs(bound)))).bound is not None


def test_a_lowered_q_and_a_raised_h_are_found(run: tuple[FitStep, ...]) -> None:
    broken = (*run[:3], replace(run[3], q_gain=-1.0), replace(run[4], h_gain=1.0))
    found = monotony(broken)
    assert found.q is broken[3]
    assert found.h is broken[4]
    assert found.bound is None
