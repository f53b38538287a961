"""The mask of one object, and the object cut out, as files."""

from __future__ import annotations

import io

import numpy as np

from gmmseg.arrays import BoolArray
from gmmseg.errors import WriteError
from gmmseg.image import Image
from gmmseg.render import display_rgb

MASK_SUFFIXES = (".png", ".tif", ".tiff", ".npy")
_WHITE = 255


def encode_object_mask(suffix: str, mask: BoolArray) -> bytes:
    """Return a mask (H, W) as 8-bit grey with 0 and 255, .png or .tif, or as the booleans of .npy.

    Parameters
    ----------
    suffix : str
        With the dot, in any case.
    mask : bool array, (H, W)

    Raises
    ------
    WriteError
        The format cannot hold a mask.
    """
    buffer = io.BytesIO()
    match suffix.lower():
        case ".png":
            from PIL import Image as PillowImage

            PillowImage.fromarray(mask.astype(np.uint8) * np.uint8(_WHITE)).save(buffer, "PNG")
        case ".tif" | ".tiff":
            import tifffile

            values = mask.astype(np.uint8) * np.uint8(_WHITE)
            tifffile.imwrite(buffer, values, photometric="minisblack", compression="zlib", metadata=None)
        case ".npy":
            np.lib.format.write_array(buffer, np.ascontiguousarray(mask), allow_pickle=False)
        case _:
            raise WriteError(f"Masks cannot be written as “{suffix}”.", f"Choose {', '.join(MASK_SUFFIXES)}.")
    return buffer.getvalue()


def encode_cutout(image: Image, mask: BoolArray) -> bytes:
    """Return the object as a PNG of red, green, blue and alpha: transparent outside the mask."""
    from PIL import Image as PillowImage

    alpha = mask.astype(np.uint8) * np.uint8(_WHITE)
    rgba = np.dstack([display_rgb(image) * mask[:, :, None], alpha])
    buffer = io.BytesIO()
    PillowImage.fromarray(rgba).save(buffer, "PNG")
    return buffer.getvalue()
