"""PhotoCommands: what the actions of the photo desk do, one method each."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QObject, Slot
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QFileDialog, QWidget

from gmmseg.io.images import FILE_GROUPS
from gmmseg.photo.document import reset_settings, show_class
from ui.photo.exporting import mask_picture
from ui.photo.wiring import PhotoPanels
from ui.photo.work import PhotoWork
from ui.settings_store import SettingsStore


class PhotoCommands(QObject):
    """The commands of `ui.photo.actions`, each a line or two on the parts of the desk.

    Parameters
    ----------
    work : PhotoWork
    panels : PhotoPanels
    store : SettingsStore
    window : QWidget
        Over which dialogs open.
    """

    def __init__(
        self,
        work: PhotoWork,
        panels: PhotoPanels,
        store: SettingsStore,
        window: QWidget,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._work = work
        self._panels = panels
        self._store = store
        self._window = window

    def open_file(self) -> None:
        dialog = QFileDialog(self._window, self.tr("Open an image"), str(self._store.folder("open")))
        dialog.setObjectName("openDialog")
        dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
        filters = [f"{title} ({' '.join(f'*{suffix}' for suffix in ends)})" for title, ends in FILE_GROUPS]
        dialog.setNameFilters([*filters, self.tr("All files (*)")])
        dialog.fileSelected.connect(self._open_chosen)
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()

    @Slot(str)
    def _open_chosen(self, name: str) -> None:
        self._work.opener.open_path(Path(name))

    def paste_image(self) -> None:
        self._work.opener.open_mime(QGuiApplication.clipboard().mimeData())

    def export(self) -> None:
        self._work.exporter.ask(self._window, prefers_regions=self._panels.panes.is_about_regions)

    def copy_view(self) -> None:
        QGuiApplication.clipboard().setImage(self._panels.panes.current_view_image())

    def copy_mask(self) -> None:
        shown = self._work.workspace.shown
        if shown.segmentation is not None:
            QGuiApplication.clipboard().setImage(mask_picture(shown.segmentation, shown.classes))

    def step(self) -> None:
        if self._work.selected_step is None:
            self._panels.convergence.select(0)
        else:
            self._panels.convergence.select_by(1)

    def reset_settings(self) -> None:
        self._work.apply(reset_settings(self.tr("Reset settings")))

    def select_class(self, class_id: int) -> None:
        if any(entry.id == class_id for entry in self._work.workspace.shown.classes):
            self._panels.classes.select_class(class_id)

    def show_all_classes(self) -> None:
        for entry in self._work.workspace.document.classes:
            if not entry.is_visible:
                self._work.apply(show_class(entry.id, True))
