"""Tiles of the levels of a picture as one looks at them: the photo, or a layer of its maps, on demand."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache
from typing import get_args
from weakref import WeakKeyDictionary

import numpy as np

from gmmseg.arrays import ByteArray
from gmmseg.control import ShouldStop, never_stop
from gmmseg.display import automatic_display
from gmmseg.drawing.draw import Scene, draw
from gmmseg.drawing.layers import LABEL_KINDS, Layer, LayerKind
from gmmseg.features.build import Standard
from gmmseg.features.table import FeatureTable
from gmmseg.features.texture import luminance
from gmmseg.image import Image
from gmmseg.mixture.params import MixtureParams
from gmmseg.photo.segmentation import Segmentation, segment
from gmmseg.render import display_rgb
from gmmseg.tiled.labelling import ColourLabels
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
        self._mean: float | None = None
        self._labels: WeakKeyDictionary[FeatureTable, ColourLabels] = WeakKeyDictionary()

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
        if scene.table is None and scene.segmentation is None and layer.kind != "image":
            return np.zeros((tile.height, tile.width), dtype=np.uint8)
        if layer.kind == "image":
            # Drawn as a whole it would get smaller levels of its own.
            return display_rgb(scene.image, scene.display)
        pixels = draw(layer, scene, should_stop).pixels
        return np.ascontiguousarray(tile.within(around, pixels))

    def _scene(self, view: TileView, level: _KeptLevel, tile: Tile, should_stop: ShouldStop) -> Scene:
        """Return what a tile is drawn from; no rows for the photo, or where no pixel holds data."""
        whole = view.scene
        image = level.read(tile.top, tile.left, tile.height, tile.width)
        display = whole.display or automatic_display(whole.image)
        if view.layer.kind == "image" or whole.table is None or whole.segmentation is None:
            return Scene(image, display=display)
        table, params = whole.table, whole.segmentation.params
        standard = Standard(table.centre, table.scale, view.white)
        light = Light(view.white, self._mean_of(whole.image) if table.spec.has_texture else 0.0)
        rows = TileRows(level, table.spec, light, standard)
        part = Scene(image, None, None, whole.classes, display=display, scale=whole.scale)
        if view.layer.kind in LABEL_KINDS and rows.has_codes:
            labels = self._labels_by(table, params, rows).of(image)
            return replace(part, segmentation=Segmentation(labels, params))
        own = rows.table(tile)
        return (
            part if own is None else replace(part, table=own, segmentation=segment(params, own, should_stop))
        )

    def _labels_by(self, table: FeatureTable, params: MixtureParams, rows: TileRows) -> ColourLabels:
        """Return the labels of the colours seen so far, of the last mixture of a table."""
        made = self._labels.get(table)
        if made is None or made.params is not params:
            # A table of all colours, as for an export, would be later there for the first tile after a fit.
            made = self._labels[table] = ColourLabels(rows, params, in_blocks=False)
        return made

    def _mean_of(self, overview: Image) -> float:
        """Return the mean luminance of the picture: that of its overview."""
        if self._mean is None:
            values = luminance(overview)
            self._mean = float(values.mean() if overview.mask is None else values[overview.mask].mean())
        return self._mean


class _KeptLevel:
    """A level whose newest parts are in memory; see `TiledPicture`."""

    def __init__(self, picture: TiledPicture) -> None:
        self.shape, self.channels, self.dtype = picture.shape, picture.channels, picture.dtype
        self.source, self.piece, self.fingerprint = picture.source, picture.piece, picture.fingerprint
        self.read = lru_cache(maxsize=_MOST_KEPT)(picture.read)
