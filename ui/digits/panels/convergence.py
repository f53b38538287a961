"""The convergence panel of the digits desk: log-likelihood and changed clusters by iteration and stage."""

from __future__ import annotations

import math
from typing import Literal

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import Qt, Slot
from PySide6.QtWidgets import QComboBox, QSizePolicy, QStackedWidget

from gmmseg.digits.events import Iterated
from gmmseg.digits.stages import STAGES
from gmmseg.digits.view_state import ViewState
from ui.plots.plot import ThemedPlot
from ui.plots.plot_panel import PlotPanel
from ui.theme import colours, style_plot
from ui.widgets.building import in_row, named
from ui.widgets.empty_hint import EmptyHint
from ui.widgets.text_table import TextTable

Figure = Literal["changed", "log_likelihood"]
MOST_DOTS = 60


class ConvergencePanel(PlotPanel):
    """Draws a curve for each stage that iterates, while a run is in progress as far as it has come."""

    def __init__(self) -> None:
        super().__init__("digit-convergence")
        self._iterations: tuple[Iterated, ...] = ()
        self.curves: dict[str, pg.PlotDataItem] = {}
        tip = self.tr(
            "Share of images whose cluster changed, log-likelihood per image in nats, or both in a table"
        )
        self.figure_box = named(QComboBox(), "digit-convergence-figure", tip, self.tr("What is drawn"))
        self.figure_box.addItem(self.tr("Changed clusters"), "changed")
        self.figure_box.addItem(self.tr("Log-likelihood"), "log_likelihood")
        self.figure_box.addItem(self.tr("Table"), "table")
        self.figure_box.currentIndexChanged.connect(self._draw)
        self.figure_box.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Fixed)
        self.plot = ThemedPlot("digit-convergence-plot", self.tr("Convergence of each stage by iteration"))
        item = self.plot.getPlotItem()
        item.setLabel("bottom", self.tr("iteration"))
        item.addLegend(offset=(-8, 8), labelTextSize="8pt")
        style_plot(self.plot)
        self.plot.restyled.connect(self._draw)
        self.table = TextTable(
            "digit-convergence-table",
            [self.tr("Stage"), self.tr("Iteration"), self.tr("Log-likelihood"), self.tr("Changed")],
            [
                self.tr("Which stage of the recipe"),
                self.tr("Counted in its stage"),
                self.tr("Mean per fitted image, nats; it need not rise where neighbours count, too"),
                self.tr("Share of the fitted images whose cluster changed"),
            ],
        )
        self.table.setAccessibleName(self.tr("Iterations as a table"))
        self.hint = EmptyHint(self.tr("Run a recipe to watch it converge, iteration by iteration."))
        self.views = QStackedWidget()
        self.views.addWidget(self.plot)
        self.views.addWidget(self.table)
        self.lay_out(self.hint, in_row(self.figure_box, None), self.views, stretched=self.views)

    @Slot(object, object)
    def show_state(self, old: ViewState, new: ViewState) -> None:
        """Draw what differs; while a run reports faster than the eye sees, its newest state now and then."""
        if new.iterations is not self._iterations:
            self._iterations = new.iterations
            self._choose_figure()
            self._throttle.ask()

    def _choose_figure(self) -> None:
        """Turn to a figure that is known: plain mixtures do not tell changes."""
        known = {
            "changed": any(math.isfinite(step.changed) for step in self._iterations),
            "log_likelihood": any(step.log_likelihood is not None for step in self._iterations),
        }
        if not known.get(self.figure, True):
            other = next((name for name, is_known in known.items() if is_known), None)
            if other is not None:
                self.figure_box.setCurrentIndex(self.figure_box.findData(other))

    @property
    def figure(self) -> str:
        """The quantity drawn: ``changed``, ``log_likelihood`` or ``table``."""
        return str(self.figure_box.currentData())

    @Slot()
    def _draw(self) -> None:
        self.show_content(bool(self._iterations))
        self.views.setCurrentIndex(1 if self.figure == "table" else 0)
        if self.figure == "table":
            self.table.texts.set_rows([_row(step) for step in self._iterations])
            return
        item = self.plot.getPlotItem()
        for curve in self.curves.values():
            item.removeItem(curve)
        self.curves = {}
        shades = (colours().accent, colours().warning, colours().ok, colours().error)
        styles = (Qt.PenStyle.SolidLine, Qt.PenStyle.DashLine, Qt.PenStyle.DotLine)
        for at, stage in enumerate(dict.fromkeys(step.stage for step in self._iterations)):
            x, y = self._values(stage)
            if len(x):
                shade = shades[at % len(shades)]
                curve = pg.PlotDataItem(
                    x,
                    y,
                    pen=pg.mkPen(shade, width=2, style=styles[at % len(styles)]),
                    symbol="o" if len(x) <= MOST_DOTS else None,
                    symbolSize=5,
                    symbolBrush=shade,
                    symbolPen=None,
                    name=stage_title(stage),
                )
                item.addItem(curve)
                self.curves[stage] = curve
        if self.figure == "changed":
            item.setLabel("left", self.tr("changed, %"))
        else:
            item.setLabel("left", self.tr("log-likelihood, nats"))
        # Shares fall, likelihoods rise: the legend stands where the curves are not.
        item.legend.setOffset((-8, 8) if self.figure == "changed" else (-8, -8))
        item.enableAutoRange()

    def _values(self, stage: str) -> tuple[list[int], list[float]]:
        """Return the iterations of a stage and what is drawn of them, where that is known."""
        x, y = [], []
        for step in self._iterations:
            value = 100 * step.changed if self.figure == "changed" else step.log_likelihood
            if step.stage == stage and value is not None and np.isfinite(value):
                x.append(step.iteration)
                y.append(value)
        return x, y


def stage_title(name: str) -> str:
    """Return what a stage is called."""
    stage = next((stage for key, stage in STAGES.items() if key == name), None)
    return name if stage is None else stage.title


def _row(step: Iterated) -> tuple[str, ...]:
    likelihood = "–" if step.log_likelihood is None else f"{step.log_likelihood:.4f}"
    changed = "–" if math.isnan(step.changed) else f"{100 * step.changed:.3f} %"
    return stage_title(step.stage), str(step.iteration), likelihood, changed
