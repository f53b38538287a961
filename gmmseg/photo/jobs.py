"""Whole pipelines as generators: what a thread runs, the command line loops over and a test drains."""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from gmmseg.control import (
    Progress,
    ShouldStop,
    StopRequest,
    all_or_nothing,
    never_stop,
    only_cancelled,
    relayed,
)
from gmmseg.errors import FitError
from gmmseg.features.blocks import block_table
from gmmseg.features.build import Standard, feature_table
from gmmseg.features.spec import FeatureSpec
from gmmseg.features.table import FeatureTable
from gmmseg.image import Image
from gmmseg.mixture.adaptation import adapted
from gmmseg.mixture.fit import evaluate
from gmmseg.mixture.params import FitResult, FitStep, MixtureParams, StopReason
from gmmseg.mixture.selection import Candidate, chosen_fit_events, select_events
from gmmseg.mixture.settings import Adaptation, FitSettings
from gmmseg.photo.classes import ClassTable, default_classes
from gmmseg.photo.document import Fit
from gmmseg.photo.given import GivenModel, settings_of_model
from gmmseg.photo.labelling import Labeller, MapClasses, Previewed, as_it_is
from gmmseg.photo.model import Model, check_names, check_suits
from gmmseg.photo.objects.hints import Hints
from gmmseg.photo.segmentation import Segmentation
from gmmseg.photo.settings import LearnsFrom, SegmentSettings
from gmmseg.photo.spreading import spread_over_regions
from gmmseg.photo.teaching import Began, check_size, taught_events, taught_floor
from gmmseg.setting import check_settings

if TYPE_CHECKING:
    from gmmseg.regions.hierarchy import Hierarchy

_NO_END: tuple[StopReason, ...] = ("stopped", "not fitted", "adapted")
"""Results that fitting again would not give."""

TableMaker = Callable[[Image, FeatureSpec, ShouldStop, Standard | None], FeatureTable]
"""Makes the rows of an image, measured by a standard or their own: `feature_table`, or a cache before it."""


JobEvent = Progress | FitStep | Candidate | Previewed
"""EM has evaluated a parameter set, or a number of components was tried; the others as they say."""


@dataclass(frozen=True, slots=True, eq=False)
class SegmentRequest:
    """A request to segment an image."""

    image: Image
    settings: SegmentSettings
    wants_preview: bool = False
    known: Fit | None = None
    """A fit whose mixture is taken where fitting would give it again: where only the smoothing differs."""
    hints: Hints | None = None
    """Marks that teach the classes where the settings say so."""
    given: GivenModel | None = None
    """A model that labels the image in place of a fit."""
    hierarchy: Hierarchy | None = None
    """The region tree of the image by the seed of the mixture; what needs it makes it where it is missing."""

    @property
    def known_mixture(self) -> tuple[FitResult, ClassTable] | None:
        """The mixture and the classes that fitting would end at, where they are known."""
        known = self.known
        if known is None or known.image is not self.image or known.is_merged:
            return None
        if known.result.stop_reason in _NO_END:
            return None
        has_same_mixture = replace(known.settings, smooth=self.settings.smooth) == self.settings
        return (known.result, known.model.classes) if has_same_mixture and known.hints == self.hints else None


@dataclass(frozen=True, slots=True, eq=False)
class SegmentOutcome:
    """Result of a finished request."""

    fit: Fit
    table: FeatureTable
    segmentation: Segmentation
    hierarchy: Hierarchy | None = None
    """The region tree by the seed of the mixture, where there is one."""


def segment_events(
    request: SegmentRequest,
    *,
    should_stop: ShouldStop = never_stop,
    make_table: TableMaker = feature_table,
    map_classes: MapClasses = as_it_is,
) -> Generator[JobEvent, None, SegmentOutcome]:
    """Fit a mixture to an image and label it.

    Parameters
    ----------
    request : SegmentRequest
    should_stop : callable
        Asked between blocks. STOP keeps the last complete EM step as the result (``converged`` is false);
        CANCEL raises `Cancelled`.
    make_table : callable
    map_classes : callable
        Makes each map that is shown or returned; a `ClassMapper`, for classes by region.

    Raises
    ------
    SettingsError, FeatureError, FitError, BudgetError
    ModelError
        The model that is given does not suit the image.
    Cancelled
    """
    if request.given is not None:
        outcome = yield from apply_events(
            request.given.model,
            request.image,
            adaptation=request.given.adaptation,
            should_stop=should_stop,
            make_table=make_table,
            map_classes=map_classes,
        )
        return replace(outcome, fit=replace(outcome.fit, given=request.given))
    settings = request.settings
    check_settings(settings)
    clock = _Clock()
    yield Progress("Reading the colours")
    table = make_table(request.image, settings.features, should_stop, None)
    clock.lap("features")
    labeller = Labeller(request.image, settings.smooth, table, map_classes, should_stop)
    known = request.known_mixture
    if known is None:
        request = yield from _with_tree(request, should_stop)
    result, classes = known or (yield from _fit(request, labeller, should_stop))
    clock.lap("fit")
    yield Progress("Labelling")
    segmentation = labeller.labelled(result.params, classes)
    clock.lap("label")
    model = model_of(result.params, request, table, classes)
    fit = Fit(result, model, request.image, settings, clock.seconds, request.hints)
    return SegmentOutcome(fit, table, segmentation, request.hierarchy)


def _with_tree(request: SegmentRequest, should_stop: ShouldStop) -> Generator[Progress, None, SegmentRequest]:
    """Return the request with the region tree of its image where it needs one."""
    needs_tree = request.settings.learns_from == "regions" and request.hints is not None
    if request.hierarchy is not None or not needs_tree:
        return request
    # Here, so that other fits do not wait for it.
    from gmmseg.regions.pipeline import hierarchy_events

    seed = request.settings.mixture.seed
    hierarchy = yield from hierarchy_events(request.image, seed, should_stop)
    return replace(request, hierarchy=hierarchy)


def compare_events(
    image: Image,
    settings: SegmentSettings,
    counts: Sequence[int],
    *,
    n_folds: int = 0,
    should_stop: ShouldStop = never_stop,
    make_table: TableMaker = feature_table,
) -> Generator[Progress | Candidate, None, None]:
    """Fit each number of components in turn, for its criteria alone.

    With `n_folds` each is fitted as often more, for the likelihood of pixels that a fit has not seen.
    STOP raises `Cancelled` too: a fit that is cut short compares with none.
    """
    should_stop = all_or_nothing(should_stop)

    def tried(candidate: Candidate) -> Iterator[Progress | Candidate]:
        yield candidate
        # An iteration costs as K does.
        done = sum(count for count in counts if count <= candidate.n_components) / sum(counts)
        yield Progress(f"Compared K = {candidate.n_components}", done)

    yield Progress("Comparing numbers of components", 0.0)
    table = make_table(image, settings.features, should_stop, None)
    mixture = with_floor(settings.mixture, table)
    selection = select_events(
        table.values, table.weights, mixture, "bic", should_stop, tuple(counts), n_folds
    )
    yield from relayed(selection, tried)


def with_floor(mixture: FitSettings, table: FeatureTable) -> FitSettings:
    """Return the settings with the variance floor of the features where none was chosen."""
    return replace(mixture, reg_covar=table.floor) if mixture.reg_covar is None else mixture


def relabel_events(
    fit: Fit,
    params: MixtureParams,
    *,
    should_stop: ShouldStop = never_stop,
    make_table: TableMaker = feature_table,
    map_classes: MapClasses = as_it_is,
) -> Generator[JobEvent, None, SegmentOutcome]:
    """Make the maps of a fit's image again, with its own parameters or those of one of its iterations."""
    yield Progress("Labelling")
    table = make_table(fit.image, fit.settings.features, should_stop, fit.model.standard)
    labeller = Labeller(fit.image, fit.settings.smooth, table, map_classes, should_stop)
    return SegmentOutcome(fit, table, labeller.labelled(params, fit.model.classes))


def apply_events(
    model: Model,
    image: Image,
    *,
    adaptation: Adaptation | None = None,
    should_stop: ShouldStop = never_stop,
    make_table: TableMaker = feature_table,
    map_classes: MapClasses = as_it_is,
) -> Generator[JobEvent, None, SegmentOutcome]:
    """Label an image with a model, without fitting: on the image it was fitted on, the same maps as then.

    Parameters
    ----------
    model : Model
    image : Image
    adaptation : Adaptation, optional
        How the mixture is moved towards the image first; its classes stay what they are.
    should_stop : callable
        Asked between blocks; CANCEL raises `Cancelled`.

    Returns
    -------
    SegmentOutcome
        Its fit has the model's own parameters, or the adapted ones, their likelihood on this image, and no
        iterations.

    Raises
    ------
    ModelError
        The model was fitted on other channels, or its features are not those it says.
    FeatureError, BudgetError
    Cancelled
    """
    check_suits(model, image)
    clock = _Clock()
    yield Progress("Reading the colours")
    # To apply a model is soon done: STOP leaves it to its end.
    table = make_table(image, model.features, only_cancelled(should_stop), model.standard)
    check_names(model, image, table.names)
    clock.lap("features")
    reason: StopReason = "not fitted"
    if adaptation is not None:
        yield Progress("Adapting the model")
        check_settings(adaptation)
        params = adapted(model.params, table.values, table.weights, adaptation, table.floor, should_stop)
        model, reason = replace(model, params=params), "adapted"
        clock.lap("fit")
    yield Progress("Labelling")
    labeller = Labeller(image, model.smooth, table, map_classes, should_stop)
    segmentation = labeller.labelled(model.params, model.classes)
    result = evaluate(model.params, table.values, table.weights, should_stop, reason)
    clock.lap("label")
    fit = Fit(result, model, image, settings_of_model(model), clock.seconds)
    return SegmentOutcome(fit, table, segmentation)


def _fit(
    request: SegmentRequest, labeller: Labeller, should_stop: ShouldStop
) -> Generator[JobEvent, None, tuple[FitResult, ClassTable]]:
    if request.settings.learns_from is not None:
        return (yield from _taught(request, request.settings.learns_from, labeller, should_stop))
    preview = labeller.previewed if request.wants_preview else None
    result = yield from mixture_events(labeller.table, request.settings, should_stop, preview)
    return result, default_classes(result.params.n_components)


def _taught(
    request: SegmentRequest, learns_from: LearnsFrom, labeller: Labeller, should_stop: ShouldStop
) -> Generator[JobEvent, None, tuple[FitResult, ClassTable]]:
    hints, hierarchy = request.hints, request.hierarchy
    if hints is None:
        raise FitError("Nothing is marked that could teach classes.", "Mark objects of two names first.")
    check_size(hints, labeller.table.pixels.shape)
    if learns_from == "regions" and hierarchy is not None:
        hints = spread_over_regions(hints, hierarchy)

    # Of a few rows the classes of the marked pixels alone are there as soon as a preview would be.
    is_slow = learns_from != "marked" or labeller.table is not block_table(labeller.table)

    def shown(event: Progress | Began | FitStep) -> Iterator[JobEvent]:
        if isinstance(event, Progress | FitStep):
            yield event
        elif request.wants_preview and is_slow and should_stop() is StopRequest.NONE:
            yield labeller.previewed(event.params, event.classes)

    mixture = request.settings.mixture
    if mixture.reg_covar is None:
        mixture = replace(mixture, reg_covar=taught_floor(block_table(labeller.table)))
    job = taught_events(labeller.table, hints, mixture, learns_from, should_stop)
    return (yield from relayed(job, shown))


def mixture_events(
    table: FeatureTable,
    settings: SegmentSettings,
    should_stop: ShouldStop,
    preview: Callable[[MixtureParams], Previewed] | None = None,
) -> Generator[JobEvent, None, FitResult]:
    """Fit a mixture to the rows of an image, with as many components as the settings say or choose.

    Parameters
    ----------
    table : FeatureTable
    settings : SegmentSettings
    should_stop : callable
        As for `segment_events`.
    preview : callable, optional
        Makes the preview of a mixture of the coarse stage; without it there is none.
    """
    mixture = with_floor(settings.mixture, table)
    events = chosen_fit_events(table.values, table.weights, mixture, settings.auto, should_stop)
    coarse: FitStep | None = None

    def with_preview(step: FitStep | Candidate) -> Iterator[JobEvent]:
        nonlocal coarse
        if isinstance(step, Candidate):
            yield step
            yield Progress(f"Tried K = {step.n_components}")
            return
        is_running = should_stop() is StopRequest.NONE
        if preview and is_running and coarse is not None and _deserves_preview(coarse, step):
            yield preview(coarse.params)
        coarse = step if step.stage == "coarse" else None
        yield step

    return (yield from relayed(events, with_preview))


def _deserves_preview(coarse: FitStep, step: FitStep) -> bool:
    """Whether `coarse` was the end of the first restart, soon there, or of the best one's coarse stage."""
    return step.stage == "exact" or (coarse.restart == 0 and step.restart == 1)


def model_of(
    params: MixtureParams, request: SegmentRequest, table: FeatureTable, classes: ClassTable | None = None
) -> Model:
    """Return a mixture with what is needed to label other images as this one; by default each is a class."""
    return Model(
        params=params,
        features=request.settings.features,
        names=table.names,
        centre=table.centre,
        scale=table.scale,
        channels=request.image.channels,
        classes=default_classes(params.n_components) if classes is None else classes,
        smooth=request.settings.smooth,
        seed=request.settings.mixture.seed,
        white=None if request.image.has_fixed_white else request.image.white,
    )


class _Clock:
    """Durations of consecutive stages, from a monotonic clock."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self._since = time.perf_counter()

    def lap(self, stage: str) -> None:
        now = time.perf_counter()
        self.seconds[stage] = now - self._since
        self._since = now
