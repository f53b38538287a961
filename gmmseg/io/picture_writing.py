"""Pixels as the bytes of picture files: what all writers ask of Pillow and tifffile."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

from gmmseg.arrays import AnyArray

if TYPE_CHECKING:
    from PIL.Image import Image as PillowImage


def encode_picture(picture: PillowImage | AnyArray, form: str = "PNG", **options: Any) -> bytes:
    """Return a picture, or pixels (H, W), (H, W, 3) or (H, W, 4), as a file of a form that Pillow writes."""
    from PIL import Image

    buffer = io.BytesIO()
    held = picture if isinstance(picture, Image.Image) else Image.fromarray(picture)
    held.save(buffer, form, **options)
    return buffer.getvalue()


def encode_tiff(values: Any, **options: Any) -> bytes:
    """Return values, or an iterator over their planes, as a TIFF compressed by Deflate."""
    import tifffile

    buffer = io.BytesIO()
    tifffile.imwrite(buffer, values, compression="zlib", **options)
    return buffer.getvalue()
