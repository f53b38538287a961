"""HeatmapGrid: the heatmaps of all classes side by side, each with its class's colour and name."""

from __future__ import annotations

import math

from PySide6.QtCore import QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QImage, QPainter, QPaintEvent, QPen, QResizeEvent
from PySide6.QtWidgets import QAbstractButton, QScrollArea, QWidget

from gmmseg.arrays import ByteArray
from gmmseg.drawing.draw import Picture, Tile
from gmmseg.drawing.layer_colours import quantity_lut
from gmmseg.photo.classes import ClassInfo, ClassTable
from ui.photo.widgets.pixel_item import as_qimage
from ui.theme import SPACING

_SMALLEST = 72


class HeatmapTile(QAbstractButton):
    """One small heatmap: a picture, a swatch and a name; a click asks to see it large."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        # Painted anew when the pointer comes and goes.
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)
        self.component = 0
        self._colour = QColor()
        self._pixels: ByteArray | None = None
        self._lut = quantity_lut("viridis")

    def show_tile(self, tile: Tile) -> None:
        """Show another heatmap."""
        self.component = tile.component
        self._pixels = tile.pixels
        self.update()

    def show_class(self, entry: ClassInfo) -> None:
        """Show a class's name and colour."""
        self._colour = QColor(*entry.colour)
        self.setText(entry.name)
        self.setAccessibleName(self.tr("Heatmap of {name}").format(name=entry.name))
        self.setToolTip(
            self.tr("How probable {name} is at each pixel, its posterior γ(z_nk); click to enlarge").format(
                name=entry.name
            )
        )
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(_SMALLEST, _SMALLEST)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        metrics = self.fontMetrics()
        line = metrics.height() + 4
        if self._pixels is not None:
            self._paint_picture(painter, self._pixels, QRectF(0, line, self.width(), self.height() - line))
        swatch = QRect(2, (line - 10) // 2, 10, 10)
        painter.fillRect(swatch, self._colour)
        painter.setPen(self.palette().mid().color())
        painter.drawRect(swatch)
        painter.setPen(self.palette().windowText().color())
        name = metrics.elidedText(self.text(), Qt.TextElideMode.ElideRight, self.width() - 20)
        painter.drawText(QRect(18, 0, self.width() - 18, line), Qt.AlignmentFlag.AlignVCenter, name)
        if self.hasFocus() or self.underMouse():
            painter.setPen(QPen(self.palette().highlight().color(), 2))
            painter.drawRect(self.rect().adjusted(1, 1, -1, -1))

    def _paint_picture(self, painter: QPainter, pixels: ByteArray, room: QRectF) -> None:
        height, width = pixels.shape
        scale = min(room.width() / width, room.height() / height)
        if scale <= 0:
            return
        target = QRectF(0, 0, max(1.0, width * scale), max(1.0, height * scale))
        target.moveCenter(room.center())
        if scale < 1:
            # Indices cannot be averaged by Qt; as colours they can.
            size = (target.size() * self.devicePixelRatioF()).toSize()
            image = as_qimage(pixels, self._lut).convertToFormat(QImage.Format.Format_ARGB32_Premultiplied)
            smooth = Qt.TransformationMode.SmoothTransformation
            painter.drawImage(target, image.scaled(size, Qt.AspectRatioMode.IgnoreAspectRatio, smooth))
        else:
            painter.drawImage(target, as_qimage(pixels, self._lut))


class HeatmapGrid(QScrollArea):
    """As many equal tiles as there are classes, as large as fits; scrolls when they would get too small."""

    enlarge_requested = Signal(int)
    """A component of the class that was clicked."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("heatmap_grid")
        self.setAccessibleName(self.tr("All heatmaps"))
        self.setFrameShape(QScrollArea.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._page = QWidget()
        self.setWidget(self._page)
        self.tiles: list[HeatmapTile] = []
        """The tiles on show, in the order of the classes."""
        self._aspect = 1.0

    def show_picture(self, picture: Picture, classes: ClassTable) -> None:
        """Show the tiles of a picture of all heatmaps."""
        while len(self.tiles) > len(picture.tiles):
            self.tiles.pop().deleteLater()
        while len(self.tiles) < len(picture.tiles):
            widget = HeatmapTile(self._page)
            widget.clicked.connect(self._enlarge)
            widget.show()
            self.tiles.append(widget)
        for widget, tile in zip(self.tiles, picture.tiles, strict=True):
            widget.show_tile(tile)
        height, width = picture.tiles[0].pixels.shape
        self._aspect = width / height
        self.show_classes(classes)
        self._place()

    def show_classes(self, classes: ClassTable) -> None:
        """Show changed names and colours of the same classes."""
        for widget in self.tiles:
            if widget.component < classes.n_components:
                widget.show_class(classes.of_component(widget.component))

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._place()

    def _enlarge(self) -> None:
        tile = self.sender()
        if isinstance(tile, HeatmapTile):
            self.enlarge_requested.emit(tile.component)

    def _place(self) -> None:
        if not self.tiles:
            return
        width, height = self.viewport().width(), self.viewport().height()
        columns = max(range(1, len(self.tiles) + 1), key=self._picture_width)
        if self._picture_width(columns) < _SMALLEST:
            columns = max(1, (width + SPACING) // (_SMALLEST + SPACING))
        rows = math.ceil(len(self.tiles) / columns)
        cell_width = (width - (columns - 1) * SPACING) // columns
        shortest = round(min(cell_width / self._aspect, _SMALLEST)) + self._name_height()
        cell_height = max(shortest, (height - (rows - 1) * SPACING) // rows)
        for index, tile in enumerate(self.tiles):
            row, column = divmod(index, columns)
            tile.setGeometry(
                column * (cell_width + SPACING), row * (cell_height + SPACING), cell_width, cell_height
            )
        self._page.resize(width, rows * (cell_height + SPACING) - SPACING)

    def _picture_width(self, columns: int) -> float:
        """Return how wide the tiles' pictures are with that many columns."""
        rows = math.ceil(len(self.tiles) / columns)
        room = self.viewport().height() / rows - self._name_height() - SPACING
        return min(self.viewport().width() / columns - SPACING, room * self._aspect)

    def _name_height(self) -> int:
        return self.fontMetrics().height() + 4
