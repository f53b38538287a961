"""Actions: QActions made from a table of text, keys, icon, when enabled and what they call."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Generic, Protocol, TypeVar

from PySide6.QtCore import QCoreApplication, QObject, Qt
from PySide6.QtGui import QAction, QActionGroup, QKeySequence

from gmmseg.editing.editor import Editor
from ui.theme import icon

_S = TypeVar("_S")
_V = TypeVar("_V", bound="HasHistory")


class HasHistory(Protocol):
    """The state of an editor, as far as actions of every desk ask for it."""

    @property
    def undo_title(self) -> str | None:
        """Title of the step that undo takes back."""

    @property
    def redo_title(self) -> str | None:
        """Title of the step that redo brings back."""


@dataclass(frozen=True, slots=True)
class DeskState(Generic[_V]):
    """State that decides which actions of a desk are enabled: what it shows, and whether something runs."""

    shown: _V
    is_running: bool


# Without slots: a subscripted generic cannot be called with both (python/cpython#90562).
@dataclass(frozen=True)
class ActionSpec(Generic[_S]):
    """One action.

    Parameters
    ----------
    id : str
        Object name of the QAction.
    text : str
        With its mnemonic; translated where the action is made.
    handler : callable
        An unbound method: ``PanesPanel.fit_view``.
    keys : tuple
        Standard keys or key sequences; the first is shown in the menu.
    icon : str
        File name in the icon folder without its suffix, or empty.
    enabled_when : callable, optional
        Whether the action makes sense in a state; without it, always.
    tip : str
        Status and tool tip; the text where empty.
    group : str
        Actions of one group exclude each other and are checkable.
    arguments : tuple
        Passed to the handler.
    is_switch : bool
        Checkable by itself.
    """

    id: str
    text: str
    handler: Method
    keys: tuple[QKeySequence.StandardKey | str, ...] = ()
    icon: str = ""
    enabled_when: Callable[[_S], bool] | None = None
    tip: str = ""
    group: str = ""
    arguments: tuple[object, ...] = ()
    is_switch: bool = False


def is_running(state: DeskState[Any]) -> bool:
    """Enabled while something runs."""
    return state.is_running


def can_undo(state: DeskState[Any]) -> bool:
    """Enabled with a step to take back."""
    return state.shown.undo_title is not None


def can_redo(state: DeskState[Any]) -> bool:
    """Enabled with a step to bring back."""
    return state.shown.redo_title is not None


Keys = QKeySequence.StandardKey
UNDO = ActionSpec[DeskState[Any]]("undo", "&Undo", Editor.undo, (Keys.Undo,), "undo", can_undo)
REDO = ActionSpec[DeskState[Any]]("redo", "&Redo", Editor.redo, (Keys.Redo, "Ctrl+Shift+Z"), "redo", can_redo)


Method = Callable[..., object]
Bind = Callable[[Method], Method]
"""Turns an unbound method into one that can be called without its object."""


def bound_to(*receivers: object) -> Bind:
    """Return what binds a method to the receiver whose class has it, overridden or not.

    It raises LookupError for a method of none of them.
    """

    def bind(method: Method) -> Method:
        name = method.__name__
        for receiver in receivers:
            owner = type(receiver)
            # Most have nothing of that name, which is soon found.
            if hasattr(owner, name) and any(vars(base).get(name) is method for base in owner.__mro__):
                bound: Method = getattr(receiver, name)
                return bound
        raise LookupError(f"no receiver has the method {method.__qualname__}")

    return bind


class Actions(QObject, Generic[_S]):
    """The QActions of one table, kept enabled and titled as the state asks.

    Parameters
    ----------
    specs : sequence of ActionSpec
    bind : callable
        Binds the handlers to their objects: `bound_to` these.
    context : Qt.ShortcutContext
        Where the keys work.
    """

    def __init__(
        self,
        specs: Sequence[ActionSpec[_S]],
        bind: Bind,
        parent: QObject | None = None,
        context: Qt.ShortcutContext = Qt.ShortcutContext.WindowShortcut,
    ) -> None:
        super().__init__(parent)
        self._context = context
        self._specs = tuple(specs)
        self._groups: dict[str, QActionGroup] = {}
        self._by_id = {spec.id: self._made(spec, bind(spec.handler)) for spec in self._specs}

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

    def show_state(self, state: _S) -> None:
        """Enable what makes sense now."""
        for spec in self._specs:
            self._by_id[spec.id].setEnabled(spec.enabled_when is None or spec.enabled_when(state))

    def show_history(self, undo_title: str | None, redo_title: str | None) -> None:
        """Say what the actions ``undo`` and ``redo`` would take back or bring back."""
        undo, redo = self.tr("&Undo"), self.tr("&Redo")
        # An ampersand in a title (a class called “A & B”) is not a mnemonic.
        for action, verb, title in ((self["undo"], undo, undo_title), (self["redo"], redo, redo_title)):
            action.setText(f"{verb} {title.replace('&', '&&')}" if title else verb)

    def _made(self, spec: ActionSpec[_S], handler: Method) -> QAction:
        action = QAction(QCoreApplication.translate("Actions", spec.text), self)
        action.setObjectName(spec.id)
        if spec.icon:
            action.setIcon(icon(spec.icon))
        action.setShortcuts(_sequences(spec))
        action.setShortcutContext(self._context)
        keys = action.shortcut().toString(QKeySequence.SequenceFormat.NativeText)
        tip = QCoreApplication.translate("Actions", spec.tip or spec.text.replace("&", ""))
        action.setToolTip(f"{tip} ({keys})" if keys else tip)
        if spec.is_switch:
            action.setCheckable(True)
        if spec.group:
            group = self._groups.setdefault(spec.group, QActionGroup(self))
            action.setCheckable(True)
            group.addAction(action)
        action.triggered.connect(lambda: handler(*spec.arguments))
        return action


def _sequences(spec: ActionSpec[Any]) -> list[QKeySequence]:
    """Return the key sequences of an action; a standard key stands for those of the platform."""
    found: list[QKeySequence] = []
    for key in spec.keys:
        candidates = [QKeySequence(key)] if isinstance(key, str) else QKeySequence.keyBindings(key)
        found += [sequence for sequence in candidates if sequence not in found]
    return found
