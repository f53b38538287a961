"""DigitsDesk: clustering digits: its work, panels and actions brought together."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QLocale, Slot
from PySide6.QtWidgets import QWidget

from gmmseg.digits.dataset import DigitSet
from gmmseg.digits.document import Document, change_setting, open_digits
from gmmseg.digits.experiment import ExperimentOutcome
from gmmseg.io.digits.download import cache_folder
from ui.desk.actions import Actions, bound_to
from ui.desk.desk import KeptWork
from ui.desk.file_desk import FileDesk
from ui.desk.saving import SaveCommands
from ui.digits.actions import DIGIT_ACTIONS
from ui.digits.commands import DigitCommands
from ui.digits.layout import SizeSlider, crisp_action, digits_layout, sets_menu
from ui.digits.wiring import DigitPanels
from ui.digits.work import DigitWork
from ui.notices import Notices
from ui.settings_store import SettingsStore
from ui.widgets.recent_menu import RecentMenu

QUICK_LOOK = 5_000
"""Images of a large set that are clustered at first, within seconds."""


class DigitsDesk(FileDesk):
    """Opens on drawn digits, or on MNIST where that has been fetched, and clusters them by itself.

    Parameters
    ----------
    store : SettingsStore
    notices : Notices
    window : QWidget
        Over which dialogs open.
    """

    def __init__(self, store: SettingsStore, notices: Notices, window: QWidget) -> None:
        self.work = DigitWork(store)
        self.panels = DigitPanels()
        self._commands = DigitCommands(self.work, self.panels, store, window)
        saving = SaveCommands(self.work.keeper, store, window, self._name_of_project)
        recent = RecentMenu()
        self._size = SizeSlider()
        actions = Actions(
            DIGIT_ACTIONS, bound_to(self._commands, saving, *self.work.parts, self.panels.clusters)
        )
        sets, crisp = sets_menu(actions), crisp_action()
        layout = digits_layout(actions, self.panels, recent, sets, crisp, self._size)
        super().__init__(
            "digits", "digits", actions, layout, self.work, saving, recent, store, notices, window
        )
        for part in (self.panels, self._commands, crisp):
            part.setParent(self)
        for menu in (recent, sets):
            menu.setParent(layout.toolbar, menu.windowFlags())
        crisp.toggled.connect(self._show_crisp)
        self._size.valueChanged.connect(self.panels.clusters.set_side)
        self._commands.enlarged.connect(self._enlarge)
        self.panels.connect_to(self.work)
        self._is_first = True
        self._connect()
        self.refresh()

    def _connect(self) -> None:
        work = self.work
        work.experimenter.finished.connect(self._show_run_notes)
        work.opener.opened.connect(self._take_digits)
        work.opener.download_failed.connect(self._show_failed_download)
        self.panels.setup.validity_changed.connect(self.refresh)

    def begin(self) -> None:
        """Open what was open the last time where that is wanted, or the first digits, clustered at once."""
        session = self._store.session(self.name)
        if session is None:
            self.work.opener.open_first()
        else:
            self.work.opener.open_path(session)

    # What the window asks

    def _name_of(self, document: Document) -> str:
        return "" if document.digits is None else document.digits.name

    @property
    def _source(self) -> Path | None:
        digits = self.work.workspace.document.digits
        return None if digits is None or digits.source == cache_folder() else digits.source

    def _name_of_project(self) -> Path:
        source = self._source
        name = self._name_of(self.work.workspace.document)
        return Path(name or "digits") if source is None else source.absolute()

    def take_kept(self, kept: KeptWork) -> None:
        # Whoever opens a project has no need of a quick look.
        self._is_first = False
        super().take_kept(kept)

    @property
    def _is_in_folder(self) -> bool:
        source = self._source
        return source is None or not (source.suffix or "ubyte" in source.name)

    @property
    def is_ready(self) -> bool:
        return self.panels.setup.is_valid

    # What comes of the work

    @Slot(object)
    def _take_digits(self, digits: DigitSet) -> None:
        """Show a set; the first one, and drawn ones, which are quick, are clustered at once."""
        is_first, self._is_first = self._is_first, False
        work = self.work
        is_quick_look = is_first and digits.n_images > QUICK_LOOK and not digits.is_drawn
        if is_quick_look:
            work.apply(change_setting("n_images", QUICK_LOOK, ""))
        work.apply(open_digits(digits))
        work.settle()
        if is_quick_look:
            text = self.tr("A quick look at {0} of the {1} images of {2}.")
            counts = [QLocale().toString(count) for count in (QUICK_LOOK, digits.n_images)]
            self._notices.say(
                text.format(*counts, digits.name), "note", self.tr("Take all"), self._take_all_images
            )
        elif digits.notes and not digits.is_drawn:
            self._notices.say(" ".join(digits.notes))
        if is_first or digits.is_drawn:
            work.experimenter.run()

    def _take_all_images(self) -> None:
        self.work.apply(change_setting("n_images", None, self.tr("All images")))
        self.work.settle()
        self.work.experimenter.run()

    @Slot(object)
    def _show_failed_download(self, error: Exception) -> None:
        self._notices.say(str(error), "error", self.tr("Try again"), self.work.opener.get_mnist)

    @Slot(object)
    def _show_run_notes(self, outcome: ExperimentOutcome) -> None:
        self._show_warnings(outcome.warnings)

    @property
    def stale_note(self) -> str:
        return self.tr("It is the last finished run; the newer settings are not in it.")

    # What menus ask for

    @Slot(bool)
    def _show_crisp(self, is_crisp: bool) -> None:
        self.panels.clusters.set_smooth(not is_crisp)

    @Slot(int)
    def _enlarge(self, steps: int) -> None:
        self._size.setValue(self._size.value() + 8 * steps)


def digits_desk(store: SettingsStore, notices: Notices, window: QWidget) -> DigitsDesk:
    """Return the desk with its first digits on their way."""
    desk = DigitsDesk(store, notices, window)
    desk.begin()
    return desk
