"""Opener: brings digits in from files, folders and drops, from the mirrors of MNIST, or drawn."""

from __future__ import annotations

from collections.abc import Generator
from pathlib import Path

from PySide6.QtCore import QObject, Signal, Slot

from gmmseg.control import Progress, ShouldStop
from gmmseg.digits.dataset import DigitSet
from gmmseg.digits.drawn import drawn_digits
from gmmseg.errors import ReadError
from gmmseg.io.digits.download import cache_folder, download_events, is_complete
from gmmseg.io.digits.reading import read_digits_events
from gmmseg.io.projects.archive import looks_like_project
from ui.desk.desk import KeptWork
from ui.desk.job_runner import JobRunner
from ui.desk.workers import FileOpener, reading_project

N_DRAWN = (3_000, 600)
"""Digits that the program draws, to fit and to assign: clustered within a few seconds."""


class Opener(FileOpener):
    """Reads, fetches or draws digits in the background; what fails leaves everything as it was.

    Parameters
    ----------
    runner : JobRunner
        For this object alone, with the policy ``newest``.
    """

    opened = Signal(object)
    """DigitSet"""
    download_failed = Signal(object)
    """Exception: the mirrors did not deliver; trying again may help."""
    drop_hint = "Drop a folder of digits, an IDX file or an NPZ archive."

    def __init__(self, runner: JobRunner, parent: QObject | None = None) -> None:
        super().__init__(runner, parent)
        self._path: Path | None = None
        self._is_download = False
        self.n_drawn = N_DRAWN

    def open_first(self) -> None:
        """Open MNIST where it has been fetched before, else digits that the program draws."""
        if is_complete(cache_folder()):
            self.get_mnist()
        else:
            self.open_drawn()

    def open_path(self, path: Path) -> None:
        """Read a folder of IDX files or pictures, an IDX file, an NPZ archive, or a project."""
        self._path, self._is_download = path, False
        self.runner.start(lambda should_stop: _reading(path, should_stop))

    def open_drawn(self) -> None:
        """Have the program draw digits."""
        n_train, n_test = self.n_drawn
        self._path, self._is_download = None, False
        self.runner.start(lambda should_stop: _drawing(n_train, n_test))

    def get_mnist(self) -> None:
        """Fetch what is missing of MNIST into the cache folder, and open it."""
        self._path, self._is_download = None, True
        self.runner.start(_fetching)

    def _on_read(self, digits: DigitSet) -> None:
        if self._path is not None:
            self.file_opened.emit(self._path)
        self.opened.emit(digits)

    @Slot(object, object)
    def _on_failed(self, run: int, error: Exception) -> None:
        is_network = self._is_download and isinstance(error, ReadError)
        (self.download_failed if is_network else self.failed).emit(error)


def _reading(path: Path, should_stop: ShouldStop) -> Generator[Progress, None, DigitSet | KeptWork]:
    if looks_like_project(path):
        return (yield from reading_project(path, should_stop))
    return (yield from read_digits_events(path, should_stop))


def _drawing(n_train: int, n_test: int) -> Generator[Progress, None, DigitSet]:
    yield Progress("Drawing digits")
    return drawn_digits(n_train, n_test)


def _fetching(should_stop: ShouldStop) -> Generator[Progress, None, DigitSet]:
    folder = yield from download_events(cache_folder(), should_stop)
    return (yield from read_digits_events(folder, should_stop))
