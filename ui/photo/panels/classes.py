"""The classes panel: what each class is called, how much it covers, and what can be done with it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import reduce
from typing import TYPE_CHECKING

from PySide6.QtCore import QSize, Qt, Signal, Slot
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QHBoxLayout, QLabel, QToolButton, QVBoxLayout, QWidget

from gmmseg.photo.classes import ClassInfo, ClassTable
from gmmseg.photo.document import (
    Edit,
    lock_class,
    merge_classes,
    move_class,
    recolour_class,
    rename_class,
    show_class,
    solo_class,
    split_class,
)
from ui.photo.widgets.class_model import ClassModel
from ui.photo.widgets.class_rows import make_rows
from ui.photo.widgets.class_view import ClassView
from ui.theme import SPACING, icon
from ui.widgets.colour_choice import AskColour, ask_colour

if TYPE_CHECKING:
    from gmmseg.arrays import FloatArray
    from gmmseg.photo.segmentation import Segmentation
    from gmmseg.photo.workspace import ViewState

MAX_PIXELS_AT_ONCE = 1 << 20
"""Larger label maps are counted elsewhere: it would hold up the window."""


@dataclass(frozen=True, slots=True)
class _ActionSpec:
    id: str
    text: str
    icon: str
    keys: tuple[str, ...]
    tip: str
    handler: Callable[[ClassesPanel], None]
    enabled_when: Callable[[Sequence[ClassInfo], ClassTable], bool]
    is_in_bar: bool = True


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
        self._actions = {spec.id: self._make_action(spec) for spec in ACTIONS}
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
        return list(self._actions.values())

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

    def _make_action(self, spec: _ActionSpec) -> QAction:
        action = QAction(icon(spec.icon), self.tr(spec.text), self)
        action.setObjectName(f"class.{spec.id}")
        action.setShortcuts([QKeySequence(key) for key in spec.keys])
        action.setShortcutContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
        keys = f" ({action.shortcut().toString()})" if spec.keys else ""
        action.setToolTip(self.tr(spec.tip) + keys)
        action.triggered.connect(lambda: spec.handler(self))
        self.addAction(action)
        self.view.addAction(action)
        return action

    def _lay_out(self) -> None:
        bar = QHBoxLayout()
        bar.setContentsMargins(SPACING // 2, 0, SPACING // 2, 0)
        bar.setSpacing(0)
        for spec in ACTIONS:
            if spec.is_in_bar:
                button = QToolButton(self)
                button.setDefaultAction(self._actions[spec.id])
                button.setAutoRaise(True)
                button.setIconSize(QSize(16, 16))
                button.setAccessibleName(self.tr(spec.text))
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
        chosen = self._chosen()
        for spec in ACTIONS:
            is_on = self._is_editable and bool(chosen) and spec.enabled_when(chosen, self._classes)
            self._actions[spec.id].setEnabled(is_on)

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

    def ask(self, edit: Edit) -> None:
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


def united(edits: Sequence[Edit]) -> Edit:
    """Return one edit that does all of `edits`, named as the first."""
    return Edit(
        edits[0].title, lambda document: reduce(lambda state, edit: edit.apply(state), edits, document)
    )


def _is_one(chosen: Sequence[ClassInfo], table: ClassTable) -> bool:
    return len(chosen) == 1


def _can_merge(chosen: Sequence[ClassInfo], table: ClassTable) -> bool:
    return len(chosen) > 1 and not any(entry.is_locked for entry in chosen)


def _can_split(chosen: Sequence[ClassInfo], table: ClassTable) -> bool:
    return len(chosen) == 1 and len(chosen[0].components) > 1 and not chosen[0].is_locked


ACTIONS: tuple[_ActionSpec, ...] = (
    _ActionSpec(
        "merge", "&Merge", "merge", ("M",),
        "Unite the selected classes; their posteriors add up. Locked classes are left alone.",
        ClassesPanel.merge, _can_merge,
    ),
    _ActionSpec(
        "split", "S&plit", "split", (), "Take a merged class apart into its components",
        ClassesPanel.split, _can_split,
    ),
    _ActionSpec("rename", "&Rename", "rename", ("F2",), "Rename the class", ClassesPanel.edit_name, _is_one),
    _ActionSpec(
        "solo", "&Solo", "solo", (), "Show this class alone, or all again (Alt+click on its eye)",
        ClassesPanel.solo, _is_one,
    ),
    _ActionSpec(
        "hide", "&Hide or show", "eye-off", ("H", "Del"), "Hide the selected classes, or show them again",
        ClassesPanel.toggle_visible, lambda chosen, table: True,
    ),
    _ActionSpec(
        "lock", "&Lock or unlock", "lock", (),
        "A locked class keeps its name and colour over refits and is not merged",
        ClassesPanel.toggle_lock, lambda chosen, table: True,
    ),
    _ActionSpec(
        "up", "Move &up", "up", ("Alt+Up",), "Move the class up", lambda panel: panel.shift(-1),
        lambda chosen, table: len(chosen) == 1 and chosen[0] != table.classes[0],
    ),
    _ActionSpec(
        "down", "Move &down", "down", ("Alt+Down",), "Move the class down", lambda panel: panel.shift(1),
        lambda chosen, table: len(chosen) == 1 and chosen[0] != table.classes[-1],
    ),
    _ActionSpec(
        "recolour", "&Colour…", "theme", (), "Give the class another colour (double click on its swatch)",
        ClassesPanel.recolour, _is_one, is_in_bar=False,
    ),
)  # fmt: skip
