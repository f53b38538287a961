"""BatchTable: the pictures of a batch, each with its state or a bar of how far it is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from PySide6.QtCore import (
    QAbstractTableModel,
    QModelIndex,
    QPersistentModelIndex,
    Qt,
    Signal,
    Slot,
)
from PySide6.QtGui import QPainter
from PySide6.QtWidgets import (
    QAbstractItemView,
    QApplication,
    QHeaderView,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionProgressBar,
    QStyleOptionViewItem,
    QTableView,
    QWidget,
)

from gmmseg.io.files import shown_name
from ui.theme import colours

StateName = Literal["waiting", "working", "done", "kept", "failed"]
_ROOT = QModelIndex()
_FILE, _STATE = range(2)
_AnyIndex = QModelIndex | QPersistentModelIndex
_FILE_WIDTH = 240
_SHARE_ROLE = Qt.ItemDataRole.UserRole


@dataclass(frozen=True, slots=True)
class RowState:
    """Progress of a picture: its state in words, and the share that is done while it is worked on."""

    name: StateName = "waiting"
    text: str = ""
    share: float | None = None


class _Model(QAbstractTableModel):
    def __init__(self) -> None:
        super().__init__()
        self.files: list[Path] = []
        self.states: list[RowState] = []

    def rowCount(self, parent: _AnyIndex = _ROOT) -> int:
        return 0 if parent.isValid() else len(self.files)

    def columnCount(self, parent: _AnyIndex = _ROOT) -> int:
        return 0 if parent.isValid() else 2

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = 0) -> Any:
        if orientation == Qt.Orientation.Horizontal and role == Qt.ItemDataRole.DisplayRole:
            return (self.tr("Picture"), self.tr("State"))[section]
        return None

    def data(self, index: _AnyIndex, role: int = 0) -> Any:
        state = self.states[index.row()]
        if role == Qt.ItemDataRole.DisplayRole:
            return shown_name(self.files[index.row()]) if index.column() == _FILE else state.text
        if role == Qt.ItemDataRole.ToolTipRole:
            return str(self.files[index.row()]) if index.column() == _FILE else state.text
        if role == Qt.ItemDataRole.ForegroundRole and state.name == "failed" and index.column() == _STATE:
            return colours().error
        if role == _SHARE_ROLE and index.column() == _STATE and state.name == "working":
            return state.share or 0.0
        return None

    def show_files(self, files: Sequence[Path]) -> None:
        self.beginResetModel()
        self.files, self.states = list(files), [RowState()] * len(files)
        self.endResetModel()

    def show_state(self, row: int, state: RowState) -> None:
        self.states[row] = state
        at = self.index(row, _STATE)
        self.dataChanged.emit(at, at)


class _Bars(QStyledItemDelegate):
    """Draws a bar with the text in it where a picture is worked on."""

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: _AnyIndex) -> None:
        share = index.data(_SHARE_ROLE)
        if share is None:
            super().paint(painter, option, index)
            return
        bar = QStyleOptionProgressBar()
        view = option.widget
        bar.rect = option.rect.adjusted(2, 2, -2, -2)
        bar.palette = option.palette
        bar.state = QStyle.StateFlag.State_Enabled | QStyle.StateFlag.State_Horizontal
        bar.minimum, bar.maximum, bar.progress = 0, 100, round(100 * share)
        bar.text, bar.textVisible = index.data(), True
        style = view.style() if view is not None else QApplication.style()
        style.drawControl(QStyle.ControlElement.CE_ProgressBar, bar, painter, view)


class BatchTable(QTableView):
    """The table; a double click, or Enter, on a row asks for what was made of it."""

    opened = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("batch.table")
        self._model = _Model()
        self.setModel(self._model)
        self.setItemDelegateForColumn(_STATE, _Bars(self))
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setAlternatingRowColors(True)
        self.setShowGrid(False)
        self.verticalHeader().hide()
        header = self.horizontalHeader()
        header.setHighlightSections(False)
        header.setSectionResizeMode(_STATE, QHeaderView.ResizeMode.Stretch)
        header.resizeSection(_FILE, _FILE_WIDTH)
        self.activated.connect(self._on_activated)

    @property
    def files(self) -> tuple[Path, ...]:
        """The pictures, in their order."""
        return tuple(self._model.files)

    @property
    def states(self) -> tuple[RowState, ...]:
        """The state of each picture."""
        return tuple(self._model.states)

    def show_files(self, files: Sequence[Path]) -> None:
        """Show other pictures, all of them waiting."""
        self._model.show_files(files)

    def show_state(self, row: int, state: RowState) -> None:
        """Show another state of one picture."""
        self._model.show_state(row, state)

    @Slot(QModelIndex)
    def _on_activated(self, index: QModelIndex) -> None:
        self.opened.emit(index.row())
