"""App: the composition root: the window, the desks in it, and how the program begins and ends."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Sequence
from functools import partial
from importlib import import_module
from pathlib import Path

from PySide6.QtCore import QCoreApplication, QMimeData, QObject, Slot
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QApplication

from gmmseg.control import Progress
from gmmseg.features.table import FeatureTable
from gmmseg.limits import set_memory_budget
from gmmseg.version import VERSION
from ui.commands import WINDOW_ACTIONS, WindowCommands
from ui.desk.actions import Actions, bound_to
from ui.desk.ahead import Ahead
from ui.desk.desk import Desk, KeptWork
from ui.garbage import GarbageCollector
from ui.last_resort import BugCatcher, SignalWatch, start_log, stop_log
from ui.main_window import MainWindow
from ui.notices import BugReports, Notices
from ui.photo.desk import PhotoDesk
from ui.recovering import Recovery
from ui.settings_store import SettingsStore
from ui.theme import apply_theme


class App(QObject):
    """The running program: one window, and the desks at which one can work in it.

    Parameters
    ----------
    store : SettingsStore
    log : Path, optional
        The log file.
    """

    def __init__(self, store: SettingsStore, log: Path | None = None) -> None:
        super().__init__()
        self.store = store
        self.window = MainWindow(store.layouts())
        self._bugs = BugReports(self.window, log)
        self._notices: dict[str, Notices] = {}
        self.commands = WindowCommands(self.window, store, self)
        self.actions = Actions(WINDOW_ACTIONS, bound_to(self.commands, self.window), self)
        self.window.set_actions(self.actions)
        self._makers: dict[str, Callable[[], Desk]] = {}
        self._desks: dict[str, Desk] = {}
        self._desk: Desk | None = None
        self._is_leaving = False
        notices = Notices(self.window.errors, self._bugs)
        self.recovery = Recovery(self._left_journals, self._recover, store, notices, self.window)
        self.photo = PhotoDesk(store, self._notices_of("photo"), self.window)
        self.offer("photo", self.tr("Photo"), "photo", lambda: self.photo)
        self.offer("digits", self.tr("Digits"), "digits", self._make_digits)
        self.offer("laboratory", self.tr("Laboratory"), "laboratory", self._make_laboratory)
        docking, desks = self.window.docking, self._desks
        # Mostly not needed at all, but not to be looked for when something is amiss.
        load_report = partial(import_module, "ui.dialogs.bug_report")
        self.ahead = Ahead(
            self.window,
            lambda: any(desk.can_stop or desk.is_busy for desk in desks.values()),
            lambda: [load_report, *(load for desk in desks.values() for load in desk.loads_ahead)],
            docking.make_ahead,
            self,
        )
        self._connect_window()
        self._restore()
        self.work_at("photo")

    def offer(self, name: str, title: str, icon_name: str, make: Callable[[], Desk]) -> None:
        """Offer a desk, which is made when it is first worked at."""
        self._makers[name] = make
        self.window.add_mode(name, title, icon_name)

    @Slot(str)
    def work_at(self, name: str) -> None:
        """Show the desk of that name."""
        desk = self._desks.get(name)
        if desk is None:
            desk = self._desks[name] = self._makers[name]()
            desk.changed.connect(self._refresh)
            desk.changed.connect(self.ahead.put_off)
            desk.progressed.connect(self._show_progress)
            desk.noted.connect(self.window.show_note)
            desk.theory_asked.connect(self._show_theory)
            desk.recover_asked.connect(self.recovery.show_all)
            desk.left_over.connect(self.recovery.offer)
            desk.handed_over.connect(self._take_kept)
            self.window.add_desk(desk)
        if desk is not self.photo:
            # The steps for beginners are about photos.
            self.window.hints.clear()
        self._desk = desk
        self.window.show_desk(desk)
        # A message is kept before another one takes its place.
        for each in sorted(self._notices, key=lambda each: each == name):
            self._notices[each].set_in_use(each == name)
        self._refresh()

    def _notices_of(self, name: str) -> Notices:
        """Return the notices of a desk, which is not in use yet."""
        return self._notices.setdefault(name, Notices(self.window.errors, self._bugs, is_in_use=False))

    def _make_digits(self) -> Desk:
        # Imported when first wanted: the photo is on screen sooner without it.
        from ui.digits.desk import digits_desk

        return digits_desk(self.store, self._notices_of("digits"), self.window)

    def _make_laboratory(self) -> Desk:
        from ui.laboratory.desk import laboratory_desk

        notices = self._notices_of("laboratory")
        return laboratory_desk(self.store, notices, self.window, self._photo_rows)

    @Slot(str)
    def _show_theory(self, page: str) -> None:
        """Open a page of the laboratory."""
        self.work_at("laboratory")
        if self._desk is not None:
            self._desk.open_page(page)

    def _photo_rows(self) -> FeatureTable | None:
        """Return the rows of the photo that is open, as they were fitted."""
        return self.photo.work.workspace.shown.table

    @Slot(object)
    def _take_kept(self, kept: KeptWork) -> None:
        """Go on with a project, or with what a journal held, at the desk that it is of."""
        name = kept.read.project.kind
        self.work_at(name)
        self._desks[name].take_kept(kept)

    def _recover(self, journal: Path) -> None:
        if self._desk is not None:
            self._desk.recover(journal)

    def _left_journals(self) -> list[Path]:
        return [journal for desk in self._desks.values() for journal in desk.left_journals]

    def _connect_window(self) -> None:
        self.window.mode_requested.connect(self.work_at)
        self.window.dropped.connect(self._take)
        self.window.may_close = self._may_close
        self.window.closing.connect(self._on_closing)
        self.window.hints.dismissed.connect(self.store.dismiss_hint)
        self.photo.panels.panes.covered_foot = self.window.covered_foot
        # Who has made an object has no need of the steps any more.
        self.photo.toolbox.chosen_changed.connect(self.window.hints.clear)
        self.window.progress.stop_requested.connect(self._stop)
        self.commands.scheme_used.connect(self._check_scheme)

    def _restore(self) -> None:
        """Bring back what the store remembers of the last time."""
        if not self.store.geometry().isEmpty():
            self.window.restoreGeometry(self.store.geometry())
        set_memory_budget(self.store.memory_budget)
        self._check_scheme(self.store.scheme)
        if not self.store.is_hint_dismissed:
            hint = self.tr(
                "Click an object and press Enter to cut it out  ·  drop a photo of your own  ·  "
                "Ctrl+E exports"
            )
            self.window.hints.show_message(hint, "hint")

    # Beginning and end

    def begin(self, paths: Sequence[Path] = ()) -> None:
        """Show the window and open the files given, or the first sample."""
        # The file is read while the window is laid out and painted.
        self.recovery.begin()
        self.photo.begin(paths)
        if not paths and self.store.desk in self._makers:
            self.work_at(self.store.desk)
        self.window.show()
        self.ahead.begin()

    @Slot()
    def shutdown(self) -> bool:
        """End all work. Returns whether all threads have ended."""
        ended = [
            self.ahead.shutdown(),
            self.recovery.shutdown(),
            *(desk.shutdown() for desk in self._desks.values()),
        ]
        return all(ended)

    def end(self) -> None:
        """Close the window without a question; what is not saved can be recovered at the next start."""
        self._is_leaving = True
        self.window.close()

    def _may_close(self) -> bool:
        """Whether nothing would be lost; if something would, ask what is to become of it."""
        unsaved = [desk for desk in self._desks.values() if desk.has_unsaved]
        if self._is_leaving or not unsaved:
            return True
        from ui.dialogs.unsaved import UnsavedDialog

        if self.window.findChild(UnsavedDialog) is None:
            dialog = UnsavedDialog([desk.heading.name for desk in unsaved], self.window)
            dialog.finished.connect(self._on_unsaved_answered)
            dialog.open()
        return False

    @Slot(int)
    def _on_unsaved_answered(self, button: int) -> None:
        from ui.dialogs.unsaved import DISCARD, SAVE

        if button == DISCARD.value:
            for desk in self._desks.values():
                desk.discard()
            self.end()
        elif button == SAVE.value:
            self._save_and_leave()

    def _save_and_leave(self) -> None:
        """Save at one desk after the other, and leave when nothing is left to save."""
        for desk in self._desks.values():
            if desk.has_unsaved:
                desk.save_then(self._save_and_leave)
                return
        self.end()

    @Slot()
    def _on_closing(self) -> None:
        self.store.set_window(self.window.saveGeometry(), self.window.docking.layouts())
        for desk in self._desks.values():
            desk.remember()
        if self._desk is not None:
            self.store.desk = self._desk.name
        self.store.save()
        self.shutdown()

    # What the desk in use says

    @Slot()
    def _refresh(self) -> None:
        """Bring title and progress up to date."""
        if self._desk is not None:
            self.window.show_heading(self._desk.heading)
            self.window.progress.set_stoppable(self._desk.can_stop)
            if not self._desk.is_busy:
                self.window.progress.finish()

    @Slot(object)
    def _show_progress(self, progress: Progress) -> None:
        if self.sender() is self._desk:
            self.window.progress.show_progress(progress)

    @Slot(object)
    def show_bug(self, error: BaseException) -> None:
        """Show an exception that nobody caught; the buttons are what they should be again."""
        self._bugs.show_bug(error)
        for desk in self._desks.values():
            desk.refresh()

    # What the window asks

    @Slot(object)
    def _take(self, data: QMimeData) -> None:
        if self._desk is not None:
            self._desk.take(data)

    @Slot()
    def _stop(self) -> None:
        if self._desk is not None:
            self._desk.stop()

    @Slot(str)
    def _check_scheme(self, scheme: str) -> None:
        self.actions[f"scheme_{scheme}"].setChecked(True)


def run(names: Sequence[str]) -> int:
    """Open the window on the files given and return the exit code when it is closed."""
    QCoreApplication.setOrganizationName("gmmseg")
    QCoreApplication.setApplicationName("gmmseg")
    QCoreApplication.setApplicationVersion(VERSION)
    QGuiApplication.setApplicationDisplayName("gmmseg")
    QGuiApplication.setDesktopFileName("gmmseg")
    application = QApplication(sys.argv[:1])
    # The window waits for the interpreter a thousandth of a second at most while a fit has it.
    sys.setswitchinterval(0.001)
    collector = GarbageCollector()
    log = start_log()
    store = SettingsStore()
    apply_theme(application, store.scheme)
    app = App(store, log)
    catcher = BugCatcher()
    catcher.caught.connect(app.show_bug)
    catcher.install()
    watch = SignalWatch(app.end)
    application.aboutToQuit.connect(app.shutdown)
    app.begin([Path(name) for name in names])
    collector.start()
    code = application.exec()
    watch.close()
    catcher.uninstall()
    is_over = app.shutdown()
    collector.close()
    stop_log()
    if not is_over:
        # A thread hangs in the operating system, on a dead network drive for instance; destroying it would
        # abort the process.
        os._exit(code)
    return int(code)
