"""RecentMenu: the files opened last, numbered, greyed when gone, and a way to forget them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QMenu


class RecentMenu(QMenu):
    """Emits `chosen` with a Path, or `cleared`."""

    chosen = Signal(object)
    cleared = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("recentMenu")
        self.setTitle(self.tr("Open &recent"))

    def show_files(self, files: Sequence[tuple[Path, str, bool]]) -> None:
        """Fill the menu: path, text, and whether the file is still there; the others are greyed."""
        self.clear()
        for number, (path, text, is_there) in enumerate(files, start=1):
            entry = self.addAction(f"&{number % 10}  {text.replace('&', '&&')}")
            entry.setEnabled(is_there)
            entry.triggered.connect(lambda _checked=False, wanted=path: self.chosen.emit(wanted))
        if not files:
            nothing = self.addAction(self.tr("No recent files"))
            nothing.setEnabled(False)
        self.addSeparator()
        clear = self.addAction(self.tr("&Clear"))
        clear.setObjectName("clearRecent")
        clear.setEnabled(bool(files))
        clear.triggered.connect(self.cleared)
