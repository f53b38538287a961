"""Workspace: what the digits desk works on: its document and the run in progress."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from gmmseg.digits.document import Document, with_outcome
from gmmseg.digits.experiment import ExperimentEvent, ExperimentOutcome, ExperimentRequest, StageDone
from gmmseg.digits.progress import KeptStages, RunLog
from gmmseg.digits.view_state import ViewState
from gmmseg.editing.editor import Editor


class Workspace(Editor[Document, ViewState]):
    """The document with its history, and how far the run in progress is."""

    def __init__(self) -> None:
        super().__init__(Document(), ViewState())
        self._kept = KeptStages()
        self._running: ExperimentRequest | None = None

    def begin_run(self) -> ExperimentRequest | None:
        """Note that the document is being run as it is now; None without digits, or with missing ones."""
        document = self.document
        if document.digits is None or document.digits.is_missing:
            return None
        self._running = ExperimentRequest(document.digits, document.settings)
        log = self._kept.plan(document.digits, document.settings).started()
        self._kept.begin(document.digits, document.settings)
        self._publish(replace(self._shown, log=log))
        return self._running

    def show_events(self, request: ExperimentRequest, events: Iterable[ExperimentEvent]) -> None:
        """Show events of the run in progress; those of another one are dropped."""
        if request is not self._running:
            return
        log = self._shown.log
        for event in events:
            log = log.after(event)
            if isinstance(event, StageDone):
                self._kept.note(request.digits, request.settings, event)
        self._publish(replace(self._shown, log=log))

    def accept_fit(self, request: ExperimentRequest, outcome: ExperimentOutcome) -> bool:
        """Take a finished run into the document, also where settings were changed while it ran.

        Returns
        -------
        bool
            False, and the document stays as it is, where it has other digits by now.
        """
        is_ours = request.digits is self.document.digits
        if request is self._running:
            self._running = None
        if is_ours:
            self._history = self._history.amended(with_outcome(self.document, outcome))
        self._show_document()
        return is_ours

    def end_run(self, request: ExperimentRequest) -> None:
        """Note that a run ended without an outcome: the one before stays."""
        if request is self._running:
            self._running = None
            self._show_document()

    def _show_document(self) -> None:
        document = self.document
        log = self._shown.log
        if self._running is None or self._running.digits is not document.digits:
            self._running = None
            log = self._planned()
        self._publish(ViewState(document, log, self._history.undo_title, self._history.redo_title))

    def _planned(self) -> RunLog:
        """Return what a run would do now; where it would do nothing, what the last one has done."""
        document = self.document
        if document.digits is None:
            return RunLog()
        log = self._kept.plan(document.digits, document.settings)
        return log if document.is_stale else log.finished()

    def _large_parts(self, document: Document) -> tuple[object | None, ...]:
        return (document.digits, document.outcome)
