"""Keeper: whether the work at a desk is kept, in which file and which journal, and what there is to lose."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from time import localtime, strftime
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QTimer, Signal, Slot

from gmmseg.control import Progress, ShouldStop
from gmmseg.editing.editor import MAX_LARGE_IN_HISTORY, Editor
from gmmseg.editing.history import History
from gmmseg.editing.project import Project
from gmmseg.errors import WriteError
from gmmseg.io.files import shown_name
from ui.desk.journaling import Journaling
from ui.desk.workers import DeskWorkers, Worker
from ui.settings_store import SettingsStore

if TYPE_CHECKING:
    from gmmseg.io.lock import Holder, Lock
    from gmmseg.io.projects.kinds.kind import Kind

_LOAD_AFTER_MS = 1500
"""After something has been opened: what journals need is loaded then, or at the first edit."""


class Keeping:
    """Keeping of a desk's documents, as projects about one subject each.

    Parameters
    ----------
    project : type of Project
        That of the desk.
    editor : Editor
    store : SettingsStore
        Says how many backups are wanted.
    """

    def __init__(self, project: type[Project[Any]], editor: Editor[Any, Any], store: SettingsStore) -> None:
        self.project = project
        self._editor = editor
        self._store = store
        self.view: Callable[[], dict[str, Any]] = dict
        """Returns how the project is looked at."""

    # Imported with the first save or the first journal: the window is there sooner without it.

    @property
    def _kind(self) -> Kind[Any, Any, Any]:
        from gmmseg.io.projects.kinds.registry import kind_named

        return kind_named(self.project.kind)

    def load(self) -> None:
        """Load what journals need."""
        import gmmseg.io.projects.journal.places
        import gmmseg.io.projects.journal.writing  # noqa: F401
        from gmmseg.io.projects.kinds.registry import kind_named

        kind_named(self.project.kind)

    def history_now(self) -> History[Any]:
        """Return the part of the history that is about the present subject."""
        from gmmseg.io.projects.states import of_present_subject

        return of_present_subject(self._kind, self._editor.history)

    def history_about(self, subject: object) -> History[Any]:
        """Return `history_now` about a subject that had been missing; raises `ReadError`."""
        from gmmseg.io.projects.states import about

        return about(self._kind, self.history_now(), subject)

    def project_now(self) -> Project[Any]:
        """Return what is to be written of the present state."""
        return self.project(self._editor.history, self.view())

    def first_records(
        self, history: History[Any], path: Path, project: Path | None, saved: Any
    ) -> Iterator[bytes]:
        """Yield the records with which a journal at a path begins."""
        from gmmseg.io.projects.journal.writing import first_records

        return first_records(self._kind, history, self.view(), path, project, saved)

    def change_record(self, before: History[Any], after: History[Any]) -> bytes:
        """Return the record of a change."""
        from gmmseg.io.projects.journal.writing import change_record

        return change_record(self._kind, before, after)

    def companions(self, document: Any, path: Path, should_stop: ShouldStop) -> dict[Path, bytes]:
        """Return the files that belong beside a journal."""
        from gmmseg.io.projects.journal.writing import companions

        return companions(self._kind, document, path, should_stop)

    def save_events(
        self, project: Project[Any], path: Path, should_stop: ShouldStop
    ) -> Generator[Progress, None, None]:
        """Write a project."""
        from gmmseg.io.projects.file.writing import save_events

        yield from save_events(project, path, n_backups=self._store.n_backups, should_stop=should_stop)


@dataclass(frozen=True, slots=True, eq=False)
class _Home:
    """Place of a subject's project, the document there if that is known, and its lock, or its owner."""

    subject: object
    path: Path
    document: Any
    lock: Lock | Holder | None


class Keeper(Worker):
    """Saves in the background; what cannot be saved leaves file and document as they were.

    Parameters
    ----------
    work : DeskWorkers
    keeping : Keeping
    """

    saved = Signal(object)
    """The Path of the project that was written."""
    changed = Signal()
    """`path` or `is_modified` may be others."""
    left_over = Signal(object)
    """The Path of a journal that was beside a project that was opened, from a window that ended."""

    def __init__(self, work: DeskWorkers, keeping: Keeping) -> None:
        super().__init__(work.saves, work)
        self._editor: Editor[Any, Any] = work.editor
        self.keeping = keeping
        self.journaling = Journaling(work, keeping)
        self.journaling.failed.connect(self.failed)
        # Undo may bring the projects of a few images back.
        self._homes: list[_Home] = []
        self.left: dict[Path, object | None] = {}
        """Journals of what another project took the place of before it was saved, and what each is about."""
        self._history: History[Any] | None = None
        self._subject: object | None = None
        self._recorded: object | None = None
        self._had_unsaved = self._is_discarded = False
        # By run: saves may wait for each other.
        self._saves: dict[int, tuple[_Home, Callable[[], None] | None]] = {}
        # Once what is opened is on screen: before that it would wait for imports in the background, too.
        self._loading = QTimer(self, singleShot=True, interval=_LOAD_AFTER_MS)
        self._loading.timeout.connect(self.journaling.prepare)
        self.journaling.ready.connect(self._begin_journal)
        self.journaling.begun.connect(self._remove_left)
        work.bridge.changed.connect(self._on_changed)

    # What there is to lose

    @property
    def path(self) -> Path | None:
        """The file of the present project; None where it has none yet."""
        home = self._home()
        return None if home is None else home.path

    @property
    def holder(self) -> Holder | None:
        """The other window that has the present project open, so that it can only be read here."""
        from gmmseg.io.lock import Holder

        home = self._home()
        return home.lock if home is not None and isinstance(home.lock, Holder) else None

    @property
    def is_modified(self) -> bool:
        """Whether something would be lost that is in no file."""
        document, home = self._editor.document, self._home()
        if self.keeping.project.subject_of(document) is None:
            return False
        if home is None:
            return self.keeping.project.has_work(document)
        return home.document is None or self.keeping.project.differs(document, home.document)

    @property
    def missing(self) -> object | None:
        """The empty subject that stands for the one that is nowhere to be found; None where none does."""
        subject = self.keeping.project.subject_of(self._editor.document)
        return subject if self.keeping.project.is_missing(subject) else None

    @property
    def has_subject(self) -> bool:
        """Whether there is something that a project can hold."""
        return self.keeping.project.subject_of(self._editor.document) is not None

    def place_of(self, subject: object) -> Path | None:
        """Return where the work on a subject that was left is: its journal, or its project; None for none."""
        journals = [path for path, about in self.left.items() if about is subject]
        return next(iter([*journals, *(home.path for home in self._homes if home.subject is subject)]), None)

    def _home(self) -> _Home | None:
        subject = self.keeping.project.subject_of(self._editor.document)
        return next((home for home in self._homes if home.subject is subject), None)

    # Opening and saving

    def open(
        self,
        history: History[Any],
        path: Path | None,
        saved: Any = None,
        recovered_from: Path | None = None,
    ) -> None:
        """Go on with a project.

        Parameters
        ----------
        history : History
        path : Path, optional
            Its file.
        saved : document, optional
            The one in that file; where nothing is said the present one of the history, of a journal that
            does not know it none.
        recovered_from : Path, optional
            The journal that it comes from, which is over once another one holds the same.
        """
        from gmmseg.io.lock import Holder, take
        from gmmseg.io.projects.journal.places import journal_path

        present = history.present.state
        if path is not None:
            subject = self.keeping.project.subject_of(present)
            lock = take(path)
            held = present if saved is None and recovered_from is None else saved
            self._settle_at(_Home(subject, path, held, lock))
            if recovered_from != journal_path(path) and not isinstance(lock, Holder):
                self._put_aside(path)
        if recovered_from is not None:
            # Until another journal holds what it held.
            self.left[recovered_from] = self.keeping.project.subject_of(present)
            self.journaling.prepare()
        self._editor.take_up(history)

    def take_found(self, subject: object) -> None:
        """Go on with the same work about its subject, which was missing; raises `ReadError` for a misfit."""
        before, history = self.keeping.history_now(), self.keeping.history_about(subject)
        missing, home = self._subject, self._home()
        if home is not None:
            states = zip(before.entries, history.entries, strict=True)
            saved = next((new.state for old, new in states if old.state is home.document), None)
            self._settle_at(replace(home, subject=subject, document=saved))
        # One journal goes on: it begins anew, and the one before is over then.
        journal = self.journaling.end(is_over=False)
        if journal is not None:
            self.left[journal] = missing
        self.left = {path: subject if each is missing else each for path, each in self.left.items()}
        self._subject = subject
        self._editor.take_up(history)

    def _put_aside(self, project: Path) -> None:
        """Make room for the journal of a project where one is that a window left that ended."""
        from gmmseg.io.projects.journal.places import journal_path, set_aside

        journal = journal_path(project)
        is_other = journal != self.journaling.path and journal.exists()
        kept = set_aside(journal, project) if is_other else None
        if kept is not None:
            self.left_over.emit(kept)

    def save(self, path: Path, on_saved: Callable[[], None] | None = None) -> None:
        """Write the present project; once it is in the file, and only then, `on_saved` is called."""
        from gmmseg.io.lock import Holder, take

        lock = take(path)
        if isinstance(lock, Holder):
            self.failed.emit(WriteError(held_by(path, lock), self.tr("Save it under another name.")))
            return
        document, project = self._editor.document, self.keeping.project_now()
        home = _Home(self.keeping.project.subject_of(document), path, document, lock)
        run = self.runner.start(lambda should_stop: self._writing(project, home, should_stop))
        self._saves[run] = home, on_saved

    def _writing(self, project: Any, home: _Home, should_stop: ShouldStop) -> Generator[Progress, None, None]:
        yield from self.keeping.save_events(project, home.path, should_stop)

    @Slot(object, object)
    def _on_finished(self, run: int, result: None) -> None:
        home, on_saved = self._saves.pop(run)
        self._settle_at(home)
        if home.subject is self._subject:
            self._put_aside(home.path)
            self._begin_journal()
        self.saved.emit(home.path)
        if on_saved is not None:
            on_saved()

    @Slot(object, object)
    def _on_failed(self, run: int, error: Exception) -> None:
        failed, _ = self._saves.pop(run)
        saving = [home for home, _ in self._saves.values()]
        if all(failed.path != home.path for home in (*self._homes, *saving)):
            _release([failed])
        super()._on_failed(run, error)

    def _settle_at(self, home: _Home) -> None:
        others = [other for other in self._homes if home.subject is not other.subject]
        others = [other for other in others if other.path != home.path]
        before, self._homes = self._homes, [home, *others][:MAX_LARGE_IN_HISTORY]
        _release(other for other in before if all(other.path != kept.path for kept in self._homes))
        self._had_unsaved = self.is_modified
        self.changed.emit()

    # The journal

    @Slot(object, object)
    def _on_changed(self, old: Any, new: Any) -> None:
        history, subject = self._editor.history, self.keeping.project.subject_of(self._editor.document)
        if history is self._history or subject is None:
            return
        before, self._history = self._history, history
        is_other = subject is not self._subject
        if is_other:
            self._leave_subject()
            self._subject = subject
        if not self.journaling.is_ready:
            # What is opened, or a fit that is finished, can be had again; what a person does cannot.
            if is_other:
                self._loading.start()
            elif not is_other and _place(history) != _place(before):
                self.journaling.load()
        elif self._subject is not self._recorded or self.journaling.is_long:
            self._begin_journal()
        else:
            self.journaling.record(self.keeping.history_now())
        self._had_unsaved = self.is_modified

    @Slot()
    def _begin_journal(self) -> None:
        if self._subject is None:
            return
        self._recorded = self._subject
        home = self._home()
        is_ours = home is not None and self.holder is None
        saved = None if home is None else home.document
        path = home.path if home is not None and is_ours else None
        self.journaling.begin(self.keeping.history_now(), path, saved)

    @Slot()
    def _remove_left(self) -> None:
        """Remove what was left of the present subject: Undo has brought it back, and it is in the journal."""
        from gmmseg.io.projects.journal.places import remove_journal

        for journal in [path for path, subject in self.left.items() if subject is self._subject]:
            del self.left[journal]
            if journal != self.journaling.path:
                remove_journal(journal)

    def _leave_subject(self) -> None:
        """Keep the journal of a subject that another one takes the place of, where it holds anything."""
        journal = self.journaling.end(is_over=not self._had_unsaved)
        if journal is not None:
            self.left[journal] = self._subject
            # What Undo cannot bring back any more need not be held.
            for older in list(self.left)[:-MAX_LARGE_IN_HISTORY]:
                self.left[older] = None

    def discard(self) -> None:
        """Take it for said that what is not saved is not wanted: its journal is put aside at the end."""
        self._is_discarded = True

    def end(self) -> None:
        """Close journal and locks; may be called more than once."""
        from gmmseg.io.projects.journal.places import set_aside

        self._loading.stop()
        journal = self.journaling.end(is_over=not self._had_unsaved)
        if journal is not None and self._is_discarded:
            set_aside(journal, self.path)
        _release(self._homes)
        self._homes, self._subject, self._recorded = [], None, None


def _place(history: History[Any] | None) -> tuple[int, int]:
    """Return how many steps a history has, and at which of them it stands."""
    return (0, 0) if history is None else (len(history.entries), len(history.past))


def _release(homes: Iterable[_Home]) -> None:
    from gmmseg.io.lock import Lock

    for home in homes:
        if isinstance(home.lock, Lock):
            home.lock.release()


def held_by(path: Path, holder: Holder) -> str:
    """Return a sentence about who else has a project open."""
    since = strftime("%H:%M", localtime(holder.since))
    return f"“{shown_name(path)}” is open in another window ({holder.host}, since {since})."
