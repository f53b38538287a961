"""Stages that fit a mixture without a graph: K Gaussians, or many of which confused ones are united."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from dataclasses import replace

import numpy as np

from gmmseg.arrays import Float32Array, FloatArray, frozen
from gmmseg.control import Progress, ShouldStop, raise_if_ended, relayed
from gmmseg.digits.settings import DigitSettings, MixtureSettings
from gmmseg.digits.workpiece import Iterated, StageEvent, Workpiece
from gmmseg.mixture import density
from gmmseg.mixture.covariance import CovarianceKind, Full
from gmmseg.mixture.fit import fit_events
from gmmseg.mixture.initialise import params_from_labels
from gmmseg.mixture.merging import merged_component
from gmmseg.mixture.misclassification import groups_by_misclassification
from gmmseg.mixture.params import FitResult, FitSettings, FitStep, MixtureParams

_IMAGES_PER_FEATURE = 2
"""Each component that is to be merged shall have at least so many images for each feature: Gaussians of fewer
are flat, and images are hardly ever confused between them."""
_USUAL_ITERATIONS = 20
"""Iterations after which progress shows one half: their number cannot be foreseen."""


def mixture_stage(
    work: Workpiece, settings: DigitSettings, should_stop: ShouldStop
) -> Generator[StageEvent, None, Workpiece]:
    """Fit K Gaussians, or k-means, to the features and find the clusters of all images."""
    wanted = _fit_settings(settings, settings.n_clusters or 1, settings.covariance, settings.mixture)
    start = None
    if settings.mixture.start == "k-means" and not settings.mixture.is_hard:
        start = yield from _kmeans_start(work, wanted, should_stop)
    result = yield from _fitted(work, wanted, "mixture", should_stop, start)
    posteriors = posteriors_of(result.params, work.known_features, should_stop)
    return replace(
        work,
        posteriors=frozen(posteriors),
        params=result.params,
        warnings=(*work.warnings, *result.warnings),
    )


def components_stage(
    work: Workpiece, settings: DigitSettings, should_stop: ShouldStop
) -> Generator[StageEvent, None, Workpiece]:
    """Fit many Gaussians, then unite the pairs that images are confused between until K clusters are left.

    Labels are united, not Gaussians: a cluster's posterior is the sum of its components'. The Gaussian that
    stands for it afterwards has the mean and covariance of the components together.
    """
    n_clusters = settings.n_clusters or 1
    most = work.n_fit // (_IMAGES_PER_FEATURE * work.known_features.shape[1])
    n_components = max(min(settings.components.n_components, most), n_clusters)
    once = replace(settings.mixture, is_hard=False, n_init=1, max_iter=settings.components.max_iter)
    wanted = _fit_settings(settings, n_components, settings.covariance, once)
    result = yield from _fitted(work, wanted, "components", should_stop)
    params = result.params
    yield Progress("Merging components", 0.95)
    posteriors = posteriors_of(params, work.known_features, should_stop)
    groups = groups_by_misclassification(posteriors[:, : work.n_fit], n_clusters, should_stop)
    united = np.stack([posteriors[group].sum(axis=0) for group in groups])
    return replace(
        work,
        posteriors=frozen(united),
        params=params_of_groups(params, groups),
        warnings=(*work.warnings, *_remarks(result, settings.components.n_components, n_components)),
    )


def _remarks(result: FitResult, n_wanted: int, n_components: int) -> list[str]:
    # The limit of iterations is low on purpose, so that to reach it is no fault.
    remarks = [line for line in result.warnings if "not converged" not in line]
    if n_components < n_wanted:
        remarks.append(
            f"{n_components} components were fitted instead of {n_wanted}: the images are too few."
        )
    return remarks


def _fit_settings(
    settings: DigitSettings, n_components: int, covariance: CovarianceKind, mixture: MixtureSettings
) -> FitSettings:
    return FitSettings(
        n_components,
        covariance,
        n_init=mixture.n_init,
        seed=settings.seed,
        max_iter=mixture.max_iter,
        tol=mixture.tol,
        reg_covar=mixture.reg_covar,
        is_hard=mixture.is_hard,
    )


def _kmeans_start(
    work: Workpiece, settings: FitSettings, should_stop: ShouldStop
) -> Generator[StageEvent, None, MixtureParams]:
    """Return the Gaussians of the clusters of the best of several k-means runs."""
    features = work.known_features[: work.n_fit]
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


def _fitted(
    work: Workpiece,
    settings: FitSettings,
    stage: str,
    should_stop: ShouldStop,
    start: MixtureParams | None = None,
) -> Generator[StageEvent, None, FitResult]:
    """Fit the mixture and tell each iteration of the run that is kept, live where there is only that one.

    Of few images every start is run to its end on all of them, and which one is kept is known at the end.
    """
    job = fit_events(work.known_features[: work.n_fit].astype(np.float64), None, settings, should_stop, start)
    # A given start is run once, on all images.
    had_coarse, n_told = start is not None, 0

    def told(step: FitStep) -> Iterator[StageEvent]:
        nonlocal had_coarse, n_told
        had_coarse |= step.stage == "coarse"
        yield _progress(step, settings.n_init, had_coarse)
        if had_coarse and step.stage == "exact":
            n_told += 1
            yield Iterated(stage, n_told, step.lower_bound, float("nan"))

    result = yield from relayed(job, told)
    if not n_told:
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
