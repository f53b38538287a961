"""Small pictures of what was made: the photo beside its labels, for contact sheets and lists."""

from __future__ import annotations

import numpy as np

from gmmseg.arrays import ByteArray, LabelArray
from gmmseg.image import Image, thinned
from gmmseg.io.picture_writing import encode_picture
from gmmseg.render import display_rgb, overlay_rgb

SIDE = 240
"""Pixels of the longer side of each of the two pictures."""
_OPACITY = 0.6
_QUALITY = 85


def thumbnail(image: Image, labels: LabelArray, colours: ByteArray) -> bytes:
    """Return the photo and, to its right, the photo under its labels, as a JPEG.

    Parameters
    ----------
    image : Image
    labels : (H, W)
        0 shows the photo alone.
    colours : uint8 array, (n, 3) or (n, 4)
        By label.
    """
    from PIL import Image as PillowImage

    # Twice as fine as shown, so that what is averaged next shows no steps.
    step = max(1, max(image.height, image.width) // (2 * SIDE))
    few = thinned(image, step)
    few_labels = labels[::step, ::step].copy()
    pair = np.concatenate([display_rgb(few), overlay_rgb(few, few_labels, colours, _OPACITY)], axis=1)
    scale = min(1.0, SIDE / max(few.height, few.width))
    size = 2 * max(1, round(few.width * scale)), max(1, round(few.height * scale))
    small = PillowImage.fromarray(pair).resize(size, PillowImage.Resampling.BOX)
    return encode_picture(small, "JPEG", quality=_QUALITY)
