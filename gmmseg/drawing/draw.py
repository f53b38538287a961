"""Drawing: a layer of a scene becomes a picture: pixels, their colours and what these stand for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from gmmseg.arrays import BoolArray, ByteArray, Float32Array, looked_up, row_blocks
from gmmseg.colours import Colormap
from gmmseg.control import ShouldStop, never_stop, raise_if_cancelled
from gmmseg.display import Display
from gmmseg.drawing.layer_colours import (
    class_means,
    class_rgba,
    foreground_lut,
    line_lut,
    lut_for,
    quantity_lut,
)
from gmmseg.drawing.layers import LABEL_KINDS, Layer, LayerKind, shown_class
from gmmseg.features.table import FeatureTable
from gmmseg.image import Image
from gmmseg.photo.classes import ClassTable
from gmmseg.photo.segmentation import (
    Segmentation,
    class_planes,
    density_map,
    heatmap,
    thinned_maps,
    uncertainty,
)
from gmmseg.regions.cutting import RegionMap
from gmmseg.render import (
    border_levels,
    border_lines,
    boundaries,
    coarser_levels,
    display_rgb,
    mean_colours,
)

_OF_THEIR_OWN: tuple[LayerKind, ...] = ("regions", "foreground")
"""Layers that are drawn from what no mixture of the image has made."""
_TILE_SIDE = 400
_RANGE_SAMPLES = 1_000_000


@dataclass(frozen=True, slots=True)
class ColourScale:
    """Labels of the two ends of a colour bar."""

    low: float
    high: float
    title: str
    colormap: Colormap


@dataclass(frozen=True, slots=True, eq=False)
class Scene:
    """All that a layer is drawn from; maps and classes are missing before the first fit."""

    image: Image
    segmentation: Segmentation | None = None
    table: FeatureTable | None = None
    classes: ClassTable = field(default_factory=ClassTable)
    regions: RegionMap | None = None
    foreground: BoolArray | None = None
    """Foreground mask (H, W) of one frame of a stack."""
    display: Display | None = None
    """Display of the image; automatic where None."""
    scale: ColourScale | None = None
    """Of the whole, where the image is a part of it: for quantities that have no range of their own."""


@dataclass(frozen=True, slots=True, eq=False)
class Tile:
    """One small heatmap of the grid of all: `pixels` (h, w) as in a heatmap's `Picture`, made smaller."""

    class_id: int
    component: int
    pixels: ByteArray


@dataclass(frozen=True, slots=True, eq=False)
class Picture:
    """A drawn layer.

    Parameters
    ----------
    layer : Layer
    pixels : uint8 array
        (H, W) indices into `lut`, or (H, W, 3) sRGB, or (H, W, 4) with alpha where more than 254 components
        leave no room for indices.
    lut : uint8 array (256, 4), optional
        RGBA; entry 0 is transparent: no data.
    is_over_image : bool
        The photo belongs underneath.
    scale : ColourScale, optional
        For layers that show a quantity.
    tiles : tuple of Tile
        For all heatmaps: one for each class; `pixels` is then the first one's.
    means : uint8 array (K, 3), optional
        Mean colour of each component's class, where the layer asked for it.
    levels : tuple of uint8 arrays
        `pixels` at 1/2, 1/4, …, for drawing large pictures small; empty where every n-th pixel will do.
    """

    layer: Layer
    pixels: ByteArray
    lut: ByteArray | None = None
    is_over_image: bool = False
    scale: ColourScale | None = None
    tiles: tuple[Tile, ...] = ()
    means: ByteArray | None = None
    levels: tuple[ByteArray, ...] = ()


def heatmap_scale(layer: Layer, classes: ClassTable) -> ColourScale:
    """Return the scale of a heatmap, named for its class."""
    return ColourScale(0, 1, f"Posterior of {shown_class(layer, classes).name}", "viridis")


def draw(layer: Layer, scene: Scene, should_stop: ShouldStop = never_stop) -> Picture:
    """Return the layer's picture; callable in any thread, possibly long.

    Raises
    ------
    Cancelled
        When `should_stop` says so.
    ValueError
        Where a layer other than the image is asked for before there are maps.
    """
    if layer.kind == "image":
        photo = display_rgb(scene.image, scene.display)
        return Picture(layer, photo, levels=coarser_levels(photo))
    if layer.kind == "regions" and scene.regions is not None:
        return _draw_regions(layer, scene.image, scene.regions, should_stop)
    if layer.kind == "foreground" and scene.foreground is not None:
        front = scene.foreground.view(np.uint8)
        return Picture(layer, front, foreground_lut(), True, levels=coarser_levels(front))
    if layer.kind == "feature" and scene.table is not None:
        return _draw_feature(layer, scene, scene.table, should_stop)
    if scene.segmentation is not None and layer.kind in LABEL_KINDS:
        return _draw_labels(layer, scene, scene.segmentation, should_stop)
    if scene.segmentation is None or scene.table is None or layer.kind in _OF_THEIR_OWN:
        raise ValueError(f"there is nothing to draw the layer {layer.kind} from")
    return _DRAWERS[layer.kind](layer, scene, scene.segmentation, scene.table, should_stop)


def _draw_labels(layer: Layer, scene: Scene, segmentation: Segmentation, should_stop: ShouldStop) -> Picture:
    labels = segmentation.labels
    means = class_means(scene.image, labels, scene.classes, should_stop) if layer.uses_mean_colours else None
    if layer.kind == "outlines":
        ids = looked_up(scene.classes.ids_by_label(), labels)
        labels = np.where(boundaries(ids), labels, labels.dtype.type(0))
    if labels.dtype == np.uint8:
        lut = lut_for(layer, scene.classes, means)
        indices = labels.view(np.uint8)
        levels = coarser_levels(indices, keeps_lines=True) if layer.line_width else ()
        return Picture(layer, indices, lut, layer.is_over_image, means=means, levels=levels)
    colours = class_rgba(scene.classes, means)
    return Picture(layer, looked_up(colours, labels), None, layer.is_over_image, means=means)


def _draw_regions(layer: Layer, image: Image, regions: RegionMap, should_stop: ShouldStop) -> Picture:
    if layer.uses_mean_colours:
        return _draw_region_means(layer, image, regions, should_stop)
    lines = border_lines(regions.labels)
    raise_if_cancelled(should_stop)
    return Picture(layer, lines, line_lut(), True, levels=border_levels(regions.labels))


def _draw_region_means(layer: Layer, image: Image, regions: RegionMap, should_stop: ShouldStop) -> Picture:
    colours = np.zeros((regions.n_regions + 1, 4), dtype=np.uint8)
    colours[1:, :3] = mean_colours(image, regions.labels, regions.n_regions, should_stop)
    colours[1:, 3] = 255
    if regions.labels.all():
        filled = looked_up(colours[:, :3], regions.labels)
        return Picture(layer, filled, levels=coarser_levels(filled))
    # Smaller levels would mix the colours with what has none.
    return Picture(layer, looked_up(colours, regions.labels))


def _draw_heatmap(
    layer: Layer, scene: Scene, segmentation: Segmentation, table: FeatureTable, should_stop: ShouldStop
) -> Picture:
    entry = shown_class(layer, scene.classes)
    if len(entry.components) == 1:
        posterior = heatmap(segmentation, table, entry.components[0], should_stop)
    else:
        summed = next(class_planes(segmentation, table, ClassTable((entry,)), should_stop))
        posterior = np.rint(np.minimum(summed, 1) * 255).astype(np.uint8)
    return _quantity(layer, posterior, segmentation.labels > 0, heatmap_scale(layer, scene.classes))


def _draw_heatmaps(
    layer: Layer, scene: Scene, segmentation: Segmentation, table: FeatureTable, should_stop: ShouldStop
) -> Picture:
    step = -(-max(segmentation.labels.shape) // _TILE_SIDE)
    small, smaller_table = thinned_maps(segmentation, table, step)
    has_data = small.labels > 0
    scale = ColourScale(0, 1, "Posterior", "viridis")
    tiles = []
    planes = class_planes(small, smaller_table, scene.classes, should_stop)
    for entry, posterior in zip(scene.classes, planes, strict=True):
        quantised = np.rint(np.minimum(posterior, 1) * 255).astype(np.uint8)
        tiles.append(Tile(entry.id, entry.components[0], _with_room_for_no_data(quantised, has_data)))
    return Picture(layer, tiles[0].pixels, quantity_lut("viridis"), scale=scale, tiles=tuple(tiles))


def _draw_uncertainty(
    layer: Layer, scene: Scene, segmentation: Segmentation, table: FeatureTable, should_stop: ShouldStop
) -> Picture:
    scale = ColourScale(0, 1, "Entropy / log K", "magma")
    return _quantity(layer, uncertainty(segmentation, table, should_stop), segmentation.labels > 0, scale)


def _draw_density(
    layer: Layer, scene: Scene, segmentation: Segmentation, table: FeatureTable, should_stop: ShouldStop
) -> Picture:
    values = density_map(segmentation.params, table, should_stop)
    return _stretched(layer, values, scene.scale, "log p(x), nats", should_stop)


def _draw_feature(layer: Layer, scene: Scene, table: FeatureTable, should_stop: ShouldStop) -> Picture:
    # A pane keeps its choice when other features are fitted: it then shows the last of them.
    at = table.names.index(layer.feature) if layer.feature in table.names else table.n_features - 1
    in_units = table.values[:, at] * table.scale[at] + table.centre[at]
    raise_if_cancelled(should_stop)
    plane = table.pixels.spread(in_units.astype(np.float32), empty=np.nan)
    return _stretched(layer, plane, scene.scale, table.names[at], should_stop)


def _stretched(
    layer: Layer, values: Float32Array, scale: ColourScale | None, title: str, should_stop: ShouldStop
) -> Picture:
    """Return values (H, W) over a scale, by default the range of 98 % of them; nan is no data."""
    if scale is None:
        scale = ColourScale(*_percentiles(values), f"{title} (1–99 %)", "viridis")
    low, high = scale.low, scale.high
    quantised = np.zeros(values.shape, dtype=np.uint8)
    for rows in row_blocks(values.shape):
        raise_if_cancelled(should_stop)
        share = np.nan_to_num((values[rows] - low) / (high - low), nan=0.0)
        quantised[rows] = np.rint(np.clip(share, 0, 1) * 255)
    return _quantity(layer, quantised, ~np.isnan(values), scale)


_Drawer = Callable[[Layer, Scene, Segmentation, FeatureTable, ShouldStop], Picture]
_DRAWERS: dict[LayerKind, _Drawer] = {
    "heatmap": _draw_heatmap,
    "heatmaps": _draw_heatmaps,
    "uncertainty": _draw_uncertainty,
    "density": _draw_density,
}


def _quantity(layer: Layer, values: ByteArray, has_data: BoolArray, scale: ColourScale) -> Picture:
    pixels = _with_room_for_no_data(values, has_data)
    lut = quantity_lut(scale.colormap)
    return Picture(layer, pixels, lut, scale=scale, levels=coarser_levels(pixels))


def _with_room_for_no_data(values: ByteArray, has_data: BoolArray) -> ByteArray:
    """Return 255ths with 0 kept for no data: 0/255 becomes 1/255, which the eye does not tell apart."""
    return np.where(has_data, np.maximum(values, np.uint8(1)), np.uint8(0))


def _percentiles(values: Float32Array) -> tuple[float, float]:
    """Return the 1st and 99th percentile of the finite values, apart by more than nothing."""
    step = max(1, int(np.sqrt(values.size / _RANGE_SAMPLES)))
    sample = values[::step, ::step]
    finite = sample[np.isfinite(sample)]
    if not finite.size:
        return 0.0, 1.0
    low, high = (float(value) for value in np.percentile(finite, (1, 99)))
    return (low, high) if high > low else (low - 0.5, low + 0.5)
