"""Keeper: whether the work at a desk is kept, in which file, and what there would be to lose."""

from __future__ import annotations

from collections.abc import Callable, Generator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from PySide6.QtCore import QObject, Signal, Slot

from gmmseg.control import Progress, ShouldStop
from gmmseg.editing import MAX_LARGE_IN_HISTORY, Editor
from ui.desk.job_runner import JobRunner
from ui.desk.workers import Worker


class Keeping(Protocol):
    """How the documents of a desk are kept."""

    def subject_of(self, document: Any) -> object | None:
        """Return what a document is about, such as its image: another one is another project."""

    def project_now(self) -> Any:
        """Return what is to be written of the present state, immutable."""

    def save_events(
        self, project: Any, path: Path, should_stop: ShouldStop
    ) -> Generator[Progress, None, None]:
        """Write a project."""

    def has_work(self, document: Any) -> bool:
        """Whether a document that is in no file holds what a person made."""

    def differs(self, document: Any, saved: Any) -> bool:
        """Whether a document holds what is not in the one that was saved."""


@dataclass(frozen=True, slots=True, eq=False)
class _Home:
    """Where the project of a subject is, and the document that is there."""

    subject: object
    path: Path
    document: Any


class Keeper(Worker):
    """Saves in the background; what cannot be saved leaves file and document as they were.

    Parameters
    ----------
    editor : Editor
    keeping : Keeping
    runner : JobRunner
        For this object alone, with the policy ``queue``.
    """

    saved = Signal(object)
    """The Path of the project that was written."""
    changed = Signal()
    """`path` or `is_modified` may be others."""

    def __init__(
        self, editor: Editor[Any, Any], keeping: Keeping, runner: JobRunner, parent: QObject | None = None
    ) -> None:
        super().__init__(runner, parent)
        self._editor = editor
        self._keeping = keeping
        # Undo may bring the projects of a few images back.
        self._homes: list[_Home] = []
        self._on_saved: Callable[[], None] | None = None

    @property
    def path(self) -> Path | None:
        """The file of the present project; None where it has none yet."""
        home = self._home()
        return None if home is None else home.path

    @property
    def is_modified(self) -> bool:
        """Whether something would be lost that is in no file."""
        document, home = self._editor.document, self._home()
        if self._keeping.subject_of(document) is None:
            return False
        if home is None:
            return self._keeping.has_work(document)
        return self._keeping.differs(document, home.document)

    def adopt(self, path: Path) -> None:
        """Take the present document for the one in a file, which has just been read."""
        document = self._editor.document
        self._settle_at(_Home(self._keeping.subject_of(document), path, document))

    def save(self, path: Path, on_saved: Callable[[], None] | None = None) -> None:
        """Write the present project; once it is in the file, and only then, `on_saved` is called."""
        document, project = self._editor.document, self._keeping.project_now()
        home = _Home(self._keeping.subject_of(document), path, document)
        self._on_saved = on_saved
        self.runner.start(lambda should_stop: self._writing(project, home, should_stop))

    def _writing(
        self, project: Any, home: _Home, should_stop: ShouldStop
    ) -> Generator[Progress, None, _Home]:
        yield from self._keeping.save_events(project, home.path, should_stop)
        return home

    def _home(self) -> _Home | None:
        subject = self._keeping.subject_of(self._editor.document)
        return next((home for home in self._homes if home.subject is subject), None)

    def _settle_at(self, home: _Home) -> None:
        others = [other for other in self._homes if other.subject is not home.subject]
        self._homes = [home, *others][:MAX_LARGE_IN_HISTORY]
        self.changed.emit()

    @Slot(object, object)
    def _on_finished(self, run: int, home: _Home) -> None:
        self._settle_at(home)
        self.saved.emit(home.path)
        on_saved, self._on_saved = self._on_saved, None
        if on_saved is not None:
            on_saved()

    @Slot(object, object)
    def _on_failed(self, run: int, error: Exception) -> None:
        self._on_saved = None
        super()._on_failed(run, error)
