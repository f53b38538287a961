"""OME-TIFF: posteriors or labels with channel names in OME's XML."""

from __future__ import annotations

import hashlib
import io
import uuid
from collections.abc import Iterable
from typing import Any

import numpy as np

from gmmseg.arrays import AnyArray, Float32Array
from gmmseg.io.masks import GENERATOR
from gmmseg.photo.classes import ClassTable


def encode_ome_posteriors(
    planes: Iterable[Float32Array], shape: tuple[int, int], classes: ClassTable
) -> bytes:
    """Return the posteriors of each class as float32 channels (C, H, W).

    Parameters
    ----------
    planes : iterable of C float32 arrays (H, W)
        In the table's order; taken one at a time.
    shape : tuple of int
        (H, W).
    classes : ClassTable
    """
    names = [entry.name for entry in classes]
    return _encode(iter(planes), (len(names), *shape), np.dtype(np.float32), "CYX", names)


def encode_ome_labels(ids: AnyArray) -> bytes:
    """Return class ids (H, W) as a one-channel image."""
    return _encode(ids, ids.shape, ids.dtype, "YX", [])


def _encode(data: Any, shape: tuple[int, ...], dtype: np.dtype[Any], axes: str, names: list[str]) -> bytes:
    import tifffile

    # tifffile would draw a random identifier: one made from the content keeps equal input to equal bytes.
    seed = hashlib.sha256(f"{GENERATOR} {shape} {dtype} {names}".encode("utf-8", "replace")).digest()
    metadata: dict[str, Any] = {
        "axes": axes, "UUID": f"urn:uuid:{uuid.UUID(bytes=seed[:16], version=4)}", "Creator": GENERATOR,
    }  # fmt: skip
    if names:
        metadata["Channel"] = {"Name": names}
    buffer = io.BytesIO()
    tifffile.imwrite(
        buffer, data, shape=shape, dtype=dtype, ome=True, compression="zlib", photometric="minisblack",
        software=GENERATOR, metadata=metadata,
    )  # fmt: skip
    return buffer.getvalue()
