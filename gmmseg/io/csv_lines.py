"""Lines of CSV that no spreadsheet takes for formulas."""

from __future__ import annotations

import csv
import io
import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice

from gmmseg.control import ShouldStop, raise_if_cancelled

Cell = str | int | float
_LINES_AT_ONCE = 4096
_FORMULA_STARTS = ("=", "+", "-", "@")
_NUMBER = re.compile(r"[+-]?[0-9]+([.,][0-9]+)?([eE][+-]?[0-9]+)?")


def csv_lines(rows: Iterable[Sequence[Cell]]) -> bytes:
    """Return rows as CSV (RFC 4180, UTF-8), texts such that no spreadsheet takes them for formulas."""
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer, lineterminator="\r\n")
    writer.writerows([safe_cell(cell) if isinstance(cell, str) else cell for cell in row] for row in rows)
    return buffer.getvalue().encode("utf-8", "backslashreplace")


def csv_pieces(
    header: Sequence[Cell], rows: Iterable[Sequence[Cell]], should_stop: ShouldStop
) -> Iterator[bytes]:
    """Yield a header and rows as CSV in pieces; every float reads back as the same; raises `Cancelled`."""
    yield csv_lines([header])
    left = iter(rows)
    while piece := list(islice(left, _LINES_AT_ONCE)):
        raise_if_cancelled(should_stop)
        yield csv_lines(piece)


def safe_cell(text: str) -> str:
    """Return text that no spreadsheet takes for a formula: an apostrophe keeps it text.

    Spreadsheets skip leading blanks, line breaks and invisible characters, and take full-width signs for
    plain ones. A number is none, whatever its sign.
    """
    if _NUMBER.fullmatch(text):
        return text
    seen = unicodedata.normalize("NFKC", text)
    first = next((c for c in seen if c.isprintable() and not c.isspace()), "")
    has_break = text.startswith(("\t", "\r", "\n"))
    return f"'{text}" if has_break or first in _FORMULA_STARTS else text
