"""PanesPanel: one, two or four views of the image and its maps, moved together."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from typing import TYPE_CHECKING, Any, get_args

import numpy as np
from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QWidget

from gmmseg.arrays import BoolArray, ByteArray
from gmmseg.classes import ClassTable
from gmmseg.image import Image
from gmmseg.layers import LABEL_KINDS, Layer, LayerKind, Picture, Scene, draw, heatmap_scale, lut_for
from gmmseg.render import display_rgb
from ui.panels.picture_requests import (
    CHEAP_PIXELS,
    PHOTO,
    PictureRequest,
    has_maps,
    is_cheap,
    is_only_recoloured,
    scene_of,
    stand_in,
)
from ui.panels.pins import Pin, is_pinnable, pinned
from ui.widgets.captions import caption_of
from ui.widgets.layer_pane import LayerPane
from ui.widgets.pane_grid import PaneGrid
from ui.widgets.pane_marks import PaneMarks

if TYPE_CHECKING:
    from gmmseg.workspace import Shown

DEFAULT_LAYERS: dict[int, tuple[Layer, ...]] = {
    1: (Layer("segments"),),
    2: (Layer("image"), Layer("segments")),
    4: (Layer("image"), Layer("segments"), Layer("heatmap"), Layer("uncertainty")),
}


class PanesPanel(PaneGrid):
    """The middle of the window. Cheap pictures are drawn at once, the others requested and shown later.

    A pinned pane keeps drawing from what was shown when it was pinned, until another image is opened.
    """

    picture_requested = Signal(object)
    """A `PictureRequest`; the answer goes to `show_picture`."""
    overlay_toggled = Signal(bool)
    regions_wanted = Signal(bool)
    """Whether a pane shows regions."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(DEFAULT_LAYERS, parent)
        self.setObjectName("panes")
        self._shown: Shown | None = None
        self._scene: Scene | None = None
        self._pins: dict[tuple[int, int], Pin] = {}
        self._opacity = 0.5
        self._are_layers_visible = True
        self._selected: tuple[int, ...] = ()
        self._pointed: tuple[int, ...] = ()
        self._serial = 0
        self._awaited: dict[int, int] = {}
        self._are_regions_given_up = False
        self._marks = PaneMarks([pane.canvas for pane in self.panes], self)
        for number, pane in enumerate(self.panes):
            self._connect(number, pane)
        self.set_layout(1)

    def _connect(self, number: int, pane: LayerPane) -> None:
        pane.layer_chosen.connect(lambda layer: self.choose_layer(number, layer))
        pane.pin_toggled.connect(lambda is_pinned: self.pin(number, is_pinned))

    @Slot(int)
    def set_layout(self, n_panes: int) -> None:
        super().set_layout(n_panes)
        self._refresh_choices()
        self._refresh_all()
        self._show_captions()
        self._report_regions()

    def choose_layer(self, number: int, layer: Layer) -> None:
        super().choose_layer(number, layer)
        self._refresh_choices()
        self._refresh(number)
        self._show_captions()
        self._report_regions()

    # Regions

    @property
    def is_about_regions(self) -> bool:
        """Whether the pane used last shows regions."""
        return self.panes[self._active].layer.kind == "regions"

    @Slot()
    def ensure_regions(self) -> None:
        """Show the regions in a pane that follows, where none does: somebody is changing them."""
        following = [number for number in range(self._n_panes) if self._pin_of(number) is None]
        if not following or any(self.panes[number].layer.kind == "regions" for number in following):
            return
        is_active_free = self._active in following and self.panes[self._active].layer.kind != "image"
        self.choose_layer(self._active if is_active_free else following[-1], Layer("regions"))

    def _report_regions(self) -> None:
        """Say whether a pane shows regions; what is pinned needs no new ones."""
        self.regions_wanted.emit(
            any(
                pane.layer.kind == "regions" and self._pin_of(number) is None
                for number, pane in enumerate(self.visible_panes)
            )
        )

    @Slot(bool)
    def show_regions_given_up(self, are_given_up: bool) -> None:
        """Say that there will be no regions, or that they are on their way again."""
        self._are_regions_given_up = are_given_up
        self._show_captions()

    @Slot(object)
    def mark_region(self, region: int | None) -> None:
        """Mark the pixels of a region, a value of the region map; None marks none."""
        self._marks.choose_region(region)

    @Slot(object)
    def show_marked(self, rows: BoolArray | None) -> None:
        """Mark the pixels of some rows of the feature table, (N,); None marks none."""
        self._marks.brush(rows)

    # Pins

    def pin(self, number: int, is_pinned: bool) -> None:
        """Have a pane keep what it shows now, or follow again."""
        key = (self._n_panes, number)
        pin = pinned(self._shown) if is_pinned else None
        was_pinned = self._pins.pop(key, None) is not None
        if pin is not None:
            self._pins[key] = pin
        elif was_pinned:
            self._refresh(number)
        self._active = number
        self._refresh_choices()
        self._show_captions()
        self._report_regions()

    @Slot()
    def toggle_pin(self) -> None:
        """Pin the pane used last, or have it follow again."""
        self.pin(self._active, self._pin_of(self._active) is None)

    def _pin_of(self, number: int) -> Pin | None:
        return self._pins.get((self._n_panes, number))

    def _scene_of(self, number: int) -> Scene | None:
        """Return what a pane draws from."""
        pin = self._pin_of(number)
        return self._scene if pin is None else pin.scene

    # What is shown

    @Slot(object, object)
    def show_state(self, old: Shown, new: Shown) -> None:
        """Draw what differs from what is shown now."""
        before, after = self._scene, scene_of(new)
        self._shown, self._scene = new, after
        is_new_image = after is None or before is None or before.image is not after.image
        if is_new_image and self._pins:
            self._pins.clear()
            self._report_regions()
        self._show_captions()
        self._marks.show_scene(after)
        if after is None:
            self._clear()
            return
        if is_new_image:
            self._show_photo(after.image)
        if before is None or after.classes is not before.classes or after.table is not before.table:
            self._refresh_choices()
        if is_new_image or before is None:
            self._refresh_all()
            return
        if after.segmentation is not before.segmentation:
            self._refresh_all([kind for kind in get_args(LayerKind) if kind != "regions"])
        elif after.classes is not before.classes:
            has_regrouped = [e.components for e in after.classes] != [e.components for e in before.classes]
            self._refresh_classes(has_regrouped)
        if after.regions is not before.regions:
            self._refresh_all(["regions"])

    @Slot(object, object)
    def show_picture(self, request: PictureRequest, picture: Picture) -> None:
        """Show a requested picture, unless something newer has been asked for meanwhile."""
        if self._scene is None or not self._is_awaited(request):
            return
        if self._awaited[request.pane] == request.serial:
            del self._awaited[request.pane]
        if request.pane == PHOTO:
            size = (self._scene.image.height, self._scene.image.width)
            for pane in self.panes:
                pane.canvas.set_photo(size, picture.pixels, picture.levels)
        else:
            self._put(request.pane, picture)

    def _is_awaited(self, request: PictureRequest) -> bool:
        """Whether to show what a request brought.

        Of regions also what has been superseded meanwhile: at a large picture a slider moves faster than
        they are drawn, and nothing would be seen before it rests.
        """
        newest = self._awaited.get(request.pane)
        if newest is None or newest == request.serial:
            return newest is not None
        return (
            request.layer.kind == "regions"
            and request.layer == self.panes[request.pane].layer
            and self._scene is not None
            and request.shown.document.image is self._scene.image
            and self._pin_of(request.pane) is None
        )

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
        self._selected = () if wanted is None else (wanted,)
        self._refresh_luts()

    @Slot(object)
    def point_at_classes(self, ids: tuple[int, ...] | None) -> None:
        """Dim all but some classes for the moment; None goes back to what `highlight_class` shows."""
        if self._pointed != (ids or ()):
            self._pointed = ids or ()
            self._refresh_luts()

    def state(self) -> dict[str, Any]:
        return {**super().state(), "opacity": self._opacity}

    def restore(self, state: dict[str, Any]) -> None:
        opacity = state.get("opacity")
        if isinstance(opacity, int | float) and 0 <= opacity <= 1:
            self._opacity = float(opacity)
        super().restore(state)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_V and event.modifiers() == Qt.KeyboardModifier.NoModifier:
            self.toggle_overlay()
        else:
            super().keyPressEvent(event)

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
        """Say what the pictures are where they are pinned, not the final ones, or not there."""
        for number, pane in enumerate(self.panes):
            pin = self._pin_of(number)
            pane.show_pinned(pin is not None)
            pane.set_pinnable(is_pinnable(self._scene))
            pane.canvas.set_caption(
                caption_of(
                    pane.layer,
                    self._shown,
                    None if pin is None else pin.shown,
                    are_regions_given_up=self._are_regions_given_up,
                )
            )

    def _classes(self) -> ClassTable:
        return self._scene.classes if self._scene is not None else ClassTable()

    def _refresh_choices(self) -> None:
        for number, pane in enumerate(self.visible_panes):
            scene = self._scene_of(number)
            features = () if scene is None or scene.table is None else scene.table.names
            pane.show_choices(ClassTable() if scene is None else scene.classes, features)

    def _refresh_all(self, kinds: Collection[str] = get_args(LayerKind)) -> None:
        for number, pane in enumerate(self.visible_panes):
            if pane.layer.kind not in kinds:
                continue
            # What is pinned stays as it is, once it has been drawn.
            if self._pin_of(number) is None or pane.picture is None or pane.picture.layer != pane.layer:
                self._refresh(number)

    def _refresh(self, number: int) -> None:
        """Draw a pane's layer, or ask for it."""
        scene, pane = self._scene_of(number), self.panes[number]
        self._awaited.pop(number, None)
        if scene is None:
            return
        if not has_maps(pane.layer, scene):
            pane.set_picture(None, None, scene.classes)
            self.keep_fitted()
        elif is_cheap(pane.layer, scene):
            self._put(number, draw(pane.layer, scene))
        else:
            if pane.picture is not None and pane.picture.layer != pane.layer:
                pane.set_picture(None, None, scene.classes)
            self._request(number, pane.layer)

    def _put(self, number: int, picture: Picture) -> None:
        scene = self._scene_of(number)
        if scene is not None:
            self.panes[number].set_picture(picture, self._lut(number, picture), scene.classes)
            self.keep_fitted()

    def _lut(self, number: int, picture: Picture) -> ByteArray | None:
        scene = self._scene_of(number)
        if scene is None:
            return None
        # The classes of another fit are not those that are pointed at.
        strong = (self._pointed or self._selected) if self._pin_of(number) is None else ()
        means, opacity = picture.means, self._opacity
        luts = (lut_for(picture.layer, scene.classes, means, opacity, wanted) for wanted in strong or (None,))
        found = [lut for lut in luts if lut is not None]
        # They differ by which class is not dimmed.
        return np.max(found, axis=0) if found else None

    def _request(self, number: int, layer: Layer) -> None:
        pin = self._pin_of(number) if number != PHOTO else None
        shown = self._shown if pin is None else pin.shown
        if shown is None:
            return
        self._serial += 1
        self._awaited[number] = self._serial
        self.picture_requested.emit(PictureRequest(number, layer, shown, self._serial))

    def _refresh_luts(self) -> None:
        for number, pane in enumerate(self.visible_panes):
            picture = pane.picture
            if picture is not None and picture.layer.kind in LABEL_KINDS:
                pane.canvas.set_lut(self._lut(number, picture))

    def _refresh_classes(self, has_regrouped: bool) -> None:
        """Follow names, colours and visibility; and where classes were merged, what was summed over them."""
        scene = self._scene
        if scene is None or scene.segmentation is None:
            return
        self._refresh_luts()
        for number, pane in enumerate(self.visible_panes):
            if self._pin_of(number) is not None:
                continue
            needs_pixels = scene.segmentation.labels.dtype != np.uint8 and pane.layer.kind in LABEL_KINDS
            if needs_pixels or (has_regrouped and not is_only_recoloured(pane.layer)):
                self._refresh(number)
            elif pane.layer.kind == "heatmaps":
                pane.grid.show_classes(scene.classes)
            elif pane.layer.kind == "heatmap" and pane.picture is not None:
                pane.picture = replace(pane.picture, scale=heatmap_scale(pane.layer, scene.classes))
                pane.bar.set_scale(pane.picture.scale)
