"""MapKeeper: keeps the map of classes on screen the one that is wanted, without fitting anew."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from PySide6.QtCore import QObject, Slot

from gmmseg.control import ShouldStop
from gmmseg.photo.segmentation import Segmentation
from gmmseg.photo.view_state import ViewState
from ui.photo.photo_worker import PhotoWorkers

_Making = Callable[[ShouldStop], Segmentation]
"""Makes a map; it is its own request."""


class MapKeeper(QObject):
    """Makes the map anew when its settings or the regions have changed since; fits make it themselves.

    A map in the making is shown also where it has been superseded meanwhile: a slider moves faster than
    large ones are made.

    Parameters
    ----------
    work : PhotoWorkers
    """

    def __init__(self, work: PhotoWorkers) -> None:
        super().__init__(work)
        self._workspace = work.workspace
        self._making: Segmentation | None = None
        self._requests = work.make_requests(
            lambda making, should_stop: making(should_stop), lambda making: "map"
        )
        self._requests.answered.connect(self._on_answered)
        self._requests.failed.connect(self._on_failed)
        work.bridge.changed.connect(self._on_changed)

    @Slot(object, object)
    def _on_changed(self, old: ViewState, new: ViewState) -> None:
        image, table, shown = new.document.image, new.table, new.segmentation
        if image is None or table is None or shown is None or shown.pixelwise is self._making:
            return
        mapper = self._workspace.map_classes
        if not mapper.is_current(image, shown):
            self._making = shown.pixelwise
            self._requests.ask(partial(mapper, image, table, shown))

    @Slot(object, object)
    def _on_answered(self, making: _Making, segmentation: Segmentation) -> None:
        self._making = None
        if not self._workspace.accept_map(segmentation):
            self._on_changed(self._workspace.shown, self._workspace.shown)

    @Slot(object)
    def _on_failed(self, error: Exception) -> None:
        self._making = None
