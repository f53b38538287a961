"""PanesPanel: one, two or four views of the image and its maps, moved together, some of them pinned."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QWidget

from gmmseg.arrays import ByteArray, IntArray
from gmmseg.drawing.draw import Scene
from gmmseg.drawing.layers import LABEL_KINDS, Layer, is_of_classes
from gmmseg.photo.classes import ClassTable
from gmmseg.photo.document import change_setting
from gmmseg.photo.settings import MapSettings
from gmmseg.setting import setting_of
from ui.photo.panels.pane_pictures import PanePictures
from ui.photo.panels.picture_requests import scene_of
from ui.photo.panels.pins import Pin, Pins, is_pinnable, pinned
from ui.photo.tools.tool import Tool
from ui.photo.widgets.captions import caption_of, map_unit
from ui.photo.widgets.layer_pane import LayerPane
from ui.photo.widgets.object_raster import PaneObjects
from ui.photo.widgets.pane_grid import PaneGrid
from ui.photo.widgets.pane_marks import PaneMarks

if TYPE_CHECKING:
    from gmmseg.photo.view_state import ViewState
    from ui.photo.panels.pane_tiles import PaneTiles, TileRequest
    from ui.photo.teaching import Place

DEFAULT_LAYERS: dict[int, tuple[Layer, ...]] = {
    1: (Layer("segments"),),
    2: (Layer("image"), Layer("segments")),
    4: (Layer("image"), Layer("segments"), Layer("heatmap"), Layer("uncertainty")),
}


class PanesPanel(PaneGrid):
    """The middle of the window. Cheap pictures are drawn at once, the others requested and shown later.

    A pinned pane keeps its layer and draws it from what was shown when it was pinned, until another image is
    opened; what is chosen elsewhere, classes, regions or rows, is marked in the others only.
    """

    picture_requested = Signal(object)
    """A `PictureRequest`; the answer goes to `PanePictures.take`."""
    tiles_requested = Signal(object)
    """A list of `TileRequest`, in place of those before; each answer goes to `show_tile`."""
    edit_requested = Signal(object)
    settled = Signal()
    """A choice is over: the next change is an undo step of its own."""
    regions_wanted = Signal(bool)
    """Whether a pane shows regions."""
    foreground_wanted = Signal(bool)
    """Whether a pane shows what is in front of the background."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(DEFAULT_LAYERS, parent)
        self.setObjectName("panes")
        self._shown: ViewState | None = None
        self._scene: Scene | None = None
        self._pins = Pins()
        self._are_layers_visible = True
        self._are_regions_given_up = False
        self.pictures = PanePictures(
            self.panes, self._pin_of, self.picture_requested.emit, self._note_drawn, self
        )
        self._tiles: PaneTiles | None = None
        canvases = [pane.canvas for pane in self.panes]
        self.marks, self.objects = PaneMarks(canvases, self), PaneObjects(canvases, self)
        for number, pane in enumerate(self.panes):
            self._connect(number, pane)
        self.set_layout(1)

    def _connect(self, number: int, pane: LayerPane) -> None:
        pane.layer_chosen.connect(lambda layer: self.choose_layer(number, layer))
        pane.pin_toggled.connect(lambda is_pinned: self.pin(number, is_pinned))
        pane.hidden_pins_wanted.connect(self._show_hidden_pins)
        pane.map_unit_chosen.connect(self._choose_map_unit)

    @Slot(str)
    def _choose_map_unit(self, unit: str) -> None:
        setting = setting_of(MapSettings, "by")
        self.settled.emit()
        self.edit_requested.emit(change_setting(setting.path, unit, setting.title))
        self.settled.emit()

    @Slot(int)
    def set_layout(self, n_panes: int) -> None:
        self._pins.rearrange(n_panes)
        super().set_layout(n_panes)
        for number, pane in enumerate(self.visible_panes):
            pin = self._pin_of(number)
            if pin is not None:
                pane.layer = pin.layer
        self._refresh_choices()
        self.pictures.arrange(n_panes)
        self._show_tiles()
        self._show_pins()

    def choose_layer(self, number: int, layer: Layer) -> None:
        super().choose_layer(number, layer)
        self._pins.put_layer(number, self.n_panes, layer)
        self._refresh_choices()
        self.pictures.refresh(number)
        self._show_captions()
        self._report_regions()

    # Regions

    @property
    def is_about_regions(self) -> bool:
        """Whether the pane used last shows regions."""
        return self.panes[self.active].layer.kind == "regions"

    @Slot()
    def ensure_regions(self) -> None:
        """Show the regions in a pane that follows, unless one shows their effect: somebody changes them."""
        if not any(self._shows_cut(number) for number in range(self.n_panes)):
            self._show_somewhere(Layer("regions"))

    @Slot()
    def ensure_classes(self) -> None:
        """Show the classes in a pane that follows, unless one does: somebody is teaching them."""
        if not any(pane.layer.kind in LABEL_KINDS for pane in self.visible_panes):
            self._show_somewhere(Layer("overlay"))

    def _show_somewhere(self, layer: Layer) -> None:
        """Show a layer in a pane that follows: the one used last unless it shows the image, else the last."""
        following = [number for number in range(self.n_panes) if self._pin_of(number) is None]
        if not following:
            return
        is_active_free = self.active in following and self.panes[self.active].layer.kind != "image"
        self.choose_layer(self.active if is_active_free else following[-1], layer)

    def _shows_cut(self, number: int) -> bool:
        """Whether a pane shows regions, or follows with classes that go by them."""
        layer, shown = self.panes[number].layer, self._shown
        is_by_region = shown is not None and shown.document.map_settings.by == "region"
        is_of_map = is_by_region and is_of_classes(layer) and self._pin_of(number) is None
        return layer.kind == "regions" or is_of_map

    def _report_regions(self) -> None:
        """Say whether a pane shows regions, or the foreground; what is pinned needs no new ones."""
        following = [
            pane.layer.kind for number, pane in enumerate(self.visible_panes) if self._pin_of(number) is None
        ]
        self.regions_wanted.emit("regions" in following)
        self.foreground_wanted.emit("foreground" in following)

    @Slot(bool)
    def show_regions_given_up(self, are_given_up: bool) -> None:
        """Say that there will be no regions, or that they are on their way again."""
        self._are_regions_given_up = are_given_up
        self._show_captions()

    # Tools

    def set_tool(self, tool: Tool | None) -> None:
        """Take a tool in hand, in every pane."""
        for pane in self.panes:
            pane.canvas.set_tool(tool)

    @Slot(object)
    def show_selection(self, rings: list[IntArray]) -> None:
        """Outline what is selected: rings of corner points, image pixels."""
        for pane in self.panes:
            pane.canvas.selection_outline.show_rings(rings)

    @Slot(object)
    def show_hovered(self, rings: list[IntArray]) -> None:
        """Outline what a click would take."""
        for pane in self.panes:
            pane.canvas.hover_outline.show_rings(rings)

    @Slot(object)
    def show_place(self, place: Place | None) -> None:
        """Go to a place and outline it; None outlines none."""
        for pane in self.panes:
            pane.canvas.place_outline.show_rings([] if place is None else place.rings)
        if place is not None:
            rows, columns = place.patch.box
            self.show_box(columns.start, rows.start, columns.stop, rows.stop)

    # Pins

    def pin(self, number: int, is_pinned: bool) -> None:
        """Have a pane keep what it shows now, or follow again."""
        layer = self.panes[number].layer
        pin = pinned(layer, self._shown) if is_pinned else None
        if pin is not None:
            self._pins.put(number, self.n_panes, pin)
        elif self._pins.remove(number, self.n_panes) is not None:
            super().choose_layer(number, layer)
            self.pictures.refresh(number)
        self.active = number
        self._refresh_choices()
        self.pictures.recolour()
        self._show_pins()

    @Slot()
    def toggle_pin(self) -> None:
        """Pin the pane used last, or have it follow again."""
        self.pin(self.active, self._pin_of(self.active) is None)

    def _pin_of(self, number: int) -> Pin | None:
        return self._pins.at(number, self.n_panes)

    @Slot()
    def _show_hidden_pins(self) -> None:
        self.set_layout(self._pins.way_to_hidden(self.n_panes))

    def _show_pins(self) -> None:
        """Bring in line with the pins whatever depends on them beside the pictures."""
        self.marks.keep_off([n for n in range(self.n_panes) if self._pin_of(n) is not None])
        n_hidden = self._pins.n_hidden(self.n_panes)
        for number, pane in enumerate(self.panes):
            pane.show_hidden_pins(n_hidden if number == self.n_panes - 1 else 0)
        self._show_captions()
        self._report_regions()

    def _scene_of(self, number: int) -> Scene | None:
        """Return what a pane draws from."""
        pin = self._pin_of(number)
        return self._scene if pin is None else pin.scene

    # What is shown

    @Slot(object, object)
    def show_state(self, old: ViewState, new: ViewState) -> None:
        """Draw what differs from what is shown now."""
        before, after = self._scene, scene_of(new)
        is_first = self._shown is None
        if is_first or new.document.pixel_size != old.document.pixel_size:
            size = new.document.pixel_size
            for pane in self.panes:
                pane.canvas.scale_bar.set_pixel_width(None if size is None else size[0])
        self._shown, self._scene = new, after
        if is_first or new.document.objects is not old.document.objects:
            self.objects.show(new.document.objects, new.document.image)
        is_new_image = after is None or before is None or before.image is not after.image
        if is_new_image and self._pins:
            self._pins.clear()
            self._layers[self.n_panes] = [pane.layer for pane in self.visible_panes]
            self._show_pins()
        self._show_captions()
        self.marks.show_scene(after)
        if after is None:
            self.pictures.show(new, None)
            self._show_tiles()
            return
        if (
            before is None
            or is_new_image
            or after.classes is not before.classes
            or after.table is not before.table
        ):
            self._refresh_choices()
        if is_new_image:
            self.camera.set_image_size(after.image.width, after.image.height, after.image.step_of_levels)
            self.choose_arrangement()
        if _has_become_by_region(old, new):
            for number, pane in enumerate(self.visible_panes):
                if is_of_classes(pane.layer) and self._pin_of(number) is None:
                    pane.canvas.fading.begin()
        self.pictures.show(new, after)
        if is_new_image:
            self.fit_view()
        self._show_tiles()

    @Slot(object, object)
    def show_tile(self, request: TileRequest, pixels: ByteArray | None) -> None:
        """Show a requested tile; None says that it cannot be had."""
        if self._tiles is not None:
            self._tiles.take(request, pixels)

    def _note_drawn(self) -> None:
        self.keep_fitted()
        self._show_tiles()

    def _show_tiles(self) -> None:
        """Have what is shown of a picture beyond memory drawn sharply."""
        scene, shown = self._scene, self._shown
        if shown is None or (self._tiles is None and (scene is None or scene.image.levels is None)):
            return
        if self._tiles is None:
            # Imported with the first picture beyond memory: the window is there sooner without it.
            from ui.photo.panels.pane_tiles import PaneTiles

            self._tiles = PaneTiles(self.panes, self.camera, self.tiles_requested.emit, self)
        self._tiles.show(shown.document, [self._scene_of(number) for number in range(self.n_panes)])

    @Slot()
    def toggle_overlay(self) -> None:
        """Show the bare photo in all panes, or the layers and objects again."""
        self._are_layers_visible = not self._are_layers_visible
        for pane in self.panes:
            pane.canvas.set_layer_visible(self._are_layers_visible)
            pane.canvas.objects.setVisible(self._are_layers_visible)

    def state(self) -> dict[str, Any]:
        return {**super().state(), "opacity": self.pictures.opacity}

    def restore(self, state: dict[str, Any]) -> None:
        opacity = state.get("opacity")
        if isinstance(opacity, int | float) and 0 <= opacity <= 1:
            self.pictures.set_opacity(float(opacity))
        super().restore(state)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_V and event.modifiers() == Qt.KeyboardModifier.NoModifier:
            self.toggle_overlay()
        else:
            super().keyPressEvent(event)

    def _show_captions(self) -> None:
        """Say what the pictures are where they are pinned, not the final ones, or not there."""
        for number, pane in enumerate(self.panes):
            pin = self._pin_of(number)
            pane.show_pinned(pin is not None)
            seen = self._shown if pin is None else pin.shown
            if seen is not None:
                pane.show_map_unit(*map_unit(seen.document))
            pane.set_pinnable(is_pinnable(self._scene))
            pane.canvas.caption.say(
                caption_of(
                    pane.layer,
                    self._shown,
                    None if pin is None else pin.shown,
                    are_regions_given_up=self._are_regions_given_up,
                )
            )

    def _refresh_choices(self) -> None:
        for number, pane in enumerate(self.visible_panes):
            scene = self._scene_of(number)
            features = () if scene is None or scene.table is None else scene.table.names
            has_frames = scene is not None and scene.image.source.place is not None
            pane.show_choices(ClassTable() if scene is None else scene.classes, features, has_frames)


def _has_become_by_region(old: ViewState, new: ViewState) -> bool:
    """Whether the regions that the map of pixels waited for have come, and nobody changed anything."""
    before, after = old.segmentation, new.segmentation
    if old.document is not new.document or before is None or after is None or before is after:
        return False
    has_regions = [one.origin is not None and one.origin.regions is not None for one in (before, after)]
    return after.pixelwise is before.pixelwise and has_regions == [False, True]
