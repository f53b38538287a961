"""The classes panel: what each class is called, how much it covers, and what can be done with it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QCoreApplication, Signal, Slot
from PySide6.QtWidgets import QWidget

from gmmseg.photo.classes import ClassInfo
from gmmseg.photo.document import (
    lock_classes,
    merge_classes,
    move_class,
    recolour_classes,
    rename_class,
    show_classes,
    solo_class,
    split_class,
)
from ui.desk.actions import ActionSpec
from ui.photo.widgets.class_rows import class_kind, empty_note, make_rows
from ui.photo.widgets.entries_panel import (
    EntriesPanel,
    EntryChoice,
    EntryEdits,
    can_merge,
    can_move_down,
    can_move_up,
    is_any,
    is_one,
)
from ui.theme import SPACING
from ui.widgets.building import text_label
from ui.widgets.dialog_parts import AskColour, ask_colour

if TYPE_CHECKING:
    from gmmseg.photo.view_state import ViewState


class ClassesPanel(EntriesPanel):
    """Shows the `ClassTable` and asks for changes of it.

    Parameters
    ----------
    choose_colour : callable
        Asks the user for a colour.
    """

    n_worded = 2
    class_selected = Signal(object)
    """The id of the one selected class, or None."""

    def __init__(self, choose_colour: AskColour = ask_colour, parent: QWidget | None = None) -> None:
        self._shown: ViewState | None = None
        self._selected: int | None = None
        hint = QCoreApplication.translate("ClassesPanel", "Classes appear here once the image is segmented.")
        in_bar = [spec.id for spec in ACTIONS if spec.id != "class.recolour"]
        super().__init__(class_kind(), _EDITS, ACTIONS, in_bar, hint, choose_colour, parent)
        self.note = text_label("classes-note", is_muted=True)
        self.note.setContentsMargins(SPACING, 0, SPACING, SPACING // 2)
        self.note.hide()
        self._column.addWidget(self.note)

    @Slot(object, object)
    def show_state(self, old: ViewState, new: ViewState) -> None:
        """Show the classes with their shares, weights and means, without asking for anything."""
        parts = ("classes", "segmentation", "table", "document.classes")
        if self._shown is not None and not new.differs_from(old, *parts):
            self._shown = new
            return
        if new.segmentation is not old.segmentation or self._shown is None:
            self._areas, segmentation = None, new.segmentation
            self._count(segmentation, 0 if segmentation is None else segmentation.labels.size)
        self._shown = new
        self._show()

    def _show(self) -> None:
        shown = self._shown
        if shown is not None:
            # A preview's classes are not the document's: editing them would hit others of the same number.
            rows = make_rows(shown, self._areas)
            self._show_rows(rows, shown.classes is shown.document.classes)
            self.note.setText(empty_note(rows))
            self.note.setVisible(bool(self.note.text()))

    @Slot()
    def _note_selection(self) -> None:
        super()._note_selection()
        ids = self.view.selected_ids
        selected = ids[0] if len(ids) == 1 else None
        if selected != self._selected:
            self._selected = selected
            self.class_selected.emit(selected)

    def split(self) -> None:
        """Take the selected merged class apart."""
        self.ask(split_class(self._chosen_ids()[0]))


_EDITS = EntryEdits(
    rename=rename_class,
    recolour=recolour_classes,
    show=show_classes,
    lock=lock_classes,
    solo=solo_class,
    move=move_class,
    merge=merge_classes,
)


def can_split(choice: EntryChoice[ClassInfo]) -> bool:
    """Enabled with one class of several components that is not locked."""
    return is_one(choice) and len(choice.chosen[0].components) > 1 and not choice.chosen[0].is_locked


Spec = ActionSpec[EntryChoice[ClassInfo]]
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
