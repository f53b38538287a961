"""UnsavedDialog: asks before a window is closed in which something has not been saved."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QMessageBox, QWidget

SAVE, DISCARD, CANCEL = (
    QMessageBox.StandardButton.Save,
    QMessageBox.StandardButton.Discard,
    QMessageBox.StandardButton.Cancel,
)


class UnsavedDialog(QMessageBox):
    """Asks once, for everything that would be lost; `finished` tells the button.

    Parameters
    ----------
    names : sequence of str
        What is not saved.
    """

    def __init__(self, names: Sequence[str], parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("unsaved")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setIcon(QMessageBox.Icon.Warning)
        self.setWindowTitle(self.tr("Not saved"))
        self.setTextFormat(Qt.TextFormat.PlainText)
        shown = ", ".join(f"“{name}”" for name in names)
        self.setText(self.tr("Save the work on {0} before closing?").format(shown))
        self.setInformativeText(
            self.tr("What is discarded can be brought back for seven days: File ▸ Recover.")
        )
        self.setStandardButtons(SAVE | DISCARD | CANCEL)
        self.setDefaultButton(SAVE)
        self.setEscapeButton(CANCEL)
