"""The objects panel: what has been marked in the picture, how large it is, and what can be done with it."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QCoreApplication, Qt, Signal, Slot
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QLabel, QMenu, QToolButton, QWidget

from gmmseg.photo.objects import edits, reshaping
from gmmseg.photo.objects.objects import ObjectInfo
from gmmseg.photo.objects.patch import Patch
from ui.desk.actions import ActionSpec
from ui.photo.widgets.entries_panel import (
    EntriesPanel,
    EntryChoice,
    EntryEdits,
    can_merge,
    can_move_down,
    can_move_up,
    is_any,
    is_any_unlocked,
    is_one,
)
from ui.photo.widgets.object_rows import object_kind, object_rows
from ui.photo.widgets.tool_options import ToolOptions
from ui.theme import SPACING, icon
from ui.widgets.building import in_row, named, worded
from ui.widgets.controls import MenuButton
from ui.widgets.dialog_parts import AskColour, AskNumber, ask_colour, ask_number

if TYPE_CHECKING:
    from gmmseg.image import Image
    from gmmseg.photo.view_state import ViewState

_tr = partial(QCoreApplication.translate, "ObjectsPanel")
_RESHAPES: dict[str, tuple[str, str, int, Callable[[Patch, int, tuple[int, int]], Patch]]] = {
    "specks": (
        "Remove specks", "Remove parts of fewer pixels than", 20,
        lambda patch, number, _: reshaping.without_specks(patch, number),
    ),
    "smooth": ("Smooth", "Round details smaller than, pixels", 2, reshaping.smoothed),
    "grow": ("Grow", "Grow all round by, pixels", 1, reshaping.grown),
    "shrink": ("Shrink", "Shrink all round by, pixels", 1, reshaping.shrunk),
}  # fmt: skip
"""Title, question for a number of pixels, the number offered at first, and what is made by it."""


class ObjectsPanel(EntriesPanel):
    """Shows the `ObjectMap` and asks for changes of it.

    Parameters
    ----------
    choose_colour, choose_number : callable
        Ask the user for a colour, and for a number of pixels.
    """

    slow_edit_requested = Signal(object)
    """An `Edit` of objects that may take a while: it is asked for in place of ``edit_requested``."""
    chosen_changed = Signal(object)
    """Ids of the objects that have been selected in the table, in display order."""

    def __init__(
        self,
        choose_colour: AskColour = ask_colour,
        choose_number: AskNumber = ask_number,
        parent: QWidget | None = None,
    ) -> None:
        self._choose_number = choose_number
        self._shown: ViewState | None = None
        self._n_pixels = 0
        self._wanted: tuple[int, ...] = ()
        self._is_following = False
        self._work, self._wait = "", ""
        self._numbers = {name: number for name, (_, _, number, _) in _RESHAPES.items()}
        hint = _tr("Nothing is marked yet. Click an object in the picture and press Enter.")
        super().__init__(object_kind(), _EDITS, ACTIONS, _ICONS, hint, choose_colour, parent)

    @property
    def rename_action(self) -> QAction:
        """Its key may be offered elsewhere too."""
        return self._actions["object.rename"]

    # Building

    def _fill_menu(self) -> None:
        self._split_menu = self._submenu("split", _tr("&Split"), _SPLITS)
        self._shape_menu = self._submenu("shape", _tr("Sha&pe"), _SHAPES)
        self._source_menu = self._submenu("add", _tr("New &from"), ())
        self._copy_menu = self._submenu("copy", _tr("Cop&y"), ())
        self.menu.setTitle(_tr("&Chosen objects"))
        for entry in self._menu_entries():
            if entry is None:
                self.menu.addSeparator()
            elif isinstance(entry, QMenu):
                self.menu.addMenu(entry)
            else:
                self.menu.addAction(entry)

    def _menu_entries(self) -> list[QAction | QMenu | None]:
        """Return everything that can be done with objects, for a menu; None is a line."""
        named = self._actions.entries
        return [
            *named(["object.rename", "object.same_name", "object.recolour", ""]),
            *named(["object.merge"]),
            self._split_menu,
            self._shape_menu,
            self._source_menu,
            self._copy_menu,
            None,
            *named(["object.hide", "object.solo", "object.lock", "object.up", "object.down", ""]),
            *named(["object.remove"]),
        ]

    def _submenu(self, icon_name: str, title: str, names: Sequence[str]) -> QMenu:
        menu = QMenu(title, self)
        menu.setObjectName(f"objects.{icon_name}Menu")
        menu.setIcon(icon(icon_name))
        menu.addActions([self._actions[name] for name in names])
        return menu

    def _lay_out(self, in_bar: Sequence[str]) -> None:
        super()._lay_out(in_bar)
        self.options = ToolOptions(self)
        self._note = named(QLabel(self), "objects.note")
        self._note.setContentsMargins(SPACING, 0, SPACING, 0)
        self._note.hide()
        merge = worded(self._button(self._actions["object.merge"]))
        menus = [self._menu_button(each) for each in (self._split_menu, self._shape_menu, self._source_menu)]
        words = in_row(merge, *menus, None, spacing=0, margins=(SPACING // 2, 0, SPACING // 2, 0))
        self._column.insertWidget(0, self.options)
        self._column.insertLayout(1, words)
        self._column.insertWidget(3, self._note)

    def show_sources(self, actions: Sequence[QAction]) -> None:
        """Offer what new objects can be made of: `actions` of the desk."""
        self._source_menu.addActions(actions)

    def show_copies(self, actions: Sequence[QAction]) -> None:
        """Offer ways to copy objects: `actions` of the desk."""
        self._copy_menu.addActions(actions)

    def show_teaching(self, actions: Sequence[QAction]) -> None:
        """Offer below the table what objects teach: `actions` of the desk."""
        buttons = [worded(self._button(action)) for action in actions]
        margins = (SPACING // 2, 0, SPACING // 2, SPACING // 2)
        self._column.addLayout(in_row(*buttons, None, spacing=0, margins=margins))

    def _menu_button(self, menu: QMenu) -> QToolButton:
        button = worded(MenuButton(self))
        button.setText(menu.title().replace("&", "") + " ▾")
        button.setIcon(menu.icon())
        button.setMenu(menu)
        button.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        button.setAutoRaise(True)
        button.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        return button

    # Showing

    @Slot(object, object)
    def show_state(self, old: ViewState, new: ViewState) -> None:
        """Show the objects with their sizes, without asking for anything but these."""
        is_first, self._shown = self._shown is None, new
        document = new.document
        # While a change of the selection is computed, what was said stays.
        if document.pending is None or new.current_selection is not None:
            self.options.show_selection(new.current_selection)
        if is_first or document.image is not old.document.image:
            self._n_pixels = _n_pixels_of(document.image)
        if is_first or document.objects is not self._counted or document.image is not old.document.image:
            objects = document.objects
            self._count(objects, 0 if objects is None else math.prod(objects.shape))
            self._show()

    @Slot(object)
    def show_chosen(self, ids: Sequence[int]) -> None:
        """Select the objects that a tool has chosen."""
        self._wanted = tuple(ids)
        self._follow()

    @Slot(str)
    def show_work(self, title: str) -> None:
        """Say what is being done in the background; nothing where the text is empty."""
        self._work = _tr("{0} …").format(title) if title else ""
        self._show_note()

    @Slot(str)
    def show_waiting(self, text: str) -> None:
        """Say what is waited for; nothing where the text is empty."""
        self._wait = text
        self._show_note()

    def _show_note(self) -> None:
        note = self._wait or self._work
        self._note.setText(note)
        self._note.setVisible(bool(note))

    def _show(self) -> None:
        size = None if self._shown is None else self._shown.document.pixel_size_of_objects
        rows = object_rows(self._counted, self._areas or {}, self._n_pixels, size)
        # What was selected comes back by `_follow`, not as a choice of the person's.
        self._is_following = True
        self._show_rows(rows, True)
        self._is_following = False
        self._follow()

    def _follow(self) -> None:
        if set(self.view.selected_ids) != set(self._wanted):
            self._is_following = True
            self.view.select_ids(self._wanted)
            self._is_following = False
        if len(self._wanted) == 1:
            self.view.bring_into_view(self._wanted[0])
        self._enable()

    def _enable(self) -> None:
        super()._enable()
        self.options.show_targets([(entry.id, entry.name) for entry in self._chosen()])

    @Slot()
    def _note_selection(self) -> None:
        super()._note_selection()
        if not self._is_following and tuple(self.view.selected_ids) != self._wanted:
            self._wanted = tuple(self.view.selected_ids)
            self.chosen_changed.emit(self._wanted)

    # Asking

    def merge(self) -> None:
        self.slow_edit_requested.emit(edits.merge_objects(self._chosen_ids()))

    def remove(self) -> None:
        """Remove the selected objects; their pixels are unlabelled."""
        self.slow_edit_requested.emit(edits.remove_objects(self._chosen_ids()))

    def give_same_name(self) -> None:
        """Give all selected objects the name of the first: they are one category then."""
        self.ask(edits.rename_objects(self._chosen_ids(), self._chosen()[0].name))

    def split_into_parts(self) -> None:
        """Make each connected part of the selected object one of its own."""
        self._split(_tr("Split into parts"), reshaping.connected_parts)

    def split_by_colour(self) -> None:
        """Take the selected object apart where its colours are two kinds."""
        image = self._image
        self._split(
            _tr("Split by colour"),
            lambda patch: reshaping.split_by_colour(patch, image.part_of_picture(patch.box).pixels),
        )

    def fill_holes(self) -> None:
        """Give the selected objects what they enclose."""
        self._reshape(_tr("Fill holes"), reshaping.with_holes_filled)

    def reshape_by(self, name: str) -> None:
        """Change the shape of the selected objects by a number of pixels, offering the one given last."""
        title, question, _, reshape = _RESHAPES[name]
        number = self._choose_number(self, _tr(title), _tr(question), self._numbers[name])
        if number is not None:
            self._numbers[name] = number
            shape = self._image.picture_shape
            self._reshape(_tr(title), lambda patch: reshape(patch, number, shape))

    def _split(self, title: str, parts_of: Callable[[Patch], Sequence[Patch]]) -> None:
        self.slow_edit_requested.emit(edits.split_object(self._chosen_ids()[0], title, parts_of))

    def _reshape(self, title: str, reshape: Callable[[Patch], Patch]) -> None:
        self.slow_edit_requested.emit(edits.reshape_objects(self._chosen_ids(), title, reshape))

    @property
    def _image(self) -> Image:
        if self._shown is None or self._shown.document.image is None:
            raise ValueError("there is no image")
        return self._shown.document.image


def _n_pixels_of(image: Image | None) -> int:
    if image is None:
        return 0
    if image.mask is None:
        return math.prod(image.picture_shape)
    return int(image.mask.sum()) * image.step_of_levels**2


_EDITS = EntryEdits(
    rename=lambda wanted, name: edits.rename_objects([wanted], name),
    recolour=edits.recolour_objects,
    show=edits.show_objects,
    lock=edits.lock_objects,
    solo=edits.solo_object,
    move=edits.move_object,
    merge=edits.merge_objects,
)


def is_one_unlocked(choice: EntryChoice[ObjectInfo]) -> bool:
    """Enabled with one selected object that is not locked."""
    return is_one(choice) and is_any_unlocked(choice)


def are_several(choice: EntryChoice[ObjectInfo]) -> bool:
    """Enabled with several selected objects."""
    return len(choice.chosen) > 1


Spec = ActionSpec[EntryChoice[ObjectInfo]]
ACTIONS: tuple[Spec, ...] = (
    Spec("object.rename", "&Rename", ObjectsPanel.edit_name, ("F2",), "rename", is_one, "Rename the object"),
    Spec(
        "object.same_name", "Give the same &name", ObjectsPanel.give_same_name, (), "", are_several,
        "Give all selected objects the name of the first; objects of one name count as one kind",
    ),
    Spec(
        "object.recolour", "&Colour…", ObjectsPanel.recolour, (), "theme", is_any,
        "Give the selected objects another colour (double click on the swatch)",
    ),
    Spec(
        "object.merge", "&Merge", ObjectsPanel.merge, ("M",), "merge", can_merge,
        "Make the selected objects one, with the name and colour of the first",
    ),
    Spec(
        "object.split_parts", "Into &separate parts", ObjectsPanel.split_into_parts, (), "",
        is_one_unlocked, "Make each part that does not touch the others an object",
    ),
    Spec(
        "object.split_colour", "In two by &colour", ObjectsPanel.split_by_colour, (), "",
        is_one_unlocked, "Take the object apart where its colours are of two kinds",
    ),
    Spec(
        "object.fill_holes", "&Fill holes", ObjectsPanel.fill_holes, (), "", is_any_unlocked,
        "Give the selected objects what they enclose",
    ),
    Spec(
        "object.specks", "Remove s&pecks…", ObjectsPanel.reshape_by, (), "", is_any_unlocked,
        "Take small separate parts off the selected objects", arguments=("specks",),
    ),
    Spec(
        "object.smooth", "S&mooth the outline…", ObjectsPanel.reshape_by, (), "", is_any_unlocked,
        "Round the outlines of the selected objects", arguments=("smooth",),
    ),
    Spec(
        "object.grow", "&Grow…", ObjectsPanel.reshape_by, (), "", is_any_unlocked,
        "Make the selected objects larger all round", arguments=("grow",),
    ),
    Spec(
        "object.shrink", "Shrin&k…", ObjectsPanel.reshape_by, (), "", is_any_unlocked,
        "Make the selected objects smaller all round", arguments=("shrink",),
    ),
    Spec(
        "object.hide", "&Hide or show", ObjectsPanel.toggle_visible, ("H",), "eye-off", is_any,
        "Hide the selected objects, or show them again",
    ),
    Spec(
        "object.solo", "Show &alone", ObjectsPanel.solo, (), "solo", is_one,
        "Show this object alone, or all again (Alt+click on its eye)",
    ),
    Spec(
        "object.lock", "&Lock or unlock", ObjectsPanel.toggle_lock, (), "lock", is_any,
        "A locked object is changed by no tool",
    ),
    Spec(
        "object.up", "Move &up", ObjectsPanel.shift, ("Alt+Up",), "up", can_move_up, "Move the object up",
        arguments=(-1,),
    ),
    Spec(
        "object.down", "Move &down", ObjectsPanel.shift, ("Alt+Down",), "down", can_move_down,
        "Move the object down", arguments=(1,),
    ),
    Spec(
        "object.remove", "R&emove", ObjectsPanel.remove, ("Del",), "remove", is_any_unlocked,
        "Remove the selected objects; their pixels are free again",
    ),
)  # fmt: skip
_ICONS = tuple(f"object.{name}" for name in ("rename", "solo", "hide", "lock", "up", "down", "remove"))
_SPLITS = ("object.split_parts", "object.split_colour")
_SHAPES = tuple(f"object.{name}" for name in ("fill_holes", "specks", "smooth", "grow", "shrink"))
