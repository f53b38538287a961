"""The Parts panel: the connected parts of each class, counted and measured."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QLocale, QSignalBlocker, QTimer, Signal, Slot
from PySide6.QtWidgets import (
    QComboBox,
    QFileDialog,
    QHBoxLayout,
    QHeaderView,
    QLabel,
    QPushButton,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from gmmseg.arrays import IntArray
from gmmseg.photo.parts import PartTable
from gmmseg.physical import area_text, length_text, pixel_area, pixel_side
from ui.photo.widgets.captions import beyond_memory
from ui.theme import SPACING
from ui.widgets.empty_hint import EmptyHint, hint_or_content
from ui.widgets.text_table import TextTable

if TYPE_CHECKING:
    from gmmseg.photo.view_state import ViewState

MOST_ROWS = 1000
"""Beyond this many parts the table shows the largest."""
_PAUSE_MS = 250
_LEAST_AT_FIRST = 20
"""Pixels: specks are seldom what is counted."""


@dataclass(frozen=True, slots=True, eq=False)
class PartsRequest:
    """A request for the parts of the classes shown."""

    shown: ViewState
    least: int


class PartsPanel(QWidget):
    """A row for each part, the largest first; those selected are marked in the picture."""

    parts_requested = Signal(object)
    """A `PartsRequest`; the answer goes to `show_parts`."""
    pixels_marked = Signal(object)
    """(H, W) bytes, 1 where a selected part is; None for none."""
    export_requested = Signal(str, int)
    """The path of a .csv, and the pixels of the smallest part."""

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("parts-panel")
        self._shown: ViewState | None = None
        self._asked: PartsRequest | None = None
        self._table: PartTable | None = None
        self._listed: IntArray = np.zeros(0, dtype=np.int64)
        self._is_in_front = False
        self._pause = QTimer(self, singleShot=True, interval=_PAUSE_MS)
        self._pause.timeout.connect(self._ask)
        self._hint = self.tr("The parts of the classes are counted here once an image is segmented.")
        self.hint = EmptyHint(self._hint)
        self.table = TextTable(
            "parts-table",
            [
                self.tr("No."),
                self.tr("Class"),
                self.tr("Area"),
                self.tr("Diameter"),
                self.tr("Ecc."),
                self.tr("Solidity"),
                self.tr("Edge"),
            ],
            [
                self.tr("Number of the part in reading order, as in the CSV"),
                self.tr("Class that the part belongs to"),
                self.tr("Pixels, and where the size of a pixel is known square micrometres"),
                self.tr("Diameter of the circle of the same area"),
                self.tr("Eccentricity: 0 a circle, towards 1 a line"),
                self.tr("Share of its convex hull that the part fills"),
                self.tr("Whether the part touches the edge of the picture, and may go on beyond"),
            ],
        )
        self.table.setAccessibleName(self.tr("Parts"))
        header = self.table.horizontalHeader()
        header.setSectionResizeMode(1, QHeaderView.ResizeMode.Stretch)
        self.table.rows_selected.connect(self._mark)
        self.summary = QLabel()
        self.summary.setObjectName("parts-summary")
        self.summary.setWordWrap(True)
        content = QWidget()
        column = QVBoxLayout(content)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(SPACING // 2)
        column.addLayout(self._top_row())
        column.addWidget(self.summary)
        column.addWidget(self.table, 1)
        self._pages = hint_or_content(self, self.hint, content)

    def _top_row(self) -> QHBoxLayout:
        self.chooser = QComboBox()
        self.chooser.setObjectName("parts-class")
        self.chooser.setAccessibleName(self.tr("Class whose parts are listed"))
        self.chooser.currentIndexChanged.connect(self._show_rows)
        self.least = QSpinBox()
        self.least.setObjectName("parts-least")
        self.least.setRange(1, 1_000_000_000)
        self.least.setValue(_LEAST_AT_FIRST)
        self.least.setSuffix(self.tr(" px"))
        self.least.setKeyboardTracking(False)
        self.least.setToolTip(self.tr("Parts of fewer pixels are not counted"))
        self.least.valueChanged.connect(self._pause.start)
        label = QLabel(self.tr("&from"))
        label.setBuddy(self.least)
        self.save = QPushButton(self.tr("Save CSV …"))
        self.save.setObjectName("parts-save")
        self.save.setToolTip(self.tr("Write every measure of every part, of all classes, to a file"))
        self.save.clicked.connect(self._save)
        row = QHBoxLayout()
        row.setSpacing(SPACING // 2)
        row.addWidget(self.chooser, 1)
        row.addWidget(label)
        row.addWidget(self.least)
        row.addWidget(self.save)
        return row

    # Showing

    @Slot(object, object)
    def show_state(self, old: ViewState, new: ViewState) -> None:
        """Have the parts found again soon where classes or their map are others."""
        self._shown = new
        if new.classes is not old.classes:
            self._show_choices()
        is_same = (
            new.segmentation is old.segmentation
            and new.classes is old.classes
            and new.document.pixel_size == old.document.pixel_size
        )
        if is_same:
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
        is_known = (
            asked is not None
            and asked.least == self.least.value()
            and asked.shown.segmentation is shown.segmentation
            and asked.shown.classes is shown.classes
            and asked.shown.document.pixel_size == shown.document.pixel_size
        )
        if not is_known:
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
        areas = table.measures.areas[at]
        self._listed = at[(-areas).argsort(kind="stable")[:MOST_ROWS]]
        names = {entry.id: entry.name for entry in self._shown.classes} if self._shown is not None else {}
        self.table.texts.set_rows([_row(table, int(one), names) for one in self._listed])
        self.pixels_marked.emit(None)
        self.summary.setText(self._summary(table, at))

    def _summary(self, table: PartTable, at: IntArray) -> str:
        locale = QLocale()
        count = self.tr("1 part") if len(at) == 1 else self.tr("{0} parts").format(locale.toString(len(at)))
        if not len(at):
            return count
        areas = table.measures.areas[at]
        said = [
            self.tr("mean {0}").format(_area(table, float(areas.mean()))),
            self.tr("median {0}").format(_area(table, float(np.median(areas)))),
            self.tr("together {0}").format(_area(table, float(areas.sum()))),
        ]
        if len(at) > MOST_ROWS:
            said.append(self.tr("the {0} largest are listed").format(locale.toString(MOST_ROWS)))
        return " · ".join([count, *said])

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
    text = f"{QLocale().toString(round(pixels))} px"
    size = table.measures.pixel_size
    return text if size is None else f"{area_text(pixels * pixel_area(size))}"


def _row(table: PartTable, at: int, names: dict[int, str]) -> tuple[str, ...]:
    measures, shapes = table.measures, table.measures.shapes
    assert shapes is not None  # noqa: S101 - parts are measured with shapes
    area = int(measures.areas[at])
    size = measures.pixel_size
    side = None if size is None else pixel_side(size)
    diameter = float(shapes.diameters[at])
    owner = int(table.class_ids[at])
    return (
        str(at + 1),
        f"{owner} {names.get(owner, '')}",
        QLocale().toString(area) if size is None else area_text(area * pixel_area(size)),
        f"{diameter:.1f}" if side is None else length_text(diameter * side),
        f"{float(measures.eccentricities[at]):.2f}",
        f"{float(shapes.solidities[at]):.2f}",
        "•" if shapes.at_edge[at] else "",
    )
