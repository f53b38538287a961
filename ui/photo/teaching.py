"""Teaching: classes taught by objects, and the places where another stroke would help most."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, Signal, Slot

from gmmseg.photo.document import change_setting
from gmmseg.photo.settings import TAUGHT_BY
from ui.photo.fitting import Fitter
from ui.photo.photo_worker import PhotoWorkers

if TYPE_CHECKING:
    from gmmseg.arrays import IntArray
    from gmmseg.control import ShouldStop
    from gmmseg.photo.objects.patch import Patch
    from gmmseg.photo.segmentation import Segmentation
    from gmmseg.photo.view_state import ViewState


@dataclass(frozen=True, slots=True, eq=False)
class Place:
    """A place to go to: its pixels, and its outline as rings of corner points (M, 2) in image pixels."""

    patch: Patch
    rings: list[IntArray]


class Teaching(QObject):
    """Has the mixture taught by the objects, and shows one place after the other that is unsure.

    Parameters
    ----------
    work : PhotoWorkers
    fitter : Fitter
    """

    begun = Signal()
    """Objects teach from now on, and the classes are to be shown."""
    refused = Signal()
    """Objects cannot teach yet: an action that shows whether they do shows it again."""
    place_shown = Signal(object)
    """The `Place` to go to; None where none is shown any longer."""
    said = Signal(str)
    """Message about it."""
    live_changed = Signal(bool)
    """Whether every stroke teaches at once."""

    def __init__(self, work: PhotoWorkers, fitter: Fitter) -> None:
        super().__init__(work)
        self._work = work
        self._workspace = work.workspace
        self._fitter = fitter
        self._places: list[Place] = []
        self._at: int | None = None
        self._finder = work.make_requests(_find, lambda shown: "unsure")
        self._finder.answered.connect(self._on_found)
        work.bridge.changed.connect(self._on_changed)

    # Teaching

    def toggle(self) -> None:
        """Make each name of the objects a class, or the components of a mixture that nobody teaches again."""
        document = self._workspace.document
        is_taught = document.settings.learns_from is not None
        if not is_taught and len({entry.name for entry in document.objects or ()}) < 2:
            text = self.tr(
                "Each name becomes a class, so teaching needs objects of two names at least: F2 renames one."
            )
            self.said.emit(text)
            self.refused.emit()
            return
        title = self.tr("Classes from colours alone") if is_taught else self.tr("Teach classes")
        self._work.settle()
        self._work.apply(change_setting("learns_from", None if is_taught else TAUGHT_BY, title))
        self._work.settle()
        if not is_taught:
            self.begun.emit()

    def toggle_live(self) -> None:
        """Have every stroke teach at once, or wait until it is asked for."""
        self._fitter.set_live(not self._fitter.is_live)
        self.live_changed.emit(self._fitter.is_live)

    # Unsure places

    def show_unsure(self) -> None:
        """Show the place that is unsure where an answer would matter most; next time the next one."""
        if self._at is None:
            self._finder.ask(self._workspace.shown)
        else:
            self._show(self._at + 1)

    @Slot(object, object)
    def _on_found(self, asked: ViewState, places: list[Place]) -> None:
        if not _has_same_maps(asked, self._workspace.shown):
            return
        self._places = places
        if places:
            self._show(0)
        else:
            self.said.emit(self.tr("No place that is large enough to matter is unsure of its class."))

    def _show(self, at: int) -> None:
        at %= len(self._places)
        self._at = at
        self.place_shown.emit(self._places[at])
        text = self.tr("Unsure place {0} of {1}: mark what it is; U shows the next one.")
        self.said.emit(text.format(at + 1, len(self._places)))

    @Slot(object, object)
    def _on_changed(self, old: ViewState, new: ViewState) -> None:
        if self._at is not None and not _has_same_maps(old, new):
            self._at, self._places = None, []
            self.place_shown.emit(None)


def _has_same_maps(one: ViewState, other: ViewState) -> bool:
    """Whether what is unsure is so in both: classes, their posteriors, and the pixels that are marked."""
    return (
        _pixelwise(one) is _pixelwise(other)
        and one.classes == other.classes
        and one.document.objects is other.document.objects
    )


def _pixelwise(shown: ViewState) -> Segmentation | None:
    """Return the map of single pixels, of which another cut of the regions makes another map of classes."""
    return None if shown.segmentation is None else shown.segmentation.pixelwise


def _find(shown: Any, should_stop: ShouldStop) -> list[Place]:
    # Here, so that the window starts without it.
    import numpy as np

    from gmmseg.photo.segmentation import class_planes
    from gmmseg.photo.unsure import unsure_places
    from ui.photo.answering import rings_of

    segmentation, table = _pixelwise(shown), shown.table
    if segmentation is None or table is None:
        return []
    objects = shown.document.objects_in_image
    places = unsure_places(
        class_planes(segmentation, table, shown.classes, should_stop),
        len(shown.classes),
        segmentation.labels > 0,
        None if objects is None else objects.ids.read() > 0,
        should_stop,
    )
    found = []
    for place in places:
        corner = np.array([place.patch.left, place.patch.top])
        rings = [ring + corner for ring in rings_of(place.patch.mask)]
        found.append(Place(place.patch, rings))
    return found
