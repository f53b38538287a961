"""The map of objects as a PNG that any program can open: ids as indices of a palette, or as 16-bit grey."""

from __future__ import annotations

import io
import struct
import zlib

import numpy as np

from gmmseg.arrays import AnyArray
from gmmseg.errors import ReadError
from gmmseg.io.decoder_errors import decoding
from gmmseg.io.headers import check_png_is_long_enough, png_header
from gmmseg.photo.objects.objects import ObjectMap
from gmmseg.photo.objects.tiles import IdArray, TileMap

NAME = "objects.png"
_MODES = ("L", "P", "I;16", "I")
_PALETTE_SIZE = 256
_MAX_ID = 65_535


def encode_objects(objects: ObjectMap, step: int) -> tuple[bytes, IdArray]:
    """Return a PNG of the ids, and every step-th id in both directions.

    Notes
    -----
    Most neighbours are equal: coding runs alone takes three quarters of the time of deflate's search, and
    half of the bytes.
    """
    height, width = objects.shape
    is_deep = any(entry.id >= _PALETTE_SIZE for entry in objects)
    n_bytes = 2 if is_deep else 1
    packer = zlib.compressobj(1, zlib.DEFLATED, zlib.MAX_WBITS, zlib.DEF_MEM_LEVEL, zlib.Z_RLE)
    parts: list[bytes] = []
    sampled: list[AnyArray] = []
    for top, ids in objects.ids.bands():
        # A zero ahead of each row: not filtered.
        rows = np.zeros((len(ids), 1 + n_bytes * width), dtype=np.uint8)
        rows[:, 1:] = ids.astype(">u2").view(np.uint8) if is_deep else ids
        parts.append(packer.compress(rows.data))
        sampled.append(ids[-top % step :: step, ::step])
    parts.append(packer.flush())
    header = struct.pack(">2L5B", width, height, 8 * n_bytes, 0 if is_deep else 3, 0, 0, 0)
    chunks = [(b"IHDR", header), (b"IDAT", b"".join(parts)), (b"IEND", b"")]
    if not is_deep:
        palette = np.zeros((_PALETTE_SIZE, 3), dtype=np.uint8)
        for entry in objects:
            palette[entry.id] = entry.colour
        chunks.insert(1, (b"PLTE", palette.tobytes()))
    return b"\x89PNG\r\n\x1a\n" + b"".join(map(_chunk, *zip(*chunks, strict=True))), np.concatenate(sampled)


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">L", len(data)) + kind + data + struct.pack(">L", zlib.crc32(kind + data))


def read_object_ids(data: bytes, shape: tuple[int, int]) -> TileMap:
    """Return the ids in a PNG; raises `ReadError` where it is no such map of an image of this shape."""
    from PIL import Image as PillowImage

    header = png_header(data, NAME)
    if (header.height, header.width) != shape or header.n_samples != 1:
        raise ReadError(f"“{NAME}” is not a map of the project's image.", "Open one of its backups.")
    check_png_is_long_enough(header, len(data), NAME)
    with decoding(NAME, "PNG"), PillowImage.open(io.BytesIO(data), formats=("PNG",)) as picture:
        if picture.mode not in _MODES or picture.size != shape[::-1]:
            raise ReadError(f"“{NAME}” does not hold one number a pixel.", "Open one of its backups.")
        ids = np.asarray(picture)
    if ids.min() < 0 or ids.max() > _MAX_ID:
        raise ReadError(f"“{NAME}” holds ids beyond {_MAX_ID}.", "Open one of its backups.")
    return TileMap.of(ids)
