"""ModelOpener: takes a saved model that labels the image that is open, and the next ones, without a fit."""

from __future__ import annotations

import hashlib
from collections.abc import Generator
from dataclasses import replace
from pathlib import Path
from typing import Any

from PySide6.QtCore import QMimeData, Signal, Slot

from gmmseg.control import Progress
from gmmseg.image import Image
from gmmseg.io.models import FORMAT, given_model, load_model, looks_like_model, read_model_bytes
from gmmseg.mixture.settings import Adaptation
from gmmseg.photo.document import Document, adapt_model, apply_model, fit_instead
from gmmseg.photo.given import GivenModel
from gmmseg.photo.model import check_suits
from ui.photo.opening import local_files
from ui.photo.photo_worker import PhotoWorker


class ModelOpener(PhotoWorker):
    """Reads models in the background, and makes each application and each adaptation one step."""

    opened = Signal(object)
    """The `GivenModel` that labels the image from now on."""

    def open_path(self, path: Path) -> None:
        """Read a model and label the image with it; one that does not suit the image is refused."""
        image = self._workspace.document.image
        self.runner.start(lambda should_stop: _reading(path, image))

    def claims(self, data: QMimeData) -> Path | None:
        """Return the dropped file that is a model."""
        files = local_files(data)
        return files[0] if len(data.urls()) == len(files) == 1 and looks_like_model(files[0]) else None

    def toggle_adapted(self) -> None:
        """Adapt the model to each image, with the usual relevance factor, or apply it as it is again."""
        self.set_adapted(not self._is_adapted)

    @Slot(bool)
    def set_adapted(self, is_adapted: bool) -> None:
        """Adapt the model or not; where it is so already, nothing happens."""
        if self._workspace.document.given is not None and is_adapted != self._is_adapted:
            title = self.tr("Adapt the model") if is_adapted else self.tr("Model as it is")
            self._apply_alone(adapt_model(Adaptation() if is_adapted else None, title))

    @property
    def _is_adapted(self) -> bool:
        given = self._workspace.document.given
        return given is not None and given.adaptation is not None

    def apply_fit(self) -> None:
        """Label the image, and the next ones, with its fit as it is, classes taught by objects included."""
        given = model_of_fit(self._workspace.document)
        if given is not None:
            self._apply_alone(apply_model(given, self.tr("Apply the fit")))
            self.opened.emit(given)

    def fit_instead(self) -> None:
        """Fit a mixture like the model's to the image; the model is applied no longer."""
        self._apply_alone(fit_instead(self.tr("Fit to the image")))

    @Slot(object, object)
    def _on_finished(self, run: int, given: GivenModel) -> None:
        name = "" if given.path is None else given.path.name
        self._apply_alone(apply_model(given, self.tr("Apply {0}").format(name)))
        self.opened.emit(given)

    def _apply_alone(self, edit: Any) -> None:
        self._work.settle()
        self._work.apply(edit)
        self._work.settle()


def model_of_fit(document: Document) -> GivenModel | None:
    """Return the fit of a document with its classes as a model for other images; None without a fit."""
    return (
        None if document.fit is None else given_model(replace(document.fit.model, classes=document.classes))
    )


def _reading(path: Path, image: Image | None) -> Generator[Any, None, GivenModel]:
    # Here, so that the window starts without it.
    from gmmseg.io.file_kinds import telling_what_it_is

    yield Progress("Reading the model")
    data = read_model_bytes(path)
    with telling_what_it_is(path, data, (FORMAT,), "Choose a model that Export or “--model” has written."):
        model = load_model(data)
    if image is not None:
        check_suits(model, image)
    return GivenModel(model, hashlib.sha256(data).hexdigest(), path=path.absolute())
