"""DigitWork: the workspace of the digits desk and everything that works on it in the background."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from PySide6.QtCore import QObject, Signal, Slot

from gmmseg.control import Check
from gmmseg.digit_document import DigitEdit
from gmmseg.digit_workspace import DigitWorkspace
from gmmseg.errors import SettingsError
from ui.digits.exporting import DigitExporter
from ui.digits.opening import DigitOpener
from ui.digits.running import Experimenter
from ui.errands import Errands
from ui.job_runner import JobRunner
from ui.panels.digit_requests import SampleMaker, answer_moments, answer_overview
from ui.settings_store import SettingsStore
from ui.workspace_bridge import WorkspaceBridge


class DigitWork(QObject):
    """One runner for each kind of work, so that none waits for another.

    Parameters
    ----------
    store : SettingsStore
        Where exports went the last time.
    """

    failed = Signal(object)
    """Exception; those of a run go by ``experimenter.failed``."""
    progressed = Signal(object)
    """Progress"""
    running_changed = Signal()

    def __init__(self, store: SettingsStore, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.workspace = DigitWorkspace()
        self.bridge = WorkspaceBridge(self.workspace, self)
        self.runs, self.reads = JobRunner("newest", self), JobRunner("newest", self)
        self.exports = JobRunner("queue", self)
        self.experimenter = Experimenter(self.workspace, self.bridge, self.runs, self)
        self.opener = DigitOpener(self.reads, self)
        self.exporter = DigitExporter(self.workspace, self.exports, store, self)
        self._errands: list[JobRunner] = []
        self.overviews = self._make_errands(answer_overview)
        self.samples = self._make_errands(SampleMaker())
        self.moments = self._make_errands(answer_moments)
        for part in (self.opener, self.exporter):
            part.failed.connect(self.failed)
        for worker in (self.experimenter, self.opener, self.exporter):
            worker.progressed.connect(self.progressed)
        for runner in (self.runs, self.reads, self.exports):
            runner.running_changed.connect(self._on_running_changed)

    def _make_errands(self, work: Callable[[Any, Check], Any]) -> Errands:
        """Return errands of which only the newest that waits is done."""
        runner = JobRunner("queue", self)
        errands = Errands(runner, work, lambda request: "newest", self)
        errands.failed.connect(self.failed)
        self._errands.append(runner)
        return errands

    @property
    def is_running(self) -> bool:
        """Whether a run or a reading is under way: what Stop ends."""
        return self.runs.is_running or self.reads.is_running

    @property
    def is_busy(self) -> bool:
        """Whether anything runs whose progress is shown."""
        return self.is_running or self.exports.is_running

    @Slot(object)
    def apply(self, edit: DigitEdit) -> None:
        """Apply what somebody asked for; a value out of bounds is refused."""
        try:
            self.workspace.apply(edit)
        except SettingsError as error:
            self.failed.emit(error)

    @Slot()
    def settle(self) -> None:
        """Let the next edit be an undo step of its own."""
        self.workspace.settle()

    @Slot()
    def stop(self) -> None:
        """End a reading, else a run, else an export."""
        for runner in (self.reads, self.runs, self.exports):
            if runner.is_running:
                runner.cancel()
                return

    def shutdown(self) -> bool:
        """End all work; exports are finished first. Returns whether all threads have ended."""
        cancelled = [runner.shutdown() for runner in (self.runs, self.reads, *self._errands)]
        return self.exports.shutdown(finish=True, seconds=60) and all(cancelled)

    @Slot()
    def _on_running_changed(self) -> None:
        self.running_changed.emit()
