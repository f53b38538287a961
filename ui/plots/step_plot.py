"""The curves of EM by iteration: one for each restart, Q and H on demand, and a marker on one step."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import Qt, Slot

from gmmseg.arrays import FloatArray
from gmmseg.drawing.convergence import Curves
from ui.plots.curve_legend import CurveLegend
from ui.plots.plot import ThemedPlot, faded
from ui.theme import colours, style_plot

Span = Literal["all", "10", "1"]
SHARES: dict[Span, float] = {"all": 1.0, "10": 0.1, "1": 0.01}
MOST_DOTS = 80
LEAST_H = 0.01
"""Hard assignment has no entropy at all: its axis is no place for rounding."""
ROOM = 10
"""While a run grows the axis ends at a multiple of this many iterations: axes are what takes long to draw."""


@dataclass(frozen=True, slots=True)
class StepPlotOptions:
    """Curves besides the log-likelihood, their sign, and their share of the climb."""

    has_q: bool = False
    has_h: bool = False
    is_negative: bool = False
    span: Span = "all"
    unit: str = "pixel"
    """Name of a row of the fit."""


class StepPlot(ThemedPlot):
    """Log-likelihood per pixel by iteration; every item is made once and given new data."""

    def __init__(self) -> None:
        super().__init__("convergence-plot", "Log-likelihood per pixel by iteration of EM")
        self.options = StepPlotOptions()
        self._kept: Curves | None = None
        self._others: Sequence[FloatArray] = ()
        """Of each the bound after 0, 1, … iterations."""
        self._marked: int | None = None
        self._is_growing = False
        self._in_view: tuple[float, float, float, float] | None = None
        self._h_in_view: tuple[float, float, float, float] | None = None
        item = self.getPlotItem()
        item.setLabel("bottom", self.tr("iteration"))
        self._faint: list[pg.PlotDataItem] = []
        self.bound_curve = item.plot(symbolSize=4)
        self.q_curve = item.plot()
        self.h_curve = pg.PlotDataItem()
        self._h_view = self._right_hand_view()
        self.stage_line = pg.InfiniteLine(
            angle=90, label=self.tr("coarse | exact"), labelOpts={"position": 0.1, "movable": False}
        )
        self.mark_line = pg.InfiniteLine(angle=90)
        self.mark_dot = pg.ScatterPlotItem(size=11)
        for extra in (self.stage_line, self.mark_line, self.mark_dot):
            extra.setVisible(False)
            item.addItem(extra, ignoreBounds=True)
        self.legend = CurveLegend()
        """For the panel to lay out beside the plot: over it, it would cover curves."""
        style_plot(self)
        self.restyled.connect(self._recolour)
        self._recolour()

    def _right_hand_view(self) -> pg.ViewBox:
        """Return a second view for H, whose values are of another size than those of L and Q."""
        item = self.getPlotItem()
        view = pg.ViewBox(enableMenu=False, enableMouse=False)
        item.scene().addItem(view)
        item.getAxis("right").linkToView(view)
        view.setXLink(item.vb)
        view.addItem(self.h_curve)
        item.vb.sigResized.connect(self._place_right_hand_view)
        return view

    @Slot()
    def _place_right_hand_view(self) -> None:
        self._h_view.setGeometry(self.getPlotItem().vb.sceneBoundingRect())

    def set_runs(self, kept: Curves, others: Sequence[FloatArray], is_growing: bool = False) -> None:
        """Show the kept run accented and the other restarts faint; one that is growing with room to grow."""
        self._kept, self._others, self._is_growing = kept, others, is_growing
        self._draw()

    def set_options(self, options: StepPlotOptions) -> None:
        """Draw other curves of the same runs."""
        self.options = options
        self._draw()

    def mark(self, index: int | None) -> None:
        """Put the marker on a step of the kept run, or take it away."""
        self._marked = index
        self._draw_mark()

    def nearest(self, x: float, y: float) -> int | None:
        """Return the step of the kept run whose iteration is nearest to view coordinates.

        Of the two at the change from the coarse to the exact stage, the one drawn nearer.
        """
        if self._kept is None:
            return None
        aside = np.abs(self._kept.iteration - x)
        nearest = np.flatnonzero(aside == aside.min())
        return int(nearest[np.abs(self._signed(self._kept.bound)[nearest] - y).argmin()])

    def _signed(self, values: FloatArray) -> FloatArray:
        return -values if self.options.is_negative else values

    def _draw(self) -> None:
        kept = self._kept
        if kept is None:
            return
        options = self.options
        while len(self._faint) < len(self._others):
            curve = self.getPlotItem().plot(pen=self._faint_pen())
            curve.setZValue(-5)
            self._faint.append(curve)
        for at, curve in enumerate(self._faint):
            curve.setVisible(at < len(self._others))
            if at < len(self._others):
                bound = self._others[at]
                curve.setData(np.arange(len(bound)), self._signed(bound))
        few = len(kept.bound) <= MOST_DOTS
        self.bound_curve.setData(kept.iteration, self._signed(kept.bound), symbol="o" if few else None)
        self.q_curve.setVisible(options.has_q)
        self.h_curve.setVisible(options.has_h)
        if options.has_q:
            self.q_curve.setData(kept.iteration, self._signed(kept.q))
        if options.has_h:
            self.h_curve.setData(kept.iteration, self._signed(kept.h))
        self._draw_axes(kept)
        self._draw_legend()
        self._draw_range(kept)
        self._draw_mark()

    def _draw_axes(self, kept: Curves) -> None:
        item = self.getPlotItem()
        left = (self.tr("NLL / {}") if self.options.is_negative else self.tr("L / {}")).format(
            self.options.unit
        )
        if item.getAxis("left").labelText != left:
            item.setLabel("left", left)
        item.showAxis("right", self.options.has_h)
        right = self.tr("−H") if self.options.is_negative else self.tr("H")
        if self.options.has_h and item.getAxis("right").labelText != right:
            item.setLabel("right", right)
        is_split = 0 < kept.n_coarse < len(kept.bound)
        self.stage_line.setVisible(is_split)
        if is_split:
            self.stage_line.setValue(float(kept.iteration[kept.n_coarse]))

    def _draw_legend(self) -> None:
        options, sign = self.options, "−" if self.options.is_negative else ""
        # Rising curves leave the lower end of the line free, falling ones the upper one.
        self.stage_line.label.setPosition(0.9 if options.is_negative else 0.1)
        wanted = []
        if options.has_q or options.has_h:
            wanted.append(("NLL = H − Q" if options.is_negative else "L = Q − H", self.bound_curve))
        if options.has_q:
            wanted.append((f"{sign}Q(θg, θg)", self.q_curve))
        if options.has_h:
            wanted.append((f"{sign}H(θg, θg), " + self.tr("right"), self.h_curve))
        self.legend.show_curves([(name, curve.opts["pen"]) for name, curve in wanted])

    def _draw_range(self, kept: Curves) -> None:
        view = self.getPlotItem().vb
        first = 0 if self.options.span == "all" else kept.climb_from(SHARES[self.options.span])
        end = int(kept.iteration[-1])
        shown = [self._signed(kept.bound[first:])]
        if self.options.has_q:
            shown.append(self._signed(kept.q[first:]))
        if self.options.span == "all":
            shown += [self._signed(bound) for bound in self._others]
            end = max(end, *(len(bound) - 1 for bound in self._others), end)
        start = int(kept.iteration[first])
        low, high = _roomy(np.concatenate(shown))
        if self._is_growing:
            end += ROOM - end % ROOM
        wanted = (start, max(end, start + 1), low, high)
        if self._in_view is None or not (self._is_growing and _still_fits(self._in_view, wanted)):
            x_margin, y_margin = 0.03 * (wanted[1] - start), 0.08 * (high - low)
            self._in_view = (start, wanted[1], low - y_margin, high + y_margin)
            view.setRange(
                xRange=(start - x_margin, wanted[1] + x_margin), yRange=self._in_view[2:], padding=0
            )
        if self.options.has_h:
            self._draw_h_range(*_roomy(self._signed(kept.h[first:]), LEAST_H))

    def _draw_h_range(self, low: float, high: float) -> None:
        wanted = (0.0, 0.0, low, high)
        if not (self._is_growing and self._h_in_view and _still_fits(self._h_in_view, wanted)):
            margin = 0.08 * (high - low)
            self._h_in_view = (0.0, 0.0, low - margin, high + margin)
            self._h_view.setYRange(low - margin, high + margin, padding=0)

    def _draw_mark(self) -> None:
        kept, marked = self._kept, self._marked
        # The mark may belong to a longer run than the one that has just begun.
        is_on = kept is not None and marked is not None and marked < len(kept.bound)
        self.mark_line.setVisible(is_on)
        self.mark_dot.setVisible(is_on)
        if kept is not None and marked is not None and is_on:
            x = float(kept.iteration[marked])
            self.mark_line.setValue(x)
            self.mark_dot.setData([x], [self._signed(kept.bound)[marked]])

    def _faint_pen(self) -> object:
        return pg.mkPen(faded(colours().muted, 0.45), width=1)

    @Slot()
    def _recolour(self) -> None:
        tint = colours()
        self.bound_curve.setPen(pg.mkPen(tint.accent, width=2))
        self.bound_curve.setSymbolBrush(tint.accent)
        self.bound_curve.setSymbolPen(None)
        self.q_curve.setPen(pg.mkPen(tint.warning, width=2, style=Qt.PenStyle.DashLine))
        self.h_curve.setPen(pg.mkPen(tint.ok, width=2, style=Qt.PenStyle.DotLine))
        self.stage_line.setPen(pg.mkPen(tint.muted, width=1, style=Qt.PenStyle.DashLine))
        self.stage_line.label.setColor(tint.muted)
        self.stage_line.label.fill = pg.mkBrush(faded(tint.base, 0.85))
        self.mark_line.setPen(pg.mkPen(faded(tint.text, 0.6), width=1))
        self.mark_dot.setPen(pg.mkPen(tint.text, width=2))
        self.mark_dot.setBrush(pg.mkBrush(tint.base))
        for curve in self._faint:
            curve.setPen(self._faint_pen())
        self._draw_legend()


def _still_fits(seen: tuple[float, float, float, float], wanted: tuple[float, float, float, float]) -> bool:
    """Whether `wanted` (x from, x to, y from, y to) lies within what is seen and fills most of its height."""
    x_from, x_to, low, high = seen
    is_inside = low <= wanted[2] and wanted[3] <= high
    return (x_from, x_to) == wanted[:2] and is_inside and wanted[3] - wanted[2] > 0.7 * (high - low)


def _roomy(values: FloatArray, least: float = 1e-9) -> tuple[float, float]:
    """Return the range of values; not narrower than `least`, or than what rounding leaves meaningful."""
    low, high = float(values.min()), float(values.max())
    least *= max(1.0, abs(high))
    return (low, high) if high - low > least else (low - least, high + least)
