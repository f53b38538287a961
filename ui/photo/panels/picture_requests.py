"""Requests of a pane for pictures, and which of them are needless."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from gmmseg.drawing.draw import Scene
from gmmseg.drawing.layers import LABEL_KINDS, Layer
from gmmseg.image import Image, thinned
from gmmseg.photo.classes import ClassTable

if TYPE_CHECKING:
    from gmmseg.photo.view_state import ViewState
    from gmmseg.regions.cutting import RegionMap

PHOTO = -1
"""Stands for a pane's number in requests for the photo that all panes share."""
CHEAP_PIXELS = 600_000
"""Pictures up to this size are drawn at once whatever their depth, in about 10 ms."""
_STAND_IN_SIDE = 1024


@dataclass(frozen=True, slots=True, eq=False)
class PictureRequest:
    """A picture that takes too long for the thread of the window; `gmmseg.drawing.draw.draw` makes it."""

    pane: int
    """Counted from 0, or `PHOTO`."""
    layer: Layer
    shown: ViewState
    serial: int

    @property
    def scene(self) -> Scene:
        """Scene to draw from."""
        scene = scene_of(self.shown)
        if scene is None:
            raise ValueError("a picture was requested without an image")
        return scene


def scene_of(shown: ViewState) -> Scene | None:
    """Return what pictures are drawn from; None without an image, and no maps before the first fit."""
    image, segmentation = shown.document.image, shown.segmentation
    if image is None:
        return None
    if segmentation is None or segmentation.labels.shape != (image.height, image.width):
        segmentation, table, classes = None, None, ClassTable()
    else:
        table, classes = shown.table, shown.classes
    return Scene(
        image,
        segmentation,
        table,
        classes,
        regions_of(shown),
        None if shown.foreground is None else shown.foreground.of(image),
        shown.document.display,
    )


def regions_of(shown: ViewState) -> RegionMap | None:
    """Return the regions of the image shown, where they have been made."""
    outcome = shown.regions
    return None if outcome is None or outcome.image is not shown.document.image else outcome.regions


def has_maps(layer: Layer, scene: Scene) -> bool:
    """Whether what the layer shows beside the photo is there."""
    if layer.kind == "regions":
        return scene.regions is not None
    if layer.kind == "foreground":
        return scene.foreground is not None
    return layer.kind != "image" and scene.segmentation is not None


def is_cheap(layer: Layer, scene: Scene) -> bool:
    """Whether drawing the layer takes a few milliseconds at most."""
    if layer.kind == "regions" and scene.regions is not None:
        return scene.regions.labels.size <= CHEAP_PIXELS and not layer.uses_mean_colours
    if layer.kind == "foreground" and scene.foreground is not None:
        return scene.foreground.size <= CHEAP_PIXELS
    if scene.segmentation is None or layer.kind not in LABEL_KINDS or layer.uses_mean_colours:
        return False
    labels = scene.segmentation.labels
    is_small = labels.size <= CHEAP_PIXELS
    return labels.dtype == np.uint8 and (layer.kind != "outlines" or is_small)


def is_only_recoloured(layer: Layer) -> bool:
    """Whether merging classes changes nothing but the layer's lookup table."""
    if layer.kind in ("regions", "foreground"):
        return True
    return layer.kind in ("image", "segments", "overlay", "uncertainty", "density", "feature") and (
        not layer.uses_mean_colours
    )


def stand_in(image: Image) -> Image:
    """Return every n-th pixel of a large image, n a power of two, until all of it has been converted."""
    step = 1
    while max(image.height, image.width) // step > _STAND_IN_SIDE:
        step *= 2
    return thinned(image, step)
