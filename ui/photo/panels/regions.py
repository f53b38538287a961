"""The Regions panel: what is measured of each region, and the way to one of them in the picture."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtCore import QLocale, QPoint, Qt, QTimer, Signal, Slot
from PySide6.QtWidgets import QHeaderView, QLabel, QStackedWidget, QVBoxLayout, QWidget

from gmmseg.colours import to_hex
from gmmseg.photo.classes import class_id
from gmmseg.physical import area_text, pixel_area
from gmmseg.regions.outcome import RegionOutcome
from gmmseg.regions.table import RegionTable
from ui.photo.widgets.captions import counted_regions
from ui.theme import SPACING
from ui.widgets.empty_hint import EmptyHint
from ui.widgets.text_table import TextTable

if TYPE_CHECKING:
    from gmmseg.photo.view_state import ViewState

MOST_ROWS = 1000
"""Beyond this many regions the table shows the largest."""
_PAUSE_MS = 200
"""Measuring waits until a slider rests: beside it the cuts would be slower to come."""
_COLOUR_COLUMN = 4


@dataclass(frozen=True, slots=True, eq=False)
class RegionTableRequest:
    """A request for the table of the regions shown, with the mean posteriors of the classes shown."""

    shown: ViewState
    outcome: RegionOutcome


class RegionsPanel(QWidget):
    """A row for each region, the largest first; those selected are marked in the picture."""

    table_requested = Signal(object)
    """A `RegionTableRequest`; the answer goes to `show_table`."""
    regions_selected = Signal(object)
    """Values of some regions in the label map, a tuple; empty for none."""
    menu_requested = Signal(QPoint)
    """A place of the screen: what can be done with the selected rows is asked for."""
    wanted_changed = Signal(bool)
    """Whether the panel is looked at, so that regions are wanted."""

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("regions-panel")
        self._shown: ViewState | None = None
        self._asked: RegionTableRequest | None = None
        self._values: list[int] = []
        self._chosen: tuple[int, ...] = ()
        self._listed: RegionOutcome | None = None
        self._is_in_front = False
        self._are_given_up = False
        self._pause = QTimer(self, singleShot=True, interval=_PAUSE_MS)
        self._pause.timeout.connect(self._ask)
        self.hint = EmptyHint("")
        self.table = TextTable(
            "regions-table",
            [
                self.tr("No."),
                self.tr("Area"),
                self.tr("%"),
                self.tr("Outline"),
                self.tr("Mean"),
                self.tr("Class"),
            ],
            [
                self.tr("Value in exported region masks"),
                self.tr("Pixels, or square micrometres where the size of a pixel is known"),
                self.tr("Percent of the pixels with data"),
                self.tr("Length of the outline, pixels; a diagonal step counts √2"),
                self.tr("Mean sRGB of the region's pixels"),
                self.tr(
                    "The class that the region is most surely of, and how surely.\n"
                    "The largest mean posterior γ(z_nk) in the region"
                ),
            ],
            swatches_in=_COLOUR_COLUMN,
        )
        header = self.table.horizontalHeader()
        # A long class name is cut short rather than scrolled to.
        header.setSectionResizeMode(header.count() - 1, QHeaderView.ResizeMode.Stretch)
        self.table.setAccessibleName(self.tr("Regions"))
        self.table.rows_selected.connect(self._choose)
        self.table.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.table.customContextMenuRequested.connect(self._ask_for_menu)
        self.summary = QLabel()
        self.summary.setObjectName("regions-summary")
        self.summary.setWordWrap(True)
        content = QWidget()
        column = QVBoxLayout(content)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(SPACING // 2)
        column.addWidget(self.summary)
        column.addWidget(self.table, 1)
        self._stack = QStackedWidget()
        self._stack.addWidget(self.hint)
        self._stack.addWidget(content)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(SPACING, SPACING, SPACING, SPACING)
        outer.addWidget(self._stack)
        self._show_hint()

    @Slot(object, object)
    def show_state(self, old: ViewState, new: ViewState) -> None:
        """Ask for the table again soon where regions or posteriors are others."""
        self._shown = new
        self._show_hint()
        if new.regions is old.regions and _has_same_maps(new, old):
            return
        if new.regions is not old.regions:
            # The regions of another cut are others, whatever their numbers.
            self._chosen = ()
        if new.regions is None:
            self._asked = None
            self._show_rows([], [])
            self._stack.setCurrentIndex(0)
        self._pause.start()

    @Slot(bool)
    def show_regions_given_up(self, are_given_up: bool) -> None:
        """Say that there will be none, or that they are on their way again."""
        self._are_given_up = are_given_up
        self._show_hint()

    def _show_hint(self) -> None:
        """Say why nothing is listed."""
        shown = self._shown
        if shown is None or shown.document.image is None:
            text = self.tr("Open an image to see its regions here.")
        elif shown.regions is not None:
            text = self.tr("Measuring the regions …")
        elif self._are_given_up:
            text = self.tr("Finding the regions was stopped. Change the detail to have them found.")
        else:
            text = self.tr("Finding the regions …")
        self.hint.label.setText(text)

    @Slot(object, object)
    def show_table(self, request: RegionTableRequest, table: RegionTable) -> None:
        """Show a requested table, unless something newer has been asked for meanwhile."""
        if request is not self._asked:
            return
        self._listed = request.outcome
        order = (-table.areas).argsort(kind="stable")[:MOST_ROWS]
        self._show_rows([int(table.regions[at]) for at in order], [_row(table, int(at)) for at in order])
        text = counted_regions(len(table)) + " · "
        text += self.tr("cut at height {0}").format(f"{request.outcome.regions.height:.2f}")
        if len(table) > MOST_ROWS:
            text += " · " + self.tr("the {0} largest are listed").format(QLocale().toString(MOST_ROWS))
        self.summary.setText(text)
        self._stack.setCurrentIndex(1)

    def _show_rows(self, values: list[int], rows: list[tuple[str, ...]]) -> None:
        """Show rows with the regions chosen before, which may stand elsewhere."""
        self._values = values
        self.table.texts.set_rows(rows)
        self.table.select([values.index(value) for value in self._chosen if value in values])

    @Slot(bool)
    def set_in_front(self, is_in_front: bool) -> None:
        """Take note whether somebody can see the panel: only then regions are wanted and measured."""
        if is_in_front == self._is_in_front:
            return
        self._is_in_front = is_in_front
        self.wanted_changed.emit(is_in_front)
        if is_in_front:
            self._ask()
        elif self._chosen:
            self._chosen = ()
            self.table.go_to(None)
            self.regions_selected.emit(())

    @Slot()
    def _ask(self) -> None:
        """Ask for the table while somebody looks; measuring a large picture takes a while."""
        shown = self._shown
        if shown is None or shown.regions is None or not self._is_in_front:
            return
        asked = self._asked
        if asked is not None and asked.outcome is shown.regions and _has_same_maps(asked.shown, shown):
            return
        self._asked = RegionTableRequest(shown, shown.regions)
        self.table_requested.emit(self._asked)

    @Slot(object)
    def show_clicked(self, pixel: tuple[int, int]) -> None:
        """Select the row of the region at a pixel (y, x) that was clicked, while somebody looks.

        Nothing is marked in the picture: there the click means what the tool in hand makes of it.
        """
        if self._is_in_front and self._chosen:
            self._chosen = ()
            self.regions_selected.emit(())
        if self._is_in_front:
            self._go_to(pixel)

    @Slot(QPoint)
    def _ask_for_menu(self, at: QPoint) -> None:
        # Also what a click in the picture has selected is marked there now.
        self._choose(self.table.selected_rows)
        self.menu_requested.emit(self.table.viewport().mapToGlobal(at))

    def choose_at(self, pixel: tuple[int, int]) -> None:
        """Select the region at a pixel (y, x), as a click on its row does."""
        value = self._go_to(pixel)
        if value:
            self._chosen = (value,)
            self.regions_selected.emit(self._chosen)

    def _go_to(self, pixel: tuple[int, int]) -> int:
        """Select the row of the region at a pixel, if it is listed; returns the region, 0 for none."""
        outcome = None if self._shown is None else self._shown.regions
        value = 0 if outcome is None else int(outcome.regions.labels[pixel])
        if value in self._values and self._listed is outcome:
            self.table.go_to(self._values.index(value))
        return value

    @Slot(object)
    def _choose(self, rows: tuple[int, ...]) -> None:
        # What is still listed of the cut before is not in the picture any more.
        if self._shown is not None and self._listed is self._shown.regions:
            self._chosen = tuple(self._values[row] for row in rows)
            self.regions_selected.emit(self._chosen)


def _has_same_maps(one: ViewState, other: ViewState) -> bool:
    return (
        one.segmentation is other.segmentation
        and one.classes is other.classes
        and one.document.pixel_size == other.document.pixel_size
    )


def _row(table: RegionTable, at: int) -> tuple[str, ...]:
    locale = QLocale()
    size = table.pixel_size
    area, perimeter = int(table.areas[at]), round(float(table.perimeters[at]))
    best = ""
    if table.posteriors is not None and table.class_names:
        which = int(table.posteriors[at].argmax())
        best = f"{table.posteriors[at, which]:.2f} {table.class_names[which]}"
    red, green, blue = (int(value) for value in table.colours[at])
    return (
        str(class_id(int(table.regions[at]) - 1)),
        locale.toString(area) if size is None else area_text(area * pixel_area(size)),
        f"{100 * float(table.shares[at]):.1f}",
        locale.toString(perimeter),
        to_hex((red, green, blue)),
        best,
    )
