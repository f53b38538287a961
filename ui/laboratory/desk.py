"""LaboratoryDesk: theory to play with: its work, panels and actions brought together."""

from __future__ import annotations

from PySide6.QtCore import Slot
from PySide6.QtWidgets import QWidget

from gmmseg.laboratory.data import Data
from gmmseg.laboratory.document import begin_at, open_page, take_data
from gmmseg.laboratory.view_state import ViewState
from gmmseg.mixture.params import MixtureParams
from ui.desk.actions import Actions, bound_to
from ui.desk.desk import Heading
from ui.desk.file_desk import FileDesk
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
        recent = RecentMenu()
        actions = Actions(LABORATORY_ACTIONS, bound_to(self._commands, *self.work.parts))
        layout = laboratory_layout(actions, self.panels, recent)
        super().__init__("laboratory", "tables", actions, layout, self.work, recent, store, notices, window)
        for part in (self.panels, self._commands):
            part.setParent(self)
        recent.setParent(layout.toolbar, recent.windowFlags())
        self.panels.connect_to(self.work)
        self.work.bridge.changed.connect(self._on_changed)
        self.work.opener.opened.connect(self._take_data)
        self.work.opener.mixture_opened.connect(self._begin_at)
        self.work.exporter.make_picture = self.panels.stage.as_png
        self.panels.stage.theory_requested.connect(self._commands.show_theory)
        self.refresh()

    @property
    def heading(self) -> Heading:
        page = self.work.workspace.document.page
        return Heading(f"{page.title}: {page.data.name}")

    def open_page(self, name: str) -> None:
        self.work.apply(open_page(name))
        self.work.settle()

    @Slot(object, object)
    def _on_changed(self, old: ViewState, new: ViewState) -> None:
        if new.document is not old.document:
            self.refresh()

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
