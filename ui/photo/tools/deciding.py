"""Deciding: a tool that makes selections, of which keys say what becomes of them."""

from __future__ import annotations

from PySide6.QtCore import QObject, Qt, Signal

from ui.photo.tools.tool import Act, Pointer, Tool


class Deciding(Tool):
    """Enter and a double click accept the pending selection, Ctrl+Enter, Delete and Esc do otherwise."""

    accepted = Signal()
    """The selection shall be an object."""
    double_clicked = Signal()
    """The selection shall be an object, that before the first of the two clicks where they lie in it."""
    extended = Signal()
    """The selection shall be added to the chosen object."""
    subtracted = Signal()
    """The selection shall be taken away from objects."""
    dropped = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.is_pending = False
        """Whether there is a selection."""

    def double_click(self, at: Pointer) -> bool:
        # What the first of the two clicks selects may still be on its way.
        if not at.is_left:
            return False
        self.double_clicked.emit()
        return True

    def act_of(self, key: Qt.Key, modifiers: Qt.KeyboardModifier) -> Act | None:
        return self._asked_by(key, modifiers) if self.is_pending else None

    def _asked_by(self, key: Qt.Key, modifiers: Qt.KeyboardModifier) -> Act | None:
        """Return what a key asks for while a selection is pending."""
        if key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            extends = bool(modifiers & Qt.KeyboardModifier.ControlModifier)
            return self.extended.emit if extends else self.accepted.emit
        return {Qt.Key.Key_Escape: self.dropped.emit, Qt.Key.Key_Delete: self.subtracted.emit}.get(key)
