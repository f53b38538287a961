"""DigitWork: the workspace of the digits desk and everything that works on it in the background."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from PySide6.QtCore import QObject

from gmmseg.digits.project import DigitsProject
from gmmseg.digits.workspace import Workspace
from ui.desk.job_runner import JobRunner
from ui.desk.keeping import Keeper, Keeping
from ui.desk.workers import DeskWorkers
from ui.digits.exporting import Exporter
from ui.digits.opening import Opener
from ui.digits.panels.requests import SampleMaker, answer_moments, answer_overview
from ui.digits.running import Experimenter
from ui.settings_store import SettingsStore


class DigitWork(DeskWorkers):
    """Reads, fetches, clusters, looks over and exports digits.

    Parameters
    ----------
    store : SettingsStore
        Where exports went the last time.
    """

    opener: Opener
    exporter: Exporter

    def __init__(self, store: SettingsStore, parent: QObject | None = None) -> None:
        self.workspace = Workspace()
        super().__init__(self.workspace, parent)
        self.runs = JobRunner("newest", self)
        self.experimenter = Experimenter(self.workspace, self.bridge, self.runs, self)
        self.opener = Opener(self.reads, self)
        self.exporter = Exporter(self.workspace, self.exports, store, self)
        self.overviews = self.make_requests(answer_overview, _newest)
        self.samples = self.make_requests(SampleMaker(), _newest)
        self.moments = self.make_requests(answer_moments, _newest)
        self.keeper = Keeper(self, Keeping(DigitsProject, self.workspace, store))
        self._follow(self.experimenter, self.keeper)

    @property
    def _ends(self) -> Sequence[tuple[JobRunner, Callable[[], object]]]:
        return [(runner, runner.cancel) for runner in (self.reads, self.runs, self.exports)]


def _newest(request: Any) -> str:
    """Of requests that wait only the newest is answered, whatever it is about."""
    return "newest"
