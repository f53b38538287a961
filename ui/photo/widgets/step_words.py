"""Texts about a fit beside its plot: why it stopped, what a step did, the rows of the tables."""

from __future__ import annotations

import math
from collections.abc import Sequence

from PySide6.QtCore import QCoreApplication, QLocale

from gmmseg.drawing.convergence import Curves, per_pixel
from gmmseg.mixture.params import FitResult, FitStep
from gmmseg.mixture.settings import FitSettings
from gmmseg.photo.walking import Walk


def _tr(text: str) -> str:
    return QCoreApplication.translate("StepWords", text)


def _iterations(n: int) -> str:
    return _tr("1 iteration") if n == 1 else _tr("{} iterations").format(n)


def number(value: float, digits: int = 6) -> str:
    """Return a figure with a fixed number of decimals in the user's locale; a dash for none."""
    return "–" if math.isnan(value) else QLocale().toString(value, "f", digits)


def small(value: float) -> str:
    """Return a gain or a change with three significant digits; a dash for none."""
    if math.isnan(value):
        return "–"
    return QLocale().toString(value, "g", 3).replace("e-0", "e-").replace("e+0", "e+")


def stop_sentence(result: FitResult, settings: FitSettings) -> str:
    """Return why the kept run ended, in words, with the rule of S2 eq. 29 where it was one."""
    sentences = {
        "closed form": _tr("One component has a closed form: nothing to iterate."),
        "bound": _tr("Stopped after {n}: L rose by less than {tol} nats per pixel."),
        "parameters": _tr("Stopped after {n}: the parameters changed by ‖Δθ‖ ≤ {parameter} σ."),
        "expected likelihood": _tr("Stopped after {n}: Q rose by |ΔQ| ≤ {q} nats."),
        "iteration limit": _tr("Not converged: the limit of {limit} was reached."),
        "stopped": _tr("Stopped by you after {n}; the last complete step is kept."),
        "assignments": _tr("Stopped after {n}: no pixel changed its component."),
        "rounding": _tr("Stopped after {n}: rounding would have lowered the likelihood."),
        "not fitted": _tr("A saved model, applied as it is."),
        "adapted": _tr("A saved model, adapted to the picture."),
        "merged": _tr("Components united by their moments, without a fit from there."),
    }
    return sentences[result.stop_reason].format(
        n=_iterations(result.n_iter),
        tol=small(settings.tol),
        parameter=small(settings.parameter_tol),
        q=small(settings.q_tol),
        limit=_iterations(settings.max_iter),
    )


def spread_sentence(result: FitResult) -> str:
    """Return how far the restarts lie apart, in words; nothing where there was one alone."""
    bounds = [run.compared_bound for run in result.restarts]
    if len(bounds) < 2:
        return ""
    return _tr("{n} restarts, {spread} nats apart.").format(
        n=len(bounds), spread=small(max(bounds) - min(bounds))
    )


def stop_rules(settings: FitSettings) -> str:
    """Return the rules in force, for a tooltip."""
    off = _tr("off")
    return _tr(
        "A run ends when L rises by less than {tol} nats per pixel, where the parameters change "
        "by at most ‖Δθ‖ ({parameter}, in standard deviations) or Q by at most |ΔQ| ({q}, per pixel), "
        "or after {limit}."
    ).format(
        tol=small(settings.tol),
        parameter=small(settings.parameter_tol) if settings.parameter_tol > 0 else off,
        q=small(settings.q_tol) if settings.q_tol > 0 else off,
        limit=_iterations(settings.max_iter),
    )


def step_sentence(step: FitStep, iteration: int, rise: float) -> str:
    """Return the figures of one step; `rise` is that of the bound."""
    return _tr(
        "Iteration {n} ({stage}): L\u00a0{bound}, ΔL\u00a0{rise}; with θg fixed ΔQ\u00a0{q}, ΔH\u00a0{h}"
    ).format(
        n=iteration,
        stage=_tr("coarse") if step.stage == "coarse" else _tr("exact"),
        bound=number(step.lower_bound, 4),
        rise=small(rise),
        q=small(per_pixel(step, step.q_gain)),
        h=small(per_pixel(step, step.h_gain)),
    )


def walk_sentence(walk: Walk) -> str:
    """Return what the last half step of a walk did, and what comes next."""
    step = walk.now
    if walk.ended is not None and walk.at + 1 == len(walk.steps):
        return _tr("At rest after {n}: another M-step would change next to nothing.").format(
            n=_iterations(walk.at)
        )
    if walk.has_posteriors:
        return _tr(
            "E-step under θ of iteration {n}: the maps are its posteriors, L {bound}. Next: M."
        ).format(n=walk.at, bound=number(step.lower_bound, 4))
    if walk.at == 0:
        return _tr("The start: L {bound} per pixel. Next: E.").format(bound=number(step.lower_bound, 4))
    rise = step.lower_bound - walk.steps[walk.at - 1].lower_bound
    return "{} {}".format(step_sentence(step, walk.at, rise), _tr("M-step done; next: E."))


STEP_HEADINGS = ("Iteration", "Stage", "L / pixel", "ΔL", "Q / pixel", "H / pixel", "ΔQ", "ΔH", "‖Δθ‖")
STEP_TIPS = (
    "M-steps done so far, through both stages.",
    "Coarse: on cells or a sample of the rows. Exact: on all of them.",
    "Log-likelihood per pixel, nats. Densities may exceed 1, so it may be positive.",
    "Its rise, never negative.",
    "Q(θg, θg) per pixel.",
    "H(θg, θg) per pixel: minus the mean entropy of the posteriors.",
    "Q(θg+1, θg) − Q(θg, θg) per pixel of the step that led here, at least 0.",
    "H(θg+1, θg) − H(θg, θg) per pixel, at most 0: minus a KL divergence.",
    "Change of the parameters in standard deviations.",
)
"""Of the headings: S2 eq. 9 (L), 13–14 (its rise), 26–27 (Q, H), 20–23 (their changes), 29 (θ)."""


def step_rows(run: Sequence[FitStep], figures: Curves) -> list[tuple[str, ...]]:
    """Return a row of texts for each step, under `STEP_HEADINGS`."""
    rises = [math.nan, *(figures.bound[1:] - figures.bound[:-1])]
    return [
        (
            str(figures.iteration[at]),
            _tr(step.stage),
            number(step.lower_bound),
            small(rises[at]),
            number(figures.q[at]),
            number(figures.h[at]),
            small(per_pixel(step, step.q_gain)),
            small(per_pixel(step, step.h_gain)),
            small(step.parameter_change),
        )
        for at, step in enumerate(run)
    ]


RESTART_HEADINGS = ("Restart", "Compared L", "L / pixel", "Iterations", "Ended by")
RESTART_TIPS = (
    "The best, in bold, is kept and taken to the end on all pixels.",
    "Log-likelihood per pixel, nats, by which the best was chosen: local optima of EM differ.",
    "The last log-likelihood per pixel, nats; of a coarse run it is a lower bound.",
    "EM iterations of this restart.",
    "The rule that ended it.",
)


def restart_rows(result: FitResult) -> list[tuple[str, ...]]:
    """Return a row of texts for each restart, under `RESTART_HEADINGS`; the best one is marked."""
    return [
        (
            f"{run.index + 1} ✓" if run.index == result.best_restart else str(run.index + 1),
            number(run.compared_bound),
            number(run.lower_bound),
            str(run.n_iter),
            _tr(run.stop_reason),
        )
        for run in result.restarts
    ]
