"""The export dialog of the digits desk: what to write, and where."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtGui import QPalette
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
    QVBoxLayout,
    QWidget,
)

from gmmseg.errors import GmmsegError, WriteError
from gmmseg.io.digits.export_items import DigitExportItem, DigitExportKind, check_digit_items
from ui.theme import SPACING, colours, icon, theme
from ui.widgets.dialog_buttons import dialog_buttons
from ui.widgets.export_row import DIGIT_RESULTS, ExportRow

_UNSAFE = '/\\:*?"<>|'


class DigitExportDialog(QDialog):
    """Asks what to write; open it with ``open()`` and listen to `export_requested`.

    Parameters
    ----------
    name : str
        Of the data, of which the offered names are made.
    folder : Path
        Offered.
    """

    export_requested = Signal(object)
    """A list of `DigitExportItem` that was checked: replaced files were announced."""

    def __init__(self, name: str, folder: Path, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("digit-export")
        self.setWindowTitle(self.tr("Export"))
        self._announced: tuple[Path, ...] = ()
        stem = "".join("_" if c in _UNSAFE or not c.isprintable() else c for c in name).strip(" .")[:100]
        self._rows: list[ExportRow[DigitExportKind]] = []
        grid = QGridLayout()
        grid.setHorizontalSpacing(SPACING)
        grid.setVerticalSpacing(SPACING // 2)
        grid.setColumnMinimumWidth(0, 130)
        grid.setColumnMinimumWidth(2, 100)
        grid.setColumnStretch(1, 1)
        for at, (kind, title, pattern, tip, suffixes) in enumerate(DIGIT_RESULTS):
            row = ExportRow(
                kind, self.tr(title), self.tr(tip), pattern.format(stem or "digits"), suffixes, self
            )
            row.lay_out(grid, at)
            row.box.setChecked(kind == "assignments")
            row.changed.connect(self._refresh)
            self._rows.append(row)
        note = QLabel(self.tr("The files are those of “gmmseg mnist” with the same settings."), self)
        note.setObjectName("digit-export.note")
        note.setWordWrap(True)
        self._message = QLabel(self)
        self._message.setObjectName("digit-export.message")
        self._message.setWordWrap(True)
        self._message.setTextFormat(Qt.TextFormat.PlainText)
        column = QVBoxLayout(self)
        column.setSpacing(SPACING)
        column.addLayout(self._folder_row(folder))
        column.addSpacing(SPACING)
        column.addLayout(grid)
        column.addWidget(note)
        column.addWidget(self._message)
        column.addStretch(1)
        column.addWidget(self._buttons())
        theme().changed.connect(self._refresh)
        self._refresh()
        self.setMinimumWidth(520)

    @property
    def folder(self) -> Path:
        """Where the files go."""
        return Path(self._folder.text()).expanduser()

    @property
    def message(self) -> str:
        """What stands above the buttons: why it cannot be written, or what would be replaced."""
        return self._message.text()

    def items(self) -> list[DigitExportItem]:
        """Return what is to be written."""
        return [DigitExportItem(row.path_in(self.folder), row.kind) for row in self._rows if row.is_wanted]

    def _folder_row(self, folder: Path) -> QHBoxLayout:
        self._folder = QLineEdit(str(folder), self)
        self._folder.setObjectName("digit-export.folder")
        label = QLabel(self.tr("&Folder"), self)
        label.setBuddy(self._folder)
        browse = QToolButton(self)
        browse.setObjectName("digit-export.browse")
        browse.setIcon(icon("folder"))
        browse.setAccessibleName(self.tr("Choose a folder"))
        browse.setToolTip(self.tr("Choose a folder"))
        browse.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        browse.clicked.connect(self._browse)
        self._folder.textChanged.connect(self._refresh)
        row = QHBoxLayout()
        row.setSpacing(SPACING)
        row.addWidget(label)
        row.addWidget(self._folder, 1)
        row.addWidget(browse)
        return row

    def _buttons(self) -> QDialogButtonBox:
        buttons = dialog_buttons(QDialogButtonBox.StandardButton.Cancel, self)
        self._go = QPushButton(self)
        self._go.setObjectName("digit-export.go")
        self._go.setDefault(True)
        buttons.addButton(self._go, QDialogButtonBox.ButtonRole.ActionRole)
        self._go.clicked.connect(self._try)
        buttons.rejected.connect(self.reject)
        return buttons

    @Slot()
    def _refresh(self) -> None:
        """Enable what applies; whatever was said about the files before is out of date."""
        self._go.setEnabled(any(row.is_wanted for row in self._rows))
        self._announced = ()
        self._say("", is_error=False)

    @Slot()
    def _browse(self) -> None:
        picked = QFileDialog.getExistingDirectory(self, "", str(self.folder))
        if picked:
            self._folder.setText(picked)

    @Slot()
    def _try(self) -> None:
        items = self.items()
        try:
            _check_names(items, self.folder)
            check_digit_items(items)
        except GmmsegError as error:
            self._announced = ()
            self._say(str(error), is_error=True)
            return
        existing = tuple(item.path for item in items if item.path.exists())
        if existing and existing != self._announced:
            self._announced = existing
            names = ", ".join(f"“{path.name}”" for path in existing)
            self._say(self.tr("Already there: {}. Press Replace to overwrite.").format(names), is_error=False)
            return
        self.accept()
        self.export_requested.emit(items)

    def _say(self, text: str, *, is_error: bool) -> None:
        palette = QPalette()
        palette.setColor(QPalette.ColorRole.WindowText, colours().error if is_error else colours().warning)
        self._message.setPalette(palette)
        self._message.setText(text)
        self._message.setVisible(bool(text))
        self._go.setText(self.tr("&Replace") if self._announced else self.tr("&Export"))


def _check_names(items: list[DigitExportItem], folder: Path) -> None:
    """Raise `WriteError` where the folder is none or a name leads out of it."""
    if not folder.is_dir():
        raise WriteError(f"There is no folder “{folder}”.", "Choose one that exists.")
    for item in items:
        if item.path.parent != folder or item.path.stem.startswith("."):
            raise WriteError(
                f"“{item.path.name}” is not a file name.", "Leave out slashes and a leading dot."
            )
