"""Scene: everything that a page of the laboratory shows at one moment, as plain values for any screen."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, fields, is_dataclass
from typing import Any, Literal

import numpy as np

from gmmseg.arrays import ByteArray, FloatArray
from gmmseg.colours import Colour
from gmmseg.drawing.convergence import Curves
from gmmseg.drawing.scatter import ComponentCurve
from gmmseg.mixture.tree import Dendrogram

Role = Literal["text", "muted", "accent", "error", "warning", "ok"]
Tint = Role | Colour
"""A colour of the theme by its role, or sRGB."""
LineStyle = Literal["solid", "dash", "dot"]
Bounds = tuple[float, float, float, float]
"""x from, y from, x to, y to."""


@dataclass(frozen=True, slots=True, eq=False)
class Points:
    """Points (M,) with colours (M, 4), sRGB and opacity; drawn anew only where the arrays are others."""

    x: FloatArray
    y: FloatArray
    tints: ByteArray


@dataclass(frozen=True, slots=True, eq=False)
class Histogram:
    """Densities (B,) of bins between edges (B + 1,)."""

    edges: FloatArray
    density: FloatArray


@dataclass(frozen=True, slots=True, eq=False)
class Line:
    """A curve through points (P,), NaN where it is interrupted; with a label it stands in the legend."""

    x: FloatArray
    y: FloatArray
    tint: Tint = "accent"
    label: str = ""
    style: LineStyle = "solid"
    width: float = 2.0
    has_dots: bool = False


def upright(
    x: float,
    low: float,
    high: float,
    tint: Tint,
    label: str = "",
    style: LineStyle = "dot",
    width: float = 2.0,
) -> Line:
    """Return a line at x from one height to another."""
    return Line(np.array([x, x]), np.array([low, high]), tint, label, style, width)


@dataclass(frozen=True, slots=True)
class Handle:
    """A spot that can be dragged; `id` names it to the page."""

    id: str
    x: float
    y: float
    tint: Tint = "text"
    tip: str = ""
    is_main: bool = True
    """Whether it moves a thing as a whole; others change its extent and are drawn smaller."""
    label: str = ""
    """Written in it."""


@dataclass(frozen=True, slots=True)
class Note:
    """A few words at a place of the chart."""

    x: float
    y: float
    text: str
    tint: Tint = "text"


@dataclass(frozen=True, slots=True, eq=False)
class Matrix:
    """Values 0..1 in cells, (R, C), with the names of rows and columns; shown with two decimals."""

    values: FloatArray
    rows: tuple[str, ...]
    columns: tuple[str, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Chart:
    """Axes with all that is drawn between them.

    Parameters
    ----------
    x_label, y_label : str
    bounds : (x from, y from, x to, y to)
        Brought into view when they change.
    is_equal : bool
        Whether a unit is as long along y as along x.
    takes_points : bool
        Whether the page gets a press on an empty place.
    """

    x_label: str
    y_label: str
    bounds: Bounds
    title: str = ""
    points: Points | None = None
    histogram: Histogram | None = None
    shapes: tuple[ComponentCurve, ...] = ()
    lines: tuple[Line, ...] = ()
    handles: tuple[Handle, ...] = ()
    notes: tuple[Note, ...] = ()
    matrix: Matrix | None = None
    is_equal: bool = False
    takes_points: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Convergence:
    """The curves of L, Q and H by iteration, with the step `marked`; a click on a step goes there."""

    kept: Curves
    others: tuple[Curves, ...] = ()
    marked: int | None = None
    has_parts: bool = False
    """Whether Q and H are drawn, too."""
    moments: tuple[int, ...] = ()
    """The moment of the transport that each step belongs to."""


@dataclass(frozen=True, slots=True, eq=False)
class Tree:
    """A tree of merges with a line across that can be dragged."""

    tree: Dendrogram
    height_title: str
    cut: float
    colours: tuple[Colour, ...]


Picture = Chart | Convergence | Tree


def are_alike(one: Any, other: Any) -> bool:
    """Whether two parts of a scene look the same: dataclasses by their fields, arrays by their values."""
    if one is other:
        return True
    if type(one) is not type(other):
        return False
    if isinstance(one, np.ndarray):
        return one.shape == other.shape and bool(np.array_equal(one, other, equal_nan=one.dtype.kind == "f"))
    if isinstance(one, tuple):
        return len(one) == len(other) and all(map(are_alike, one, other))
    if is_dataclass(one):
        return all(are_alike(getattr(one, each.name), getattr(other, each.name)) for each in fields(one))
    return bool(one == other)


@dataclass(frozen=True, slots=True)
class Bar:
    """A number as a bar from 0, nats per row where not said otherwise; bars of one group share a scale."""

    label: str
    value: float
    tint: Tint = "accent"
    tip: str = ""
    group: str = ""


@dataclass(frozen=True, slots=True)
class Table:
    """Rows of texts under headings, which have tips; one row may be marked."""

    title: str
    headings: tuple[str, ...]
    tips: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    marked: int | None = None

    @classmethod
    def of(cls, title: str, *columns: tuple[str, str, Iterable[str]], marked: int | None = None) -> Table:
        """Return the table with these columns: heading, tip, and the texts from top to bottom."""
        headings, tips, texts = zip(*columns, strict=True)
        return cls(title, headings, tips, tuple(zip(*texts, strict=True)), marked)


@dataclass(frozen=True, slots=True)
class Transport:
    """Position of the page in a sequence of `length` moments, from 0, and the name of that one."""

    length: int
    at: int
    label: str


@dataclass(frozen=True, slots=True, eq=False)
class Scene:
    """Content of a page: pictures side by side, bars, tables, and what they mean.

    Parameters
    ----------
    pictures : tuple
        One to three.
    sentence : str
        What is to be seen, in plain words.
    formula : str
        The same as a formula, in the notation of `ui.widgets.formula_notation`.
    """

    pictures: tuple[Picture, ...]
    sentence: str
    formula: str = ""
    bars: tuple[Bar, ...] = ()
    tables: tuple[Table, ...] = ()
    transport: Transport | None = None
