"""RecoverDialog: what a window that ended had not saved, with pictures and times, to go on with."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import QDateTime, QLocale, QSize, Qt, Signal, Slot
from PySide6.QtGui import QIcon, QPixmap
from PySide6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QLabel,
    QListWidget,
    QListWidgetItem,
    QWidget,
)

from ui.theme import SPACING
from ui.widgets.building import in_column
from ui.widgets.dialog_parts import dialog_buttons

_PICTURE = QSize(96, 72)
_MOST_SHOWN = 4
"""Rows that are seen without scrolling."""


@dataclass(frozen=True, slots=True)
class RecoverEntry:
    """One row of the list.

    Parameters
    ----------
    journal : Path
    name : str
    n_changes : int
    summary : str
        What there is.
    time : float
        Of the last change, seconds since 1970.
    picture : bytes
        A PNG, or nothing.
    """

    journal: Path
    name: str
    n_changes: int
    summary: str
    time: float
    picture: bytes


class RecoverDialog(QDialog):
    """Lists what can be recovered; one at a time is."""

    recover_requested = Signal(object)
    """The Path of a journal."""
    declined = Signal()
    """None of them is wanted now."""

    def __init__(self, entries: Sequence[RecoverEntry], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("recover")
        self.setWindowTitle(self.tr("Recover"))
        head = QLabel(self.tr("This work was not saved:"), self)
        self.list = QListWidget(self)
        self.list.setObjectName("recover.list")
        self.list.setIconSize(_PICTURE)
        self.list.setSpacing(SPACING // 2)
        for entry in entries:
            self.list.addItem(self._item(entry))
        self.list.setCurrentRow(0)
        self.list.itemActivated.connect(self._recover)
        note = QLabel(self.tr("What is not wanted now is kept for seven days: File ▸ Recover."), self)
        note.setWordWrap(True)
        buttons = dialog_buttons(QDialogButtonBox.StandardButton.NoButton, self)
        recover = buttons.addButton(self.tr("&Recover"), QDialogButtonBox.ButtonRole.AcceptRole)
        recover.setDefault(True)
        buttons.addButton(self.tr("&Not now"), QDialogButtonBox.ButtonRole.RejectRole)
        buttons.accepted.connect(self._recover)
        buttons.rejected.connect(self.reject)
        self.rejected.connect(self.declined)
        in_column(head, self.list, note, buttons, of=self, spacing=SPACING, margins=None)
        n_rows = min(max(len(entries), 2), _MOST_SHOWN)
        self.resize(480, 150 + n_rows * (_PICTURE.height() + 2 * SPACING))

    def _item(self, entry: RecoverEntry) -> QListWidgetItem:
        when = QLocale().toString(
            QDateTime.fromSecsSinceEpoch(int(entry.time)), QLocale.FormatType.ShortFormat
        )
        told = f"{entry.n_changes:,} change{'s' * (entry.n_changes != 1)}, {entry.summary}"
        item = QListWidgetItem(f"{entry.name}\n{told}\n{when}")
        picture = QPixmap()
        if entry.picture and picture.loadFromData(entry.picture, "PNG"):
            scaled = picture.scaled(
                _PICTURE, Qt.AspectRatioMode.KeepAspectRatio, Qt.TransformationMode.SmoothTransformation
            )
            item.setIcon(QIcon(scaled))
        item.setData(Qt.ItemDataRole.UserRole, entry.journal)
        return item

    @Slot()
    def _recover(self) -> None:
        item = self.list.currentItem()
        if item is not None:
            self.recover_requested.emit(item.data(Qt.ItemDataRole.UserRole))
            self.accept()
