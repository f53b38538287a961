"""PanePictures: fills panes with their layers: at once where drawing is cheap, else when it has been done."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, get_args

import numpy as np
from PySide6.QtCore import QObject, Slot

from gmmseg.arrays import ByteArray
from gmmseg.display import automatic_display
from gmmseg.drawing.draw import Picture, Scene, draw, heatmap_scale
from gmmseg.drawing.layer_colours import lut_for
from gmmseg.drawing.layers import LABEL_KINDS, Layer, LayerKind
from gmmseg.photo.classes import ClassTable
from gmmseg.render import display_rgb
from ui.photo.panels.picture_requests import (
    CHEAP_PIXELS,
    PHOTO,
    PictureRequest,
    has_maps,
    is_cheap,
    is_only_recoloured,
    stand_in,
)
from ui.photo.panels.pins import Pin
from ui.photo.widgets.layer_pane import LayerPane

if TYPE_CHECKING:
    from gmmseg.photo.view_state import ViewState


class PanePictures(QObject):
    """Keeps the pictures in the visible panes those of their layers, of what is shown or pinned.

    Parameters
    ----------
    panes : sequence of LayerPane
    pin_of : callable
        Returns what the pane of a number draws from in place of what is shown; None where it follows.
    request : callable
        Has a `PictureRequest` answered; the answer goes to `take`.
    note_drawn : callable
        Told that a pane shows something else, which may have more or less room.
    """

    def __init__(
        self,
        panes: Sequence[LayerPane],
        pin_of: Callable[[int], Pin | None],
        request: Callable[[PictureRequest], object],
        note_drawn: Callable[[], object],
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._panes = tuple(panes)
        self._pin_of = pin_of
        self._send = request
        self._note_drawn = note_drawn
        self._n_visible = 1
        self._shown: ViewState | None = None
        self._scene: Scene | None = None
        self.opacity = 0.5
        """Of overlays, 0..1."""
        self._selected: tuple[int, ...] = ()
        self._pointed: tuple[int, ...] = ()
        self._tried: ClassTable | None = None
        self._serial = 0
        self._awaited: dict[int, int] = {}

    # What is to be drawn

    def arrange(self, n_visible: int) -> None:
        """Draw all of the first so many panes: in another arrangement they may have shown something else."""
        self._n_visible = n_visible
        for number in range(n_visible):
            self.refresh(number)

    def show(self, shown: ViewState, scene: Scene | None) -> None:
        """Draw what differs from what is shown now; what is pinned stays as it is."""
        before, self._shown, self._scene = self._scene, shown, scene
        if scene is None or before is None or scene.classes is not before.classes:
            self._tried = None
        if scene is None:
            self._clear()
        elif before is None or scene.image is not before.image:
            for pane in self._panes:
                pane.set_picture(None, None, self._classes())
            self._show_photo(scene)
            self._refresh_following()
        else:
            if scene.display != before.display:
                self._show_photo(scene)
            if scene.segmentation is not before.segmentation:
                self._refresh_following(
                    [kind for kind in get_args(LayerKind) if kind not in ("regions", "foreground")]
                )
            elif scene.classes is not before.classes:
                self._show_classes(scene, has_regrouped=_groups(scene.classes) != _groups(before.classes))
            if scene.regions is not before.regions:
                self._refresh_following(["regions"])
            if scene.foreground is not before.foreground:
                self._refresh_following(["foreground"])

    @Slot(object, object)
    def take(self, request: PictureRequest, picture: Picture) -> None:
        """Show a requested picture, unless something newer has been asked for meanwhile."""
        if self._scene is None or not self._is_awaited(request):
            return
        if self._awaited[request.pane] == request.serial:
            del self._awaited[request.pane]
        if request.pane == PHOTO:
            size = (self._scene.image.height, self._scene.image.width)
            for pane in self._panes:
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
            and request.layer == self._panes[request.pane].layer
            and self._scene is not None
            and request.shown.document.image is self._scene.image
            and self._pin_of(request.pane) is None
        )

    # Colours

    def set_opacity(self, opacity: float) -> None:
        """Draw overlays with this opacity, 0..1."""
        self.opacity = opacity
        self.recolour()

    @Slot(object)
    def highlight(self, wanted: int | None) -> None:
        """Dim all classes but one, by its id; None shows all alike."""
        self._selected = () if wanted is None else (wanted,)
        self.recolour()

    @Slot(object)
    def point_at(self, classes: tuple[int, ...] | None) -> None:
        """Dim all classes but these for the moment; None goes back to what `highlight` shows."""
        if self._pointed != (classes or ()):
            self._pointed = classes or ()
            self.recolour()

    @Slot(object)
    def try_classes(self, classes: ClassTable | None) -> None:
        """Colour classes as another table of the same components has them; None as the scene's own does."""
        self._tried = classes
        self.recolour()

    def recolour(self) -> None:
        """Bring the colours of all classes up to date."""
        for number, pane in enumerate(self._visible):
            picture = pane.picture
            if picture is not None and picture.layer.kind in LABEL_KINDS:
                pane.canvas.layer.set_lut(self._lut(number, picture))

    def _lut(self, number: int, picture: Picture) -> ByteArray | None:
        scene = self._scene_of(number)
        if scene is None:
            return None
        # The classes of another fit are not those that are pointed at.
        strong = (self._pointed or self._selected) if self._pin_of(number) is None else ()
        means, opacity, classes = picture.means, self.opacity, scene.classes
        tried = self._tried if self._pin_of(number) is None else None
        if tried is not None and tried.n_components == classes.n_components:
            classes = tried
            if means is not None:
                # Nearly: the mean of the united pixels takes their numbers.
                firsts = {component: entry.components[0] for entry in tried for component in entry.components}
                means = means[[firsts[component] for component in range(len(means))]]
        luts = (lut_for(picture.layer, classes, means, opacity, wanted) for wanted in strong or (None,))
        found = [lut for lut in luts if lut is not None]
        # They differ by which class is not dimmed.
        return np.max(found, axis=0) if found else None

    def _show_classes(self, scene: Scene, *, has_regrouped: bool) -> None:
        """Follow names, colours and visibility; and where classes were merged, what was summed over them."""
        if scene.segmentation is None:
            return
        self.recolour()
        for number, pane in enumerate(self._visible):
            if self._pin_of(number) is not None:
                continue
            needs_pixels = scene.segmentation.labels.dtype != np.uint8 and pane.layer.kind in LABEL_KINDS
            if needs_pixels or (has_regrouped and not is_only_recoloured(pane.layer)):
                self.refresh(number)
            elif pane.layer.kind == "heatmaps":
                pane.grid.show_classes(scene.classes)
            elif pane.layer.kind == "heatmap" and pane.picture is not None:
                pane.picture = replace(pane.picture, scale=heatmap_scale(pane.layer, scene.classes))
                pane.bar.set_scale(pane.picture.scale)

    # Drawing

    @property
    def _visible(self) -> tuple[LayerPane, ...]:
        return self._panes[: self._n_visible]

    def _scene_of(self, number: int) -> Scene | None:
        """Return what a pane draws from."""
        pin = self._pin_of(number)
        return self._scene if pin is None else pin.scene

    def _refresh_following(self, kinds: Collection[str] = get_args(LayerKind)) -> None:
        for number, pane in enumerate(self._visible):
            if pane.layer.kind in kinds and self._pin_of(number) is None:
                self.refresh(number)

    def refresh(self, number: int) -> None:
        """Draw a pane's layer, or ask for it."""
        scene, pane = self._scene_of(number), self._panes[number]
        self._awaited.pop(number, None)
        if scene is None:
            return
        if not has_maps(pane.layer, scene):
            pane.set_picture(None, None, scene.classes)
            self._note_drawn()
        elif is_cheap(pane.layer, scene):
            self._put(number, draw(pane.layer, scene))
        else:
            if pane.picture is not None and pane.picture.layer != pane.layer:
                pane.set_picture(None, None, scene.classes)
            self._request(number, pane.layer)

    def _put(self, number: int, picture: Picture) -> None:
        scene = self._scene_of(number)
        if scene is not None:
            self._panes[number].set_picture(picture, self._lut(number, picture), scene.classes)
            self._note_drawn()

    def _request(self, number: int, layer: Layer) -> None:
        pin = self._pin_of(number) if number != PHOTO else None
        shown = self._shown if pin is None else pin.shown
        if shown is None:
            return
        self._serial += 1
        self._awaited[number] = self._serial
        self._send(PictureRequest(number, layer, shown, self._serial))

    def _show_photo(self, scene: Scene) -> None:
        image = scene.image
        size = (image.height, image.width)
        if image.height * image.width <= CHEAP_PIXELS:
            self._awaited.pop(PHOTO, None)
            photo = draw(Layer("image"), scene)
            pixels, levels = photo.pixels, photo.levels
        else:
            pixels, levels = display_rgb(stand_in(image), scene.display or automatic_display(image)), ()
            self._request(PHOTO, Layer("image"))
        for pane in self._panes:
            pane.canvas.set_photo(size, pixels, levels)

    def _clear(self) -> None:
        self._awaited.clear()
        for pane in self._panes:
            pane.set_picture(None, None, self._classes())
            pane.canvas.clear()

    def _classes(self) -> ClassTable:
        return self._scene.classes if self._scene is not None else ClassTable()


def _groups(classes: ClassTable) -> list[tuple[int, ...]]:
    return [entry.components for entry in classes]
