"""A digit experiment from images to scored clusters, as a generator."""

from __future__ import annotations

import time
from collections.abc import Generator
from dataclasses import dataclass, fields, replace

import numpy as np
from numpy.typing import NDArray

from gmmseg.arrays import BoolArray, ByteArray, Float32Array, FloatArray, IntArray, frozen
from gmmseg.control import Progress, ShouldStop, all_or_nothing, never_stop, raise_if_ended, relayed
from gmmseg.digits.dataset import DigitSet
from gmmseg.digits.doubts import doubts
from gmmseg.digits.events import Iterated, StageEvent
from gmmseg.digits.forecast import Forecast
from gmmseg.digits.recipes import StageName, check_experiment
from gmmseg.digits.reliability import Reliability, reliability
from gmmseg.digits.scores import Scores, is_misplaced, score
from gmmseg.digits.settings import DigitSettings
from gmmseg.digits.stages import Stage, StageCache, StageResult, chained_keys, needed_bytes, stages_of
from gmmseg.digits.workpiece import Workpiece
from gmmseg.errors import BudgetError, SettingsError
from gmmseg.limits import memory_budget, size_text
from gmmseg.mixture.params import MixtureParams

SELECTION_SEED = 0
"""Of the random part that a quick look takes: another seed of the fit then keeps its images and features."""
SHOWN_COMPONENTS = 10
"""Principal components shown where there is no graph."""


@dataclass(frozen=True, slots=True, eq=False)
class ExperimentRequest:
    """A set of digits, and the settings to cluster it with."""

    digits: DigitSet
    settings: DigitSettings


@dataclass(frozen=True, slots=True)
class StageDone:
    """A stage has made its result, or it was there from before."""

    name: StageName
    title: str
    seconds: float
    """Duration of its computation."""
    was_kept: bool


ExperimentEvent = Progress | StageDone | Iterated
"""`Progress.fraction` is the share of the whole experiment that is done, by the stages' usual durations."""


@dataclass(frozen=True, slots=True, eq=False)
class Clustering:
    """Result of a run before it is compared with digits and labels; arrays are read-only.

    Parameters
    ----------
    settings : DigitSettings
    clusters : int32 (N,)
        Cluster of each image, 0..K - 1, the largest first among the fitted images.
    confidence : float32 (N,)
        Posterior of that cluster, calibrated where `power` is given.
    params : MixtureParams
        K Gaussians over the features, in the order of the clusters.
    embedding : float32 (N, E)
        For a scatter: spectral coordinates, or the first principal components.
    embedding_names : tuple of str
    eigenvalues : (M,), optional
        Of the last graph, falling.
    gap_k : int, optional
        Number of clusters that their largest gap proposes.
    n_fit : int
        The leading images, which were fitted.
    power : float, optional
        To which the posteriors were raised so that they are right as often as they say; None where they were
        not.
    seconds : dict
        Wall-clock seconds by stage, when it was made.
    history : tuple of Iterated
        The iterations of all stages that were run now or kept.
    warnings : tuple of str

    Raises
    ------
    ValueError
        Shapes do not fit together.
    """

    settings: DigitSettings
    clusters: NDArray[np.int32]
    confidence: Float32Array
    params: MixtureParams
    embedding: Float32Array
    embedding_names: tuple[str, ...]
    eigenvalues: FloatArray | None
    gap_k: int | None
    n_fit: int
    power: float | None
    seconds: dict[str, float]
    history: tuple[Iterated, ...]
    warnings: tuple[str, ...]

    def __post_init__(self) -> None:
        n_images = len(self.clusters)
        if not 1 <= self.n_fit <= n_images:
            raise ValueError(f"{self.n_fit} fitted of {n_images} images")
        if self.clusters.shape != (n_images,) or self.confidence.shape != (n_images,):
            raise ValueError("clusters and confidence of other images")
        if self.clusters.min() < 0 or self.clusters.max() >= self.params.n_components:
            raise ValueError(f"clusters beyond the {self.params.n_components} components")
        if self.embedding.shape != (n_images, len(self.embedding_names)) or not self.embedding_names:
            raise ValueError(f"an embedding {self.embedding.shape} of {n_images} images")
        if self.eigenvalues is not None and (self.eigenvalues.ndim != 1 or not self.eigenvalues.size):
            raise ValueError("eigenvalues that are no list")


@dataclass(frozen=True, slots=True, eq=False)
class ExperimentOutcome(Clustering):
    """The result of an experiment, compared with its labels; arrays are read-only.

    Parameters
    ----------
    digits : DigitSet
        The images that took part: a random selection where ``settings.n_images`` asked for one.
    features : float32 (N, D), optional
        Space of the Gaussians; a project does not keep them.
    fitted : bool (N,)
        Which images were fitted; the others were assigned afterwards.
    scores_fit, scores_test, scores_all : Scores, optional
        Of the fitted images, of those not fitted, of all; None without labels, or without such images.
    reliability_fit, reliability_test : Reliability, optional
        Of the fitted images and of those not fitted: how often confidence is right, by the fitted images'
        matching of clusters and labels; None without labels, or without such images.
    """

    digits: DigitSet
    features: Float32Array | None
    fitted: BoolArray
    scores_fit: Scores | None
    scores_test: Scores | None
    scores_all: Scores | None
    reliability_fit: Reliability | None
    reliability_test: Reliability | None

    @property
    def n_clusters(self) -> int:
        """Number of clusters, K; some may be empty."""
        return self.params.n_components


def scored_outcome(
    digits: DigitSet, found: Clustering, features: Float32Array | None = None
) -> ExperimentOutcome:
    """Return the outcome of a run on digits, compared with their labels.

    Raises
    ------
    ValueError
        They are not as many images.
    """
    if digits.n_images != len(found.clusters):
        raise ValueError(f"clusters of {len(found.clusters)} images, not of {digits.n_images}")
    own = {each.name: getattr(found, each.name) for each in fields(Clustering)}
    clusters, confidence, n_clusters = found.clusters, found.confidence, found.params.n_components
    fitted = frozen(np.arange(digits.n_images) < found.n_fit)
    scores_fit = _scores(digits, clusters, fitted, n_clusters)
    return ExperimentOutcome(
        digits=digits,
        features=features,
        fitted=fitted,
        scores_fit=scores_fit,
        scores_test=_scores(digits, clusters, ~fitted, n_clusters),
        scores_all=_scores(digits, clusters, np.ones_like(fitted), n_clusters),
        reliability_fit=_reliability(digits, clusters, confidence, scores_fit, fitted),
        reliability_test=_reliability(digits, clusters, confidence, scores_fit, ~fitted),
        **own,
    )


def experiment_events(
    request: ExperimentRequest, cache: StageCache | None = None, should_stop: ShouldStop = never_stop
) -> Generator[ExperimentEvent, None, ExperimentOutcome]:
    """Run a recipe: stages whose settings and images are as before are taken from the cache.

    Parameters
    ----------
    request : ExperimentRequest
    cache : StageCache, optional
        Filled with what the stages make, also when a later one is stopped or fails.
    should_stop : callable
        Asked between blocks, perhaps by two threads at once. STOP and CANCEL are the same: half a recipe is
        no result, and finished stages stay in the cache.

    Raises
    ------
    SettingsError, BudgetError, FitError
    Cancelled
    """
    settings = request.settings
    check_experiment(settings)
    digits = selection_of(request.digits, settings)
    n_fit = digits.n_train if settings.fit_on == "train" else digits.n_images
    _check_possible(digits, settings, n_fit)
    cache = StageCache() if cache is None else cache
    results = yield from _run(digits, settings, n_fit, cache, all_or_nothing(should_stop))
    raise_if_ended(should_stop)
    yield Progress("Scoring", 1.0)
    return _outcome(digits, settings, results)


def selection_of(digits: DigitSet, settings: DigitSettings) -> DigitSet:
    """Return the images that take part under some settings: all of them, or a random selection."""
    return digits if settings.n_images is None else digits.subset(settings.n_images, SELECTION_SEED)


def _check_possible(digits: DigitSet, settings: DigitSettings, n_fit: int) -> None:
    n_clusters = max(settings.n_clusters or 2, 2)
    n_different = _n_different(digits.images[:n_fit], n_clusters)
    if n_different < n_clusters:
        raise SettingsError(
            "n_clusters",
            f"{n_different} different image{'s' * (n_different != 1)} cannot form {n_clusters} clusters.",
            "Choose fewer clusters or more images.",
        )
    needed = needed_bytes(settings, digits.n_images, digits.image_shape)
    if needed > memory_budget():
        raise BudgetError(
            f"This recipe needs {size_text(needed)} for {digits.n_images:,} images.",
            "Choose fewer or smaller images, or raise the memory budget.",
        )


def _n_different(images: ByteArray, enough: int) -> int:
    """Return the number of different images, or `enough` as soon as so many have been seen."""
    seen: set[bytes] = set()
    for image in images:
        seen.add(image.tobytes())
        if len(seen) == enough:
            break
    return len(seen)


def _run(
    digits: DigitSet, settings: DigitSettings, n_fit: int, cache: StageCache, should_stop: ShouldStop
) -> Generator[ExperimentEvent, None, dict[StageName, StageResult]]:
    stages = stages_of(settings)
    keys = chained_keys(stages, settings, (digits.identity, digits.n_images))
    cache.retain(keys)
    known = {stage.name: cache.get(stage.name, keys[stage.name]) for stage in stages}
    costs = {stage.name: stage.seconds(settings, digits.n_images, digits.image_shape) for stage in stages}
    forecast = Forecast(sum(costs[stage.name] for stage in stages if known[stage.name] is None))
    results: dict[StageName, StageResult] = {}
    work = Workpiece(digits.images, n_fit)
    for stage in stages:
        result = known[stage.name]
        was_kept = result is not None
        if result is None:
            forecast.begin(costs[stage.name])
            result = yield from _made(stage, work, settings, forecast, should_stop)
            cache.keep(stage.name, keys[stage.name], result)
        # Image stages do not depend on which images are fitted, but their workpiece passes it on.
        work = replace(result.work, n_fit=n_fit)
        results[stage.name] = replace(result, work=work)
        yield StageDone(stage.name, stage.title, result.seconds, was_kept)
    return results


def _made(
    stage: Stage,
    work: Workpiece,
    settings: DigitSettings,
    forecast: Forecast,
    should_stop: ShouldStop,
) -> Generator[ExperimentEvent, None, StageResult]:
    raise_if_ended(should_stop)
    since = time.perf_counter()
    iterations: list[Iterated] = []
    yield Progress(stage.title, forecast.fraction(0.0))

    def within_span(event: StageEvent) -> tuple[ExperimentEvent]:
        if isinstance(event, Progress):
            return (Progress(event.text, forecast.fraction(event.fraction or 0.0)),)
        iterations.append(event)
        return (event,)

    made = yield from relayed(stage.run(work, settings, should_stop), within_span)
    raise_if_ended(should_stop)
    return StageResult(made, time.perf_counter() - since, tuple(iterations))


def _outcome(
    digits: DigitSet, settings: DigitSettings, results: dict[StageName, StageResult]
) -> ExperimentOutcome:
    work = list(results.values())[-1].work
    if work.posteriors is None or work.params is None:
        raise ValueError("the last stage of a recipe must set posteriors and Gaussians")
    clusters, order = _in_order(work.posteriors.argmax(axis=0), work.n_fit, len(work.posteriors))
    features = work.known_features
    has_graph = work.embedding is not None
    embedding = features[:, :SHOWN_COMPONENTS] if work.embedding is None else work.embedding
    kind = "Spectral" if has_graph else "PC"
    n_empty = len(order) - len(np.unique(clusters))
    warnings = work.warnings
    if n_empty:
        warnings = (*warnings, f"{n_empty} of {len(order)} clusters are empty.")
    sizes = np.bincount(clusters[: work.n_fit], minlength=len(order))
    return scored_outcome(
        digits,
        Clustering(
            settings=settings,
            clusters=frozen(clusters),
            confidence=frozen(work.posteriors.max(axis=0)),
            params=work.params.reordered(order),
            embedding=embedding,
            embedding_names=tuple(f"{kind} {i + 1}" for i in range(embedding.shape[1])),
            eigenvalues=work.eigenvalues,
            gap_k=work.gap_k,
            n_fit=work.n_fit,
            power=work.power,
            seconds={name: result.seconds for name, result in results.items()},
            history=tuple(step for result in results.values() for step in result.iterations),
            warnings=(*warnings, *doubts(sizes, work.gap_k, work.found, work.stable)),
        ),
        features,
    )


def _in_order(found: IntArray, n_fit: int, n_clusters: int) -> tuple[NDArray[np.int32], IntArray]:
    """Return clusters in canonical order (N,), and which old cluster each new one is, (K,).

    The order is by the number of fitted images, falling, then by the first image: it does not change when
    other images are assigned, nor with the names that a random start gave.
    """
    sizes = np.bincount(found[:n_fit], minlength=n_clusters)
    first = np.full(n_clusters, n_fit)
    np.minimum.at(first, found[:n_fit], np.arange(n_fit))
    order = np.lexsort((first, -sizes)).astype(np.int64)
    rank = np.empty(n_clusters, dtype=np.int32)
    rank[order] = np.arange(n_clusters, dtype=np.int32)
    return rank[found], order


def _scores(
    digits: DigitSet, clusters: NDArray[np.int32], which: BoolArray, n_clusters: int
) -> Scores | None:
    if digits.labels is None or not which.any():
        return None
    return score(clusters[which], digits.labels[which], n_clusters)


def _reliability(
    digits: DigitSet,
    clusters: NDArray[np.int32],
    confidence: Float32Array,
    scores: Scores | None,
    which: BoolArray,
) -> Reliability | None:
    if digits.labels is None or scores is None or not which.any():
        return None
    return reliability(confidence[which], ~is_misplaced(scores, clusters[which], digits.labels[which]))
