"""One thing that can be exported: whether, under which name, in which format."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QObject, Signal, Slot
from PySide6.QtWidgets import QCheckBox, QComboBox, QGridLayout, QLabel, QLineEdit, QWidget

from gmmseg.io.export import SUFFIXES, ExportKind

Offer = tuple[ExportKind, str, str, str, tuple[str, ...]]
"""Kind, title, pattern of the name, tip, extensions."""

RESULTS: tuple[Offer, ...] = (
    (
        "mask", "&Mask", "{}_mask", "The class of each pixel, with a legend of the classes",
        (".png", ".tif", ".npy", ".npz"),
    ),
    (
        "probabilities", "&Probabilities", "{}_probabilities",
        "The posterior of each class at each pixel, γ(z_nk) of S2 eq. 40 summed over its components, as "
        "32-bit numbers from 0 to 1",
        (".tif", ".npz"),
    ),
    ("overlay", "&Overlay", "{}_overlay", "The photo under the class colours: for slides", (".png",)),
    ("table", "Class &table", "{}_classes", "Share, weight, mean, covariance of each component", (".csv",)),
    ("model", "Mo&del", "{}_model", "The fitted mixture, to label other images with", (".json",)),
    ("report", "&Report", "{}_report", "Settings, scores, every iteration and how long it took", (".json",)),
)  # fmt: skip
INTERCHANGE: tuple[Offer, ...] = (
    ("coco", "COCO", "{}_coco", "Annotations with run lengths, for COCO tools", (".json",)),
    ("geojson", "GeoJSON", "{}", "Polygons as annotations, for QuPath", (".geojson",)),
    ("labelme", "LabelMe", "{}", "Polygons beside the image, for LabelMe", (".json",)),
    ("roi", "ImageJ ROIs", "{}_rois", "Polygons for the ROI manager of ImageJ and Fiji", (".zip",)),
    ("ome-tiff", "OME-TIFF", "{}_probabilities", "Probabilities as named channels", (".ome.tif",)),
    ("ome-zarr", "OME-Zarr", "{}", "The image with its label pyramid, a folder", (".ome.zarr",)),
)  # fmt: skip
_LOSSY = (".jpg", ".jpeg", ".webp")


class ExportRow(QObject):
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
        self, kind: ExportKind, title: str, tip: str, stem: str, suffixes: tuple[str, ...], parent: QWidget
    ) -> None:
        super().__init__(parent)
        self.kind: ExportKind = kind
        self.box = QCheckBox(title, parent)
        self.box.setObjectName(f"export.{kind}")
        self.box.setToolTip(tip)
        self.name = QLineEdit(stem, parent)
        self.name.setObjectName(f"export.{kind}.name")
        self.name.setAccessibleName(self.tr("File name: {}").format(title.replace("&", "")))
        self.name.setMinimumWidth(140)
        self.suffix = QComboBox(parent)
        self.suffix.setObjectName(f"export.{kind}.format")
        self.suffix.setAccessibleName(self.tr("Format: {}").format(title.replace("&", "")))
        self.suffix.addItems(list(suffixes))
        # A list of one format would promise a choice that there is not.
        has_choice = len(suffixes) > 1
        self._only_suffix = QLabel(suffixes[0], parent)
        self._only_suffix.setVisible(not has_choice)
        self.suffix.setVisible(has_choice)
        self.box.toggled.connect(self._toggle)
        self.name.textChanged.connect(self.changed)
        self.suffix.activated.connect(self.changed)
        self._toggle(False)

    def lay_out(self, grid: QGridLayout, row: int) -> None:
        """Put the three controls into a row of the grid."""
        grid.addWidget(self.box, row, 0)
        grid.addWidget(self.name, row, 1)
        grid.addWidget(self.suffix, row, 2)
        grid.addWidget(self._only_suffix, row, 2)
        grid.setRowMinimumHeight(row, self.suffix.sizeHint().height())

    @property
    def is_wanted(self) -> bool:
        """Whether it is to be written."""
        return self.box.isChecked()

    @property
    def file_name(self) -> str:
        """The name with its extension; one that was typed along is taken as it is."""
        name = self.name.text().strip()
        if name.lower().endswith((*SUFFIXES[self.kind], *_LOSSY)):
            return name
        return name + self.suffix.currentText()

    def path_in(self, folder: Path) -> Path:
        """Return where it goes."""
        return folder / self.file_name

    @Slot(bool)
    def _toggle(self, is_on: bool) -> None:
        self.name.setEnabled(is_on)
        self.suffix.setEnabled(is_on)
        self._only_suffix.setEnabled(is_on)
        self.changed.emit()
