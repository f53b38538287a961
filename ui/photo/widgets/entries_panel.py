"""EntriesPanel: a table of classes or objects with a bar of actions, and the edits that it asks for."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from PySide6.QtCore import QPoint, QSize, Qt, Signal, Slot
from PySide6.QtGui import QAction, QResizeEvent
from PySide6.QtWidgets import QLabel, QMenu, QToolButton, QWidget

from gmmseg.colours import Colour
from gmmseg.editing.editor import Edit
from gmmseg.photo.document import Document
from ui.desk.actions import Actions, ActionSpec, bound_to
from ui.photo.widgets.entry_model import Entry, EntryKind, EntryModel, EntryRow
from ui.photo.widgets.entry_view import EntryView
from ui.theme import SPACING
from ui.widgets.building import in_column, in_row
from ui.widgets.dialog_parts import AskColour, ask_colour

_WIDTH_FOR_WORDS = 300
"""Device-independent pixels from which on some buttons of the bar have words."""
MAX_PIXELS_AT_ONCE = 1 << 20
"""Larger maps are counted elsewhere: it would hold up the window."""
_E = TypeVar("_E", bound=Entry)


# Without slots: a subscripted generic cannot be called with both (python/cpython#90562).
@dataclass(frozen=True)
class EntryChoice(Generic[_E]):
    """State that decides which actions are enabled: the selected entries, and all in display order."""

    chosen: Sequence[_E]
    entries: Sequence[_E]
    is_editable: bool


@dataclass(frozen=True, slots=True)
class EntryEdits:
    """The edits of one kind of entry, by ids."""

    rename: Callable[[int, str], Edit[Document]]
    recolour: Callable[[Sequence[int], Colour], Edit[Document]]
    show: Callable[[Sequence[int], bool], Edit[Document]]
    lock: Callable[[Sequence[int], bool], Edit[Document]]
    solo: Callable[[int], Edit[Document]]
    move: Callable[[int, int], Edit[Document]]
    merge: Callable[[Sequence[int]], Edit[Document]]


class EntriesPanel(QWidget):
    """Shows entries and asks for changes of them.

    Parameters
    ----------
    kind : EntryKind
    edits : EntryEdits
    specs : sequence of ActionSpec
        With methods of this class, or of the one derived from it.
    in_bar : sequence of str
        Ids of the actions that have a button.
    hint : str
        Stands in place of an empty table.
    choose_colour : callable
        Asks the user for a colour.
    """

    edit_requested = Signal(object)
    settled = Signal()
    areas_requested = Signal(object)
    """What is shown, whose ``areas()`` should come back to `show_areas`."""
    n_worded = 0
    """Number of first buttons of the bar that have words if there is room, as their icons look alike."""

    def __init__(
        self,
        kind: EntryKind[Any],
        edits: EntryEdits,
        specs: Sequence[ActionSpec[Any]],
        in_bar: Sequence[str],
        hint: str,
        choose_colour: AskColour = ask_colour,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.setObjectName(kind.id)
        self._edits = edits
        self._choose_colour = choose_colour
        self._is_editable = False
        self._counted: Any = None
        self._areas: Any = None
        self._model = EntryModel(kind)
        self._model.setParent(self)
        self.view = EntryView(self._model, self)
        self._hint = QLabel(hint, self)
        self._hint.setWordWrap(True)
        self._hint.setMargin(2 * SPACING)
        self._hint.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._actions = Actions(specs, bound_to(self), self, Qt.ShortcutContext.WidgetWithChildrenShortcut)
        for widget in (self, self.view):
            widget.addActions(self.entry_actions)
        self.menu = QMenu(self)
        self._fill_menu()
        self._lay_out(in_bar)
        self._model.rename_requested.connect(self._rename)
        self._model.move_requested.connect(self._move_to)
        self.view.eye_clicked.connect(self._click_eye)
        self.view.swatch_double_clicked.connect(self._recolour_one)
        self.view.selected_ids_changed.connect(self._note_selection)
        self.view.customContextMenuRequested.connect(self._open_menu)
        self._enable()

    @property
    def entry_actions(self) -> list[QAction]:
        """The panel's actions, for a menu; their keys work while the panel has the focus."""
        return list(self._actions)

    # Building

    def _fill_menu(self) -> None:
        """Put the actions into the context menu."""
        self.menu.addActions(self.entry_actions)

    def _lay_out(self, in_bar: Sequence[str]) -> None:
        self._buttons = [self._button(self._actions[name]) for name in in_bar]
        bar = in_row(*self._buttons, None, spacing=0, margins=(SPACING // 2, 0, SPACING // 2, 0))
        margins = (0, SPACING // 2, 0, 0)
        self._column = in_column(bar, self.view, of=self, stretched=self.view, margins=margins)
        self._column.addWidget(self._hint, 1)
        self.view.hide()
        self.setMinimumWidth(240)

    def _button(self, action: QAction) -> QToolButton:
        button = QToolButton(self)
        button.setDefaultAction(action)
        button.setAutoRaise(True)
        button.setIconSize(QSize(16, 16))
        button.setAccessibleName(action.text())
        button.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        return button

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        styles = Qt.ToolButtonStyle
        is_wide = self.width() >= _WIDTH_FOR_WORDS
        for button in self._buttons[: self.n_worded]:
            button.setToolButtonStyle(
                styles.ToolButtonTextBesideIcon if is_wide else styles.ToolButtonIconOnly
            )

    # Showing

    def _count(self, counted: Any, n_pixels: int) -> None:
        """Count pixels at once where that is quick; until they are counted elsewhere the old ones stay."""
        self._counted = counted
        if counted is None:
            self._areas = None
        elif n_pixels <= MAX_PIXELS_AT_ONCE:
            self._areas = counted.areas()
        else:
            self.areas_requested.emit(counted)

    @Slot(object, object)
    def show_areas(self, counted: object, areas: object) -> None:
        """Take the areas that were asked for; those of something older are passed over."""
        if counted is self._counted:
            self._areas = areas
            self._show()

    def _show(self) -> None:
        """Show the rows of what was counted."""
        raise NotImplementedError

    def _show_rows(self, rows: Sequence[EntryRow], is_editable: bool) -> None:
        self._is_editable = is_editable
        self.view.set_rows(rows, is_editable)
        self.view.setVisible(bool(rows))
        self._hint.setVisible(not rows)
        self._note_selection()

    def _choice(self) -> EntryChoice[Any]:
        return EntryChoice(self._chosen(), [row.entry for row in self._model.rows], self._is_editable)

    def _enable(self) -> None:
        self._actions.show_state(self._choice())

    def _chosen(self) -> list[Any]:
        wanted = set(self.view.selected_ids)
        return [row.entry for row in self._model.rows if row.entry.id in wanted]

    def _chosen_ids(self) -> list[int]:
        return self.view.selected_ids

    @Slot()
    def _note_selection(self) -> None:
        self._enable()

    @Slot(QPoint)
    def _open_menu(self, at: QPoint) -> None:
        self.menu.popup(self.view.viewport().mapToGlobal(at))

    # Asking

    def ask(self, edit: Edit[Document]) -> None:
        """Ask for an edit as an undo step of its own."""
        self.edit_requested.emit(edit)
        self.settled.emit()

    def merge(self) -> None:
        """Unite the selected entries under the first."""
        self.ask(self._edits.merge(self._chosen_ids()))

    def edit_name(self) -> None:
        """Open the name of the selected entry."""
        self.view.edit_name(self._chosen_ids()[0])

    def recolour(self) -> None:
        """Ask for another colour for the selected entries."""
        self._recolour(self._chosen())

    def solo(self) -> None:
        """Show the selected entry alone, or all again."""
        self.ask(self._edits.solo(self._chosen_ids()[0]))

    def toggle_visible(self) -> None:
        """Hide the selected entries, or show them where all of them are hidden."""
        is_visible = not any(entry.is_visible for entry in self._chosen())
        self.ask(self._edits.show(self._chosen_ids(), is_visible))

    def toggle_lock(self) -> None:
        """Lock the selected entries, or unlock them where all of them are locked."""
        is_locked = not all(entry.is_locked for entry in self._chosen())
        self.ask(self._edits.lock(self._chosen_ids(), is_locked))

    def shift(self, by: int) -> None:
        """Move the selected entry up or down."""
        [wanted] = self._chosen_ids()
        at = self._model.row_of(wanted)
        if at is not None:
            self.ask(self._edits.move(wanted, at + by))

    @Slot(int, str)
    def _rename(self, wanted: int, name: str) -> None:
        self.ask(self._edits.rename(wanted, name))

    @Slot(int, int)
    def _move_to(self, wanted: int, to: int) -> None:
        self.ask(self._edits.move(wanted, to))

    @Slot(int, bool)
    def _click_eye(self, wanted: int, is_solo: bool) -> None:
        if self._is_editable:
            is_visible = self._entry(wanted).is_visible
            self.ask(self._edits.solo(wanted) if is_solo else self._edits.show([wanted], not is_visible))

    @Slot(int)
    def _recolour_one(self, wanted: int) -> None:
        if self._is_editable:
            self._recolour([self._entry(wanted)])

    def _recolour(self, entries: Sequence[Entry]) -> None:
        colour = self._choose_colour(self, entries[0].colour)
        if colour is not None and any(entry.colour != colour for entry in entries):
            self.ask(self._edits.recolour([entry.id for entry in entries], colour))

    def _entry(self, wanted: int) -> Entry:
        return next(row.entry for row in self._model.rows if row.entry.id == wanted)


def is_any(choice: EntryChoice[Any]) -> bool:
    """Enabled with a selected entry."""
    return choice.is_editable and bool(choice.chosen)


def is_one(choice: EntryChoice[Any]) -> bool:
    """Enabled with one selected entry."""
    return choice.is_editable and len(choice.chosen) == 1


def is_any_unlocked(choice: EntryChoice[Any]) -> bool:
    """Enabled with selected entries, none of them locked."""
    return is_any(choice) and not any(each.is_locked for each in choice.chosen)


def can_merge(choice: EntryChoice[Any]) -> bool:
    """Enabled with several selected entries, none of them locked."""
    return is_any_unlocked(choice) and len(choice.chosen) > 1


def can_move_up(choice: EntryChoice[Any]) -> bool:
    """Enabled with one entry that is not the first."""
    return is_one(choice) and choice.chosen[0].id != choice.entries[0].id


def can_move_down(choice: EntryChoice[Any]) -> bool:
    """Enabled with one entry that is not the last."""
    return is_one(choice) and choice.chosen[0].id != choice.entries[-1].id
