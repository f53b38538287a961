"""EM on an image by hand: E-step and M-step apart, forward and back, by the engine's own iterations."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from dataclasses import dataclass, replace
from typing import Literal

from gmmseg.control import Progress, ShouldStop, Stopped, never_stop, only_cancelled, relayed
from gmmseg.features.build import feature_table
from gmmseg.features.table import FeatureTable
from gmmseg.image import Image
from gmmseg.mixture.em import NO_ITERATIONS, Rules, em
from gmmseg.mixture.expectation import Rows
from gmmseg.mixture.fit import start_of
from gmmseg.mixture.params import FitStep, MixtureParams, StopReason
from gmmseg.mixture.preparation import Prepared, prepare
from gmmseg.photo.jobs import TableMaker, with_floor
from gmmseg.photo.labelling import Labeller, MapClasses, as_it_is
from gmmseg.photo.segmentation import Segmentation
from gmmseg.photo.settings import SegmentSettings
from gmmseg.setting import check_settings

Move = Literal["start", "E", "M", "back", "run"]
_ONE_ITERATION = replace(NO_ITERATIONS, max_iter=1)


@dataclass(frozen=True, slots=True, eq=False)
class Walk:
    """Present state of a walk through EM on an image.

    Parameters
    ----------
    image : Image
    settings : SegmentSettings
        K is theirs; ``auto`` has no effect.
    table : FeatureTable
    prepared : Prepared
        The rows of the table as EM sees them.
    steps : tuple of FitStep
        Parameter sets so far, also those that were left again by going back.
    at : int
        The present one: theta_g.
    has_posteriors : bool
        Whether the E-step under it was taken; else the posteriors are those of the set before, if any.
    segmentation : Segmentation, optional
        The maps of the posteriors; None before the first E-step.
    ended : str, optional
        Why iterating on would change nothing, once that is so.
    """

    image: Image
    settings: SegmentSettings
    table: FeatureTable
    prepared: Prepared[Rows]
    steps: tuple[FitStep, ...]
    at: int = 0
    has_posteriors: bool = False
    segmentation: Segmentation | None = None
    ended: StopReason | None = None

    @property
    def now(self) -> FitStep:
        """The present parameters with their figures."""
        return self.steps[self.at]

    @property
    def path(self) -> tuple[FitStep, ...]:
        """The steps up to the present one."""
        return self.steps[: self.at + 1]

    def can(self, move: Move) -> bool:
        """Whether a move is possible: E and M take turns."""
        return {
            "start": True,
            "E": not self.has_posteriors,
            "M": self.has_posteriors and not (self.ended and self.at + 1 == len(self.steps)),
            "back": self.at > 0 or self.has_posteriors,
            "run": self.ended is None,
        }[move]


def begin_events(
    image: Image,
    settings: SegmentSettings,
    *,
    should_stop: ShouldStop = never_stop,
    make_table: TableMaker = feature_table,
) -> Generator[Progress, None, Walk]:
    """Return a walk at the start that the first restart of a fit on all rows would have.

    Raises
    ------
    SettingsError, FeatureError, FitError, BudgetError
    Cancelled
    """
    check_settings(settings)
    yield Progress("Reading the colours")
    table = make_table(image, settings.features, should_stop, None)
    prepared = prepare(table.values, table.weights, with_floor(settings.mixture, table), should_stop)
    start = start_of(prepared, prepared.exact, 0, should_stop)
    first = next(_iterations(prepared, start, NO_ITERATIONS, should_stop))
    return Walk(image, settings, table, prepared, (first,))


def move_events(
    walk: Walk,
    move: Move,
    *,
    should_stop: ShouldStop = never_stop,
    map_classes: MapClasses = as_it_is,
) -> Generator[Progress | Walk, None, Walk]:
    """Return the walk after a move; one that is not possible changes nothing.

    ``run`` takes the E-step and iterates until a rule of the settings ends it or STOP is asked for.

    Yields
    ------
    Progress, Walk
        While running, the walk after each iteration.

    Raises
    ------
    Cancelled
    """
    if not walk.can(move):
        return walk
    if move == "back":
        at = walk.at if walk.has_posteriors else walk.at - 1
        walk = replace(walk, at=at, has_posteriors=not walk.has_posteriors)
    elif move == "E":
        walk = replace(walk, has_posteriors=True)
    elif move == "M":
        walk = _maximised(walk, should_stop)
    elif move == "run":
        walk = yield from _run(walk, should_stop)
    return (yield from _with_maps(walk, move, map_classes, should_stop))


def _iterations(
    prepared: Prepared[Rows], params: MixtureParams, rules: Rules, should_stop: ShouldStop
) -> Generator[FitStep, None, StopReason]:
    kind = prepared.settings.covariance
    return em(prepared.exact, params, kind, prepared.floor, rules, 0, "exact", should_stop)


def _maximised(walk: Walk, should_stop: ShouldStop) -> Walk:
    if walk.at + 1 == len(walk.steps):
        found = _iterations(walk.prepared, walk.now.params, _ONE_ITERATION, only_cancelled(should_stop))
        next(found)
        new = next(found, None)
        if new is None:
            return replace(walk, ended="rounding")
        walk = replace(walk, steps=(*walk.steps, replace(new, iteration=len(walk.steps))))
    return replace(walk, at=walk.at + 1, has_posteriors=False)


def _run(walk: Walk, should_stop: ShouldStop) -> Generator[Walk, None, Walk]:
    walk = replace(walk, steps=walk.path, has_posteriors=True)
    settings = walk.prepared.settings
    limit = max(settings.max_iter - walk.at, 0)
    rules = Rules(settings.tol, settings.parameter_tol, settings.q_tol, limit)

    def grown(step: FitStep) -> Iterator[Walk]:
        nonlocal walk
        if step.iteration:
            step = replace(step, iteration=walk.at + 1)
            walk = replace(walk, steps=(*walk.steps, step), at=walk.at + 1)
            yield walk

    try:
        reason = yield from relayed(_iterations(walk.prepared, walk.now.params, rules, should_stop), grown)
    except Stopped:
        return walk
    return replace(walk, ended=reason)


def _with_maps(
    walk: Walk, move: Move, map_classes: MapClasses, should_stop: ShouldStop
) -> Generator[Progress, None, Walk]:
    """Return the walk with the maps of the posteriors that are held; an M-step leaves them as they are."""
    if move == "M" or (move == "back" and not walk.has_posteriors and walk.at == 0):
        return walk if move == "M" else replace(walk, segmentation=None)
    held = walk.steps[walk.at - (not walk.has_posteriors)].params
    if walk.segmentation is not None and walk.segmentation.pixelwise.params is held:
        return walk
    yield Progress("Labelling")
    until = only_cancelled(should_stop)
    labeller = Labeller(walk.image, walk.settings.smooth, walk.table, map_classes, until)
    return replace(walk, segmentation=labeller.labelled(held))
