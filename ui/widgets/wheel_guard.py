"""Keeps a mouse wheel that scrolls a panel from changing the controls it passes over."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtWidgets import QWidget


class WheelGuard(QObject):
    """Hands wheel events on to the scroll area unless the guarded widget has the focus."""

    def guard(self, widget: QWidget) -> None:
        """Watch `widget`, which from now on takes the focus by click and Tab only."""
        widget.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        widget.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Wheel and isinstance(watched, QWidget) and not watched.hasFocus():
            event.ignore()
            return True
        return False
