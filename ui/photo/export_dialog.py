"""The export dialog: what to write, where, and with which values."""

from __future__ import annotations

from collections.abc import Callable, Collection
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QLocale, Signal, Slot
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QDialogButtonBox,
    QHBoxLayout,
    QWidget,
)

from gmmseg.batch.documents import WITHOUT_PIXELS, Subject
from gmmseg.batch.texts import Language
from gmmseg.io.export_items import ZERO_BASED_KINDS, ExportItem, ExportKind, check_items, with_legends
from gmmseg.io.files import safe_name
from gmmseg.photo.classes import class_id
from ui.photo.widgets.captions import hidden_note
from ui.photo.widgets.copy_button import CopyButton, copy_text
from ui.photo.widgets.export_offers import OFFERS, REFUSED, Offered
from ui.photo.widgets.export_options import ExportOptions
from ui.theme import SPACING
from ui.widgets.building import in_column, in_row, label_of, named, text_label
from ui.widgets.collapsible import CollapsibleSection
from ui.widgets.export_row import INTERCHANGE, RESULTS, Offer
from ui.widgets.files_dialog import TITLE_WIDTH, ChooseFolder, FilesDialog, choose_folder

if TYPE_CHECKING:
    from gmmseg.photo.classes import ClassTable


_MISSING = "The image is missing; what is made of its pixels cannot be written until it is found (File menu)."
MakeText = Callable[[Language, list[ExportItem], Subject], str]


class ExportDialog(FilesDialog[ExportKind, ExportItem]):
    """Asks what to write; open it with ``open()`` and listen to `export_requested`.

    Parameters
    ----------
    image_name : str
        Of which the offered names are made.
    folder : Path
        Offered; `folder` is what was used in the end.
    classes : ClassTable
        Empty where there is no fit, but regions.
    kinds : collection of str
        Ticked at first; `kinds` is what was ticked in the end.
    n_regions : int
        0 where none have been made.
    n_objects : int
        0 where there are none.
    n_chosen : int
        How many of them are chosen: there is a way to write these alone.
    preferred : {"classes", "regions", "objects"}
        Chosen at first, where it is there.
    overlay_opacity : float
        Offered at first: that of the overlays on screen, 0..1.
    pick_folder : callable
        Asks the user for a folder.
    make_text : callable, optional
        Returns what writes the same files again, a command or a Python script, or raises `GmmsegError`.
    is_beyond_memory : bool
        Whether classes and objects are written tile by tile; regions are then those of the overview.
    is_missing : bool
        Whether there is nothing of the image but its name and size.
    """

    export_requested = Signal(object, str)
    """(list of `ExportItem`, `Subject`): the items were checked: they can be written, and replaced files
    were announced."""

    def __init__(
        self,
        image_name: str,
        folder: Path,
        classes: ClassTable,
        kinds: Collection[str] = ("mask",),
        n_regions: int = 0,
        n_objects: int = 0,
        n_chosen: int = 0,
        preferred: Subject = "classes",
        overlay_opacity: float = 0.5,
        pick_folder: ChooseFolder = choose_folder,
        make_text: MakeText | None = None,
        parent: QWidget | None = None,
        *,
        is_beyond_memory: bool = False,
        is_missing: bool = False,
    ) -> None:
        super().__init__("export", pick_folder, parent)
        self._make_text = make_text
        self._is_beyond_memory = is_beyond_memory
        self._is_missing = is_missing
        self._stem = stem = safe_stem(image_name)
        self._hidden_note = hidden_note(classes)
        self._highest = {
            "classes": max((entry.id for entry in classes), default=0),
            "regions": class_id(n_regions - 1),
            "objects": class_id(n_objects - 1),
        }
        results = self._make_rows(RESULTS, stem)
        others = CollapsibleSection(self.tr("For other &programs"), self)
        others.heading.setObjectName("export.others")
        others.body.addLayout(self._make_rows(INTERCHANGE, stem))
        self._has_part = 0 < n_chosen < n_objects
        self._chosen = named(QCheckBox(self._chosen_title(n_chosen), self), "export.chosen")
        self._chosen.toggled.connect(self._refresh)
        missing = [text_label("export.missing", self.tr(_MISSING))] if is_missing else []
        subject = self._make_subject_row(len(classes) > 0, n_regions, n_objects)
        column = in_column(subject, *missing, of=self, spacing=SPACING, margins=None)
        column.addLayout(self._make_folder_row(folder))
        column.addSpacing(SPACING)
        column.addLayout(results)
        column.addWidget(others)
        column.addSpacing(SPACING)
        self._options = ExportOptions(overlay_opacity, self)
        column.addWidget(self._options)
        column.addWidget(self._make_message())
        column.addStretch(1)
        buttons = self._make_buttons()
        self._copy = CopyButton("export.copy", self.tr("Copy &as"), self)
        self._copy.asked.connect(self._copy_as)
        buttons.addButton(self._copy, QDialogButtonBox.ButtonRole.ResetRole)
        column.addWidget(buttons)
        self._begin(tuple(kinds))
        others.set_open(any(row.is_wanted for row in self._rows[len(RESULTS) :]))
        self._show_subject()
        at = self._subject.findData(preferred)
        if at >= 0:
            self._subject.setCurrentIndex(at)
        if not self.kinds:
            possible = (row for row in self._rows if row.box.isEnabled())
            next(possible, self._rows[0]).box.setChecked(True)

    @property
    def subject(self) -> Subject:
        """Subject of the export: the classes of the mixture, the regions, or the objects."""
        chosen: Subject = self._subject.currentData() or "classes"
        return chosen

    @property
    def _offered(self) -> Offered:
        tiled: dict[Subject, Offered] = {"classes": "tiles", "objects": "tiled objects"}
        return tiled.get(self.subject, self.subject) if self._is_beyond_memory else self.subject

    @property
    def is_of_chosen(self) -> bool:
        """Whether the chosen objects alone are written."""
        return self.subject == "objects" and self._has_part and self._chosen.isChecked()

    def _chosen_title(self, n_chosen: int) -> str:
        if n_chosen == 1:
            return self.tr("Only the chosen one")
        return self.tr("Only the {0} chosen").format(QLocale().toString(n_chosen))

    def items(self) -> list[ExportItem]:
        return with_legends(
            ExportItem(
                path=row.path_in(self.folder),
                kind=row.kind,
                zero_based=self._options.zero_based and row.kind in ZERO_BASED_KINDS,
                palette=self._options.palette_name,
                overlay_opacity=self._options.overlay_opacity,
                least_part=self._options.least_part,
            )
            for row in self._rows
            if row.is_wanted
        )

    # Building

    def _make_subject_row(self, has_classes: bool, n_regions: int, n_objects: int) -> QHBoxLayout:
        self._subject = named(QComboBox(self), "export.subject")
        if has_classes:
            self._subject.addItem(self.tr("Classes"), "classes")
        if n_regions:
            said = self._counted(self.tr("Regions ({0})"), n_regions)
            of_overview = self.tr("{0}, of the overview").format(said)
            self._subject.addItem(of_overview if self._is_beyond_memory else said, "regions")
        if n_objects:
            self._subject.addItem(self._counted(self.tr("Objects ({0})"), n_objects), "objects")
        label = label_of(self._subject, self.tr("&What"))
        label.setMinimumWidth(TITLE_WIDTH)
        for part in (label, self._subject):
            part.setVisible(self._subject.count() > 1)
        self._subject.currentIndexChanged.connect(self._show_subject)
        return in_row(label, self._subject, self._chosen, None, spacing=SPACING)

    def _counted(self, title: str, count: int) -> str:
        return title.format(QLocale().toString(count))

    # Working

    @Slot(str)
    def _copy_as(self, language: Language) -> None:
        if self._make_text is not None:
            make = partial(self._make_text, language, self.items(), self.subject)
            self._say(*copy_text(make))

    @Slot()
    def _show_subject(self) -> None:
        """Offer what there is of the subject chosen."""
        hidden = self._hidden_note if self.subject == "classes" else ""
        self._options.explain(self.subject, self._highest[self.subject], hidden)
        offered = self._offered
        for row, (kind, title, pattern, tip, suffixes) in zip(self._rows, _offers(offered), strict=True):
            stem = f"{self._stem}_regions" if self.subject == "regions" else self._stem
            row.offer(self.tr(title), self.tr(tip), pattern.format(stem), suffixes)
            if kind in REFUSED[offered]:
                row.refuse(self.tr(REFUSED[offered][kind]))
            elif self._is_missing and kind not in WITHOUT_PIXELS[self.subject]:
                row.refuse(self.tr(_MISSING))
        self._refresh()

    @Slot()
    def _refresh(self) -> None:
        self._chosen.setVisible(self._has_part and self.subject == "objects")
        self._options.show_items(self.items())
        super()._refresh()
        # A text tells nothing of what was chosen in the window.
        is_told = self._make_text is not None and not self.is_of_chosen and not self._is_missing
        self._copy.setEnabled(is_told and bool(self.kinds))

    def _check(self, items: list[ExportItem]) -> None:
        if self._offered == "tiles":
            # Imported where pictures beyond memory are: the dialog is there sooner without it.
            from gmmseg.io.tiled.exporting import check_tiled_items

            check_tiled_items(items)
        else:
            check_items(items)

    def _hand_over(self, items: list[ExportItem]) -> None:
        self.export_requested.emit(items, self.subject)


def _offers(offered: Offered) -> list[Offer[ExportKind]]:
    """Return what is offered, in the order of the rows."""
    return [OFFERS[offered].get(offer[0], offer) for offer in (*RESULTS, *INTERCHANGE)]


def safe_stem(image_name: str) -> str:
    """Return a name for files about an image: without its extension and what file systems refuse."""
    stem = Path(image_name).stem if "/" not in image_name else image_name
    return safe_name(stem, "image")
