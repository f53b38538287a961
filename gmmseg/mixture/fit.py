"""A whole fit: checks, restarts on a coarse version of the rows, then exact EM on all of them."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass, replace

import numpy as np

from gmmseg.arrays import BoolArray, FloatArray
from gmmseg.control import Check, Stopped, Verdict, go_on, result_of
from gmmseg.errors import Cancelled, FitError
from gmmseg.mixture.coarse import coarse_rows
from gmmseg.mixture.covariance import FAMILIES
from gmmseg.mixture.em import Rows, Rules, em
from gmmseg.mixture.initialise import first_params, global_params
from gmmseg.mixture.kernels import extent_about
from gmmseg.mixture.matching import canonical_order
from gmmseg.mixture.params import FitResult, FitSettings, FitStep, MixtureParams, Restart, Stage, StopReason

MAX_MAGNITUDE = 1e100
SHORT_TOL = 1e-2
SHORT_ITERATIONS = 6
"""Restarts on the coarse rows are short runs: on photos longer ones found no better optima (20 pictures of
BSDS500, K = 5 and 10: mean bound within .008 nats from 3 to 50 iterations), and only the best goes on."""
CONDITION_WARNING = 1e10


@dataclass(frozen=True, slots=True, eq=False)
class Prepared:
    """Checked rows and what is derived from them once.

    Parameters
    ----------
    exact : Rows
    coarse : Rows, optional
        Cells or a sample of the rows, where there are enough rows to make it worthwhile.
    settings : FitSettings
        With K reduced to the number of different rows.
    floor : float
        Smallest eigenvalue of a covariance, squared feature units.
    """

    exact: Rows
    coarse: Rows | None
    settings: FitSettings
    floor: float
    warnings: tuple[str, ...]


def prepare(values: FloatArray, weights: FloatArray | None, settings: FitSettings) -> Prepared:
    """Check the rows and make the coarse version.

    Raises
    ------
    FitError
        Empty, not finite or too large values, weights of the wrong shape or sign.
    """
    values, weights = _checked(values, weights)
    warnings: list[str] = []
    n_distinct = count_distinct(values, settings.n_components)
    if n_distinct < settings.n_components:
        rows = "is only 1 distinct row" if n_distinct == 1 else f"are only {n_distinct} distinct rows"
        warnings.append(f"K was reduced from {settings.n_components} to {n_distinct}: there {rows}.")
        settings = replace(settings, n_components=n_distinct)
    columns = np.ascontiguousarray(values.T)
    total = float(weights.sum())
    centre = columns @ weights / total
    variance = float(np.dot((columns - centre[:, None]) ** 2 @ weights, np.ones(len(centre)))) / total
    # Eigenvalues further apart than twelve digits could not be told from rounding.
    floor = max(settings.reg_covar or 0.0, 1e-12 * variance, np.finfo(np.float64).tiny * 1e20)
    is_diagonal = FAMILIES[settings.covariance].is_diagonal or settings.is_hard
    exact = Rows(columns, weights, centre, is_diagonal, extent_about(columns, centre))
    coarse = coarse_rows(exact, centre, is_diagonal, settings.seed)
    return Prepared(exact, coarse, settings, floor, tuple(warnings))


def _checked(values: FloatArray, weights: FloatArray | None) -> tuple[FloatArray, FloatArray]:
    values = np.asarray(values, dtype=np.float64)
    if values.ndim != 2 or values.size == 0:
        raise FitError(f"A fit needs rows and features; the array has the shape {values.shape}.")
    if not np.isfinite(values).all():
        raise FitError("Some values are not finite numbers.", "Mask or remove them first.")
    if np.abs(values).max() > MAX_MAGNITUDE:
        raise FitError("Some values are larger than 1e100.", "Scale the features first.")
    if weights is None:
        return values, np.ones(len(values))
    weights = np.asarray(weights, dtype=np.float64)
    if weights.shape != (len(values),):
        raise FitError(f"Weights of shape {weights.shape} do not fit {len(values)} rows.")
    if not np.isfinite(weights).all() or (weights < 0).any() or not weights.any():
        raise FitError("Weights must be finite and at least 0, and not all 0.")
    held: BoolArray = weights > 0
    return (values, weights) if held.all() else (values[held], weights[held])


def count_distinct(values: FloatArray, enough: int) -> int:
    """Return the number of different rows, or `enough` as soon as so many have been seen."""
    distinct: set[bytes] = set()
    start, size = 0, 4 * enough + 16
    while start < len(values):
        block = values[start : start + size] + 0.0  # -0.0 and 0.0 are the same value
        block = block[np.lexsort(block.T)]
        is_new = np.append(True, (block[1:] != block[:-1]).any(axis=1))
        distinct.update(row.tobytes() for row in block[is_new])
        if len(distinct) >= enough:
            return enough
        start += size
        size = min(4 * size, 2**18)
    return len(distinct)


def fit_events(
    values: FloatArray,
    weights: FloatArray | None,
    settings: FitSettings,
    check: Check = go_on,
    start: MixtureParams | None = None,
) -> Generator[FitStep, None, FitResult]:
    """Fit a mixture by EM.

    Parameters
    ----------
    values : (N, D)
    weights : (N,), optional
        A weight of w is the same as w equal rows.
    settings : FitSettings
    check : callable
        Asked between blocks of rows.
    start : MixtureParams, optional
        Start here, exactly once, instead of by ``settings.init``; not used where K had to be reduced.

    Yields
    ------
    FitStep
        Every evaluated parameter set of every restart.

    Returns
    -------
    FitResult
        Components in canonical order, or in the order of `start` where that was used.

    Raises
    ------
    FitError
        Rows that cannot be fitted.
    Cancelled
        When `check` said CANCEL, or STOP before the first step was complete.
    """
    prepared = prepare(values, weights, settings)
    if start is not None and start.n_components != prepared.settings.n_components:
        start = None
    log = _Log(prepared, keeps_order=start is not None)
    try:
        if prepared.settings.n_components == 1 and start is None:
            yield from _closed_form(prepared, log, check)
        else:
            yield from _search(prepared, log, check, start)
    except Stopped:
        yield from _stopped(prepared, log, check)
    return log.result()


class _Log:
    """Collects the steps of each restart and how it ended."""

    def __init__(self, prepared: Prepared, keeps_order: bool) -> None:
        self.prepared = prepared
        self.keeps_order = keeps_order
        self.steps: dict[int, list[FitStep]] = {}
        self.restarts: dict[int, Restart] = {}
        self.failures: list[str] = []
        self.reason: StopReason = "iteration limit"
        self.kept = 0

    def run(self, generator: Generator[FitStep, None, StopReason]) -> Generator[FitStep, None, None]:
        """Pass on the steps of one run, if any, and note its end."""
        step = None
        while True:
            try:
                step = next(generator)
            except StopIteration as stop:
                self.reason = stop.value
                break
            self.steps.setdefault(step.restart, []).append(step)
            yield step
        if step is None:
            return
        last = self.steps[step.restart][-1]
        n_iter = sum(s.iteration > 0 for s in self.steps[step.restart])
        self.restarts[step.restart] = Restart(step.restart, last.lower_bound, n_iter, self.reason)

    def best(self) -> int:
        """Return the restart with the highest bound, the first among equals."""
        return max(self.restarts.values(), key=lambda run: (run.lower_bound, -run.index)).index

    def result(self) -> FitResult:
        history = self.steps[self.kept]
        coarse = self.prepared.coarse
        if coarse is not None and not coarse.is_cells:
            # A sample's bound is no bound of all rows: only the exact steps belong to one rising curve.
            history = [step for step in history if step.stage == "exact"]
        last = history[-1]
        if not self.keeps_order:
            order = canonical_order(last.params)
            history = [replace(step, params=step.params.reordered(order)) for step in history]
        params = history[-1].params
        settings = self.prepared.settings
        converged = self.reason not in ("iteration limit", "stopped")
        n_iter = sum(step.iteration > 0 for step in history)
        return FitResult(
            params=params,
            log_likelihood=last.log_likelihood,
            lower_bound=last.lower_bound,
            n_iter=n_iter,
            converged=converged,
            stop_reason=self.reason,
            history=tuple(history),
            restarts=tuple(self.restarts[index] for index in sorted(self.restarts)),
            best_restart=self.kept,
            n_rows=self.prepared.exact.n_rows,
            total_weight=self.prepared.exact.total,
            floor=self.prepared.floor,
            warnings=(*self.prepared.warnings, *self.failures, *_soft_facts(params, self.reason, settings)),
        )


def _soft_facts(params: MixtureParams, reason: StopReason, settings: FitSettings) -> list[str]:
    facts = []
    if reason == "iteration limit":
        facts.append(f"EM had not converged after {settings.max_iter} iterations; raise the iteration limit.")
    if reason == "stopped":
        facts.append("The fit was stopped before it had converged.")
    empty = [str(k + 1) for k in range(params.n_components) if params.weights[k] < 1e-12]
    if empty:
        facts.append(f"Empty components: {', '.join(empty)}; try another seed or fewer components.")
    smallest, largest = params.covariance.eigenvalue_range()
    if largest > CONDITION_WARNING * smallest:
        facts.append(f"A covariance is ill-conditioned ({largest / smallest:.0e}): densities lose digits.")
    return facts


def _rules(settings: FitSettings) -> Rules:
    return Rules(settings.tol, settings.parameter_tol, settings.q_tol, settings.max_iter)


def _closed_form(prepared: Prepared, log: _Log, check: Check) -> Generator[FitStep, None, None]:
    """K = 1: the sample mean and the 1/N covariance are the maximum (S2 eq. 7)."""
    rows, settings = prepared.exact, prepared.settings
    mean = (rows.columns @ rows.weights / rows.total)[None, :]
    params = global_params(
        rows.columns.T, rows.weights, mean, settings.covariance, prepared.floor, settings.is_hard
    )

    def run() -> Generator[FitStep, None, StopReason]:
        no_iterations = Rules(0.0, 0.0, 0.0, 0)
        yield from em(rows, params, settings.covariance, prepared.floor, no_iterations, 0, "exact", check)
        return "closed form"

    yield from log.run(run())


def _search(
    prepared: Prepared, log: _Log, check: Check, start: MixtureParams | None
) -> Generator[FitStep, None, None]:
    """Restarts, the best of them to the end on the coarse rows, and from there on all rows."""
    settings, floor = prepared.settings, prepared.floor
    exact, coarse = prepared.exact, prepared.coarse
    kind = settings.covariance
    if start is not None:
        yield from log.run(em(exact, start, kind, floor, _rules(settings), 0, "exact", check))
        return
    first = exact if coarse is None else coarse
    short = _rules(settings)
    # Half of the limit is left to the exact rows, whose fixed point is what is wanted.
    coarse_limit = settings.max_iter // 2
    if coarse is not None:
        short = Rules(max(settings.tol, SHORT_TOL), 0.0, 0.0, min(coarse_limit, SHORT_ITERATIONS))
    for restart in range(settings.n_init):
        params = start_of(prepared, first, restart, check)
        stage: Stage = "exact" if coarse is None else "coarse"
        try:
            yield from log.run(em(first, params, kind, floor, short, restart, stage, check))
        except FitError as error:
            log.failures.append(f"Restart {restart + 1} was dropped: {error.cause}")
    if not log.restarts:
        raise FitError("No start led to a finite likelihood.", "Try another seed or a larger variance floor.")
    log.kept = log.best()
    log.reason = log.restarts[log.kept].stop_reason
    if coarse is None:
        return
    done = log.restarts[log.kept].n_iter
    is_too_fine = log.reason == "iteration limit" and done < short.max_iter
    if done < coarse_limit and not is_too_fine:
        rules = replace(_rules(settings), max_iter=coarse_limit - done)
        run = em(coarse, log.steps[log.kept][-1].params, kind, floor, rules, log.kept, "coarse", check)
        next(run)  # the point where the short run ended, already in the log
        yield from log.run(run)
    rules = replace(_rules(settings), max_iter=settings.max_iter - log.restarts[log.kept].n_iter)
    params = log.steps[log.kept][-1].params
    yield from log.run(em(exact, params, kind, floor, rules, log.kept, "exact", check))


def start_of(prepared: Prepared, rows: Rows, restart: int, check: Check = go_on) -> MixtureParams:
    """Return the start of one restart on `rows`; its draws depend on the seed and `restart` alone."""
    settings = prepared.settings
    return first_params(
        rows.columns.T,
        rows.weights,
        settings.n_components,
        settings.init,
        settings.covariance,
        prepared.floor,
        settings.is_hard,
        np.random.default_rng([settings.seed, restart]),
        check,
    )


def _stopped(prepared: Prepared, log: _Log, check: Check) -> Generator[FitStep, None, None]:
    """Make the best step so far the result; scored on all rows where it was a coarse one."""
    if not log.steps:
        raise Cancelled
    # Bounds of a coarse sample and of all rows do not compare: a run that has come to all rows stays the one.
    last_steps = {index: steps[-1] for index, steps in log.steps.items()}
    log.kept = max(
        last_steps,
        key=lambda index: (last_steps[index].stage == "exact", last_steps[index].lower_bound, -index),
    )
    for index, steps in log.steps.items():
        if index not in log.restarts:
            n_iter = sum(step.iteration > 0 for step in steps)
            log.restarts[index] = Restart(index, steps[-1].lower_bound, n_iter, "stopped")
    last = log.steps[log.kept][-1]
    if last.stage == "coarse":

        def until_cancelled() -> Verdict:
            return Verdict.CANCEL if check() is Verdict.CANCEL else Verdict.GO

        no_iterations = Rules(0.0, 0.0, 0.0, 0)
        kind = prepared.settings.covariance
        yield from log.run(
            em(
                prepared.exact,
                last.params,
                kind,
                prepared.floor,
                no_iterations,
                log.kept,
                "exact",
                until_cancelled,
            )
        )
    log.reason = "stopped"


def fit(
    values: FloatArray,
    weights: FloatArray | None = None,
    settings: FitSettings | None = None,
    start: MixtureParams | None = None,
) -> FitResult:
    """Fit a mixture without watching it; see `fit_events`."""
    return result_of(fit_events(values, weights, settings or FitSettings(), go_on, start))
