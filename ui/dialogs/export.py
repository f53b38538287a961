"""The export dialog: what to write, where, and with which values."""

from __future__ import annotations

from collections.abc import Callable, Collection
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from PySide6.QtCore import QLocale, Qt, Signal, Slot
from PySide6.QtGui import QPalette
from PySide6.QtWidgets import (
    QComboBox,
    QDialog,
    QDialogButtonBox,
    QFileDialog,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from gmmseg.classes import class_id
from gmmseg.errors import GmmsegError, WriteError
from gmmseg.io.export_items import ExportItem, ExportKind, check_items
from ui.theme import SPACING, colours, icon, theme
from ui.widgets.collapsible import CollapsibleSection
from ui.widgets.dialog_buttons import dialog_buttons
from ui.widgets.export_options import ExportOptions
from ui.widgets.export_row import INTERCHANGE, RESULTS, ExportRow, Offer
from ui.widgets.region_offers import NOT_OF_REGIONS, REGION_OFFERS

if TYPE_CHECKING:
    from gmmseg.classes import ClassTable

ChooseFolder = Callable[[QWidget, Path], Path | None]
Subject = Literal["classes", "regions"]

_TITLE_WIDTH = 130
_UNSAFE = '/\\:*?"<>|'


def choose_folder(parent: QWidget, folder: Path) -> Path | None:
    """Return the folder that the user picks, or None."""
    picked = QFileDialog.getExistingDirectory(parent, "", str(folder))
    return Path(picked) if picked else None


class ExportDialog(QDialog):
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
    prefers_regions : bool
        Whether regions are chosen at first.
    pick_folder : callable
        Asks the user for a folder.
    """

    export_requested = Signal(object, str)
    """(list of `ExportItem`, ``classes`` or ``regions``): the items were checked: they can be written, and
    replaced files were announced."""

    def __init__(
        self,
        image_name: str,
        folder: Path,
        classes: ClassTable,
        kinds: Collection[str] = ("mask",),
        n_regions: int = 0,
        prefers_regions: bool = False,
        pick_folder: ChooseFolder = choose_folder,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.setObjectName("export")
        self.setWindowTitle(self.tr("Export"))
        self._pick_folder = pick_folder
        self._announced: tuple[Path, ...] = ()
        self._stem = stem = safe_stem(image_name)
        self._highest = {
            "classes": max((entry.id for entry in classes), default=0),
            "regions": class_id(n_regions - 1),
        }
        self._rows: list[ExportRow[ExportKind]] = []
        results = self._make_rows(RESULTS, stem)
        others = CollapsibleSection(self.tr("For other &programs"), self)
        others.heading.setObjectName("export.others")
        others.body.addLayout(self._make_rows(INTERCHANGE, stem))
        column = QVBoxLayout(self)
        column.setSpacing(SPACING)
        column.addLayout(self._make_subject_row(len(classes) > 0, n_regions))
        column.addLayout(self._make_folder_row(folder))
        column.addSpacing(SPACING)
        column.addLayout(results)
        column.addWidget(others)
        column.addSpacing(SPACING)
        self._options = ExportOptions(self)
        column.addWidget(self._options)
        column.addWidget(self._make_message())
        column.addStretch(1)
        column.addWidget(self._make_buttons())
        for row in self._rows:
            row.box.setChecked(row.kind in kinds)
            row.changed.connect(self._refresh)
        others.set_open(any(row.is_wanted for row in self._rows[len(RESULTS) :]))
        theme().changed.connect(self._refresh)
        self._show_subject()
        if prefers_regions:
            self._subject.setCurrentIndex(self._subject.findData("regions"))
        if not self.kinds:
            self._rows[0].box.setChecked(True)
        self.setMinimumWidth(520)

    @property
    def subject(self) -> Subject:
        """What is written: the classes of the mixture, or the regions."""
        return "regions" if self._subject.currentData() == "regions" else "classes"

    @property
    def folder(self) -> Path:
        """Where the files go."""
        return Path(self._folder.text()).expanduser()

    @property
    def kinds(self) -> tuple[ExportKind, ...]:
        """What is ticked."""
        return tuple(row.kind for row in self._rows if row.is_wanted)

    @property
    def message(self) -> str:
        """What stands above the buttons: why it cannot be written, or what would be replaced."""
        return self._message.text()

    def items(self) -> list[ExportItem]:
        """Return what is to be written."""
        return [
            ExportItem(
                path=row.path_in(self.folder),
                kind=row.kind,
                zero_based=self._options.zero_based,
                palette=self._options.palette_name,
                overlay_opacity=self._options.overlay_opacity,
            )
            for row in self._rows
            if row.is_wanted
        ]

    # Building

    def _make_folder_row(self, folder: Path) -> QHBoxLayout:
        self._folder = QLineEdit(str(folder), self)
        self._folder.setObjectName("export.folder")
        label = QLabel(self.tr("&Folder"), self)
        label.setBuddy(self._folder)
        browse = QToolButton(self)
        browse.setObjectName("export.browse")
        browse.setIcon(icon("folder"))
        browse.setAccessibleName(self.tr("Choose a folder"))
        browse.setToolTip(self.tr("Choose a folder"))
        browse.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        browse.clicked.connect(self._browse)
        self._folder.textChanged.connect(self._refresh)
        row = QHBoxLayout()
        row.setSpacing(SPACING)
        row.addWidget(label)
        row.addWidget(self._folder, 1)
        row.addWidget(browse)
        return row

    def _make_rows(self, offers: tuple[Offer[ExportKind], ...], stem: str) -> QGridLayout:
        grid = QGridLayout()
        grid.setHorizontalSpacing(SPACING)
        grid.setVerticalSpacing(SPACING // 2)
        grid.setColumnMinimumWidth(0, _TITLE_WIDTH)
        grid.setColumnMinimumWidth(2, 100)
        grid.setColumnStretch(1, 1)
        for at, (kind, title, pattern, tip, suffixes) in enumerate(offers):
            row = ExportRow(kind, self.tr(title), self.tr(tip), pattern.format(stem), suffixes, self)
            row.lay_out(grid, at)
            self._rows.append(row)
        return grid

    def _make_subject_row(self, has_classes: bool, n_regions: int) -> QHBoxLayout:
        self._subject = QComboBox(self)
        self._subject.setObjectName("export.subject")
        if has_classes:
            self._subject.addItem(self.tr("Classes"), "classes")
        if n_regions:
            self._subject.addItem(self.tr("Regions ({0})").format(QLocale().toString(n_regions)), "regions")
        label = QLabel(self.tr("&What"), self)
        label.setBuddy(self._subject)
        label.setMinimumWidth(_TITLE_WIDTH)
        for part in (label, self._subject):
            part.setVisible(n_regions > 0)
        self._subject.currentIndexChanged.connect(self._show_subject)
        row = QHBoxLayout()
        row.setSpacing(SPACING)
        row.addWidget(label)
        row.addWidget(self._subject)
        row.addStretch(1)
        return row

    def _make_message(self) -> QLabel:
        self._message = QLabel(self)
        self._message.setObjectName("export.message")
        self._message.setWordWrap(True)
        self._message.setTextFormat(Qt.TextFormat.PlainText)
        self._message.hide()
        return self._message

    def _make_buttons(self) -> QDialogButtonBox:
        buttons = dialog_buttons(QDialogButtonBox.StandardButton.Cancel, self)
        self._go = QPushButton(self)
        self._go.setObjectName("export.go")
        self._go.setDefault(True)
        buttons.addButton(self._go, QDialogButtonBox.ButtonRole.ActionRole)
        self._go.clicked.connect(self._try)
        buttons.rejected.connect(self.reject)
        return buttons

    # Working

    @Slot()
    def _show_subject(self) -> None:
        """Offer what there is of the subject chosen."""
        if self.subject == "regions":
            self._options.explain_regions(self._highest["regions"])
        else:
            self._options.explain_classes(self._highest["classes"])
        for row, (kind, title, pattern, tip, _) in zip(self._rows, _offers(self.subject), strict=True):
            stem = self._stem if self.subject == "classes" else f"{self._stem}_regions"
            row.offer(self.tr(title), self.tr(tip), pattern.format(stem))
            if self.subject == "regions" and kind in NOT_OF_REGIONS:
                row.refuse(self.tr(NOT_OF_REGIONS[kind]))
        self._refresh()

    @Slot()
    def _refresh(self) -> None:
        """Enable what applies; whatever was said about the files before is out of date."""
        kinds = self.kinds
        self._options.show_kinds(kinds)
        self._go.setEnabled(bool(kinds))
        self._announced = ()
        self._say("", is_error=False)

    @Slot()
    def _browse(self) -> None:
        picked = self._pick_folder(self, self.folder)
        if picked is not None:
            self._folder.setText(str(picked))

    @Slot()
    def _try(self) -> None:
        items = self.items()
        try:
            check_names(items, self.folder)
            check_items(items)
        except GmmsegError as error:
            self._announced = ()
            self._say(str(error), is_error=True)
            return
        existing = tuple(item.path for item in items if item.path.exists())
        if existing and existing != self._announced:
            self._announced = existing
            names = ", ".join(f"“{path.name}”" for path in existing)
            self._say(self.tr("Already there: {}. Press Replace to overwrite.").format(names), is_error=False)
            return
        self.accept()
        self.export_requested.emit(items, self.subject)

    def _say(self, text: str, *, is_error: bool) -> None:
        palette = QPalette()
        palette.setColor(QPalette.ColorRole.WindowText, colours().error if is_error else colours().warning)
        self._message.setPalette(palette)
        self._message.setText(text)
        self._message.setVisible(bool(text))
        self._go.setText(self.tr("&Replace") if self._announced else self.tr("&Export"))


def _offers(subject: Subject) -> list[Offer[ExportKind]]:
    """Return what is offered, in the order of the rows."""
    of_regions = {offer[0]: offer for offer in REGION_OFFERS} if subject == "regions" else {}
    return [of_regions.get(offer[0], offer) for offer in (*RESULTS, *INTERCHANGE)]


def safe_stem(image_name: str) -> str:
    """Return a name for files about an image: without its extension and what file systems refuse."""
    stem = Path(image_name).stem if "/" not in image_name else image_name
    kept = "".join("_" if c in _UNSAFE or not c.isprintable() else c for c in stem).strip(" .")
    return kept[:100] or "image"


def check_names(items: list[ExportItem], folder: Path) -> None:
    """Raise `WriteError` where the folder is none or a name leads out of it."""
    if not folder.is_dir():
        raise WriteError(f"There is no folder “{folder}”.", "Choose one that exists.")
    for item in items:
        if item.path.parent != folder or item.path.stem.startswith("."):
            raise WriteError(
                f"“{item.path.name}” is not a file name.", "Leave out slashes and a leading dot."
            )
