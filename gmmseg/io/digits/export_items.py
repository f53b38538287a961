"""Files that can be written of an experiment: kinds and names."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from gmmseg.io.outputs import Output, check_outputs

DigitExportKind = Literal["assignments", "figure", "model", "report"]
DIGIT_SUFFIXES: dict[DigitExportKind, tuple[str, ...]] = {
    "assignments": (".npz", ".csv"),
    "figure": (".png", ".svg"),
    "model": (".json",),
    "report": (".json",),
}
"""Extensions of each kind; the first is the one to offer."""


@dataclass(frozen=True, slots=True)
class DigitExportItem(Output[DigitExportKind]):
    """One file to write."""


def check_digit_items(items: Iterable[DigitExportItem]) -> None:
    """Raise `WriteError` for the first item that cannot be written; to be called before long work."""
    check_outputs(items, DIGIT_SUFFIXES)
