"""Tables of numbers are read: CSV and TSV text, NPY and NPZ arrays, by content and within bounds."""

from __future__ import annotations

import csv
import hashlib
import io
import os
import re
import warnings
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

import numpy as np

from gmmseg.arrays import AnyArray, FloatArray
from gmmseg.control import ShouldStop, never_stop, raise_if_ended
from gmmseg.errors import BudgetError, ReadError
from gmmseg.io.decoder_errors import decoding
from gmmseg.io.files import read_file_bytes, shown_name
from gmmseg.io.npy import NPY_MAGIC, read_array
from gmmseg.io.npz import ZIP_MAGIC, arrays_of
from gmmseg.limits import MIB, check_features, check_memory
from gmmseg.tables.table import Table, Whole, not_finite, numbered, table_of

SUFFIXES = (".csv", ".tsv", ".txt", ".npy", ".npz")
"""Of files that are offered as tables; what they are is told by their content."""
MAX_COLUMNS = 100_000
"""Of a text, also where few of them are chosen."""
_LONGEST_LINE = 4 * MIB
_LINES_AT_ONCE = 1 << 14
_LONGEST_SHOWN = 40
_MISSING = frozenset({"", "na", "n/a", "nan", "null", "none", "?", "-"})
_UTF_16 = (b"\xff\xfe", b"\xfe\xff")
_Chosen = tuple[tuple[str, ...], FloatArray, Whole | None]
"""Names and values of the columns that are read, and the file with all of them where these were chosen."""
_REMEDY = "Save it as CSV with one row a line, or as .npy or .npz."


class TextColumnError(ReadError):
    """A column that was to be read holds text; ``numeric`` names those with a number in the same line."""

    numeric: tuple[str, ...] = ()


def read_table(
    path: str | os.PathLike[str],
    columns: Sequence[str] | None = None,
    *,
    should_stop: ShouldStop = never_stop,
) -> Table:
    """Read a table of numbers.

    Parameters
    ----------
    path : path
        Text whose cells are parted by tabs, semicolons or commas, UTF-8 or UTF-16, with or without a line of
        names; an NPY array of rows; or an NPZ archive with one such array, or one called ``values``.
    columns : sequence of str, optional
        Names of those to read, in this order; columns without names are x1, x2, ….
    should_stop : callable
        Asked between blocks; anything but NONE raises `Cancelled`.

    Raises
    ------
    ReadError
        The file cannot be read, is no table, or a chosen column holds what is no finite number; the
        sentence names line and column.
    BudgetError
        It needs more memory than is allowed; nothing was allocated for it.
    Cancelled
    """
    data = read_file_bytes(path, should_stop)
    name = shown_name(path)
    if data.startswith(NPY_MAGIC):
        with decoding(name, "NPY"):
            array = read_array(io.BytesIO(data), len(data), name, should_stop)
            titles, values, whole = _of_array(array, columns, name)
    elif data.startswith(ZIP_MAGIC):
        with decoding(name, "NPZ"):
            titles, values, whole = _of_archive(data, columns, name, should_stop)
    else:
        titles, values, whole = _Text(data, name, should_stop).read(columns)
    raise_if_ended(should_stop)
    return table_of(values, titles, name, Path(path), hashlib.sha256(data).hexdigest(), whole)


def _of_archive(data: bytes, columns: Sequence[str] | None, name: str, should_stop: ShouldStop) -> _Chosen:
    def choose(names: Sequence[str]) -> Sequence[str]:
        if len(names) == 1:
            return names
        if "values" in names:
            return ["values"]
        held = ", ".join(names[:10]) or "nothing"
        raise ReadError(
            f"“{name}” holds several arrays and none called values; it holds {held}.",
            "Name the rows “values”, or save them alone.",
        )

    (array,) = arrays_of(io.BytesIO(data), name, choose, should_stop).values()
    return _of_array(array, columns, name)


def _of_array(array: AnyArray, columns: Sequence[str] | None, name: str) -> _Chosen:
    rows = array[:, None] if array.ndim == 1 else array
    if rows.ndim != 2:
        # Refused by the sentence of every table.
        return (), rows, None
    names = numbered(rows.shape[1])
    chosen = list(range(len(names))) if columns is None else _chosen(names, columns, name)
    check_features(len(chosen))
    _check_size(len(rows), len(chosen), name)
    if columns is None:
        return names, rows, None
    whole = Whole(names, lambda: (row.tolist() for row in rows))
    return tuple(names[column] for column in chosen), rows[:, chosen], whole


def _check_size(n_rows: int, n_columns: int, name: str) -> None:
    """Raise `BudgetError` where the values of a table would need more memory than is allowed."""
    remedy = "Choose fewer columns, or use a smaller file."
    check_memory(8 * n_rows * n_columns, f"“{name}” needs", remedy, f" ({n_rows:,} × {n_columns:,})")


def _chosen(names: Sequence[str], columns: Sequence[str], source: str) -> list[int]:
    """Return the positions of columns; raises `ReadError` for one that is not there, or is there twice."""
    check_features(len(columns))
    for wanted in columns:
        if wanted not in names:
            listed = ", ".join(names[:10]) + ", …" * (len(names) > 10)
            raise ReadError(
                f"“{source}” has no column “{_shortened(wanted)}”; its columns are {listed}.",
                "Choose some of these.",
            )
        if columns.count(wanted) > 1:
            raise ReadError(f"The column “{_shortened(wanted)}” is chosen twice.", "Name it once.")
    return [names.index(wanted) for wanted in columns]


@dataclass(frozen=True, slots=True, eq=False)
class _Layout:
    """Layout of a text.

    Parameters
    ----------
    delimiter : str
    names : tuple of str
        Of all columns.
    has_names : bool
        Whether the first line that is not blank holds them.
    """

    delimiter: str
    names: tuple[str, ...]
    has_names: bool


class _Text:
    """The lines of a text that is a table."""

    def __init__(self, data: bytes, name: str, should_stop: ShouldStop) -> None:
        self._data, self._name, self._should_stop = data, name, should_stop
        self._encoding = "utf-16" if data.startswith(_UTF_16) else "utf-8-sig"

    def read(self, columns: Sequence[str] | None) -> _Chosen:
        """Return the names and values of the chosen columns, or of all."""
        layout = self._layout()
        names = layout.names
        if columns is None:
            check_features(len(names))
        chosen = list(range(len(names))) if columns is None else _chosen(names, columns, self._name)
        values = self._values(layout, chosen)
        whole = Whole(names, lambda: (_cells(line, layout.delimiter) for line in self._rows(layout)))
        return tuple(names[column] for column in chosen), values, None if columns is None else whole

    def _layout(self) -> _Layout:
        first = next((line for _, line in self._lines()), None)
        if first is None:
            raise ReadError(f"“{self._name}” holds nothing but blank lines.", "Choose another file.")
        outside_quotes = re.sub(r'"[^"]*"', "", first)
        delimiter = next((mark for mark in "\t;" if mark in outside_quotes), ",")
        if first.count(delimiter) >= MAX_COLUMNS:
            raise BudgetError(
                f"“{self._name}” has more than {MAX_COLUMNS:,} columns.", "Save fewer, or as .npy."
            )
        cells = [cell.strip() for cell in _cells(first, delimiter)]
        if all(_is_number(cell) or cell.lower() in _MISSING for cell in cells):
            return _Layout(delimiter, numbered(len(cells)), has_names=False)
        names = tuple(cell or f"column {at}" for at, cell in enumerate(cells, 1))
        twice = [cell for cell, count in Counter(names).items() if count > 1]
        if twice:
            raise ReadError(
                f"“{self._name}” has two columns “{_shortened(twice[0])}”.", "Rename one of them."
            )
        return _Layout(delimiter, names, has_names=True)

    def _values(self, layout: _Layout, chosen: list[int]) -> FloatArray:
        n_most = max(self._data.count(b"\n"), self._data.count(b"\r")) + 1
        _check_size(n_most, len(chosen), self._name)
        values = np.empty((n_most, len(chosen)))
        lines = self._rows(layout)
        n_rows = 0
        while True:
            raise_if_ended(self._should_stop)
            try:
                block = _parsed(lines, layout.delimiter, chosen)
            except ValueError:
                self._refuse(layout, chosen)
            if not np.isfinite(block).all():
                self._refuse(layout, chosen)
            values[n_rows : n_rows + len(block)] = block
            n_rows += len(block)
            if len(block) < _LINES_AT_ONCE:
                return values[:n_rows]

    def _rows(self, layout: _Layout) -> Iterator[str]:
        for _, line in self._numbered_rows(layout):
            yield line

    def _numbered_rows(self, layout: _Layout) -> Iterator[tuple[int, str]]:
        """Yield the lines that hold values; raises `ReadError` for one with another number of cells."""
        lines = self._lines()
        if layout.has_names:
            next(lines)
        for at, line in lines:
            n_cells = len(_cells(line, layout.delimiter)) if '"' in line else line.count(layout.delimiter) + 1
            if n_cells != len(layout.names):
                raise ReadError(
                    f"Line {at} of “{self._name}” has {n_cells} cells, the first one {len(layout.names)}.",
                    _REMEDY,
                )
            yield at, line

    def _lines(self) -> Iterator[tuple[int, str]]:
        """Yield the lines that are not blank, with their numbers from 1."""
        stream = io.TextIOWrapper(io.BytesIO(self._data), self._encoding)
        at = 0
        try:
            while line := stream.readline(_LONGEST_LINE + 1):
                at += 1
                if len(line) > _LONGEST_LINE:
                    raise ReadError(f"Line {at} of “{self._name}” is too long for a row of numbers.", _REMEDY)
                if not line.isspace():
                    yield at, line
        except UnicodeError as error:
            raise ReadError(f"“{self._name}” is neither a text nor an array of numbers.", _REMEDY) from error

    def _refuse(self, layout: _Layout, chosen: list[int]) -> NoReturn:
        """Raise the error for the first cell that is no finite number."""
        for at, line in self._numbered_rows(layout):
            cells = _cells(line, layout.delimiter)
            for column in chosen:
                cell, title = cells[column].strip(), layout.names[column]
                if cell.lower() in _MISSING:
                    raise not_finite(self._name, f"Line {at}", title, is_missing=True)
                if not _is_number(cell):
                    error = TextColumnError(
                        f"Line {at} of “{self._name}” has “{_shortened(cell)}” in the column “{title}”, "
                        "which is no number.",
                        "Write numbers with a decimal point, or leave the column out.",
                    )
                    named = zip(layout.names, cells, strict=True)
                    error.numeric = tuple(name for name, text in named if _is_number(text.strip()))
                    raise error
                if not np.isfinite(float(cell)):
                    raise not_finite(self._name, f"Line {at}", title, is_missing=False)
        raise ReadError(f"“{self._name}” is not a table of numbers.", _REMEDY)


def _parsed(lines: Iterator[str], delimiter: str, chosen: list[int]) -> FloatArray:
    """Return the next rows, at most `_LINES_AT_ONCE`, (N, D); raises ValueError for what is no number."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # at the end: no data
        block: FloatArray = np.loadtxt(
            lines,
            delimiter=delimiter,
            usecols=chosen,
            ndmin=2,
            comments=None,
            quotechar='"',
            max_rows=_LINES_AT_ONCE,
        )
    return block if block.size else np.empty((0, len(chosen)))


def _cells(line: str, delimiter: str) -> list[str]:
    """Return the cells of a line; a line that no CSV can be is one cell."""
    try:
        return next(csv.reader([line.rstrip("\r\n")], delimiter=delimiter), [""])
    except csv.Error:
        return [line]


def _is_number(cell: str) -> bool:
    """Whether a cell is written as a number: ASCII, no grouped digits; infinity and nan are."""
    try:
        float(cell)
    except ValueError:
        return False
    return cell.isascii() and "_" not in cell


def _shortened(text: str) -> str:
    shown = "".join(character if character.isprintable() else " " for character in text)
    return shown if len(shown) <= _LONGEST_SHOWN else f"{shown[:_LONGEST_SHOWN]}…"
