"""ObjectEditor: edits of objects and of the selection, made in the background where they take a while."""

from __future__ import annotations

from collections import deque
from collections.abc import Generator
from dataclasses import dataclass, replace

from PySide6.QtCore import Signal, Slot

from gmmseg.control import Progress
from gmmseg.editing.editor import Edit
from gmmseg.errors import EditError
from gmmseg.photo.document import Document
from ui.photo.photo_worker import PhotoWorker, PhotoWorkers
from ui.photo.widgets import entries_panel


@dataclass(frozen=True, slots=True, eq=False)
class _Asked:
    """An edit, and whether the objects that it makes are to be reported."""

    edit: Edit[Document]
    reports_new: bool


class ObjectEditor(PhotoWorker):
    """Makes one edit after the other, each of the objects that there are when its turn comes.

    Where they have changed meanwhile it is made again of those; with another image it is dropped.

    Parameters
    ----------
    work : PhotoWorkers
    """

    working = Signal(str)
    """The title of the edit in progress; empty where there is none."""
    made = Signal(object)
    """Ids of the objects that an edit of `do` has made, in display order, where there are any."""

    def __init__(self, work: PhotoWorkers) -> None:
        super().__init__(work)
        self._waiting: deque[_Asked] = deque()
        self._before = work.workspace.document
        self.runner.cancelled.connect(self._next)

    @property
    def is_busy(self) -> bool:
        """Whether an edit is being made."""
        return bool(self._waiting)

    def is_making(self, edit: Edit[Document] | None) -> bool:
        """Whether an edit is being made, or waits for its turn."""
        return any(asked.edit is edit for asked in self._waiting)

    @Slot(object)
    def ask(self, edit: Edit[Document]) -> None:
        """Make an edit in the background, as an undo step of its own."""
        self._put(_Asked(edit, reports_new=False))

    @Slot(object)
    def do(self, edit: Edit[Document]) -> None:
        """Make an edit as an undo step of its own, at once where the image is small and none is waiting."""
        image = self._workspace.document.image
        is_small = image is not None and image.height * image.width <= entries_panel.MAX_PIXELS_AT_ONCE
        asked = _Asked(edit, reports_new=True)
        if is_small and not self._waiting:
            self._apply(asked, edit)
        else:
            self._put(asked)

    def stop(self) -> None:
        """Give up the edit in progress and those waiting."""
        self._waiting.clear()
        self.runner.cancel()

    def _put(self, asked: _Asked) -> None:
        self._waiting.append(asked)
        if len(self._waiting) == 1:
            self._next()

    @Slot()
    def _next(self) -> None:
        if not self._waiting:
            self.working.emit("")
            return
        edit, document = self._waiting[0].edit, self._workspace.document
        self._before = document
        self.runner.start(lambda should_stop: _edited(edit, document))
        self.working.emit(edit.title)
        self.progressed.emit(Progress(edit.title))

    def _apply(self, asked: _Asked, edit: Edit[Document]) -> None:
        before = {entry.id for entry in self._workspace.document.objects or ()}
        self._work.settle()
        self._work.apply(edit)
        self._work.settle()
        new = [e.id for e in self._workspace.document.objects or () if e.id not in before]
        if new and asked.reports_new:
            self.made.emit(new)

    @Slot(object, object)
    def _on_finished(self, run: int, after: Document) -> None:
        now, before = self._workspace.document, self._before
        if now.image is before.image and now.objects is not before.objects:
            if {entry.id for entry in before.object_map} <= {entry.id for entry in now.object_map}:
                self._next()
                return
            self.failed.emit(EditError("The objects were changed meanwhile.", "Do it once more."))
        elif now.image is before.image and after is not before:
            asked = self._waiting[0]
            self._apply(asked, Edit(asked.edit.title, lambda document: _taken(document, before, after)))
        self._waiting.popleft()
        self._next()

    @Slot(object, object)
    def _on_failed(self, run: int, error: Exception) -> None:
        self._waiting.popleft()
        super()._on_failed(run, error)
        self._next()


def _edited(edit: Edit[Document], document: Document) -> Generator[None, None, Document]:
    yield
    return edit.apply(document)


def _taken(now: Document, before: Document, after: Document) -> Document:
    """Return the document with the objects of an edit, and its selection where that has not changed since."""
    pending = after.pending if now.pending is before.pending else now.pending
    return replace(now, objects=after.objects, pending=pending)
