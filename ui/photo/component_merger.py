"""ComponentMerger: unites components of the document's fit in the background."""

from __future__ import annotations

from PySide6.QtCore import Slot

from gmmseg.photo.component_merging import ComponentMerge, merge_components, merge_events
from gmmseg.photo.document import Fit
from ui.photo.photo_worker import PhotoWorker, PhotoWorkers


class ComponentMerger(PhotoWorker):
    """Makes the fit that is asked for, and puts it in place of the one it was made from as one edit."""

    def __init__(self, work: PhotoWorkers) -> None:
        super().__init__(work)
        self._asked: ComponentMerge | None = None

    @Slot(object)
    def merge(self, asked: ComponentMerge) -> None:
        """Unite components; where the document has another fit by then, nothing happens."""
        self._asked = asked
        make_table = self._workspace.make_table
        self.runner.start(
            lambda should_stop: merge_events(asked, should_stop=should_stop, make_table=make_table)
        )

    @Slot(object, object)
    def _on_finished(self, run: int, fit: Fit) -> None:
        asked, document = self._asked, self._workspace.document
        if asked is not None and document.fit is asked.fit and not document.is_stale:
            self._workspace.apply(merge_components(asked, fit))
