"""KComparer: fits several numbers of components beside the document, for their criteria alone."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import Slot

from gmmseg.mixture.selection import DEFAULT_RANGE, HELD_OUT_FOLDS, Candidate
from gmmseg.photo.document import can_compare
from gmmseg.photo.jobs import compare_events
from gmmseg.photo.view_state import ViewState
from ui.photo.photo_worker import PhotoWorker, PhotoWorkers


class KComparer(PhotoWorker):
    """Compares on request; ends when another image or other settings than K make the figures wrong."""

    def __init__(self, work: PhotoWorkers) -> None:
        super().__init__(work)
        work.bridge.changed.connect(self._on_changed)

    @Slot(int, bool)
    def compare(self, most: int, holds_out: bool = False) -> None:
        """Try the numbers of components up to `most` that have not been tried, or not on pixels held out."""
        document = self._workspace.document
        image, settings = document.image, document.settings
        known = {
            candidate.n_components
            for candidate in self._workspace.shown.candidates
            if not holds_out or candidate.held_out is not None
        }
        counts = [count for count in range(DEFAULT_RANGE[0], most + 1) if count not in known]
        if image is None or not counts:
            return
        make_table, n_folds = self._workspace.make_table, HELD_OUT_FOLDS * holds_out
        self.runner.start(
            lambda should_stop: compare_events(
                image, settings, counts, n_folds=n_folds, should_stop=should_stop, make_table=make_table
            )
        )

    @Slot(object, object)
    def _on_events(self, run: int, events: tuple[Any, ...]) -> None:
        found = {candidate.n_components: candidate for candidate in self._workspace.shown.candidates}
        new: list[Candidate] = [event for event in events if isinstance(event, Candidate)]
        if new:
            found |= {candidate.n_components: candidate for candidate in new}
            self._workspace.show_candidates(tuple(found.values()))
        super()._on_events(run, events)

    @Slot(object, object)
    def _on_changed(self, old: ViewState, new: ViewState) -> None:
        if old.document is not new.document and not can_compare(old.document, new.document):
            self.runner.cancel()
