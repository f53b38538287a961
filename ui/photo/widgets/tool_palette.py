"""ToolPalette: the tools in a column beside the picture, one of them in hand."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QFrame, QHBoxLayout, QToolButton, QVBoxLayout, QWidget

from ui.theme import SPACING

_ICON = QSize(20, 20)


class ToolPalette(QWidget):
    """Buttons of actions from top to bottom.

    Parameters
    ----------
    groups : sequence of sequence of QAction
        A line is drawn between groups.
    """

    def __init__(self, groups: Sequence[Sequence[QAction]], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("toolPalette")
        self.setAccessibleName(self.tr("Tools"))
        column = QVBoxLayout(self)
        column.setContentsMargins(SPACING // 4, SPACING // 2, 0, SPACING // 2)
        column.setSpacing(SPACING // 4)
        for at, group in enumerate(groups):
            if at:
                line = QFrame(self)
                line.setFrameShape(QFrame.Shape.HLine)
                line.setFrameShadow(QFrame.Shadow.Sunken)
                column.addWidget(line)
            for action in group:
                column.addWidget(self._button(action))
        column.addStretch(1)

    def _button(self, action: QAction) -> QToolButton:
        button = QToolButton(self)
        button.setDefaultAction(action)
        button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonIconOnly)
        button.setIconSize(_ICON)
        button.setAutoRaise(True)
        button.setAccessibleName(action.text().replace("&", ""))
        button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        return button


def beside(palette: ToolPalette, picture: QWidget) -> QWidget:
    """Return a widget with the tools on the left of the picture."""
    whole = QWidget()
    whole.setObjectName("picture")
    row = QHBoxLayout(whole)
    row.setContentsMargins(0, 0, 0, 0)
    row.setSpacing(0)
    row.addWidget(palette)
    row.addWidget(picture, 1)
    return whole
