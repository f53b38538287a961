"""A table of named, coloured entries as Qt's item model: a row each, and a last one for the sums."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import Any, Generic, Protocol, TypeVar

from PySide6.QtCore import QAbstractTableModel, QMimeData, QModelIndex, QPersistentModelIndex, Qt, Signal
from PySide6.QtGui import QFont

from gmmseg.colours import Colour, to_hex
from gmmseg.photo.classes import ClassInfo
from gmmseg.photo.objects.objects import ObjectInfo

AnyIndex = QModelIndex | QPersistentModelIndex
_ROOT = QModelIndex()
ROW_ROLE = Qt.ItemDataRole.UserRole
"""The row of an index; None in the row of sums."""


Entry = ClassInfo | ObjectInfo
"""It has a number, a name and a colour, and can be hidden and locked."""


class EntryRow(Protocol):
    """An entry with what is measured of it."""

    @property
    def entry(self) -> Entry:
        """The entry that the row shows."""

    @property
    def share(self) -> float | None:
        """Of the pixels with data, 0..1; None until it is counted."""


_R = TypeVar("_R", bound=EntryRow)


_COLUMN_TIPS = (
    "Shown or hidden; Alt+click shows one alone",
    "Colour and number, the value in exported masks; double click changes the colour",
    "Name; F2 or double click changes it",
    "Share of the pixels that hold data",
)


class Column(IntEnum):
    """Common columns; those of one kind of entry follow."""

    EYE = 0
    SWATCH = 1
    NAME = 2
    SHARE = 3


# Without slots: a subscripted generic cannot be called with both (python/cpython#90562).
@dataclass(frozen=True)
class EntryColumn(Generic[_R]):
    """A column that only one kind of entry has.

    Parameters
    ----------
    title, tip : str
        Of the header.
    text : callable
        What a row says.
    row_tip : callable
        The tool tip of a row.
    total : callable
        What the row of sums says.
    sample : str
        The widest text there is room for.
    total_tip : str
    chip : callable, optional
        A colour drawn before the text, which is left out where the table is narrow.
    """

    title: str
    tip: str
    text: Callable[[_R], str]
    row_tip: Callable[[_R], str]
    total: Callable[[Sequence[_R]], str]
    sample: str
    total_tip: str = ""
    chip: Callable[[_R], Colour] | None = None


@dataclass(frozen=True)
class EntryKind(Generic[_R]):
    """Properties of one kind of entries in a table.

    Parameters
    ----------
    id : str
        Object name of the table, and part of the type of what is dragged.
    title : str
        Of the names.
    plural : str
        For screen readers.
    name_tip : callable
        The tool tip of a row's name.
    columns : tuple of EntryColumn
        After those that all tables have.
    share_tip : callable, optional
        The tool tip of a row's share; empty for the share itself.
    """

    id: str
    title: str
    plural: str
    name_tip: Callable[[_R], str]
    columns: tuple[EntryColumn[_R], ...]
    share_tip: Callable[[_R], str] | None = None

    @property
    def mime_type(self) -> str:
        """Of a row that is dragged: the id of its entry as text."""
        return f"application/x-gmmseg-{self.id}-id"

    def column(self, section: int) -> EntryColumn[_R] | None:
        """Return the column of this kind at a position; None for those that all tables have."""
        return self.columns[section - len(Column)] if section >= len(Column) else None


def format_share(share: float | None) -> str:
    """Return a share in percent: a digit after the point below ten, and below 0.05 as many as show one."""
    if share is None:
        return "…"
    percent = 100 * share
    if 0 < percent < 0.05:
        return f"{percent:.{min(math.ceil(-math.log10(percent)), 6)}f} %"
    return f"{percent:.0f} %" if percent >= 10 else f"{percent:.1f} %"


class EntryModel(QAbstractTableModel):
    """Rows of entries; changes are asked for by signals and come back as other rows.

    Parameters
    ----------
    kind : EntryKind
    """

    rename_requested = Signal(int, str)
    """Id and the new name."""
    move_requested = Signal(int, int)
    """Id and the display position it was dropped at."""

    def __init__(self, kind: EntryKind[Any]) -> None:
        super().__init__()
        self.kind = kind
        self.rows: tuple[EntryRow, ...] = ()
        self.is_editable = True

    def set_rows(self, rows: Sequence[EntryRow], is_editable: bool) -> bool:
        """Show other rows; returns whether they were so different that selections are lost."""
        has_same_entries = [row.entry.id for row in rows] == [row.entry.id for row in self.rows]
        if has_same_entries:
            self.rows, self.is_editable = tuple(rows), is_editable
            self.dataChanged.emit(self.index(0, 0), self.index(len(rows), self.columnCount() - 1))
            return False
        self.beginResetModel()
        self.rows, self.is_editable = tuple(rows), is_editable
        self.endResetModel()
        return True

    def row_of(self, wanted: int) -> int | None:
        """Return the display position of an entry, or None."""
        for at, row in enumerate(self.rows):
            if row.entry.id == wanted:
                return at
        return None

    def rowCount(self, parent: AnyIndex = _ROOT) -> int:
        return 0 if parent.isValid() or not self.rows else len(self.rows) + 1

    def columnCount(self, parent: AnyIndex = _ROOT) -> int:
        return 0 if parent.isValid() else len(Column) + len(self.kind.columns)

    def flags(self, index: AnyIndex) -> Qt.ItemFlag:
        if not index.isValid():
            return Qt.ItemFlag.ItemIsDropEnabled
        if index.row() >= len(self.rows):
            return Qt.ItemFlag.ItemIsEnabled
        flags = Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable | Qt.ItemFlag.ItemNeverHasChildren
        if self.is_editable:
            flags |= Qt.ItemFlag.ItemIsDragEnabled
            if index.column() == Column.NAME:
                flags |= Qt.ItemFlag.ItemIsEditable
        return flags

    def data(self, index: AnyIndex, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if index.row() >= len(self.rows):
            return self._sum(index.column(), role)
        row = self.rows[index.row()]
        if role == ROW_ROLE:
            return row
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.EditRole):
            return self._text(row, index.column())
        if role == Qt.ItemDataRole.ToolTipRole:
            return self._tip(row, index.column())
        if role == Qt.ItemDataRole.AccessibleTextRole:
            return self._spoken(row, index.column())
        return self._alignment(index.column(), role)

    def setData(self, index: AnyIndex, value: Any, role: int = Qt.ItemDataRole.EditRole) -> bool:
        name = " ".join(str(value).split())
        if role != Qt.ItemDataRole.EditRole or not name or index.row() >= len(self.rows):
            return False
        entry = self.rows[index.row()].entry
        if name != entry.name:
            self.rename_requested.emit(entry.id, name)
        return True

    def headerData(
        self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> Any:
        if orientation != Qt.Orientation.Horizontal:
            return None
        own = self.kind.column(section)
        if role == Qt.ItemDataRole.DisplayRole:
            return own.title if own is not None else ("", "", self.kind.title, self.tr("Share"))[section]
        if role == Qt.ItemDataRole.ToolTipRole:
            return self.tr(_COLUMN_TIPS[section]) if own is None else own.tip
        return self._alignment(section, role)

    # Reordering by drag

    def supportedDropActions(self) -> Qt.DropAction:
        return Qt.DropAction.MoveAction

    def mimeTypes(self) -> list[str]:
        return [self.kind.mime_type]

    def mimeData(self, indexes: Sequence[QModelIndex]) -> QMimeData:
        data = QMimeData()
        rows = sorted({index.row() for index in indexes if index.row() < len(self.rows)})
        if rows:
            data.setData(self.kind.mime_type, str(self.rows[rows[0]].entry.id).encode())
        return data

    def dropMimeData(
        self, data: QMimeData, action: Qt.DropAction, row: int, column: int, parent: AnyIndex
    ) -> bool:
        """Ask for the move; False, so that the view does not remove the dragged row by itself."""
        if not data.hasFormat(self.kind.mime_type) or not self.is_editable:
            return False
        dragged = int(bytes(data.data(self.kind.mime_type).data()))
        origin = self.row_of(dragged)
        if origin is None:
            return False
        gap = row if row >= 0 else (parent.row() if parent.isValid() else len(self.rows))
        gap = min(gap, len(self.rows))
        to = gap - 1 if gap > origin else gap
        if to != origin:
            self.move_requested.emit(dragged, to)
        return False

    # What the cells say

    def _text(self, row: EntryRow, column: int) -> str:
        own = self.kind.column(column)
        if own is not None:
            return own.text(row)
        if column == Column.NAME:
            return row.entry.name
        return format_share(row.share) if column == Column.SHARE else ""

    def _spoken(self, row: EntryRow, column: int) -> str:
        if column == Column.EYE:
            return self.tr("shown") if row.entry.is_visible else self.tr("hidden")
        if column == Column.SWATCH:
            return self.tr("number {}, colour {}").format(row.entry.id, to_hex(row.entry.colour))
        return self._text(row, column)

    def _tip(self, row: EntryRow, column: int) -> str:
        own = self.kind.column(column)
        if own is not None:
            return own.row_tip(row)
        entry = row.entry
        if column == Column.EYE:
            return self.tr("Shown") if entry.is_visible else self.tr("Hidden")
        if column == Column.SWATCH:
            return self.tr("Number {}, {}").format(entry.id, to_hex(entry.colour))
        if column == Column.NAME:
            return self.kind.name_tip(row) + (self.tr(" · locked") if entry.is_locked else "")
        tip = "" if self.kind.share_tip is None else self.kind.share_tip(row)
        return tip or self._text(row, column)

    def _sum(self, column: int, role: int) -> Any:
        own = self.kind.column(column)
        if role == Qt.ItemDataRole.FontRole:
            font = QFont()
            font.setItalic(True)
            return font
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.AccessibleTextRole):
            if own is not None:
                return own.total(self.rows)
            if column == Column.NAME:
                return self.tr("Sum")
            if column == Column.SHARE:
                shares = [row.share for row in self.rows if row.share is not None]
                return format_share(sum(shares)) if len(shares) == len(self.rows) else "…"
            return ""
        if role == Qt.ItemDataRole.ToolTipRole and own is not None:
            return own.total_tip or None
        return self._alignment(column, role)

    def _alignment(self, column: int, role: int) -> Any:
        if role != Qt.ItemDataRole.TextAlignmentRole:
            return None
        own = self.kind.column(column)
        is_number = column == Column.SHARE or (own is not None and own.chip is None)
        side = Qt.AlignmentFlag.AlignRight if is_number else Qt.AlignmentFlag.AlignLeft
        return side | Qt.AlignmentFlag.AlignVCenter
