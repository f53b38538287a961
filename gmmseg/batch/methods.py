"""Methods that make a map of an image, for a call, a batch on the command line and one in the window."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Generator
from dataclasses import dataclass, field, fields, is_dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from gmmseg.control import ShouldStop, never_stop
from gmmseg.image import Image
from gmmseg.io.export_sources import MixtureSource, RegionSource
from gmmseg.io.files import content_hash
from gmmseg.io.models import dump_model
from gmmseg.mixture.settings import Adaptation
from gmmseg.photo.class_map import ClassMapper
from gmmseg.photo.classes import ClassTable, check_suits_components, default_classes
from gmmseg.photo.jobs import SegmentOutcome, SegmentRequest, apply_events, segment_events
from gmmseg.photo.model import Model
from gmmseg.photo.objects.hints import Hints, hints_of
from gmmseg.photo.settings import MapSettings, SegmentSettings
from gmmseg.regions.settings import RegionSettings

if TYPE_CHECKING:
    from gmmseg.io.object_reading import Marked
    from gmmseg.regions.outcome import RegionOutcome


def description(value: Any) -> Any:
    """Return all that decides what a method makes as plain values: the kinds and fields of nested values."""
    if isinstance(value, Model):
        return _hash(dump_model(value))
    if is_dataclass(value):
        told = [description(getattr(value, each.name)) for each in fields(value) if each.compare]
        return [type(value).__name__, *told]
    if isinstance(value, tuple):
        return [description(one) for one in value]
    if isinstance(value, os.PathLike):
        return content_hash(Path(value))
    if isinstance(value, np.ndarray):
        return [value.dtype.str, list(value.shape), _hash(np.ascontiguousarray(value).tobytes())]
    return _hash(value) if isinstance(value, bytes) else value


def _hash(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


@dataclass(frozen=True, slots=True)
class MapMethod:
    """Settings of the map of classes that is made of the posteriors, and of the cut where it goes by region.

    Parameters
    ----------
    settings : MapSettings
    regions : RegionSettings
    """

    settings: MapSettings = field(default_factory=MapSettings)
    regions: RegionSettings = field(default_factory=RegionSettings)

    def events(self, image: Image, should_stop: ShouldStop = never_stop) -> Generator[Any, None, ClassMapper]:
        """Grow the regions of an image where they are needed, and return what makes its maps."""
        if self.settings.by == "pixel":
            return ClassMapper(self.settings)
        # Here, so that a mixture's start does not wait for it.
        from gmmseg.regions.outcome import region_events

        regions = yield from region_events(image, self.regions, should_stop=should_stop)
        return ClassMapper(self.settings, regions)


@dataclass(frozen=True, slots=True)
class FittedMixture:
    """A mixture is fitted to each image.

    Parameters
    ----------
    settings : SegmentSettings
    classes : ClassTable, optional
        Names, colours and merges, for fits with as many components; without it each component is a class.
    hints : ObjectMap, array or path, optional
        Objects that teach the classes, see `gmmseg.io.object_reading.as_objects`.
    maps : MapMethod
    """

    settings: SegmentSettings
    classes: ClassTable | None = None
    hints: Marked | None = None
    maps: MapMethod = field(default_factory=MapMethod)

    def events(
        self, image: Image, command: str, should_stop: ShouldStop = never_stop
    ) -> Generator[Any, None, MixtureSource]:
        mapper = yield from self.maps.events(image, should_stop)
        regions, hierarchy = mapper.regions, None
        if regions is not None and regions.settings.seed == self.settings.mixture.seed:
            hierarchy = regions.hierarchy
        hints = self._hints(image, should_stop)
        request = SegmentRequest(image, self.settings, hints=hints, hierarchy=hierarchy)
        outcome = yield from segment_events(request, should_stop=should_stop, map_classes=mapper)
        classes = outcome.fit.model.classes if self.classes is None else self.classes
        check_suits_components(classes, outcome.fit.model.params.n_components)
        mapper.unite(outcome.fit.result.params, classes)
        if not mapper.is_current(image, outcome.segmentation):
            made = mapper(image, outcome.table, outcome.segmentation, should_stop)
            outcome = replace(outcome, segmentation=made)
        return _mixture_source(outcome, classes, command)

    def _hints(self, image: Image, should_stop: ShouldStop) -> Hints | None:
        if self.hints is None:
            return None
        # Here, so that other fits do not wait for the readers.
        from gmmseg.io.object_reading import as_objects

        return hints_of(as_objects(self.hints, image, should_stop))


@dataclass(frozen=True, slots=True)
class AppliedModel:
    """Each image is labelled with a saved model, without a fit.

    Parameters
    ----------
    model : Model
    adaptation : Adaptation, optional
        How the mixture is first moved towards each image.
    maps : MapMethod
    path : Path, optional
        File that the model is in; it decides nothing that is made.
    """

    model: Model
    adaptation: Adaptation | None = None
    maps: MapMethod = field(default_factory=MapMethod)
    path: Path | None = field(default=None, compare=False)

    def events(
        self, image: Image, command: str, should_stop: ShouldStop = never_stop
    ) -> Generator[Any, None, MixtureSource]:
        mapper = yield from self.maps.events(image, should_stop)
        outcome = yield from apply_events(
            self.model,
            image,
            adaptation=self.adaptation,
            should_stop=should_stop,
            map_classes=mapper,
        )
        return _mixture_source(outcome, self.model.classes, command)


@dataclass(frozen=True, slots=True)
class GrownRegions:
    """Each image becomes connected regions, one cut of its hierarchy.

    Parameters
    ----------
    settings : RegionSettings
    mixture : FittedMixture, optional
        The table then tells how much of each of its classes a region holds.
    """

    settings: RegionSettings
    mixture: FittedMixture | None = None

    def events(
        self, image: Image, command: str, should_stop: ShouldStop = never_stop
    ) -> Generator[Any, None, RegionSource]:
        # Here, so that a mixture's start does not wait for it.
        from gmmseg.regions.outcome import region_events

        outcome = yield from region_events(image, self.settings, should_stop=should_stop)
        mixture = None
        if self.mixture is not None:
            mixture = yield from self.mixture.events(image, command, should_stop)
        return region_source(outcome, command, mixture)


Method = FittedMixture | AppliedModel | GrownRegions
"""Makes what is exported of an image; a plain value that another process can be given.

Its ``events`` segment an image, yielding progress; their `command` is what the report tells was run.
"""


def region_source(outcome: RegionOutcome, command: str, mixture: MixtureSource | None = None) -> RegionSource:
    """Return regions as what is to be exported, each a class of its own."""
    classes = default_classes(outcome.regions.n_regions, "Region")
    return RegionSource(outcome, classes, command, outcome.seconds, mixture)


def _mixture_source(outcome: SegmentOutcome, classes: ClassTable, command: str) -> MixtureSource:
    fit = outcome.fit
    return MixtureSource(fit, outcome.table, outcome.segmentation, classes, command, fit.seconds)
