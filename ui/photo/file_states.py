"""FileStates: how far the work on each image file is, for as long as the program runs."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from PySide6.QtCore import QObject, Signal, Slot

from gmmseg.photo.document import Document
from gmmseg.photo.project import PhotoProject
from gmmseg.photo.view_state import ViewState
from ui.photo.exporting import Exporter
from ui.photo.photo_worker import PhotoWorkers

FileState = Literal["not started", "fitted", "corrected", "exported"]


class FileStates(QObject):
    """Follows the document: a file is fitted, corrected by hand, and exported as it then was.

    Parameters
    ----------
    work : PhotoWorkers
    exporter : Exporter
    """

    changed = Signal()

    def __init__(self, work: PhotoWorkers, exporter: Exporter) -> None:
        super().__init__(work)
        self._workspace = work.workspace
        self._states: dict[Path, FileState] = {}
        self._exported: Document | None = None
        work.bridge.changed.connect(self._on_changed)
        exporter.exported.connect(self._on_exported)

    def state_of(self, path: Path) -> FileState:
        """Return how far the work on a file is."""
        return self._states.get(path.absolute(), "not started")

    @Slot(object, object)
    def _on_changed(self, old: ViewState, new: ViewState) -> None:
        document = new.document
        # As it was exported: what changes then is what is shown of it.
        if document is not self._exported:
            self._set(document, _state(document))

    @Slot(object)
    def _on_exported(self, document: Document) -> None:
        present = self._workspace.document
        # What was changed while the files were written is not in them.
        if present is document or present.image is not document.image:
            self._exported = document
            self._set(document, "exported")

    def _set(self, document: Document, state: FileState) -> None:
        image = document.image
        path = None if image is None else image.source.path
        if path is not None and self._states.get(path.absolute()) != state:
            self._states[path.absolute()] = state
            self.changed.emit()


def _state(document: Document) -> FileState:
    if PhotoProject.has_work(document):
        return "corrected"
    return "not started" if document.fit is None else "fitted"
