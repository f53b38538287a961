"""The classes panel: what each class is called, how much it covers, and what can be done with it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import reduce
from typing import TYPE_CHECKING

from PySide6.QtCore import QSize, Qt, Signal, Slot
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QHBoxLayout, QLabel, QToolButton, QVBoxLayout, QWidget

from gmmseg.editing import Edit
from gmmseg.photo.classes import ClassInfo, ClassTable
from gmmseg.photo.document import (
    Document,
    lock_class,
    merge_classes,
    move_class,
    recolour_class,
    rename_class,
    show_class,
    solo_class,
    split_class,
)
from ui.desk.actions import Actions, ActionSpec, bound_to
from ui.photo.widgets.class_model import ClassModel
from ui.photo.widgets.class_rows import make_rows
from ui.photo.widgets.class_view import ClassView
from ui.theme import SPACING
from ui.widgets.dialog_parts import AskColour, ask_colour

if TYPE_CHECKING:
    from gmmseg.arrays import FloatArray
    from gmmseg.photo.segmentation import Segmentation
    from gmmseg.photo.view_state import ViewState

MAX_PIXELS_AT_ONCE = 1 << 20
"""Larger label maps are counted elsewhere: it would hold up the window."""


@dataclass(frozen=True, slots=True)
class ClassChoice:
    """What decides which actions make sense: the selected classes, and the table they are of."""

    chosen: Sequence[ClassInfo]
    table: ClassTable
    is_editable: bool


class ClassesPanel(QWidget):
    """Shows the `ClassTable` and asks for changes of it.

    Parameters
    ----------
    choose_colour : callable
        Asks the user for a colour.
    """

    edit_requested = Signal(object)
    settled = Signal()
    class_selected = Signal(object)
    """The id of the one selected class, or None."""
    areas_requested = Signal(object)
    """A `Segmentation` whose ``areas()`` should come back to `show_areas`."""

    def __init__(self, choose_colour: AskColour = ask_colour, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("classes")
        self._choose_colour = choose_colour
        self._classes = ClassTable()
        self._shown: ViewState | None = None
        self._areas: FloatArray | None = None
        self._is_editable = False
        self._selected: int | None = None
        self._model = ClassModel()
        self._model.setParent(self)
        self.view = ClassView(self._model, self)
        self._hint = QLabel(self.tr("Classes appear here once the image is segmented."), self)
        self._hint.setWordWrap(True)
        self._hint.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._actions = Actions(ACTIONS, bound_to(self), self, Qt.ShortcutContext.WidgetWithChildrenShortcut)
        for widget in (self, self.view):
            widget.addActions(self.class_actions)
        self._lay_out()
        self._model.rename_requested.connect(self._rename)
        self._model.move_requested.connect(self._move_to)
        self.view.eye_clicked.connect(self._click_eye)
        self.view.swatch_double_clicked.connect(self._recolour)
        self.view.selected_ids_changed.connect(self._note_selection)
        self._enable()

    @property
    def class_actions(self) -> list[QAction]:
        """The panel's actions, for a menu; their keys work while the panel has the focus."""
        return list(self._actions)

    @Slot(object, object)
    def show_state(self, old: ViewState, new: ViewState) -> None:
        """Show the classes with their shares, weights and means, without asking for anything."""
        if (
            new.classes is old.classes
            and new.segmentation is old.segmentation
            and new.table is old.table
            and new.document.classes is old.document.classes
            and self._shown is not None
        ):
            self._shown = new
            return
        if new.segmentation is not old.segmentation or self._shown is None:
            self._areas = None
            self._count(new.segmentation)
        self._shown = new
        self._classes = new.classes
        # A preview's classes are not the document's: editing them would hit others of the same number.
        self._is_editable = new.classes is new.document.classes
        self._show_rows()

    @Slot(object, object)
    def show_areas(self, segmentation: Segmentation, areas: FloatArray) -> None:
        """Take the (K,) shares that were asked for; those of an older label map are passed over."""
        if self._shown is not None and segmentation is self._shown.segmentation:
            self._areas = areas
            self._show_rows()

    @Slot(int)
    def select_class(self, class_id: int) -> None:
        """Select one class, as its number key does."""
        self.view.select_only(class_id)

    # Building

    def _lay_out(self) -> None:
        bar = QHBoxLayout()
        bar.setContentsMargins(SPACING // 2, 0, SPACING // 2, 0)
        bar.setSpacing(0)
        for action in self._actions:
            if action.objectName() not in _NOT_IN_BAR:
                button = QToolButton(self)
                button.setDefaultAction(action)
                button.setAutoRaise(True)
                button.setIconSize(QSize(16, 16))
                button.setAccessibleName(action.text())
                button.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
                bar.addWidget(button)
        bar.addStretch(1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, SPACING // 2, 0, 0)
        column.setSpacing(SPACING // 2)
        column.addLayout(bar)
        column.addWidget(self.view, 1)
        column.addWidget(self._hint, 1)
        self.view.hide()
        self.setMinimumWidth(240)

    # Showing

    def _count(self, segmentation: Segmentation | None) -> None:
        if segmentation is None:
            return
        if segmentation.labels.size <= MAX_PIXELS_AT_ONCE:
            self._areas = segmentation.areas()
        else:
            self.areas_requested.emit(segmentation)

    def _show_rows(self) -> None:
        rows = make_rows(self._shown, self._areas) if self._shown is not None else []
        self.view.set_rows(rows, self._is_editable)
        self.view.setVisible(bool(rows))
        self._hint.setVisible(not rows)
        self._enable()
        self._note_selection()

    def _enable(self) -> None:
        self._actions.show_state(ClassChoice(self._chosen(), self._classes, self._is_editable))

    def _chosen(self) -> list[ClassInfo]:
        return [self._classes.by_id(class_id) for class_id in self.view.selected_ids]

    @Slot()
    def _note_selection(self) -> None:
        self._enable()
        ids = self.view.selected_ids
        selected = ids[0] if len(ids) == 1 else None
        if selected != self._selected:
            self._selected = selected
            self.class_selected.emit(selected)

    # Asking

    def ask(self, edit: Edit[Document]) -> None:
        """Ask for an edit as an undo step of its own."""
        self.edit_requested.emit(edit)
        self.settled.emit()

    def merge(self) -> None:
        """Unite the selected classes under the first."""
        self.ask(merge_classes([entry.id for entry in self._chosen()]))

    def split(self) -> None:
        """Take the selected merged class apart."""
        self.ask(split_class(self._chosen()[0].id))

    def edit_name(self) -> None:
        """Open the name of the selected class."""
        self.view.edit_name(self._chosen()[0].id)

    def recolour(self) -> None:
        """Ask for another colour for the selected class."""
        self._recolour(self._chosen()[0].id)

    def solo(self) -> None:
        """Show the selected class alone, or all again."""
        self.ask(solo_class(self._chosen()[0].id))

    def toggle_visible(self) -> None:
        """Hide the selected classes, or show them where all of them are hidden."""
        chosen = self._chosen()
        is_visible = not any(entry.is_visible for entry in chosen)
        self.ask(united([show_class(entry.id, is_visible) for entry in chosen]))

    def toggle_lock(self) -> None:
        """Lock the selected classes, or unlock them where all of them are locked."""
        chosen = self._chosen()
        is_locked = not all(entry.is_locked for entry in chosen)
        self.ask(united([lock_class(entry.id, is_locked) for entry in chosen]))

    def shift(self, by: int) -> None:
        """Move the selected class up or down."""
        entry = self._chosen()[0]
        self.ask(move_class(entry.id, self._classes.classes.index(entry) + by))

    @Slot(int, str)
    def _rename(self, class_id: int, name: str) -> None:
        self.ask(rename_class(class_id, name))

    @Slot(int, int)
    def _move_to(self, class_id: int, to: int) -> None:
        self.ask(move_class(class_id, to))

    @Slot(int, bool)
    def _click_eye(self, class_id: int, is_solo: bool) -> None:
        if not self._is_editable:
            return
        entry = self._classes.by_id(class_id)
        self.ask(solo_class(class_id) if is_solo else show_class(class_id, not entry.is_visible))

    @Slot(int)
    def _recolour(self, class_id: int) -> None:
        if not self._is_editable:
            return
        entry = self._classes.by_id(class_id)
        colour = self._choose_colour(self, entry.colour)
        if colour is not None and colour != entry.colour:
            self.ask(recolour_class(class_id, colour))


def united(edits: Sequence[Edit[Document]]) -> Edit[Document]:
    """Return one edit that does all of `edits`, named as the first."""
    return Edit(
        edits[0].title, lambda document: reduce(lambda state, edit: edit.apply(state), edits, document)
    )


def is_any(choice: ClassChoice) -> bool:
    """Enabled with a selected class."""
    return choice.is_editable and bool(choice.chosen)


def is_one(choice: ClassChoice) -> bool:
    """Enabled with one selected class."""
    return choice.is_editable and len(choice.chosen) == 1


def can_merge(choice: ClassChoice) -> bool:
    """Enabled with several selected classes, none of them locked."""
    return choice.is_editable and len(choice.chosen) > 1 and not any(each.is_locked for each in choice.chosen)


def can_split(choice: ClassChoice) -> bool:
    """Enabled with one class of several components that is not locked."""
    return is_one(choice) and len(choice.chosen[0].components) > 1 and not choice.chosen[0].is_locked


def can_move_up(choice: ClassChoice) -> bool:
    """Enabled with one class that is not the first."""
    return is_one(choice) and choice.chosen[0] != choice.table.classes[0]


def can_move_down(choice: ClassChoice) -> bool:
    """Enabled with one class that is not the last."""
    return is_one(choice) and choice.chosen[0] != choice.table.classes[-1]


Spec = ActionSpec[ClassChoice]
ACTIONS: tuple[Spec, ...] = (
    Spec(
        "class.merge", "&Merge", ClassesPanel.merge, ("M",), "merge", can_merge,
        "Unite the selected classes; their posteriors add up. Locked classes are left alone.",
    ),
    Spec(
        "class.split", "S&plit", ClassesPanel.split, (), "split", can_split,
        "Take a merged class apart into its components",
    ),
    Spec(
        "class.rename", "&Rename", ClassesPanel.edit_name, ("F2",), "rename", is_one, "Rename the class"
    ),
    Spec(
        "class.solo", "&Solo", ClassesPanel.solo, (), "solo", is_one,
        "Show this class alone, or all again (Alt+click on its eye)",
    ),
    Spec(
        "class.hide", "&Hide or show", ClassesPanel.toggle_visible, ("H", "Del"), "eye-off", is_any,
        "Hide the selected classes, or show them again",
    ),
    Spec(
        "class.lock", "&Lock or unlock", ClassesPanel.toggle_lock, (), "lock", is_any,
        "A locked class keeps its name and colour over refits and is not merged",
    ),
    Spec(
        "class.up", "Move &up", ClassesPanel.shift, ("Alt+Up",), "up", can_move_up, "Move the class up",
        arguments=(-1,),
    ),
    Spec(
        "class.down", "Move &down", ClassesPanel.shift, ("Alt+Down",), "down", can_move_down,
        "Move the class down", arguments=(1,),
    ),
    Spec(
        "class.recolour", "&Colour…", ClassesPanel.recolour, (), "theme", is_one,
        "Give the class another colour (double click on its swatch)",
    ),
)  # fmt: skip
_NOT_IN_BAR = {"class.recolour"}
