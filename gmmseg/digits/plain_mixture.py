"""Mixtures without a graph: their fit, their start by k-means, their posteriors, and united components."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from dataclasses import replace

import numpy as np

from gmmseg.arrays import Float32Array, FloatArray
from gmmseg.control import Progress, ShouldStop, never_stop, raise_if_ended, relayed
from gmmseg.digits.events import Iterated, StageEvent
from gmmseg.mixture import density
from gmmseg.mixture.covariance import Full
from gmmseg.mixture.fit import fit_events
from gmmseg.mixture.initialise import params_from_labels
from gmmseg.mixture.merging import merged_component
from gmmseg.mixture.params import FitResult, FitStep, MixtureParams
from gmmseg.mixture.settings import FitSettings

_USUAL_ITERATIONS = 20
"""Iterations after which progress shows one half: their number cannot be foreseen."""


def kmeans_start_events(
    features: Float32Array, settings: FitSettings, should_stop: ShouldStop = never_stop
) -> Generator[Progress, None, MixtureParams]:
    """Return the Gaussians of the clusters of the best of several k-means runs.

    Parameters
    ----------
    features : (N, D)
    settings : FitSettings
        Of the fit that shall begin there.
    should_stop : callable

    Raises
    ------
    FitError
    Cancelled
    """
    values = features.astype(np.float64)
    job = fit_events(values, None, replace(settings, is_hard=True), should_stop)
    result = yield from relayed(
        job, lambda step: (Progress(f"Starting by k-means: iteration {step.iteration}", 0.0),)
    )
    params = result.params
    raise_if_ended(should_stop)
    labels = density.most_probable(params, values, should_stop)
    floor = settings.reg_covar or 0.0
    return params_from_labels(
        values, np.ones(len(values)), labels, params.n_components, settings.covariance, floor
    )


def mixture_events(
    features: Float32Array,
    settings: FitSettings,
    stage: str,
    start: MixtureParams | None = None,
    should_stop: ShouldStop = never_stop,
) -> Generator[StageEvent, None, FitResult]:
    """Fit a mixture and yield each iteration of the run that is kept, live where there is only that one.

    Of few images every start is run to its end on all of them, and which one is kept is known at the end.

    Parameters
    ----------
    features : (N, D)
    settings : FitSettings
    stage : str
        Named in the events.
    start : MixtureParams, optional
        The only start, in the place of those that `settings` asks for.
    should_stop : callable

    Raises
    ------
    FitError
    Cancelled
    """
    job = fit_events(features.astype(np.float64), None, settings, should_stop, start)
    # A given start is run once, on all images.
    had_coarse, n_exact = start is not None, 0

    def events_of(step: FitStep) -> Iterator[StageEvent]:
        nonlocal had_coarse, n_exact
        had_coarse |= step.stage == "coarse"
        yield _progress(step, settings.n_init, had_coarse)
        if had_coarse and step.stage == "exact":
            n_exact += 1
            yield Iterated(stage, n_exact, step.lower_bound, float("nan"))

    result = yield from relayed(job, events_of)
    if not n_exact:
        for at, step in enumerate(result.history, start=1):
            yield Iterated(stage, at, step.lower_bound, float("nan"))
    return result


def _progress(step: FitStep, n_init: int, had_coarse: bool) -> Progress:
    part = step.iteration / (step.iteration + _USUAL_ITERATIONS)
    if had_coarse and step.stage == "exact":
        return Progress(f"Fitting all images: iteration {step.iteration}", 0.3 + 0.65 * part)
    whole = 0.3 if had_coarse else 0.95
    return Progress(
        f"Fitting, start {step.restart + 1} of {n_init}: iteration {step.iteration}",
        whole * (step.restart + part) / n_init,
    )


def posteriors_of(params: MixtureParams, features: Float32Array, should_stop: ShouldStop) -> Float32Array:
    """Return the posteriors of each component (K, N) of rows (N, D)."""
    raise_if_ended(should_stop)
    return density.posteriors(params, features.astype(np.float64), np.float32, should_stop)


def params_of_groups(params: MixtureParams, groups: list[list[int]]) -> MixtureParams:
    """Return one Gaussian for each group of components, with their mean and covariance together."""
    parts = [merged_component(params, group) for group in groups]
    weights: FloatArray = np.array([weight for weight, _, _ in parts])
    means = np.stack([mean for _, mean, _ in parts])
    return MixtureParams(weights / weights.sum(), means, Full(np.stack([matrix for *_, matrix in parts])))
