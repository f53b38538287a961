"""Draws a dendrogram: leaves in class colours, unions as brackets, a line across that can be dragged."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QPointF, Qt, Signal, Slot
from PySide6.QtGui import QColor, QMouseEvent

from gmmseg.colours import readable_on
from gmmseg.mixture.tree import Dendrogram
from gmmseg.photo.classes import ClassInfo
from ui.plots.plot import ThemedPlot, faded
from ui.theme import colours

NEAR = 14
"""Largest distance of the pointer from a node that it is at, device-independent pixels."""
LOWEST_CUT = -0.02
"""Below unions that stand at 0."""
_BELOW = -0.06
"""Height at which the leaves' numbers stand."""


class DendrogramPlot(ThemedPlot):
    """Items are made once and given new data."""

    node_hovered = Signal(object)
    """The union under the pointer, or None."""
    node_clicked = Signal(object)
    """The union that was clicked, or None beside all of them."""
    cut_moved = Signal(float)
    """The line was dragged to this height."""

    def __init__(self) -> None:
        super().__init__("merge-tree-plot", "Tree of merges of the components")
        self._tree: Dendrogram | None = None
        self._places = np.empty((0, 2))
        self._hovered: int | None = None
        item = self.getPlotItem()
        item.vb.setMouseEnabled(x=False, y=False)
        item.hideAxis("bottom")
        # None for the room below 0, in which the leaves stand.
        item.getAxis("left").setTicks([[(tick, f"{tick:g}") for tick in (0, 0.2, 0.4, 0.6, 0.8, 1)], []])
        item.showGrid(x=False, y=True, alpha=0.16)
        self.brackets = pg.PlotCurveItem(connect="finite")
        self.strong = pg.PlotCurveItem(connect="finite")
        self.nodes = pg.ScatterPlotItem(size=9)
        self.cut_line = pg.InfiniteLine(
            0.0, angle=0, movable=True, bounds=(LOWEST_CUT, 1.0), hoverPen=pg.mkPen(width=4)
        )
        self.cut_line.setCursor(Qt.CursorShape.SizeVerCursor)
        self.cut_line.sigDragged.connect(self._note_cut)
        for extra in (self.brackets, self.strong, self.nodes, self.cut_line):
            item.addItem(extra, ignoreBounds=True)
        self._numbers: list[pg.TextItem] = []
        self.viewport().setMouseTracking(True)
        self.restyled.connect(self._recolour)
        self._recolour()

    def set_tree(self, tree: Dendrogram, leaves: Sequence[ClassInfo], height_title: str) -> None:
        """Draw a tree; `leaves` are the classes of the components 0..K-1."""
        self._tree = tree
        self._hovered = None
        self._places = node_places(tree)
        x, y = self._brackets_of(range(tree.n_leaves, tree.n_nodes))
        self.brackets.setData(x, y)
        unions = self._places[tree.n_leaves :]
        self.nodes.setData(unions[:, 0], unions[:, 1])
        self._draw_leaves(leaves)
        item = self.getPlotItem()
        if item.getAxis("left").labelText != height_title:
            item.setLabel("left", height_title)
        item.vb.setRange(xRange=(-0.6, tree.n_leaves - 0.4), yRange=(-0.12, 1.06), padding=0)
        self.mark(None)

    def set_cut(self, height: float) -> None:
        """Put the line at a height without announcing it."""
        self.cut_line.setValue(height)

    def mark(self, node: int | None) -> None:
        """Draw what is below a node strong; None draws nothing so."""
        tree = self._tree
        if tree is None or node is None or node < tree.n_leaves:
            self.strong.setVisible(False)
            return
        self.strong.setData(*self._brackets_of(unions_below(tree, node)))
        self.strong.setVisible(True)

    def node_at(self, position: QPointF) -> int | None:
        """Return the union whose dot or bracket is next to a position in the widget."""
        tree = self._tree
        if tree is None or not len(tree.pairs):
            return None
        view = self.getPlotItem().vb
        at = view.mapSceneToView(self.mapToScene(position.toPoint()))
        x_unit, y_unit = view.viewPixelSize()
        best, nearest = None, float(NEAR)
        for node in range(tree.n_leaves, tree.n_nodes):
            left, right = sorted(float(self._places[int(child), 0]) for child in self._pair(node))
            aside = max(left - at.x(), 0.0, at.x() - right) / x_unit
            away = float(np.hypot(aside, (self._places[node, 1] - at.y()) / y_unit))
            if away < nearest:
                best, nearest = node, away
        return best

    def position_of(self, node: int) -> QPointF:
        """Return where a node is drawn, in the widget."""
        x, y = self._places[node]
        return QPointF(self.mapFromScene(self.getPlotItem().vb.mapViewToScene(QPointF(x, y))))

    def _pair(self, node: int) -> tuple[int, int]:
        assert self._tree is not None  # noqa: S101 - callers have looked
        first, second = self._tree.pairs[node - self._tree.n_leaves]
        return int(first), int(second)

    def _brackets_of(self, nodes: Sequence[int] | range) -> tuple[np.ndarray, np.ndarray]:
        """Return x and y of the brackets of some unions, with NaN between them."""
        x, y = [], []
        for node in nodes:
            height = self._places[node, 1]
            (x_left, y_left), (x_right, y_right) = (self._places[child] for child in self._pair(node))
            x += [x_left, x_left, x_right, x_right, np.nan]
            y += [y_left, height, height, y_right, np.nan]
        return np.array(x, dtype=np.float64), np.array(y, dtype=np.float64)

    def _draw_leaves(self, leaves: Sequence[ClassInfo]) -> None:
        while len(self._numbers) < len(leaves):
            number = pg.TextItem(anchor=(0.5, 0.5))
            self.getPlotItem().addItem(number, ignoreBounds=True)
            self._numbers.append(number)
        for at, number in enumerate(self._numbers):
            number.setVisible(at < len(leaves))
            if at < len(leaves):
                number.setText(str(leaves[at].id), color=readable_on(leaves[at].colour))
                number.fill = pg.mkBrush(QColor(*leaves[at].colour))
                number.border = pg.mkPen(faded(colours().text, 0.55))
                number.setPos(float(self._places[at, 0]), _BELOW)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        super().mouseMoveEvent(event)
        self._hover(self.node_at(event.position()) if not event.buttons() else self._hovered)

    def leaveEvent(self, event: object) -> None:
        super().leaveEvent(event)
        self._hover(None)

    def _hover(self, node: int | None) -> None:
        if node != self._hovered:
            self._hovered = node
            self.node_hovered.emit(node)

    def _click(self, event: object) -> None:
        if event.button() == Qt.MouseButton.LeftButton:  # type: ignore[attr-defined]
            self.node_clicked.emit(self.node_at(QPointF(self.mapFromScene(event.scenePos()))))  # type: ignore[attr-defined]

    @Slot()
    def _note_cut(self) -> None:
        self.cut_moved.emit(float(self.cut_line.value()))

    @Slot()
    def _recolour(self) -> None:
        tint = colours()
        self.brackets.setPen(pg.mkPen(tint.muted, width=1.5))
        self.strong.setPen(pg.mkPen(tint.accent, width=3))
        self.nodes.setPen(pg.mkPen(tint.muted, width=1.5))
        self.nodes.setBrush(pg.mkBrush(tint.base))
        self.cut_line.setPen(pg.mkPen(tint.accent, width=1.5, style=Qt.PenStyle.DashLine))
        self.cut_line.setHoverPen(pg.mkPen(tint.accent, width=3))
        for number in self._numbers:
            number.border = pg.mkPen(faded(tint.text, 0.55))


def node_places(tree: Dendrogram) -> np.ndarray:
    """Return x and height of every node, (n_nodes, 2); leaves stand at 0, 1, 2, … from left to right."""
    places = np.zeros((tree.n_nodes, 2))
    for x, component in enumerate(tree.leaf_order()):
        places[component, 0] = x
    for at, (first, second) in enumerate(tree.pairs):
        places[tree.n_leaves + at] = (places[first, 0] + places[second, 0]) / 2, tree.heights[at]
    return places


def unions_below(tree: Dendrogram, node: int) -> list[int]:
    """Return a union and all unions below it."""
    if node < tree.n_leaves:
        return []
    first, second = tree.pairs[node - tree.n_leaves]
    return [node, *unions_below(tree, int(first)), *unions_below(tree, int(second))]
