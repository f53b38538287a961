"""The scatter panel: pixels in two features with the components' ellipses, or one feature's histogram."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QPoint, Qt, Signal, Slot
from PySide6.QtGui import QAction, QActionGroup, QKeyEvent
from PySide6.QtWidgets import (
    QHBoxLayout,
    QMenu,
    QToolButton,
)

from gmmseg.arrays import ByteArray, FloatArray, IntArray
from gmmseg.drawing.scatter import (
    Axis,
    ComponentCurve,
    density_curves,
    dithered,
    ellipse,
    histogram,
    projected,
    row_colours,
    scatter_sample,
)
from gmmseg.features.table import FeatureTable
from gmmseg.photo.classes import ClassInfo, ClassTable
from gmmseg.render import display_rgb
from ui.photo.panels.scatter_rows import HIDDEN, Mixture, WinnersRequest, mixture_of, tints_of
from ui.plots.axis_choosers import AxisChoosers
from ui.plots.plot_panel import PlotPanel
from ui.plots.scatter_plot import ScatterPlot, shown_bounds
from ui.theme import theme
from ui.widgets.building import in_row, named
from ui.widgets.empty_hint import EmptyHint
from ui.widgets.throttle import SOON_MS

if TYPE_CHECKING:
    from gmmseg.photo.view_state import ViewState


class ScatterPanel(PlotPanel):
    """Shows the rows on screen; during a run the ellipses follow its newest step."""

    edit_requested = Signal(object)
    winners_requested = Signal(object)
    """A `WinnersRequest`; the answer goes to `show_winners`."""
    menu_requested = Signal(QPoint)
    """A place of the screen: what can be done with what is marked is asked for."""
    rows_brushed = Signal(object)
    """A bool array over the rows of the shown table, or None."""

    def __init__(self) -> None:
        super().__init__("scatter-panel", SOON_MS, is_prompt=False, theory="em")
        self._shown: ViewState | None = None
        self._table: FeatureTable | None = None
        self._rows: IntArray = np.empty(0, dtype=np.int64)
        self._spread: FloatArray = np.empty((0, 0))
        self._picture_colours: ByteArray | None = None
        self._sampled: FloatArray = np.empty((0, 0))
        self._answer: tuple[Mixture, IntArray] | None = None
        self._asked: WinnersRequest | None = None
        self._drawn_axes: tuple[str, str] | None = None
        self._pixel: tuple[int, int] | None = None
        self._build()
        theme().changed.connect(self._throttle.ask)

    def _build(self) -> None:
        self.plot = ScatterPlot()
        self.plot.setToolTip(
            self.tr(
                "Each point is a pixel, each ellipse a component. Drag to mark pixels in the image, with "
                "Shift a lasso; click or Esc to unmark. The wheel zooms, the middle button pans, a double "
                "click shows everything.\n"
                "A 2σ ellipse has half-axes of 2√λ along the eigenvectors of the covariance and holds "
                "86.5 % of its Gaussian in two dimensions (1 − e⁻²), not 95 %."
            )
        )
        self.plot.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.plot.customContextMenuRequested.connect(
            lambda at: self.menu_requested.emit(self.plot.mapToGlobal(at))
        )
        self.plot.clicked.connect(self._unmark)
        self.plot.double_clicked.connect(self._show_all)
        self.plot.view.brushed.connect(self._brush)
        self.hint = EmptyHint(self.tr("Pixels appear here as points once an image has been segmented."))
        self.lay_out(self.hint, self._top_row(), self.plot, stretched=self.plot)

    def _top_row(self) -> QHBoxLayout:
        self.choosers = AxisChoosers()
        self.choosers.changed.connect(self._change_axes)
        return in_row(self.choosers, self._options_button(), stretched=self.choosers)

    def _options_button(self) -> QToolButton:
        menu = QMenu(self)
        group = QActionGroup(menu)
        self.class_colours = QAction(self.tr("&Class colours"), group, checkable=True, checked=True)
        self.image_colours = QAction(self.tr("&Image colours"), group, checkable=True)
        self.ellipses = QAction(self.tr("2σ &ellipses"), menu, checkable=True, checked=True)
        menu.addActions(group.actions())
        menu.addSeparator()
        menu.addAction(self.ellipses)
        for action in (*group.actions(), self.ellipses):
            action.toggled.connect(self._throttle.ask)
        button = named(
            QToolButton(),
            "scatter-options",
            self.tr("Colours of the points, and whether the 2σ ellipses are drawn"),
            self.tr("What the plot shows"),
        )
        button.setText(self.tr("Show"))
        button.setMenu(menu)
        button.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        button.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        return button

    @Slot(object, object)
    def show_state(self, old: ViewState, new: ViewState) -> None:
        """Draw what differs; faster changes than the eye can follow are drawn now and then."""
        before, self._shown = self._shown, new
        parts = ("table", "segmentation", "classes", "steps", "document.fit")
        if before is None or new.differs_from(before, *parts):
            self._throttle.ask()

    @Slot(object)
    def mark_pixel(self, at: tuple[int, int] | None) -> None:
        """Mark the row of the pixel (y, x) under the pointer elsewhere, or None."""
        self._pixel = at
        table = self._table
        row = None
        if table is not None and at is not None:
            (y, x), (height, width) = at, table.pixels.shape
            row = table.pixels.row_at(y, x) if 0 <= y < height and 0 <= x < width else None
        if table is None or row is None:
            self.plot.mark(None, None)
            return
        x_axis, y_axis = self.choosers.axes()
        value = table.values[row : row + 1]
        self.plot.mark(float(x_axis.of(value)[0]), float(y_axis.of(value)[0]) if y_axis else None)

    @Slot()
    def _draw(self) -> None:
        table = self._shown.table if self._shown is not None else None
        self.show_content(table is not None)
        if table is not self._table:
            self._take_table(table)
        if self._shown is None or table is None:
            return
        mixture = mixture_of(self._shown)
        x_axis, y_axis = self.choosers.axes()
        if y_axis is None:
            self._draw_histogram(table, x_axis, mixture)
        else:
            self._draw_points(table, x_axis, y_axis, mixture)
        self.mark_pixel(self._pixel)

    def _take_table(self, table: FeatureTable | None) -> None:
        self._table = table
        self._picture_colours, self._drawn_axes, self._answer = None, None, None
        self.choosers.show_table(table)
        self.plot.view.clear_mark()
        if table is None:
            return
        self._rows = scatter_sample(table)
        self._sampled = table.values[self._rows]
        self._spread = dithered(table, self._rows)

    def _draw_points(
        self,
        table: FeatureTable,
        x_axis: Axis,
        y_axis: Axis,
        mixture: Mixture | None,
    ) -> None:
        x, y = x_axis.of(self._spread), y_axis.of(self._spread)
        self.plot.view.spans_height = False
        if self._drawn_axes != (x_axis.name, y_axis.name):
            self._drawn_axes = (x_axis.name, y_axis.name)
            self.plot.set_axes(x_axis.name, y_axis.name, shown_bounds(x, y))
        self.plot.show_points(x, y, self._tints(mixture))
        drawn = []
        if mixture is not None and self.ellipses.isChecked():
            params, classes = mixture
            seen = projected(params, (x_axis, y_axis))
            for k, info in _visible(classes):
                curve = ellipse(seen.means[k], seen.covariances[k])
                mean = (float(seen.means[k, 0]), float(seen.means[k, 1]))
                drawn.append(ComponentCurve(info.id, info.colour, curve[:, 0], curve[:, 1], mean))
        self.plot.show_components(drawn)

    def _tints(self, mixture: Mixture | None) -> ByteArray:
        """Return the colours of the sampled rows, (M, 4); those of the mixture before until new ones come."""
        image = self._shown.document.image if self._shown is not None else None
        table = self._table
        if self.image_colours.isChecked() and image is not None and table is not None:
            if self._picture_colours is None and table.pixels.shape == (image.height, image.width):
                self._picture_colours = row_colours(table, self._rows, display_rgb(image))
            if self._picture_colours is not None:
                opaque = np.full((len(self._rows), 1), 255, dtype=np.uint8)
                return np.concatenate([self._picture_colours, opaque], axis=1)
        if mixture is not None and table is not None:
            self._ask_for_winners(mixture, table)
        if mixture is None or self._answer is None:
            return np.full((len(self._rows), 4), HIDDEN, dtype=np.uint8)
        # Until the winners of this mixture have come the points keep the colours of the one before.
        answered, winners = self._answer
        return tints_of(winners, mixture if answered[0] is mixture[0] else answered)

    def _ask_for_winners(self, mixture: Mixture, table: FeatureTable) -> None:
        asked = self._asked
        if asked is None or asked.mixture[0] is not mixture[0] or asked.table is not table:
            self._asked = WinnersRequest(mixture, table, self._sampled)
            self.winners_requested.emit(self._asked)

    @Slot(object, object)
    def show_winners(self, request: WinnersRequest, winners: IntArray) -> None:
        """Colour the points by the component each belongs to, (M,), as requested."""
        if request.table is self._table:
            self._answer = (request.mixture, winners)
            self._throttle.ask()

    def _draw_histogram(self, table: FeatureTable, axis: Axis, mixture: Mixture | None) -> None:
        edges, density = histogram(axis.of(table.values), table.weights)
        grid = np.linspace(edges[0], edges[-1], 257)
        drawn, total = [], np.zeros(0)
        if mixture is not None:
            params, classes = mixture
            seen = projected(params, (axis,))
            curves = density_curves(seen, grid)
            total = curves.sum(axis=0)
            for k, info in _visible(classes) if self.ellipses.isChecked() else ():
                mean = float(seen.means[k, 0])
                peak = float(np.interp(mean, grid, curves[k]))
                drawn.append(ComponentCurve(info.id, info.colour, grid, curves[k], (mean, peak)))
        self.plot.view.spans_height = True
        if self._drawn_axes != (axis.name, ""):
            self._drawn_axes = (axis.name, "")
            top = max(float(density.max()), float(total.max(initial=0)))
            self.plot.set_axes(axis.name, self.tr("density"), (float(edges[0]), 0.0, float(edges[-1]), top))
        self.plot.show_histogram(edges, density, grid if len(total) else total, total)
        self.plot.show_components(drawn)

    @Slot()
    def _change_axes(self) -> None:
        self._unmark()
        self._show_all()

    @Slot()
    def _show_all(self) -> None:
        self._drawn_axes = None
        self._throttle.ask()

    @Slot(object)
    def _brush(self, corners: FloatArray) -> None:
        table = self._table
        if table is None:
            return
        x_axis, y_axis = self.choosers.axes()
        x = x_axis.of(table.values)
        if y_axis is None:
            marked = (x >= corners[:, 0].min()) & (x <= corners[:, 0].max())
        else:
            # Imported when first wanted: the window is there sooner without it.
            from skimage.measure import points_in_poly

            marked = points_in_poly(np.column_stack([x, y_axis.of(table.values)]), corners)
        self.rows_brushed.emit(marked)

    @Slot()
    def _unmark(self) -> None:
        if self.plot.view.has_mark:
            self.plot.view.clear_mark()
            self.rows_brushed.emit(None)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape and self.plot.view.has_mark:
            self._unmark()
        else:
            super().keyPressEvent(event)


def _visible(classes: ClassTable) -> list[tuple[int, ClassInfo]]:
    """Return the components of visible classes, each with its class."""
    found = [(k, classes.of_component(k)) for k in range(classes.n_components)]
    return [(k, info) for k, info in found if info.is_visible]
