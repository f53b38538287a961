"""ExportOptions: how masks and overlays are written, and what the values in a mask mean."""

from __future__ import annotations

from collections.abc import Collection

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QCheckBox, QComboBox, QGridLayout, QLabel, QSpinBox, QVBoxLayout, QWidget

from gmmseg.io.export_items import ZERO_BASED_KINDS, ExportItem, has_palette
from gmmseg.io.masks import PaletteName
from gmmseg.photo.classes import IGNORE_ID
from ui.theme import SPACING

_LARGEST = 1_000_000_000


class ExportOptions(QWidget):
    """Values for a mask and an overlay, each enabled where that is wanted, and a note on masks.

    Parameters
    ----------
    overlay_opacity : float
        At first, 0..1.
    """

    def __init__(self, overlay_opacity: float = 0.5, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._zero_based = QCheckBox(self)
        self._zero_based.setObjectName("export.zero_based")
        self._palette = QComboBox(self)
        self._palette.setObjectName("export.palette")
        self._palette.addItem(self.tr("The class colours"), "class")
        self._palette.addItem(self.tr("PASCAL VOC"), "voc")
        self._palette.addItem(self.tr("None: grey values"), "grey")
        self._palette.setToolTip(
            self.tr("Many programs read a coloured PNG as colours, and a grey one as the values")
        )
        self._opacity = QSpinBox(self)
        self._opacity.setObjectName("export.opacity")
        self._opacity.setRange(0, 100)
        self._opacity.setValue(round(100 * overlay_opacity))
        self._opacity.setSuffix(self.tr(" %"))
        self._least_part = QSpinBox(self)
        self._least_part.setObjectName("export.least_part")
        self._least_part.setRange(1, _LARGEST)
        self._least_part.setSuffix(self.tr(" px"))
        self._least_part.setToolTip(self.tr("Parts of fewer pixels are left out of the table of parts"))
        self._note = QLabel(self)
        self._note.setObjectName("export.note")
        self._note.setWordWrap(True)
        self._note.setTextFormat(Qt.TextFormat.PlainText)
        grid = QGridLayout()
        grid.setHorizontalSpacing(SPACING)
        grid.setVerticalSpacing(SPACING // 2)
        grid.setColumnMinimumWidth(0, 130)
        grid.setColumnStretch(2, 1)
        for at, (title, box) in enumerate(
            (
                (self.tr("Mask &colours"), self._palette),
                (self.tr("Overlay opacit&y"), self._opacity),
                (self.tr("&Smallest part"), self._least_part),
            )
        ):
            label = QLabel(title, self)
            label.setBuddy(box)
            grid.addWidget(label, at, 0)
            grid.addWidget(box, at, 1)
        grid.addWidget(self._zero_based, 3, 0, 1, 3)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(SPACING)
        column.addLayout(grid)
        column.addWidget(self._note)

    @property
    def zero_based(self) -> bool:
        """Whether a mask counts from 0."""
        return self._zero_based.isChecked()

    @property
    def palette_name(self) -> PaletteName:
        """The colours of a mask."""
        name: PaletteName = self._palette.currentData()
        return name

    @property
    def overlay_opacity(self) -> float:
        """Of an overlay, 0..1."""
        return self._opacity.value() / 100

    @property
    def least_part(self) -> int:
        """Pixels of the smallest part that is listed."""
        return self._least_part.value()

    def show_items(self, items: Collection[ExportItem]) -> None:
        """Enable what has an effect on these files."""
        self._zero_based.setEnabled(any(item.kind in ZERO_BASED_KINDS for item in items))
        self._palette.setEnabled(any(has_palette(item) for item in items))
        self._opacity.setEnabled(any(item.kind == "overlay" for item in items))
        self._least_part.setEnabled(any(item.kind == "parts" for item in items))

    def explain_classes(self, highest: int, hidden_note: str = "") -> None:
        """Speak of classes, numbered up to `highest`; `hidden_note` says which of them are hidden."""
        self._zero_based.setText(self.tr("&0-based component indices instead of class numbers"))
        self._zero_based.setToolTip(
            self.tr("For programs that count from 0; merged classes are then written as their components")
        )
        self._palette.setItemText(0, self.tr("The class colours"))
        self._explain(
            self.tr("Values in the mask: classes from 1, as numbered in the table; 0 is no data"), highest
        )
        if hidden_note:
            overlay = self.tr("An overlay leaves them out.")
            self._note.setText(f"{self._note.text()} {hidden_note} {overlay}")

    def explain_regions(self, highest: int) -> None:
        """Speak of regions, numbered up to `highest`."""
        self._zero_based.setText(self.tr("&0-based indices instead of region numbers"))
        self._zero_based.setToolTip(self.tr("For programs that count from 0"))
        self._palette.setItemText(0, self.tr("The region colours"))
        self._explain(
            self.tr("Values in the mask: regions from 1, as numbered in the table; 0 is no data"), highest
        )

    def explain_objects(self, highest: int) -> None:
        """Speak of objects, numbered up to `highest`."""
        self._zero_based.setText(self.tr("&0-based positions instead of object ids"))
        self._zero_based.setToolTip(self.tr("For programs that count from 0"))
        self._palette.setItemText(0, self.tr("The object colours"))
        self._explain(self.tr("Values in the mask: objects from 1; 0 belongs to none"), highest)

    def _explain(self, values: str, highest: int) -> None:
        depth = (
            self.tr(" With numbers up to {} the mask needs 16 bits and has no colours of its own.").format(
                highest
            )
            if highest > IGNORE_ID
            else ""
        )
        self._note.setText(
            values
            + self.tr(
                ", 255 is kept for “ignore”. JPEG is not offered: it changes values when it compresses."
            )
            + depth
        )
