"""Opener: brings images in from files, folders, samples, the clipboard and drops."""

from __future__ import annotations

import os
from collections.abc import Generator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from PySide6.QtCore import QMimeData, QObject, QUrl, Signal, Slot
from PySide6.QtGui import QImage

from gmmseg.control import Progress, ShouldStop
from gmmseg.errors import ReadError
from gmmseg.image import Image
from gmmseg.io.files import shown_name
from gmmseg.io.images import image_from_array, list_images, read_events
from gmmseg.io.samples import read_sample
from ui.desk.job_runner import JobRunner
from ui.desk.workers import FileOpener


class Opener(FileOpener):
    """Reads images in the background; what cannot be read leaves everything as it was.

    Parameters
    ----------
    runner : JobRunner
        For this object alone, with the policy ``newest``.
    """

    opened = Signal(object, object)
    """(Image, note: str)"""

    def __init__(self, runner: JobRunner, parent: QObject | None = None) -> None:
        super().__init__(runner, parent)
        self._note, self._is_file = "", False

    def open_path(self, path: Path, note: str = "", frame: int = 0) -> None:
        """Read a file, or the first image of a folder; of a file of several pages the one asked for."""
        self._note, self._is_file = note, True
        self.runner.start(lambda should_stop: self._reading(path, frame, should_stop))

    def open_paths(self, paths: Sequence[Path]) -> None:
        """Read the first of several files and say so."""
        if not paths:
            return
        others = len(paths) - 1
        note = self.tr("Opened the first of {0} files.").format(len(paths)) if others else ""
        self.open_path(paths[0], note)

    def open_sample(self, name: str) -> None:
        """Show one of the program's own images."""
        self._note, self._is_file = "", False
        self.runner.start(lambda should_stop: _reading_sample(name))

    def open_mime(self, data: QMimeData | None) -> None:
        """Open what was dropped or pasted: files, folders, or pixels; an empty clipboard gives None."""
        if data is None:
            self.failed.emit(_nothing_to_paste())
        elif data.hasUrls():
            urls = [url for url in data.urls() if not url.isEmpty()]
            local = [Path(url.toLocalFile()) for url in urls if url.isLocalFile()]
            if local:
                self.open_paths(local)
            elif urls:
                self.failed.emit(_remote(urls[0]))
        elif data.hasImage():
            self.open_pixels(QImage(data.imageData()))
        else:
            self.failed.emit(_nothing_to_paste())

    def open_pixels(self, picture: QImage) -> None:
        """Show the pixels of the clipboard."""
        if picture.isNull():
            self.failed.emit(ReadError("The clipboard holds no readable image.", "Copy an image first."))
            return
        self._note, self._is_file = "", False
        self.runner.start(lambda should_stop: _converting(picture.copy()))

    def _reading(
        self, path: Path, frame: int, should_stop: ShouldStop
    ) -> Generator[Any, None, tuple[Image, str]]:
        note = ""
        if os.path.isdir(path):
            images = list_images(path)
            if not images:
                raise ReadError(
                    f"There is no image in the folder “{shown_name(path)}”.", "Choose another folder."
                )
            note = self.tr("Opened the first of {0} images of the folder.").format(len(images))
            path = images[0]
        image = yield from read_events(path, frame=frame, should_stop=should_stop)
        return image, note

    @Slot(object, object)
    def _on_finished(self, run: int, result: tuple[Image, str]) -> None:
        image, note = result
        if self._is_file and image.source.path is not None:
            self.file_opened.emit(image.source.path)
        self.opened.emit(image, " ".join(filter(None, (self._note, note, *image.source.notes))))


def _reading_sample(name: str) -> Generator[Any, None, tuple[Image, str]]:
    yield Progress("Reading the sample")
    return read_sample(name), ""


def _converting(picture: QImage) -> Generator[Any, None, tuple[Image, str]]:
    yield Progress("Reading the clipboard")
    return image_of(picture), ""


def image_of(picture: QImage) -> Image:
    """Return the pixels of a Qt image as an Image of their own; fully transparent ones hold no data."""
    has_alpha = picture.hasAlphaChannel()
    kind = QImage.Format.Format_RGBA8888 if has_alpha else QImage.Format.Format_RGB888
    converted = picture.convertToFormat(kind)
    n_channels = 4 if has_alpha else 3
    # Qt pads rows to four bytes.
    rows = np.frombuffer(converted.constBits(), np.uint8).reshape(converted.height(), -1)
    shape = (converted.height(), converted.width(), n_channels)
    return image_from_array(rows[:, : shape[1] * n_channels].reshape(shape), "clipboard")


def _nothing_to_paste() -> ReadError:
    return ReadError("There is no image to paste.", "Copy an image or a file first.")


def _remote(url: QUrl) -> ReadError:
    return ReadError(
        f"{url.host() or url.toString()} is not on this computer, and nothing is fetched from the network.",
        "Save the image to a file and open that.",
    )
