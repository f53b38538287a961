"""Actions of the window itself, the same at every desk."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QObject, Qt, QUrl, Signal, Slot
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QApplication, QDialog

from gmmseg.limits import set_memory_budget
from ui.desk.actions import ActionSpec, Keys
from ui.last_resort import log_folder
from ui.main_window import MainWindow
from ui.settings_store import SettingsStore
from ui.theme import Scheme, apply_theme

Spec = ActionSpec[None]


class WindowCommands(QObject):
    """The commands of `WINDOW_ACTIONS`.

    Parameters
    ----------
    window : MainWindow
    store : SettingsStore
    """

    scheme_used = Signal(str)
    """The colour scheme is this one now."""

    def __init__(self, window: MainWindow, store: SettingsStore, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._window = window
        self._store = store

    def quit(self) -> None:
        self._window.close()

    def use_scheme(self, scheme: Scheme) -> None:
        self._store.scheme = scheme
        application = QApplication.instance()
        if isinstance(application, QApplication):
            apply_theme(application, scheme)
        self.scheme_used.emit(scheme)

    def show_preferences(self) -> None:
        from ui.dialogs.preferences import Preferences, PreferencesDialog

        store = self._store
        now = Preferences(store.scheme, store.memory_budget, store.n_backups, store.restores_session)
        dialog = PreferencesDialog(now, self._window)
        dialog.changed.connect(self._use_preferences)
        _open_once(dialog)

    def show_shortcuts(self) -> None:
        from ui.dialogs.shortcuts import ShortcutsDialog

        _open_once(ShortcutsDialog(self._window.shortcuts(), self._window))

    def open_log_folder(self) -> None:
        QDesktopServices.openUrl(QUrl.fromLocalFile(str(log_folder())))

    def show_theory(self) -> None:
        from ui.dialogs.theory import TheoryDialog

        _open_once(TheoryDialog(parent=self._window))

    def show_about(self) -> None:
        from ui.dialogs.about import AboutDialog

        _open_once(AboutDialog(self._window))

    def show_documents(self) -> None:
        from ui.dialogs.about import AboutDialog

        dialog = AboutDialog(self._window)
        dialog.tabs.setCurrentWidget(dialog.documents)
        _open_once(dialog)

    @Slot(object)
    def _use_preferences(self, preferences: Any) -> None:
        self._store.memory_budget = preferences.memory_budget
        set_memory_budget(preferences.memory_budget)
        self._store.n_backups = preferences.n_backups
        self._store.restores_session = preferences.restores_session
        self.use_scheme(preferences.scheme)


def _open_once(dialog: QDialog) -> None:
    """Show a dialog that is destroyed when it is closed."""
    dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    dialog.open()


def _scheme_spec(scheme: Scheme, text: str) -> Spec:
    return Spec(f"scheme_{scheme}", text, WindowCommands.use_scheme, group="scheme", arguments=(scheme,))


WINDOW_ACTIONS: tuple[Spec, ...] = (
    Spec("quit", "&Quit", WindowCommands.quit, (Keys.Quit, "Ctrl+Q")),
    Spec("preferences", "Pre&ferences…", WindowCommands.show_preferences, (Keys.Preferences, "Ctrl+,")),
    Spec("full_screen", "F&ull screen", MainWindow.toggle_full_screen, (Keys.FullScreen, "F11")),
    Spec(
        "fold_left", "Fold or unfold &left panels", MainWindow.toggle_side, ("Ctrl+Alt+Left",), "",
        tip="Fold the panels on the left away to the edge of the window", arguments=("left",),
    ),
    Spec(
        "fold_right", "Fold or unfold ri&ght panels", MainWindow.toggle_side, ("Ctrl+Alt+Right",), "",
        tip="Fold the panels on the right away to the edge of the window", arguments=("right",),
    ),
    Spec("reset_layout", "Reset la&yout", MainWindow.reset_layout),
    _scheme_spec("system", "&System"),
    _scheme_spec("light", "&Light"),
    _scheme_spec("dark", "&Dark"),
    Spec(
        "shortcuts", "&Keyboard shortcuts…", WindowCommands.show_shortcuts, (Keys.HelpContents, "Ctrl+Alt+/"),
        "help",
    ),
    Spec("log_folder", "Open &log folder", WindowCommands.open_log_folder, (), "folder"),
    Spec(
        "theory", "&Theory…", WindowCommands.show_theory, (), "",
        tip="Likelihood, mixtures and EM on a few pages, with formulas and their numbers in the documents",
    ),
    Spec(
        "documents", "About the &source documents…", WindowCommands.show_documents, (), "",
        tip="The lecture notes that this program follows, and the slips in them",
    ),
    Spec("about", "&About gmmseg…", WindowCommands.show_about, (), "info"),
)  # fmt: skip
