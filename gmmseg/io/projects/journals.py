"""The journal of a project: its state when the journal was begun, and each change of its history since."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass
from operator import attrgetter
from pathlib import Path
from typing import Annotated, Any

from msgspec import Meta

from gmmseg.control import ShouldStop, never_stop
from gmmseg.errors import GmmsegError
from gmmseg.history import History
from gmmseg.image import Image
from gmmseg.io.files import open_file, shown_name
from gmmseg.io.journal import SUFFIX, read_records
from gmmseg.io.lock import Holder
from gmmseg.io.projects.archive import Archive
from gmmseg.io.projects.checks import check_history
from gmmseg.io.projects.plain import PROJECT, encoded, misfit, path_of_text, path_text
from gmmseg.io.projects.reading import head_of
from gmmseg.io.projects.references import (
    ImageForm,
    copies_of,
    find_image,
    image_form,
    is_in_no_file,
    known_pixel_hash,
    stand_in,
)
from gmmseg.io.projects.states import changed_history, history_changes, of_present_image
from gmmseg.io.projects.writing import thumbnail
from gmmseg.io.strict_json import Form, Text, converted, parse
from gmmseg.photo.document import Document
from gmmseg.photo.project import Project, differs, has_work
from gmmseg.version import VERSION

FORMAT, FORMAT_VERSION = "gmmseg-journal", 2
IMAGE_SUFFIX, THUMBNAIL_SUFFIX = ".image", ".png"


class HolderForm(Form, frozen=True):
    """The process that writes a journal."""

    host: Text
    machine: Text
    pid: int
    start: int
    since: float


class JournalForm(Form, frozen=True):
    """The first record of a journal."""

    format: str
    version: Annotated[int, Meta(ge=1, le=FORMAT_VERSION)]
    generator: Text
    holder: HolderForm
    project: Text | None
    """The project's file; None where there is none yet."""
    is_saved: bool
    """Whether the present state of the history that follows is in that file."""
    image: ImageForm
    view: dict[str, Any]
    history: dict[str, Any]
    n_parts: Annotated[int, Meta(ge=0)] = 0
    """Records after this one that complete the state; version 1 told all in one."""
    saved_at: Annotated[int, Meta(ge=0)] | None = None
    """Which entry of that history is in the project's file; version 1 told it of the present one alone."""


@dataclass(frozen=True, slots=True, eq=False)
class Recovered:
    """What a journal holds.

    Parameters
    ----------
    project : Project
    saved : Document, optional
        The one that is in the project's file, where the journal knows it.
    path : Path, optional
        Of that file.
    journal : Path
    n_changes : int
        Records.
    time : float
        Of the last one, seconds since 1970.
    note : str
        What is to be said about the image.
    """

    project: Project
    saved: Document | None
    path: Path | None
    journal: Path
    n_changes: int
    time: float
    note: str = ""

    @property
    def has_something(self) -> bool:
        """Whether it holds anything that would be lost."""
        document = self.project.document
        return has_work(document) if self.saved is None else differs(document, self.saved)

    @property
    def n_steps(self) -> int:
        """How many steps lead from what is in the file, or from nothing, to the present."""
        history = self.project.history
        at = [k for k, entry in enumerate(history.entries) if entry.state is self.saved]
        return abs(len(history.past) - (at[0] if at else 0))

    @property
    def name(self) -> str:
        """What people call it."""
        return self.project.image.source.name if self.path is None else shown_name(self.path)


# Writing


def first_records(
    history: History[Document],
    view: dict[str, Any],
    path: Path,
    project: Path | None,
    saved: Document | None = None,
) -> Iterator[bytes]:
    """Yield the records with which the journal at a path begins: an entry of the history in each.

    A record is bounded by what one document holds, however long the history is.

    Parameters
    ----------
    history : History
    view : dict
    path : Path
        Of the journal.
    project : Path, optional
        The project's file.
    saved : Document, optional
        The one that is in that file.
    """
    history = of_present_image(history)
    image, entries, at = history.present.state.image, history.entries, len(history.past)
    if image is None:
        raise ValueError("there is no journal of nothing")
    enclosed = "image.npy" if is_in_no_file(image) else None
    before = History.standing(entries[:1], 0)
    is_last = at == len(entries) - 1
    saved_at = next((k for k, entry in enumerate(entries) if entry.state is saved), None)
    yield encoded(
        {
            "format": FORMAT,
            "version": FORMAT_VERSION,
            "generator": f"gmmseg {VERSION}",
            "holder": asdict(Holder.this()),
            "project": None if project is None else path_text(project.absolute()),
            "is_saved": saved_at == at,
            "saved_at": saved_at,
            "image": image_form(image, path, enclosed, known_pixel_hash(image)),
            "view": view,
            "history": history_changes(None, before),
            "n_parts": len(entries) - is_last,
        }
    )
    for n in range(2, len(entries) + 1):
        after = History.standing(entries[:n], n - 1)
        yield change_record(before, after)
        before = after
    if not is_last:
        yield change_record(before, History.standing(entries, at))


def change_record(before: History[Document], after: History[Document]) -> bytes:
    """Return the record of a change; both histories are of one image."""
    return encoded({"time": time.time(), "history": history_changes(before, after)})


def companions(image: Image, journal: Path, should_stop: ShouldStop) -> dict[Path, bytes]:
    """Return the files that lie beside a journal: a small picture, and pixels that are in no file."""
    from gmmseg.io.projects.archive import pack

    made = {Path(f"{journal}{THUMBNAIL_SUFFIX}"): thumbnail(image, None, None)}
    if is_in_no_file(image):
        made[Path(f"{journal}{IMAGE_SUFFIX}")] = pack(copies_of(image, False, should_stop))
    return made


# Reading


def recover(journal: Path, *, should_stop: ShouldStop = never_stop) -> Recovered:
    """Return what a journal holds, with the image where that can be found.

    Raises
    ------
    ReadError, BudgetError
        Nothing in it can be read.
    """

    def find(form: ImageForm, project: Path | None) -> tuple[Image, str]:
        if form.enclosed is not None:
            with suppress(GmmsegError), open_file(Path(f"{journal}{IMAGE_SUFFIX}"), "an image") as (file, _):
                return find_image(form, Archive(file, journal.name), journal, None, should_stop)
        found = find_image(form, None, project or journal, None, should_stop)
        copy = _copy_in(project, form, should_stop) if found[0].source.is_missing else None
        return found if copy is None else (copy, "")

    return _read(journal, find)


def _copy_in(project: Path | None, form: ImageForm, should_stop: ShouldStop) -> Image | None:
    """Return the copy of an image that a project carries along; None where it carries none of this one."""
    if project is None:
        return None
    with suppress(GmmsegError), open_file(project, "a project") as (file, _):
        archive = Archive(file, project.name)
        own = head_of(archive).image
        what = attrgetter("sha256", "width", "height", "channels", "dtype", "has_mask")
        if own.enclosed is not None and what(own) == what(form):
            return find_image(own, archive, project, None, should_stop)[0]
    return None


def look_into(journal: Path) -> Recovered:
    """Return what a journal holds without reading the image; raises as `recover`."""
    return _read(journal, lambda form, project: (stand_in(form), ""))


def _read(journal: Path, find: Callable[[ImageForm, Path | None], tuple[Image, str]]) -> Recovered:
    first, *others = read_records(journal) or [b""]
    form = converted(parse(first, PROJECT), JournalForm, PROJECT)
    if form.format != FORMAT:
        misfit("format", f"must be “{FORMAT}”")
    try:
        told = None if form.project is None else path_of_text(str(form.project))
    except ValueError:
        misfit("project", "is not a path")
    project = _project_of(journal, told)
    image, note = find(form.image, project)
    begun = history = changed_history(None, form.history, image, "history")
    n_changes, at = -form.n_parts, float(form.holder.since)
    for record in others:
        content = parse(record, PROJECT)
        match content:
            case {"time": float(at), "history": changes, **more} if not more:
                history = changed_history(history, changes, image, "history")
                n_changes += 1
                begun = history if n_changes <= 0 else begun
            case _:
                misfit("history", "must be changes and their time")
    check_history(history)
    saved = _saved(form, begun) if n_changes >= 0 else None
    return Recovered(Project(history, form.view), saved, project, journal, max(n_changes, 0), at, note)


def _saved(form: JournalForm, begun: History[Document]) -> Document | None:
    """Return which document of the history that a journal began with is in the project's file."""
    if form.saved_at is not None and form.saved_at < len(begun.entries):
        return begun.entries[form.saved_at].state
    return begun.present.state if form.is_saved else None


def _project_of(journal: Path, told: Path | None) -> Path | None:
    """Return the project of a journal: the one that it lies beside, wherever the folder has been moved to."""
    is_beside = told is not None and journal.name == journal_name(told)
    return journal.absolute().with_name(told.name) if told is not None and is_beside else told


def journal_name(project: Path) -> str:
    """Return the name of a journal that lies beside its project."""
    return f".{project.name}{SUFFIX}"


def holder_of_journal(journal: Path) -> Holder | None:
    """Return the process that writes, or wrote, a journal; None where that cannot be read."""
    try:
        records = read_records(journal)
        form = converted(parse(records[0] if records else b"", PROJECT), JournalForm, PROJECT)
    except GmmsegError:
        return None
    holder = form.holder
    return Holder(str(holder.host), str(holder.machine), holder.pid, holder.start, holder.since)
