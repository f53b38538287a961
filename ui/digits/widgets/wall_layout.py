"""Geometry of a wall of digits: sections, their lines, and the digit at a point."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
from PySide6.QtCore import QRect

from gmmseg.arrays import BoolArray, ByteArray, IntArray
from gmmseg.colours import Colour

HEADING = 26
"""Height of a section's heading, device-independent pixels."""
MARGIN = 8
GAP = 4
"""Between digits."""
NARROW = 520
"""A wall below this width is short of room."""
FOLDED_LINES = 2
"""Lines of a section that is not unfolded."""


@dataclass(frozen=True, slots=True, eq=False)
class WallSection:
    """Digits under a heading.

    Parameters
    ----------
    key : int
        Subject of the section, such as a cluster.
    title : str
    details : tuple of str
        Muted, after the title.
    images : uint8 (N, h, w)
        Of which `rows` (n,) are shown, in that order.
    portraits : uint8 (P, h, w)
        Shown larger at the beginning.
    portrait_names : tuple of str
        Description of each.
    colour : Colour, optional
        Of the swatch before the title.
    wrong : bool (N,), optional
        Which images have a mark below them.
    caption_of : callable, optional
        Returns two lines that stand below the digit of an index.
    can_rename : bool
        Whether the title may be edited.
    is_sample : bool
        Whether the images are drawn, not of the data.
    is_unfolded : bool
        Whether all lines are shown whatever the user folds.
    """

    key: int
    title: str
    details: tuple[str, ...]
    images: ByteArray
    rows: IntArray
    portraits: ByteArray = field(default_factory=lambda: np.empty((0, 1, 1), dtype=np.uint8))
    portrait_names: tuple[str, ...] = ()
    colour: Colour | None = None
    wrong: BoolArray | None = None
    caption_of: Callable[[int], str] | None = None
    can_rename: bool = False
    is_sample: bool = False
    is_unfolded: bool = False


@dataclass(frozen=True, slots=True)
class Placed:
    """Place of one section, device-independent pixels from the top of the wall.

    Parameters
    ----------
    top, height : int
    left : int
        Of the first digit of a line.
    n_columns, n_lines : int
        Of the digits, as far as they are shown.
    n_all_lines : int
        With all digits.
    portrait_side : int
    portrait_step : tuple of int
        From one portrait to the next, (x, y).
    """

    top: int
    height: int
    left: int
    n_columns: int
    n_lines: int
    n_all_lines: int
    portrait_side: int
    portrait_step: tuple[int, int]

    @property
    def can_unfold(self) -> bool:
        """Whether there are digits that are not shown while it is folded."""
        return self.n_all_lines > FOLDED_LINES


@dataclass(frozen=True, slots=True)
class Measures:
    """Sizes on a wall, device-independent pixels: of a digit, from one to the next, and from line to line."""

    side: int
    pitch: int
    line: int


class WallLayout:
    """The places of sections for a width.

    Parameters
    ----------
    sections : tuple of WallSection
    unfolded : set of int
        Keys of the sections that show all their lines.
    measures : Measures
    width : int
    """

    def __init__(
        self, sections: tuple[WallSection, ...], unfolded: set[int], measures: Measures, width: int
    ) -> None:
        self.measures = measures
        self.placed: list[Placed] = []
        top = 0
        for section in sections:
            place = self._place(section, section.key in unfolded or section.is_unfolded, top, width)
            self.placed.append(place)
            top += place.height
        self.height = top
        self._tops = [place.top for place in self.placed]

    def _place(self, section: WallSection, is_unfolded: bool, top: int, width: int) -> Placed:
        measures = self.measures
        n_portraits = len(section.portraits)
        # Where there is little room portraits stand one below the other, as high as a line each.
        is_stacked = width < NARROW
        portrait = (measures.line if is_stacked else FOLDED_LINES * measures.line) - GAP
        n_across = min(n_portraits, 1) if is_stacked else n_portraits
        left = MARGIN + n_across * (portrait + GAP) + (GAP if n_portraits else 0)
        n_columns = max((width - left - MARGIN + GAP) // measures.pitch, 1)
        n_all = -(-len(section.rows) // n_columns)
        n_lines = n_all if is_unfolded else min(n_all, FOLDED_LINES)
        body = max(n_lines, FOLDED_LINES if n_portraits else 1) * measures.line
        step = (0, measures.line) if is_stacked else (portrait + GAP, 0)
        return Placed(top, HEADING + body + GAP, left, n_columns, n_lines, n_all, portrait, step)

    def sections_between(self, top: int, bottom: int) -> range:
        """Return the sections that are to be seen between two heights."""
        first = max(bisect_right(self._tops, top) - 1, 0)
        return range(first, bisect_right(self._tops, bottom))

    def section_at(self, y: int) -> int | None:
        """Return the section at a height, or None below the last."""
        if not self.placed or not 0 <= y < self.height:
            return None
        return bisect_right(self._tops, y) - 1

    def lines_between(self, at: int, top: int, bottom: int) -> range:
        """Return the lines of a section that are to be seen between two heights."""
        place = self.placed[at]
        begin = place.top + HEADING
        first = max((top - begin) // self.measures.line, 0)
        last = min((bottom - begin) // self.measures.line + 1, place.n_lines)
        return range(first, max(last, first))

    def digit_at(self, x: int, y: int, n_digits: int) -> int | None:
        """Return the number within its section, of `n_digits`, of the digit at a point, or None."""
        at = self.section_at(y)
        if at is None:
            return None
        place = self.placed[at]
        line, column = (
            (y - place.top - HEADING) // self.measures.line,
            (x - place.left) // self.measures.pitch,
        )
        if not (0 <= line < place.n_lines and 0 <= column < place.n_columns):
            return None
        number = line * place.n_columns + column
        return number if number < n_digits else None

    def rect_of(self, at: int, number: int) -> QRect:
        """Return where a digit of a section is."""
        place = self.placed[at]
        line, column = divmod(number, place.n_columns)
        return QRect(
            place.left + column * self.measures.pitch,
            place.top + HEADING + line * self.measures.line,
            self.measures.side,
            self.measures.side,
        )

    def portrait_of(self, at: int, number: int) -> QRect:
        """Return where a portrait of a section is."""
        place = self.placed[at]
        across, down = place.portrait_step
        side = place.portrait_side
        return QRect(MARGIN + number * across, place.top + HEADING + number * down, side, side)

    def heading_of(self, at: int, offset: int, width: int) -> QRect:
        """Return where a section's heading is in a view that begins at `offset`.

        It stays at the top of the view while its digits pass.
        """
        place = self.placed[at]
        top = min(max(place.top, offset), place.top + place.height - HEADING)
        return QRect(0, top - offset, width, HEADING)
