"""Places of journals, of the files beside them, and of those put aside."""

from __future__ import annotations

import contextlib
import os
import shutil
from pathlib import Path

import platformdirs

from gmmseg.errors import WriteError
from gmmseg.io.atomic import write_atomically
from gmmseg.io.journal import SUFFIX
from gmmseg.io.projects.plain import path_of_text, path_text
from gmmseg.io.temporaries import temporary_name

COPY_SUFFIX, THUMBNAIL_SUFFIX, PROJECT_SUFFIX = ".image", ".png", ".project"
"""Of the files beside a journal: the copy of what is in no file, a picture, and for one that was put aside
where its project was then."""


def journal_folder() -> Path:
    """Return where journals of work are that is in no file."""
    return Path(platformdirs.user_state_path("gmmseg")) / "journals"


def kept_folder() -> Path:
    """Return where journals are that nobody wanted back, for a few days."""
    return Path(platformdirs.user_state_path("gmmseg")) / "kept"


def journal_path(project: Path | None) -> Path:
    """Return where the journal of a project is: beside it, or for work in no file in a folder of its own."""
    if project is not None and os.access(project.parent, os.W_OK):
        return journal_beside(project)
    folder = journal_folder()
    with contextlib.suppress(OSError):
        folder.mkdir(parents=True, exist_ok=True)
    return folder / _new_name()


def journal_beside(project: Path) -> Path:
    """Return the journal that lies beside a project."""
    return project.with_name(f".{project.name}{SUFFIX}")


def project_of(journal: Path, told: Path | None) -> Path | None:
    """Return where the project of a journal is, wherever its folder has been moved to.

    Parameters
    ----------
    journal : Path
        Beside its project or put aside, or neither.
    told : Path, optional
        Where the project was when the journal was begun.
    """
    if told is None:
        return None
    beside = journal.absolute().with_name(told.name)
    if journal.name == journal_beside(beside).name:
        return beside
    with contextlib.suppress(OSError, ValueError):
        noted = path_of_text(Path(f"{journal}{PROJECT_SUFFIX}").read_text("ascii"))
        return noted if noted.is_absolute() else told
    return told


def remove_journal(journal: Path) -> None:
    """Remove a journal and what lies beside it."""
    for suffix in ("", COPY_SUFFIX, THUMBNAIL_SUFFIX, PROJECT_SUFFIX):
        with contextlib.suppress(OSError):
            os.unlink(f"{journal}{suffix}")


def set_aside(journal: Path, project: Path | None) -> Path | None:
    """Move a journal, and what lies beside it, to where it is kept for a while; None where that fails.

    Parameters
    ----------
    journal : Path
    project : Path, optional
        Where its project is now: what the journal says may be older than a move of the folder.
    """
    folder = kept_folder()
    target = folder / _new_name()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if project is not None:
            write_atomically(Path(f"{target}{PROJECT_SUFFIX}"), path_text(project.absolute()).encode("ascii"))
        shutil.move(journal, target)
    except (OSError, WriteError):
        remove_journal(target)
        return None
    with contextlib.suppress(OSError):
        # From now on it is kept, whenever its last change was.
        os.utime(target)
    for suffix in (COPY_SUFFIX, THUMBNAIL_SUFFIX):
        with contextlib.suppress(OSError):
            shutil.move(f"{journal}{suffix}", f"{target}{suffix}")
    return target


def _new_name() -> str:
    return f"{temporary_name().strip('.').removesuffix('.tmp')}{SUFFIX}"
