"""DigitsDesk: clustering digits: its work, panels and actions brought together."""

from __future__ import annotations

import os
from functools import partial
from pathlib import Path

from PySide6.QtCore import QLocale, QMimeData, QUrl, Slot
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QWidget

from gmmseg.digit_document import change_digit_setting, open_digits
from gmmseg.digit_workspace import DigitShown
from gmmseg.digits.dataset import DigitSet
from gmmseg.digits.experiment import ExperimentOutcome
from gmmseg.errors import GmmsegError
from gmmseg.io.probe import shown_name
from ui.actions import Actions
from ui.desk import Desk, Heading
from ui.digits.actions import DIGIT_ACTIONS
from ui.digits.commands import DigitCommands
from ui.digits.furniture import SizeSlider, crisp_action, digits_furniture, sets_menu
from ui.digits.panels import DigitPanels
from ui.digits.work import DigitWork
from ui.notices import Notices
from ui.settings_store import SettingsStore
from ui.widgets.recent_menu import RecentMenu

QUICK_LOOK = 5_000
"""Images of a large set that are clustered at first, within seconds."""


class DigitsDesk(Desk):
    """Opens on drawn digits, or on MNIST where that has been fetched, and clusters them by itself.

    Parameters
    ----------
    store : SettingsStore
    notices : Notices
    window : QWidget
        Over which dialogs open.
    """

    def __init__(self, store: SettingsStore, notices: Notices, window: QWidget) -> None:
        self._store = store
        self._notices = notices
        self.work = DigitWork(store)
        self.panels = DigitPanels()
        self._commands = DigitCommands(self.work, self.panels, store, window)
        self._recent = RecentMenu()
        self._size = SizeSlider()
        actions = Actions(DIGIT_ACTIONS, self._commands)
        sets, crisp = sets_menu(actions), crisp_action()
        furniture = digits_furniture(actions, self.panels, self._recent, sets, crisp, self._size)
        super().__init__("digits", actions, furniture, window)
        for part in (self.work, self.panels, self._commands, actions, crisp):
            part.setParent(self)
        for menu in (self._recent, sets):
            menu.setParent(furniture.toolbar, menu.windowFlags())
        crisp.toggled.connect(self._show_crisp)
        self._size.valueChanged.connect(self.panels.clusters.set_side)
        self._commands.enlarged.connect(self._enlarge)
        self.panels.connect_to(self.work)
        self._is_first = True
        self._connect()
        self._show_recent()
        self.refresh()

    def _connect(self) -> None:
        work = self.work
        work.failed.connect(self._notices.show_error)
        work.progressed.connect(self.progressed)
        work.running_changed.connect(self.refresh)
        work.bridge.changed.connect(self._on_changed)
        work.experimenter.failed.connect(self._show_failed_run)
        work.experimenter.finished.connect(self._show_run_notes)
        work.opener.opened.connect(self._take_digits)
        work.opener.file_opened.connect(self._remember_file)
        work.opener.download_failed.connect(self._show_failed_download)
        work.exporter.finished.connect(self._show_exported)
        self.panels.setup.validity_changed.connect(self.refresh)
        self._recent.chosen.connect(work.opener.open_path)
        self._recent.cleared.connect(self._clear_recent)

    def begin(self) -> None:
        """Open the first digits, which are clustered at once."""
        self.work.opener.open_first()

    # What the window asks

    @property
    def heading(self) -> Heading:
        digits = self.work.workspace.document.digits
        return Heading("" if digits is None else digits.name)

    @property
    def is_busy(self) -> bool:
        return self.work.is_busy

    @Slot()
    def refresh(self) -> None:
        shown, is_running = self.work.workspace.shown, self.work.is_running
        self.actions.show_state(shown, is_running)
        self.actions.show_history(shown.undo_title, shown.redo_title)
        if not self.panels.setup.is_valid:
            self.actions["run"].setEnabled(False)
        self.furniture.toolbar.show_running(is_running)
        self.changed.emit()

    def stop(self) -> None:
        self.work.stop()

    def take(self, data: QMimeData) -> None:
        self.work.opener.open_mime(data)

    def shutdown(self) -> bool:
        return self.work.shutdown()

    # What comes of the work

    @Slot(object, object)
    def _on_changed(self, old: DigitShown, new: DigitShown) -> None:
        if new.document is not old.document:
            self.refresh()
        if new.document.digits is not old.document.digits:
            # What the bar says is about the digits before, also where undo has brought back others.
            self._notices.clear()

    @Slot(object)
    def _take_digits(self, digits: DigitSet) -> None:
        """Show a set; the first one, and drawn ones, which are quick, are clustered at once."""
        is_first, self._is_first = self._is_first, False
        work = self.work
        is_quick_look = is_first and digits.n_images > QUICK_LOOK and not digits.is_drawn
        if is_quick_look:
            work.apply(change_digit_setting("n_images", QUICK_LOOK, ""))
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
        self.work.apply(change_digit_setting("n_images", None, self.tr("All images")))
        self.work.settle()
        self.work.experimenter.run()

    @Slot(object)
    def _show_failed_run(self, error: Exception) -> None:
        if isinstance(error, GmmsegError) and self.work.workspace.shown.undo_title is not None:
            self._notices.say(str(error), "error", self.tr("Undo the change"), self._commands.undo)
        else:
            self._notices.show_error(error)

    @Slot(object)
    def _show_failed_download(self, error: Exception) -> None:
        self._notices.say(str(error), "error", self.tr("Try again"), self._commands.get_mnist)

    @Slot(object)
    def _show_run_notes(self, outcome: ExperimentOutcome) -> None:
        if outcome.warnings:
            self._notices.say(" ".join(outcome.warnings))
        elif self._notices.has_error:
            self._notices.clear()

    @Slot(object, bool)
    def _show_exported(self, paths: list[Path], was_stale: bool) -> None:
        text = self.tr("Exported {0}.").format(", ".join(shown_name(path) for path in paths))
        if was_stale:
            text += " " + self.tr("It is the last finished run; the newer settings are not in it.")
        folder = QUrl.fromLocalFile(str(paths[0].parent))
        self._notices.say(text, "note", self.tr("Open the folder"), partial(_open_outside, folder))

    # What menus ask for

    @Slot(bool)
    def _show_crisp(self, is_crisp: bool) -> None:
        self.panels.clusters.set_smooth(not is_crisp)

    @Slot(int)
    def _enlarge(self, steps: int) -> None:
        self._size.setValue(self._size.value() + 8 * steps)

    @Slot(object)
    def _remember_file(self, path: Path) -> None:
        self._store.add_recent(path, "digits")
        self._store.set_folder("digits", path.absolute().parent)
        self._show_recent()

    @Slot()
    def _clear_recent(self) -> None:
        self._store.clear_recent("digits")
        self._show_recent()

    def _show_recent(self) -> None:
        files = self._store.recent_files("digits")
        self._recent.show_files([(path, shown_name(path), os.path.exists(path)) for path in files])


def _open_outside(url: QUrl) -> None:
    QDesktopServices.openUrl(url)


def digits_desk(store: SettingsStore, notices: Notices, window: QWidget) -> DigitsDesk:
    """Return the desk with its first digits on their way."""
    desk = DigitsDesk(store, notices, window)
    desk.begin()
    return desk
