"""EM from one start: a generator of evaluated parameter sets."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass, replace

import numpy as np

from gmmseg.control import ShouldStop, Stopped
from gmmseg.errors import FitError
from gmmseg.mixture.expectation import Evidence, Expectation
from gmmseg.mixture.kernel_choice import suits_quadratic
from gmmseg.mixture.moments import expected_log_likelihood, maximise, parameter_change
from gmmseg.mixture.params import FitStep, MixtureParams, Stage, StopReason
from gmmseg.mixture.settings import CovarianceKind
from gmmseg.mixture.squarem import Squarem

SAME_ASSIGNMENTS = 1e-11
"""Hard EM has settled when the means move by no more than rounding does, in standard deviations."""


MAX_FALL = 1e-10
"""Part of the log-likelihood, or nats a row, by which the rounding of its sum may lower it in a step."""


@dataclass(frozen=True, slots=True)
class Rules:
    """Stopping rules of a run, and what it may do besides plain EM; see `FitSettings`.

    Parameters
    ----------
    reseeds : bool
        Put empty components elsewhere once, when the run has settled.
    accelerates : bool
        Jump ahead where that raises the likelihood (SQUAREM).
    """

    tol: float
    parameter_tol: float
    q_tol: float
    max_iter: int
    reseeds: bool = False
    accelerates: bool = False


NO_ITERATIONS = Rules(0.0, 0.0, 0.0, 0)
"""Only evaluate the start."""


def em(
    rows: Evidence,
    start: MixtureParams,
    kind: CovarianceKind,
    floor: float,
    rules: Rules,
    restart: int,
    stage: Stage,
    should_stop: ShouldStop,
) -> Generator[FitStep, None, StopReason]:
    """Iterate E- and M-steps (S2 algorithm 1) from `start`.

    Yields
    ------
    FitStep
        The start as iteration 0, then each new parameter set; its figures are its own, none lags behind.

    Returns
    -------
    str
        Why it ended.

    Raises
    ------
    Stopped, Cancelled
        When asked to, between blocks; the last step yielded is complete.
    """
    run = _Run(rows, start, kind, floor, restart, stage, should_stop)
    yield run.step
    reason = yield from _iterate(run, rules)
    if rules.reseeds and reason != "iteration limit":
        reason = yield from _moving_empty_ones(run, rules, reason)
    return reason


class _Run:
    """The present parameters of a run with what an E-step found of them."""

    def __init__(
        self,
        rows: Evidence,
        start: MixtureParams,
        kind: CovarianceKind,
        floor: float,
        restart: int,
        stage: Stage,
        should_stop: ShouldStop,
    ) -> None:
        self.rows, self.kind, self.floor, self.should_stop = rows, kind, floor, should_stop
        self._restart, self._stage = restart, stage
        self._is_fast = rows.is_cells or (not start.is_hard and suits_quadratic(start, rows.squared_extent))
        self.params, self.now = start, _finite(self._expectation(start))
        self._is_found_fast = self._is_fast
        self.step = _step(rows, start, self.now, restart, stage, 0, None)

    def _expectation(self, params: MixtureParams) -> Expectation:
        return self.rows.expectation(params, self._is_fast, self.should_stop)

    def maximised(self) -> MixtureParams:
        """Return the M-step's parameters."""
        return maximise(self.now.moments, self.params, self.kind, self.floor)

    def admits(self, params: MixtureParams) -> bool:
        """Take the accurate kernel from here on if `params` need it; False where cells cannot show them."""
        if not self._is_fast or suits_quadratic(params, self.rows.squared_extent):
            return True
        if self.rows.is_cells:
            return False
        self._is_fast = False
        return True

    def advance(self, params: MixtureParams) -> bool:
        """Make `params`, from the M-step, the present ones; False where the likelihood would fall.

        The M-step is exact, so that a fall is rounding: rows that differ by few of the steps that numbers of
        their size have, or covariances next to singular.
        """
        now = _finite(self._expectation(params))
        allowed = MAX_FALL * max(self.rows.total, abs(self.now.log_likelihood))
        # Two kernels differ by more: the step that changes to the accurate one is not judged.
        if self._is_found_fast is self._is_fast and now.log_likelihood < self.now.log_likelihood - allowed:
            return False
        self._take(params, now, _Before(self.params, self.now, self.step))
        return True

    def jump(self, params: MixtureParams) -> bool:
        """Make `params`, from no M-step, the present ones where they are no worse; return whether."""
        if self._is_fast and not suits_quadratic(params, self.rows.squared_extent):
            return False
        now = self._expectation(params)
        if not now.log_likelihood >= self.now.log_likelihood:
            return False
        self._take(params, now, None)
        return True

    def restart_at(self, params: MixtureParams, now: Expectation | None = None) -> FitStep:
        """Make `params` the present ones although the likelihood may fall."""
        step = self._take(params, now or _finite(self._expectation(params)), None)
        self.step = replace(step, is_reseeded=True)
        return self.step

    def _take(self, params: MixtureParams, now: Expectation, before: _Before | None) -> FitStep:
        iteration = self.step.iteration + 1
        self.params, self.now, self._is_found_fast = params, now, self._is_fast
        self.step = _step(self.rows, params, now, self._restart, self._stage, iteration, before)
        return self.step


def _iterate(run: _Run, rules: Rules) -> Generator[FitStep, None, StopReason]:
    """Iterate from the present parameters until a rule says that this is enough."""
    squarem = Squarem(run.floor) if rules.accelerates and not run.params.is_hard else None
    while run.step.iteration < rules.max_iter:
        before, new = run.step, run.maximised()
        if not run.admits(new):
            return "iteration limit"  # finer than cells can show: the exact stage takes over here
        if not run.advance(new):
            return "rounding"
        yield run.step
        reason = _reason_to_stop(before, run.step, run.rows.total, rules)
        if reason is not None:
            return reason
        if squarem is not None and run.step.iteration < rules.max_iter:
            ahead = squarem.ahead(before.params, new, run.maximised)
            if ahead is not None:
                is_better = run.jump(ahead)
                squarem.note(is_better)
                if is_better:
                    yield run.step
    return "iteration limit"


def _moving_empty_ones(run: _Run, rules: Rules, reason: StopReason) -> Generator[FitStep, None, StopReason]:
    """Start empty components of a settled run anew, go on, and come back where that was worse."""
    moved = run.rows.with_empty_moved(run.params, run.now.moments.counts)
    if moved is None or run.step.iteration >= rules.max_iter or not run.admits(moved):
        return reason
    settled = run.params, run.now
    try:
        yield run.restart_at(moved)
        new_reason = yield from _iterate(run, rules)
    except Stopped:
        if run.now.log_likelihood < settled[1].log_likelihood:
            yield run.restart_at(*settled)
        raise
    if run.now.log_likelihood >= settled[1].log_likelihood:
        return new_reason
    yield run.restart_at(*settled)
    return reason


def _finite(now: Expectation) -> Expectation:
    if not np.isfinite(now.log_likelihood):
        raise FitError("The likelihood of this start is not a finite number.", "Try another seed.")
    return now


@dataclass(frozen=True, slots=True, eq=False)
class _Before:
    """The parameter set an M-step started from."""

    params: MixtureParams
    expectation: Expectation
    step: FitStep


def _step(
    rows: Evidence,
    params: MixtureParams,
    now: Expectation,
    restart: int,
    stage: Stage,
    iteration: int,
    before: _Before | None,
) -> FitStep:
    log_likelihood = now.log_likelihood
    # Q comes from the moments, L from the sum over rows; H is their difference (S2 eq. 18) and at most 0.
    q = log_likelihood if params.is_hard else expected_log_likelihood(params, now.moments)
    q = min(q, log_likelihood)
    q_gain = h_gain = change = float("nan")
    if before is not None and not params.is_hard:
        q_gain = expected_log_likelihood(params, before.expectation.moments) - before.step.q
        h_gain = q_gain - (log_likelihood - before.step.log_likelihood)
    elif before is not None:
        q_gain, h_gain = log_likelihood - before.step.log_likelihood, 0.0
    if before is not None:
        change = parameter_change(before.params, params)
    return FitStep(
        restart=restart,
        stage=stage,
        iteration=iteration,
        log_likelihood=log_likelihood,
        q=q,
        h=q - log_likelihood,
        lower_bound=log_likelihood / rows.total,
        q_gain=q_gain,
        h_gain=h_gain,
        parameter_change=change,
        params=params,
    )


def _reason_to_stop(before: FitStep, step: FitStep, total: float, rules: Rules) -> StopReason | None:
    if step.params.is_hard and step.parameter_change <= SAME_ASSIGNMENTS:
        return "assignments"
    if rules.parameter_tol > 0 and step.parameter_change <= rules.parameter_tol:
        return "parameters"
    if rules.q_tol > 0 and abs(step.q_gain) / total <= rules.q_tol:
        return "expected likelihood"
    if step.lower_bound - before.lower_bound < rules.tol:
        return "bound"
    return None
