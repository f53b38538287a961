"""Journaling: every change of a desk's documents goes into a journal at once, and to the disk soon after."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from PySide6.QtCore import QObject, QTimer, Signal, Slot

from gmmseg.control import ShouldStop, raise_if_cancelled
from gmmseg.editing.history import Entry, History
from gmmseg.errors import Cancelled, GmmsegError, WriteError
from gmmseg.limits import MIB
from ui.desk.workers import DeskWorkers

if TYPE_CHECKING:
    from gmmseg.io.journal import Journal

_SYNC_MS = 2000
_MAX_BYTES = 64 * MIB
"""Of the changes in a journal: one with more begins anew with the present state."""
_AT_ONCE = 0.015
"""Seconds of the processor, of the window's thread, in which a journal begins; the rest of it elsewhere."""


class JournalFormat(Protocol):
    """Format of the journals of a desk."""

    def first_records(
        self, history: History[Any], path: Path, project: Path | None, saved: Any
    ) -> Iterator[bytes]:
        """Yield the records with which a journal at a path begins."""

    def change_record(self, before: History[Any], after: History[Any]) -> bytes:
        """Return the record of a change."""

    def companions(self, document: Any, path: Path, should_stop: ShouldStop) -> dict[Path, bytes]:
        """Return the files that belong beside a journal of a document."""

    def load(self) -> None:
        """Load what journals need."""


@dataclass(slots=True, eq=False)
class _Beginning:
    """A journal that is being begun with a history.

    Parameters
    ----------
    journal : Journal
    history : History
    project : Path, optional
    saved : document, optional
    document : object, optional
        Of which companions are to be written, where the journal before has none of it.
    records : iterator of bytes
        Those that are not written yet.
    """

    journal: Journal
    history: History[Any]
    project: Path | None
    saved: Any
    document: Any
    records: Iterator[bytes]
    is_wanted: bool = True

    def write(self, seconds: float) -> bool:
        """Write records, for so many seconds of the processor; return whether all of them are written."""
        until = time.thread_time() + seconds
        for record in self.records:
            self.journal.append(record)
            if time.thread_time() > until:
                return False
        return True


class Journaling(QObject):
    """Writes one journal at a time, in the window's thread; the disk is waited for in another.

    What a large journal begins with is written in another thread, too. Until it is there, changes go into
    the journal before it, or where there is none into one of the present step and the one in the file.

    Parameters
    ----------
    work : DeskWorkers
        Makes the queues for the disk.
    format : JournalFormat
    """

    ready = Signal()
    """`begin` may be called now."""
    begun = Signal()
    """The journal that `begin` was called for last is there."""
    failed = Signal(object)
    """WriteError: nothing more is recorded until a journal is begun again."""

    def __init__(self, work: DeskWorkers, format_: JournalFormat) -> None:
        super().__init__(work)
        self._format = format_
        self._journal: Journal | None = None
        self._beginning: _Beginning | None = None
        self._n_first_bytes = 0
        self._written: History[Any] | None = None
        self._few: tuple[Entry[Any], ...] = ()
        """The steps with which the journal began, where it does not know all of them."""
        self._newest: History[Any] | None = None
        self._project: Path | None = None
        self._has_failed = False
        self.is_ready = False
        """Whether the modules that journals need are loaded, which takes longer than a frame."""
        self._loads = work.make_requests(self._load, lambda request: "load")
        self._loads.answered.connect(self._on_loaded)
        self._syncs = work.make_requests(_sync, lambda descriptor: descriptor)
        self._beginnings = work.make_requests(_go_on, lambda beginning: beginning)
        self._beginnings.answered.connect(self._on_begun)
        self._writes = work.make_requests(self._write_companions, lambda request: request)
        self._timer = QTimer(self, singleShot=True, interval=_SYNC_MS)
        self._timer.timeout.connect(self._ask_sync)

    @Slot()
    def prepare(self) -> None:
        """Load in the background what journals need; then `ready` is emitted."""
        if not self.is_ready:
            self._loads.ask(None)

    def load(self) -> None:
        """Load now what journals need, and wait for that; then `ready` is emitted."""
        self._format.load()
        self._on_loaded()

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

    def begin(self, history: History[Any], project: Path | None, saved: Any) -> None:
        """Write a new journal, which begins with a history, in place of the one of the same project.

        Parameters
        ----------
        history : History
        project : Path, optional
            The project's file.
        saved : document, optional
            The one that is in it.
        """
        from gmmseg.io.journal import Journal
        from gmmseg.io.projects.journal.places import journal_path

        before, self._newest = self._journal, history
        is_same = before is not None and project == self._project
        path = before.path if before is not None and is_same else journal_path(project)
        self._give_up_beginning()
        try:
            self._beginning = _Beginning(
                Journal(path),
                history,
                project,
                saved,
                None if is_same else history.present.state,
                self._format.first_records(history, path, project, saved),
            )
            is_whole = self._beginning.write(_AT_ONCE)
            if not is_whole and self._journal is None:
                self._begin_with_few(self._beginning)
        except WriteError as error:
            self._fail(error)
        else:
            if is_whole:
                self._publish()
            else:
                self._beginnings.ask(self._beginning)

    def _begin_with_few(self, beginning: _Beginning) -> None:
        """Take changes into a journal of few steps until the one that is being begun has its place."""
        from gmmseg.io.journal import Journal

        journal, whole = Journal(beginning.journal.path), beginning.history
        saved = tuple(entry for entry in whole.entries if entry.state is beginning.saved)
        present = _among(saved, whole.present)
        try:
            for record in self._format.first_records(
                present, journal.path, beginning.project, beginning.saved
            ):
                journal.append(record)
            journal.publish()
        except WriteError:
            journal.close()
            raise
        self._journal, self._written, self._project = journal, present, beginning.project
        self._few, self._n_first_bytes = present.entries, journal.n_bytes

    @Slot(object, object)
    def _on_begun(self, beginning: _Beginning, error: WriteError | None) -> None:
        if beginning is not self._beginning:
            beginning.journal.close()
        elif error is not None:
            self._fail(error)
        else:
            self._publish()

    def _publish(self) -> None:
        """Go on in the journal that has been begun, with what has changed meanwhile."""
        beginning, self._beginning = self._beginning, None
        if beginning is None or self._newest is None:
            return
        before, journal = self._journal, beginning.journal
        n_first_bytes = journal.n_bytes
        try:
            if self._newest is not beginning.history:
                journal.append(self._format.change_record(beginning.history, self._newest))
            journal.publish()
        except WriteError as error:
            self._beginning = beginning
            self._fail(error)
            return
        self._has_failed, self._n_first_bytes = False, n_first_bytes
        self._journal, self._written, self._project = journal, self._newest, beginning.project
        self._few = ()
        if before is not None:
            before.close()
            if before.path != journal.path:
                _remove(before.path)
        if beginning.document is not None:
            self._writes.ask((beginning.document, journal.path))
        self._timer.start()
        self.begun.emit()

    def _give_up_beginning(self) -> None:
        """Let nothing come of the journal that is being begun; whoever writes it closes it."""
        if self._beginning is not None:
            self._beginning.is_wanted = False
            self._beginning = None

    def _fail(self, error: WriteError) -> None:
        """Say that no journal could be begun: the one before holds less than there is, so it ends, too."""
        if self._beginning is not None:
            self._beginning.journal.close()
        if self._journal is not None:
            self._journal.close()
        self._journal = self._beginning = None
        # Once is enough where no journal can be written at all, as in a home that is read-only.
        if not self._has_failed:
            self.failed.emit(error)
        self._has_failed = True

    def record(self, history: History[Any]) -> None:
        """Write how the history has changed; it is with the system when this returns."""
        self._newest = history
        if self._journal is None or self._written is None or history is self._written:
            return
        if self._few:
            # Whatever lies between: the present is told by what differs from the last of them.
            history = _among(self._few, history.present)
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
        self._give_up_beginning()
        path = self.path
        if self._journal is not None:
            self._journal.close()
        self._journal = self._written = self._newest = self._project = None
        self._few = ()
        if path is not None and is_over:
            _remove(path)
        return None if is_over else path

    @Slot()
    def _ask_sync(self) -> None:
        if self._journal is not None:
            self._syncs.ask(self._journal.second_descriptor())

    def _load(self, request: None, should_stop: ShouldStop) -> None:
        self._format.load()

    def _write_companions(self, request: tuple[Any, Path], should_stop: ShouldStop) -> None:
        from gmmseg.io.atomic import write_atomically

        document, journal = request
        # A journal without its picture is a journal all the same.
        with contextlib.suppress(GmmsegError):
            for path, data in self._format.companions(document, journal, should_stop).items():
                write_atomically(path, data)
        if not journal.exists():
            # It was over, or put aside, before its picture was there.
            _remove(journal)


def _among(steps: tuple[Entry[Any], ...], present: Entry[Any]) -> History[Any]:
    """Return the history of some steps and the present one, which may be one of them."""
    entries = steps if any(step is present for step in steps) else (*steps, present)
    return History.standing(entries, next(at for at, step in enumerate(entries) if step is present))


def _sync(descriptor: int, should_stop: ShouldStop) -> None:
    from gmmseg.io.journal import sync

    sync(descriptor)


def _go_on(beginning: _Beginning, should_stop: ShouldStop) -> WriteError | None:
    """Write what a journal begins with; return why that could not be done."""
    try:
        while beginning.is_wanted and not beginning.write(0):
            raise_if_cancelled(should_stop)
    except WriteError as error:
        return error
    except Cancelled:
        beginning.journal.close()
        raise
    return None


def _remove(journal: Path) -> None:
    from gmmseg.io.projects.journal.places import remove_journal

    remove_journal(journal)
