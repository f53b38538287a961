"""EM from one start: a generator of evaluated parameter sets."""

from __future__ import annotations

import os
from collections.abc import Generator
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import dataclass
from functools import cache

import numpy as np

from gmmseg.arrays import FloatArray
from gmmseg.control import Check, raise_if_asked
from gmmseg.errors import FitError
from gmmseg.mixture.covariance import CovarianceKind
from gmmseg.mixture.density import NEGLIGIBLE_LOG, exponentiate
from gmmseg.mixture.kernels import (
    TWO_LANES,
    CentredKernel,
    Kernel,
    QuadraticKernel,
    blocks,
    is_well_conditioned,
)
from gmmseg.mixture.moments import Moments, expected_log_likelihood, maximise, parameter_change
from gmmseg.mixture.params import FitStep, MixtureParams, Stage, StopReason

SAME_ASSIGNMENTS = 1e-11
"""Hard EM has settled when the means move by no more than rounding does, in standard deviations."""


class Rows:
    """The rows of a fit: (N, D) values with weights, or averages over cells of them.

    Parameters
    ----------
    columns : (D, N)
        One row a column; for cells their means.
    weights : (N,)
        Positive.
    centre : (D,)
        Subtracted before anything is squared.
    is_diagonal : bool
        Whether squares alone are needed.
    quadratic : (F, N) array, optional
        For cells: the averages of the quadratic features. Their E-step shares one responsibility vector
        within a cell, which makes the bound of the cells a lower bound of the rows' log-likelihood.
    """

    def __init__(
        self,
        columns: FloatArray,
        weights: FloatArray,
        centre: FloatArray,
        is_diagonal: bool,
        squared_extent: float,
        quadratic: FloatArray | None = None,
    ) -> None:
        self.columns = columns
        self.weights = weights
        self.total = float(weights.sum())
        self.squared_extent = squared_extent
        self.is_cells = quadratic is not None
        self._centre = centre
        self._is_diagonal = is_diagonal
        self._fast: Kernel | None = None
        if quadratic is not None:
            self._fast = QuadraticKernel(columns, centre, is_diagonal, quadratic)

    @property
    def n_rows(self) -> int:
        """Rows, N."""
        return int(self.columns.shape[1])

    def fast_kernel(self) -> Kernel:
        """Return the quadratic kernel, made at the first call."""
        if self._fast is None:
            self._fast = QuadraticKernel(self.columns, self._centre, self._is_diagonal)
        return self._fast

    def accurate_kernel(self) -> Kernel:
        """Return the centred kernel."""
        return CentredKernel(self.columns, self._is_diagonal)


@dataclass(frozen=True, slots=True, eq=False)
class Expectation:
    """What an E-step gives: the log-likelihood of the parameters and the moments for the M-step."""

    log_likelihood: float
    moments: Moments


def expectation(rows: Rows, kernel: Kernel, params: MixtureParams, check: Check) -> Expectation:
    """Return log-likelihood (nats, sum over rows) and moments under `params` (S2 eq. 40, 43)."""
    kernel.set_params(params)
    parts = list(blocks(rows.n_rows, params.n_components))
    if rows.n_rows < TWO_LANES:
        return Expectation(_add_blocks(rows, kernel, params, parts, check), kernel.moments())
    # Two halves, whatever the number of cores, added in the same order: the same bytes everywhere.
    other = kernel.twin()
    other.set_params(params)
    middle = len(parts) // 2
    second = _second_lane().submit(_add_blocks, rows, other, params, parts[middle:], check)
    try:
        log_likelihood = _add_blocks(rows, kernel, params, parts[:middle], check)
    finally:
        wait((second,))
    kernel.absorb(other)
    return Expectation(log_likelihood + second.result(), kernel.moments())


def _add_blocks(rows: Rows, kernel: Kernel, params: MixtureParams, parts: list[slice], check: Check) -> float:
    """Add blocks to the kernel's sums and return their log-likelihood."""
    log_likelihood = 0.0
    for block in parts:
        raise_if_asked(check)
        joint = kernel.log_joint(block)
        weights = rows.weights[block]
        density, total = exponentiate(joint, params.is_hard, NEGLIGIBLE_LOG)
        log_likelihood += float(np.dot(weights, density))
        joint *= weights / total
        kernel.add(block, joint)
    return log_likelihood


@cache
def _second_lane() -> ThreadPoolExecutor:
    """Return the one extra thread that takes the second half of an E-step; numpy lets both run at once."""
    return ThreadPoolExecutor(max_workers=1, thread_name_prefix="gmmseg-lane")


if hasattr(os, "register_at_fork"):
    # A forked process gets the executor without its thread, and would wait for it for ever.
    os.register_at_fork(after_in_child=_second_lane.cache_clear)


@dataclass(frozen=True, slots=True)
class Rules:
    """When a run ends; see `FitSettings`."""

    tol: float
    parameter_tol: float
    q_tol: float
    max_iter: int


def em(
    rows: Rows,
    start: MixtureParams,
    kind: CovarianceKind,
    floor: float,
    rules: Rules,
    restart: int,
    stage: Stage,
    check: Check,
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
    is_fast = rows.is_cells or (not start.is_hard and is_well_conditioned(start, rows.squared_extent))
    kernel = rows.fast_kernel() if is_fast else rows.accurate_kernel()
    params, now = start, _finite(expectation(rows, kernel, start, check))
    step = _step(rows, params, now, restart, stage, 0, None)
    yield step
    for iteration in range(1, rules.max_iter + 1):
        new = maximise(now.moments, params, kind, floor)
        if is_fast and not is_well_conditioned(new, rows.squared_extent):
            if rows.is_cells:
                return "iteration limit"  # finer than cells can show: the exact stage takes over here
            is_fast, kernel = False, rows.accurate_kernel()
        before = _Before(params, now, step)
        params, now = new, _finite(expectation(rows, kernel, new, check))
        step = _step(rows, params, now, restart, stage, iteration, before)
        yield step
        reason = _reason_to_stop(before, step, rows.total, rules)
        if reason is not None:
            return reason
    return "iteration limit"


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
    rows: Rows,
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


def _reason_to_stop(before: _Before, step: FitStep, total: float, rules: Rules) -> StopReason | None:
    if step.params.is_hard and step.parameter_change <= SAME_ASSIGNMENTS:
        return "assignments"
    if rules.parameter_tol > 0 and step.parameter_change <= rules.parameter_tol:
        return "parameters"
    if rules.q_tol > 0 and abs(step.q_gain) / total <= rules.q_tol:
        return "expected likelihood"
    if step.lower_bound - before.step.lower_bound < rules.tol:
        return "bound"
    return None
