"""CopyButton: asks for a text that does the same as a dialog without the window, a command or a script."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QCoreApplication, Signal
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QMenu, QPushButton, QWidget

from gmmseg.batch.texts import Language
from gmmseg.errors import GmmsegError


class CopyButton(QPushButton):
    """A button with a menu of languages; `name` is its object name."""

    asked = Signal(str)
    """A `Language`."""

    def __init__(self, name: str, title: str, parent: QWidget) -> None:
        super().__init__(title, parent)
        self.setObjectName(name)
        self.setAutoDefault(False)
        self.setToolTip(self.tr("Copy a text that writes the same files again, byte for byte"))
        menu = QMenu(self)
        titles: dict[Language, str] = {"command": self.tr("&Command"), "python": self.tr("&Python")}
        for language, word in titles.items():
            entry = menu.addAction(word)
            entry.setObjectName(f"{name}_{language}")
            entry.triggered.connect(lambda _checked=False, wanted=language: self.asked.emit(wanted))
        self.setMenu(menu)


def copy_text(make: Callable[[], str]) -> tuple[str, bool]:
    """Copy a text; return what is to be said of it, and whether that is an error."""
    try:
        QGuiApplication.clipboard().setText(make())
    except GmmsegError as error:
        return str(error), True
    said = QCoreApplication.translate("CopyButton", "Copied. It writes these files again, byte for byte.")
    return said, False
