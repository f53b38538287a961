"""Tiles of the levels of a picture as one looks at them: the photo, or a layer of its maps, on demand."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache
from typing import get_args

import numpy as np

from gmmseg.arrays import ByteArray
from gmmseg.control import ShouldStop, never_stop
from gmmseg.display import automatic_display
from gmmseg.drawing.draw import Scene, draw
from gmmseg.drawing.layers import LABEL_KINDS, Layer, LayerKind
from gmmseg.features.build import Standard
from gmmseg.features.texture import luminance
from gmmseg.image import Image
from gmmseg.photo.segmentation import Segmentation, segment
from gmmseg.tiled.labelling import labels_of_tile
from gmmseg.tiled.pyramid import Place, Pyramid
from gmmseg.tiled.tile_rows import Light, TileRows
from gmmseg.tiled.tiles import Tile, TiledPicture

TILED_KINDS: tuple[LayerKind, ...] = tuple(
    kind for kind in get_args(LayerKind) if kind not in ("regions", "foreground", "heatmaps")
)
"""Layers that are sharper than the overview where one looks closely."""
_MOST_KEPT = 24
"""Tiles of each level that were read last, which other layers are soon made of."""


@dataclass(frozen=True, slots=True, eq=False)
class TileView:
    """A tile that is wanted.

    Parameters
    ----------
    layer : Layer
        One of `TILED_KINDS`.
    scene : Scene
        Of the overview, with the scale of the layer there.
    white : float
        Stored value of full brightness.
    place : Place
    """

    layer: Layer
    scene: Scene
    white: float
    place: Place


class TileDrawer:
    """Draws tiles of a pyramid, one after another; the newest that were read are kept for other layers.

    At any level maps are those of its pixels: at the finest, labels are those that are exported.
    """

    def __init__(self, pyramid: Pyramid) -> None:
        self.pyramid = pyramid
        self._levels = [_KeptLevel(level) for level in pyramid.levels]
        self._light: Light | None = None

    def draw(self, view: TileView, should_stop: ShouldStop = never_stop) -> ByteArray:
        """Return the pixels of a layer's tile, as those of a `Picture`; its colours are the overview's.

        Raises
        ------
        ReadError, Cancelled
        """
        level = self._levels[view.place[0]]
        tile = self.pyramid.tile(view.place)
        around = tile.grown(view.layer.line_width, level.shape)
        scene = self._scene(view, level, around, should_stop)
        # Colours by which classes are shown are a table of the whole.
        layer = replace(view.layer, uses_mean_colours=False)
        if scene.table is None and layer.kind not in (*LABEL_KINDS, "image"):
            return np.zeros((tile.height, tile.width), dtype=np.uint8)
        pixels = draw(layer, scene, should_stop).pixels
        return np.ascontiguousarray(tile.within(around, pixels))

    def _scene(self, view: TileView, level: _KeptLevel, tile: Tile, should_stop: ShouldStop) -> Scene:
        """Return what a tile is drawn from; no rows where labels need none, or no pixel holds data."""
        whole = view.scene
        image = level.read(tile.top, tile.left, tile.height, tile.width)
        display = whole.display or automatic_display(whole.image)
        if view.layer.kind == "image" or whole.table is None or whole.segmentation is None:
            return Scene(image, display=display)
        table, params = whole.table, whole.segmentation.params
        standard = Standard(table.centre, table.scale, view.white)
        rows = TileRows(level, table.spec, self._light_of(whole.image, view.white), standard)
        part = Scene(image, None, None, whole.classes, display=display, scale=whole.scale)
        if view.layer.kind in LABEL_KINDS:
            return replace(part, segmentation=Segmentation(labels_of_tile(rows, params, tile), params))
        own = rows.table(tile)
        return (
            part if own is None else replace(part, table=own, segmentation=segment(params, own, should_stop))
        )

    def _light_of(self, image: Image, white: float) -> Light:
        """Return the picture's light, its mean as that of the overview."""
        if self._light is None or self._light.white != white:
            values = luminance(image) if image.mask is None else luminance(image)[image.mask]
            self._light = Light(white, float(values.mean()))
        return self._light


class _KeptLevel:
    """A level whose newest parts are in memory; see `TiledPicture`."""

    def __init__(self, picture: TiledPicture) -> None:
        self.shape, self.channels, self.dtype = picture.shape, picture.channels, picture.dtype
        self.source, self.piece, self.fingerprint = picture.source, picture.piece, picture.fingerprint
        self.read = lru_cache(maxsize=_MOST_KEPT)(picture.read)
