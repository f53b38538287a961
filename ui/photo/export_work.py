"""What writes exports and makes pictures for the clipboard, imported when it is first needed."""

from __future__ import annotations

from collections.abc import Collection, Generator
from pathlib import Path
from typing import Any

import numpy as np
from PySide6.QtGui import QImage

from gmmseg.arrays import LabelArray
from gmmseg.control import ShouldStop
from gmmseg.errors import WriteError
from gmmseg.image import Image
from gmmseg.io.export import export_events
from gmmseg.io.export_items import ExportItem
from gmmseg.io.export_sources import MixtureSource, RegionSource
from gmmseg.io.masks import mask_ids, mask_palette
from gmmseg.io.object_source import ObjectSource, cut_out
from gmmseg.photo.class_map import ClassMapper
from gmmseg.photo.classes import ClassTable, default_classes
from gmmseg.photo.jobs import relabel_events
from gmmseg.photo.objects.objects import ObjectMap
from gmmseg.photo.view_state import ViewState
from gmmseg.regions.outcome import RegionOutcome, region_events


def mixture_written(
    shown: ViewState, items: list[ExportItem], should_stop: ShouldStop
) -> Generator[Any, None, tuple[list[Path], bool]]:
    """Write the document's fit."""
    subject = yield from _mixture(shown, should_stop)
    if subject is None:
        raise WriteError("There is no finished fit to export yet.", "Wait for the fit, or run one.")
    paths = yield from export_events(subject, items, should_stop)
    return paths, shown.document.is_stale


def regions_written(
    shown: ViewState, items: list[ExportItem], should_stop: ShouldStop
) -> Generator[Any, None, tuple[list[Path], bool]]:
    """Write the document's regions, made anew where others are on screen; their table needs the fit too."""
    image = shown.document.image
    if image is None or shown.regions is None:
        raise WriteError("There are no regions to export yet.", "Have the regions shown first.")
    outcome = yield from _cut(shown, image, should_stop)
    mixture = None
    if any(item.kind == "table" for item in items):
        mixture = yield from _mixture(shown, should_stop, by_pixel=True)
    classes = default_classes(outcome.regions.n_regions, "Region")
    subject = RegionSource(outcome, classes, "window", dict(outcome.seconds), mixture)
    paths = yield from export_events(subject, items, should_stop)
    return paths, False


def objects_written(
    shown: ViewState, items: list[ExportItem], should_stop: ShouldStop
) -> Generator[Any, None, tuple[list[Path], bool]]:
    """Write the document's objects."""
    image, objects = shown.document.image, shown.document.objects
    if image is None or objects is None or not len(objects):
        raise WriteError("There are no objects to export.", "Select one in the picture and press Enter.")
    paths = yield from export_events(ObjectSource(image, objects, "window", {}), items, should_stop)
    return paths, False


def _mixture(
    shown: ViewState, should_stop: ShouldStop, *, by_pixel: bool = False
) -> Generator[Any, None, MixtureSource | None]:
    """Return the document's fit, if there is one; its maps are made first where others are on screen."""
    fit = shown.document.fit
    if fit is None:
        return None
    mapper = ClassMapper() if by_pixel else (yield from _mapper(shown, fit.image, should_stop))
    table, segmentation = shown.table, shown.segmentation
    if table is None or segmentation is None or shown.is_preview:
        outcome = yield from relabel_events(
            fit, fit.result.params, should_stop=should_stop, map_classes=mapper
        )
        table, segmentation = outcome.table, outcome.segmentation
    elif not mapper.is_current(fit.image, segmentation):
        segmentation = mapper(fit.image, table, segmentation, should_stop)
    return MixtureSource(fit, table, segmentation, shown.document.classes, "window", dict(fit.seconds))


def _mapper(shown: ViewState, image: Image, should_stop: ShouldStop) -> Generator[Any, None, ClassMapper]:
    """Return what makes the map of classes that the settings ask for; regions are made where they are not."""
    settings = shown.document.map_settings
    regions = (yield from _cut(shown, image, should_stop)) if settings.by == "region" else None
    return ClassMapper(settings, regions)


def _cut(shown: ViewState, image: Image, should_stop: ShouldStop) -> Generator[Any, None, RegionOutcome]:
    """Return the regions that the document's settings ask for; made anew where others are on screen."""
    settings, outcome = shown.document.region_settings, shown.regions
    if outcome is not None and outcome.settings == settings:
        return outcome
    hierarchy = None
    if outcome is not None and outcome.settings.seed == settings.seed:
        hierarchy = outcome.hierarchy
    return (yield from region_events(image, settings, hierarchy, should_stop=should_stop))


def mask_picture(labels: LabelArray, classes: ClassTable) -> QImage:
    """Return a label map as a picture of class ids: indexed in class colours, or 16-bit grey beyond 254."""
    ids = np.ascontiguousarray(mask_ids(labels, classes))
    height, width = ids.shape
    if ids.dtype != np.uint8:
        return QImage(ids.data, width, height, 2 * width, QImage.Format.Format_Grayscale16).copy()
    picture = QImage(ids.data, width, height, width, QImage.Format.Format_Indexed8)
    picture.setColorTable([_rgb(colour) for colour in mask_palette(classes, "class")])
    # The pixels belong to numpy: Qt gets its own.
    return picture.copy()


def cut_out_picture(image: Image, objects: ObjectMap, chosen: Collection[int]) -> QImage:
    """Return objects, the chosen ones or all, as a picture with transparency around them."""
    ids = objects.ids.read()
    pixels = cut_out(image, np.isin(ids, list(chosen)) if chosen else ids > 0)
    height, width = pixels.shape[:2]
    return QImage(pixels.data, width, height, 4 * width, QImage.Format.Format_RGBA8888).copy()


def _rgb(colour: Any) -> int:
    return 0xFF000000 | int(colour[0]) << 16 | int(colour[1]) << 8 | int(colour[2])
