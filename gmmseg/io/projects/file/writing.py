"""Writing a project: everything is encoded first, then one file replaces the one before, which is kept."""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Generator
from dataclasses import fields
from pathlib import Path
from typing import Any, TypeVar

from gmmseg.control import Progress, ShouldStop, never_stop, raise_if_cancelled, result_of
from gmmseg.editing.history import History
from gmmseg.editing.project import Project
from gmmseg.io.atomic import check_writable, write_atomically
from gmmseg.io.projects.archive import Member, pack
from gmmseg.io.projects.kinds.kind import Kind, Numbered
from gmmseg.io.projects.kinds.registry import kind_of
from gmmseg.io.projects.plain import encoded
from gmmseg.io.projects.states import content_of, history_changes, of_present_subject
from gmmseg.io.temporaries import temporary_name
from gmmseg.limits import MAX_BACKUPS, MIB
from gmmseg.version import VERSION

D = TypeVar("D")
FORMAT, FORMAT_VERSION = "gmmseg-project", 4
MAX_HISTORY_BYTES = 16 * MIB
"""Of the steps around the present: a hundred strokes all over a picture take 11."""


def save_project(
    project: Project[Any],
    path: str | os.PathLike[str],
    *,
    encloses_image: bool = False,
    n_backups: int = MAX_BACKUPS,
) -> None:
    """Write a project file, or leave the one that is there as it was.

    Parameters
    ----------
    project : PhotoProject, DigitsProject or LaboratoryProject
    path : path
    encloses_image : bool
        Carry a copy of the image along, or of the digits; what came from no file always is.
    n_backups : int
        How many earlier versions are kept beside it, as ``NAME~1`` (the newest), ``NAME~2``, …

    Raises
    ------
    WriteError
        The file cannot be written.
    ReadError
        A copy of the image is wanted, and its file is no longer what was opened.
    """
    result_of(save_events(project, Path(path), encloses_image=encloses_image, n_backups=n_backups))


def save_events(
    project: Project[Any],
    path: Path,
    *,
    encloses_image: bool = False,
    n_backups: int = MAX_BACKUPS,
    should_stop: ShouldStop = never_stop,
) -> Generator[Progress, None, None]:
    """Write a project as `save_project` does; cancelled before the file is replaced, nothing has changed."""
    yield Progress(f"Saving {path.name}")
    check_writable(path)
    data = pack(members_of(project, path, encloses_image, should_stop))
    raise_if_cancelled(should_stop)
    write_with_backups(path, data, n_backups)


def members_of(
    project: Project[Any], path: Path, encloses_subject: bool, should_stop: ShouldStop
) -> list[Member]:
    """Return the members of a project's archive."""
    kind = kind_of(project)
    history = of_present_subject(kind, project.history)
    document = history.present.state
    subject = kind.project.subject_of(document)
    copies = kind.copies_of(subject, encloses_subject, should_stop)
    form = kind.form_of(subject, path, copies[0].name if copies else None)
    raise_if_cancelled(should_stop)
    empty, parts = kind.empty(subject), Numbered(())
    head = {
        "format": FORMAT,
        "version": FORMAT_VERSION,
        "generator": f"gmmseg {VERSION}",
        "kind": kind.name,
        kind.subject: form,
        "title": history.present.title,
        "time": history.present.time,
        "document": {
            each.name: content_of(kind, each.name, empty, document, parts)
            for each in fields(kind.document)
            if each.name not in (kind.subject, *kind.own_members)
        },
        "view": project.view,
    }
    members = [Member("project.json", encoded(head)), *kind.members_of(document)]
    steps = _steps(kind, history)
    if steps is not None:
        members.append(Member("history.json", steps))
    return [*members, *copies]


def _steps(kind: Kind[D, Any, Any], history: History[D]) -> bytes | None:
    """Return the steps around the present, as many on each side as there is room for; None without any."""
    if len(history.entries) == 1 and not history.n_forgotten:
        return None
    n_entries = len(history.entries)
    steps = _steps_within(kind, history, n_entries)
    least, most = 0, n_entries
    if len(steps) <= MAX_HISTORY_BYTES:
        return steps
    while most - least > 1:
        reach = (least + most) // 2
        is_small = len(_steps_within(kind, history, reach)) <= MAX_HISTORY_BYTES
        least, most = (reach, most) if is_small else (least, reach)
    return _steps_within(kind, history, least)


def _steps_within(kind: Kind[D, Any, Any], history: History[D], reach: int) -> bytes:
    """Return the steps that are so many or fewer from the present; of the others only how many there were."""
    at = len(history.past)
    first = max(0, at - reach)
    entries = history.entries[first : at + reach + 1]
    near = History.standing(entries, at - first, history.n_forgotten + first)
    return encoded(history_changes(kind, History(history.present), near))


def backup_path(path: str, number: int) -> str:
    """Return where an earlier version of a file is kept; number 1 is the newest."""
    return f"{path}~{number}"


def write_with_backups(path: Path, data: bytes, n_backups: int) -> None:
    """Write a file atomically and keep the one that was there, and those kept before, as backups."""
    target = os.path.realpath(path)
    kept = _second_name(target) if n_backups > 0 else None
    try:
        write_atomically(path, data)
    except BaseException:
        if kept is not None:
            with contextlib.suppress(OSError):
                os.unlink(kept)
        raise
    if kept is not None:
        # The new version is in place: a backup that cannot be kept is no reason to say that it is not.
        with contextlib.suppress(OSError):
            for number in range(n_backups, 1, -1):
                with contextlib.suppress(FileNotFoundError):
                    os.replace(backup_path(target, number - 1), backup_path(target, number))
            os.replace(kept, backup_path(target, 1))


def _second_name(target: str) -> str | None:
    """Return another name of a file, under which it stays when it is replaced; None where it is not there."""
    kept = os.path.join(os.path.dirname(target), temporary_name())
    try:
        os.link(target, kept)
    except FileNotFoundError:
        return None
    except OSError:
        # Some disks have no second names.
        with contextlib.suppress(OSError):
            shutil.copy2(target, kept)
            return kept
        return None
    return kept
