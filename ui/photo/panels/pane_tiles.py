"""PaneTiles: asks for the tiles that the panes show of a picture beyond memory, sharper than its overview."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import chain

from PySide6.QtCore import QObject, QSizeF, QTimer, Slot

from gmmseg.drawing.draw import Picture, Scene
from gmmseg.drawing.layers import Layer
from gmmseg.photo.document import Document
from gmmseg.tiled.pyramid import Box, Place, Pyramid, pyramid_of
from gmmseg.tiled.viewing import TILED_KINDS, TileView
from ui.photo.widgets.camera import Camera
from ui.photo.widgets.finer_tiles import FinerTiles
from ui.photo.widgets.layer_pane import LayerPane

_AROUND = 0.5
"""Margin around the view in which tiles are made too, once those in it are there, in its width and height."""
_PHOTO = Layer("image")


@dataclass(frozen=True, slots=True, eq=False)
class TileRequest:
    """A tile and where it goes; `pyramid` is what it is of."""

    pyramid: Pyramid
    view: TileView
    into: FinerTiles


@dataclass(frozen=True, slots=True, eq=False)
class _Content:
    """The tiles of a pane's layer, and the picture of the overview that they belong to."""

    picture: Picture
    scene: Scene
    tiles: FinerTiles


class PaneTiles(QObject):
    """Keeps tiles in the visible panes those of their layers where the camera looks.

    Parameters
    ----------
    panes : sequence of LayerPane
    camera : Camera
    request : callable
        Takes all tiles that are wanted now, the first first, in place of those wanted before; each comes
        back by `take`.
    """

    def __init__(
        self,
        panes: Sequence[LayerPane],
        camera: Camera,
        request: Callable[[list[TileRequest]], object],
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._panes = tuple(panes)
        self._camera = camera
        self._send = request
        self._photo: tuple[Scene, FinerTiles] | None = None
        self._contents: dict[int, _Content] = {}
        self._white = 255.0
        self._n_visible = 1
        self._soon = QTimer(self, singleShot=True, interval=0)
        self._soon.timeout.connect(self._ask)
        self._is_behind = False
        camera.changed.connect(self._on_camera_changed)

    def show(self, document: Document, scenes: Sequence[Scene | None]) -> None:
        """Follow what the visible panes show: the scene of each, of which pictures have been drawn."""
        scene = scenes[0] if scenes else None
        self._n_visible = len(scenes)
        image = document.image
        if scene is None or image is None or image.levels is None:
            self._forget()
            return
        fit = document.fit
        known = None if fit is None or fit.image is not image else fit.model.white
        self._white = image.white if known is None else known
        if (
            self._photo is None
            or self._photo[0].image is not image
            or self._photo[0].display != scene.display
        ):
            self._photo = scene, FinerTiles(pyramid_of(image))
        for number, pane in enumerate(self._panes):
            own = scenes[number] if number < len(scenes) else None
            self._follow(number, pane, own)
        self.ask_soon()

    def _follow(self, number: int, pane: LayerPane, scene: Scene | None) -> None:
        """Give a pane the tiles of the picture that it shows; none of a layer that has none."""
        picture, content = pane.picture, self._contents.get(number)
        if scene is None or picture is None or picture.layer.kind not in TILED_KINDS:
            self._contents.pop(number, None)
        elif content is None or content.picture is not picture:
            tiles = FinerTiles(pyramid_of(scene.image))
            self._contents[number] = _Content(picture, replace(scene, scale=picture.scale), tiles)
        self._hand_out(number, pane)

    def _hand_out(self, number: int, pane: LayerPane) -> None:
        content = self._contents.get(number)
        photo = None if self._photo is None else self._photo[1]
        _draw_finer(pane, photo, None if content is None else content.tiles)

    def _forget(self) -> None:
        if self._photo is None:
            return
        self._photo = None
        self._contents.clear()
        for pane in self._panes:
            _draw_finer(pane, None, None)
        self._send([])

    @Slot()
    def ask_soon(self) -> None:
        """Ask for what is in view, once for all changes until then."""
        if self._photo is not None:
            self._is_behind = True
            self._soon.start()

    @Slot()
    def _on_camera_changed(self) -> None:
        """Ask at once, so that tiles are made while what is there is painted; of more changes, once after."""
        if self._soon.isActive():
            self._is_behind = True
        elif self._photo is not None:
            self._soon.start()
            self._send(self._wanted(*self._photo))

    @Slot()
    def _ask(self) -> None:
        is_behind, self._is_behind = self._is_behind, False
        if is_behind and self._photo is not None:
            self._send(self._wanted(*self._photo))

    def _wanted(self, scene: Scene, tiles: FinerTiles) -> list[TileRequest]:
        """Return the tiles that are lacking: half as sharp in the view, then sharp, then around it."""
        shown = self._panes[: self._n_visible]
        zoom = self._camera.zoom * shown[0].canvas.devicePixelRatioF()
        pyramid = tiles.pyramid
        level, last = pyramid.level_for(zoom), len(pyramid.levels) - 1
        if level == last:
            return []
        seen = pyramid.tiles_in(level, self._view(shown, 0.0))
        sharp = dict.fromkeys([*seen, *pyramid.tiles_in(level, self._view(shown, _AROUND))])
        layers = [(_PHOTO, scene, tiles)] if any(_shows_photo(pane) for pane in shown) else []
        layers += [
            (content.picture.layer, content.scene, content.tiles)
            for number, content in self._contents.items()
            if number < self._n_visible
        ]
        coarser = {into: _coarser(into, seen) if level + 1 < last else [] for _, _, into in layers}
        return [
            TileRequest(pyramid, TileView(layer, of, self._white, place), into)
            for place in dict.fromkeys([*chain.from_iterable(coarser.values()), *sharp])
            for layer, of, into in layers
            if into.lacks(place) and (place in sharp or place in coarser[into])
        ]

    def _view(self, shown: Sequence[LayerPane], around: float) -> Box:
        """Return the part of the overview that the panes show, with what is around it."""
        views = [pane.canvas.view_size() for pane in shown]
        largest = QSizeF(max(view.width() for view in views), max(view.height() for view in views))
        seen = self._camera.box(largest * (1 + 2 * around))
        return seen.left(), seen.top(), seen.right(), seen.bottom()

    @Slot(object, object)
    def take(self, request: TileRequest, pixels: object) -> None:
        """Show a tile; one of what is shown no more is dropped with where it goes."""
        if pixels is None:
            request.into.give_up(request.view.place)
            return
        request.into.put(request.view.place, pixels)  # type: ignore[arg-type]
        for pane in self._panes[: self._n_visible]:
            pane.canvas.photo.update()
            pane.canvas.layer.update()


def _draw_finer(pane: LayerPane, photo: FinerTiles | None, layer: FinerTiles | None) -> None:
    """Have a pane draw sharper parts of the photo and of its layer."""
    pane.canvas.photo.set_finer(photo)
    pane.canvas.layer.set_finer(layer)


def _coarser(tiles: FinerTiles, seen: Sequence[Place]) -> list[Place]:
    """Return the tiles of the next coarser level over those that are lacking of what is seen."""
    lacking = [place for place in seen if tiles.lacks(place)]
    if not lacking:
        return []
    return tiles.pyramid.tiles_in(lacking[0][0] + 1, tiles.pyramid.box_of(lacking))


def _shows_photo(pane: LayerPane) -> bool:
    picture = pane.picture
    return picture is None or picture.is_over_image or picture.layer.kind == "image"
