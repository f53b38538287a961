"""Writing a journal: the state that it begins with, and each change of the history since."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any, TypeVar

from gmmseg.control import ShouldStop
from gmmseg.editing.history import History
from gmmseg.io.lock import Holder
from gmmseg.io.projects.archive import pack
from gmmseg.io.projects.journal.forms import FORMAT, FORMAT_VERSION
from gmmseg.io.projects.journal.places import COPY_SUFFIX, THUMBNAIL_SUFFIX
from gmmseg.io.projects.kinds.kind import Kind
from gmmseg.io.projects.plain import encoded, path_text
from gmmseg.io.projects.states import history_changes, of_present_subject
from gmmseg.version import VERSION

D = TypeVar("D")


def first_records(
    kind: Kind[D, Any, Any],
    history: History[D],
    view: dict[str, Any],
    path: Path,
    project: Path | None,
    saved: D | None = None,
) -> Iterator[bytes]:
    """Yield the records with which the journal at a path begins: an entry of the history in each.

    A record is bounded by what one document holds, however long the history is.

    Parameters
    ----------
    kind : Kind
    history : History
    view : dict
    path : Path
        Of the journal.
    project : Path, optional
        The project's file.
    saved : document, optional
        The one that is in that file.
    """
    history = of_present_subject(kind, history)
    subject, entries, at = kind.project.subject_of(history.present.state), history.entries, len(history.past)
    n_forgotten = history.n_forgotten
    before = History.standing(entries[:1], 0, n_forgotten)
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
            "kind": kind.name,
            kind.subject: kind.form_of(
                subject, project or path, kind.enclosed_in_journals(subject), is_quick=True
            ),
            "view": view,
            "history": history_changes(kind, None, before),
            "n_parts": len(entries) - is_last,
        }
    )
    for n in range(2, len(entries) + 1):
        after = History.standing(entries[:n], n - 1, n_forgotten)
        yield change_record(kind, before, after)
        before = after
    if not is_last:
        yield change_record(kind, before, History.standing(entries, at, n_forgotten))


def change_record(kind: Kind[D, Any, Any], before: History[D], after: History[D]) -> bytes:
    """Return the record of a change; both histories are about one subject."""
    return encoded({"time": time.time(), "history": history_changes(kind, before, after)})


def companions(
    kind: Kind[D, Any, Any], document: D, journal: Path, should_stop: ShouldStop
) -> dict[Path, bytes]:
    """Return the files that lie beside a journal: a small picture, and what is in no file."""
    made = {Path(f"{journal}{THUMBNAIL_SUFFIX}"): kind.picture(document)}
    subject = kind.project.subject_of(document)
    if kind.enclosed_in_journals(subject) is not None:
        made[Path(f"{journal}{COPY_SUFFIX}")] = pack(kind.copies_of(subject, False, should_stop))
    return made
