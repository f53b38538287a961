"""Form of the first record of a journal."""

from __future__ import annotations

from typing import Annotated, Any

from msgspec import Meta

from gmmseg.io.strict_json import Form, Text

FORMAT, FORMAT_VERSION = "gmmseg-journal", 4


class HolderForm(Form, frozen=True):
    """The process that writes a journal."""

    host: Text
    machine: Text
    pid: int
    start: int
    since: float


class JournalForm(Form, frozen=True):
    """The first record of a journal, but for its subject, of which each kind has a form."""

    format: str
    version: Annotated[int, Meta(ge=1, le=FORMAT_VERSION)]
    generator: Text
    holder: HolderForm
    project: Text | None
    """The project's file; None where there is none yet."""
    is_saved: bool
    """Whether the present state of the history that follows is in that file."""
    kind: Text
    view: dict[str, Any]
    history: dict[str, Any]
    n_parts: Annotated[int, Meta(ge=0)] = 0
    """Records after this one that complete the state; version 1 told all in one."""
    saved_at: Annotated[int, Meta(ge=0)] | None = None
    """Entry of that history that is in the project's file; version 1 told it of the present one alone."""
