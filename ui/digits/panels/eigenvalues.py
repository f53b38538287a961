"""The eigenvalues panel: how many groups the neighbour graph falls into."""

from __future__ import annotations

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QLabel, QSizePolicy

from gmmseg.arrays import FloatArray
from gmmseg.digits.document import change_setting
from gmmseg.digits.experiment import ExperimentOutcome
from gmmseg.digits.view_state import ViewState
from ui.plots.plot import ThemedPlot, faded
from ui.plots.plot_panel import PlotPanel
from ui.theme import colours
from ui.widgets.empty_hint import EmptyHint


class EigenvaluesPanel(PlotPanel):
    """Draws the eigenvalues of the outcome's graph; a click asks for as many clusters."""

    edit_requested = Signal(object)

    def __init__(self) -> None:
        super().__init__("digit-eigenvalues")
        self._shown = ViewState()
        self._drawn: ExperimentOutcome | None = None
        self.plot = ThemedPlot("eigenvalue-plot", self.tr("Eigenvalues of the neighbour graph"))
        self.plot.setToolTip(
            self.tr(
                "The largest eigenvalues of the normalised graph. As many are near 1 as there are groups "
                "with few edges between them: the largest gap proposes the number of clusters. Click a "
                "point, or use Left and Right, to ask for that many."
            )
        )
        item = self.plot.getPlotItem()
        item.setLabel("bottom", self.tr("number of clusters"))
        item.setLabel("left", self.tr("eigenvalue"))
        self.curve = pg.PlotDataItem(symbol="o", symbolSize=7)
        self.gap_band = pg.LinearRegionItem(movable=False)
        self.gap_band.setZValue(-10)
        self.wanted_line = pg.InfiniteLine(angle=90)
        for part in (self.gap_band, self.curve, self.wanted_line):
            item.addItem(part, ignoreBounds=part is not self.curve)
        self.plot.clicked.connect(self._click)
        self.plot.restyled.connect(self._recolour)
        self._recolour()
        self.words = QLabel()
        self.words.setObjectName("eigenvalue-words")
        self.words.setWordWrap(True)
        self.words.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self.hint = EmptyHint("")
        self.lay_out(self.hint, self.plot, self.words, stretched=self.plot)
        self._draw()

    @Slot(object, object)
    def show_state(self, old: ViewState, new: ViewState) -> None:
        """Draw what differs."""
        before, self._shown = self._shown, new
        if before.document is not new.document:
            self._throttle.ask()

    @Slot()
    def _draw(self) -> None:
        outcome = self._shown.document.outcome
        values = None if outcome is None else outcome.eigenvalues
        self.show_content(values is not None)
        if outcome is None or values is None:
            self._drawn = None
            self.hint.label.setText(
                self.tr("The manifold recipe builds a graph of neighbours; its eigenvalues appear here.")
            )
            return
        if outcome is not self._drawn:
            self._drawn = outcome
            self._draw_values(outcome, values)
        wanted = self._shown.document.settings.n_clusters
        self.wanted_line.setValue(outcome.n_clusters if wanted is None else wanted)

    def _draw_values(self, outcome: ExperimentOutcome, values: FloatArray) -> None:
        counts = np.arange(1, len(values) + 1)
        self.curve.setData(counts, values)
        gap = outcome.gap_k
        self.gap_band.setVisible(gap is not None)
        if gap is None:
            self.words.setText(self.tr("There is no clear gap."))
        else:
            self.gap_band.setRegion((gap, gap + 1))
            self.words.setText(
                self.tr("The largest gap is after {0}: {1} to {2}. It proposes {0} clusters.").format(
                    gap, f"{values[gap - 1]:.3f}", f"{values[gap]:.3f}" if gap < len(values) else "–"
                )
            )
        view = self.plot.getPlotItem().vb
        low, high = float(values.min()), float(values.max())
        view.setXRange(1, len(values), padding=0.05)
        view.setYRange(low, max(high, low + 1e-6), padding=0.08)
        if len(values) <= 20:
            ticks = [(int(count), str(count)) for count in counts]
            self.plot.getPlotItem().getAxis("bottom").setTicks([ticks])
        else:
            self.plot.getPlotItem().getAxis("bottom").setTicks(None)

    @Slot(float, float)
    def _click(self, x: float, _y: float) -> None:
        self._ask(round(x))

    def _ask(self, n_clusters: int) -> None:
        if self._drawn is None or self._drawn.eigenvalues is None:
            return
        n_clusters = min(max(n_clusters, 1), len(self._drawn.eigenvalues))
        if n_clusters != self._shown.document.settings.n_clusters:
            title = self.tr("{0} clusters").format(n_clusters)
            self.edit_requested.emit(change_setting("n_clusters", n_clusters, title))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        steps = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1}
        step = steps.get(Qt.Key(event.key()))
        if step is not None and self._drawn is not None:
            self._ask(round(float(self.wanted_line.value())) + step)
        else:
            super().keyPressEvent(event)

    @Slot()
    def _recolour(self) -> None:
        tint = colours()
        self.curve.setPen(pg.mkPen(tint.accent, width=2))
        self.curve.setSymbolBrush(tint.accent)
        self.curve.setSymbolPen(None)
        self.gap_band.setBrush(pg.mkBrush(faded(tint.warning, 0.25)))
        for line in self.gap_band.lines:
            line.setPen(pg.mkPen(faded(tint.warning, 0.6)))
        self.wanted_line.setPen(pg.mkPen(faded(tint.text, 0.7), width=1, style=Qt.PenStyle.DashLine))
