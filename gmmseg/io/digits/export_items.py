"""Which files can be written of an experiment: kinds, names, and what is checked before long work."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from gmmseg.errors import WriteError
from gmmseg.io.atomic import check_writable

FIGURE_SUFFIXES = (".png", ".svg")
DigitExportKind = Literal["assignments", "figure", "model", "report"]
DIGIT_SUFFIXES: dict[DigitExportKind, tuple[str, ...]] = {
    "assignments": (".npz", ".csv"),
    "figure": FIGURE_SUFFIXES,
    "model": (".json",),
    "report": (".json",),
}
"""What a file of each kind is called, the first is the one to offer; the report is written last."""


@dataclass(frozen=True, slots=True)
class DigitExportItem:
    """One file to write."""

    path: Path
    kind: DigitExportKind


def check_digit_items(items: Iterable[DigitExportItem]) -> None:
    """Raise `WriteError` for the first item that cannot be written; to be asked before long work."""
    taken: set[str] = set()
    for item in items:
        allowed = DIGIT_SUFFIXES[item.kind]
        if item.path.suffix.lower() not in allowed:
            raise WriteError(
                f"“{item.path.name}” is no name for this kind of file.",
                f"Let it end in {' or '.join(allowed)}.",
            )
        place = os.path.realpath(item.path)
        if place in taken:
            raise WriteError(
                f"Two exports would be written to “{item.path.name}”.", "Give each its own name."
            )
        taken.add(place)
        check_writable(item.path)
