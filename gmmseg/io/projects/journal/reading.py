"""Reading a journal: every whole record of it counts, and its subject is looked for where it may be now."""

from __future__ import annotations

from collections.abc import Callable, Generator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from gmmseg.control import Progress, ShouldStop, never_stop, result_of
from gmmseg.editing.history import History
from gmmseg.errors import GmmsegError
from gmmseg.io.files import open_file, shown_name
from gmmseg.io.journal import read_records
from gmmseg.io.lock import Holder
from gmmseg.io.projects.archive import Archive
from gmmseg.io.projects.file.reading import head_of
from gmmseg.io.projects.journal.forms import FORMAT, JournalForm
from gmmseg.io.projects.journal.places import COPY_SUFFIX, project_of
from gmmseg.io.projects.kinds.kind import Finding, Found, Kind
from gmmseg.io.projects.kinds.registry import form_of_subject, kind_in, with_kind
from gmmseg.io.projects.plain import PROJECT, misfit, path_of_text
from gmmseg.io.projects.states import changed_history
from gmmseg.io.strict_json import Form, converted, parse

D = TypeVar("D")


@dataclass(frozen=True, slots=True, eq=False)
class Recovered:
    """Content of a journal.

    Parameters
    ----------
    project : PhotoProject, DigitsProject or LaboratoryProject
    saved : document, optional
        The one that is in the project's file, where the journal knows it.
    path : Path, optional
        Of that file.
    journal : Path
    n_changes : int
        Records.
    time : float
        Of the last one, seconds since 1970.
    note : str
        What is to be said about where its subject was found.
    is_missing : bool
        Whether that is nowhere, and an empty one stands for it.
    """

    project: Any
    saved: Any
    path: Path | None
    journal: Path
    n_changes: int
    time: float
    note: str = ""
    is_missing: bool = False

    @property
    def has_something(self) -> bool:
        """Whether it holds anything that would be lost."""
        project, document = self.project, self.project.document
        if self.saved is None:
            return bool(project.has_work(document))
        return bool(project.differs(document, self.saved))

    @property
    def n_steps(self) -> int:
        """Number of steps from what is in the file, or from nothing, to the present."""
        history = self.project.history
        at = [k for k, entry in enumerate(history.entries) if entry.state is self.saved]
        return abs(len(history.past) - (at[0] if at else 0))

    @property
    def name(self) -> str:
        """Name of its subject, for people."""
        return self.project.subject_name if self.path is None else shown_name(self.path)


def recover(journal: Path) -> Recovered:
    """Return what a journal holds, with its subject where that can be found; raises as `recover_events`."""
    return result_of(recover_events(journal))


def recover_events(
    journal: Path, should_stop: ShouldStop = never_stop
) -> Generator[Progress, None, Recovered]:
    """Return what a journal holds, with its subject where that can be found.

    Raises
    ------
    ReadError, BudgetError
        Nothing in it can be read.
    Cancelled
    """

    def find(kind: Kind[Any, Any, Any], form: Any, project: Path | None) -> Finding[Any]:
        if getattr(form, "enclosed", None) is not None:
            with suppress(GmmsegError), open_file(Path(f"{journal}{COPY_SUFFIX}"), "a copy") as (file, _):
                archive = Archive(file, journal.name)
                return (yield from kind.find_events(form, archive, journal, None, should_stop))
        found = yield from kind.find_events(form, None, project or journal, None, should_stop)
        copy = (yield from _copy_in(project, kind, form, should_stop)) if found.is_missing else None
        return found if copy is None else copy

    return (yield from _read(journal, find))


def _copy_in(
    project: Path | None, kind: Kind[Any, Any, Any], form: Any, should_stop: ShouldStop
) -> Generator[Progress, None, Found[Any] | None]:
    """Return the copy of a subject that a project carries along; None where it carries none of this one."""
    if project is None:
        return None
    with suppress(GmmsegError), open_file(project, "a project") as (file, _):
        archive = Archive(file, project.name)
        of_kind, own, _ = head_of(archive)
        is_same = of_kind is kind and all(getattr(own, each) == getattr(form, each) for each in kind.identity)
        if is_same and getattr(own, "enclosed", None) is not None:
            found = yield from kind.find_events(own, archive, project, None, should_stop)
            return Found(found.subject)
    return None


def look_into(journal: Path) -> Recovered:
    """Return what a journal holds without reading its subject; raises as `recover`."""

    def stand_in(kind: Kind[Any, Any, Any], form: Any, project: Path | None) -> Finding[Any]:
        yield from ()
        return Found(kind.stand_in(form))

    return result_of(_read(journal, stand_in))


def _read(
    journal: Path, find: Callable[[Kind[Any, Any, Any], Form, Path | None], Finding[Any]]
) -> Generator[Progress, None, Recovered]:
    first, *others = read_records(journal) or [b""]
    form, kind, subject_form = _head(first)
    try:
        told = None if form.project is None else path_of_text(str(form.project))
    except ValueError:
        misfit("project", "is not a path")
    project = project_of(journal, told)
    found = yield from find(kind, subject_form, project)
    subject = found.subject
    begun = history = changed_history(kind, None, form.history, subject, "history")
    n_changes, at = -form.n_parts, float(form.holder.since)
    for record in others:
        content = parse(record, PROJECT)
        match content:
            case {"time": float(at), "history": changes, **more} if not more:
                history = changed_history(kind, history, changes, subject, "history")
                n_changes += 1
                begun = history if n_changes <= 0 else begun
            case _:
                misfit("history", "must be changes and their time")
    kind.check(history)
    saved = _saved(form, begun) if n_changes >= 0 else None
    made = kind.project(history, form.view)
    return Recovered(made, saved, project, journal, max(n_changes, 0), at, found.note, found.is_missing)


def _head(record: bytes) -> tuple[JournalForm, Kind[Any, Any, Any], Form]:
    """Return the head of a journal, its kind, and what it says of its subject; raises `ReadError`."""
    content = parse(record, PROJECT)
    if not isinstance(content, dict) or content.get("format") != FORMAT:
        misfit("format", f"must be “{FORMAT}”")
    if content.get("version") in (1, 2):
        content = with_kind(content)
    kind = kind_in(content)
    subject_form = form_of_subject(kind, content)
    return converted(content, JournalForm, PROJECT), kind, subject_form


def _saved(form: JournalForm, begun: History[D]) -> D | None:
    """Return which document of the history that a journal began with is in the project's file."""
    if form.saved_at is not None and form.saved_at < len(begun.entries):
        return begun.entries[form.saved_at].state
    return begun.present.state if form.is_saved else None


def holder_of_journal(journal: Path) -> Holder | None:
    """Return the process that writes, or wrote, a journal; None where that cannot be read."""
    try:
        records = read_records(journal)
        form, _, _ = _head(records[0] if records else b"")
    except GmmsegError:
        return None
    holder = form.holder
    return Holder(str(holder.host), str(holder.machine), holder.pid, holder.start, holder.since)
