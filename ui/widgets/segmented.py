"""SegmentedControl: actions of one group as buttons joined in a row, the checked one marked."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt, Slot
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QToolButton, QWidget

from ui.theme import colours, mixed, theme
from ui.widgets.building import in_row


class SegmentedControl(QWidget):
    """A choice of one among few.

    Parameters
    ----------
    actions : sequence of QAction
        Checkable, and of one group.
    name : str
        For screen readers.
    """

    def __init__(self, actions: Sequence[QAction], name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName(name)
        self.buttons = [self._button(action) for action in actions]
        in_row(*self.buttons, of=self, spacing=0)
        self.buttons[0].setProperty("end", "first")
        self.buttons[-1].setProperty("end", "last")
        theme().changed.connect(self._restyle)
        self._restyle()

    def _button(self, action: QAction) -> QToolButton:
        button = QToolButton(self)
        button.setDefaultAction(action)
        button.setObjectName(f"{action.objectName()}_button")
        button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        button.setAccessibleName(action.text().replace("&", ""))
        button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        return button

    @Slot()
    def _restyle(self) -> None:
        tint = colours()
        chosen = mixed(tint.base, tint.accent, 0.28).name()
        pointed = mixed(tint.base, tint.accent, 0.1).name()
        # Fusion has no joined buttons.
        self.setStyleSheet(
            f"QToolButton {{ border: 1px solid {tint.grid.name()}; border-right-width: 0;"
            f" background: {tint.base.name()}; color: {tint.text.name()}; padding: 3px 7px; }}"
            "QToolButton[end=first] { border-top-left-radius: 5px; border-bottom-left-radius: 5px; }"
            "QToolButton[end=last] { border-top-right-radius: 5px; border-bottom-right-radius: 5px;"
            " border-right-width: 1px; }"
            f"QToolButton:hover {{ background: {pointed}; }}"
            f"QToolButton:checked {{ background: {chosen}; }}"
            f"QToolButton:focus {{ border: 1px solid {tint.accent.name()}; }}"
        )
