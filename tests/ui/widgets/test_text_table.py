"""The table of texts: what it reports as changed, and no more."""

from __future__ import annotations

from PySide6.QtCore import QModelIndex

from ui.widgets.text_table import TextModel


def changed_by(rows: list[tuple[str, ...]], marked: int | None) -> list[tuple[int, int, int]]:
    """Return the first row, last row and last column of each report when a table of three gets others."""
    model = TextModel(("a", "b"), ("", ""))
    model.set_rows([("1", "2"), ("3", "4"), ("5", "6")], marked=0)
    reports: list[tuple[int, int, int]] = []

    def note(first: QModelIndex, last: QModelIndex) -> None:
        reports.append((first.row(), last.row(), last.column()))

    model.dataChanged.connect(note)
    model.set_rows(rows, marked)
    assert model.rows == rows
    return reports


def test_only_rows_that_changed_are_reported() -> None:
    assert changed_by([("1", "2"), ("3", "7"), ("5", "6")], 0) == [(1, 1, 1)]
    assert changed_by([("1", "2"), ("3", "4"), ("5", "6")], 0) == []
    assert changed_by([("0", "2"), ("3", "4"), ("5", "0")], 0) == [(0, 2, 1)]


def test_rows_that_lose_or_get_the_mark_are_reported() -> None:
    assert changed_by([("1", "2"), ("3", "4"), ("5", "6")], 1) == [(0, 1, 1)]
    assert changed_by([("1", "2"), ("3", "4"), ("5", "6")], None) == [(0, 0, 1)]
