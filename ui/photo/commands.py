"""PhotoCommands: what the actions of the photo desk do, one method each."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QRectF, Slot
from PySide6.QtGui import QGuiApplication, QImage
from PySide6.QtWidgets import QFileDialog, QWidget

from gmmseg.errors import GmmsegError
from gmmseg.io.images import FILE_GROUPS
from gmmseg.io.projects.archive import SUFFIX
from gmmseg.photo.classes import default_classes
from gmmseg.photo.document import reset_settings, show_classes
from gmmseg.photo.objects.patch import Patch
from ui.notices import Notices
from ui.photo.copying import CopyRequest, mask_content, object_content
from ui.photo.opening import own_file
from ui.photo.panels.picture_requests import regions_of
from ui.photo.toolbox import Toolbox
from ui.photo.widgets.captions import counted_regions, hidden_note
from ui.photo.wiring import PhotoPanels
from ui.photo.work import PhotoWork
from ui.settings_store import SettingsStore
from ui.widgets.dialog_parts import ask_file, file_filter

if TYPE_CHECKING:
    from gmmseg.batch.documents import Subject
    from gmmseg.batch.texts import Language
    from gmmseg.io.export_items import ExportKind
    from ui.photo.batch_dialog import BatchDialog


class PhotoCommands(QObject):
    """The commands of `ui.photo.actions`, each a line or two on the parts of the desk.

    Parameters
    ----------
    work : PhotoWork
    panels : PhotoPanels
    store : SettingsStore
    notices : Notices
    window : QWidget
        Over which dialogs open.
    toolbox : Toolbox
    """

    def __init__(
        self,
        work: PhotoWork,
        panels: PhotoPanels,
        store: SettingsStore,
        notices: Notices,
        window: QWidget,
        toolbox: Toolbox,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._work = work
        self._toolbox = toolbox
        self._panels = panels
        self._store = store
        self._notices = notices
        self._window = window
        self._batch: BatchDialog | None = None
        self._copying: CopyRequest | None = None
        """What is put on the clipboard when it is ready, unless something else gets there before."""
        work.copier.answered.connect(self._put_on_clipboard)
        QGuiApplication.clipboard().dataChanged.connect(self._forget_copying)

    def open_file(self) -> None:
        both = file_filter(self.tr("Images and projects"), (*FILE_GROUPS[0][1], SUFFIX))
        groups = (*FILE_GROUPS, (self.tr("Projects"), (SUFFIX,)))
        filters = [both, *(file_filter(*group) for group in groups), self.tr("All files (*)")]
        opener, folder = self._work.opener, self._store.folder("open")
        several = QFileDialog.FileMode.ExistingFiles
        title = self.tr("Open images")
        dialog = ask_file(self._window, "openDialog", title, folder, None, filters, several)
        dialog.filesSelected.connect(lambda names: opener.open_paths([Path(name) for name in names]))

    def open_objects(self) -> None:
        from gmmseg.io.object_reading import MASK_GROUPS

        filters = [*(file_filter(*group) for group in MASK_GROUPS), self.tr("All files (*)")]
        folder, title = self._store.folder("open"), self.tr("Open mask as objects")
        ask_file(self._window, "openMaskDialog", title, folder, self._work.mask_opener.open_path, filters)

    def apply_model(self) -> None:
        """Ask for a model that labels the image in place of a fit."""
        filters = [self.tr("Models (*.json)"), self.tr("All files (*)")]
        folder, title = self._store.folder("export"), self.tr("Apply model")
        ask_file(self._window, "applyModelDialog", title, folder, self._work.model_opener.open_path, filters)

    def list_folder(self) -> None:
        """Let the other images of the image's folder be next and previous."""
        path = self._own_path()
        if path is not None:
            self._work.opener.list_folder(path)

    def open_stack(self) -> None:
        """Let the images of the image's folder be the frames of a stack."""
        path = self._own_path()
        if path is not None:
            self._work.opener.open_stack(path)

    def _own_path(self) -> Path | None:
        """Return the image's file in a folder of the user's; where there is none, say so."""
        path = own_file(self._work.workspace.document.image)
        if path is None:
            self._notices.say(self.tr("The image is in no folder of yours."))
        return path

    def export_foreground(self) -> None:
        """Ask for a folder, and write into it what is in front of the background in each frame."""
        image = self._work.workspace.document.image
        place = None if image is None else image.source.place
        if place is None:
            return
        folder, title = self._store.folder("export"), self.tr("Folder for the foreground masks")
        write = partial(self._work.exporter.write_foreground, place.stack)
        ask_file(self._window, "foregroundDialog", title, folder, write, mode=QFileDialog.FileMode.Directory)

    def open_part(self) -> None:
        """Go on with what is in view of a picture beyond memory as with any photo."""
        image = self._work.workspace.document.image
        if image is None or image.levels is None:
            return
        seen, zoom = self._panels.panes.seen()
        whole = seen & QRectF(0, 0, image.width, image.height)
        if whole.isEmpty():
            self._notices.say(self.tr("Nothing of the picture is in view."))
            return
        box = (whole.left(), whole.top(), whole.right(), whole.bottom())
        self._work.opener.open_part(image, box, zoom)

    def export_animation(self) -> None:
        """Ask for a file, and write into it every iteration of the fit."""
        if self._says_missing():
            return
        filters = [self.tr("GIF (*.gif)"), self.tr("Animated PNG, all colours (*.apng)")]
        folder, title = self._store.folder("export"), self.tr("Animation of EM")
        write = self._work.exporter.write_animation
        ask_file(self._window, "animationDialog", title, folder, write, filters, offered="em.gif")

    def paste_image(self) -> None:
        self._work.opener.open_mime(QGuiApplication.clipboard().mimeData())

    def export(self) -> None:
        """Ask what to write; a pending selection becomes an object first, since it is what is meant."""
        self._with_selection_decided(self._ask_export)

    def _with_selection_decided(self, act: Callable[[], object]) -> None:
        self._toolbox.accept()
        editor, workspace = self._work.object_editor, self._work.workspace

        def is_decided() -> bool:
            return workspace.shown.is_selection_answered and not editor.is_busy

        self._work.postponed.do(act, is_decided, self.tr("Making the object …"))

    def _ask_export(self) -> None:
        self._work.exporter.ask(
            self._window,
            preferred=self._export_subject(),
            overlay_opacity=self._panels.panes.pictures.opacity,
            chosen=self._toolbox.chosen,
        )

    def _export_subject(self) -> Subject:
        if self._work.workspace.document.objects:
            return "objects"
        return "regions" if self._panels.panes.is_about_regions else "classes"

    def batch(self) -> None:
        """Show the batch dialog, at first with the images opened together in it."""
        if self._batch is None:
            from ui.photo.batch_dialog import BatchDialog

            workspace = self._work.workspace
            self._batch = BatchDialog(self._work.batches, lambda: workspace.document, parent=self._window)
            self._batch.add(self._work.opener.files)
            self._work.bridge.changed.connect(self._batch.follow_document)
        self._batch.show()
        self._batch.raise_()

    def copy_as(self, language: Language) -> None:
        """Copy a text that writes what the export dialog would offer, without the window."""
        try:
            text = self._work.exporter.offered_text(language, self._window, self._export_subject())
        except GmmsegError as error:
            self._notices.say(str(error))
            return
        QGuiApplication.clipboard().setText(text)
        self._notices.say(self.tr("Copied. It writes again what Export offers, byte for byte."))

    def _says_missing(self) -> bool:
        """Whether the image is missing, of whose pixels something is to be made; then that is said."""
        from gmmseg.batch.documents import check_is_there

        try:
            check_is_there(self._work.workspace.document.image)
        except GmmsegError as error:
            self._notices.say(str(error))
            return True
        return False

    def copy_objects(self, kind: ExportKind, note: str) -> None:
        """Copy the chosen objects, or all, as an export of that kind writes them, and say `note`."""
        self._with_selection_decided(partial(self._copy_objects, kind, note))

    def _copy_objects(self, kind: ExportKind, note: str) -> None:
        from gmmseg.batch.documents import WITHOUT_PIXELS

        document = self._work.workspace.document
        if not document.objects or (kind not in WITHOUT_PIXELS["objects"] and self._says_missing()):
            return
        make = partial(object_content, document, self._toolbox.chosen, kind)
        self._copy_later(CopyRequest(make, self.tr(note)))

    def _copy_later(self, request: CopyRequest) -> None:
        self._copying = request
        self._work.copier.ask(request)

    @Slot()
    def _forget_copying(self) -> None:
        self._copying = None

    @Slot(object, object)
    def _put_on_clipboard(self, request: CopyRequest, content: QImage | str) -> None:
        if request is not self._copying:
            return
        clipboard = QGuiApplication.clipboard()
        if isinstance(content, str):
            clipboard.setText(content)
        else:
            clipboard.setImage(content)
        self._notices.say(request.note)

    def select_marked(self) -> None:
        """Make what another panel points at in the picture the selection."""
        patch = self._marked()
        if patch is not None:
            self._toolbox.select_patch(patch, self.tr("Select what is marked"))

    def object_of_marked(self) -> None:
        """Make what another panel points at in the picture an object."""
        patch = self._marked()
        if patch is not None:
            self._toolbox.add_patch(patch, self._toolbox.name or self.tr("Object"))

    def _marked(self) -> Patch | None:
        marked = self._panels.panes.marks.marked
        if marked is None:
            self._notices.say(
                self.tr("Nothing is marked: choose rows under Regions, or draw a box in the scatter.")
            )
            return None
        return Patch.of(marked > 0)

    def copy_regions(self) -> None:
        """Copy the selected rows of the regions' table, or all, as text."""
        QGuiApplication.clipboard().setText(self._panels.regions.table.as_text())
        self._notices.say(self.tr("Copied the rows, to be pasted into a spreadsheet."))

    def copy_view(self) -> None:
        QGuiApplication.clipboard().setImage(self._panels.panes.current_view_image())

    def copy_mask(self) -> None:
        """Copy the regions where the pane used last shows them, or where there is nothing else."""
        shown = self._work.workspace.shown
        regions, segmentation = regions_of(shown), shown.segmentation
        if regions is not None and (segmentation is None or self._panels.panes.is_about_regions):
            labels, classes = regions.labels, default_classes(regions.n_regions, "Region")
            text = self.tr("Copied the mask of {0}. Values: regions from 1, 0 is no data.").format(
                counted_regions(regions.n_regions)
            )
        elif segmentation is not None:
            labels, classes = segmentation.labels, shown.classes
            text = self.tr("Copied the mask of the classes. Values: classes from 1, 0 is no data.")
            text = " ".join(filter(None, (text, hidden_note(classes))))
        else:
            return
        self._copy_later(CopyRequest(partial(mask_content, labels, classes), text))

    def step(self) -> None:
        if self._work.selected_step is None:
            self._panels.convergence.select(0)
        else:
            self._panels.convergence.select_by(1)

    def reset_settings(self) -> None:
        self._work.apply(reset_settings(self.tr("Reset settings")))

    def select_class(self, class_id: int) -> None:
        if any(entry.id == class_id for entry in self._work.workspace.shown.classes):
            self._panels.classes.view.select_only(class_id)

    def show_all_classes(self) -> None:
        hidden = [entry.id for entry in self._work.workspace.document.classes if not entry.is_visible]
        if hidden:
            self._work.apply(show_classes(hidden, True))
