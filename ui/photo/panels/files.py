"""FilesPanel: the images opened together, how far each of them is, and the way to any of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from PySide6.QtCore import QModelIndex, Signal, Slot
from PySide6.QtWidgets import QWidget

from gmmseg.io.files import shown_name
from ui.photo.file_states import FileState
from ui.widgets.empty_hint import EmptyHint, hint_or_content
from ui.widgets.text_table import TextTable


class FilesPanel(QWidget):
    """A table of the files; a double click, or Enter, opens one."""

    file_requested = Signal(int)
    """The place of a file among those listed."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("filesPanel")
        hint = EmptyHint(self.tr("Open several images or a folder to have them listed here."))
        self._table = TextTable(
            "filesTable",
            (self.tr("Image"), self.tr("State")),
            ("", self.tr("Not started, fitted, corrected by hand, or exported as it is")),
            has_words=True,
        )
        self._table.activated.connect(self._on_activated)
        self._pages = hint_or_content(self, hint, self._table)

    def show_files(self, files: Sequence[Path], at: int, state_of: Callable[[Path], FileState]) -> None:
        """List files with their states, the one at `at` in bold."""
        words: dict[FileState, str] = {
            "not started": self.tr("Not started"),
            "fitted": self.tr("Fitted"),
            "corrected": self.tr("Corrected"),
            "exported": self.tr("Exported"),
        }
        self._table.texts.set_rows([(shown_name(path), words[state_of(path)]) for path in files], at)
        self._pages.setCurrentIndex(int(len(files) > 1))

    @Slot(QModelIndex)
    def _on_activated(self, index: QModelIndex) -> None:
        self.file_requested.emit(index.row())
