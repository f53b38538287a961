"""Reading a project, as strictly as any other file from strangers."""

from __future__ import annotations

import os
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Any, BinaryIO

from msgspec import Meta, Struct

from gmmseg.control import Progress, ShouldStop, never_stop, result_of
from gmmseg.errors import ModelError, ReadError
from gmmseg.history import Entry, History
from gmmseg.image import Image
from gmmseg.io.atomic import shown
from gmmseg.io.files import open_file, shown_name
from gmmseg.io.projects.archive import Archive
from gmmseg.io.projects.checks import check_history
from gmmseg.io.projects.fits import fit_of
from gmmseg.io.projects.object_map import NAME as OBJECTS_PNG
from gmmseg.io.projects.object_map import read_object_ids
from gmmseg.io.projects.plain import PROJECT, misfit, values_of
from gmmseg.io.projects.references import ImageForm, find_image
from gmmseg.io.projects.states import KnownFits, changed, changed_history
from gmmseg.io.projects.writing import FORMAT, FORMAT_VERSION, backup_path
from gmmseg.io.strict_json import Form, Text, converted, parse
from gmmseg.photo.document import Document
from gmmseg.photo.objects.objects import ObjectInfo, ObjectMap
from gmmseg.photo.project import Project

_MIGRATIONS: dict[int, Callable[[dict[str, Any]], dict[str, Any]]] = {
    1: lambda content: {**content, "version": 2}
}
"""For each older version of ``project.json`` what makes the next newer one of it."""


class Head(Struct, frozen=True):
    """What every project says before anything else."""

    format: str
    version: Annotated[int, Meta(ge=1, le=10**9)]


class ProjectForm(Form, frozen=True):
    """The head of a project in the newest version; the document's fields are read by their own types."""

    format: str
    version: int
    generator: Text
    image: ImageForm
    title: Text
    time: Annotated[float, Meta(ge=0, le=1e12)]
    document: dict[str, Any]
    view: dict[str, Any]


@dataclass(frozen=True, slots=True, eq=False)
class OpenedProject:
    """A project that was read, and what is to be said about it."""

    project: Project
    path: Path
    note: str = ""


def open_project(path: str | os.PathLike[str], image: str | os.PathLike[str] | None = None) -> Project:
    """Return the project in a file.

    Parameters
    ----------
    path : path
    image : path, optional
        Where the image is, if not where it was, nor beside the project.

    Raises
    ------
    ReadError
        It is no project, damaged or of a newer version, or its image is nowhere to be found.
    BudgetError
        It would need more memory than is allowed.
    """
    opened = result_of(open_events(Path(path), None if image is None else Path(image)))
    if opened.project.image.source.is_missing:
        raise ReadError(opened.note, "Put it beside the project, or say where it is.")
    return opened.project


def open_events(
    path: Path, image: Path | None = None, *, should_stop: ShouldStop = never_stop
) -> Generator[Progress, None, OpenedProject]:
    """Read a project; where its image is nowhere to be found, an empty one stands for it.

    Raises as `open_project`, and `Cancelled`.
    """
    yield Progress(f"Reading {path.name}")
    with open_file(path, "a project") as (file, _), _naming_backup(path):
        return read_project(file, path, image, should_stop)


@contextmanager
def _naming_backup(path: Path) -> Iterator[None]:
    """Name the backup to open in place of a project that cannot be read."""
    try:
        yield
    except (ReadError, ModelError) as error:
        backup = backup_path(os.path.realpath(path), 1)
        remedy = f"Open its backup {shown(backup)} instead." if os.path.exists(backup) else error.remedy
        raise ReadError(error.cause, remedy) from error


def read_project(file: BinaryIO, path: Path, image: Path | None, should_stop: ShouldStop) -> OpenedProject:
    """Return the project in an open file; raises as `open_events`."""
    archive = Archive(file, shown_name(path))
    form = head_of(archive)
    found, note = find_image(form.image, archive, path, image, should_stop)
    document = _document(archive, form, found)
    present = History(Entry(document, str(form.title), time=form.time))
    history = present
    if "history.json" in archive:
        content = parse(archive.read("history.json", PROJECT.max_bytes), PROJECT)
        history = changed_history(present, content, found, "history")
        if history.present is not present.present:
            misfit("history", "has another present")
    check_history(history)
    return OpenedProject(Project(history, form.view), path, note)


def head_of(archive: Archive) -> ProjectForm:
    """Return what a project says of itself, in the newest version; raises `ReadError`."""
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
    return converted(content, ProjectForm, PROJECT)


def _document(archive: Archive, form: ProjectForm, image: Image) -> Document:
    document = changed(Document(image), form.document, KnownFits(), "document")
    if "objects.json" in archive:
        objects = parse(archive.read("objects.json", PROJECT.max_bytes), PROJECT)
        if not isinstance(objects, dict) or objects.keys() != {"objects"}:
            misfit("objects", "must be listed")
        entries = values_of(ObjectInfo, objects["objects"], "objects")
        ids = read_object_ids(archive.read(OBJECTS_PNG), (image.height, image.width))
        document = replace(document, objects=ObjectMap(ids, entries))
    if "fit.json" in archive:
        content = parse(archive.read("fit.json", PROJECT.max_bytes), PROJECT)
        model = parse(archive.read("model.json", PROJECT.max_bytes), PROJECT)
        if not isinstance(content, dict) or "model" in content:
            misfit("fit", "must be an object without a model")
        document = replace(document, fit=fit_of({**content, "model": model}, image, "fit"))
    return document
