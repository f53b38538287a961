"""MaskOpener: takes objects from a file of masks or outlines into the image that is open."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from PySide6.QtCore import QMimeData, Qt, Signal, Slot
from PySide6.QtGui import QGuiApplication

from gmmseg.control import ShouldStop
from gmmseg.image import Image
from gmmseg.io.files import shown_name
from gmmseg.photo.objects.edits import take_objects
from gmmseg.photo.objects.objects import ObjectMap
from ui.photo.object_editor import ObjectEditor
from ui.photo.opening import local_files
from ui.photo.photo_worker import PhotoWorker, PhotoWorkers

_NO_IMAGES = (".json", ".geojson", ".roi", ".zip", ".svg", ".npy", ".npz", ".zarr")
"""Files that hold objects and cannot be opened as an image."""


@dataclass(frozen=True, slots=True, eq=False)
class _Found:
    """Objects that were read for an image."""

    image: Image
    objects: ObjectMap
    name: str


class MaskOpener(PhotoWorker):
    """Reads objects in the background; they are added where nothing is marked yet, as one step.

    Parameters
    ----------
    work : PhotoWorkers
    editor : ObjectEditor
    """

    opened = Signal(str, int)
    """(name of the file, how many objects it marks)"""

    def __init__(self, work: PhotoWorkers, editor: ObjectEditor) -> None:
        super().__init__(work)
        self._editor = editor

    def open_path(self, path: Path) -> None:
        """Read what a file marks in the image that is open; without one, nothing happens."""
        image = self._workspace.document.image
        if image is not None:
            self.runner.start(lambda should_stop: _reading(path, image, should_stop))

    def claims(self, data: QMimeData) -> Path | None:
        """Return the dropped file that marks objects: one that is no image, or any with Alt held."""
        files = local_files(data)
        if self._workspace.document.image is None or len(data.urls()) != 1 or not files:
            return None
        [path] = files
        is_wanted = QGuiApplication.queryKeyboardModifiers() & Qt.KeyboardModifier.AltModifier
        return path if is_wanted or path.suffix.lower() in _NO_IMAGES else None

    @Slot(object, object)
    def _on_finished(self, run: int, found: _Found) -> None:
        if found.image is self._workspace.document.image:
            self._editor.ask(take_objects(found.objects, self.tr("Objects of {0}").format(found.name)))
            self.opened.emit(found.name, len(found.objects))


def _reading(path: Path, image: Image, should_stop: ShouldStop) -> Generator[Any, None, _Found]:
    # Here, so that the window starts without the readers.
    from gmmseg.io.object_reading import read_objects_events

    objects = yield from read_objects_events(path, image, should_stop=should_stop)
    return _Found(image, objects, shown_name(path))
