"""Rim: a narrow strip at a side of the window that names the panels folded away there."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QPaintEvent
from PySide6.QtWidgets import QStyle, QStyleOptionToolButton, QStylePainter, QToolBar, QToolButton

from ui.theme import SPACING


class Rim(QToolBar):
    """Shows a button for each folded panel, its title turned by a quarter; hidden while there is none.

    Parameters
    ----------
    name : str
        The object name, by which layouts are remembered.
    title : str
    """

    asked = Signal(str)
    """The name of a panel that shall be unfolded."""

    def __init__(self, name: str, title: str) -> None:
        super().__init__(title)
        self.setObjectName(name)
        self.setMovable(False)
        self.toggleViewAction().setVisible(False)
        self._buttons: list[QToolButton] = []

    def show_panels(self, panels: Sequence[tuple[str, str]]) -> None:
        """Show (name, title) of panels from top to bottom."""
        self.clear()
        for button in self._buttons:
            button.deleteLater()
        self._buttons = [self._button(name, title) for name, title in panels]
        for button in self._buttons:
            self.addWidget(button)
        self.setVisible(bool(panels))

    def _button(self, name: str, title: str) -> QToolButton:
        button = _TurnedButton()
        button.setObjectName(f"rim_{name}")
        button.setText(title)
        button.setToolTip(self.tr("Show {0}").format(title))
        button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        button.clicked.connect(lambda: self.asked.emit(name))
        return button


class _TurnedButton(QToolButton):
    """A flat button whose text is read from bottom to top."""

    def __init__(self) -> None:
        super().__init__()
        self.setAutoRaise(True)

    def sizeHint(self) -> QSize:
        metrics = self.fontMetrics()
        across = metrics.height() + SPACING
        return QSize(across, metrics.horizontalAdvance(self.text()) + 3 * SPACING)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QStylePainter(self)
        option = QStyleOptionToolButton()
        self.initStyleOption(option)
        # The style draws the frame as it stands, and the text in a rectangle that is turned.
        option.text = ""
        painter.drawComplexControl(QStyle.ComplexControl.CC_ToolButton, option)
        painter.translate(0, self.height())
        painter.rotate(-90)
        rect, centred = self.rect().transposed(), Qt.AlignmentFlag.AlignCenter
        painter.drawItemText(rect, centred, self.palette(), self.isEnabled(), self.text())
