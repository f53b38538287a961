"""The export dialog of the digits desk: what to write, and where."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from gmmseg.io.digits.export_items import DigitExportItem, DigitExportKind, check_digit_items
from gmmseg.io.files import safe_name
from ui.theme import SPACING
from ui.widgets.building import in_column, text_label
from ui.widgets.export_row import DIGIT_RESULTS
from ui.widgets.files_dialog import FilesDialog


class ExportDialog(FilesDialog[DigitExportKind, DigitExportItem]):
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
        super().__init__("digit-export", parent=parent)
        rows = self._make_rows(DIGIT_RESULTS, safe_name(name, "digits"))
        words = self.tr("The files are those of “gmmseg mnist” with the same settings.")
        note, place = text_label("digit-export.note", words), self._make_folder_row(folder)
        parts = (place, rows, note, self._make_message(), None, self._make_buttons())
        in_column(*parts, of=self, spacing=SPACING, margins=None).insertSpacing(1, SPACING)
        self._begin(("assignments",))

    def items(self) -> list[DigitExportItem]:
        return [DigitExportItem(row.path_in(self.folder), row.kind) for row in self._rows if row.is_wanted]

    def _check(self, items: list[DigitExportItem]) -> None:
        check_digit_items(items)

    def _hand_over(self, items: list[DigitExportItem]) -> None:
        self.export_requested.emit(items)
