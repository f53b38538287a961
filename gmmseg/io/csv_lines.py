"""Lines of CSV that no spreadsheet takes for formulas."""

from __future__ import annotations

import csv
import io
import unicodedata
from collections.abc import Iterable, Sequence

Cell = str | int | float
_FORMULA_STARTS = ("=", "+", "-", "@")


def csv_lines(rows: Iterable[Sequence[Cell]]) -> bytes:
    """Return rows as CSV (RFC 4180, UTF-8), texts such that no spreadsheet takes them for formulas."""
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer, lineterminator="\r\n")
    writer.writerows([safe_cell(cell) if isinstance(cell, str) else cell for cell in row] for row in rows)
    return buffer.getvalue().encode("utf-8", "backslashreplace")


def safe_cell(text: str) -> str:
    """Return text that no spreadsheet takes for a formula: an apostrophe keeps it text.

    Spreadsheets skip leading blanks, line breaks and invisible characters, and take full-width signs for
    plain ones.
    """
    seen = unicodedata.normalize("NFKC", text)
    first = next((c for c in seen if c.isprintable() and not c.isspace()), "")
    has_break = text.startswith(("\t", "\r", "\n"))
    return f"'{text}" if has_break or first in _FORMULA_STARTS else text
