"""Tools that report the pixel they are clicked on: for *Fill* and *Pick*, and the wand."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal

from gmmseg.photo.pending import How
from ui.photo.tools.deciding import Deciding
from ui.photo.tools.tool import Pointer, Tool


class Pointing(Tool):
    """Reports clicks on the image."""

    pointed = Signal(object)
    """(x, y) on the image."""

    def press(self, at: Pointer) -> bool:
        if not at.is_left:
            return False
        if self.holds(at):
            self.pointed.emit(at.point)
        return True


class Wand(Deciding):
    """Selects what is of one class: reports clicks on it, and what they do to the selection."""

    pointed = Signal(object, str)
    """((x, y) on the image, ``add`` with Shift, ``remove`` with Alt, else ``new``)"""

    def press(self, at: Pointer) -> bool:
        if not at.is_left:
            return False
        if self.holds(at):
            self.pointed.emit(at.point, _how(at))
        return True


def _how(at: Pointer) -> How:
    if at.has(Qt.KeyboardModifier.AltModifier):
        return "remove"
    return "add" if at.has(Qt.KeyboardModifier.ShiftModifier) else "new"
