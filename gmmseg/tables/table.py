"""Table: rows of numbers under named columns."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from gmmseg.arrays import FloatArray, frozen
from gmmseg.errors import ReadError
from gmmseg.limits import check_features


@dataclass(frozen=True, slots=True, eq=False)
class Whole:
    """A file of which some columns were chosen, for output that keeps the others.

    Parameters
    ----------
    names : tuple of str
        Of all columns.
    rows : callable
        Begins to read its rows: a cell for each name, texts as they stand in the file.
    """

    names: tuple[str, ...]
    rows: Callable[[], Iterator[Sequence[str | float]]]


@dataclass(frozen=True, slots=True, eq=False)
class Table:
    """Rows that a mixture can be fitted to, read-only.

    Parameters
    ----------
    values : (N, D)
        Finite; at least two rows.
    names : tuple of str
        The D columns.
    source : str
        Name of the file, for people.
    path : Path, optional
    sha256 : str
        Of the file; empty where the rows came from none.
    whole : Whole, optional
        The file with all its columns, where some of them were chosen.
    """

    values: FloatArray
    names: tuple[str, ...]
    source: str = "table"
    path: Path | None = None
    sha256: str = ""
    whole: Whole | None = None

    def __post_init__(self) -> None:
        if self.values.ndim != 2 or self.values.shape[1] != len(self.names):
            raise ValueError(f"{len(self.names)} names do not fit values of shape {self.values.shape}")
        frozen(self.values)

    @property
    def all_names(self) -> tuple[str, ...]:
        """Names of the columns of the file, chosen or not."""
        return self.names if self.whole is None else self.whole.names

    @property
    def n_rows(self) -> int:
        """Rows, N."""
        return len(self.values)


def table_of(
    values: FloatArray,
    names: Sequence[str] | None = None,
    source: str = "table",
    path: Path | None = None,
    sha256: str = "",
    whole: Whole | None = None,
) -> Table:
    """Return rows as a table, checked.

    Parameters
    ----------
    values : (N, D), or (N,) for one column
        Not copied where it is float64 already.
    names : sequence of str, optional
        Of the D columns; x1, x2, … where there are none.
    source, path, sha256, whole
        As in `Table`.

    Raises
    ------
    ReadError
        It has another shape, no two rows, or a value that is missing or infinite.
    BudgetError
        It has more columns than are fitted.
    """
    rows = np.asarray(values, np.float64)
    if rows.ndim == 1:
        rows = rows[:, None]
    if rows.ndim != 2:
        raise ReadError(
            f"“{source}” has {rows.ndim} dimensions; a table has two, rows and columns.",
            "Reshape it to (rows, columns).",
        )
    n_rows, n_columns = rows.shape
    check_features(n_columns)
    if n_rows < 2 or not n_columns:
        held = "one row" if n_rows == 1 else f"no {'rows' if n_columns else 'columns'}"
        raise ReadError(f"“{source}” holds {held}; a mixture needs at least two rows.", "Add more rows.")
    titles = tuple(names) if names is not None else numbered(n_columns)
    held_back = ~np.isfinite(rows)
    if held_back.any():
        at, column = np.argwhere(held_back)[0]
        raise not_finite(source, f"Row {at + 1}", titles[column], bool(np.isnan(rows[at, column])))
    return Table(rows, titles, source, path, sha256, whole)


def numbered(n_columns: int) -> tuple[str, ...]:
    """Return the names of columns without names: x1, x2, …"""
    return tuple(f"x{at}" for at in range(1, n_columns + 1))


def not_finite(source: str, place: str, column: str, is_missing: bool) -> ReadError:
    """Return the error for a value that is missing or infinite.

    Parameters
    ----------
    source : str
        The table.
    place : str
        Where in it, such as ``Line 3``.
    column : str
    is_missing : bool
    """
    if is_missing:
        return ReadError(
            f"{place} of “{source}” has no value in the column “{column}”.",
            "Fill it in, or leave out the row or the column.",
        )
    return ReadError(
        f"{place} of “{source}” has an infinite value in the column “{column}”.",
        "Correct it, or leave out the row or the column.",
    )
