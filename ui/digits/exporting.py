"""Exporter: asks what to write of an experiment, and writes it in the background to the end."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Qt, Slot
from PySide6.QtWidgets import QWidget

from gmmseg.digits.experiment import ExperimentOutcome
from gmmseg.digits.workspace import Workspace
from gmmseg.io.digits.export import digit_export_events
from gmmseg.io.digits.export_items import DigitExportItem
from ui.desk.workers import FileExporter
from ui.digits.export_dialog import ExportDialog

COMMAND = "window"
"""Command named in the report."""


class Exporter(FileExporter):
    """Writes the document's outcome, whatever is running meanwhile."""

    _workspace: Workspace

    def ask(self, parent: QWidget) -> None:
        """Show the dialog; what is chosen there is written."""
        outcome = self._workspace.document.outcome
        if outcome is None:
            return
        dialog = ExportDialog(outcome.digits.name, self._store.folder("export"), parent=parent)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.export_requested.connect(self._on_requested)
        dialog.open()

    @Slot(object)
    def _on_requested(self, items: list[DigitExportItem]) -> None:
        self._store.set_folder("export", items[0].path.parent)
        outcome = self._workspace.document.outcome
        if outcome is not None:
            self.write(outcome, items)

    def write(self, outcome: ExperimentOutcome, items: list[DigitExportItem]) -> None:
        """Write an outcome, after what was asked for before."""
        self.runner.start(lambda should_stop: digit_export_events(outcome, items, COMMAND, should_stop))

    @Slot(object, object)
    def _on_finished(self, run: int, paths: list[Path]) -> None:
        self.finished.emit(paths, self._workspace.document.is_stale)
