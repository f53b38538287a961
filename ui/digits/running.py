"""Experimenter: runs recipes in the background and keeps what their stages make."""

from __future__ import annotations

import time
from typing import Any

from PySide6.QtCore import QObject, Signal, Slot

from gmmseg.control import Progress
from gmmseg.digits.experiment import ExperimentOutcome, ExperimentRequest, experiment_events
from gmmseg.digits.progress import with_time_left
from gmmseg.digits.stages import StageCache
from gmmseg.digits.view_state import ViewState
from gmmseg.digits.workspace import Workspace
from ui.desk.job_runner import JobRunner
from ui.desk.workers import Worker
from ui.desk.workspace_bridge import WorkspaceBridge


class Experimenter(Worker):
    """Runs the document when asked to; a run that is stopped or fails leaves the outcome before it.

    Parameters
    ----------
    workspace : Workspace
    bridge : WorkspaceBridge
    runner : JobRunner
        For this object alone, with the policy ``newest``.
    """

    finished = Signal(object)
    """The ExperimentOutcome that was taken into the document."""

    def __init__(
        self,
        workspace: Workspace,
        bridge: WorkspaceBridge,
        runner: JobRunner,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(runner, parent)
        self._workspace = workspace
        self._cache = StageCache()
        self._asked: ExperimentRequest | None = None
        self._began = 0.0
        bridge.changed.connect(self._on_changed)

    def run(self) -> None:
        """Run the document as it is, in place of a run in progress."""
        if self._asked is not None:
            self._workspace.end_run(self._asked)
        request = self._asked = self._workspace.begin_run()
        if request is None:
            return
        self._began = time.monotonic()
        self.progressed.emit(Progress(self.tr("Clustering"), 0.0))
        self.runner.start(lambda should_stop: experiment_events(request, self._cache, should_stop))

    def stop(self) -> None:
        """Give up the run; what its stages have made so far is kept for the next one."""
        self.runner.cancel()

    @Slot(object, object)
    def _on_changed(self, old: ViewState, new: ViewState) -> None:
        if self._asked is not None and self._asked.digits is not new.document.digits:
            # Nobody waits for clusters of digits that are not shown any more.
            self.runner.cancel()

    @Slot(object, object)
    def _on_events(self, run: int, events: tuple[Any, ...]) -> None:
        if self._asked is None:
            return
        self._workspace.show_events(self._asked, events)
        for event in reversed(events):
            if isinstance(event, Progress):
                self.progressed.emit(with_time_left(event, time.monotonic() - self._began))
                return

    @Slot(object, object)
    def _on_finished(self, run: int, outcome: ExperimentOutcome) -> None:
        asked, self._asked = self._asked, None
        if asked is not None and self._workspace.accept_fit(asked, outcome):
            self.finished.emit(outcome)

    def _end(self) -> None:
        asked, self._asked = self._asked, None
        if asked is not None:
            self._workspace.end_run(asked)
