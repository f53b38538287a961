"""PanesPanel: one, two or four views of the image and its maps, moved together."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
from PySide6.QtCore import QSizeF, Qt, QTimer, Signal, Slot
from PySide6.QtGui import QImage, QKeyEvent
from PySide6.QtWidgets import QGridLayout, QWidget

from gmmseg.arrays import BoolArray, ByteArray
from gmmseg.classes import ClassTable
from gmmseg.image import Image
from gmmseg.layers import LABEL_KINDS, Layer, Picture, Scene, draw, heatmap_scale, lut_for
from gmmseg.render import display_rgb
from ui.panels.picture_requests import (
    CHEAP_PIXELS,
    PHOTO,
    PictureRequest,
    is_cheap,
    is_only_recoloured,
    read_layers,
    scene_of,
    stand_in,
)
from ui.theme import SPACING
from ui.widgets.camera import Camera
from ui.widgets.layer_pane import LayerPane

if TYPE_CHECKING:
    from gmmseg.workspace import Shown

_ZOOM_STEP = 1.25
_MARK_DELAY_MS = 30
DEFAULT_LAYERS: dict[int, tuple[Layer, ...]] = {
    1: (Layer("segments"),),
    2: (Layer("image"), Layer("segments")),
    4: (Layer("image"), Layer("segments"), Layer("heatmap"), Layer("uncertainty")),
}


class PanesPanel(QWidget):
    """The middle of the window. Cheap pictures are drawn at once, the others requested and shown later."""

    picture_requested = Signal(object)
    """A `PictureRequest`; the answer goes to `show_picture`."""
    pixel_hovered = Signal(object)
    """Pixel (y, x) under the cursor, or None."""
    zoom_changed = Signal(object)
    """Device pixels for each image pixel: 1.0 is 100 %."""
    overlay_toggled = Signal(bool)
    layout_changed = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("panes")
        self.camera = Camera(self)
        self.panes = [LayerPane(number, self.camera, self) for number in range(4)]
        self._shown: Shown | None = None
        self._scene: Scene | None = None
        self._layers = {count: list(layers) for count, layers in DEFAULT_LAYERS.items()}
        self._n_panes = 1
        self._opacity = 0.5
        self._are_layers_visible = True
        self._highlighted: int | None = None
        self._serial = 0
        self._awaited: dict[int, int] = {}
        self._active = 0
        self._zoom = 0.0
        self._marked: BoolArray | None = None
        self._mark_timer = QTimer(self, singleShot=True, interval=_MARK_DELAY_MS)
        self._mark_timer.timeout.connect(self._draw_marks)
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(SPACING // 2, SPACING // 2, SPACING // 2, SPACING // 2)
        self._grid.setSpacing(SPACING)
        for number, pane in enumerate(self.panes):
            self._grid.addWidget(pane, number // 2, number % 2)
            self._connect(number, pane)
        self.camera.changed.connect(self._report_zoom)
        self.set_layout(1)

    def _connect(self, number: int, pane: LayerPane) -> None:
        pane.layer_chosen.connect(lambda layer: self.choose_layer(number, layer))
        pane.canvas.hovered.connect(lambda pixel: self._hover(number, pixel))
        pane.canvas.fit_requested.connect(self.fit_view)
        pane.canvas.resized.connect(self._keep_fitted)

    @property
    def n_panes(self) -> int:
        """How many panes there are now: 1, 2 or 4."""
        return self._n_panes

    @Slot(int)
    def set_layout(self, n_panes: int) -> None:
        """Show one, two or four panes, each with the layer it had when that many were shown last."""
        self._n_panes = n_panes
        for number, pane in enumerate(self.panes):
            pane.setVisible(number < n_panes)
        self._grid.setColumnStretch(0, 1)
        self._grid.setColumnStretch(1, int(n_panes > 1))
        self._grid.setRowStretch(0, 1)
        self._grid.setRowStretch(1, int(n_panes > 2))
        self._active = min(self._active, n_panes - 1)
        for number, layer in enumerate(self._layers[n_panes]):
            self.panes[number].layer = layer
        self._refresh_choices()
        self._refresh_all()
        self._show_captions()
        self.layout_changed.emit(n_panes)

    def choose_layer(self, number: int, layer: Layer) -> None:
        """Show another layer in a pane."""
        self._layers[self._n_panes][number] = layer
        self._active = number
        self.panes[number].layer = layer
        self._refresh_choices()
        self._refresh(number)
        self._show_captions()

    @Slot(object, object)
    def show_state(self, old: Shown, new: Shown) -> None:
        """Draw what differs from what is shown now."""
        before, after = self._scene, scene_of(new)
        self._shown, self._scene = new, after
        self._show_captions()
        if after is None:
            self._clear()
            return
        is_new_image = before is None or before.image is not after.image
        if is_new_image:
            self._show_photo(after.image)
        if before is None or after.classes is not before.classes:
            self._refresh_choices()
        if before is None or after.table is not before.table:
            self.show_marked(None)
        if is_new_image or before is None or after.segmentation is not before.segmentation:
            self._refresh_all()
        elif after.classes is not before.classes:
            has_regrouped = [e.components for e in after.classes] != [e.components for e in before.classes]
            self._refresh_classes(has_regrouped)

    @Slot(object, object)
    def show_picture(self, request: PictureRequest, picture: Picture) -> None:
        """Show a requested picture, unless something newer has been asked for meanwhile."""
        if self._awaited.get(request.pane) != request.serial or self._scene is None:
            return
        del self._awaited[request.pane]
        if request.pane == PHOTO:
            size = (self._scene.image.height, self._scene.image.width)
            for pane in self.panes:
                pane.canvas.set_photo(size, picture.pixels, picture.levels)
        else:
            self._put(request.pane, picture)

    @Slot(float)
    def set_overlay_opacity(self, opacity: float) -> None:
        """Draw overlays with this opacity, 0..1."""
        self._opacity = opacity
        self._refresh_luts()

    @Slot()
    def toggle_overlay(self) -> None:
        """Show the bare photo in all panes, or the layers again."""
        self._are_layers_visible = not self._are_layers_visible
        for pane in self.panes:
            pane.canvas.set_layer_visible(self._are_layers_visible)
        self.overlay_toggled.emit(self._are_layers_visible)

    @Slot(object)
    def highlight_class(self, wanted: int | None) -> None:
        """Dim all classes but one; None shows all alike."""
        self._highlighted = wanted
        self._refresh_luts()

    @Slot(object)
    def show_marked(self, rows: BoolArray | None) -> None:
        """Mark the pixels of some rows of the feature table, (N,); None marks none."""
        self._marked = rows
        if rows is None:
            self._mark_timer.stop()
            self._draw_marks()
        elif not self._mark_timer.isActive():
            self._mark_timer.start()

    @Slot()
    def fit_view(self) -> None:
        """Show the whole image in every pane."""
        sizes = [pane.canvas.view_size() for pane in self._canvas_panes()]
        if sizes:
            self.camera.fit(QSizeF(min(s.width() for s in sizes), min(s.height() for s in sizes)))

    @Slot()
    def zoom_actual(self) -> None:
        """Show one image pixel on one device pixel."""
        self.camera.set_zoom(1 / self.devicePixelRatioF())

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
        pane = self.panes[self._active]
        if pane.content() is pane.canvas:
            return pane.canvas.view_image()
        return pane.content().grab().toImage()

    def state(self) -> dict[str, Any]:
        """Return layout, layers and opacity as plain values, to be remembered."""
        return {
            "layout": self._n_panes,
            "layers": {
                str(count): [[layer.kind, layer.component, layer.uses_mean_colours] for layer in layers]
                for count, layers in self._layers.items()
            },
            "opacity": self._opacity,
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Take remembered values; whatever is missing or makes no sense is left as it is."""
        layers = state.get("layers")
        for count in self._layers:
            remembered = read_layers(layers.get(str(count)) if isinstance(layers, dict) else None)
            if len(remembered) == count:
                self._layers[count] = remembered
        opacity = state.get("opacity")
        if isinstance(opacity, int | float) and 0 <= opacity <= 1:
            self._opacity = float(opacity)
        layout = state.get("layout")
        self.set_layout(layout if isinstance(layout, int) and layout in self._layers else self._n_panes)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_V and event.modifiers() == Qt.KeyboardModifier.NoModifier:
            self.toggle_overlay()
        else:
            super().keyPressEvent(event)

    def _canvas_panes(self) -> list[LayerPane]:
        return [pane for pane in self.panes[: self._n_panes] if pane.content() is pane.canvas]

    def _show_photo(self, image: Image) -> None:
        self.camera.set_image_size(image.width, image.height)
        size = (image.height, image.width)
        if image.height * image.width <= CHEAP_PIXELS:
            self._awaited.pop(PHOTO, None)
            photo = draw(Layer("image"), Scene(image))
            pixels, levels = photo.pixels, photo.levels
        else:
            pixels, levels = display_rgb(stand_in(image)), ()
            self._request(PHOTO, Layer("image"))
        for pane in self.panes:
            pane.set_picture(None, None, self._classes())
            pane.canvas.set_photo(size, pixels, levels)
        self.fit_view()

    def _clear(self) -> None:
        self._awaited.clear()
        for pane in self.panes:
            pane.set_picture(None, None, self._classes())
            pane.canvas.clear()

    def _show_captions(self) -> None:
        """Say what the maps are where they are not the final ones; the photo is no preview."""
        shown = self._shown
        has_image = shown is not None and shown.document.image is not None
        about_maps = "" if shown is None or not shown.is_preview else shown.caption or self.tr("preview")
        for pane in self.panes:
            if not has_image:
                pane.canvas.set_caption(self.tr("Open an image, or drop one here"))
            else:
                pane.canvas.set_caption("" if pane.layer.kind == "image" else about_maps)

    def _classes(self) -> ClassTable:
        return self._scene.classes if self._scene is not None else ClassTable()

    def _refresh_choices(self) -> None:
        for pane in self.panes[: self._n_panes]:
            pane.show_choices(self._classes())

    def _refresh_all(self) -> None:
        for number in range(self._n_panes):
            self._refresh(number)

    def _refresh(self, number: int) -> None:
        """Draw a pane's layer, or ask for it."""
        scene, pane = self._scene, self.panes[number]
        self._awaited.pop(number, None)
        if scene is None:
            return
        if pane.layer.kind == "image" or scene.segmentation is None:
            pane.set_picture(None, None, scene.classes)
            self._keep_fitted()
        elif is_cheap(pane.layer, scene):
            self._put(number, draw(pane.layer, scene))
        else:
            if pane.picture is not None and pane.picture.layer != pane.layer:
                pane.set_picture(None, None, scene.classes)
            self._request(number, pane.layer)

    def _put(self, number: int, picture: Picture) -> None:
        if self._scene is None:
            return
        self.panes[number].set_picture(picture, self._lut(picture), self._scene.classes)
        self._keep_fitted()

    def _lut(self, picture: Picture) -> ByteArray | None:
        if self._scene is None:
            return None
        return lut_for(picture.layer, self._scene.classes, picture.means, self._opacity, self._highlighted)

    def _request(self, number: int, layer: Layer) -> None:
        if self._shown is None:
            return
        self._serial += 1
        self._awaited[number] = self._serial
        self.picture_requested.emit(PictureRequest(number, layer, self._shown, self._serial))

    def _refresh_luts(self) -> None:
        for pane in self.panes[: self._n_panes]:
            picture = pane.picture
            if picture is not None and picture.layer.kind in LABEL_KINDS:
                pane.canvas.set_lut(self._lut(picture))

    def _refresh_classes(self, has_regrouped: bool) -> None:
        """Follow names, colours and visibility; and where classes were merged, what was summed over them."""
        scene = self._scene
        if scene is None or scene.segmentation is None:
            return
        self._refresh_luts()
        for number, pane in enumerate(self.panes[: self._n_panes]):
            needs_pixels = scene.segmentation.labels.dtype != np.uint8 and pane.layer.kind in LABEL_KINDS
            if needs_pixels or (has_regrouped and not is_only_recoloured(pane.layer)):
                self._refresh(number)
            elif pane.layer.kind == "heatmaps":
                pane.grid.show_classes(scene.classes)
            elif pane.layer.kind == "heatmap" and pane.picture is not None:
                pane.picture = replace(pane.picture, scale=heatmap_scale(pane.layer, scene.classes))
                pane.bar.set_scale(pane.picture.scale)

    @Slot()
    def _draw_marks(self) -> None:
        table = self._scene.table if self._scene is not None else None
        marked = None
        if self._marked is not None and table is not None and len(self._marked) == table.n_rows:
            marked = table.pixels.spread(self._marked.astype(np.uint8))
        for pane in self.panes:
            pane.canvas.set_marks(marked)

    def _hover(self, number: int, pixel: tuple[int, int] | None) -> None:
        self._active = number
        for pane in self.panes[: self._n_panes]:
            pane.canvas.mark_pixel(pixel)
        self.pixel_hovered.emit(pixel)

    @Slot()
    def _keep_fitted(self) -> None:
        if self.camera.is_fitted:
            self.fit_view()

    @Slot()
    def _report_zoom(self) -> None:
        zoom = self.camera.zoom * self.devicePixelRatioF()
        if zoom != self._zoom:
            self._zoom = zoom
            self.zoom_changed.emit(zoom)
