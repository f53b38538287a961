"""OverlapPlot: how much each pair of components overlaps, in the order of their classes."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from PySide6.QtCore import QCoreApplication, Signal, Slot

from gmmseg.arrays import FloatArray
from gmmseg.photo.classes import ClassInfo
from ui.plots.matrix_cells import MatrixCells
from ui.plots.plot import ThemedPlot


class OverlapPlot(ThemedPlot):
    """A cell for each pair; a click on one tells of which components."""

    pair_clicked = Signal(int, int)
    """The two components."""

    def __init__(self) -> None:
        super().__init__("merge-tree-overlaps", "Overlap of each pair of components")
        self.setToolTip(
            QCoreApplication.translate(
                "MergeTreePanel",
                "Each cell is a pair of components, by the numbers of their classes: 1 where they cannot be "
                "told apart. Click one to see the two in the image.",
            )
        )
        item = self.getPlotItem()
        item.vb.setMouseEnabled(x=False, y=False)
        item.vb.setAspectLocked(True)
        item.showGrid(x=False, y=False)
        self.cells = MatrixCells(item)
        self._order: list[int] = []
        self.clicked.connect(self._point_at)

    def set_overlaps(self, overlaps: FloatArray, order: Sequence[int], classes: Sequence[ClassInfo]) -> None:
        """Draw a matrix (K, K), its components in an order, under the numbers of their classes."""
        self._order = list(order)
        names = [str(entry.id) for entry in classes]
        self.cells.show(overlaps[np.ix_(self._order, self._order)], names, names)
        n = len(self._order)
        self.getPlotItem().vb.setRange(xRange=(0, n), yRange=(0, n), padding=0.02)

    @Slot(float, float)
    def _point_at(self, x: float, y: float) -> None:
        n = len(self._order)
        if 0 <= x < n and 0 <= y < n:
            self.pair_clicked.emit(self._order[int(y)], self._order[int(x)])
