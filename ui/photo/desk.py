"""PhotoDesk: segmenting photos: its work, panels and actions brought together."""

from __future__ import annotations

import os
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from PySide6.QtCore import QMimeData, QUrl, Slot
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QWidget

from gmmseg.document import Fit, change_setting, open_image
from gmmseg.errors import GmmsegError
from gmmseg.image import Image
from gmmseg.io.probe import shown_name
from gmmseg.samples import DEFAULT_SAMPLE
from gmmseg.settings import SPACE_TITLES
from gmmseg.workspace import Shown
from ui.actions import Actions
from ui.desk import Desk, Heading
from ui.notices import Notices
from ui.photo.actions import PHOTO_ACTIONS
from ui.photo.commands import PhotoCommands
from ui.photo.furniture import OpacitySlider, SamplesMenu, photo_furniture
from ui.photo.panels import PhotoPanels
from ui.photo.work import PhotoWork
from ui.settings_store import SettingsStore
from ui.widgets.recent_menu import RecentMenu


class PhotoDesk(Desk):
    """The desk at which the program begins.

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
        self.work = PhotoWork(store)
        self.panels = PhotoPanels()
        self._commands = PhotoCommands(self.work, self.panels, store, window)
        self._recent = RecentMenu()
        self._samples = SamplesMenu(self.work.opener.open_sample)
        self._opacity = OpacitySlider()
        actions = Actions(PHOTO_ACTIONS, self._commands)
        furniture = photo_furniture(actions, self.panels, self._recent, self._samples, self._opacity)
        super().__init__("photo", actions, furniture, window)
        for part in (self.work, self.panels, self._commands, actions):
            part.setParent(self)
        for menu in (self._recent, self._samples):
            menu.setParent(furniture.toolbar, menu.windowFlags())
        self.panels.connect_to(self.work)
        self._connect()
        self._restore()
        self.refresh()

    def _connect(self) -> None:
        work, panels = self.work, self.panels
        work.failed.connect(self._notices.show_error)
        work.progressed.connect(self.progressed)
        work.running_changed.connect(self.refresh)
        work.bridge.changed.connect(self._on_changed)
        work.fitter.failed.connect(self._show_failed_fit)
        work.fitter.fitted.connect(self._show_fit_notes)
        work.opener.opened.connect(self._show_image)
        work.opener.file_opened.connect(self._remember_file)
        work.exporter.finished.connect(self._show_exported)
        panels.setup.frame_requested.connect(self._open_frame)
        panels.setup.validity_changed.connect(self.refresh)
        panels.k_curve.compare_requested.connect(self._compare)
        panels.panes.layout_changed.connect(self._check_layout)
        self._opacity.valueChanged.connect(self._set_opacity)
        self._recent.chosen.connect(work.opener.open_path)
        self._recent.cleared.connect(self._clear_recent)

    def _restore(self) -> None:
        """Bring back what the store remembers of the last time."""
        panes = self.panels.panes
        if not self._store.panes:
            panes.set_layout(2)
        panes.restore(self._store.panes)
        self._opacity.setValue(round(100 * float(panes.state()["opacity"])))
        self._check_layout(panes.n_panes)
        self._show_recent()

    def begin(self, paths: Sequence[Path] = ()) -> None:
        """Open the files given, or the first sample."""
        if paths:
            self.work.opener.open_paths(paths)
        else:
            self.work.opener.open_sample(DEFAULT_SAMPLE)

    # What the window asks

    @property
    def heading(self) -> Heading:
        shown = self.work.workspace.shown
        image = shown.document.image
        name = image.source.name if image is not None else ""
        return Heading(name, shown.undo_title is not None and shown.document.is_stale)

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
        self.actions["stop"].setEnabled(self.work.is_busy)
        self.furniture.toolbar.show_running(is_running)
        self.changed.emit()

    def stop(self) -> None:
        self.work.stop()

    def take(self, data: QMimeData) -> None:
        self.work.opener.open_mime(data)

    def remember(self) -> None:
        self._store.panes = self.panels.panes.state()

    def shutdown(self) -> bool:
        return self.work.shutdown()

    # What comes of the work

    @Slot(object, object)
    def _on_changed(self, old: Shown, new: Shown) -> None:
        has_other_maps = new.segmentation is not old.segmentation
        if (
            new.document is not old.document
            or has_other_maps
            or (new.regions is None) != (old.regions is None)
        ):
            self.refresh()
        if new.document.image is not old.document.image:
            # What the bar says is about the image before, also where undo has brought back another one.
            self._notices.clear()

    @Slot(object, object)
    def _show_image(self, image: Image, note: str) -> None:
        workspace = self.work.workspace
        wanted = workspace.document.settings.features.space
        self.work.apply(open_image(image))
        self.work.settle()
        space = workspace.document.settings.features.space
        if space != wanted:
            lacking = self.tr("The image has no colours for {0}; it is segmented by {1}.")
            note = f"{lacking.format(SPACE_TITLES[wanted], SPACE_TITLES[space])} {note}".rstrip()
        if note:
            self._notices.say(note)

    @Slot(object)
    def _show_failed_fit(self, error: Exception) -> None:
        if isinstance(error, GmmsegError) and self.work.workspace.shown.undo_title is not None:
            self._notices.say(str(error), "error", self.tr("Undo the change"), self._commands.undo)
        else:
            self._notices.show_error(error)

    @Slot(object)
    def _show_fit_notes(self, fit: Fit) -> None:
        if fit.result.warnings:
            self._notices.say(" ".join(fit.result.warnings))
        elif self._notices.has_error:
            self._notices.clear()

    @Slot(object, bool)
    def _show_exported(self, paths: list[Path], was_stale: bool) -> None:
        text = self.tr("Exported {0}.").format(", ".join(shown_name(path) for path in paths))
        if was_stale:
            text += " " + self.tr("It is the last finished fit; the newer settings are not in it.")
        folder = QUrl.fromLocalFile(str(paths[0].parent))
        self._notices.say(text, "note", self.tr("Open the folder"), partial(_open_outside, folder))

    # What panels and menus ask for

    @Slot()
    def _compare(self) -> None:
        self.work.apply(change_setting("auto", "bic", self.tr("Compare K")))
        self.work.settle()

    @Slot(int)
    def _open_frame(self, frame: int) -> None:
        image = self.work.workspace.document.image
        if image is not None and image.source.path is not None:
            self.work.opener.open_path(image.source.path, frame=frame)

    @Slot(int)
    def _set_opacity(self, percent: int) -> None:
        self.panels.panes.set_overlay_opacity(percent / 100)

    @Slot(int)
    def _check_layout(self, n_panes: int) -> None:
        self.actions[f"panes{n_panes}"].setChecked(True)

    @Slot(object)
    def _remember_file(self, path: Path) -> None:
        self._store.add_recent(path)
        self._store.set_folder("open", path.absolute().parent)
        self._show_recent()

    @Slot()
    def _clear_recent(self) -> None:
        self._store.clear_recent()
        self._show_recent()

    def _show_recent(self) -> None:
        files = self._store.recent_files()
        self._recent.show_files([(path, shown_name(path), os.path.exists(path)) for path in files])


def _open_outside(url: QUrl) -> None:
    QDesktopServices.openUrl(url)
