"""The Parts panel: the connected parts of each class, counted and measured."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QCoreApplication, QLocale, QSignalBlocker, Signal, Slot
from PySide6.QtWidgets import (
    QComboBox,
    QFileDialog,
    QLayout,
    QPushButton,
    QSpinBox,
)

from gmmseg.arrays import IntArray
from gmmseg.photo.parts import PartTable
from gmmseg.physical import area_text, length_text, pixel_area, pixel_side
from ui.photo.panels.measures import MeasuresPanel, area_cell, has_same_maps, largest, listed_words
from ui.photo.widgets.captions import beyond_memory
from ui.widgets.building import in_row, label_of, named

if TYPE_CHECKING:
    from gmmseg.photo.view_state import ViewState

_PAUSE_MS = 250
_tr = partial(QCoreApplication.translate, "PartsPanel")
_LEAST_AT_FIRST = 20
"""Pixels: specks are seldom what is counted."""


@dataclass(frozen=True, slots=True, eq=False)
class PartsRequest:
    """A request for the parts of the classes shown."""

    shown: ViewState
    least: int


class PartsPanel(MeasuresPanel):
    """A row for each part, the largest first; those selected are marked in the picture."""

    parts_requested = Signal(object)
    """A `PartsRequest`; the answer goes to `show_parts`."""
    pixels_marked = Signal(object)
    """(H, W) bytes, 1 where a selected part is; None for none."""
    export_requested = Signal(str, int)
    """The path of a .csv, and the pixels of the smallest part."""

    def __init__(self) -> None:
        columns = (
            ("No.", "Number of the part in reading order, as in the CSV"),
            ("Class", "Class that the part belongs to"),
            ("Area", "Pixels, and where the size of a pixel is known square micrometres"),
            ("Diameter", "Diameter of the circle of the same area"),
            ("Ecc.", "Eccentricity: 0 a circle, towards 1 a line"),
            ("Solidity", "Share of its convex hull that the part fills"),
            ("Edge", "Whether the part touches the edge of the picture, and may go on beyond"),
        )
        said = [(_tr(heading), _tr(tip)) for heading, tip in columns]
        super().__init__("parts", _tr("Parts"), said, wide=1, pause_ms=_PAUSE_MS)
        self._asked: PartsRequest | None = None
        self._table: PartTable | None = None
        self._listed: IntArray = np.zeros(0, dtype=np.int64)
        self._hint = self.tr("The parts of the classes are counted here once an image is segmented.")
        self.hint.label.setText(self._hint)
        self.table.rows_selected.connect(self._mark)

    def _above(self) -> Sequence[QLayout]:
        spoken = _tr("Class whose parts are listed")
        self.chooser = named(QComboBox(), "parts-class", spoken=spoken)
        self.chooser.currentIndexChanged.connect(self._show_rows)
        self.least = named(QSpinBox(), "parts-least", _tr("Parts of fewer pixels are not counted"))
        self.least.setRange(1, 1_000_000_000)
        self.least.setValue(_LEAST_AT_FIRST)
        self.least.setSuffix(_tr(" px"))
        self.least.setKeyboardTracking(False)
        self.least.valueChanged.connect(self._pause.start)
        tip = _tr("Write every measure of every part, of all classes, to a file")
        self.save = named(QPushButton(_tr("Save CSV …")), "parts-save", tip)
        self.save.clicked.connect(self._save)
        label = label_of(self.least, _tr("&from"))
        return (in_row(self.chooser, label, self.least, self.save, stretched=self.chooser),)

    # Showing

    @Slot(object, object)
    def show_state(self, old: ViewState, new: ViewState) -> None:
        """Have the parts found again soon where classes or their map are others."""
        self._shown = new
        if new.classes is not old.classes:
            self._show_choices()
        if has_same_maps(new, old):
            return
        is_beyond = new.document.is_beyond_memory
        self.hint.label.setText(beyond_memory(self.tr("Counting parts")) if is_beyond else self._hint)
        if new.segmentation is None or is_beyond:
            self._asked = self._table = None
            self._pages.setCurrentIndex(0)
        self._pause.start()

    def _show_choices(self) -> None:
        chosen = self.chooser.currentData()
        with QSignalBlocker(self.chooser):
            self.chooser.clear()
            self.chooser.addItem(self.tr("All classes"), 0)
            for entry in self._shown.classes if self._shown is not None else ():
                self.chooser.addItem(f"{entry.id} {entry.name}", entry.id)
            self.chooser.setCurrentIndex(max(0, self.chooser.findData(chosen)))

    @Slot(bool)
    def set_in_front(self, is_in_front: bool) -> None:
        """Take note whether somebody can see the panel: only then parts are found and measured."""
        self._is_in_front = is_in_front
        if is_in_front:
            self._ask()
        else:
            self.table.go_to(None)
            self.pixels_marked.emit(None)

    @Slot()
    def _ask(self) -> None:
        shown, asked = self._shown, self._asked
        if shown is None or shown.segmentation is None or not self._is_in_front:
            return
        if shown.document.is_beyond_memory:
            return
        is_known = asked is not None and has_same_maps(asked.shown, shown)
        if asked is None or not is_known or asked.least != self.least.value():
            self._asked = PartsRequest(shown, self.least.value())
            self.parts_requested.emit(self._asked)

    @Slot(object, object)
    def show_parts(self, request: PartsRequest, table: PartTable) -> None:
        """Show parts that were asked for, unless something newer has been asked for meanwhile."""
        if request is self._asked:
            self._table = table
            self._show_rows()
            self._pages.setCurrentIndex(1)

    @Slot()
    def _show_rows(self) -> None:
        table = self._table
        if table is None:
            return
        wanted = self.chooser.currentData()
        at = np.flatnonzero(table.class_ids == wanted) if wanted else np.arange(len(table))
        self._listed = at[largest(table.measures.areas[at])]
        names = {entry.id: entry.name for entry in self._shown.classes} if self._shown is not None else {}
        self.table.texts.set_rows([_row(table, int(one), names) for one in self._listed])
        self.pixels_marked.emit(None)
        self.summary.setText(self._summary(table, at))

    def _summary(self, table: PartTable, at: IntArray) -> str:
        number = QLocale().toString(len(at))
        count = self.tr("1 part") if len(at) == 1 else self.tr("{0} parts").format(number)
        if not len(at):
            return count
        areas = table.measures.areas[at]
        said = [
            count,
            self.tr("mean {0}").format(_area(table, float(areas.mean()))),
            self.tr("median {0}").format(_area(table, float(np.median(areas)))),
            self.tr("together {0}").format(_area(table, float(areas.sum()))),
            *listed_words(len(at)),
        ]
        return " · ".join(said)

    @Slot(object)
    def _mark(self, rows: tuple[int, ...]) -> None:
        table = self._table
        if table is None or not rows:
            self.pixels_marked.emit(None)
            return
        is_chosen = np.zeros(len(table) + 1, dtype=np.uint8)
        is_chosen[self._listed[list(rows)] + 1] = 1
        self.pixels_marked.emit(np.take(is_chosen, table.parts))

    @Slot()
    def _save(self) -> None:
        path, _ = QFileDialog.getSaveFileName(
            self, self.tr("Save the parts"), "parts.csv", self.tr("Tables (*.csv)")
        )
        if path:
            self.export_requested.emit(
                path if path.lower().endswith(".csv") else f"{path}.csv", self.least.value()
            )


def _area(table: PartTable, pixels: float) -> str:
    size = table.measures.pixel_size
    return f"{area_cell(round(pixels), None)} px" if size is None else area_text(pixels * pixel_area(size))


def _row(table: PartTable, at: int, names: dict[int, str]) -> tuple[str, ...]:
    measures, shapes = table.measures, table.measures.shapes
    assert shapes is not None  # noqa: S101 - parts are measured with shapes
    size = measures.pixel_size
    side = None if size is None else pixel_side(size)
    diameter = float(shapes.diameters[at])
    owner = int(table.class_ids[at])
    return (
        str(at + 1),
        f"{owner} {names.get(owner, '')}",
        area_cell(int(measures.areas[at]), size),
        f"{diameter:.1f}" if side is None else length_text(diameter * side),
        f"{float(measures.eccentricities[at]):.2f}",
        f"{float(shapes.solidities[at]):.2f}",
        "•" if shapes.at_edge[at] else "",
    )
