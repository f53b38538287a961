"""WindowCommands: what the actions of the window do, one method each."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, Qt, QUrl, Slot
from PySide6.QtGui import QDesktopServices, QGuiApplication
from PySide6.QtWidgets import QApplication, QDialog, QFileDialog

from gmmseg.document import change_settings, show_class
from gmmseg.io.images import FILE_GROUPS
from gmmseg.limits import set_memory_budget
from gmmseg.settings import SegmentSettings
from ui.exporting import mask_picture
from ui.last_resort import log_folder
from ui.theme import Scheme, apply_theme

if TYPE_CHECKING:
    from ui.app import App


class WindowCommands(QObject):
    """The commands of `ui.actions`, each a line or two on the parts of the application.

    Parameters
    ----------
    app : App
        Whose parts they are.
    """

    def __init__(self, app: App) -> None:
        super().__init__(app)
        self._app = app

    def open_file(self) -> None:
        dialog = QFileDialog(self._app.window, self.tr("Open an image"), str(self._app.store.folder("open")))
        dialog.setObjectName("openDialog")
        dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
        filters = [f"{title} ({' '.join(f'*{suffix}' for suffix in ends)})" for title, ends in FILE_GROUPS]
        dialog.setNameFilters([*filters, self.tr("All files (*)")])
        dialog.fileSelected.connect(self._open_chosen)
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()

    @Slot(str)
    def _open_chosen(self, name: str) -> None:
        self._app.opener.open_path(Path(name))

    def paste_image(self) -> None:
        self._app.opener.open_mime(QGuiApplication.clipboard().mimeData())

    def export(self) -> None:
        self._app.exporter.ask(self._app.window)

    def quit(self) -> None:
        self._app.window.close()

    def undo(self) -> None:
        self._app.workspace.undo()

    def redo(self) -> None:
        self._app.workspace.redo()

    def copy_view(self) -> None:
        QGuiApplication.clipboard().setImage(self._app.panes.current_view_image())

    def copy_mask(self) -> None:
        shown = self._app.workspace.shown
        if shown.segmentation is not None:
            QGuiApplication.clipboard().setImage(mask_picture(shown.segmentation, shown.classes))

    def run_fit(self) -> None:
        self._app.fitter.run()

    def stop(self) -> None:
        if self._app.reads.is_running:
            self._app.reads.cancel()
        elif self._app.fits.is_running:
            self._app.fitter.stop()
        else:
            self._app.exports.cancel()

    def cancel(self) -> None:
        self._app.reads.cancel()
        self._app.fitter.cancel()

    def step(self) -> None:
        if self._app.selected_step is None:
            self._app.convergence.select(0)
        else:
            self._app.convergence.select_by(1)

    def reset_settings(self) -> None:
        self._app.apply(change_settings(SegmentSettings(), self.tr("Reset settings")))

    def fit_view(self) -> None:
        self._app.panes.fit_view()

    def actual_size(self) -> None:
        self._app.panes.zoom_actual()

    def zoom_in(self) -> None:
        self._app.panes.zoom_in()

    def zoom_out(self) -> None:
        self._app.panes.zoom_out()

    def toggle_overlay(self) -> None:
        self._app.panes.toggle_overlay()

    def show_panes(self, n_panes: int) -> None:
        self._app.panes.set_layout(n_panes)

    def toggle_full_screen(self) -> None:
        self._app.window.toggle_full_screen()

    def reset_layout(self) -> None:
        self._app.window.reset_layout()

    def use_scheme(self, scheme: Scheme) -> None:
        self._app.store.scheme = scheme
        application = QApplication.instance()
        if isinstance(application, QApplication):
            apply_theme(application, scheme)

    def select_class(self, class_id: int) -> None:
        if any(entry.id == class_id for entry in self._app.workspace.shown.classes):
            self._app.classes.select_class(class_id)

    def show_all_classes(self) -> None:
        for entry in self._app.workspace.document.classes:
            if not entry.is_visible:
                self._app.apply(show_class(entry.id, True))

    def show_preferences(self) -> None:
        from ui.dialogs.preferences import Preferences, PreferencesDialog

        dialog = PreferencesDialog(
            Preferences(self._app.store.scheme, self._app.store.memory_budget), self._app.window
        )
        dialog.changed.connect(self._use_preferences)
        _open_once(dialog)

    def show_shortcuts(self) -> None:
        from ui.dialogs.shortcuts import ShortcutsDialog

        _open_once(ShortcutsDialog(self._app.window.shortcuts(), self._app.window))

    def open_log_folder(self) -> None:
        QDesktopServices.openUrl(QUrl.fromLocalFile(str(log_folder())))

    def show_about(self) -> None:
        from ui.dialogs.about import AboutDialog

        _open_once(AboutDialog(self._app.window))

    @Slot(object)
    def _use_preferences(self, preferences: Any) -> None:
        self._app.store.memory_budget = preferences.memory_budget
        set_memory_budget(preferences.memory_budget)
        self._app.actions[f"scheme_{preferences.scheme}"].setChecked(True)
        self.use_scheme(preferences.scheme)


def _open_once(dialog: QDialog) -> None:
    """Show a dialog that is destroyed when it is closed."""
    dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    dialog.open()
