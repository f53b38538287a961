"""PlotPanel: a panel around a plot, with a hint while there is nothing to draw, drawn when it can be seen."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtWidgets import QHBoxLayout, QLayout, QToolButton, QWidget

from ui.theme import icon
from ui.widgets.building import in_column
from ui.widgets.empty_hint import EmptyHint, hint_or_content
from ui.widgets.throttle import Throttle


class PlotPanel(QWidget):
    """Base of the panels of plots, which draw in `_draw`.

    Parameters
    ----------
    name : str
        Object name.
    throttle_ms : int
        Between two drawings at least.
    is_prompt : bool
        False leaves also the first drawing to a later turn of the event loop.
    theory : str
        The page of the laboratory behind the plot; a button at the end of the first row opens it.
    """

    hint: EmptyHint

    theory_asked = Signal(str)
    """The name of the page of the laboratory that explains the plot."""

    def __init__(self, name: str, throttle_ms: int = 50, *, is_prompt: bool = True, theory: str = "") -> None:
        super().__init__()
        self._theory = theory
        self.setObjectName(name)
        self._throttle = Throttle(self, throttle_ms, is_prompt)
        self._throttle.due.connect(self._draw)

    def lay_out(self, hint: EmptyHint, *parts: QWidget | QLayout, stretched: QWidget) -> None:
        """Fill the panel with parts from top to bottom, or with the hint as long as there is nothing to draw.

        Parameters
        ----------
        hint : EmptyHint
        *parts : QWidget or QLayout
        stretched : QWidget
            The part that takes the room that is left.
        """
        self.hint = hint
        content = QWidget()
        if self._theory and isinstance(parts[0], QHBoxLayout):
            parts[0].addWidget(self._theory_button())
        in_column(*parts, of=content, stretched=stretched)
        self._pages = hint_or_content(self, hint, content)

    def _theory_button(self) -> QToolButton:
        button = QToolButton()
        button.setObjectName(f"{self.objectName()}.theory")
        button.setIcon(icon("theory"))
        button.setAutoRaise(True)
        button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        button.setToolTip(self.tr("What is behind this plot, to try out in the laboratory"))
        button.setAccessibleName(button.toolTip())
        button.clicked.connect(lambda: self.theory_asked.emit(self._theory))
        return button

    def show_content(self, has_content: bool) -> None:
        """Show the parts, or the hint."""
        self._pages.setCurrentIndex(int(has_content))

    @property
    def has_content(self) -> bool:
        """Whether the parts are shown instead of the hint."""
        return self._pages.currentIndex() == 1

    @Slot()
    def _draw(self) -> None:
        """Draw what is shown now."""
        raise NotImplementedError
