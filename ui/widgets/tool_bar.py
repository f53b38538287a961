"""ToolBar: buttons of actions, Run and Stop in one place, and a spot for the ways to the other desks."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QAction, QResizeEvent
from PySide6.QtWidgets import QMenu, QSizePolicy, QToolBar, QToolButton, QWidget, QWidgetAction

from ui.theme import SPACING
from ui.widgets.building import in_row
from ui.widgets.segmented import SegmentedControl


class ToolBar(QToolBar):
    """The toolbar of one desk; every button is reached by Tab.

    Where the texts of all buttons have no room, those of plain buttons go first and those of a choice last;
    Run keeps its own.
    """

    def __init__(self, name: str, title: str) -> None:
        super().__init__(title)
        self.setObjectName(name)
        self.setMovable(False)
        self.setIconSize(QSize(20, 20))
        self.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.toggleViewAction().setEnabled(False)
        self._run_button: QToolButton | None = None
        self._run: tuple[QAction, QAction] | None = None
        self._modes = QWidget()
        self._mode_row = in_row(of=self._modes, spacing=0)
        self._mode_spot: QWidgetAction | None = None
        self._mode_buttons: list[QToolButton] = []
        self._texted: list[QToolButton] = []
        self._choices: list[QToolButton] = []

    def add_button(self, action: QAction, menu: QMenu | None = None) -> QToolButton:
        """Add a button with icon and text, and optionally an arrow that opens a menu."""
        button = tool_button(action)
        if menu is not None:
            button.setMenu(menu)
            button.setPopupMode(QToolButton.ToolButtonPopupMode.MenuButtonPopup)
        self.addWidget(button)
        self._texted.append(button)
        return button

    def add_menu_button(self, name: str, action: QAction, menu: QMenu) -> None:
        """Add a button that only opens a menu."""
        button = self.add_button(action, menu)
        button.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        button.setObjectName(name)

    def add_icon_button(self, action: QAction) -> None:
        """Add a button without text."""
        button = tool_button(action)
        button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonIconOnly)
        button.setAccessibleName(action.text().replace("&", ""))
        self.addWidget(button)

    def add_run_button(self, run: QAction, stop: QAction) -> None:
        """Add the button that runs, or stops what runs."""
        self._run = run, stop
        self._run_button = tool_button(run)
        self._run_button.setObjectName("runButton")
        self.addWidget(self._run_button)
        # Run and Stop take each other's place without moving what is beside them.
        self._run_button.setMinimumWidth(9 * SPACING)

    def add_desk_part(self, run: QAction, stop: QAction, *steps: QAction) -> None:
        """Add the spot for the other desks, the button that runs or stops, and steps back and forth."""
        self.add_mode_spot()
        self.addSeparator()
        self.add_run_button(run, stop)
        self.addSeparator()
        for action in steps:
            self.add_icon_button(action)

    def show_running(self, is_running: bool) -> None:
        """Show Stop in the place of Run while something runs."""
        if self._run_button is None or self._run is None:
            return
        wanted = self._run[1 if is_running else 0]
        if self._run_button.defaultAction() is not wanted:
            # A button with two actions would draw a menu arrow.
            self._run_button.removeAction(self._run_button.defaultAction())
            self._run_button.setDefaultAction(wanted)

    def add_choice(self, actions: Sequence[QAction], name: str) -> None:
        """Add actions of one group as a segmented control; `name` is for screen readers."""
        choice = SegmentedControl(actions, name)
        self.addWidget(choice)
        self._choices += choice.buttons

    def add_spring(self) -> None:
        """Move what follows to the far end."""
        spring = QWidget()
        spring.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        self.addWidget(spring)

    def add_mode_spot(self) -> None:
        """Leave a place for `show_modes`; nothing is there until there are other desks."""
        # Made here and not by Qt: Python then takes note when it goes, and never another for it.
        self._mode_spot = QWidgetAction(self)
        self._mode_spot.setDefaultWidget(self._modes)
        self._mode_spot.setVisible(False)
        self.addAction(self._mode_spot)

    def show_modes(self, actions: Sequence[QAction]) -> None:
        """Show buttons for the ways to the other desks."""
        for old in self._mode_buttons:
            self._mode_row.removeWidget(old)
            old.deleteLater()
        self._mode_buttons = []
        for action in actions:
            button = tool_button(action)
            button.setObjectName(f"{action.objectName()}_button")
            button.setAutoRaise(True)
            self._mode_row.addWidget(button)
            self._mode_buttons.append(button)
        if self._mode_spot is not None:
            self._mode_spot.setVisible(bool(actions))
        self._fit_texts()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit_texts()

    def _fit_texts(self) -> None:
        """Show texts beside the icons as long as nothing is pushed out of sight by them."""
        groups = ([*self._texted, *self._mode_buttons], self._choices)
        for buttons in groups:
            _set_style(buttons, Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        # Asked for now, not when Qt next lays out.
        self._modes.updateGeometry()
        for buttons in groups:
            if self.sizeHint().width() > self.width():
                _set_style(buttons, Qt.ToolButtonStyle.ToolButtonIconOnly)


def _set_style(buttons: Sequence[QToolButton], style: Qt.ToolButtonStyle) -> None:
    for button in buttons:
        button.setToolButtonStyle(style)


def tool_button(action: QAction) -> QToolButton:
    """Return a button with the icon and text of an action."""
    button = QToolButton()
    button.setDefaultAction(action)
    button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
    button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
    return button
