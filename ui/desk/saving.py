"""Project actions of a desk's File menu: Save, Save as, and Recover."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, Signal, Slot
from PySide6.QtWidgets import QWidget

from gmmseg.editing.project import Project
from gmmseg.io.projects.archive import SUFFIX
from ui.desk.actions import ActionSpec, DeskState, Keys
from ui.desk.keeping import Keeper
from ui.settings_store import SettingsStore
from ui.widgets.dialog_parts import ask_file


class SaveCommands(QObject):
    """The commands `SAVE`, `SAVE_AS`, `RECOVER` and `FIND`.

    Parameters
    ----------
    keeper : Keeper
    store : SettingsStore
        Remembers the folder.
    window : QWidget
        Over which the dialog opens.
    name_of_project : callable
        Returns what a new project may be called, a path whose suffix does not count: with a folder where it
        belongs beside something, without one else.
    """

    recover_asked = Signal()
    """The list of all that can be recovered is to be shown."""
    find_asked = Signal()
    """The user is to be asked for the place of the project's missing subject."""

    def __init__(
        self,
        keeper: Keeper,
        store: SettingsStore,
        window: QWidget,
        name_of_project: Callable[[], Path],
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self.keeper = keeper
        self._store = store
        self._window = window
        self._name_of_project = name_of_project
        self._on_saved: Callable[[], None] | None = None

    @Slot()
    def save(self) -> None:
        """Write the project into its file; without one ask for a name."""
        self.save_then(None)

    def save_then(self, on_saved: Callable[[], None] | None) -> None:
        """Save, and once the project is in its file call a function; not where the name is not given."""
        path = self.keeper.path
        if path is None:
            self._ask(on_saved)
        else:
            self.keeper.save(path, on_saved)

    @Slot()
    def save_as(self) -> None:
        """Ask for a name and write the project there; it is its file from then on."""
        self._ask(None)

    @Slot()
    def recover(self) -> None:
        """Show all that can be recovered."""
        self.recover_asked.emit()

    @Slot()
    def find_subject(self) -> None:
        """Ask where what the project is about is, where it is missing."""
        self.find_asked.emit()

    def _ask(self, on_saved: Callable[[], None] | None) -> None:
        self._on_saved = on_saved
        offered, title = self._offered(), self.tr("Save the project")
        filters = [self.tr("Projects (*{0})").format(SUFFIX), self.tr("All files (*)")]
        ask_file(
            self._window,
            "saveDialog",
            title,
            offered.parent,
            self._save_chosen,
            filters=filters,
            offered=offered.name,
            suffix=SUFFIX,
        )

    def _offered(self) -> Path:
        path = self.keeper.path
        if path is not None:
            return path
        wanted = self._name_of_project()
        has_place = wanted.is_absolute() and os.access(wanted.parent, os.W_OK)
        folder = wanted.parent if has_place else self._store.folder("project")
        return folder / f"{wanted.stem}{SUFFIX}"

    def _save_chosen(self, path: Path) -> None:
        on_saved, self._on_saved = self._on_saved, None
        self._store.set_folder("project", path.parent)
        self.keeper.save(path, on_saved)


SAVE = ActionSpec[DeskState[Any]](
    "save", "&Save", SaveCommands.save, (Keys.Save,), "save", tip="Save the project"
)
SAVE_AS = ActionSpec[DeskState[Any]](
    "save_as", "Save &as…", SaveCommands.save_as, (Keys.SaveAs, "Ctrl+Shift+S"),
    tip="Save the project under another name",
)  # fmt: skip
RECOVER = ActionSpec[DeskState[Any]](
    "recover", "Reco&ver…", SaveCommands.recover, tip="Bring back work that was not saved"
)
PROJECT_ACTIONS = (SAVE, SAVE_AS, RECOVER)
PROJECT_ENTRIES = tuple(spec.id for spec in PROJECT_ACTIONS)
"""Their ids, for menus."""
FIND = "find_subject"


def find_action(text: str, project: type[Project[Any]]) -> ActionSpec[DeskState[Any]]:
    """Return the action `FIND` of a desk, which is in reach while the subject of its project is missing."""

    def is_missing(state: DeskState[Any]) -> bool:
        return project.is_missing(project.subject_of(state.shown.document))

    tip = "Say where the file is now; what has been done goes on"
    return ActionSpec(FIND, text, SaveCommands.find_subject, enabled_when=is_missing, tip=tip)
