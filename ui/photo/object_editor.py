"""ObjectEditor: edits of objects that take a while, made in the background."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal, Slot

from gmmseg.editing import Edit
from gmmseg.errors import EditError
from gmmseg.photo.document import Document
from gmmseg.photo.objects.objects import ObjectMap
from ui.desk.workers import DeskWorkers

if TYPE_CHECKING:
    from gmmseg.control import ShouldStop


@dataclass(frozen=True, slots=True, eq=False)
class ObjectRequest:
    """An edit, and the document that it is made for."""

    edit: Edit[Document]
    document: Document


def _objects_after(request: ObjectRequest, should_stop: ShouldStop) -> ObjectMap:
    return request.edit.apply(request.document).object_map


class ObjectEditor(QObject):
    """Makes one edit after the other, each of the objects that there are when it is asked for.

    Where they have changed meanwhile it is made again of those; with another image it is dropped.

    Parameters
    ----------
    work : DeskWorkers
        With the workspace of a photo.
    """

    working = Signal(str)
    """The title of the edit in progress; empty where there is none."""

    def __init__(self, work: DeskWorkers) -> None:
        super().__init__(work)
        self._work = work
        self._waiting: list[Edit[Document]] = []
        self._requests = work.make_requests(_objects_after, lambda request: "objects")
        self._requests.answered.connect(self._on_answered)
        self._requests.failed.connect(self._on_failed)

    @property
    def is_busy(self) -> bool:
        """Whether an edit is being made."""
        return bool(self._waiting)

    @Slot(object)
    def ask(self, edit: Edit[Document]) -> None:
        """Make an edit as an undo step of its own."""
        self._waiting.append(edit)
        if len(self._waiting) == 1:
            self._next()

    def _next(self) -> None:
        self.working.emit(self._waiting[0].title if self._waiting else "")
        if self._waiting:
            self._requests.ask(ObjectRequest(self._waiting[0], self._work.editor.document))

    @Slot(object, object)
    def _on_answered(self, request: ObjectRequest, objects: ObjectMap) -> None:
        now, before = self._work.editor.document, request.document
        is_same_image = now.image is before.image
        if is_same_image and now.objects is not before.objects:
            if {entry.id for entry in before.object_map} <= {entry.id for entry in now.object_map}:
                self._next()
                return
            self._work.failed.emit(EditError("The objects were changed meanwhile.", "Do it once more."))
        elif is_same_image:
            self._work.settle()
            self._work.apply(Edit(request.edit.title, lambda document: replace(document, objects=objects)))
            self._work.settle()
        self._waiting.pop(0)
        self._next()

    @Slot(object)
    def _on_failed(self, error: Exception) -> None:
        self._waiting.pop(0)
        self._next()
