"""Draws pixels as points with the ellipses of the components, or a histogram with their densities."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QPointF, QRectF, Qt, Slot
from PySide6.QtGui import QColor, QTransform

from gmmseg.arrays import ByteArray, FloatArray
from gmmseg.colours import readable_on
from gmmseg.drawing.scatter import ComponentCurve, dots
from ui.plots.badges import Part, badge_places
from ui.plots.brush_view import BrushViewBox
from ui.plots.picture_item import PictureItem
from ui.plots.plot import ThemedPlot, faded
from ui.theme import colours, mixed

DOT = 2
"""Of a point on screen at first; see `ScatterPlot.dot`."""


class ScatterPlot(ThemedPlot):
    """Points are drawn as one small picture of the view: twenty thousand graphics items would be too slow."""

    def __init__(
        self,
        view: BrushViewBox | None = None,
        object_name: str = "scatter-plot",
        accessible_name: str = "Pixels in two features with the ellipses of the components",
    ) -> None:
        self.view = view or BrushViewBox()
        super().__init__(object_name, accessible_name, self.view)
        self._points: tuple[FloatArray, FloatArray, ByteArray] | None = None
        self.dot = DOT
        """Size of a point on screen, device-independent pixels."""
        self.picture = PictureItem()
        self.picture.setZValue(-20)
        self.bars = pg.PlotDataItem(stepMode="center", fillLevel=0)
        self.bars.setZValue(-10)
        self.total_curve = pg.PlotDataItem()
        self.total_curve.setZValue(5)
        self.mark_dot = pg.ScatterPlotItem(size=13)
        self.mark_dot.setZValue(40)
        self.mark_line = pg.InfiniteLine(angle=90)
        for item in (self.picture, self.bars, self.total_curve, self.mark_dot, self.mark_line):
            item.setVisible(False)
            self.view.addItem(item, ignoreBounds=True)
        self._curves: list[pg.PlotCurveItem] = []
        self._numbers: list[pg.TextItem] = []
        self.leaders = pg.PlotDataItem(connect="pairs")
        """From badges to the means they stand beside."""
        self.leaders.setZValue(9)
        self.view.addItem(self.leaders, ignoreBounds=True)
        self.components: tuple[ComponentCurve, ...] = ()
        self.has_numbers = True
        """Whether each component has its number on it; handles may carry it instead."""
        self.view.disableAutoRange()
        self.view.sigRangeChanged.connect(self._render)
        self.view.sigResized.connect(self._render)
        self.view.sigRangeChanged.connect(self._place_numbers)
        self.view.sigResized.connect(self._place_numbers)
        self.restyled.connect(self._recolour)
        self._recolour()

    def set_axes(self, x: str, y: str, bounds: tuple[float, float, float, float]) -> None:
        """Name the axes and bring `bounds` (x from, y from, x to, y to) into view."""
        item = self.getPlotItem()
        item.setLabel("bottom", x)
        item.setLabel("left", y)
        self.set_bounds(bounds)

    def set_bounds(self, bounds: tuple[float, float, float, float]) -> None:
        """Bring `bounds` (x from, y from, x to, y to) into view."""
        x_from, y_from, x_to, y_to = bounds
        self.view.setRange(xRange=_wide(x_from, x_to), yRange=_wide(y_from, y_to), padding=0.04)

    def show_points(self, x: FloatArray, y: FloatArray, tints: ByteArray) -> None:
        """Show points (M,) in colours (M, 4); the histogram goes."""
        self._points = (x, y, tints)
        self.bars.setVisible(False)
        self.total_curve.setVisible(False)
        self.picture.setVisible(True)
        self._render()

    def hide_points(self) -> None:
        """Draw no picture of points."""
        self._points = None
        self.picture.setVisible(False)

    def show_histogram(
        self, edges: FloatArray, density: FloatArray, grid: FloatArray, total: FloatArray
    ) -> None:
        """Show bars and the density of the whole mixture over `grid`; the points go."""
        self.hide_points()
        self.bars.setData(edges, density)
        self.bars.setVisible(True)
        self.total_curve.setData(grid, total)
        self.total_curve.setVisible(len(grid) > 0)

    def show_components(self, drawn: Sequence[ComponentCurve]) -> None:
        """Show the components; curves and numbers are re-used."""
        while len(self._curves) < len(drawn):
            curve, number = pg.PlotCurveItem(), pg.TextItem(anchor=(0.5, 0.5))
            curve.setZValue(2)
            number.setZValue(10)
            for item in (curve, number):
                self.view.addItem(item, ignoreBounds=True)
            self._curves.append(curve)
            self._numbers.append(number)
        before, self.components = self.components, tuple(drawn)
        for at, (curve, number) in enumerate(zip(self._curves, self._numbers, strict=True)):
            curve.setVisible(at < len(drawn))
            number.setVisible(at < len(drawn) and self.has_numbers)
            if at < len(drawn) and not (at < len(before) and _are_same(before[at], drawn[at])):
                _draw_curve(curve, drawn[at])
            if at < len(drawn) and self.has_numbers:
                _draw_number(number, drawn[at])
        self._place_numbers()

    @Slot()
    def _place_numbers(self) -> None:
        """Put the numbers where they hide neither each other nor what they name."""
        size = self.view.rect()
        if not self.components or not self.has_numbers or size.width() < 1 or size.height() < 1:
            self.leaders.setData([], [])
            return
        to_pixels = self._to_pixels()
        parts = [
            _part(curve, number, to_pixels)
            for curve, number in zip(self.components, self._numbers, strict=False)
        ]
        places = badge_places(parts, (size.width(), size.height()))
        lines = []
        for number, part, place, drawn in zip(self._numbers, parts, places, self.components, strict=False):
            if place == part.centre:
                number.setPos(*drawn.mean)
                continue
            at = to_pixels.inverted()[0].map(QPointF(*place))
            number.setPos(at)
            lines += [(at.x(), at.y()), drawn.mean]
        ends = np.array(lines, dtype=np.float64).reshape(-1, 2)
        self.leaders.setData(ends[:, 0], ends[:, 1])

    def _to_pixels(self) -> QTransform:
        """Return what leads from the axes to pixels of the view; pyqtgraph's own lags behind its range."""
        (x_from, x_to), (y_from, y_to) = self.view.viewRange()
        size = self.view.rect()
        x_scale, y_scale = size.width() / (x_to - x_from), size.height() / (y_from - y_to)
        return QTransform(x_scale, 0, 0, y_scale, -x_from * x_scale, -y_to * y_scale)

    def mark(self, x: float | None, y: float | None) -> None:
        """Mark one point, or with `y` None a place along x, or with both None nothing."""
        self.mark_dot.setVisible(x is not None and y is not None)
        self.mark_line.setVisible(x is not None and y is None)
        if x is not None and y is not None:
            self.mark_dot.setData([x], [y])
        elif x is not None:
            self.mark_line.setValue(x)

    @Slot()
    def _render(self) -> None:
        """Draw the points as they fall into the present view."""
        if self._points is None:
            return
        (x_from, x_to), (y_from, y_to) = self.view.viewRange()
        size = self.view.rect()
        shape = max(int(size.height()) // self.dot, 1), max(int(size.width()) // self.dot, 1)
        x, y, tints = self._points
        self.picture.setImage(dots(x, y, tints, (x_from, y_from, x_to, y_to), shape), levels=None)
        self.picture.setRect(QRectF(x_from, y_from, x_to - x_from, y_to - y_from))

    @Slot()
    def _recolour(self) -> None:
        tint = colours()
        self.bars.setPen(pg.mkPen(faded(tint.muted, 0.8), width=1))
        self.bars.setFillBrush(pg.mkBrush(faded(tint.muted, 0.3)))
        self.total_curve.setPen(pg.mkPen(tint.error, width=2))
        self.mark_dot.setPen(pg.mkPen(tint.text, width=2))
        self.mark_dot.setBrush(pg.mkBrush(faded(tint.base, 0.35)))
        self.mark_line.setPen(pg.mkPen(tint.text, width=2))
        self.leaders.setPen(pg.mkPen(faded(tint.text, 0.7), width=1))
        self.view.outline.setPen(pg.mkPen(tint.accent, width=2, style=Qt.PenStyle.DashLine))
        self.view.outline.setBrush(pg.mkBrush(faded(tint.accent, 0.12)))
        drawn, self.components = self.components, ()
        self.show_components(drawn)


def _are_same(one: ComponentCurve, other: ComponentCurve) -> bool:
    """Whether two curves are drawn alike: while one component is dragged the others stay."""
    return one.colour == other.colour and np.array_equal(one.x, other.x) and np.array_equal(one.y, other.y)


def _draw_curve(curve: pg.PlotCurveItem, drawn: ComponentCurve) -> None:
    curve.setData(drawn.x, drawn.y)
    curve.setPen(pg.mkPen(drawn.colour, width=2))
    # A casing near the colour of text keeps the line visible on points of its own colour and on the ground;
    # one that lets these through would take twice as long to draw.
    curve.setShadowPen(pg.mkPen(mixed(colours().base, colours().text, 0.55), width=3.5))


def _draw_number(number: pg.TextItem, drawn: ComponentCurve) -> None:
    number.setText(str(drawn.number), color=readable_on(drawn.colour))
    number.fill = pg.mkBrush(QColor(*drawn.colour))
    number.border = pg.mkPen(faded(colours().text, 0.55))


def _part(drawn: ComponentCurve, number: pg.TextItem, to_pixels: QTransform) -> Part:
    """Return a component as what a badge belongs to, in pixels of the view."""
    centre = to_pixels.map(QPointF(*drawn.mean))
    # What a curve spans: that of a density begins at the axis, and its number stays there.
    x, y = (np.abs(values - middle) for values, middle in zip((drawn.x, drawn.y), drawn.mean, strict=True))
    half = (
        float(np.max(x, initial=0.0)) * abs(to_pixels.m11()),
        float(np.max(y, initial=0.0)) * abs(to_pixels.m22()),
    )
    box = number.boundingRect()
    return Part((centre.x(), centre.y()), half, (box.width() / 2, box.height() / 2))


def _wide(low: float, high: float) -> tuple[float, float]:
    """Return a range that is not empty."""
    least = 1e-6 * max(1.0, abs(low), abs(high))
    return (low, high) if high - low > least else (low - 0.5, high + 0.5)


def shown_bounds(x: FloatArray, y: FloatArray) -> tuple[float, float, float, float]:
    """Return x from, y from, x to and y to of points."""
    return float(np.min(x)), float(np.min(y)), float(np.max(x)), float(np.max(y))
