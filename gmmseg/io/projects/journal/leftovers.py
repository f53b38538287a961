"""Journals left by a window that ended, and for how long they are kept."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from pathlib import Path

from gmmseg.errors import GmmsegError
from gmmseg.io.journal import SUFFIX
from gmmseg.io.projects.journal.places import (
    THUMBNAIL_SUFFIX,
    journal_beside,
    kept_folder,
    remove_journal,
)
from gmmseg.io.projects.journal.reading import Recovered, holder_of_journal, look_into

KEPT_SECONDS = 7 * 86_400
"""Time for which a journal that was not wanted back can still be had."""


@dataclass(frozen=True, slots=True, eq=False)
class Leftover:
    """A journal that can be recovered, as a list shows it.

    Parameters
    ----------
    recovered : Recovered
        Without pixels.
    picture : bytes
        A PNG, or nothing.
    """

    recovered: Recovered
    picture: bytes


def leftovers(
    folders: Iterable[Path], projects: Iterable[Path] = (), closed: Collection[Path] = ()
) -> list[Leftover]:
    """Return what can be recovered from folders of journals and from beside projects, the newest first.

    Journals in which nothing would be lost are removed, and those that were put aside `KEPT_SECONDS` ago:
    what nobody has been asked about stays, however long the program was not started. Those whose process is
    still there, but for the ones that are known to be `closed`, or that cannot be read, stay as they are.
    """
    found: list[Leftover] = []
    for journal in _journals(folders, projects):
        holder = holder_of_journal(journal)
        is_kept = journal.parent == kept_folder()
        if holder is None or not (is_kept or journal in closed or holder.has_ended()):
            continue
        with contextlib.suppress(GmmsegError, OSError):
            recovered = look_into(journal)
            is_too_old = is_kept and time.time() - journal.stat().st_mtime > KEPT_SECONDS
            if recovered.has_something and not is_too_old:
                found.append(Leftover(recovered, _picture(recovered)))
            else:
                remove_journal(journal)
    return sorted(found, key=lambda each: -each.recovered.time)


def _journals(folders: Iterable[Path], projects: Iterable[Path]) -> list[Path]:
    beside = [journal_beside(path) for path in projects]
    found = [path for path in beside if path.is_file()]
    for folder in folders:
        with contextlib.suppress(OSError):
            found += sorted(path for path in folder.iterdir() if path.suffix == SUFFIX)
    return found


def _picture(recovered: Recovered) -> bytes:
    """Return a picture of what is in a journal: the one that lies beside it, or only its objects."""
    with contextlib.suppress(OSError):
        return Path(f"{recovered.journal}{THUMBNAIL_SUFFIX}").read_bytes()
    return b""
