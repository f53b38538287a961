"""Layer colours: the tables that turn the indices of a drawn layer into colours."""

from __future__ import annotations

import numpy as np

from gmmseg.arrays import ByteArray, LabelArray
from gmmseg.colours import Colormap, colormap_table
from gmmseg.control import ShouldStop, never_stop
from gmmseg.drawing.layers import LABEL_KINDS, Layer
from gmmseg.image import Image
from gmmseg.photo.classes import ClassTable
from gmmseg.render import colour_sums, mean_bytes

_DIMMED = 0.12
"""Opacity of the classes beside a highlighted one."""


def lut_for(
    layer: Layer,
    classes: ClassTable,
    means: ByteArray | None = None,
    opacity: float = 1.0,
    highlighted: int | None = None,
) -> ByteArray | None:
    """Return the (256, 4) RGBA table for a layer's indices; None where its pixels are colours already.

    Parameters
    ----------
    layer : Layer
    classes : ClassTable
        Hidden classes are transparent.
    means : (K, 3), optional
        Colours to show instead of the class colours.
    opacity : float
        0..1, of the overlay.
    highlighted : int, optional
        Class id; the other classes are dimmed.
    """
    if layer.kind == "image":
        return None
    if layer.kind == "regions":
        return None if layer.uses_mean_colours else line_lut()
    if layer.kind == "foreground":
        return foreground_lut()
    if layer.kind not in LABEL_KINDS:
        return quantity_lut("magma" if layer.kind == "uncertainty" else "viridis")
    if classes.n_components > 254:
        return None
    table = np.zeros((256, 4), dtype=np.uint8)
    colours = class_rgba(classes, means, opacity if layer.kind == "overlay" else 1.0, highlighted)
    table[: len(colours)] = colours
    return table


def line_lut() -> ByteArray:
    """Return the (256, 4) RGBA table of `border_lines`: light beside dark shows on any photo."""
    table = np.zeros((256, 4), dtype=np.uint8)
    table[1:3] = (0, 0, 0, 200), (255, 255, 255, 255)
    return table


def foreground_lut() -> ByteArray:
    """Return the (256, 4) RGBA table of a foreground mask: the photo shows through what is in front."""
    table = np.zeros((256, 4), dtype=np.uint8)
    table[1] = (255, 60, 160, 150)
    return table


def quantity_lut(name: Colormap) -> ByteArray:
    """Return the (256, 4) RGBA table of a quantity in 1..255, with 0 transparent for no data."""
    table = np.full((256, 4), 255, dtype=np.uint8)
    table[:, :3] = colormap_table(name)
    table[0, 3] = 0
    return table


def class_rgba(
    classes: ClassTable,
    means: ByteArray | None = None,
    opacity: float = 1.0,
    highlighted: int | None = None,
) -> ByteArray:
    """Return (K + 1, 4) RGBA colours indexed by label-map value: 0 and hidden classes are transparent."""
    colours = np.zeros((classes.n_components + 1, 4), dtype=np.uint8)
    for entry in classes:
        labels = [component + 1 for component in entry.components]
        colours[labels, :3] = entry.colour if means is None else means[list(entry.components)]
        dimming = _DIMMED if highlighted not in (None, entry.id) else 1.0
        colours[labels, 3] = round(255 * opacity * dimming) if entry.is_visible else 0
    return colours


def class_means(
    image: Image, labels: LabelArray, classes: ClassTable, should_stop: ShouldStop = never_stop
) -> ByteArray:
    """Return for each component the mean sRGB colour of the pixels of its class, (K, 3)."""
    sums, counts = colour_sums(image, labels, classes.n_components, should_stop)
    for entry in classes:
        members = list(entry.components)
        sums[members] = sums[members].sum(axis=0)
        counts[members] = counts[members].sum()
    return mean_bytes(sums, counts)
