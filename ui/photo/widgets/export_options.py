"""ExportOptions: how masks and overlays are written, and what the values in a mask mean."""

from __future__ import annotations

from collections.abc import Collection

from PySide6.QtWidgets import QCheckBox, QComboBox, QGridLayout, QSpinBox, QWidget

from gmmseg.batch.documents import Subject
from gmmseg.io.export_items import ZERO_BASED_KINDS, ExportItem, has_palette
from gmmseg.io.masks import PaletteName
from gmmseg.photo.classes import IGNORE_ID
from ui.theme import SPACING
from ui.widgets.building import in_column, label_of, named, text_label

_LARGEST = 1_000_000_000
_WORDS: dict[Subject, tuple[str, str, str, str]] = {
    "classes": (
        "&0-based component indices instead of class numbers",
        "For programs that count from 0; merged classes are then written as their components",
        "The class colours",
        "Values in the mask: classes from 1, as numbered in the table; 0 is no data",
    ),
    "regions": (
        "&0-based indices instead of region numbers",
        "For programs that count from 0",
        "The region colours",
        "Values in the mask: regions from 1, as numbered in the table; 0 is no data",
    ),
    "objects": (
        "&0-based positions instead of object ids",
        "For programs that count from 0",
        "The object colours",
        "Values in the mask: objects from 1; 0 belongs to none",
    ),
}
"""How a mask counts from 0, and a tip; what its colours are called; what its values are."""


class ExportOptions(QWidget):
    """Values for a mask and an overlay, each enabled where that is wanted, and a note on masks.

    Parameters
    ----------
    overlay_opacity : float
        At first, 0..1.
    """

    def __init__(self, overlay_opacity: float = 0.5, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._zero_based = named(QCheckBox(self), "export.zero_based")
        tip = self.tr("Many programs read a coloured PNG as colours, and a grey one as the values")
        self._palette = named(QComboBox(self), "export.palette", tip)
        self._palette.addItem(self.tr("The class colours"), "class")
        self._palette.addItem(self.tr("PASCAL VOC"), "voc")
        self._palette.addItem(self.tr("None: grey values"), "grey")
        self._opacity = named(QSpinBox(self), "export.opacity")
        self._opacity.setRange(0, 100)
        self._opacity.setValue(round(100 * overlay_opacity))
        self._opacity.setSuffix(self.tr(" %"))
        tip = self.tr("Parts of fewer pixels are left out of the table of parts")
        self._least_part = named(QSpinBox(self), "export.least_part", tip)
        self._least_part.setRange(1, _LARGEST)
        self._least_part.setSuffix(self.tr(" px"))
        self._note = text_label("export.note")
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
            grid.addWidget(label_of(box, title), at, 0)
            grid.addWidget(box, at, 1)
        grid.addWidget(self._zero_based, 3, 0, 1, 3)
        in_column(grid, self._note, of=self, spacing=SPACING)

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

    def explain(self, subject: Subject, highest: int, hidden_note: str = "") -> None:
        """Speak of what is numbered up to `highest`; `hidden_note` says which classes are hidden."""
        zero_based, zero_based_tip, palette, values = (self.tr(text) for text in _WORDS[subject])
        self._zero_based.setText(zero_based)
        self._zero_based.setToolTip(zero_based_tip)
        self._palette.setItemText(0, palette)
        jpeg = self.tr(
            ", 255 is kept for “ignore”. JPEG is not offered: it changes values when it compresses."
        )
        said = [values + jpeg]
        if highest > IGNORE_ID:
            depth = self.tr("With numbers up to {} the mask needs 16 bits and has no colours of its own.")
            said.append(depth.format(highest))
        if hidden_note:
            said += [hidden_note, self.tr("An overlay leaves them out.")]
        self._note.setText(" ".join(said))
