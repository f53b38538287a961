"""Exporter: writes what the open page shows."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import Slot
from PySide6.QtWidgets import QWidget

from gmmseg.io.laboratory import scene_export_events
from gmmseg.laboratory.workspace import Workspace
from ui.desk.workers import FileExporter
from ui.widgets.dialog_parts import ask_file

ANIMATED = (".gif", ".apng")


class Exporter(FileExporter):
    """Asks for a file and writes the figures of the open page to it, or its picture."""

    _workspace: Workspace
    make_picture: Callable[[], bytes] = bytes
    """Returns the page as it is drawn, a PNG file."""

    def ask(self, parent: QWidget) -> None:
        """Ask for the file."""
        name = f"{self._workspace.document.name}.csv"
        filters = [self.tr("Table (*.csv)"), self.tr("Picture (*.png)")]
        if self._has_moments:
            filters += [
                self.tr("Animation of all steps (*.gif)"),
                self.tr("The same in all colours (*.apng)"),
            ]
        folder, title = self._store.folder("export"), self.tr("Export figures")
        ask_file(parent, "exportLaboratory", title, folder, self.write, filters, offered=name)

    def write(self, path: Path) -> None:
        """Write the figures of the open page, after what was asked for before."""
        self._store.set_folder("export", path.absolute().parent)
        if path.suffix.lower() in ANIMATED:
            self._animate(path)
            return
        scene, picture = self._workspace.shown.scene, self.make_picture()
        self.runner.start(lambda should_stop: scene_export_events(scene, picture, path))

    @property
    def _has_moments(self) -> bool:
        transport = self._workspace.shown.scene.transport
        return transport is not None and transport.length > 1

    def _animate(self, path: Path) -> None:
        # Here, so that the desk is there sooner without it.
        from gmmseg.io.page_animation import page_animation_events

        page = self._workspace.document.page
        self.runner.start(lambda should_stop: page_animation_events(page, path, should_stop))

    @Slot(object, object)
    def _on_finished(self, run: int, paths: list[Path]) -> None:
        self.finished.emit(paths, False)
