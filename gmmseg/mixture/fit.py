"""A whole fit: checks, restarts on a coarse version of the rows, then exact EM on all of them."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass, replace

import numpy as np

from gmmseg.arrays import FloatArray
from gmmseg.control import ShouldStop, Stopped, never_stop, only_cancelled, result_of
from gmmseg.errors import Cancelled, FitError
from gmmseg.mixture.covariance import Covariance
from gmmseg.mixture.em import NO_ITERATIONS, Rules, em
from gmmseg.mixture.expectation import Evidence, Rows, rows_about
from gmmseg.mixture.fit_log import FitLog
from gmmseg.mixture.initialise import first_params, global_params, nearest_mean, params_from_labels
from gmmseg.mixture.params import FitResult, FitStep, MixtureParams, Restart, Stage, StopReason
from gmmseg.mixture.partial_labels import PartialLabels
from gmmseg.mixture.preparation import Prepared, prepare
from gmmseg.mixture.settings import FitSettings

SHORT_TOL = 1e-2
SHORT_ITERATIONS = 6
"""Restarts on the coarse rows are short runs: on photos longer ones found no better optima (20 pictures of
BSDS500, K = 5 and 10: mean bound within .008 nats from 3 to 50 iterations), and only the best goes on."""


def fit_events(
    values: FloatArray,
    weights: FloatArray | None,
    settings: FitSettings,
    should_stop: ShouldStop = never_stop,
    start: MixtureParams | None = None,
    known: PartialLabels | None = None,
) -> Generator[FitStep, None, FitResult]:
    """Fit a mixture by EM.

    Parameters
    ----------
    values : (N, D)
    weights : (N,), optional
        A weight of w is the same as w equal rows.
    settings : FitSettings
    should_stop : callable
        Asked between blocks of rows.
    start : MixtureParams, optional
        Start here, exactly once, instead of by ``settings.init``; not used where K had to be reduced. Without
        `known` all rows are taken at once, without a coarse stage.
    known : PartialLabels, optional
        Which of the components of `start` rows may come from: the fit is semi-supervised. Components keep
        what they stand for, so that empty ones are not started anew.

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
        When `should_stop` said CANCEL, or STOP before the first step was complete.
    """
    if known is not None:
        if start is None or known.allowed.shape[1] != start.n_components or len(known.groups) != len(values):
            raise ValueError("what is known of rows fits neither these nor the start")
        settings = replace(settings, n_components=start.n_components)
    prepared = prepare(values, weights, settings, should_stop, known)
    if start is not None and start.n_components != prepared.settings.n_components:
        start = None
    log = FitLog(prepared, keeps_order=start is not None)
    is_closed = prepared.settings.n_components == 1 and start is None
    if is_closed:
        search = _closed_form(prepared, log, should_stop)
    else:
        search = _search(prepared, log, should_stop, start, is_start_exact=known is None)
    return (yield from _ended(search, prepared, log, should_stop))


def fit_prepared_events(
    prepared: Prepared[Evidence], should_stop: ShouldStop = never_stop
) -> Generator[FitStep, None, FitResult]:
    """Fit a mixture to rows that are prepared, wherever they are; see `fit_events`."""
    log = FitLog(prepared, keeps_order=False)
    search = _search(prepared, log, should_stop)
    return (yield from _ended(search, prepared, log, should_stop))


def _ended(
    search: Generator[FitStep, None, None],
    prepared: Prepared[Evidence],
    log: FitLog,
    should_stop: ShouldStop,
) -> Generator[FitStep, None, FitResult]:
    """Run a search to its end, or to where it is stopped, and return its result."""
    try:
        yield from search
    except Stopped:
        yield from _stopped(prepared, log, should_stop)
    return log.result()


def _rules(settings: FitSettings) -> Rules:
    return Rules(
        settings.tol,
        settings.parameter_tol,
        settings.q_tol,
        settings.max_iter,
        reseeds=True,
        accelerates=settings.accelerate,
    )


def _closed_form(
    prepared: Prepared[Rows], log: FitLog, should_stop: ShouldStop
) -> Generator[FitStep, None, None]:
    """K = 1: the sample mean and the 1/N covariance are the maximum (S2 eq. 7)."""
    rows, settings = prepared.exact, prepared.settings
    mean = (rows.columns @ rows.weights / rows.total)[None, :]
    params = global_params(
        rows.columns.T, rows.weights, mean, settings.covariance, prepared.floor, settings.is_hard
    )

    def run() -> Generator[FitStep, None, StopReason]:
        yield from em(
            rows, params, settings.covariance, prepared.floor, NO_ITERATIONS, 0, "exact", should_stop
        )
        return "closed form"

    yield from log.run(run())


def _search(
    prepared: Prepared[Evidence],
    log: FitLog,
    should_stop: ShouldStop,
    start: MixtureParams | None = None,
    is_start_exact: bool = True,
) -> Generator[FitStep, None, None]:
    """Restarts, the best of them to the end on the coarse rows, and from there on all rows.

    A start that is given is the only one; an exact one is taken for all rows at once.
    """
    settings, floor = prepared.settings, prepared.floor
    exact, coarse = prepared.exact, prepared.coarse
    kind = settings.covariance
    if start is not None and is_start_exact:
        yield from log.run(em(exact, start, kind, floor, _rules(settings), 0, "exact", should_stop))
        return
    short = _rules(settings)
    # Half of the limit is left to the exact rows, whose fixed point is what is wanted.
    coarse_limit = settings.max_iter // 2
    if coarse is not None:
        short = Rules(max(settings.tol, SHORT_TOL), 0.0, 0.0, min(coarse_limit, SHORT_ITERATIONS))
    for restart in range(settings.n_init if start is None else 1):
        params = start or start_of(prepared, prepared.starting, restart, should_stop)
        stage: Stage = "exact" if coarse is None else "coarse"
        try:
            yield from log.run(em(prepared.starting, params, kind, floor, short, restart, stage, should_stop))
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
        run = em(coarse, log.steps[log.kept][-1].params, kind, floor, rules, log.kept, "coarse", should_stop)
        next(run)  # the point where the short run ended, already in the log
        yield from log.run(run)
    rules = replace(_rules(settings), max_iter=settings.max_iter - log.restarts[log.kept].n_iter)
    params = log.steps[log.kept][-1].params
    yield from log.run(em(exact, params, kind, floor, rules, log.kept, "exact", should_stop))


def start_of(
    prepared: Prepared[Evidence], rows: Rows, restart: int, should_stop: ShouldStop = never_stop
) -> MixtureParams:
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
        should_stop,
    )


def _stopped(
    prepared: Prepared[Evidence], log: FitLog, should_stop: ShouldStop
) -> Generator[FitStep, None, None]:
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
            log.note_end(steps[-1], "stopped")
    last = log.steps[log.kept][-1]
    if last.stage == "coarse":
        kind = prepared.settings.covariance
        yield from log.run(
            em(
                prepared.exact,
                last.params,
                kind,
                prepared.floor,
                NO_ITERATIONS,
                log.kept,
                "exact",
                only_cancelled(should_stop),
            )
        )
    log.reason = "stopped"


def fit(
    values: FloatArray,
    weights: FloatArray | None = None,
    settings: FitSettings | None = None,
    start: MixtureParams | None = None,
    known: PartialLabels | None = None,
) -> FitResult:
    """Fit a mixture without watching it; see `fit_events`."""
    return result_of(fit_events(values, weights, settings or FitSettings(), never_stop, start, known))


def evaluate(
    params: MixtureParams,
    values: FloatArray,
    weights: FloatArray,
    should_stop: ShouldStop = never_stop,
    reason: StopReason = "not fitted",
) -> FitResult:
    """Return the figures of `params` on some rows, as a fit that ends where it starts.

    Parameters
    ----------
    params : MixtureParams
        Not changed, not even its order.
    values : (N, D)
    weights : (N,)
    should_stop : callable
        Asked between blocks; CANCEL raises `Cancelled`.
    reason : str
        Where the parameters come from.
    """
    return evaluate_on(rows_about(params, values, weights), params, should_stop, reason)


def evaluate_on(
    rows: Evidence,
    params: MixtureParams,
    should_stop: ShouldStop = never_stop,
    reason: StopReason = "not fitted",
) -> FitResult:
    """Return the figures of `params` on rows that may be anywhere; see `evaluate`."""
    kind = params.covariance.kind
    step = next(em(rows, params, kind, 0.0, NO_ITERATIONS, 0, "exact", only_cancelled(should_stop)))
    return FitResult(
        params=params,
        log_likelihood=step.log_likelihood,
        lower_bound=step.lower_bound,
        n_iter=0,
        converged=False,
        stop_reason=reason,
        history=(step,),
        restarts=(Restart(0, step.lower_bound, 0, reason, step.lower_bound),),
        best_restart=0,
        n_rows=rows.n_rows,
        total_weight=rows.total,
        floor=0.0,
    )


@dataclass(frozen=True, slots=True, eq=False)
class PartialStart:
    """The parameters of a start that are given, perhaps not all of them.

    Parameters
    ----------
    weights : (K,), optional
    means : (K, D), optional
    covariance : Covariance, optional
    """

    weights: FloatArray | None = None
    means: FloatArray | None = None
    covariance: Covariance | None = None

    @property
    def is_empty(self) -> bool:
        """Whether nothing is given."""
        return self.weights is None and self.means is None and self.covariance is None

    def completed(
        self, values: FloatArray, row_weights: FloatArray | None, settings: FitSettings
    ) -> list[MixtureParams]:
        """Return the starts to try: one where the means are given, else ``settings.n_init`` drawn ones.

        Empty where nothing is given or there are fewer different rows than components.

        Parameters
        ----------
        values : (N, D)
        row_weights : (N,), optional
        settings : FitSettings
        """
        if self.is_empty:
            return []
        if self.weights is not None and self.means is not None and self.covariance is not None:
            return [MixtureParams(self.weights, self.means, self.covariance)]
        prepared = prepare(values, row_weights, settings)
        if prepared.settings.n_components < settings.n_components:
            return []
        if self.means is not None:
            return [self._over(_start_about(prepared, self.means))]
        return [self._over(start_of(prepared, prepared.exact, restart)) for restart in range(settings.n_init)]

    def _over(self, params: MixtureParams) -> MixtureParams:
        return MixtureParams(
            params.weights if self.weights is None else self.weights,
            params.means if self.means is None else self.means,
            params.covariance if self.covariance is None else self.covariance,
        )


def _start_about(prepared: Prepared[Rows], means: FloatArray) -> MixtureParams:
    """Return shares and covariances of the rows nearest to each mean; of all rows where one has none."""
    rows, kind = prepared.exact, prepared.settings.covariance
    values = rows.columns.T
    labels = nearest_mean(values, means)
    if len(np.unique(labels)) < len(means):
        return global_params(values, rows.weights, means, kind, prepared.floor)
    return params_from_labels(values, rows.weights, labels, len(means), kind, prepared.floor)
