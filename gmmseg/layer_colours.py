"""Layer colours: the tables that turn the indices of a drawn layer into colours."""

from __future__ import annotations

import numpy as np

from gmmseg.arrays import ByteArray
from gmmseg.classes import ClassTable
from gmmseg.colormap import Colormap, colormap_table
from gmmseg.layers import LABEL_KINDS, Layer
from gmmseg.render import class_rgba


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


def quantity_lut(name: Colormap) -> ByteArray:
    """Return the (256, 4) RGBA table of a quantity in 1..255, with 0 transparent for no data."""
    table = np.full((256, 4), 255, dtype=np.uint8)
    table[:, :3] = colormap_table(name)
    table[0, 3] = 0
    return table
