"""WindowMenus: the menu bar, filled anew with the entries of the desk in use."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import QObject
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QDockWidget, QMainWindow, QMenu

from ui.desk.actions import Actions
from ui.desk.desk import SHARED_MENUS, DeskMenu, Entry

_TITLES = {"file": "&File", "edit": "&Edit", "view": "&View", "help": "&Help"}
_OWN_ENTRIES: dict[str, tuple[str, ...]] = {
    "file": ("quit",),
    "edit": ("preferences",),
    "view": ("fold_left", "fold_right", "full_screen", "reset_layout"),
    "help": ("shortcuts", "", "log_folder", "theory", "documents", "about"),
}
"""Action ids of the window itself at the end of each shared menu, with "" for a line."""
_SCHEMES = ("scheme_system", "scheme_light", "scheme_dark")


class WindowMenus(QObject):
    """Menus that every desk shares, with the desk's entries first, and its own between View and Help."""

    def __init__(self, window: QMainWindow) -> None:
        super().__init__(window)
        self._window = window
        self._actions: Actions[Any] | None = None
        self._shared = {name: self._menu(f"{name}Menu", self.tr(_TITLES[name])) for name in SHARED_MENUS}
        for menu in self._shared.values():
            window.menuBar().addMenu(menu)
        self._own: list[QMenu] = []
        self._docks = self._menu("docksMenu", self.tr("Si&de panels"))
        self._schemes = self._menu("themeMenu", self.tr("T&heme"))

    def set_actions(self, actions: Actions[Any]) -> None:
        """Take the actions of the window itself."""
        self._actions = actions
        self._schemes.addActions([actions[name] for name in _SCHEMES])

    def fill(self, menus: Sequence[DeskMenu], modes: Sequence[QAction], docks: Sequence[QDockWidget]) -> None:
        """Show a desk's menus, the ways to all desks where there are several, and its docks."""
        if self._actions is None:
            return
        wanted = {menu.name: menu for menu in menus}
        for name, menu in self._shared.items():
            _empty(menu)
            if name in wanted:
                _add(menu, [*wanted[name].entries, None])
            if name == "view":
                self._add_view(menu, modes, docks)
            _add(menu, self._actions.entries(_OWN_ENTRIES[name]))
        for menu in self._own:
            self._window.menuBar().removeAction(menu.menuAction())
            menu.deleteLater()
        self._own = [self._own_menu(spec) for spec in menus if spec.name not in self._shared]

    def shortcuts(self) -> list[tuple[str, str, QKeySequence]]:
        """Return (menu, text, keys) of every menu entry that has keys."""
        first, last = list(self._shared.values())[:-1], self._shared["help"]
        return [
            (menu.title().replace("&", ""), action.text(), action.shortcut())
            for menu in (*first, *self._own, last)
            for action in menu.actions()
            if not action.shortcut().isEmpty()
        ]

    def _add_view(self, menu: QMenu, modes: Sequence[QAction], docks: Sequence[QDockWidget]) -> None:
        if len(modes) > 1:
            _add(menu, [*modes, None])
        _empty(self._docks)
        self._docks.addActions([dock.toggleViewAction() for dock in docks])
        _add(menu, [self._docks, self._schemes])

    def _own_menu(self, spec: DeskMenu) -> QMenu:
        menu = self._menu(f"{spec.name}Menu", spec.title)
        _add(menu, spec.entries)
        self._window.menuBar().insertMenu(self._shared["help"].menuAction(), menu)
        return menu

    def _menu(self, name: str, title: str) -> QMenu:
        menu = QMenu(title, self._window)
        menu.setObjectName(name)
        return menu


def _empty(menu: QMenu) -> None:
    """Take all entries out; not `QMenu.clear`, after which PySide deletes actions that others own."""
    for action in menu.actions():
        menu.removeAction(action)
        if action.isSeparator():
            action.deleteLater()


def _add(menu: QMenu, entries: Sequence[Entry]) -> None:
    for entry in entries:
        if entry is None:
            menu.addSeparator()
        elif isinstance(entry, QMenu):
            menu.addMenu(entry)
        else:
            menu.addAction(entry)
