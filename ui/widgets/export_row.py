"""One thing that can be exported: whether, under which name, in which format."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Generic, TypeVar

from PySide6.QtCore import QObject, QSignalBlocker, Signal, Slot
from PySide6.QtWidgets import QCheckBox, QComboBox, QGridLayout, QLabel, QLineEdit, QWidget

from gmmseg.io.digits.export_items import DIGIT_SUFFIXES, DigitExportKind
from gmmseg.io.export_items import SUFFIXES, ExportKind
from ui.widgets.building import named

K = TypeVar("K", bound=str)
Offer = tuple[K, str, str, str, tuple[str, ...]]
"""Kind, title, pattern of the name, tip, extensions."""
_ENDINGS: dict[Any, tuple[str, ...]] = {**DIGIT_SUFFIXES, **SUFFIXES}

RESULTS: tuple[Offer[ExportKind], ...] = (
    (
        "mask", "&Mask", "{}_mask", "The class of each pixel, with a legend of the classes",
        (".png", ".tif", ".npy", ".npz"),
    ),
    (
        "probabilities", "&Probabilities", "{}_probabilities",
        "How probable each class is at each pixel, γ(z_nk) summed over its components, as 32-bit numbers "
        "from 0 to 1",
        (".tif", ".ome.tif", ".npz"),
    ),
    ("cutout", "Cut-o&ut", "{}_cutout", "The objects alone, with transparency around them", (".png",)),
    (
        "binary", "&Black and white", "{}_object", "One mask of all objects: 255 inside, 0 outside",
        (".png", ".tif", ".npy"),
    ),
    (
        "cutouts", "Each cut out", "{}_cutouts",
        "A folder with each object alone in a file of its own, transparent around it", ("",),
    ),
    (
        "binaries", "Each black and white", "{}_masks",
        "A folder with a mask for each object: 255 inside, 0 outside", ("",),
    ),
    (
        "semantic", "Cate&gories", "{}_categories", "The category of each pixel: objects of one name are one",
        (".png", ".tif", ".npy"),
    ),
    ("overlay", "&Overlay", "{}_overlay", "The photo under the class colours: for slides", (".png",)),
    ("table", "Class &table", "{}_classes", "Share, weight, mean, covariance of each component", (".csv",)),
    (
        "parts", "Parts", "{}_parts",
        "Number, area, place and shape of the connected parts of each class: for counting", (".csv",),
    ),
    ("model", "Mo&del", "{}_model", "The fitted mixture, to label other images with", (".json",)),
    ("report", "&Report", "{}_report", "Settings, scores, every iteration and how long it took", (".json",)),
)  # fmt: skip
INTERCHANGE: tuple[Offer[ExportKind], ...] = (
    ("coco", "COCO", "{}_coco", "Annotations with run lengths, for COCO tools", (".json",)),
    ("geojson", "GeoJSON", "{}", "Polygons as annotations, for QuPath", (".geojson",)),
    ("labelme", "LabelMe", "{}", "Polygons beside the image, for LabelMe", (".json",)),
    ("roi", "ImageJ ROIs", "{}_rois", "Polygons for the ROI manager of ImageJ and Fiji", (".zip",)),
    ("svg", "SVG", "{}", "Outlines as paths, for drawing programs", (".svg",)),
    ("ome-tiff", "OME-TIFF", "{}_labels", "The mask, with its legend as description", (".ome.tif",)),
    ("ome-zarr", "OME-Zarr", "{}", "The image with its label pyramid, a folder", (".ome.zarr",)),
)  # fmt: skip
DIGIT_RESULTS: tuple[Offer[DigitExportKind], ...] = (
    (
        "assignments", "&Assignments", "{}_clusters",
        "The cluster of each image, from 0: .npz with the arrays train and test, or .csv",
        DIGIT_SUFFIXES["assignments"],
    ),
    (
        "figure", "F&igure", "{}_figure", "Confusion matrix and a row of digits for each cluster",
        DIGIT_SUFFIXES["figure"],
    ),
    (
        "model", "Mo&del", "{}_model", "Gaussians that “gmmseg sample” draws digits from",
        DIGIT_SUFFIXES["model"],
    ),
    (
        "report", "&Report", "{}_report", "Settings, scores, every iteration and how long it took",
        DIGIT_SUFFIXES["report"],
    ),
)  # fmt: skip
_LOSSY = (".jpg", ".jpeg", ".webp")


class ExportRow(QObject, Generic[K]):
    """A check box, a name and its extension, laid into a grid.

    Parameters
    ----------
    kind : str
        A key of `SUFFIXES`.
    title, tip : str
    stem : str
        The name offered, without extension.
    suffixes : sequence of str
        The extensions offered.
    parent : QWidget
    """

    changed = Signal()

    def __init__(
        self, kind: K, title: str, tip: str, stem: str, suffixes: tuple[str, ...], parent: QWidget
    ) -> None:
        super().__init__(parent)
        self.kind: K = kind
        self._offered = stem
        self.box = named(QCheckBox(parent), f"export.{kind}")
        self.name = named(QLineEdit(stem, parent), f"export.{kind}.name")
        self.name.setMinimumWidth(140)
        self.suffix = named(QComboBox(parent), f"export.{kind}.format")
        # A list of one format would promise a choice that there is not.
        self._only_suffix = QLabel(parent)
        self._place: tuple[QGridLayout, int] | None = None
        self.box.toggled.connect(self._toggle)
        self.name.textChanged.connect(self.changed)
        self.suffix.activated.connect(self.changed)
        self.offer(title, tip, stem, suffixes)

    def lay_out(self, grid: QGridLayout, row: int) -> None:
        """Put the three controls into a row of the grid."""
        grid.addWidget(self.box, row, 0)
        grid.addWidget(self.name, row, 1)
        grid.addWidget(self.suffix, row, 2)
        grid.addWidget(self._only_suffix, row, 2)
        self._place = grid, row
        self._enable(True)

    def offer(self, title: str, tip: str, stem: str, suffixes: tuple[str, ...]) -> None:
        """Offer something else under another name, unless the user has typed one, and enable it."""
        if [self.suffix.itemText(at) for at in range(self.suffix.count())] != list(suffixes):
            chosen = self.suffix.currentText()
            with QSignalBlocker(self.suffix):
                self.suffix.clear()
                self.suffix.addItems(list(suffixes))
                self.suffix.setCurrentIndex(max(0, self.suffix.findText(chosen)))
            self._only_suffix.setText(suffixes[0] or self.tr("folder"))
        self.box.setText(title)
        self.box.setToolTip(tip)
        plain = title.replace("&", "")
        self.name.setAccessibleName(self.tr("File name: {}").format(plain))
        self.suffix.setAccessibleName(self.tr("Format: {}").format(plain))
        if self.name.text() == self._offered:
            self.name.setText(stem)
        self._offered = stem
        self._enable(True)

    def refuse(self, reason: str) -> None:
        """Take it out of sight and disable it, saying why; it stays ticked for when it is offered again."""
        self.box.setToolTip(reason)
        self._enable(False)

    @property
    def is_wanted(self) -> bool:
        """Whether it is to be written."""
        return self.box.isChecked() and self.box.isEnabled()

    @property
    def file_name(self) -> str:
        """The name with its extension; one that was typed along is taken as it is."""
        name = self.name.text().strip()
        if name.lower().endswith((*_ENDINGS[self.kind], *_LOSSY)):
            return name
        return name + self.suffix.currentText()

    def path_in(self, folder: Path) -> Path:
        """Return where it goes."""
        return folder / self.file_name

    def _enable(self, is_on: bool) -> None:
        self.box.setEnabled(is_on)
        has_choice = self.suffix.count() > 1
        for control, is_shown in (
            (self.box, True),
            (self.name, True),
            (self.suffix, has_choice),
            (self._only_suffix, not has_choice),
        ):
            control.setVisible(is_on and is_shown)
        if self._place is not None:
            grid, row = self._place
            # A row out of sight keeps the space between rows alone.
            grid.setRowMinimumHeight(row, self.suffix.sizeHint().height() if is_on else 0)
        self._toggle()

    @Slot()
    def _toggle(self) -> None:
        for control in (self.name, self.suffix, self._only_suffix):
            control.setEnabled(self.is_wanted)
        self.changed.emit()
