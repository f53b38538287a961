"""OME-TIFF: posteriors as named channels, or labels with their legend, in OME's XML."""

from __future__ import annotations

import hashlib
import json
import uuid
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from gmmseg.arrays import AnyArray, Float32Array
from gmmseg.image import PixelSize
from gmmseg.io.masks import GENERATOR
from gmmseg.io.picture_writing import encode_tiff
from gmmseg.io.pixel_sizes import ome_sizes
from gmmseg.io.plain_text import plain_text
from gmmseg.photo.classes import ClassTable


def encode_ome_posteriors(
    planes: Iterable[Float32Array],
    shape: tuple[int, int],
    classes: ClassTable,
    pixel_size: PixelSize | None = None,
) -> bytes:
    """Return the posteriors of each class as float32 channels (C, H, W).

    Parameters
    ----------
    planes : iterable of C float32 arrays (H, W)
        In the table's order; taken one at a time.
    shape : tuple of int
        (H, W).
    classes : ClassTable
    pixel_size : (float, float), optional
        Width and height of a pixel in micrometres.
    """
    names = [plain_text(entry.name) for entry in classes]
    about = {"Channel": {"Name": names}, **ome_sizes(pixel_size)}
    return _encode(iter(planes), (len(names), *shape), np.dtype(np.float32), "CYX", about)


def encode_ome_labels(ids: AnyArray, legend: Mapping[str, Any], pixel_size: PixelSize | None = None) -> bytes:
    """Return the values of a mask (H, W) as a one-channel image, with its legend, as JSON, as description.

    `pixel_size` is as for `encode_ome_posteriors`.
    """
    about = {"Description": json.dumps(legend), **ome_sizes(pixel_size)}
    return _encode(ids, ids.shape, ids.dtype, "YX", about)


def _encode(
    data: Any, shape: tuple[int, ...], dtype: np.dtype[Any], axes: str, about: Mapping[str, Any]
) -> bytes:
    # tifffile would draw a random identifier: one made from the content keeps equal input to equal bytes.
    seed = hashlib.sha256(f"{GENERATOR} {shape} {dtype} {about}".encode()).digest()
    metadata: dict[str, Any] = {
        "axes": axes, "UUID": f"urn:uuid:{uuid.UUID(bytes=seed[:16], version=4)}", "Creator": GENERATOR,
        **about,
    }  # fmt: skip
    return encode_tiff(
        data, shape=shape, dtype=dtype, ome=True, photometric="minisblack", software=GENERATOR,
        metadata=metadata,
    )  # fmt: skip
