"""MeasuresPanel: a table of what is measured of the parts of a map, while somebody looks at it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QCoreApplication, QLocale, QTimer, Slot
from PySide6.QtWidgets import QHeaderView, QLayout, QWidget

from gmmseg.arrays import IntArray
from gmmseg.image import PixelSize
from gmmseg.physical import area_text, pixel_area
from ui.widgets.building import in_column, text_label
from ui.widgets.empty_hint import EmptyHint, hint_or_content
from ui.widgets.text_table import TextTable

if TYPE_CHECKING:
    from gmmseg.photo.view_state import ViewState

MOST_ROWS = 1000
"""Of more the table shows the largest."""


class MeasuresPanel(QWidget):
    """Base of the panels with a row for each region or part, which ask for what they list in `_ask`.

    Parameters
    ----------
    name : str
        What the object names of its parts begin with.
    title : str
        Of the table, for screen readers.
    columns : sequence of (str, str)
        Headings and their tool tips.
    wide : int
        The column that takes the room that is left: a long class name is cut short rather than scrolled to.
    pause_ms : int
        Measuring waits until nothing has changed for that long.
    swatches_in : int, optional
        As of `TextTable`.
    """

    def __init__(
        self,
        name: str,
        title: str,
        columns: Sequence[tuple[str, str]],
        *,
        wide: int,
        pause_ms: int,
        swatches_in: int | None = None,
    ) -> None:
        super().__init__()
        self.setObjectName(f"{name}-panel")
        self._shown: ViewState | None = None
        self._is_in_front = False
        self._pause = QTimer(self, singleShot=True, interval=pause_ms)
        self._pause.timeout.connect(self._ask)
        self.hint = EmptyHint("")
        headings, tips = zip(*columns, strict=True)
        self.table = TextTable(f"{name}-table", headings, tips, swatches_in)
        self.table.horizontalHeader().setSectionResizeMode(wide, QHeaderView.ResizeMode.Stretch)
        self.table.setAccessibleName(title)
        self.summary = text_label(f"{name}-summary")
        content = QWidget()
        in_column(*self._above(), self.summary, self.table, of=content, stretched=self.table)
        self._pages = hint_or_content(self, self.hint, content)

    def _above(self) -> Sequence[QLayout]:
        """Return what stands above the summary."""
        return ()

    @Slot()
    def _ask(self) -> None:
        """Ask for what is to be listed, while somebody looks and where it is not known."""
        raise NotImplementedError


def has_same_maps(one: ViewState, other: ViewState) -> bool:
    """Whether two states have the same map, classes and size of a pixel."""
    is_of_same_size = one.document.pixel_size == other.document.pixel_size
    return is_of_same_size and not one.differs_from(other, "segmentation", "classes")


def largest(areas: IntArray) -> IntArray:
    """Return the places of the areas that are listed, the largest first."""
    return np.argsort(-areas, kind="stable")[:MOST_ROWS]


def listed_words(n_rows: int) -> list[str]:
    """Return that not all of so many are listed; nothing where they are."""
    text = QCoreApplication.translate("MeasuresPanel", "the {0} largest are listed")
    return [text.format(QLocale().toString(MOST_ROWS))] if n_rows > MOST_ROWS else []


def area_cell(n_pixels: int, size: PixelSize | None) -> str:
    """Return an area, in pixels where their size is not known."""
    return QLocale().toString(n_pixels) if size is None else area_text(n_pixels * pixel_area(size))
