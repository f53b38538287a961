"""Exporter: asks what to write, and writes it in the background to the end."""

from __future__ import annotations

import os
from collections.abc import Callable, Collection
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Qt, Signal, Slot
from PySide6.QtWidgets import QWidget

from gmmseg.photo.document import Document
from gmmseg.photo.project import PhotoProject
from gmmseg.photo.view_state import ViewState
from gmmseg.photo.workspace import Workspace
from ui.desk.job_runner import JobRunner
from ui.desk.workers import FileExporter
from ui.photo.opening import own_file
from ui.settings_store import SettingsStore

if TYPE_CHECKING:
    from gmmseg.batch.documents import Subject
    from gmmseg.batch.texts import Language
    from gmmseg.io.export_items import ExportItem
    from ui.photo.export_dialog import ExportDialog


def _no_project() -> Path | None:
    return None


class Exporter(FileExporter):
    """Writes the document's last complete fit, or its regions, whatever is running meanwhile.

    Regions are never older than the settings. What they need is imported with the first: the window is
    there sooner without it.
    """

    exported = Signal(object)
    """The `Document` of which files were written, as it was when that was asked for."""

    _workspace: Workspace

    def __init__(
        self, workspace: Workspace, runner: JobRunner, store: SettingsStore, parent: QObject | None = None
    ) -> None:
        super().__init__(workspace, runner, store, parent)
        self._exported_from: Path | None = None
        self.saved_project: Callable[[], Path | None] = _no_project
        """Returns the file that holds the document as it is, where there is one."""

    def ask(
        self,
        parent: QWidget,
        *,
        preferred: Subject = "classes",
        overlay_opacity: float = 0.5,
        chosen: Collection[int] = (),
    ) -> None:
        """Show the dialog, with what is preferred chosen at first; what is chosen is written.

        Of objects those of the ids `chosen` can be written alone.
        """
        dialog = self._dialog(parent, preferred, overlay_opacity, len(chosen))
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.export_requested.connect(
            lambda items, subject: self._on_requested(items, subject, chosen if dialog.is_of_chosen else None)
        )
        dialog.open()

    def offered_text(self, language: Language, parent: QWidget, preferred: Subject) -> str:
        """Return a text that writes what the dialog would offer; raises as `text`."""
        dialog = self._dialog(parent, preferred, 0.5)
        items, subject = dialog.items(), dialog.subject
        dialog.deleteLater()
        return self.text(language, items, subject)

    def text(self, language: Language, items: list[ExportItem], subject: Subject) -> str:
        """Return a command or a script that writes files of the document again, with the same bytes.

        Raises
        ------
        EditError
            Only a saved project could tell what was done.
        """
        from gmmseg.batch.again import again
        from gmmseg.batch.documents import as_in_document
        from gmmseg.batch.texts import text_of

        document = self._workspace.document
        wanted = again(document, subject, as_in_document(items, document, subject), self.saved_project())
        return text_of(language, wanted)

    def _dialog(
        self, parent: QWidget, preferred: Subject, overlay_opacity: float, n_chosen: int = 0
    ) -> ExportDialog:
        from ui.photo.export_dialog import ExportDialog

        shown = self._workspace.shown
        image = shown.document.image
        return ExportDialog(
            "image" if image is None else image.source.name,
            self._offered_folder(),
            shown.document.classes,
            self._kinds_at_first(preferred),
            0 if shown.regions is None else shown.regions.regions.n_regions,
            len(shown.document.objects or ()),
            n_chosen,
            preferred,
            overlay_opacity,
            make_text=self.text,
            parent=parent,
            is_beyond_memory=shown.document.is_beyond_memory,
            is_missing=PhotoProject.is_missing(image),
        )

    def _kinds_at_first(self, subject: Subject) -> tuple[str, ...]:
        """Return what was written last; of objects at least what only they have."""
        from gmmseg.io.export_items import OBJECT_KINDS

        last = tuple(self._store.export_kinds)
        if subject == "objects" and not set(OBJECT_KINDS) & set(last):
            return ("cutout",)
        return last or ("mask",)

    def _offered_folder(self) -> Path:
        """Return where exports of the image's folder went last, at first that folder itself."""
        beside = self._image_folder()
        is_new = beside is not None and beside != self._exported_from and os.access(beside, os.W_OK)
        return beside if beside is not None and is_new else self._store.folder("export")

    def _image_folder(self) -> Path | None:
        """Return the folder of the image, where it is a file of the user's."""
        path = own_file(self._workspace.document.image)
        return None if path is None else path.parent

    def _on_requested(
        self, items: list[ExportItem], subject: Subject, chosen: Collection[int] | None
    ) -> None:
        self._exported_from = self._image_folder()
        self._store.set_folder("export", items[0].path.parent)
        self._store.export_kinds = tuple(item.kind for item in items if item.kind != "legend")
        self.write(self._workspace.shown, items, subject, chosen)

    def write(
        self,
        shown: ViewState,
        items: list[ExportItem],
        subject: Subject = "classes",
        chosen: Collection[int] | None = None,
    ) -> None:
        """Write files of the state shown, after what was asked for before.

        Classes are of the last complete fit, regions cut as the settings say, objects those of the ids
        `chosen` or all. The photo looks as it does on screen.
        """
        if shown.document.is_beyond_memory and subject == "classes":
            from ui.photo.large import exporting_of_levels

            report = self.runner.report
            self.runner.start(lambda should_stop: exporting_of_levels(shown, items, report, should_stop))
            return
        from gmmseg.batch.documents import as_in_document
        from ui.photo.export_work import export_shown_events

        told = as_in_document(items, shown.document, subject)
        self.runner.start(lambda should_stop: export_shown_events(shown, subject, told, chosen, should_stop))

    @Slot(str, int)
    def write_parts(self, path: str, least: int) -> None:
        """Write the connected parts of the classes shown to a .csv."""
        from gmmseg.io.export_items import ExportItem

        self.write(self._workspace.shown, [ExportItem(Path(path), "parts", least_part=least)])

    def write_foreground(self, stack: Path, folder: Path) -> None:
        """Write what is in front in each frame of a stack, as ``gmmseg frames`` does."""
        from gmmseg.io.foreground_export import foreground_export_events

        self._store.set_folder("export", folder)
        settings = self._workspace.document.background_settings
        self.runner.start(lambda should_stop: foreground_export_events(stack, folder, settings, should_stop))

    def write_animation(self, path: Path) -> None:
        """Write the map of each step of the document's fit, beside the rise of its likelihood."""
        from gmmseg.io.fit_animation import fit_animation_events

        fit, classes = self._workspace.document.fit, self._workspace.document.classes
        if fit is not None:
            self._store.set_folder("export", path.absolute().parent)
            self.runner.start(lambda should_stop: fit_animation_events(fit, classes, path, should_stop))

    @Slot(object, object)
    def _on_finished(self, run: int, result: tuple[list[Path], bool, Document] | list[Path]) -> None:
        if isinstance(result, list):
            # Masks of a stack's frames, and an animation, are no export of the document's results.
            self.finished.emit(result, False)
            return
        paths, was_stale, document = result
        self.exported.emit(document)
        self.finished.emit(paths, was_stale)
