"""A read-only table of texts that can be copied with its headings."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import (
    QAbstractTableModel,
    QItemSelectionModel,
    QModelIndex,
    QPersistentModelIndex,
    Qt,
    Signal,
    Slot,
)
from PySide6.QtGui import QColor, QFont, QGuiApplication, QIcon, QKeyEvent, QKeySequence, QPixmap
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QTableView

AnyIndex = QModelIndex | QPersistentModelIndex
_ROOT = QModelIndex()
# As numbers: a table asks for a dozen roles of each cell whenever its columns are measured.
_DISPLAY, _ALIGNMENT, _FONT = (
    int(role)
    for role in (
        Qt.ItemDataRole.DisplayRole,
        Qt.ItemDataRole.TextAlignmentRole,
        Qt.ItemDataRole.FontRole,
    )
)
_CHIP = 16


class TextModel(QAbstractTableModel):
    """Rows of texts under headings; one row may be marked, and is then bold.

    Parameters
    ----------
    headings, tips : sequence of str
    swatches_in : int, optional
        A column of colours as ``#rrggbb``, shown as such: the text is for copies and the tooltip.
    has_words : bool
        Whether the texts are words, which begin at the left, rather than numbers.
    """

    def __init__(
        self,
        headings: Sequence[str],
        tips: Sequence[str],
        swatches_in: int | None = None,
        *,
        has_words: bool = False,
    ) -> None:
        super().__init__()
        side = Qt.AlignmentFlag.AlignLeft if has_words else Qt.AlignmentFlag.AlignRight
        self._alignment = side | Qt.AlignmentFlag.AlignVCenter
        self._swatches_in = swatches_in
        self.headings = list(headings)
        self._tips = list(tips)
        self.rows: list[tuple[str, ...]] = []
        self._marked: int | None = None

    def set_rows(self, rows: list[tuple[str, ...]], marked: int | None = None) -> None:
        """Show other rows; where the old ones only go on, or are as many, the view keeps its place."""
        n_old = len(self.rows)
        if n_old and len(rows) > n_old and rows[n_old - 1] == self.rows[-1] and rows[0] == self.rows[0]:
            self.beginInsertRows(_ROOT, n_old, len(rows) - 1)
            self.rows, self._marked = rows, marked
            self.endInsertRows()
        elif n_old and len(rows) == n_old and (rows != self.rows or marked != self._marked):
            changed = [
                at
                for at in range(n_old)
                if rows[at] != self.rows[at] or (at == marked) != (at == self._marked)
            ]
            self.rows, self._marked = rows, marked
            last = len(self.headings) - 1
            self.dataChanged.emit(self.index(changed[0], 0), self.index(changed[-1], last))
        elif rows != self.rows or marked != self._marked:
            self.beginResetModel()
            self.rows, self._marked = rows, marked
            self.endResetModel()

    def rowCount(self, parent: AnyIndex = _ROOT) -> int:
        return 0 if parent.isValid() else len(self.rows)

    def columnCount(self, parent: AnyIndex = _ROOT) -> int:
        return 0 if parent.isValid() else len(self.headings)

    def data(self, index: AnyIndex, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if self._swatches_in is not None and index.column() == self._swatches_in:
            return _swatch(self.rows[index.row()][index.column()], role)
        if role == _DISPLAY:
            return self.rows[index.row()][index.column()]
        if role == _ALIGNMENT:
            return self._alignment
        if role == _FONT and index.row() == self._marked:
            font = QFont()
            font.setBold(True)
            return font
        return None

    def headerData(
        self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> Any:
        if orientation == Qt.Orientation.Horizontal and role == Qt.ItemDataRole.DisplayRole:
            return self.headings[section]
        if orientation == Qt.Orientation.Horizontal and role == Qt.ItemDataRole.ToolTipRole:
            return self._tips[section]
        return None


def _swatch(colour: str, role: int) -> Any:
    if role == Qt.ItemDataRole.DecorationRole:
        chip = QPixmap(_CHIP, _CHIP)
        chip.fill(QColor(colour))
        icon = QIcon(chip)
        # Qt would tint what is selected, and the colour would be another.
        icon.addPixmap(chip, QIcon.Mode.Selected)
        return icon
    return colour if role in (Qt.ItemDataRole.ToolTipRole, Qt.ItemDataRole.AccessibleTextRole) else None


class TextTable(QTableView):
    """Shows a `TextModel`; Ctrl+C copies the selected rows, or all of them, as tab-separated text."""

    row_chosen = Signal(int)
    """The user moved to another row."""
    rows_selected = Signal(object)
    """The user selected other rows: a tuple of their numbers, increasing; empty for none."""

    def __init__(
        self,
        object_name: str,
        headings: Sequence[str],
        tips: Sequence[str],
        swatches_in: int | None = None,
        *,
        has_words: bool = False,
    ) -> None:
        super().__init__()
        self.setObjectName(object_name)
        self.texts = TextModel(headings, tips, swatches_in, has_words=has_words)
        self.texts.setParent(self)
        self.setModel(self.texts)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setAlternatingRowColors(True)
        self.setShowGrid(False)
        self.setTabKeyNavigation(False)
        self.verticalHeader().hide()
        self.verticalHeader().setDefaultSectionSize(self.fontMetrics().height() + 6)
        header = self.horizontalHeader()
        header.setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        header.setResizeContentsPrecision(50)
        side = Qt.AlignmentFlag.AlignLeft if has_words else Qt.AlignmentFlag.AlignRight
        header.setDefaultAlignment(side | Qt.AlignmentFlag.AlignVCenter)
        header.setHighlightSections(False)
        self._is_moving = False
        self.selectionModel().currentRowChanged.connect(self._choose)
        self.selectionModel().selectionChanged.connect(self._note_selection)

    def go_to(self, row: int | None) -> None:
        """Select `row` alone, or none, without reporting it."""
        self.select(() if row is None else (row,))

    def select(self, rows: Sequence[int]) -> None:
        """Select these rows without reporting it; the first of them is the current one."""
        self._is_moving = True
        self.clearSelection()
        self.setCurrentIndex(QModelIndex())
        # Not selectRow: with Ctrl or Shift held down it would toggle or extend.
        how = QItemSelectionModel.SelectionFlag.Select | QItemSelectionModel.SelectionFlag.Rows
        if rows:
            self.selectionModel().setCurrentIndex(self.texts.index(rows[0], 0), how)
        for row in rows[1:]:
            self.selectionModel().select(self.texts.index(row, 0), how)
        self._is_moving = False

    @property
    def selected_rows(self) -> tuple[int, ...]:
        """Numbers of the selected rows, increasing."""
        return tuple(sorted({index.row() for index in self.selectionModel().selectedRows()}))

    @Slot()
    def _note_selection(self) -> None:
        if not self._is_moving and self.hasFocus():
            self.rows_selected.emit(self.selected_rows)

    @Slot(QModelIndex, QModelIndex)
    def _choose(self, current: QModelIndex, _previous: QModelIndex) -> None:
        if current.isValid() and not self._is_moving and self.hasFocus():
            self.row_chosen.emit(current.row())

    def as_text(self) -> str:
        """Return headings and the selected rows, or all, separated by tabs."""
        chosen = self.selected_rows
        rows = [self.texts.rows[row] for row in chosen] if len(chosen) > 1 else self.texts.rows
        return "\n".join("\t".join(row) for row in [tuple(self.texts.headings), *rows])

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.matches(QKeySequence.StandardKey.Copy):
            QGuiApplication.clipboard().setText(self.as_text())
        elif event.key() == Qt.Key.Key_Escape:
            event.ignore()
        else:
            super().keyPressEvent(event)
