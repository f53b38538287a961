"""Reading a project, as strictly as any other file from strangers."""

from __future__ import annotations

import os
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, BinaryIO

from msgspec import Meta, Struct

from gmmseg.control import Progress, ShouldStop, never_stop, result_of
from gmmseg.editing.history import Entry, History
from gmmseg.errors import ModelError, ReadError
from gmmseg.io.atomic import shown
from gmmseg.io.files import open_file, shown_name
from gmmseg.io.projects.archive import Archive
from gmmseg.io.projects.file.writing import FORMAT, FORMAT_VERSION, backup_path
from gmmseg.io.projects.kinds.kind import Kind, Numbered
from gmmseg.io.projects.kinds.registry import form_of_subject, kind_in, with_kind
from gmmseg.io.projects.plain import PROJECT, misfit
from gmmseg.io.projects.states import changed, changed_history
from gmmseg.io.strict_json import Form, Text, converted, parse

_MIGRATIONS: dict[int, Callable[[dict[str, Any]], dict[str, Any]]] = {
    1: lambda content: {**content, "version": 2},
    2: lambda content: with_kind({**content, "version": 3}),
    3: lambda content: {**content, "version": 4},
}
"""For each older version of ``project.json`` what makes the next newer one of it."""


class Head(Struct, frozen=True):
    """Fields with which every project begins."""

    format: str
    version: Annotated[int, Meta(ge=1, le=10**9)]


class ProjectForm(Form, frozen=True):
    """The head of a project in the newest version, but for its subject, of which each kind has a form.

    The document's fields are read by their own types.
    """

    format: str
    version: int
    generator: Text
    kind: Text
    title: Text
    time: Annotated[float, Meta(ge=0, le=1e12)]
    document: dict[str, Any]
    view: dict[str, Any]


@dataclass(frozen=True, slots=True, eq=False)
class OpenedProject:
    """A project that was read, and what is to be said about it.

    Parameters
    ----------
    project : PhotoProject, DigitsProject or LaboratoryProject
    path : Path
    note : str
    is_missing : bool
        Whether what it is about is nowhere, and an empty one stands for it.
    """

    project: Any
    path: Path
    note: str = ""
    is_missing: bool = False


def open_project(path: str | os.PathLike[str], image: str | os.PathLike[str] | None = None) -> Any:
    """Return the project in a file.

    Parameters
    ----------
    path : path
    image : path, optional
        Where the image is, or the digits are, if not where it was, nor beside the project.

    Returns
    -------
    PhotoProject, DigitsProject or LaboratoryProject
        By the desk that it is of.

    Raises
    ------
    ReadError
        It is no project, damaged or of a newer version, or its image, or digits, are nowhere to be found.
    BudgetError
        It would need more memory than is allowed.
    """
    opened = result_of(open_events(Path(path), None if image is None else Path(image)))
    if opened.is_missing:
        raise ReadError(opened.note, "Put it beside the project, or say where it is.")
    return opened.project


def open_events(
    path: Path, image: Path | None = None, *, should_stop: ShouldStop = never_stop
) -> Generator[Progress, None, OpenedProject]:
    """Read a project; where what it is about is nowhere to be found, an empty one stands for it.

    Raises as `open_project`, and `Cancelled`.
    """
    yield Progress(f"Reading {path.name}")
    with open_file(path, "a project") as (file, _), _naming_backup(path):
        return (yield from read_project_events(file, path, image, should_stop))


@contextmanager
def _naming_backup(path: Path) -> Iterator[None]:
    """Name the backup to open in place of a project that cannot be read."""
    try:
        yield
    except (ReadError, ModelError) as error:
        backup = backup_path(os.path.realpath(path), 1)
        remedy = f"Open its backup {shown(backup)} instead." if os.path.exists(backup) else error.remedy
        raise ReadError(error.cause, remedy) from error


def read_project_events(
    file: BinaryIO, path: Path, image: Path | None, should_stop: ShouldStop
) -> Generator[Progress, None, OpenedProject]:
    """Return the project in an open file; raises as `open_events`."""
    archive = Archive(file, shown_name(path))
    kind, subject_form, form = head_of(archive)
    found = yield from kind.find_events(subject_form, archive, path, image, should_stop)
    empty = kind.empty(found.subject)
    document = kind.with_members(changed(kind, empty, form.document, Numbered(()), "document"), archive)
    present = History(Entry(document, str(form.title), time=form.time))
    history = present
    if "history.json" in archive:
        steps = parse(archive.read("history.json", PROJECT.max_bytes), PROJECT)
        history = changed_history(kind, present, steps, found.subject, "history")
        if history.present is not present.present:
            misfit("history", "has another present")
    kind.check(history)
    return OpenedProject(kind.project(history, form.view), path, found.note, found.is_missing)


def head_of(archive: Archive) -> tuple[Kind[Any, Any, Any], Form, ProjectForm]:
    """Return the kind of a project, what it says of its subject, and its head; raises `ReadError`."""
    content = parse(archive.read("project.json", PROJECT.max_bytes), PROJECT)
    head = converted(content, Head, PROJECT)
    if head.format != FORMAT:
        misfit("format", f"must be “{FORMAT}”")
    if head.version > FORMAT_VERSION:
        raise ReadError(
            f"The project was saved by a newer gmmseg (its version is {head.version}, this program reads "
            f"{FORMAT_VERSION}).",
            "Update gmmseg.",
        )
    for version in range(head.version, FORMAT_VERSION):
        content = _MIGRATIONS[version](content)
    kind = kind_in(content)
    subject_form = form_of_subject(kind, content)
    return kind, subject_form, converted(content, ProjectForm, PROJECT)
