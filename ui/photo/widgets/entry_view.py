"""The table of entries: clicks on eye and swatch, keys, and a selection that stays with the entries."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import QItemSelection, QItemSelectionModel, QModelIndex, QSize, Qt, Signal
from PySide6.QtGui import QDragMoveEvent, QDropEvent, QKeyEvent, QMouseEvent, QResizeEvent
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QTableView, QWidget

from ui.photo.widgets.entry_delegate import CHIP, ROW_HEIGHT, EntryDelegate
from ui.photo.widgets.entry_model import Column, EntryColumn, EntryModel, EntryRow

_LEAST_ROWS = 5
"""So many entries, if there are as many, are never cut off."""
_WIDTH_FOR_TEXT = 370
"""Of the table; narrower ones show of columns with chips these only."""


class EntryView(QTableView):
    """Shows an `EntryModel`."""

    eye_clicked = Signal(int, bool)
    """Id, and whether Alt was held."""
    swatch_double_clicked = Signal(int)
    selected_ids_changed = Signal()

    def __init__(self, model: EntryModel, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._model = model
        self.setObjectName(f"{model.kind.id}.table")
        self.setAccessibleName(model.kind.plural)
        self.setModel(model)
        self.setItemDelegate(EntryDelegate(model.kind, self))
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setEditTriggers(
            QAbstractItemView.EditTrigger.DoubleClicked | QAbstractItemView.EditTrigger.EditKeyPressed
        )
        self.setShowGrid(False)
        self.setTabKeyNavigation(False)
        self.setWordWrap(False)
        self.setDragDropMode(QAbstractItemView.DragDropMode.DragDrop)
        self.setDefaultDropAction(Qt.DropAction.MoveAction)
        self.setDragDropOverwriteMode(False)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self._set_up_headers()
        self.selectionModel().selectionChanged.connect(self.selected_ids_changed)

    def _set_up_headers(self) -> None:
        rows = self.verticalHeader()
        rows.hide()
        rows.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        rows.setDefaultSectionSize(ROW_HEIGHT)
        header = self.horizontalHeader()
        header.setMinimumSectionSize(16)
        header.setSectionsClickable(False)
        header.setHighlightSections(False)
        header.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        header.setSectionResizeMode(Column.NAME, QHeaderView.ResizeMode.Stretch)
        digits = self.fontMetrics().horizontalAdvance("0.000")
        header.resizeSection(Column.EYE, 26)
        header.resizeSection(Column.SWATCH, 32)
        header.resizeSection(Column.SHARE, digits + 18)
        for at, own in self._own_columns():
            header.resizeSection(at, self.fontMetrics().horizontalAdvance(own.sample) + 12)

    def _own_columns(self) -> list[tuple[int, EntryColumn[Any]]]:
        return list(enumerate(self._model.kind.columns, start=len(Column)))

    @property
    def selected_ids(self) -> list[int]:
        """Ids of the selected entries, in display order."""
        rows = sorted(index.row() for index in self.selectionModel().selectedRows())
        return [self._model.rows[row].entry.id for row in rows if row < len(self._model.rows)]

    def set_rows(self, rows: Sequence[EntryRow], is_editable: bool) -> None:
        """Show other rows; those that are still there stay selected."""
        kept = self.selected_ids
        current = self.current_id
        if self._model.set_rows(rows, is_editable):
            self.updateGeometry()
            self.select_ids(kept)
            at = self._model.row_of(current) if current is not None else None
            if at is not None:
                self.selectionModel().setCurrentIndex(
                    self._model.index(at, Column.NAME), QItemSelectionModel.SelectionFlag.NoUpdate
                )

    def minimumSizeHint(self) -> QSize:
        n_rows = min(len(self._model.rows), _LEAST_ROWS)
        height = self.horizontalHeader().sizeHint().height() + n_rows * ROW_HEIGHT + 2 * self.frameWidth()
        return QSize(super().minimumSizeHint().width(), height)

    @property
    def current_id(self) -> int | None:
        """Id of the entry that the keyboard is on."""
        row = self.currentIndex().row()
        return self._model.rows[row].entry.id if 0 <= row < len(self._model.rows) else None

    def select_ids(self, ids: Sequence[int]) -> None:
        """Select these entries; those that do not exist are passed over."""
        selection = QItemSelection()
        for wanted in ids:
            at = self._model.row_of(wanted)
            if at is not None:
                selection.select(
                    self._model.index(at, 0), self._model.index(at, self._model.columnCount() - 1)
                )
        flags = QItemSelectionModel.SelectionFlag.ClearAndSelect
        self.selectionModel().select(selection, flags)

    def select_only(self, wanted: int) -> bool:
        """Select one entry and bring it into view; returns whether there is one."""
        at = self._model.row_of(wanted)
        if at is None:
            return False
        self.setCurrentIndex(self._model.index(at, Column.NAME))
        self.select_ids([wanted])
        return True

    def bring_into_view(self, wanted: int) -> None:
        """Scroll to an entry."""
        at = self._model.row_of(wanted)
        if at is not None:
            self.scrollTo(self._model.index(at, Column.NAME))

    def edit_name(self, wanted: int) -> None:
        """Open the name of an entry for editing."""
        at = self._model.row_of(wanted)
        if at is not None and self._model.is_editable:
            self.setCurrentIndex(self._model.index(at, Column.NAME))
            self.edit(self._model.index(at, Column.NAME))

    # Events

    def mousePressEvent(self, event: QMouseEvent) -> None:
        wanted = self._id_at(event, Column.EYE)
        if event.button() == Qt.MouseButton.LeftButton and wanted is not None:
            self.eye_clicked.emit(wanted, bool(event.modifiers() & Qt.KeyboardModifier.AltModifier))
            return
        super().mousePressEvent(event)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            if self._id_at(event, Column.EYE) is not None:
                # The second click of two quick ones is a click like the first.
                self.mousePressEvent(event)
                return
            wanted = self._id_at(event, Column.SWATCH)
            if wanted is not None:
                self.swatch_double_clicked.emit(wanted)
                return
        super().mouseDoubleClickEvent(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        number = event.key() - Qt.Key.Key_0
        if 1 <= number <= 9 and not event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier:
            self.select_only(number)
            return
        super().keyPressEvent(event)

    def dragMoveEvent(self, event: QDragMoveEvent) -> None:
        super().dragMoveEvent(event)
        if event.source() is not self or not self._model.is_editable:
            event.ignore()

    def dropEvent(self, event: QDropEvent) -> None:
        if event.source() is not self:
            event.ignore()
            return
        super().dropEvent(event)

    def resizeEvent(self, event: QResizeEvent) -> None:
        narrow = CHIP + 12
        is_wide = self.viewport().width() >= _WIDTH_FOR_TEXT
        for at, own in self._own_columns():
            if own.chip is not None:
                wide = narrow + self.fontMetrics().horizontalAdvance(own.sample) + 8
                self.horizontalHeader().resizeSection(at, wide if is_wide else narrow + 16)
        super().resizeEvent(event)

    def _id_at(self, event: QMouseEvent, column: Column) -> int | None:
        index: QModelIndex = self.indexAt(event.position().toPoint())
        if index.column() != column or index.row() >= len(self._model.rows):
            return None
        return self._model.rows[index.row()].entry.id
