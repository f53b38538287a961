"""Wand: selects what is of the same class as the pixel clicked."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal

from gmmseg.photo.pending import How
from ui.photo.tools.deciding import Deciding
from ui.photo.tools.tool import Pointer


class Wand(Deciding):
    """Reports clicks on the image and what they do to the selection."""

    pointed = Signal(object, str)
    """((x, y) on the image, ``add`` with Shift, ``remove`` with Alt, else ``new``)"""

    def press(self, at: Pointer) -> bool:
        if not at.is_left:
            return False
        if 0 <= at.x < self.shape[1] and 0 <= at.y < self.shape[0]:
            self.pointed.emit(at.point, _how(at))
        return True


def _how(at: Pointer) -> How:
    if at.has(Qt.KeyboardModifier.AltModifier):
        return "remove"
    return "add" if at.has(Qt.KeyboardModifier.ShiftModifier) else "new"
