"""PaneGrid: one, two or four panes that share a camera and a crosshair, each with a layer of its own."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, get_args

from PySide6.QtCore import QPoint, QPointF, QRectF, QSizeF, Signal, Slot
from PySide6.QtGui import QImage, QResizeEvent
from PySide6.QtWidgets import QGridLayout, QWidget

from gmmseg.drawing.layers import Layer, LayerKind
from ui.photo.widgets.camera import Camera
from ui.photo.widgets.layer_pane import LayerPane
from ui.theme import SPACING

_ZOOM_STEP = 1.25
_WORTH_MOVING = 1.15
"""Two panes change between beside and below one another for an image larger by this factor, and not for less:
else they would jump while a border is dragged."""
N_PANES = 4


class PaneGrid(QWidget):
    """The panes, which of them are visible, and what moves them all; it draws nothing itself.

    Parameters
    ----------
    layers : mapping
        For each number of panes the layers they show at first.
    """

    pixel_hovered = Signal(object)
    """Pixel (y, x) under the cursor, or None."""
    pixel_clicked = Signal(object)
    """Pixel (y, x) of a plain left click."""
    menu_requested = Signal(object, QPoint)
    """((x, y) on the image, a place of the screen): a menu is asked for in a pane."""
    zoom_changed = Signal(object)
    """Device pixels for each pixel of the picture: 1.0 is 100 %."""
    layout_changed = Signal(int)

    def __init__(self, layers: Mapping[int, Sequence[Layer]], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.camera = Camera(self)
        self.panes = [LayerPane(number, self.camera, self) for number in range(N_PANES)]
        self._layers = {count: list(wanted) for count, wanted in layers.items()}
        self.n_panes = 1
        """Present number of panes: 1, 2 or 4."""
        self.active = 0
        """The number of the pane used last."""
        self._zoom = 0.0
        self._is_stacked = False
        self._foot = 0.0
        self.covered_foot: Callable[[], float] = lambda: 0.0
        """Returns the height that something covers at the bottom, device-independent pixels."""
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(SPACING // 2, SPACING // 2, SPACING // 2, SPACING // 2)
        self._grid.setSpacing(SPACING)
        for number, pane in enumerate(self.panes):
            pane.canvas.hovered.connect(lambda pixel, number=number: self._hover(number, pixel))
            pane.canvas.clicked.connect(self.pixel_clicked)
            pane.canvas.menu_requested.connect(self.menu_requested)
            pane.canvas.fit_requested.connect(self.fit_view)
            pane.canvas.resized.connect(self.keep_fitted)
        self._place_panes()
        self.camera.changed.connect(self._report_zoom)

    @property
    def visible_panes(self) -> list[LayerPane]:
        """The panes that there are now."""
        return self.panes[: self.n_panes]

    @Slot(int)
    def set_layout(self, n_panes: int) -> None:
        """Show one, two or four panes, each with the layer it had when that many were shown last."""
        self.n_panes = n_panes
        for number, pane in enumerate(self.panes):
            pane.setVisible(number < n_panes)
        self._place_panes()
        self.choose_arrangement()
        self.active = min(self.active, n_panes - 1)
        for pane, layer in zip(self.visible_panes, self._layers[n_panes], strict=True):
            pane.layer = layer
        self.layout_changed.emit(n_panes)

    @Slot()
    def choose_arrangement(self) -> None:
        """Put two panes beside or below one another, whichever shows the image larger."""
        header = self.panes[0].header_height()
        width, height = self.width() - SPACING, self.height() - SPACING - header
        beside = self.camera.fit_zoom(QSizeF((width - SPACING) / 2, height))
        below = self.camera.fit_zoom(QSizeF(width, (height - SPACING - header) / 2))
        gain = beside / below if self._is_stacked else below / beside
        if min(beside, below) > 0 and gain > _WORTH_MOVING:
            self._is_stacked = not self._is_stacked
            self._place_panes()

    def _place_panes(self) -> None:
        is_stacked = self._is_stacked and self.n_panes == 2
        for number, pane in enumerate(self.panes):
            row, column = (number, 0) if is_stacked else divmod(number, 2)
            self._grid.addWidget(pane, row, column)
        self._grid.setColumnStretch(0, 1)
        self._grid.setColumnStretch(1, int(self.n_panes > 1 and not is_stacked))
        self._grid.setRowStretch(0, 1)
        self._grid.setRowStretch(1, int(self.n_panes > 2 or is_stacked))

    def choose_layer(self, number: int, layer: Layer) -> None:
        """Have a pane show another layer, also when as many panes are shown again."""
        self._layers[self.n_panes][number] = layer
        self.active = number
        self.panes[number].layer = layer

    def state(self) -> dict[str, Any]:
        """Return what is shown, and how, as plain values to be remembered."""
        return plain_panes(self.n_panes, self._layers)

    def restore(self, state: dict[str, Any]) -> None:
        """Take remembered values; whatever is missing or makes no sense is left as it is."""
        layers = state.get("layers")
        for count in self._layers:
            remembered = _read_layers(layers.get(str(count)) if isinstance(layers, dict) else None)
            if len(remembered) == count:
                self._layers[count] = remembered
        layout = state.get("layout")
        self.set_layout(layout if isinstance(layout, int) and layout in self._layers else self.n_panes)

    @Slot()
    def fit_view(self) -> None:
        """Show the whole image in every pane, above what covers their foot now."""
        self._foot = self.covered_foot()
        self._fit()

    def _fit(self) -> None:
        view = self._smallest_view()
        if view is not None:
            self.camera.fit(view, self._foot)

    def show_box(self, left: float, top: float, right: float, bottom: float) -> None:
        """Show a box of the image, in its pixels, with what surrounds it, in every pane."""
        view = self._smallest_view()
        if view is not None:
            self.camera.show_box(QRectF(QPointF(left, top), QPointF(right, bottom)), view)

    def seen(self) -> tuple[QRectF, float]:
        """Return what the pane used last shows, image pixels, and device pixels for each of these."""
        view = self.panes[self.active].canvas.view_size()
        return self.camera.box(view), self.camera.zoom * self.devicePixelRatioF()

    def _smallest_view(self) -> QSizeF | None:
        sizes = [pane.canvas.view_size() for pane in self.visible_panes if pane.content() is pane.canvas]
        if not sizes:
            return None
        return QSizeF(min(s.width() for s in sizes), min(s.height() for s in sizes))

    def _align_bars(self) -> None:
        """Reserve the width of the widest colour bar in every pane: the pictures lie alike then."""
        width = max(pane.bar.own_width() for pane in self.visible_panes)
        for pane in self.visible_panes:
            pane.bar.reserve(width)

    @Slot()
    def keep_fitted(self) -> None:
        """Show the whole image again, unless the user has moved it."""
        self._align_bars()
        if self.camera.is_fitted:
            # Above the same foot: a message that comes or goes moves nothing.
            self._fit()

    @Slot()
    def zoom_actual(self) -> None:
        """Show one image pixel on one device pixel."""
        self.camera.set_zoom(self.camera.step / self.devicePixelRatioF())

    @Slot()
    def zoom_in(self) -> None:
        """Zoom in about the middle."""
        self.camera.set_zoom(self.camera.zoom * _ZOOM_STEP)

    @Slot()
    def zoom_out(self) -> None:
        """Zoom out about the middle."""
        self.camera.set_zoom(self.camera.zoom / _ZOOM_STEP)

    def current_view_image(self) -> QImage:
        """Return what the pane used last shows, at the screen's resolution."""
        pane = self.panes[self.active]
        if pane.content() is pane.canvas:
            return pane.canvas.view_image()
        return pane.content().grab().toImage()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.choose_arrangement()

    def _hover(self, number: int, pixel: tuple[int, int] | None) -> None:
        self.active = number
        for pane in self.visible_panes:
            pane.canvas.mark_pixel(pixel)
        self.pixel_hovered.emit(pixel)

    @Slot()
    def _report_zoom(self) -> None:
        zoom = self.camera.zoom * self.devicePixelRatioF() / self.camera.step
        if zoom != self._zoom:
            self._zoom = zoom
            self.zoom_changed.emit(zoom)


def plain_panes(n_panes: int, layers: Mapping[int, Sequence[Layer]]) -> dict[str, Any]:
    """Return how many panes there are, and their layers by the number of panes, as plain values."""
    return {
        "layout": n_panes,
        "layers": {
            str(count): [[layer.kind, layer.component, layer.uses_mean_colours] for layer in shown]
            for count, shown in layers.items()
        },
    }


def _read_layers(remembered: Any) -> list[Layer]:
    """Return layers from plain values as `PaneGrid.state` makes them; none where any makes no sense."""
    kinds: dict[str, LayerKind] = {kind: kind for kind in get_args(LayerKind)}
    layers = []
    for entry in remembered if isinstance(remembered, list) else []:
        match entry:
            case [str(kind), int(component), bool(uses_means)] if kind in kinds:
                layers.append(Layer(kinds[kind], max(0, component), uses_means))
            case _:
                return []
    return layers
