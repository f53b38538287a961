"""Choice of K: criteria over a range, and the entropy elbow."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

import numpy as np

from gmmseg.arrays import FloatArray
from gmmseg.control import ShouldStop, never_stop, relayed, result_of
from gmmseg.mixture.density import score_rows
from gmmseg.mixture.fit import evaluate, fit_events
from gmmseg.mixture.merging import merge_by_entropy
from gmmseg.mixture.params import FitResult, FitStep, MixtureParams
from gmmseg.mixture.settings import Criterion, FitSettings

if TYPE_CHECKING:
    from gmmseg.mixture.annihilation import AnnihilationStep

DEFAULT_RANGE = tuple(range(1, 11))
HELD_OUT_FOLDS = 5
NO_OVERLAP = 1e-6
"""Entropy per row, nats, below which no two components overlap."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """One number of components and how it fared; the criteria are lower for better."""

    n_components: int
    log_likelihood: float
    n_parameters: int
    bic: float
    aic: float
    icl: float
    entropy: float
    """Ent = -sum gamma log gamma over rows and components, nats."""
    held_out: float | None = None
    """Mean log-likelihood of rows that the fit did not see, nats a row; higher is better."""


def candidate_of(result: FitResult) -> Candidate:
    """Return the criteria of a fit."""
    return Candidate(
        n_components=result.params.n_components,
        log_likelihood=result.log_likelihood,
        n_parameters=result.params.n_parameters,
        bic=result.bic,
        aic=result.aic,
        icl=result.icl,
        entropy=-result.history[-1].h,
    )


def best_fit_events(
    values: FloatArray,
    weights: FloatArray | None,
    settings: FitSettings,
    criterion: Literal["bic", "icl"],
    should_stop: ShouldStop = never_stop,
    candidates: Sequence[int] = DEFAULT_RANGE,
    n_folds: int = 0,
) -> Generator[Candidate, None, FitResult]:
    """Fit a range of K and return the fit with the lowest value of a criterion.

    n is the sum of the weights, the number of pixels also where rows are distinct colours.
    With `n_folds` of at least 2 each K is fitted as often more, for what it tells of rows that it has not
    seen.

    Yields
    ------
    Candidate
        As each K is done.
    """
    best: tuple[float, FitResult] | None = None
    for n_components in candidates:
        wanted = replace(settings, n_components=n_components)
        fitted = result_of(fit_events(values, weights, wanted, should_stop))
        tried = candidate_of(fitted)
        if n_folds > 1:
            unseen = held_out_score(values, weights, wanted, n_folds, should_stop)
            tried = replace(tried, held_out=unseen)
        value = getattr(tried, criterion)
        if best is None or value < best[0]:
            best = value, fitted
        yield tried
        if tried.n_components < n_components:
            break  # no more distinct rows
    if best is None:
        raise ValueError("no number of components was given")
    return best[1]


def select_events(
    values: FloatArray,
    weights: FloatArray | None,
    settings: FitSettings,
    criterion: Criterion,
    should_stop: ShouldStop = never_stop,
    candidates: tuple[int, ...] = DEFAULT_RANGE,
    n_folds: int = 0,
) -> Generator[Candidate, None, int]:
    """Fit a range of K and return the one that a criterion prefers.

    ``bic`` and ``icl`` take the lowest value, see `best_fit_events`. ``entropy`` (Baudry et al. 2010) merges
    the components of the BIC solution one pair after another and takes the elbow of the entropy.
    ``held-out`` takes the number that tells most of rows not seen, each K fitted `HELD_OUT_FOLDS` times more.
    ``annihilation`` begins with the largest and lets components die, see `annihilation_events`.

    Parameters
    ----------
    values, weights, settings, should_stop
        As for `fit_events`.
    criterion : str
    candidates : tuple of int
        Ascending.
    n_folds : int
        As for `best_fit_events`.

    Yields
    ------
    Candidate
        As each K is done.
    """
    if criterion == "annihilation":
        most = replace(settings, n_components=max(candidates))
        return (yield from _annihilated(values, weights, most, should_stop)).n_components
    if criterion == "held-out":
        return (yield from _most_told(values, weights, settings, candidates, should_stop))
    key: Literal["bic", "icl"] = "icl" if criterion == "icl" else "bic"
    best = yield from best_fit_events(values, weights, settings, key, should_stop, candidates, n_folds)
    params = best.params
    if criterion == "entropy" and params.n_components > 2:
        _, entropies = merge_by_entropy(params, values, weights, should_stop)
        total = len(values) if weights is None else float(weights.sum())
        if entropies[0] <= NO_OVERLAP * total:
            return params.n_components  # nothing but rounding to find an elbow in
        return elbow(entropies[::-1])
    return params.n_components


def _most_told(
    values: FloatArray,
    weights: FloatArray | None,
    settings: FitSettings,
    candidates: tuple[int, ...],
    should_stop: ShouldStop,
) -> Generator[Candidate, None, int]:
    """Return the number of components with the highest likelihood of rows held out."""
    tried: list[Candidate] = []

    def noted(candidate: Candidate) -> tuple[Candidate]:
        tried.append(candidate)
        return (candidate,)

    job = best_fit_events(values, weights, settings, "bic", should_stop, candidates, HELD_OUT_FOLDS)
    yield from relayed(job, noted)
    return max(tried, key=lambda candidate: candidate.held_out or -np.inf).n_components


def _annihilated(
    values: FloatArray, weights: FloatArray | None, settings: FitSettings, should_stop: ShouldStop
) -> Generator[Candidate, None, MixtureParams]:
    """Let components die, yielding the criteria of each mixture that has settled, on all rows."""
    # Imported when asked for: a fit of a given number of components does not wait for another way to fit.
    from gmmseg.mixture.annihilation import annihilation_events

    def told(step: AnnihilationStep) -> tuple[Candidate, ...]:
        if not step.is_settled:
            return ()
        counts = np.ones(len(values)) if weights is None else weights
        return (candidate_of(evaluate(step.params, values, counts, should_stop)),)

    return (yield from relayed(annihilation_events(values, weights, settings, should_stop), told))


def held_out_score(
    values: FloatArray,
    weights: FloatArray | None,
    settings: FitSettings,
    n_folds: int,
    should_stop: ShouldStop = never_stop,
) -> float:
    """Return the mean log-likelihood of rows under mixtures fitted to the others, nats a row.

    Parameters
    ----------
    values : (N, D)
    weights : (N,), optional
        Whole numbers are shared out among the folds one by one, as so many equal rows are.
    settings : FitSettings
        Its seed also draws the folds: the same ones for every number of components.
    n_folds : int
        At least 2.
    should_stop : callable
    """
    counts = np.ones(len(values)) if weights is None else weights
    total = score = 0.0
    for held in folds(counts, n_folds, np.random.default_rng(settings.seed)):
        seen, unseen = counts - held > 0, held > 0
        if not seen.any() or not unseen.any():
            continue
        fitted = result_of(fit_events(values[seen], (counts - held)[seen], settings, should_stop))
        score += float(score_rows(fitted.params, values[unseen], should_stop) @ held[unseen])
        total += float(held.sum())
    return score / total if total else float("nan")


def folds(weights: FloatArray, n_folds: int, generator: np.random.Generator) -> list[FloatArray]:
    """Return weights shared out among folds, each (N,); their sum is `weights`.

    Whole weights are dealt one by one, each row's to folds drawn at random; others as wholes.
    """
    if (weights == np.round(weights)).all():
        dealt = generator.multinomial(weights.astype(np.int64), np.full(n_folds, 1 / n_folds))
        return [dealt[:, fold].astype(np.float64) for fold in range(n_folds)]
    own = generator.permutation(np.arange(len(weights)) % n_folds)
    return [np.where(own == fold, weights, 0.0) for fold in range(n_folds)]


def choice_words(n_components: int) -> str:
    """Return which number of components was chosen, as a sentence."""
    return f"K = {n_components} was chosen."


def choice_warnings(n_components: int) -> tuple[str, ...]:
    """Return what the choice of a number of components leaves open: beyond the largest tried."""
    if n_components < max(DEFAULT_RANGE):
        return ()
    return (f"K = {n_components} is the largest number that was tried: more may be better still.",)


def chosen_fit_events(
    values: FloatArray,
    weights: FloatArray | None,
    settings: FitSettings,
    criterion: Criterion | None,
    should_stop: ShouldStop = never_stop,
) -> Generator[Candidate | FitStep, None, FitResult]:
    """Fit a mixture, with the number of components that a criterion prefers where one is given.

    Yields
    ------
    Candidate, FitStep
        First of the numbers that are tried, then of the fit; see `select_events` and `fit_events`. What is
        left by annihilation is where the fit starts.

    Returns
    -------
    FitResult
        Its warnings say where the number is the largest that was tried.
    """
    if criterion is None:
        return (yield from fit_events(values, weights, settings, should_stop))
    start: MixtureParams | None = None
    if criterion == "annihilation":
        most = replace(settings, n_components=max(DEFAULT_RANGE))
        start = yield from _annihilated(values, weights, most, should_stop)
        settings = replace(settings, n_components=start.n_components)
    else:
        n_components = yield from select_events(values, weights, settings, criterion, should_stop)
        settings = replace(settings, n_components=n_components)
    result = yield from fit_events(values, weights, settings, should_stop, start)
    return replace(result, warnings=(*result.warnings, *choice_warnings(result.params.n_components)))


def elbow(entropies: FloatArray) -> int:
    """Return the K at which a two-piece line fits the entropy of K = 1, 2, ... best (least squares).

    Parameters
    ----------
    entropies : (K_max,)
        Entropy after merging down to K = 1, 2, ..., K_max.
    """
    n = len(entropies)
    if n <= 2:
        return n
    k = np.arange(1, n + 1, dtype=np.float64)
    costs = [
        _line_cost(k[:cut], entropies[:cut]) + _line_cost(k[cut - 1 :], entropies[cut - 1 :])
        for cut in range(2, n)
    ]
    return int(np.argmin(costs)) + 2


def _line_cost(x: FloatArray, y: FloatArray) -> float:
    """Return the squared error of the best straight line through some points."""
    if len(x) <= 2:
        return 0.0
    slope, offset = np.polyfit(x, y, 1)
    return float(((slope * x + offset - y) ** 2).sum())
