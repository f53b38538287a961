"""The Regions panel: what is measured of each region, and the way to one of them in the picture."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QCoreApplication, QLocale, QPoint, Qt, Signal, Slot

from gmmseg.colours import to_hex
from gmmseg.photo.classes import class_id
from gmmseg.regions.outcome import RegionOutcome
from gmmseg.regions.table import RegionTable
from ui.photo.panels.measures import MeasuresPanel, area_cell, has_same_maps, largest, listed_words
from ui.photo.widgets.captions import counted_regions

if TYPE_CHECKING:
    from gmmseg.photo.view_state import ViewState

_PAUSE_MS = 200
"""Measuring waits until a slider rests: beside it the cuts would be slower to come."""
_COLOUR_COLUMN = 4
_tr = partial(QCoreApplication.translate, "RegionsPanel")


@dataclass(frozen=True, slots=True, eq=False)
class RegionTableRequest:
    """A request for the table of the regions shown, with the mean posteriors of the classes shown."""

    shown: ViewState
    outcome: RegionOutcome


class RegionsPanel(MeasuresPanel):
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
        columns = (
            ("No.", "Value in exported region masks"),
            ("Area", "Pixels, or square micrometres where the size of a pixel is known"),
            ("%", "Percent of the pixels with data"),
            ("Outline", "Length of the outline, pixels; a diagonal step counts √2"),
            ("Mean", "Mean sRGB of the region's pixels"),
            (
                "Class",
                "The class that the region is most surely of, and how surely.\n"
                "The largest mean posterior γ(z_nk) in the region",
            ),
        )
        said = [(_tr(heading), _tr(tip)) for heading, tip in columns]
        super().__init__(
            "regions", _tr("Regions"), said, wide=5, pause_ms=_PAUSE_MS, swatches_in=_COLOUR_COLUMN
        )
        self._asked: RegionTableRequest | None = None
        self._values: list[int] = []
        self._chosen: tuple[int, ...] = ()
        self._listed: RegionOutcome | None = None
        self._are_given_up = False
        self.table.rows_selected.connect(self._choose)
        self.table.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.table.customContextMenuRequested.connect(self._ask_for_menu)
        self._show_hint()

    @Slot(object, object)
    def show_state(self, old: ViewState, new: ViewState) -> None:
        """Ask for the table again soon where regions or posteriors are others."""
        self._shown = new
        self._show_hint()
        if new.regions is old.regions and has_same_maps(new, old):
            return
        if new.regions is not old.regions:
            # The regions of another cut are others, whatever their numbers.
            self._chosen = ()
        if new.regions is None:
            self._asked = None
            self._show_rows([], [])
            self._pages.setCurrentIndex(0)
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
        order = largest(table.areas)
        self._show_rows([int(table.regions[at]) for at in order], [_row(table, int(at)) for at in order])
        height = self.tr("cut at height {0}").format(f"{request.outcome.regions.height:.2f}")
        self.summary.setText(" · ".join([counted_regions(len(table)), height, *listed_words(len(table))]))
        self._pages.setCurrentIndex(1)

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
        if asked is not None and asked.outcome is shown.regions and has_same_maps(asked.shown, shown):
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


def _row(table: RegionTable, at: int) -> tuple[str, ...]:
    best = ""
    if table.posteriors is not None and table.class_names:
        which = int(table.posteriors[at].argmax())
        best = f"{table.posteriors[at, which]:.2f} {table.class_names[which]}"
    red, green, blue = (int(value) for value in table.colours[at])
    return (
        str(class_id(int(table.regions[at]) - 1)),
        area_cell(int(table.areas[at]), table.pixel_size),
        f"{100 * float(table.shares[at]):.1f}",
        QLocale().toString(round(float(table.perimeters[at]))),
        to_hex((red, green, blue)),
        best,
    )
