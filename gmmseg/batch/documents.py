"""Export sources of a document: its classes, its regions or its objects."""

from __future__ import annotations

from collections.abc import Generator, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal

from gmmseg.batch.methods import region_source
from gmmseg.control import ShouldStop, never_stop
from gmmseg.errors import WriteError
from gmmseg.features.table import FeatureTable
from gmmseg.image import Image
from gmmseg.io.export_items import ExportItem, ExportKind
from gmmseg.io.export_sources import ExportSource, MixtureSource, ModelSource
from gmmseg.io.object_source import ObjectSource
from gmmseg.photo.class_map import ClassMapper
from gmmseg.photo.document import Document
from gmmseg.photo.jobs import relabel_events
from gmmseg.photo.segmentation import Segmentation

if TYPE_CHECKING:
    from gmmseg.regions.outcome import RegionOutcome

Subject = Literal["classes", "regions", "objects"]
WITHOUT_PIXELS: dict[Subject, tuple[ExportKind, ...]] = {
    "classes": ("model",),
    "regions": (),
    "objects": (
        "mask", "legend", "semantic", "binary", "binaries", "report",
        "coco", "geojson", "labelme", "roi", "svg", "ome-tiff",
    ),
}  # fmt: skip
"""Formats that a project without its image can be exported in: all others are made of the image's pixels."""


@dataclass(frozen=True, slots=True, eq=False)
class KnownMaps:
    """Maps of a document that are there already.

    Parameters
    ----------
    table : FeatureTable, optional
        Of the document's fit.
    segmentation : Segmentation, optional
        Made with the fit's parameters; whatever classes it shows.
    regions : RegionOutcome, optional
        Of the document's image; whatever the cut.
    """

    table: FeatureTable | None = None
    segmentation: Segmentation | None = None
    regions: RegionOutcome | None = None


_NOTHING = KnownMaps()


def check_pixels(document: Document, subject: Subject, items: Iterable[ExportItem]) -> None:
    """Raise `WriteError` where an item is made of pixels of an image that is missing."""
    if any(item.kind not in WITHOUT_PIXELS[subject] for item in items):
        check_is_there(document.image)


def check_is_there(image: Image | None) -> None:
    """Raise `WriteError` where an image is missing."""
    if image is not None and image.source.is_missing:
        raise WriteError(
            f"The image “{image.source.name}” is missing, and this is made of its pixels.",
            "Find it first: File ▸ Find the missing image.",
        )


def as_in_document(items: Sequence[ExportItem], document: Document, subject: Subject) -> list[ExportItem]:
    """Return the items with the size of a pixel and the display of a document, where they have none.

    Classes and objects of a picture beyond memory are in its own pixels, regions in those of its overview.
    """
    side, image = document.typed_pixel_size, document.image
    step = 1 if image is None or subject == "regions" else image.step_of_levels
    size = None if side is None else (side / step, side / step)
    return [
        replace(item, pixel_size=item.pixel_size or size, display=item.display or document.display)
        for item in items
    ]


def document_source_events(
    document: Document,
    subject: Subject,
    command: str,
    *,
    needs_mixture: bool = False,
    known: KnownMaps = _NOTHING,
    should_stop: ShouldStop = never_stop,
) -> Generator[Any, None, ExportSource]:
    """Return the maps of a document; those that are not known are made.

    Parameters
    ----------
    document : Document
    subject : {"classes", "regions", "objects"}
    command : str
        What the report tells was run.
    needs_mixture : bool
        Whether regions are asked how much of each class they hold, as their table tells.
    known : KnownMaps
    should_stop : callable

    Raises
    ------
    WriteError
        The document has no such thing.
    BudgetError
    Cancelled
    """
    image = document.image
    if subject == "objects":
        objects, seen = document.objects, document.objects_in_image
        if image is None or not objects or seen is None:
            raise WriteError("There are no objects to export.", "Select one in the picture and press Enter.")
        overview = ObjectSource(image, seen, command, {})
        if seen is objects:
            return overview
        # Here, so that pictures in memory do not wait for it.
        from gmmseg.io.tiled.object_source import TiledObjectSource

        return TiledObjectSource(image, objects, command, {}, overview=overview)
    fit = document.fit
    if subject == "classes" and fit is not None and fit.image.source.is_missing:
        return ModelSource(fit, document.classes, command, dict(fit.seconds))
    if subject == "classes" and document.is_beyond_memory:
        raise WriteError(
            "The picture is beyond memory, so its classes are written in tiles.",
            "Export them from the window, or export the model and use it with “gmmseg apply”.",
        )
    if subject == "classes":
        mixture = yield from _mixture(document, command, known, should_stop)
        if mixture is None:
            raise WriteError(
                "There is no finished fit to export yet.",
                "Fit the image first, or export objects or regions.",
            )
        return mixture
    if image is None:
        raise WriteError("There is no image to export regions of.", "Open one first.")
    outcome = yield from _cut(document, image, known, should_stop)
    mixture = None
    if needs_mixture:
        mixture = yield from _mixture(document, command, known, should_stop, by_pixel=True)
    return region_source(outcome, command, mixture)


def _mixture(
    document: Document,
    command: str,
    known: KnownMaps,
    should_stop: ShouldStop,
    *,
    by_pixel: bool = False,
) -> Generator[Any, None, MixtureSource | None]:
    """Return the document's fit, if there is one."""
    fit = document.fit
    if fit is None:
        return None
    settings, regions = document.map_settings, None
    if settings.by == "region" and not by_pixel:
        regions = yield from _cut(document, fit.image, known, should_stop)
    merged = fit.result.params, document.classes
    mapper = ClassMapper() if by_pixel else ClassMapper(settings, regions, merged)
    table, segmentation = known.table, known.segmentation
    if table is None or segmentation is None:
        outcome = yield from relabel_events(
            fit, fit.result.params, should_stop=should_stop, map_classes=mapper
        )
        table, segmentation = outcome.table, outcome.segmentation
    elif not mapper.is_current(fit.image, segmentation):
        segmentation = mapper(fit.image, table, segmentation, should_stop)
    return MixtureSource(fit, table, segmentation, document.classes, command, dict(fit.seconds))


def _cut(
    document: Document, image: Image, known: KnownMaps, should_stop: ShouldStop
) -> Generator[Any, None, RegionOutcome]:
    """Return the regions that the document's settings ask for."""
    # Here, so that classes by pixel and objects do not wait for it.
    from gmmseg.regions.outcome import region_events

    settings, outcome = document.region_settings, known.regions
    if outcome is not None and outcome.settings == settings:
        return outcome
    has_tree = outcome is not None and outcome.settings.seed == settings.seed
    hierarchy = outcome.hierarchy if outcome is not None and has_tree else None
    return (yield from region_events(image, settings, hierarchy, should_stop=should_stop))
