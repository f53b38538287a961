"""PictureSlot: one place of the stage, in which a chart, the curves of EM or a tree of merges is drawn."""

from __future__ import annotations

from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import QStackedWidget, QWidget

from gmmseg.laboratory.scene import Chart, Convergence, Picture, Tree
from gmmseg.photo.classes import ClassInfo
from ui.laboratory.widgets.chart_plot import ChartPlot
from ui.plots.curve_legend import CurveLegend
from ui.plots.dendrogram_plot import DendrogramPlot
from ui.plots.step_plot import StepPlot, StepPlotOptions
from ui.widgets.building import in_column


class PictureSlot(QStackedWidget):
    """Makes a plot of each kind when it is first needed."""

    handle_dragged = Signal(str, float, float)
    pressed_at = Signal(float, float)
    released = Signal()
    step_chosen = Signal(int)
    """A step of the convergence that was clicked, counted from 0."""
    cut_dragged = Signal(float)
    """The height to which a tree's line was dragged."""

    def __init__(self, number: int) -> None:
        super().__init__()
        self._number = number
        self.chart: ChartPlot | None = None
        self.convergence: StepPlot | None = None
        self.tree: DendrogramPlot | None = None

    def show_picture(self, picture: Picture) -> None:
        """Draw a picture."""
        if isinstance(picture, Chart):
            self._show_chart(picture)
        elif isinstance(picture, Convergence):
            self._show_convergence(picture)
        else:
            self._show_tree(picture)

    def _show_chart(self, picture: Chart) -> None:
        if self.chart is None:
            self.chart = plot = ChartPlot(self._number)
            plot.handle_dragged.connect(self.handle_dragged)
            plot.pressed_at.connect(self.pressed_at)
            plot.released.connect(self.released)
            self._add(plot, plot.legend)
        self._front(self.chart)
        self.chart.show_chart(picture)

    def _show_convergence(self, picture: Convergence) -> None:
        if self.convergence is None:
            self.convergence = plot = StepPlot()
            plot.clicked.connect(self._choose_step)
            # Drawn anew with every drag of a parameter: lines across would take most of that time.
            plot.getPlotItem().showGrid(x=False, y=False)
            self._add(plot, plot.legend)
        self._front(self.convergence)
        has_parts = picture.has_parts
        options = StepPlotOptions(has_q=has_parts, has_h=has_parts, unit=self.tr("row"))
        if options != self.convergence.options:
            self.convergence.set_options(options)
        self.convergence.set_runs(picture.kept, [other.bound for other in picture.others], is_growing=True)
        self.convergence.mark(picture.marked)

    def _show_tree(self, picture: Tree) -> None:
        if self.tree is None:
            self.tree = plot = DendrogramPlot()
            plot.cut_moved.connect(self.cut_dragged)
            plot.cut_line.sigPositionChangeFinished.connect(self.released)
            self._add(plot, None)
        self._front(self.tree)
        leaves = [ClassInfo(k + 1, str(k + 1), colour, (k,)) for k, colour in enumerate(picture.colours)]
        self.tree.set_tree(picture.tree, leaves, picture.height_title)
        self.tree.set_cut(picture.cut)

    def _add(self, plot: QWidget, legend: CurveLegend | None) -> None:
        page = QWidget()
        parts = (plot,) if legend is None else (plot, legend)
        in_column(*parts, of=page, stretched=plot, spacing=2)
        self.addWidget(page)

    def _front(self, plot: QWidget) -> None:
        page = plot.parentWidget()
        if page is not None and self.currentWidget() is not page:
            self.setCurrentWidget(page)

    @Slot(float, float)
    def _choose_step(self, x: float, y: float) -> None:
        at = None if self.convergence is None else self.convergence.nearest(x, y)
        if at is not None:
            self.step_chosen.emit(at)
