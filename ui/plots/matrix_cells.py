"""MatrixCells: a matrix of values from -1 to 1 drawn as shaded cells with their numbers."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QRectF
from PySide6.QtGui import QFont, QFontInfo, QFontMetricsF

from gmmseg.arrays import FloatArray
from gmmseg.colours import colormap_table, readable_on
from ui.plots.picture_item import PictureItem

MOST_WRITTEN = 12
"""Rows up to which the numbers are written into the cells, where they can be read."""


_SMALLEST = 7
"""Height of a number in pixels below which none is written: nobody could read it."""
_SHARE = 0.8
"""Of a cell's width that its number may take."""


class MatrixCells:
    """Draws into a plot; rows go down from the top, columns to the right, from 0 in steps of 1.

    Items are made once, and numbers that stay are not laid out again: that takes longer than all else.

    Parameters
    ----------
    plot : pg.PlotItem
    """

    def __init__(self, plot: pg.PlotItem) -> None:
        self._plot = plot
        self._image = PictureItem()
        self._image.setZValue(-30)
        self._image.setVisible(False)
        plot.vb.addItem(self._image, ignoreBounds=True)
        self.texts: list[pg.TextItem] = []
        self._written: dict[int, tuple[str, int, int]] = {}
        self._names: tuple[tuple[str, ...], tuple[str, ...]] | None = None
        self._n_written = self._n_columns = 0
        plot.vb.sigResized.connect(self._fit)

    def show(self, values: FloatArray, rows: Sequence[str], columns: Sequence[str]) -> None:
        """Draw values (R, C), the darker the nearer to 0, under the names of rows and columns."""
        n_rows, n_columns = values.shape
        shades = colormap_table("viridis")[np.rint(255 * np.clip(np.abs(values), 0, 1)).astype(np.intp)]
        self._image.setImage(shades, levels=None)
        self._image.setRect(QRectF(0, 0, n_columns, n_rows))
        self._image.setVisible(True)
        self._plot.vb.invertY(True)
        self._name(tuple(rows), tuple(columns))
        n_written = n_rows * n_columns if max(n_rows, n_columns) <= MOST_WRITTEN else 0
        self._n_written, self._n_columns = n_written, n_columns
        while len(self.texts) < n_written:
            text = pg.TextItem(anchor=(0.5, 0.5))
            self._plot.vb.addItem(text, ignoreBounds=True)
            self.texts.append(text)
        for at, text in enumerate(self.texts):
            text.setVisible(at < n_written)
            if at < n_written:
                row, column = divmod(at, n_columns)
                self._write(at, row, column, float(values[row, column]), shades[row, column].tolist())
        self._fit()

    def hide(self) -> None:
        """Draw nothing, and leave the axes to others."""
        if not self._image.isVisible():
            return
        self._image.setVisible(False)
        self._plot.vb.invertY(False)
        self._names = None
        for side in ("left", "bottom"):
            self._plot.getAxis(side).setTicks(None)
        for text in self.texts:
            text.setVisible(False)

    def _name(self, rows: tuple[str, ...], columns: tuple[str, ...]) -> None:
        """Name rows and columns; axes with the same names are not drawn again."""
        if self._names == (rows, columns):
            return
        self._names = rows, columns
        for side, names in (("left", rows), ("bottom", columns)):
            self._plot.getAxis(side).setTicks([[(at + 0.5, name) for at, name in enumerate(names)], []])

    def _fit(self, *_size: object) -> None:
        """Write the numbers so small that they do not touch, and none where that would be too small."""
        words = [text.toPlainText() for text in self.texts[: self._n_written]]
        if not self._image.isVisible() or not words:
            return
        font = QFont()
        usual = QFontInfo(font).pixelSize()
        longest = max(map(QFontMetricsF(font).horizontalAdvance, words))
        room = _SHARE * self._plot.vb.width() / self._n_columns
        size = min(usual, int(usual * room / longest))
        font.setPixelSize(max(size, _SMALLEST))
        for text in self.texts[: len(words)]:
            text.setVisible(size >= _SMALLEST)
            if text.textItem.font() != font:
                text.setFont(font)

    def _write(self, at: int, row: int, column: int, value: float, shade: list[int]) -> None:
        words = f"{value:.2f}"
        if self._written.get(at) == (words, row, column):
            return
        self._written[at] = words, row, column
        red, green, blue = shade
        self.texts[at].setText(words, color=readable_on((red, green, blue)))
        self.texts[at].setPos(column + 0.5, row + 0.5)
