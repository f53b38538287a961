"""ObjectSources: objects made of the classes and of the regions on screen."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QObject, Signal, Slot

from gmmseg.photo.objects import edits
from gmmseg.regions.cutting import RegionMap
from ui.photo.object_editor import ObjectEditor
from ui.photo.panels.picture_requests import regions_of
from ui.photo.photo_worker import PhotoWorkers
from ui.photo.postponing import Postponed
from ui.photo.region_maker import RegionMaker


class ObjectSources(QObject):
    """Makes objects, where nothing is marked yet, of classes or of regions.

    Parameters
    ----------
    work : PhotoWorkers
    editor : ObjectEditor
    regions : RegionMaker
    postponed : Postponed
    """

    said = Signal(str)
    """Why there is nothing to make objects of."""

    def __init__(
        self, work: PhotoWorkers, editor: ObjectEditor, regions: RegionMaker, postponed: Postponed
    ) -> None:
        super().__init__(work)
        self._workspace = work.workspace
        self._editor = editor
        self._regions = regions
        self._postponed = postponed
        self._chosen: tuple[int, ...] = ()
        postponed.waiting.connect(self._on_waiting)

    @Slot(object)
    def choose_regions(self, regions: tuple[int, ...]) -> None:
        """Take note of the regions that are selected in their table."""
        self._chosen = regions

    def add_classes(self) -> None:
        """Make each visible class an object."""
        shown = self._workspace.shown
        if shown.segmentation is not None:
            self._editor.ask(edits.add_classes(shown.segmentation.labels, shown.classes))

    def add_regions(self) -> None:
        """Make each region an object, as soon as there are regions."""
        self._regions.want("objects", True)
        waits = self.tr("Objects from regions wait for the regions …")
        self._postponed.do(self._add_regions, self._are_decided, waits)

    def add_chosen_regions(self) -> None:
        """Make the regions that are selected in their table objects."""
        if self._chosen:
            self._add_regions(self._chosen)
        else:
            self.said.emit(self.tr("No region is chosen: choose rows under Regions first."))

    def _are_decided(self) -> bool:
        """Whether the regions of the document's own cut are there, or will not come."""
        return self._regions.is_given_up or self._current() is not None

    def _current(self) -> RegionMap | None:
        shown = self._workspace.shown
        outcome = shown.regions
        if outcome is None or outcome.settings != shown.document.region_settings:
            return None
        return regions_of(shown)

    def _add_regions(self, wanted: Sequence[int] | None = None) -> None:
        self._regions.want("objects", False)
        regions = regions_of(self._workspace.shown)
        if regions is not None:
            self._editor.ask(edits.add_regions(regions.labels, wanted))

    @Slot(str)
    def _on_waiting(self, text: str) -> None:
        if not text:
            # What waited has been done or dropped.
            self._regions.want("objects", False)
