"""Actions: QActions made from a table of text, keys, icon, when enabled and what they call."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import QCoreApplication, QObject, Qt
from PySide6.QtGui import QAction, QActionGroup, QKeySequence

from ui.theme import icon

Condition = Callable[[Any, bool], bool]
"""Of the state of the desk and whether something is running there."""


def always(state: Any, is_running: bool) -> bool:
    """Enabled whatever is shown."""
    return True


@dataclass(frozen=True, slots=True)
class ActionSpec:
    """One action.

    Parameters
    ----------
    id : str
        Object name of the QAction.
    text : str
        With its mnemonic; translated where the action is made.
    handler : callable
        Calls one of the commands that the table is for.
    keys : tuple
        Standard keys or key sequences; the first is shown in the menu.
    icon : str
        File name in the icon folder without its suffix, or empty.
    enabled_when : callable
    tip : str
        Status and tool tip; the text where empty.
    group : str
        Actions of one group exclude each other and are checkable.
    """

    id: str
    text: str
    handler: Callable[[Any], None]
    keys: tuple[QKeySequence.StandardKey | str, ...] = ()
    icon: str = ""
    enabled_when: Condition = always
    tip: str = ""
    group: str = ""


class Actions(QObject):
    """The QActions of one table, kept enabled and titled as the state asks.

    Parameters
    ----------
    specs : sequence of ActionSpec
    commands : object
        What the handlers are called with.
    """

    def __init__(self, specs: Sequence[ActionSpec], commands: object, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._commands = commands
        self._specs = tuple(specs)
        self._groups: dict[str, QActionGroup] = {}
        self._by_id = {spec.id: self._made(spec) for spec in self._specs}

    def __getitem__(self, action_id: str) -> QAction:
        return self._by_id[action_id]

    def __iter__(self) -> Iterator[QAction]:
        return iter(self._by_id.values())

    def entries(self, ids: Sequence[str]) -> list[QAction | None]:
        """Return the actions of these ids for a menu; an empty id is a line."""
        return [self._by_id[action_id] if action_id else None for action_id in ids]

    def set_in_use(self, is_in_use: bool) -> None:
        """Put all within or out of reach; out of reach their keys are free for others."""
        for action in self:
            action.setVisible(is_in_use)

    def show_state(self, state: Any, is_running: bool) -> None:
        """Enable what makes sense now."""
        for spec in self._specs:
            self._by_id[spec.id].setEnabled(spec.enabled_when(state, is_running))

    def show_history(self, undo_title: str | None, redo_title: str | None) -> None:
        """Say what the actions ``undo`` and ``redo`` would take back or bring back."""
        undo, redo = self.tr("&Undo"), self.tr("&Redo")
        # An ampersand in a title (a class called “A & B”) is not a mnemonic.
        for action, verb, title in ((self["undo"], undo, undo_title), (self["redo"], redo, redo_title)):
            action.setText(f"{verb} {title.replace('&', '&&')}" if title else verb)

    def _made(self, spec: ActionSpec) -> QAction:
        action = QAction(QCoreApplication.translate("Actions", spec.text), self)
        action.setObjectName(spec.id)
        if spec.icon:
            action.setIcon(icon(spec.icon))
        action.setShortcuts(_sequences(spec))
        action.setShortcutContext(Qt.ShortcutContext.WindowShortcut)
        keys = action.shortcut().toString(QKeySequence.SequenceFormat.NativeText)
        tip = QCoreApplication.translate("Actions", spec.tip or spec.text.replace("&", ""))
        action.setToolTip(f"{tip} ({keys})" if keys else tip)
        if spec.group:
            group = self._groups.setdefault(spec.group, QActionGroup(self))
            action.setCheckable(True)
            group.addAction(action)
        action.triggered.connect(lambda: spec.handler(self._commands))
        return action


def _sequences(spec: ActionSpec) -> list[QKeySequence]:
    """Return the key sequences of an action; a standard key stands for those of the platform."""
    found: list[QKeySequence] = []
    for key in spec.keys:
        candidates = [QKeySequence(key)] if isinstance(key, str) else QKeySequence.keyBindings(key)
        found += [sequence for sequence in candidates if sequence not in found]
    return found
