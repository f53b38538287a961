"""FilesDialog: what the export dialogs share: rows of files, a folder, a warning before one is replaced."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Generic, Protocol, TypeVar

from PySide6.QtCore import Qt, Slot
from PySide6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QFileDialog,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QToolButton,
    QWidget,
)

from gmmseg.errors import GmmsegError, WriteError
from ui.theme import SPACING, colours, icon, theme
from ui.widgets.building import in_row, label_of, named, text_label, write_in
from ui.widgets.dialog_parts import dialog_buttons
from ui.widgets.export_row import ExportRow, Offer

ChooseFolder = Callable[[QWidget, Path], Path | None]
TITLE_WIDTH = 130
_SUFFIX_WIDTH = 100
_WIDTH = 520
_LONGEST_NAME = 200
"""Characters of a folder that are repeated in an error."""


class FileItem(Protocol):
    """Something to write into a file."""

    @property
    def path(self) -> Path:
        """Path of the file."""


K = TypeVar("K", bound=str)
Item = TypeVar("Item", bound=FileItem)


def choose_folder(parent: QWidget, folder: Path) -> Path | None:
    """Return the folder that the user picks, or None."""
    picked = QFileDialog.getExistingDirectory(parent, "", str(folder))
    return Path(picked) if picked else None


class FilesDialog(QDialog, Generic[K, Item]):
    """Asks which files to write, and where; what it is about is up to those derived from it.

    They make the parts with `_make_folder_row`, `_make_rows`, `_make_message` and `_make_buttons`, Tab goes
    by that order, lay them out, and end with `_begin`.

    Parameters
    ----------
    name : str
        What the object names of its parts begin with.
    pick_folder : callable
        Asks the user for a folder.
    """

    def __init__(
        self, name: str, pick_folder: ChooseFolder = choose_folder, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.setObjectName(name)
        self.setWindowTitle(self.tr("Export"))
        self.setMinimumWidth(_WIDTH)
        self._pick_folder = pick_folder
        self._announced: tuple[Path, ...] = ()
        self._rows: list[ExportRow[K]] = []

    @property
    def folder(self) -> Path:
        """Folder of the files."""
        typed = Path(self._folder.text())
        try:
            return typed.expanduser()
        except RuntimeError:  # "~nobody": no such user
            return typed

    @property
    def kinds(self) -> tuple[K, ...]:
        """The items ticked."""
        return tuple(row.kind for row in self._rows if row.is_wanted)

    @property
    def message(self) -> str:
        """Text above the buttons: why it cannot be written, or what would be replaced."""
        return self._message.text()

    def items(self) -> list[Item]:
        """Return what is to be written."""
        raise NotImplementedError

    def _check(self, items: list[Item]) -> None:
        """Raise `GmmsegError` where something cannot be written."""
        raise NotImplementedError

    def _hand_over(self, items: list[Item]) -> None:
        """Pass on what was checked: it can be written, and replaced files were announced."""
        raise NotImplementedError

    # Building

    def _make_folder_row(self, folder: Path) -> QHBoxLayout:
        self._folder = named(QLineEdit(str(folder), self), f"{self.objectName()}.folder")
        label = label_of(self._folder, self.tr("&Folder"))
        words = self.tr("Choose a folder")
        browse = named(QToolButton(self), f"{self.objectName()}.browse", words, words)
        browse.setIcon(icon("folder"))
        browse.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        browse.clicked.connect(self._browse)
        return in_row(label, self._folder, browse, stretched=self._folder, spacing=SPACING)

    def _make_rows(self, offers: Sequence[Offer[K]], stem: str) -> QGridLayout:
        grid = QGridLayout()
        grid.setHorizontalSpacing(SPACING)
        grid.setVerticalSpacing(SPACING // 2)
        grid.setColumnMinimumWidth(0, TITLE_WIDTH)
        grid.setColumnMinimumWidth(2, _SUFFIX_WIDTH)
        grid.setColumnStretch(1, 1)
        for at, (kind, title, pattern, tip, suffixes) in enumerate(offers):
            made = ExportRow(kind, self.tr(title), self.tr(tip), pattern.format(stem), suffixes, self)
            made.lay_out(grid, at)
            self._rows.append(made)
        return grid

    def _make_message(self) -> QLabel:
        self._message = text_label(f"{self.objectName()}.message")
        self._message.hide()
        return self._message

    def _make_buttons(self) -> QDialogButtonBox:
        buttons = dialog_buttons(QDialogButtonBox.StandardButton.Cancel, self)
        self._go = named(QPushButton(self), f"{self.objectName()}.go")
        self._go.setDefault(True)
        buttons.addButton(self._go, QDialogButtonBox.ButtonRole.ActionRole)
        self._go.clicked.connect(self._try)
        buttons.rejected.connect(self.reject)
        return buttons

    def _begin(self, kinds: Sequence[Any]) -> None:
        """Tick these kinds, and follow what the user does from now on."""
        for each in self._rows:
            each.box.setChecked(each.kind in kinds)
            each.changed.connect(self._refresh)
        self._folder.textChanged.connect(self._refresh)
        theme().changed.connect(self._refresh)
        self._refresh()

    # Working

    @Slot()
    def _refresh(self) -> None:
        """Enable what applies; whatever was said about the files before is out of date."""
        self._go.setEnabled(bool(self.kinds))
        self._announced = ()
        self._say("", is_error=False)

    @Slot()
    def _browse(self) -> None:
        picked = self._pick_folder(self, self.folder)
        if picked is not None:
            self._folder.setText(str(picked))

    @Slot()
    def _try(self) -> None:
        items = self.items()
        try:
            check_names([item.path for item in items], self.folder)
            self._check(items)
        except GmmsegError as error:
            self._announced = ()
            self._say(str(error), is_error=True)
            return
        existing = tuple(item.path for item in items if os.path.lexists(item.path))
        if existing and existing != self._announced:
            self._announced = existing
            names = ", ".join(f"“{path.name}”" for path in existing)
            self._say(self.tr("Already there: {}. Press Replace to overwrite.").format(names), is_error=False)
            return
        self.accept()
        self._hand_over(items)

    def _say(self, text: str, is_error: bool) -> None:
        write_in(colours().error if is_error else colours().warning, self._message)
        self._message.setText(text)
        self._message.setVisible(bool(text))
        self._go.setText(self.tr("&Replace") if self._announced else self.tr("&Export"))


def check_names(paths: Sequence[Path], folder: Path) -> None:
    """Raise `WriteError` where the folder is none or a name leads out of it."""
    # os.path asks no questions about names too long or with a null; Path raises.
    if not os.path.isdir(folder):
        raise WriteError(f"There is no folder “{str(folder)[:_LONGEST_NAME]}”.", "Choose one that exists.")
    for path in paths:
        if path.parent != folder or path.stem.startswith("."):
            raise WriteError(f"“{path.name}” is not a file name.", "Leave out slashes and a leading dot.")
