"""Opener: reads tables of numbers for the laboratory, or takes the pixels of the photo."""

from __future__ import annotations

from collections.abc import Callable, Generator
from pathlib import Path

from PySide6.QtCore import QObject, Signal

from gmmseg.control import Progress, ShouldStop
from gmmseg.errors import EditError
from gmmseg.features.table import FeatureTable
from gmmseg.io.laboratory import read_mixture
from gmmseg.io.projects.archive import looks_like_project
from gmmseg.io.table_reading import read_table
from gmmseg.laboratory.data import Data, table_data
from gmmseg.mixture.params import MixtureParams
from ui.desk.desk import KeptWork
from ui.desk.job_runner import JobRunner
from ui.desk.workers import FileOpener, reading_project

MODEL_SUFFIX = ".json"
PhotoRows = Callable[[], FeatureTable | None]
"""Returns the rows of the photo that is open, where there is one."""


class Opener(FileOpener):
    """Reads in the background; what fails leaves everything as it was.

    Parameters
    ----------
    runner : JobRunner
        For this object alone, with the policy ``newest``.
    photo_rows : callable
    """

    opened = Signal(object)
    """Data"""
    mixture_opened = Signal(object)
    """MixtureParams of a model file."""
    drop_hint = "Drop a CSV, TSV, NPY or NPZ file."

    def __init__(self, runner: JobRunner, photo_rows: PhotoRows, parent: QObject | None = None) -> None:
        super().__init__(runner, parent)
        self._photo_rows = photo_rows
        self._path: Path | None = None

    def open_path(self, path: Path) -> None:
        """Read a table, the mixture of a model file, or a project."""
        self._path = path
        self.runner.start(lambda should_stop: _reading(path, should_stop))

    def open_photo(self) -> None:
        """Take the rows of the photo that is open."""
        table = self._photo_rows()
        if table is None:
            self.failed.emit(
                EditError("No photo has been segmented yet.", "Open one at the Photo desk first.")
            )
            return
        self._path = None
        self.runner.start(lambda should_stop: _sampling(table))

    def _on_read(self, read: Data | MixtureParams) -> None:
        if self._path is not None:
            self.file_opened.emit(self._path)
        (self.opened if isinstance(read, Data) else self.mixture_opened).emit(read)


def _reading(
    path: Path, should_stop: ShouldStop
) -> Generator[Progress, None, Data | MixtureParams | KeptWork]:
    if looks_like_project(path):
        return (yield from reading_project(path, should_stop))
    yield Progress("Reading")
    if path.suffix.lower() == MODEL_SUFFIX:
        return read_mixture(path)
    table = read_table(path, should_stop=should_stop)
    return table_data(table.source, table.values, table.names)


def _sampling(table: FeatureTable) -> Generator[Progress, None, Data]:
    yield Progress("Taking pixels")
    return table_data(
        "Pixels of the photo", table.values * table.scale + table.centre, table.names, table.weights
    )
