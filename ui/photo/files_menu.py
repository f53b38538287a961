"""FilesMenu: the images that were opened together, to go to any of them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import QCoreApplication, Signal
from PySide6.QtWidgets import QMenu

from gmmseg.io.files import shown_name

MOST_LISTED = 40
"""More would not fit a screen: of a large folder those around the present one are listed."""


class FilesMenu(QMenu):
    """The list; `chosen` is emitted with a place in it."""

    chosen = Signal(int)

    def __init__(self) -> None:
        super().__init__(QCoreApplication.translate("PhotoDesk", "Images opened to&gether"))
        self.setObjectName("filesMenu")

    def show_files(self, files: Sequence[Path], at: int) -> None:
        """List files, the one at `at` checked."""
        self.clear()
        first = max(0, min(at - MOST_LISTED // 2, len(files) - MOST_LISTED))
        for place in range(first, min(first + MOST_LISTED, len(files))):
            entry = self.addAction(f"{place + 1}  {shown_name(files[place]).replace('&', '&&')}")
            entry.setCheckable(True)
            entry.setChecked(place == at)
            entry.triggered.connect(lambda _checked=False, wanted=place: self.chosen.emit(wanted))
