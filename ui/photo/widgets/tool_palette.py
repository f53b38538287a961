"""ToolPalette: the tools in a column beside the picture, one of them in hand."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QAction, QResizeEvent
from PySide6.QtWidgets import QFrame, QSizePolicy, QToolButton, QWidget

from ui.theme import SPACING
from ui.widgets.building import in_column, in_row

_ICON = QSize(20, 20)
_WIDTH_FOR_WORDS = 1000
"""Device-independent pixels of picture and tools from which on these have words."""


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
        margins = (SPACING // 4, SPACING // 2, 0, SPACING // 2)
        column = in_column(of=self, spacing=SPACING // 4, margins=margins)
        for at, group in enumerate(groups):
            if at:
                line = QFrame(self)
                line.setFrameShape(QFrame.Shape.HLine)
                line.setFrameShadow(QFrame.Shadow.Sunken)
                column.addWidget(line)
            for action in group:
                column.addWidget(self._button(action))
        column.addStretch(1)

    def show_words(self, are_shown: bool) -> None:
        """Show words beside the icons, or the icons alone."""
        styles = Qt.ToolButtonStyle
        style = styles.ToolButtonTextBesideIcon if are_shown else styles.ToolButtonIconOnly
        for button in self.findChildren(QToolButton):
            button.setToolButtonStyle(style)

    def _button(self, action: QAction) -> QToolButton:
        button = QToolButton(self)
        button.setDefaultAction(action)
        button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonIconOnly)
        button.setIconSize(_ICON)
        button.setAutoRaise(True)
        button.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        button.setAccessibleName(action.text().replace("&", ""))
        button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        return button


class PictureWithTools(QWidget):
    """The tools on the left of the picture, with words where these leave it wide."""

    def __init__(self, palette: ToolPalette, picture: QWidget) -> None:
        super().__init__()
        self.setObjectName("picture")
        self._palette = palette
        in_row(palette, picture, of=self, stretched=picture, spacing=0)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._palette.show_words(self.width() >= _WIDTH_FOR_WORDS)
