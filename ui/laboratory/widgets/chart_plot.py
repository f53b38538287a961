"""ChartPlot: draws a chart of the laboratory: rows, curves, ellipses, matrices, and handles to drag."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import lru_cache, partial
from typing import Any

import pyqtgraph as pg
from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtGui import QBrush, QColor, QKeyEvent, QMouseEvent, QPen

from gmmseg.colours import readable_on
from gmmseg.laboratory.scene import (
    Bounds,
    Chart,
    Handle,
    Line,
    LineStyle,
    Matrix,
    Points,
    Tint,
    are_alike,
)
from ui.laboratory.widgets.handle_view import HandleView
from ui.plots.curve_legend import CurveLegend
from ui.plots.matrix_cells import MatrixCells
from ui.plots.scatter_plot import ScatterPlot
from ui.theme import colours, style_plot

_STYLES: dict[LineStyle, Qt.PenStyle] = {
    "solid": Qt.PenStyle.SolidLine,
    "dash": Qt.PenStyle.DashLine,
    "dot": Qt.PenStyle.DotLine,
}
_LABELLED, _MAIN, _MINOR = 19, 14, 9
"""Sizes of handles, device-independent pixels."""
_FEW, _FEW_SIZE, _MANY_DOT = 2000, 6, 3
"""Up to so many points each is drawn round and of this size; more of them are cells of a picture."""
_DOT_SIZE = 6
"""Of the dots of a line."""
_STEP = 0.01
"""Of the view, by which an arrow key moves the chosen handle."""


@lru_cache(maxsize=256)
def _brush(rgb: int) -> QBrush:
    """Return the same brush for the same colour: symbols with it are drawn once."""
    return QBrush(QColor.fromRgb(rgb))


@lru_cache(maxsize=64)
def _pen(rgb: int, width: float) -> QPen:
    return QPen(pg.mkPen(QColor.fromRgb(rgb), width=width))


@lru_cache(maxsize=64)
def _line_pen(rgb: int, width: float, style: LineStyle) -> QPen:
    return QPen(pg.mkPen(QColor.fromRgb(rgb), width=width, style=_STYLES[style]))


def _dotted(colour: QColor) -> QPen:
    """Return the pen that draws a piece of a line as dots."""
    pen = QPen(colour, _DOT_SIZE, Qt.PenStyle.CustomDashLine, Qt.PenCapStyle.RoundCap)
    pen.setDashPattern([0.01, 1.5])
    return pen


def colour_of(tint: Tint) -> QColor:
    """Return the colour of a tint in the theme in force."""
    return QColor(*tint) if isinstance(tint, tuple) else QColor(getattr(colours(), tint))


@dataclass(frozen=True, slots=True)
class _Kept:
    """Items of one kind that are used again and again: their height in the view, and how one is made."""

    height: float
    make: Callable[[], Any]
    items: list[Any] = field(default_factory=list)


class ChartPlot(ScatterPlot):
    """Items are made once and given new data; what has not changed is not drawn again."""

    handle_dragged = Signal(str, float, float)
    pressed_at = Signal(float, float)
    released = Signal()
    """A drag is over."""

    def __init__(self, number: int) -> None:
        self.handle_view = HandleView()
        super().__init__(self.handle_view, f"laboratory-chart-{number}", "Chart")
        self._chart: Chart | None = None
        self._bounds: Bounds | None = None
        self._chosen: str | None = None
        self._lines = _Kept(4, partial(pg.PlotCurveItem, connect="finite"))
        self._dots = _Kept(7, partial(pg.ScatterPlotItem, pxMode=True, size=_DOT_SIZE, pen=None))
        self._texts = _Kept(30, partial(pg.TextItem, anchor=(0.5, 0.5)))
        self._labels = _Kept(61, partial(pg.TextItem, anchor=(0.5, 0.5)))
        self.dot = _MANY_DOT
        self.rows_item = pg.ScatterPlotItem(pxMode=True, size=_FEW_SIZE, pen=None)
        self.spots = pg.ScatterPlotItem(pxMode=True)
        self.cells = MatrixCells(self.getPlotItem())
        for item, height in ((self.rows_item, -15), (self.spots, 60)):
            item.setZValue(height)
            self.view.addItem(item, ignoreBounds=True)
        self.legend = CurveLegend()
        """For the owner to lay out beside the plot."""
        self.handle_view.handle_dragged.connect(self.handle_dragged)
        self.handle_view.pressed_at.connect(self.pressed_at)
        self.handle_view.released.connect(self.released)
        self.restyled.connect(self._repaint)
        self.viewport().setMouseTracking(True)

    @property
    def chart(self) -> Chart | None:
        """The chart drawn."""
        return self._chart

    def show_chart(self, chart: Chart) -> None:
        """Draw a chart."""
        before, self._chart = self._chart, chart
        if before is not None and are_alike(before, chart):
            return
        self.has_numbers = not any(handle.label for handle in chart.handles)
        self._show_frame(chart, before)
        self._show_ground(chart, before)
        self.show_components(chart.shapes)
        self._show_lines(chart.lines, () if before is None else before.lines)
        self._show_notes(chart)
        self._show_matrix(chart.matrix)
        if before is None or chart.handles != before.handles:
            self._show_handles(chart.handles)
        self.handle_view.takes_points = chart.takes_points

    def _show_frame(self, chart: Chart, before: Chart | None) -> None:
        """Show axes and title, and bring the bounds into view where they are others than before."""
        names = chart.x_label, chart.y_label, chart.title
        if before is None or names != (before.x_label, before.y_label, before.title):
            item = self.getPlotItem()
            has_axes = bool(chart.x_label)
            item.setLabel("bottom", chart.x_label)
            item.setLabel("left", chart.y_label)
            item.setTitle(chart.title or None, size="9pt")
            style_plot(self)
            # Without a grid: its lines across the view would take longer to draw than all else in a drag.
            item.showGrid(x=False, y=False)
            for side in ("bottom", "left"):
                item.showAxis(side, has_axes or chart.matrix is not None)
            self.setAccessibleName(chart.title or f"{chart.y_label}, {chart.x_label}")
        if before is None or chart.is_equal != before.is_equal:
            self.view.setAspectLocked(chart.is_equal)
        if chart.bounds != self._bounds:
            self._bounds = chart.bounds
            self.set_bounds(chart.bounds)

    def _show_ground(self, chart: Chart, before: Chart | None) -> None:
        if before is None or not are_alike(chart.points, before.points):
            self._show_rows(chart.points)
        bars = chart.histogram
        self.bars.setVisible(bars is not None)
        if bars is not None and (before is None or bars is not before.histogram):
            self.bars.setData(bars.edges, bars.density)

    def _show_rows(self, points: Points | None) -> None:
        is_few = points is not None and len(points.x) <= _FEW
        self.rows_item.setVisible(is_few)
        if points is None or is_few:
            self.hide_points()
        if points is not None and is_few:
            brushes = [pg.mkBrush(*tint) for tint in points.tints.tolist()]
            self.rows_item.setData(points.x, points.y, brush=brushes)
        elif points is not None:
            self.show_points(points.x, points.y, points.tints)

    def _items(self, kept: _Kept, n: int) -> list[Any]:
        """Return the first `n` items of a kind, visible, the others hidden."""
        while len(kept.items) < n:
            item = kept.make()
            item.setZValue(kept.height)
            self.view.addItem(item, ignoreBounds=True)
            kept.items.append(item)
        for at, item in enumerate(kept.items):
            item.setVisible(at < n)
        return kept.items[:n]

    def _show_lines(self, lines: tuple[Line, ...], before: tuple[Line, ...]) -> None:
        entries = []
        for at, (curve, line) in enumerate(zip(self._items(self._lines, len(lines)), lines, strict=True)):
            # Of dots alone a pen of width 0 would still draw hairlines.
            curve.setVisible(line.width > 0)
            pen = _line_pen(colour_of(line.tint).rgb(), line.width, line.style)
            if not (at < len(before) and are_alike(line, before[at])):
                curve.setPen(pen)
                curve.setData(line.x, line.y)
            if line.label:
                entries.append((line.label, pen if line.width else _dotted(pen.color())))
        self.legend.show_curves(entries)
        dotted, were_dotted = ([line for line in some if line.has_dots] for some in (lines, before))
        if len(dotted) != len(were_dotted) or not all(map(are_alike, dotted, were_dotted)):
            self._show_dots(dotted)

    def _show_dots(self, lines: list[Line]) -> None:
        for dots, line in zip(self._items(self._dots, len(lines)), lines, strict=True):
            dots.setData(x=line.x, y=line.y, brush=_brush(colour_of(line.tint).rgb()))

    def _show_notes(self, chart: Chart) -> None:
        for text, note in zip(self._items(self._texts, len(chart.notes)), chart.notes, strict=True):
            text.setText(note.text, color=colour_of(note.tint))
            text.setPos(note.x, note.y)

    def _show_matrix(self, matrix: Matrix | None) -> None:
        if matrix is None:
            self.cells.hide()
        else:
            self.cells.show(matrix.values, matrix.rows, matrix.columns)

    def _show_handles(self, handles: tuple[Handle, ...]) -> None:
        self.handle_view.handles = handles
        tint = colours()
        self.spots.setData(
            x=[handle.x for handle in handles],
            y=[handle.y for handle in handles],
            size=[_LABELLED if handle.label else _MAIN if handle.is_main else _MINOR for handle in handles],
            symbol=["o" if handle.is_main else "s" for handle in handles],
            brush=[_brush(colour_of(handle.tint).rgb()) for handle in handles],
            pen=[
                _pen(tint.accent.rgb(), 3.0) if handle.id == self._chosen else _pen(tint.text.rgb(), 1.5)
                for handle in handles
            ],
        )
        labelled = [handle for handle in handles if handle.label]
        for text, handle in zip(self._items(self._labels, len(labelled)), labelled, strict=True):
            shade = colour_of(handle.tint)
            text.setText(handle.label, color=readable_on((shade.red(), shade.green(), shade.blue())))
            text.setPos(handle.x, handle.y)

    @Slot()
    def _repaint(self) -> None:
        chart, self._chart = self._chart, None
        if chart is not None:
            self.show_chart(chart)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        super().mouseMoveEvent(event)
        if not event.buttons():
            at = self.view.mapFromScene(self.mapToScene(event.position().toPoint()))
            handle = self.handle_view.handle_at(at)
            self.viewport().setCursor(Qt.CursorShape.OpenHandCursor if handle else Qt.CursorShape.ArrowCursor)
            self.setToolTip(handle.tip if handle else "")

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Page Up and Page Down choose a handle, arrows move it."""
        handles = list(self.handle_view.handles)
        key = Qt.Key(event.key())
        steps = {
            Qt.Key.Key_Left: (-1, 0),
            Qt.Key.Key_Right: (1, 0),
            Qt.Key.Key_Up: (0, 1),
            Qt.Key.Key_Down: (0, -1),
        }
        ids = [handle.id for handle in handles]
        at = ids.index(self._chosen) if self._chosen in ids else -1
        if handles and key in (Qt.Key.Key_PageDown, Qt.Key.Key_PageUp):
            self._chosen = ids[(at + (1 if key == Qt.Key.Key_PageDown else -1)) % len(ids)]
            self._show_handles(tuple(handles))
        elif at >= 0 and key in steps:
            (x_from, x_to), (y_from, y_to) = self.view.viewRange()
            across, up = steps[key]
            handle = handles[at]
            x, y = handle.x + across * _STEP * (x_to - x_from), handle.y + up * _STEP * (y_to - y_from)
            self.handle_dragged.emit(handle.id, x, y)
            self.released.emit()
        else:
            super().keyPressEvent(event)
