"""BugReport: says that the program made a mistake, with the details to pass on and where the log is."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Qt, QUrl, Slot
from PySide6.QtGui import QDesktopServices, QFontDatabase, QGuiApplication
from PySide6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QLabel,
    QPlainTextEdit,
    QPushButton,
    QWidget,
)

from ui.theme import SPACING, icon
from ui.widgets.building import in_column, named
from ui.widgets.dialog_parts import dialog_buttons


class BugReport(QDialog):
    """Shows an exception that is not the user's doing; not modal, the program goes on.

    Parameters
    ----------
    details : str
        Versions and traceback.
    log : Path, optional
        The log file.
    """

    def __init__(self, details: str, log: Path | None, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("bugReport")
        self.setWindowTitle(self.tr("A mistake in gmmseg"))
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self._details = details
        self._log = log
        said = QLabel(
            self.tr(
                "gmmseg made a mistake. Your image and your files are as they were, and you can go on "
                "working. To have it mended, please pass on the details."
            )
        )
        said.setWordWrap(True)
        text = named(QPlainTextEdit(details), "bugDetails", spoken=self.tr("Details"))
        text.setReadOnly(True)
        text.setFont(QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont))
        text.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)
        buttons = dialog_buttons(QDialogButtonBox.StandardButton.Close)
        copy = named(QPushButton(icon("copy"), self.tr("&Copy details")), "copyDetails")
        copy.clicked.connect(self._copy)
        buttons.addButton(copy, QDialogButtonBox.ButtonRole.ActionRole)
        if log is not None:
            folder = QPushButton(icon("folder"), self.tr("Open &log folder"))
            folder.clicked.connect(self._open_folder)
            buttons.addButton(folder, QDialogButtonBox.ButtonRole.ActionRole)
        buttons.rejected.connect(self.close)
        in_column(said, text, buttons, of=self, spacing=SPACING, margins=None)
        self.resize(80 * SPACING, 50 * SPACING)

    @Slot()
    def _copy(self) -> None:
        QGuiApplication.clipboard().setText(self._details)

    @Slot()
    def _open_folder(self) -> None:
        if self._log is not None:
            QDesktopServices.openUrl(QUrl.fromLocalFile(str(self._log.parent)))
