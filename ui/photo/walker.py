"""Walker: EM on the photo by hand, a half step at a time, in the background."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import Slot

from gmmseg.photo.view_state import ViewState
from gmmseg.photo.walking import Move, Walk, begin_events, move_events
from ui.photo.fitting import Fitter
from ui.photo.photo_worker import PhotoWorker, PhotoWorkers


class Walker(PhotoWorker):
    """Makes the moves that are asked for, and shows where they led; another document ends the walk.

    Parameters
    ----------
    work : PhotoWorkers
    fitter : Fitter
        Brings back the maps of the fit at the end of a walk.
    """

    def __init__(self, work: PhotoWorkers, fitter: Fitter) -> None:
        super().__init__(work)
        self._fitter = fitter
        work.bridge.changed.connect(self._on_changed)

    @Slot(str)
    def move(self, move: Move) -> None:
        """Make a move; ``start`` begins a walk with the settings of the document."""
        document, walk = self._workspace.document, self._workspace.shown.walk
        if document.image is None or self._fitter.is_fitting:
            return
        image, settings = document.image, document.settings
        if move == "start":
            make_table = self._workspace.make_table
            self.runner.start(
                lambda should_stop: begin_events(
                    image, settings, should_stop=should_stop, make_table=make_table
                )
            )
        elif walk is not None and walk.can(move) and not self.runner.is_running:
            map_classes = self._workspace.map_classes
            self.runner.start(
                lambda should_stop: move_events(walk, move, should_stop=should_stop, map_classes=map_classes)
            )

    @Slot()
    def end(self) -> None:
        """Leave the walk: the fit's own figures and maps come back."""
        self.runner.cancel()
        if self._workspace.shown.walk is not None:
            self._workspace.show_walk(None)
            self._fitter.show_step(None)

    @Slot(object, object)
    def _on_events(self, run: int, events: tuple[Any, ...]) -> None:
        walks = [event for event in events if isinstance(event, Walk)]
        if walks:
            self._on_finished(run, walks[-1])
        super()._on_events(run, events)

    @Slot(object, object)
    def _on_finished(self, run: int, walk: Walk) -> None:
        document = self._workspace.document
        if walk.image is document.image and walk.settings == document.settings:
            half = self.tr("E-step {0}") if walk.has_posteriors else self.tr("M-step {0}")
            self._workspace.show_walk(walk, half.format(walk.at + walk.has_posteriors))

    @Slot(object, object)
    def _on_changed(self, old: ViewState, new: ViewState) -> None:
        walk, document = new.walk, new.document
        is_other = document.image is not old.document.image or document.settings != old.document.settings
        if is_other or (walk is not None and new.document.fit is not old.document.fit):
            self.runner.cancel()
            if walk is not None:
                self._workspace.show_walk(None)
