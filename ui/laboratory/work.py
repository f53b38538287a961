"""LaboratoryWork: the workspace of the laboratory and what works on it in the background."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtCore import QObject

from gmmseg.laboratory.project import LaboratoryProject
from gmmseg.laboratory.workspace import Workspace
from ui.desk.job_runner import JobRunner
from ui.desk.keeping import Keeper, Keeping
from ui.desk.workers import DeskWorkers
from ui.laboratory.acting import Actor
from ui.laboratory.exporting import Exporter
from ui.laboratory.opening import Opener, PhotoRows
from ui.settings_store import SettingsStore


class LaboratoryWork(DeskWorkers):
    """Reads tables, runs actions of pages, and exports figures.

    Parameters
    ----------
    store : SettingsStore
        Where exports went the last time.
    photo_rows : callable
        Returns the rows of the photo that is open.
    """

    opener: Opener
    exporter: Exporter

    def __init__(self, store: SettingsStore, photo_rows: PhotoRows, parent: QObject | None = None) -> None:
        self.workspace = Workspace()
        super().__init__(self.workspace, parent)
        self.runs = JobRunner("newest", self)
        self.actor = Actor(self.workspace, self.bridge, self.runs, self)
        self.opener = Opener(self.reads, photo_rows, self)
        self.exporter = Exporter(self.workspace, self.exports, store, self)
        self.keeper = Keeper(self, Keeping(LaboratoryProject, self.workspace, store))
        self._follow(self.actor, self.keeper)

    @property
    def _ends(self) -> Sequence[tuple[JobRunner, Callable[[], object]]]:
        return [
            (self.reads, self.reads.cancel),
            (self.runs, self.runs.stop),
            (self.exports, self.exports.cancel),
        ]
