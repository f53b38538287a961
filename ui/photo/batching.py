"""Batcher: works on many pictures in processes, and tells the state of each."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal, Slot

from gmmseg.control import Progress
from ui.desk.job_runner import JobRunner
from ui.desk.workers import Worker

if TYPE_CHECKING:
    from gmmseg.batch.folders import FolderBatch
    from gmmseg.batch.pictures import Outcome
    from gmmseg.batch.run import Result
    from gmmseg.processes import ItemEvent


class Batcher(Worker):
    """Runs one batch at a time; it has failed where nothing could be begun or summed up."""

    advanced = Signal(object)
    """(tuple of Progress and `ItemEvent`): what has come since."""
    finished = Signal(object)
    """(list of `Result`): all was worked on, or the batch was stopped."""
    cancelled = Signal()
    running_changed = Signal()

    def __init__(self, runner: JobRunner, parent: QObject | None = None) -> None:
        super().__init__(runner, parent)
        runner.cancelled.connect(self._on_cancelled)
        runner.running_changed.connect(self._on_running_changed)

    def start(self, batch: FolderBatch) -> None:
        """Begin a batch; pictures that are done already are left as they are."""
        # Imported with the first: the window is there sooner without it.
        from gmmseg.batch.folders import folder_batch_events

        self.runner.start(lambda should_stop: folder_batch_events(batch, should_stop))

    @Slot()
    def stop(self) -> None:
        """Complete the pictures in hand and begin no other."""
        self.runner.stop()

    @Slot()
    def cancel(self) -> None:
        """End at once, with nothing half written."""
        self.runner.cancel()

    @Slot(object, object)
    def _on_events(self, run: int, events: tuple[Progress | ItemEvent[Outcome], ...]) -> None:
        self.advanced.emit(events)

    @Slot(object, object)
    def _on_finished(self, run: int, results: list[Result]) -> None:
        self.finished.emit(results)

    @Slot(object)
    def _on_cancelled(self, run: int) -> None:
        self.cancelled.emit()

    @Slot(bool)
    def _on_running_changed(self, is_running: bool) -> None:
        self.running_changed.emit()
