"""LaboratoryDesk: theory to play with: its work, panels and actions brought together."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Slot
from PySide6.QtWidgets import QWidget

from gmmseg.laboratory.data import Data
from gmmseg.laboratory.document import Document, begin_at, open_page, take_data
from gmmseg.mixture.params import MixtureParams
from ui.desk.actions import Actions, bound_to
from ui.desk.file_desk import FileDesk
from ui.desk.saving import SaveCommands
from ui.laboratory.actions import LABORATORY_ACTIONS
from ui.laboratory.commands import LaboratoryCommands
from ui.laboratory.layout import laboratory_layout
from ui.laboratory.opening import PhotoRows
from ui.laboratory.wiring import LaboratoryPanels
from ui.laboratory.work import LaboratoryWork
from ui.notices import Notices
from ui.settings_store import SettingsStore
from ui.widgets.recent_menu import RecentMenu


class LaboratoryDesk(FileDesk):
    """Opens on the first page with its example.

    Parameters
    ----------
    store : SettingsStore
    notices : Notices
    window : QWidget
        Over which dialogs open.
    photo_rows : callable
        Returns the rows of the photo that is open.
    """

    def __init__(
        self, store: SettingsStore, notices: Notices, window: QWidget, photo_rows: PhotoRows
    ) -> None:
        self.work = LaboratoryWork(store, photo_rows)
        self.panels = LaboratoryPanels()
        self._commands = LaboratoryCommands(self.work, store, window)
        saving = SaveCommands(self.work.keeper, store, window, self._name_of_project)
        recent = RecentMenu()
        actions = Actions(LABORATORY_ACTIONS, bound_to(self._commands, saving, *self.work.parts))
        layout = laboratory_layout(actions, self.panels, recent)
        super().__init__(
            "laboratory", "tables", actions, layout, self.work, saving, recent, store, notices, window
        )
        for part in (self.panels, self._commands):
            part.setParent(self)
        recent.setParent(layout.toolbar, recent.windowFlags())
        self.panels.connect_to(self.work)
        self.work.opener.opened.connect(self._take_data)
        self.work.opener.mixture_opened.connect(self._begin_at)
        self.work.exporter.make_picture = self.panels.stage.as_png
        self.panels.stage.theory_requested.connect(self._commands.show_theory)
        self.refresh()

    def begin(self) -> None:
        """Open the project that was open the last time, where that is wanted."""
        session = self._store.session(self.name)
        if session is not None:
            self.work.opener.open_path(session)

    def _name_of(self, document: Document) -> str:
        return f"{document.page.title}: {document.page.data.name}"

    def _name_of_project(self) -> Path:
        return Path("laboratory")

    def open_page(self, name: str) -> None:
        self.work.apply(open_page(name))
        self.work.settle()

    @Slot(object)
    def _begin_at(self, params: MixtureParams) -> None:
        self._notices.clear()
        self.work.apply(begin_at(params))
        self.work.settle()

    @Slot(object)
    def _take_data(self, data: Data) -> None:
        self._notices.clear()
        self.work.apply(take_data(data))
        self.work.settle()


def laboratory_desk(
    store: SettingsStore, notices: Notices, window: QWidget, photo_rows: PhotoRows
) -> LaboratoryDesk:
    """Return the desk with what was open the last time on its way."""
    desk = LaboratoryDesk(store, notices, window, photo_rows)
    desk.begin()
    return desk
