"""BatchTable: the pictures of a batch, each with its state or a bar of how far it is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, Qt, Signal, Slot
from PySide6.QtGui import QPainter, QPalette
from PySide6.QtWidgets import (
    QAbstractItemView,
    QApplication,
    QHeaderView,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionProgressBar,
    QStyleOptionViewItem,
    QTableWidget,
    QTableWidgetItem,
    QWidget,
)

from gmmseg.io.files import shown_name
from ui.theme import colours

StateName = Literal["waiting", "working", "done", "kept", "failed"]
_FILE, _STATE = range(2)
_AnyIndex = QModelIndex | QPersistentModelIndex
_FILE_WIDTH = 240
_STATE_ROLE = Qt.ItemDataRole.UserRole


@dataclass(frozen=True, slots=True)
class RowState:
    """Progress of a picture: its state in words, and the share that is done while it is worked on."""

    name: StateName = "waiting"
    text: str = ""
    share: float | None = None


class _States(QStyledItemDelegate):
    """Draws a bar with the text in it where a picture is worked on."""

    def initStyleOption(self, option: QStyleOptionViewItem, index: _AnyIndex) -> None:
        super().initStyleOption(option, index)
        if index.data(_STATE_ROLE).name == "failed":
            option.palette.setColor(QPalette.ColorRole.Text, colours().error)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: _AnyIndex) -> None:
        state: RowState = index.data(_STATE_ROLE)
        if state.name != "working":
            super().paint(painter, option, index)
            return
        bar = QStyleOptionProgressBar()
        view = option.widget
        bar.rect = option.rect.adjusted(2, 2, -2, -2)
        bar.palette = option.palette
        bar.state = QStyle.StateFlag.State_Enabled | QStyle.StateFlag.State_Horizontal
        bar.minimum, bar.maximum, bar.progress = 0, 100, round(100 * (state.share or 0.0))
        bar.text, bar.textVisible = state.text, True
        style = view.style() if view is not None else QApplication.style()
        style.drawControl(QStyle.ControlElement.CE_ProgressBar, bar, painter, view)


class BatchTable(QTableWidget):
    """The table; a double click, or Enter, on a row asks for what was made of it."""

    opened = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(0, 2, parent)
        self.setObjectName("batch.table")
        self.files: tuple[Path, ...] = ()
        """The pictures, in their order."""
        self.setHorizontalHeaderLabels([self.tr("Picture"), self.tr("State")])
        self.setItemDelegateForColumn(_STATE, _States(self))
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
    def states(self) -> tuple[RowState, ...]:
        """The state of each picture."""
        at = (self.model().index(row, _STATE) for row in range(len(self.files)))
        return tuple(index.data(_STATE_ROLE) for index in at)

    def show_files(self, files: Sequence[Path]) -> None:
        """Show other pictures, all of them waiting."""
        self.files = tuple(files)
        self.setRowCount(0)
        self.setRowCount(len(files))
        for row, path in enumerate(files):
            item = QTableWidgetItem(shown_name(path))
            item.setToolTip(str(path))
            self.setItem(row, _FILE, item)
            self.show_state(row, RowState())

    def show_state(self, row: int, state: RowState) -> None:
        """Show another state of one picture."""
        item = QTableWidgetItem(state.text)
        item.setData(_STATE_ROLE, state)
        item.setToolTip(state.text)
        self.setItem(row, _STATE, item)

    @Slot(QModelIndex)
    def _on_activated(self, index: QModelIndex) -> None:
        self.opened.emit(index.row())
