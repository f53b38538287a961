"""Pointing: a tool that reports the pixel it is clicked on, for *Fill* and *Pick*."""

from __future__ import annotations

from PySide6.QtCore import Signal

from ui.photo.tools.tool import Pointer, Tool


class Pointing(Tool):
    """Reports clicks on the image."""

    pointed = Signal(object)
    """(x, y) on the image."""

    def press(self, at: Pointer) -> bool:
        if not at.is_left:
            return False
        if 0 <= at.x < self.shape[1] and 0 <= at.y < self.shape[0]:
            self.pointed.emit(at.point)
        return True
