"""The class table as Qt's item model: one row a class, and a last one for the sums."""

from __future__ import annotations

from collections.abc import Sequence
from enum import IntEnum
from typing import Any

from PySide6.QtCore import QAbstractTableModel, QMimeData, QModelIndex, QPersistentModelIndex, Qt, Signal
from PySide6.QtGui import QFont

from gmmseg.colours import to_hex
from ui.photo.widgets.class_rows import ClassRow

AnyIndex = QModelIndex | QPersistentModelIndex
_ROOT = QModelIndex()
MIME_TYPE = "application/x-gmmseg-class-id"
ROW_ROLE = Qt.ItemDataRole.UserRole
"""The `ClassRow` of an index; None in the row of sums."""


class Column(IntEnum):
    """What stands where."""

    EYE = 0
    SWATCH = 1
    NAME = 2
    SHARE = 3
    WEIGHT = 4
    MEAN = 5


def format_share(share: float | None) -> str:
    """Return a share in percent, with a digit after the point below ten."""
    if share is None:
        return "…"
    percent = 100 * share
    return f"{percent:.0f} %" if percent >= 10 else f"{percent:.1f} %"


class ClassModel(QAbstractTableModel):
    """Rows of classes; changes are asked for by signals and come back as other rows."""

    rename_requested = Signal(int, str)
    """Class id and the new name."""
    move_requested = Signal(int, int)
    """Class id and the display position it was dropped at."""

    def __init__(self) -> None:
        super().__init__()
        self.rows: tuple[ClassRow, ...] = ()
        self.is_editable = True

    def set_rows(self, rows: Sequence[ClassRow], is_editable: bool) -> bool:
        """Show other rows; returns whether they were so different that selections are lost."""
        is_same_classes = [row.entry.id for row in rows] == [row.entry.id for row in self.rows]
        if is_same_classes:
            self.rows, self.is_editable = tuple(rows), is_editable
            self.dataChanged.emit(self.index(0, 0), self.index(len(rows), len(Column) - 1))
            return False
        self.beginResetModel()
        self.rows, self.is_editable = tuple(rows), is_editable
        self.endResetModel()
        return True

    def row_of(self, class_id: int) -> int | None:
        """Return the display position of a class, or None."""
        for at, row in enumerate(self.rows):
            if row.entry.id == class_id:
                return at
        return None

    def rowCount(self, parent: AnyIndex = _ROOT) -> int:
        return 0 if parent.isValid() or not self.rows else len(self.rows) + 1

    def columnCount(self, parent: AnyIndex = _ROOT) -> int:
        return 0 if parent.isValid() else len(Column)

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
        titles = ("", "", self.tr("Class"), self.tr("Share"), self.tr("π"), self.tr("Mean"))
        if role == Qt.ItemDataRole.DisplayRole:
            return titles[section]
        if role == Qt.ItemDataRole.ToolTipRole:
            return (
                self.tr("Shown or hidden; Alt+click shows one alone"),
                self.tr("Colour and number, the value in exported masks; double click changes the colour"),
                self.tr("Name; F2 or double click changes it"),
                self.tr("Share of the pixels that hold data"),
                self.tr("Weight π_k = N_k / N (S2 eq. 50); the weights of all classes add up to 1"),
                self.tr("Mean μ_k (S2 eq. 43) in feature units, and the colour it looks like"),
            )[section]
        return self._alignment(section, role)

    # Reordering by drag

    def supportedDropActions(self) -> Qt.DropAction:
        return Qt.DropAction.MoveAction

    def mimeTypes(self) -> list[str]:
        return [MIME_TYPE]

    def mimeData(self, indexes: Sequence[QModelIndex]) -> QMimeData:
        data = QMimeData()
        rows = sorted({index.row() for index in indexes if index.row() < len(self.rows)})
        if rows:
            data.setData(MIME_TYPE, str(self.rows[rows[0]].entry.id).encode())
        return data

    def dropMimeData(
        self, data: QMimeData, action: Qt.DropAction, row: int, column: int, parent: AnyIndex
    ) -> bool:
        """Ask for the move; False, so that the view does not remove the dragged row by itself."""
        if not data.hasFormat(MIME_TYPE) or not self.is_editable:
            return False
        class_id = int(bytes(data.data(MIME_TYPE).data()))
        origin = self.row_of(class_id)
        if origin is None:
            return False
        gap = row if row >= 0 else (parent.row() if parent.isValid() else len(self.rows))
        gap = min(gap, len(self.rows))
        to = gap - 1 if gap > origin else gap
        if to != origin:
            self.move_requested.emit(class_id, to)
        return False

    # What the cells say

    def _text(self, row: ClassRow, column: int) -> str:
        if column == Column.NAME:
            return row.entry.name
        if column == Column.SHARE:
            return format_share(row.share)
        if column == Column.WEIGHT:
            return f"{row.weight:.3f}"
        return row.mean_text if column == Column.MEAN else ""

    def _spoken(self, row: ClassRow, column: int) -> str:
        if column == Column.EYE:
            return self.tr("shown") if row.entry.is_visible else self.tr("hidden")
        if column == Column.SWATCH:
            return self.tr("class {}, colour {}").format(row.entry.id, to_hex(row.entry.colour))
        return self._text(row, column)

    def _tip(self, row: ClassRow, column: int) -> str:
        entry = row.entry
        if column == Column.EYE:
            return self.tr("Shown") if entry.is_visible else self.tr("Hidden")
        if column == Column.SWATCH:
            return self.tr("Class {}, {}").format(entry.id, to_hex(entry.colour))
        if column == Column.NAME:
            held = ", ".join(str(component + 1) for component in entry.components)
            locked = self.tr(" · locked") if entry.is_locked else ""
            many = self.tr("components {}") if len(entry.components) > 1 else self.tr("component {}")
            return f"{entry.name}: {many.format(held)}{locked}"
        if column == Column.WEIGHT:
            return self.tr("π = {:.6f}; π_k = N_k / N (S2 eq. 50)").format(row.weight)
        if column == Column.MEAN:
            pairs = zip(row.features, row.mean, strict=True)
            return "\n".join(f"{name} = {value:.5g}" for name, value in pairs)
        return self._text(row, column)

    def _sum(self, column: int, role: int) -> Any:
        if role == Qt.ItemDataRole.FontRole:
            font = QFont()
            font.setItalic(True)
            return font
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.AccessibleTextRole):
            if column == Column.NAME:
                return self.tr("Sum")
            if column == Column.WEIGHT:
                return f"{sum(row.weight for row in self.rows):.3f}"
            if column == Column.SHARE:
                shares = [row.share for row in self.rows if row.share is not None]
                return format_share(sum(shares)) if len(shares) == len(self.rows) else "…"
            return ""
        if role == Qt.ItemDataRole.ToolTipRole and column == Column.WEIGHT:
            return self.tr("Σ π_k = 1 (S2 eq. 30)")
        return self._alignment(column, role)

    def _alignment(self, column: int, role: int) -> Any:
        if role != Qt.ItemDataRole.TextAlignmentRole:
            return None
        is_number = column in (Column.SHARE, Column.WEIGHT)
        side = Qt.AlignmentFlag.AlignRight if is_number else Qt.AlignmentFlag.AlignLeft
        return side | Qt.AlignmentFlag.AlignVCenter
