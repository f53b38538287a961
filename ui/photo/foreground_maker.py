"""ForegroundMaker: follows the background through a stack while somebody looks at what is in front of it."""

from __future__ import annotations

from collections.abc import Generator
from pathlib import Path
from typing import Any

from PySide6.QtCore import Slot

from gmmseg.arrays import BoolArray
from gmmseg.control import Progress, ShouldStop
from gmmseg.frames.background import foreground
from gmmseg.io.files import changed_while_read
from gmmseg.io.images import read_frames
from gmmseg.photo.foreground import Foreground
from gmmseg.photo.view_state import ViewState
from ui.photo.photo_worker import PhotoWorker, PhotoWorkers


class ForegroundMaker(PhotoWorker):
    """Makes the masks of all frames of a stack, once, from the first one on."""

    def __init__(self, work: PhotoWorkers) -> None:
        super().__init__(work)
        self._is_wanted = False
        self._made: Foreground | None = None
        """The foreground that is made, being made, or was given up; its masks may be fewer than are known."""
        work.bridge.changed.connect(self._on_changed)

    @Slot(bool)
    def want(self, is_wanted: bool) -> None:
        """Note whether somebody shows the foreground; the first who does has it made."""
        if is_wanted and not self._is_wanted and not self.runner.is_running:
            self._made = self._workspace.shown.foreground
        self._is_wanted = is_wanted
        self._follow()

    @Slot(object, object)
    def _on_changed(self, old: ViewState, new: ViewState) -> None:
        before, now = old.document, new.document
        has_others = now.background_settings != before.background_settings
        if now.image is not before.image or has_others:
            self._follow()

    def _follow(self) -> None:
        image = self._workspace.document.image
        place = None if image is None else image.source.place
        if not self._is_wanted or image is None or place is None:
            return
        wanted = Foreground(image.source.stack_id, self._workspace.document.background_settings)
        if self._made is None or not wanted.is_of_same(self._made):
            self._made = wanted
            self._workspace.show_foreground(wanted)
            self.runner.start(lambda should_stop: _masks(place.stack, wanted, should_stop))

    @Slot(object, object)
    def _on_events(self, run: int, events: tuple[Any, ...]) -> None:
        found = self._workspace.shown.foreground
        masks = [event for event in events if not isinstance(event, Progress)]
        if found is not None and self._made is not None and masks and found.is_of_same(self._made):
            self._workspace.show_foreground(found.grown(masks))
        super()._on_events(run, events)


def _masks(
    stack: Path, wanted: Foreground, should_stop: ShouldStop
) -> Generator[BoolArray | Progress, None, None]:
    """Yield the mask of each frame, and how far this is."""
    frames = read_frames(stack, should_stop=should_stop)
    for image, mask in foreground(frames, wanted.settings, should_stop):
        place = image.source.place
        if image.source.stack_id != wanted.stack_id or place is None:
            raise changed_while_read(stack)
        yield mask
        n_done = place.frame + 1
        yield Progress(f"Following the background: frame {n_done}", n_done / place.n_frames)
