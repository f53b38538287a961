"""A titled section that folds away."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt, Signal, Slot
from PySide6.QtWidgets import QSizePolicy, QToolButton, QWidget

from ui.theme import SPACING, icon
from ui.widgets.building import in_column, make_bold


class CollapsibleSection(QWidget):
    """A heading that shows and hides what is below it; folded at first.

    Parameters
    ----------
    title : str
        May hold a mnemonic.
    """

    toggled = Signal(bool)
    """Whether the contents are now shown."""

    def __init__(self, title: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.heading = QToolButton(self)
        self.heading.setText(title)
        self.heading.setAutoRaise(True)
        self.heading.setIcon(icon("chevron-right"))
        self.heading.setIconSize(QSize(12, 12))
        self.heading.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.heading.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.heading.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        make_bold(self.heading)
        self._contents = QWidget(self)
        self._contents.hide()
        self.body = in_column(of=self._contents, spacing=SPACING, margins=(0, SPACING // 2, 0, 0))
        in_column(self.heading, self._contents, of=self, spacing=0)
        self.heading.clicked.connect(self._turn)
        self.set_open(False)

    @property
    def is_open(self) -> bool:
        """Whether the contents are shown."""
        return not self._contents.isHidden()

    @Slot(bool)
    def set_open(self, is_open: bool) -> None:
        """Show or hide the contents."""
        self.heading.setIcon(icon("chevron-down" if is_open else "chevron-right"))
        self.heading.setAccessibleDescription(self.tr("expanded") if is_open else self.tr("collapsed"))
        self._contents.setVisible(is_open)
        self.toggled.emit(is_open)

    @Slot()
    def _turn(self) -> None:
        self.set_open(not self.is_open)
