"""Opener: brings images in from files, folders, samples, the clipboard and drops."""

from __future__ import annotations

import os
from collections.abc import Generator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from PySide6.QtCore import QMimeData, QObject, QUrl, Signal, Slot
from PySide6.QtGui import QImage

from gmmseg.control import Progress, ShouldStop
from gmmseg.errors import GmmsegError, ReadError
from gmmseg.image import Image, StackPlace
from gmmseg.io.files import shown_name
from gmmseg.io.images import image_from_array, in_folder, list_files, list_images, read_events
from gmmseg.io.projects.archive import SUFFIX, looks_like_project
from gmmseg.io.samples import is_sample, read_sample
from gmmseg.limits import memory_budget
from gmmseg.photo.project import PhotoProject
from ui.desk.desk import KeptWork
from ui.desk.job_runner import JobRunner
from ui.desk.workers import FileOpener, reading_journal, reading_project

_MOST_COMPRESSED = 1 << 10
"""Bytes that one of Deflate stands for at most, about: a smaller file need not be looked into."""


class Opener(FileOpener):
    """Reads images in the background; what cannot be read leaves everything as it was.

    Parameters
    ----------
    runner : JobRunner
        For this object alone, with the policy ``newest``.
    """

    opened = Signal(object, object)
    """(Image, note: str)"""
    part_opened = Signal(object)
    """Image: a part of the picture beyond memory that is open."""
    files_changed = Signal()
    """`files` or `at` are others."""

    def __init__(self, runner: JobRunner, parent: QObject | None = None) -> None:
        super().__init__(runner, parent)
        self._is_file = False
        self.files: tuple[Path, ...] = ()
        """Those opened together: several, or all images of a folder; `show_next` goes on to the next."""
        self.at = 0
        """Index of the one asked for last."""
        self.stack: Path | None = None
        """The folder whose images the files are, where they are the frames of a stack."""
        self._places: dict[Path, Path] = {}
        """The project or journal that the work on an image file was left in, for images shown again."""

    def open_path(self, path: Path, frame: int = 0) -> None:
        """Read a file, or the first image of a folder; of a file of several pages the one asked for."""
        if path in self.files:
            self._open(self.files, self.files.index(path), frame)
        else:
            self._open((path,), 0, frame)

    def open_part(self, overview: Image, box: tuple[float, float, float, float], zoom: float) -> None:
        """Read what a box of an overview shows at a zoom, as an image by itself."""
        self.runner.start(lambda should_stop: _reading_part(overview, box, zoom))

    def open_paths(self, paths: Sequence[Path]) -> None:
        """Read the first of several files, the others being next."""
        if paths:
            self._open(tuple(paths), 0)

    def open_stack(self, path: Path) -> None:
        """Read an image again as a frame of the stack that the images of its folder are."""
        self._is_file = True
        self.runner.start(lambda should_stop: _reading_stack(path, should_stop))

    def show_frame(self, image: Image, frame: int) -> None:
        """Read another frame of the stack that an image is of."""
        source = image.source
        if source.in_folder is not None and source.in_folder.stack == self.stack:
            self.show_file(frame)
        elif source.path is not None:
            self.open_path(source.path, frame)

    def list_folder(self, path: Path) -> None:
        """List all images of a file's folder, the file, which is open, among them."""
        self.runner.start(lambda should_stop: _listing(path))

    def note_place(self, path: Path, place: Path | None) -> None:
        """Take note of the project or journal that the work on an image file is in; None for none."""
        if place is None:
            self._places.pop(path, None)
        else:
            self._places[path] = place

    def place_of(self, path: Path | None) -> int | None:
        """Return the place of a file among those opened together; None where it is none of several."""
        if path is None or len(self.files) < 2:
            return None
        # They may have been named beside the folder that the program was started in.
        known = [each.absolute() for each in self.files]
        return known.index(path.absolute()) if path.absolute() in known else None

    def stand_at(self, path: Path | None) -> None:
        """Note which of the files opened together is open now; where it is none of them, none is next."""
        place = self.place_of(path)
        if place is None:
            self._set_files((), 0)
        else:
            self._set_files(self.files, place, self.stack)

    @Slot()
    def show_next(self) -> None:
        """Read the next of the files opened together."""
        self.show_file(self.at + 1)

    @Slot()
    def show_previous(self) -> None:
        """Read the one before."""
        self.show_file(self.at - 1)

    @Slot(int)
    def show_file(self, at: int) -> None:
        """Read one of the files opened together, by its place among them."""
        if 0 <= at < len(self.files):
            self._open(self.files, at)

    def _open(self, files: tuple[Path, ...], at: int, frame: int = 0) -> None:
        self._is_file = True
        is_new = files != self.files
        if not is_new:
            # Also where it cannot be read: the next one is the one after it.
            self._set_files(files, at, self.stack)
        stack = None if is_new else self.stack
        self.runner.start(lambda should_stop: self._reading(files, at, is_new, frame, stack, should_stop))

    def _set_files(self, files: tuple[Path, ...], at: int, stack: Path | None = None) -> None:
        if (files, at, stack) != (self.files, self.at, self.stack):
            self.files, self.at, self.stack = files, at, stack
            self.files_changed.emit()

    def open_sample(self, name: str) -> None:
        """Show one of the program's own images."""
        self._is_file = False
        self.runner.start(lambda should_stop: _reading_sample(name))

    def open_mime(self, data: QMimeData | None) -> None:
        """Open what was dropped or pasted: files, folders, or pixels; an empty clipboard gives None."""
        if data is None:
            self.failed.emit(_nothing_to_paste())
        elif data.hasUrls():
            urls = [url for url in data.urls() if not url.isEmpty()]
            local = local_files(data)
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
        self._is_file = False
        self.runner.start(lambda should_stop: _converting(picture.copy()))

    def _reading(
        self,
        paths: tuple[Path, ...],
        at: int,
        is_new: bool,
        frame: int,
        stack: Path | None,
        should_stop: ShouldStop,
    ) -> Generator[Any, None, _Read | KeptWork]:
        files = tuple(list_files(paths)) if is_new and not _is_zarr(paths[0]) else paths
        if not files:
            raise ReadError(
                f"There is no image in the folder “{shown_name(paths[0])}”.", "Choose another folder."
            )
        if is_new and looks_like_project(files[0]):
            return (yield from reading_project(files[0], should_stop))
        note = ""
        if is_new and len(files) > 1:
            note = self.tr(
                "The first of {0} images; Page Down shows the next, File ▸ Images opened together lists them."
            ).format(len(files))
        if len(files) > 1 and stack is None and frame == 0:
            place = self._places.get(files[at].absolute()) or files[at].with_suffix(SUFFIX)
            kept = yield from _reading_kept(files[at], place, should_stop)
            if kept is not None:
                return _Read(files, at, kept=kept)
        image = yield from _reading_image(files[at], frame, should_stop)
        if stack is not None:
            image = in_folder(image, StackPlace(stack, at, len(files)))
        return _Read(files, at, image, stack=stack, note=note)

    def _on_read(self, result: _Read | Image) -> None:
        if isinstance(result, Image):
            self.part_opened.emit(result)
            return
        image = result.image
        if image is not None and image.source.path is not None and self._is_file:
            self.file_opened.emit(image.source.path)
        self._set_files(result.files, result.at, result.stack)
        if result.kept is not None:
            self.kept_read.emit(result.kept)
        if image is not None:
            self.opened.emit(image, " ".join(filter(None, (result.note, *image.source.notes))))


@dataclass(frozen=True, slots=True, eq=False)
class _Read:
    """Files opened together, and what was read of one: its image, or the work on that as it was left."""

    files: tuple[Path, ...] = ()
    at: int = 0
    image: Image | None = None
    kept: KeptWork | None = None
    stack: Path | None = None
    note: str = ""


def _reading_part(
    overview: Image, box: tuple[float, float, float, float], zoom: float
) -> Generator[Any, None, Image]:
    from gmmseg.tiled.pyramid import pyramid_of

    yield Progress("Reading what is in view")
    return pyramid_of(overview).part(box, zoom)


def _reading_kept(path: Path, place: Path, should_stop: ShouldStop) -> Generator[Any, None, KeptWork | None]:
    """Read the work on an image file from a journal or a project; None where that is about something else."""
    if not place.is_file():
        return None
    read = reading_project if looks_like_project(place) else reading_journal
    try:
        kept = yield from read(place, should_stop=should_stop)
    except GmmsegError:
        # The image is there all the same; the project is read, and refused in words, where it is asked for.
        return None
    project = kept.read.project
    is_of_image = isinstance(project, PhotoProject) and project.image.source.path == path.absolute()
    return kept if is_of_image else None


def _reading_image(path: Path, frame: int, should_stop: ShouldStop) -> Generator[Any, None, Image]:
    """Read an image, or the overview of a picture beyond memory."""
    if _is_zarr(path) or _is_beyond_memory(path, frame):
        # Imported with the first of them: the window is there sooner without it.
        from ui.photo.large import opening_of_levels

        return (yield from opening_of_levels(path, frame, should_stop))
    return (yield from read_events(path, frame=frame, should_stop=should_stop))


def _is_zarr(path: Path) -> bool:
    # Unlike `Path.is_dir`, no error where it may not be asked: who reads it says that.
    if not os.path.isdir(path):
        return False
    from gmmseg.io.tiled.zarr_picture import is_zarr

    return is_zarr(str(path))


def _is_beyond_memory(path: Path, frame: int) -> bool:
    # What is not there is refused by who reads it.
    with suppress(OSError):
        if path.stat().st_size * _MOST_COMPRESSED < memory_budget():
            return False
    from gmmseg.io.tiled.opening import is_beyond_memory

    return is_beyond_memory(path, frame)


def _listing(path: Path) -> Generator[Any, None, _Read]:
    yield Progress("Listing the folder")
    # One whose suffix is that of no image is there all the same.
    own = path.absolute()
    files = list_images(own.parent)
    files += [own] * (own not in files)
    return _Read(tuple(files), files.index(own))


def _reading_stack(path: Path, should_stop: ShouldStop) -> Generator[Any, None, _Read]:
    listed = yield from _listing(path)
    file = listed.files[listed.at]
    image = yield from read_events(file, should_stop=should_stop)
    place = StackPlace(file.parent, listed.at, len(listed.files))
    return replace(listed, image=in_folder(image, place), stack=file.parent)


def _reading_sample(name: str) -> Generator[Any, None, _Read]:
    yield Progress("Reading the sample")
    return _Read(image=read_sample(name))


def _converting(picture: QImage) -> Generator[Any, None, _Read]:
    yield Progress("Reading the clipboard")
    return _Read(image=image_of(picture))


def local_files(data: QMimeData) -> list[Path]:
    """Return the files on this computer that were dropped."""
    return [Path(url.toLocalFile()) for url in data.urls() if url.isLocalFile()]


def own_file(image: Image | None) -> Path | None:
    """Return the file of an image where it is one of the user's, and no sample."""
    path = None if image is None else image.source.path
    return None if path is None or is_sample(path) else path.absolute()


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
