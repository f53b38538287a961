"""Runs of each stage: from the workpiece and the settings to the numerics, and back to a new workpiece."""

from __future__ import annotations

from collections.abc import Callable, Generator
from dataclasses import replace

import numpy as np

from gmmseg.arrays import AnyArray, Float32Array, frozen
from gmmseg.control import Progress, ShouldStop, raise_if_ended, relayed
from gmmseg.digits.assignment import assigned
from gmmseg.digits.blocks import BLOCK_IMAGES, image_blocks
from gmmseg.digits.calibration import calibration_events, halves, to_power
from gmmseg.digits.deskew import deskewed
from gmmseg.digits.events import StageEvent
from gmmseg.digits.framing import Framing, framed, framing_of
from gmmseg.digits.graph import edge_weights, joined, weighted_mean
from gmmseg.digits.graph_mixture import GaussianEvidence, GraphMixtureResult, MixtureOnGraph
from gmmseg.digits.neighbours import nearest_events
from gmmseg.digits.orientation import OrientationMaps
from gmmseg.digits.partition import PartitionProblem, indicators, partition_of
from gmmseg.digits.pca import principal_axes
from gmmseg.digits.plain_mixture import kmeans_start_events, mixture_events, params_of_groups, posteriors_of
from gmmseg.digits.rivals import agreement, shaded, spread_events
from gmmseg.digits.scattering import scattering_events
from gmmseg.digits.search import Search, search_events
from gmmseg.digits.settings import DigitSettings, MixtureSettings
from gmmseg.digits.spectral import eigenvalue_gap, leading_eigenvectors, spectral_coordinates, start_labels
from gmmseg.digits.stability import stability_events
from gmmseg.digits.whitening import half_whitener, within_covariance
from gmmseg.digits.workpiece import Workpiece, made
from gmmseg.mixture.misclassification import groups_by_misclassification
from gmmseg.mixture.settings import FitSettings

StageJob = Generator[StageEvent, None, Workpiece]
StageRun = Callable[[Workpiece, DigitSettings, ShouldStop], StageJob]
"""A stage: yields progress, calls `should_stop` at least every 0.2 s, returns what it made.

The same work and settings give the same bytes. Returned arrays are new: never those of the given work,
written to.
"""
_ORIENTATION_IMAGES = 256
_FEATURE_ROWS = 2048
_SEARCHED_FOR_EACH = 20
"""Images for each cluster from which on partitions are searched for: with fewer all are much the same."""
_HALVED_FOR_EACH = 100
"""Images for each cluster from which on halves are searched: smaller ones disagree for want of images."""
_CLEARLY_MORE = 0.05
"""Nats per image; chosen while scores of MNIST were seen."""
_IMAGES_PER_FEATURE = 2
"""Each component that is to be merged shall have at least so many images for each feature: Gaussians of fewer
are flat, and images are hardly ever confused between them."""


def pixels_stage(work: Workpiece, settings: DigitSettings, should_stop: ShouldStop) -> StageJob:
    """Set the features to the pixels in 0..1, row after row."""
    images = work.images.reshape(work.n_images, -1)
    features = np.empty(images.shape, dtype=np.float32)
    yield from _filled(
        features, lambda rows: images[rows] * np.float32(1 / 255), "Reading the pixels", should_stop
    )
    return replace(work, features=frozen(features), axes=None)


def _filled(
    out: AnyArray,
    make: Callable[[slice], AnyArray],
    text: str,
    should_stop: ShouldStop,
    size: int = BLOCK_IMAGES,
    begin: float = 0.0,
) -> Generator[Progress, None, None]:
    """Write `out` block by block, which is the stage's progress from `begin` on."""
    for rows in image_blocks(len(out), size):
        raise_if_ended(should_stop)
        out[rows] = make(rows)
        yield Progress(text, begin + (1 - begin) * rows.stop / len(out))


def framing_stage(work: Workpiece, settings: DigitSettings, should_stop: ShouldStop) -> StageJob:
    """Turn the images about, clear their paper and cut them about their ink, where the whole set needs it.

    How is judged by the fitted images.
    """
    framing = framing_of(work.images[: work.n_fit])
    if framing == Framing():
        return work
    images = np.empty((work.n_images, *(framing.shape or work.images.shape[1:])), dtype=np.uint8)
    yield from _filled(
        images, lambda rows: framed(work.images[rows], framing), "Framing the digits", should_stop
    )
    return replace(work, images=frozen(images), warnings=(*work.warnings, *framing.sentences()))


def deskew_stage(work: Workpiece, settings: DigitSettings, should_stop: ShouldStop) -> StageJob:
    """Replace the images by upright ones."""
    upright, max_shear = np.empty_like(work.images), settings.deskew.max_shear
    yield from _filled(
        upright,
        lambda rows: deskewed(work.images[rows], max_shear),
        "Straightening the digits",
        should_stop,
    )
    return replace(work, images=frozen(upright))


def orientation_stage(work: Workpiece, settings: DigitSettings, should_stop: ShouldStop) -> StageJob:
    """Set the features to orientation maps, (bins, grid, grid) in a row."""
    chosen, (_, height, width) = settings.orientation, work.images.shape
    maps = OrientationMaps.of(
        (height, width),
        n_bins=chosen.n_bins,
        edge_sigma=chosen.edge_sigma,
        pool_sigma=chosen.pool_sigma,
        n_grid=chosen.n_grid,
        grid_step=chosen.grid_step,
        power=chosen.power,
    )
    features = np.empty((work.n_images, maps.n_features), dtype=np.float32)
    yield from _filled(
        features,
        lambda rows: maps.features(work.images[rows]),
        "Measuring directions of edges",
        should_stop,
        _ORIENTATION_IMAGES,
    )
    return replace(work, features=frozen(features), axes=None)


def scattering_stage(work: Workpiece, settings: DigitSettings, should_stop: ShouldStop) -> StageJob:
    """Set the features to shares of scattering coefficients, in the directions in which these vary most."""
    chosen = settings.scattering
    features = yield from scattering_events(
        work.images, work.n_fit, chosen.n_scales, chosen.n_angles, should_stop
    )
    return replace(work, features=frozen(features), axes=None)


def pca_stage(work: Workpiece, settings: DigitSettings, should_stop: ShouldStop) -> StageJob:
    """Replace the features by their principal components over the fitted images."""
    features, text = work.known_features, "Finding principal components"
    yield Progress(text, 0.0)
    axes = principal_axes(features[: work.n_fit], settings.pca.n_components, should_stop)
    yield Progress(text, 0.7)
    projected = np.empty((work.n_images, len(axes.variances)), dtype=np.float32)
    yield from _filled(
        projected, lambda rows: axes.project(features[rows]), text, should_stop, _FEATURE_ROWS, 0.7
    )
    return replace(work, features=frozen(projected), axes=axes)


def mixture_stage(work: Workpiece, settings: DigitSettings, should_stop: ShouldStop) -> StageJob:
    """Fit K Gaussians, or k-means, to the features and find the clusters of all images."""
    wanted = _fit_settings(settings, settings.n_clusters or 1, settings.mixture)
    fitted, start = work.known_features[: work.n_fit], None
    if settings.mixture.start == "k-means" and not settings.mixture.is_hard:
        start = yield from kmeans_start_events(fitted, wanted, should_stop)
    result = yield from mixture_events(fitted, wanted, "mixture", start, should_stop)
    posteriors = posteriors_of(result.params, work.known_features, should_stop)
    return replace(
        work,
        posteriors=frozen(posteriors),
        params=result.params,
        warnings=(*work.warnings, *result.warnings),
    )


def components_stage(work: Workpiece, settings: DigitSettings, should_stop: ShouldStop) -> StageJob:
    """Fit many Gaussians, then unite the pairs that images are confused between until K clusters are left.

    Labels are united, not Gaussians: a cluster's posterior is the sum of its components'. The Gaussian that
    stands for it afterwards has the mean and covariance of the components together.
    """
    n_clusters, n_wanted = settings.n_clusters or 1, settings.components.n_components
    features = work.known_features
    most = work.n_fit // (_IMAGES_PER_FEATURE * features.shape[1])
    n_components = max(min(n_wanted, most), n_clusters)
    once = replace(settings.mixture, is_hard=False, n_init=1, max_iter=settings.components.max_iter)
    wanted = _fit_settings(settings, n_components, once)
    result = yield from mixture_events(features[: work.n_fit], wanted, "components", should_stop=should_stop)
    yield Progress("Merging components", 0.95)
    posteriors = posteriors_of(result.params, features, should_stop)
    groups = groups_by_misclassification(posteriors[:, : work.n_fit], n_clusters, should_stop)
    united = np.stack([posteriors[group].sum(axis=0) for group in groups])
    # The limit of iterations is low on purpose, so that to reach it is no fault.
    warnings = [line for line in result.warnings if "not converged" not in line]
    if n_components < n_wanted:
        warnings.append(
            f"{n_components} components were fitted instead of {n_wanted}: the images are too few."
        )
    return replace(
        work,
        posteriors=frozen(united),
        params=params_of_groups(result.params, groups),
        warnings=(*work.warnings, *warnings),
    )


def _fit_settings(settings: DigitSettings, n_components: int, mixture: MixtureSettings) -> FitSettings:
    return FitSettings(
        n_components,
        settings.covariance,
        n_init=mixture.n_init,
        seed=settings.seed,
        max_iter=mixture.max_iter,
        tol=mixture.tol,
        reg_covar=mixture.reg_covar,
        is_hard=mixture.is_hard,
    )


def neighbours_stage(work: Workpiece, settings: DigitSettings, should_stop: ShouldStop) -> StageJob:
    """Find the nearest fitted images of each fitted image, in the graph's features."""
    features = graph_features(work, settings)[: work.n_fit]
    k = min(settings.graph.n_neighbours, work.n_fit - 1)
    found = yield from nearest_events(features, features, k, is_self=True, should_stop=should_stop)
    return replace(work, neighbours=found)


def graph_features(work: Workpiece, settings: DigitSettings) -> Float32Array:
    """Return what distances are measured in, (N, E): the whitened features, or the leading components."""
    if work.graph_features is not None:
        return work.graph_features
    return work.known_features[:, : settings.graph.n_features]


def graph_stage(work: Workpiece, settings: DigitSettings, should_stop: ShouldStop) -> StageJob:
    """Join each fitted image with its neighbours."""
    neighbours = made(work.neighbours, "a graph needs neighbours")
    yield Progress("Weighing the edges", 0.0)
    raise_if_ended(should_stop)
    affinities = edge_weights(neighbours.distances, should_stop)
    yield Progress("Weighing the edges", 0.7)
    raise_if_ended(should_stop)
    graph = joined(neighbours, affinities)
    yield Progress("Weighing the edges", 1.0)
    return replace(work, graph=graph)


def spectral_stage(work: Workpiece, settings: DigitSettings, should_stop: ShouldStop) -> StageJob:
    """Find the eigenvalues, the number of clusters that they propose, and clusters to start from."""
    graph = made(work.graph, "a spectral start needs a graph")
    yield Progress("Looking for groups in the graph", 0.0)
    wanted = max(settings.spectral.n_eigenvalues, (settings.n_clusters or 0) + 2)
    spectrum = leading_eigenvectors(graph, wanted, should_stop)
    gap_k = eigenvalue_gap(spectrum.eigenvalues)
    n_clusters = settings.n_clusters or gap_k
    yield Progress("Looking for groups in the graph", 0.8)
    coordinates = spectral_coordinates(spectrum, n_clusters)
    start = start_labels(
        spectrum,
        coordinates,
        work.known_features[: work.n_fit],
        n_clusters,
        settings.spectral.n_init,
        settings.seed,
        should_stop,
    )
    yield Progress("Looking for groups in the graph", 1.0)
    return replace(
        work,
        eigenvalues=frozen(spectrum.eigenvalues),
        gap_k=gap_k,
        embedding=frozen(coordinates.astype(np.float32)),
        start=frozen(start),
    )


def search_stage(work: Workpiece, settings: DigitSettings, should_stop: ShouldStop) -> StageJob:
    """Replace the clusters to start from by the best partition that a search finds."""
    start = made(work.start, "a search needs a start")
    n_clusters = settings.n_clusters or int(start.max()) + 1
    if not settings.search.n_starts or n_clusters < 2 or work.n_fit < _SEARCHED_FOR_EACH * n_clusters:
        return work
    found = yield from search_events(_search(work, settings, n_clusters), start, should_stop)
    return replace(work, start=frozen(found.labels.astype(np.int32)), found=found)


def _search(work: Workpiece, settings: DigitSettings, n_clusters: int) -> Search:
    return Search(
        work.known_features[: work.n_fit],
        n_clusters,
        settings.graph.n_features,
        _model(settings),
        settings.search.n_starts,
        settings.seed,
    )


def _model(settings: DigitSettings) -> MixtureOnGraph:
    field = settings.field
    return MixtureOnGraph(
        settings.covariance, field.temperature, field.strength, field.added_variance, field.n_sweeps
    )


def graph_mixture_stage(work: Workpiece, settings: DigitSettings, should_stop: ShouldStop) -> StageJob:
    """Fit the mixture with a neighbourhood prior from the clusters that were found before."""
    labels = made(work.start, "the mixture needs a start")
    n_clusters = settings.n_clusters or int(labels.max()) + 1
    start = indicators(labels.astype(np.int64), n_clusters)
    start = start[start.any(axis=1)]
    result = yield from _graph_mixture_events(work, settings, start, should_stop)
    warnings = work.warnings
    if len(start) < n_clusters:
        warnings = (
            *warnings,
            f"K was reduced from {n_clusters} to {len(start)}: the graph has no more groups.",
        )
    if not result.converged:
        warnings = (*warnings, f"The clusters had not settled after {settings.field.max_iter} iterations.")
    return replace(work, posteriors=frozen(result.posteriors), params=result.params, warnings=warnings)


def graph_mixture_2_stage(work: Workpiece, settings: DigitSettings, should_stop: ShouldStop) -> StageJob:
    """Fit it again on the second graph, from that graph's own groups or from the clusters of the first pass.

    The new groups are the better start where the first clusters are nearly right, and may undo what a search
    found: the first clusters go on where they are worth clearly more.
    """
    earlier = work.posteriors
    again = yield from relayed(graph_mixture_stage(work, settings, should_stop), _first_half)
    if work.found is None or earlier is None or again.posteriors is None:
        return again
    result = yield from relayed(_graph_mixture_events(work, settings, earlier, should_stop), _second_half)
    gain = _worth(work, settings, result.posteriors) - _worth(work, settings, again.posteriors)
    if len(result.posteriors) != len(again.posteriors) or gain <= _CLEARLY_MORE:
        return again
    return replace(again, posteriors=frozen(result.posteriors), params=result.params)


def _first_half(event: StageEvent) -> tuple[StageEvent]:
    return (Progress(event.text, (event.fraction or 0) / 2) if isinstance(event, Progress) else event,)


def _second_half(event: StageEvent) -> tuple[StageEvent, ...]:
    # Iterations of one start are a curve; those of two would be none.
    return (Progress(event.text, (1 + (event.fraction or 0)) / 2),) if isinstance(event, Progress) else ()


def _worth(work: Workpiece, settings: DigitSettings, posteriors: Float32Array) -> float:
    """Return J of clusters on the workpiece's graph, nats per image."""
    problem = _problem(work, settings)
    return partition_of(problem, posteriors.argmax(axis=0), len(posteriors)).objective


def _problem(work: Workpiece, settings: DigitSettings) -> PartitionProblem:
    graph = made(work.graph, "partitions are compared on a graph")
    return PartitionProblem(work.known_features[: work.n_fit], graph, _model(settings))


def _graph_mixture_events(
    work: Workpiece, settings: DigitSettings, start: Float32Array, should_stop: ShouldStop
) -> Generator[StageEvent, None, GraphMixtureResult]:
    return _problem(work, settings).fit_events(
        start,
        settings.field.max_iter,
        min_changed=settings.field.min_changed,
        stage="graph_mixture" if work.graph_features is None else "graph_mixture_2",
        should_stop=should_stop,
    )


def whitening_stage(work: Workpiece, settings: DigitSettings, should_stop: ShouldStop) -> StageJob:
    """Set the graph's features to the features in which the clusters are rounder."""
    posteriors = made(work.posteriors, "whitening needs clusters")
    features, text = work.known_features, "Correcting the distances"
    yield Progress(text, 0.0)
    labels = posteriors.argmax(axis=0)
    within = within_covariance(features[: work.n_fit], labels, len(posteriors), should_stop)
    transform = half_whitener(within, settings.graph.whitening).astype(np.float32)
    levelled = np.empty((work.n_images, transform.shape[1]), dtype=np.float32)
    yield from _filled(levelled, lambda rows: features[rows] @ transform, text, should_stop, _FEATURE_ROWS)
    return replace(work, graph_features=frozen(levelled))


def assignment_stage(work: Workpiece, settings: DigitSettings, should_stop: ShouldStop) -> StageJob:
    """Add posteriors and spectral coordinates of the images that were not fitted.

    Their posteriors are ``∝ exp(log pi + temperature log N(x) + strength m)``, where m is the weighted mean
    of the posteriors of their nearest fitted images, which stay as they are.
    """
    if work.posteriors is None or work.params is None or work.embedding is None:
        raise ValueError("an assignment needs a fitted mixture")
    n_fit, n_images = work.n_fit, work.n_images
    if n_fit == n_images:
        return work
    features = graph_features(work, settings)
    k = min(settings.graph.n_neighbours, n_fit)
    found = yield from nearest_events(features[n_fit:], features[:n_fit], k, should_stop=should_stop)
    posteriors = np.empty((len(work.posteriors), n_images), dtype=np.float32)
    posteriors[:, :n_fit] = work.posteriors
    posteriors[:, n_fit:] = assigned(
        work.known_features[n_fit:],
        GaussianEvidence(work.params, settings.field.temperature),
        found,
        work.posteriors,
        settings.field.strength,
        should_stop,
    )
    embedding = np.empty((n_images, work.embedding.shape[1]), dtype=np.float32)
    embedding[:n_fit] = work.embedding
    affinities = edge_weights(found.distances, should_stop)
    embedding[n_fit:] = weighted_mean(np.ascontiguousarray(work.embedding.T), found.indices, affinities).T
    yield Progress("Assigning new images", 1.0)
    return replace(work, posteriors=frozen(posteriors), embedding=frozen(embedding))


def stability_stage(work: Workpiece, settings: DigitSettings, should_stop: ShouldStop) -> StageJob:
    """Find out how far halves of the images, searched by themselves, agree with the clusters."""
    if work.posteriors is None or work.neighbours is None:
        raise ValueError("stability is that of a fitted mixture and its graph's neighbours")
    n_clusters = len(work.posteriors)
    if work.found is None or work.n_fit < _HALVED_FOR_EACH * n_clusters:
        return work
    sample = work.found.sample
    stable = yield from stability_events(
        _search(work, settings, n_clusters),
        work.posteriors[:, sample].argmax(axis=0),
        sample,
        halves(work.neighbours, settings.seed),
        should_stop,
    )
    return replace(work, stable=frozen(stable))


def calibration_stage(work: Workpiece, settings: DigitSettings, should_stop: ShouldStop) -> StageJob:
    """Replace the posteriors by their power that is right as often as it says, as far as partitions agree."""
    if work.posteriors is None or work.neighbours is None:
        raise ValueError("a calibration needs a fitted mixture and its graph's neighbours")
    power = yield from calibration_events(
        _problem(work, settings),
        graph_features(work, settings)[: work.n_fit],
        work.neighbours,
        work.posteriors[:, : work.n_fit],
        settings.seed,
        should_stop,
    )
    posteriors = to_power(work.posteriors, power)
    if work.found is not None:
        known = agreement(work.found) * (1.0 if work.stable is None else work.stable)
        near = work.known_features[:, : settings.graph.n_features]
        agreed = yield from spread_events(known, work.found.sample, near, should_stop)
        posteriors = shaded(posteriors, agreed)
    return replace(work, posteriors=frozen(posteriors), power=power)
