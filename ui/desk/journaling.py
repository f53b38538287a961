"""Journaling: every change of a desk's documents goes into a journal at once, and to the disk soon after."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from PySide6.QtCore import QObject, QTimer, Signal, Slot

from gmmseg.control import ShouldStop
from gmmseg.errors import GmmsegError, WriteError
from gmmseg.history import History
from gmmseg.limits import MIB
from ui.desk.workers import DeskWorkers

if TYPE_CHECKING:
    from gmmseg.io.journal import Journal

_SYNC_MS = 2000
_MAX_BYTES = 64 * MIB
"""Of the changes in a journal: one with more begins anew with the present state."""


class JournalFormat(Protocol):
    """What is in the journals of a desk."""

    def first_record(self, history: History[Any], path: Path, project: Path | None, is_saved: bool) -> bytes:
        """Return the record with which a journal at a path begins."""

    def change_record(self, before: History[Any], after: History[Any]) -> bytes:
        """Return the record of a change."""

    def companions(self, subject: Any, path: Path, should_stop: ShouldStop) -> dict[Path, bytes]:
        """Return the files that belong beside a journal."""


class Journaling(QObject):
    """Writes one journal at a time, in the window's thread; the disk is waited for in another.

    Parameters
    ----------
    work : DeskWorkers
        Makes the queues for the disk.
    format : JournalFormat
    """

    ready = Signal()
    """`begin` may be called now."""
    failed = Signal(object)
    """WriteError: nothing more is recorded until a journal is begun again."""

    def __init__(self, work: DeskWorkers, format_: JournalFormat) -> None:
        super().__init__(work)
        self._format = format_
        self._journal: Journal | None = None
        self._n_first_bytes = 0
        self._written: History[Any] | None = None
        self._project: Path | None = None
        self._has_failed = False
        self.is_ready = False
        """What journals need has been loaded, which takes longer than a frame of the screen may."""
        self._loads = work.make_requests(_load, lambda request: "load")
        self._loads.answered.connect(self._on_loaded)
        self._syncs = work.make_requests(_sync, lambda descriptor: descriptor)
        self._writes = work.make_requests(self._write_companions, lambda request: request)
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(_SYNC_MS)
        self._timer.timeout.connect(self._ask_sync)

    @Slot()
    def prepare(self) -> None:
        """Load in the background what journals need; then `ready` is emitted."""
        if not self.is_ready:
            self._loads.ask(None)

    @Slot()
    def _on_loaded(self) -> None:
        # It may have been asked for twice.
        if not self.is_ready:
            self.is_ready = True
            self.ready.emit()

    @property
    def path(self) -> Path | None:
        """The journal's file; None where there is none."""
        return None if self._journal is None else self._journal.path

    def begin(self, subject: Any, history: History[Any], project: Path | None, *, is_saved: bool) -> None:
        """Write a new journal, which begins with a history, in place of the one of the same project.

        Parameters
        ----------
        subject : object
            What the documents are about.
        history : History
        project : Path, optional
            The project's file.
        is_saved : bool
            Whether the present document is in it.
        """
        from gmmseg.io.journal import Journal
        from gmmseg.io.projects.leftovers import journal_path, remove_journal

        before, self._journal = self._journal, None
        is_same = before is not None and project == self._project
        path = before.path if before is not None and is_same else journal_path(project)
        try:
            self._journal = Journal(path, self._format.first_record(history, path, project, is_saved))
        except WriteError as error:
            # Once is enough where no journal can be written at all, as in a home that is read-only.
            if not self._has_failed:
                self.failed.emit(error)
            self._has_failed = True
        else:
            self._has_failed, self._n_first_bytes = False, self._journal.n_bytes
            if before is not None and before.path != path:
                remove_journal(before.path)
        if before is not None:
            before.close()
        self._written, self._project = history, project
        if not is_same:
            self._writes.ask((subject, path))
        self._timer.start()

    def record(self, history: History[Any]) -> None:
        """Write how the history has changed; it is with the system when this returns."""
        if self._journal is None or self._written is None or history is self._written:
            return
        try:
            self._journal.append(self._format.change_record(self._written, history))
        except WriteError as error:
            # Its last record may be torn, and what follows one would not be read.
            self._journal.close()
            self._journal = None
            self.failed.emit(error)
        self._written = history
        if not self._timer.isActive():
            self._timer.start()

    @property
    def is_long(self) -> bool:
        """Whether the journal should begin anew.

        What it began with does not count: however large that is, a change costs no more than itself.
        """
        return self._journal is not None and self._journal.n_bytes - self._n_first_bytes > _MAX_BYTES

    def end(self, *, is_over: bool) -> Path | None:
        """Close the journal and return where it is; one that is over is removed: nothing would be lost."""
        path = self.path
        if self._journal is not None:
            self._journal.close()
        self._journal = self._written = self._project = None
        if path is not None and is_over:
            from gmmseg.io.projects.leftovers import remove_journal

            remove_journal(path)
        return None if is_over else path

    @Slot()
    def _ask_sync(self) -> None:
        if self._journal is not None:
            self._syncs.ask(self._journal.second_descriptor())

    def _write_companions(self, request: tuple[Any, Path], should_stop: ShouldStop) -> None:
        from gmmseg.io.atomic import write_atomically
        from gmmseg.io.projects.leftovers import remove_journal

        subject, journal = request
        # A journal without its picture is a journal all the same.
        with contextlib.suppress(GmmsegError):
            for path, data in self._format.companions(subject, journal, should_stop).items():
                write_atomically(path, data)
        if not journal.exists():
            # It was over, or put aside, before its picture was there.
            remove_journal(journal)


def _load(request: None, should_stop: ShouldStop) -> None:
    import gmmseg.io.projects.journals
    import gmmseg.io.projects.leftovers  # noqa: F401


def _sync(descriptor: int, should_stop: ShouldStop) -> None:
    from gmmseg.io.journal import sync

    sync(descriptor)
