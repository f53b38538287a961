"""Exporter: asks what to write, and writes it in the background to the end."""

from __future__ import annotations

import os
from collections.abc import Collection, Generator
from pathlib import Path
from typing import Any

import numpy as np
from PySide6.QtCore import QObject, Qt, Slot
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QWidget

from gmmseg.arrays import LabelArray
from gmmseg.control import ShouldStop
from gmmseg.errors import WriteError
from gmmseg.image import Image
from gmmseg.io.export import export_events
from gmmseg.io.export_items import OBJECT_KINDS, ExportItem
from gmmseg.io.export_sources import MixtureSource, RegionSource
from gmmseg.io.masks import mask_ids, mask_palette
from gmmseg.io.object_source import ObjectSource, cut_out
from gmmseg.io.samples import is_sample
from gmmseg.photo.classes import ClassTable, default_classes
from gmmseg.photo.jobs import relabel_events
from gmmseg.photo.objects.objects import ObjectMap
from gmmseg.photo.view_state import ViewState
from gmmseg.photo.workspace import Workspace
from gmmseg.regions.outcome import region_events
from ui.desk.job_runner import JobRunner
from ui.desk.workers import FileExporter
from ui.photo.export_dialog import ExportDialog
from ui.photo.widgets.export_offers import Subject
from ui.settings_store import SettingsStore


class Exporter(FileExporter):
    """Writes the document's last complete fit, or its regions, whatever is running meanwhile.

    Regions are never older than the settings.

    Parameters
    ----------
    workspace : Workspace
    runner : JobRunner
        For this object alone, with the policy ``queue``.
    store : SettingsStore
        Remembers the folder.
    """

    def __init__(
        self, workspace: Workspace, runner: JobRunner, store: SettingsStore, parent: QObject | None = None
    ) -> None:
        super().__init__(runner, parent)
        self._workspace = workspace
        self._store = store
        self._exported_from: Path | None = None

    def ask(self, parent: QWidget, *, preferred: Subject = "classes", overlay_opacity: float = 0.5) -> None:
        """Show the dialog, with what is preferred chosen at first; what is chosen is written."""
        shown = self._workspace.shown
        image = shown.document.image
        dialog = ExportDialog(
            "image" if image is None else image.source.name,
            self._offered_folder(),
            shown.document.classes,
            self._kinds_at_first(preferred),
            0 if shown.regions is None else shown.regions.regions.n_regions,
            len(shown.document.objects or ()),
            preferred,
            overlay_opacity,
            parent=parent,
        )
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.export_requested.connect(self._on_requested)
        dialog.open()

    def _kinds_at_first(self, subject: Subject) -> tuple[str, ...]:
        """Return what was written last; of objects at least what only they have."""
        last = tuple(self._store.export_kinds)
        if subject == "objects" and not set(OBJECT_KINDS) & set(last):
            return ("cutout",)
        return last or ("mask",)

    def _offered_folder(self) -> Path:
        """Return where exports of the image's folder went last, at first that folder itself."""
        beside = self._image_folder()
        is_new = beside is not None and beside != self._exported_from and os.access(beside, os.W_OK)
        return beside if beside is not None and is_new else self._store.folder("export")

    def _image_folder(self) -> Path | None:
        """Return the folder of the image, where it is a file of the user's."""
        image = self._workspace.document.image
        path = None if image is None else image.source.path
        return None if path is None or is_sample(path) else path.absolute().parent

    @Slot(object, str)
    def _on_requested(self, items: list[ExportItem], subject: str) -> None:
        self._exported_from = self._image_folder()
        self._store.set_folder("export", items[0].path.parent)
        self._store.export_kinds = tuple(item.kind for item in items if item.kind != "legend")
        if subject == "regions":
            self.write_regions(self._workspace.shown, items)
        elif subject == "objects":
            self.write_objects(self._workspace.shown, items)
        else:
            self.write(self._workspace.shown, items)

    def write(self, shown: ViewState, items: list[ExportItem]) -> None:
        """Write the last complete fit of the state shown, after what was asked for before."""
        self.runner.start(lambda should_stop: _exporting(shown, items, should_stop))

    def write_regions(self, shown: ViewState, items: list[ExportItem]) -> None:
        """Write the regions of the state shown, cut as its settings say, after what was asked for before."""
        self.runner.start(lambda should_stop: _exporting_regions(shown, items, should_stop))

    def write_objects(self, shown: ViewState, items: list[ExportItem]) -> None:
        """Write the objects of the state shown, after what was asked for before."""
        self.runner.start(lambda should_stop: _exporting_objects(shown, items, should_stop))

    @Slot(object, object)
    def _on_finished(self, run: int, result: tuple[list[Path], bool]) -> None:
        self.finished.emit(*result)


def _exporting(
    shown: ViewState, items: list[ExportItem], should_stop: ShouldStop
) -> Generator[Any, None, tuple[list[Path], bool]]:
    """Write the document's fit."""
    subject = yield from _mixture(shown, should_stop)
    if subject is None:
        raise WriteError("There is no finished fit to export yet.", "Wait for the fit, or run one.")
    paths = yield from export_events(subject, items, should_stop)
    return paths, shown.document.is_stale


def _exporting_regions(
    shown: ViewState, items: list[ExportItem], should_stop: ShouldStop
) -> Generator[Any, None, tuple[list[Path], bool]]:
    """Write the document's regions, made anew where others are on screen; their table needs the fit too."""
    image, settings, outcome = shown.document.image, shown.document.region_settings, shown.regions
    if image is None or outcome is None:
        raise WriteError("There are no regions to export yet.", "Have the regions shown first.")
    if outcome.settings != settings:
        hierarchy = outcome.hierarchy if outcome.settings.seed == settings.seed else None
        outcome = yield from region_events(image, settings, hierarchy, should_stop=should_stop)
    mixture = None
    if any(item.kind == "table" for item in items):
        mixture = yield from _mixture(shown, should_stop)
    classes = default_classes(outcome.regions.n_regions, "Region")
    subject = RegionSource(outcome, classes, "window", dict(outcome.seconds), mixture)
    paths = yield from export_events(subject, items, should_stop)
    return paths, False


def _exporting_objects(
    shown: ViewState, items: list[ExportItem], should_stop: ShouldStop
) -> Generator[Any, None, tuple[list[Path], bool]]:
    """Write the document's objects."""
    image, objects = shown.document.image, shown.document.objects
    if image is None or objects is None or not len(objects):
        raise WriteError("There are no objects to export.", "Select one in the picture and press Enter.")
    paths = yield from export_events(ObjectSource(image, objects, "window", {}), items, should_stop)
    return paths, False


def _mixture(shown: ViewState, should_stop: ShouldStop) -> Generator[Any, None, MixtureSource | None]:
    """Return the document's fit, if there is one; its maps are made first where others are on screen."""
    fit = shown.document.fit
    if fit is None:
        return None
    table, segmentation = shown.table, shown.segmentation
    if table is None or segmentation is None or shown.is_preview:
        outcome = yield from relabel_events(fit, fit.result.params, should_stop=should_stop)
        table, segmentation = outcome.table, outcome.segmentation
    return MixtureSource(fit, table, segmentation, shown.document.classes, "window", dict(fit.seconds))


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
