"""ImageJ ROI sets: a zip of one composite region for each class."""

from __future__ import annotations

import io
import re
import struct
import zipfile

import numpy as np

from gmmseg.arrays import AnyArray
from gmmseg.drawing.contours import Outline, Ring, outlines
from gmmseg.io.plain_text import with_plain_names
from gmmseg.photo.classes import ClassInfo, ClassTable

_HEADER_SIZE = 64
_VERSION = 228
_RECTANGLE = 1
"""The type of a composite: its bounding box, followed by a path."""
_MOVE, _LINE, _CLOSE = 0.0, 1.0, 4.0
_EPOCH = (1980, 1, 1, 0, 0, 0)


def encode_rois(ids: AnyArray, classes: ClassTable) -> bytes:
    """Return the regions of class ids (H, W) as a ROI set, each ROI named and coloured as its class."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for entry in with_plain_names(classes):
            regions = outlines(ids == entry.id)
            if regions:
                info = zipfile.ZipInfo(_file_name(entry), _EPOCH)
                info.compress_type = zipfile.ZIP_DEFLATED
                archive.writestr(info, encode_roi(entry, regions))
    return buffer.getvalue()


def _file_name(entry: ClassInfo) -> str:
    """Return a name that is unique through the id and safe on every disk; the ROI holds the real one."""
    return f"{entry.id:05d}-{re.sub(r'[^A-Za-z0-9 _-]', '_', entry.name)[:60]}.roi"


def encode_roi(entry: ClassInfo, regions: list[Outline]) -> bytes:
    """Return one composite ROI in ImageJ's big-endian binary format.

    The layout is that of ``ij/io/RoiEncoder.java``: a 64-byte header, the path as float32, a second header
    that tells where the name is.
    """
    path = np.concatenate([_segments(ring) for region in regions for ring in (region.outer, *region.holes)])
    corners = np.concatenate([region.outer for region in regions])
    (left, top), (right, bottom) = corners.min(axis=0).tolist(), corners.max(axis=0).tolist()
    name = entry.name.encode("utf-16-be")
    header2_offset = _HEADER_SIZE + 4 * len(path)
    red, green, blue = entry.colour
    header = bytearray(_HEADER_SIZE)
    struct.pack_into(">4shBx", header, 0, b"Iout", _VERSION, _RECTANGLE)
    # Signed in the file; ImageJ takes what is below -5000 as 65536 more.
    struct.pack_into(">4H", header, 8, top, left, bottom, right)
    struct.pack_into(">i", header, 36, len(path))
    struct.pack_into(">4B", header, 40, 255, red, green, blue)
    struct.pack_into(">i", header, 60, header2_offset)
    header2 = bytearray(_HEADER_SIZE)
    struct.pack_into(">ii", header2, 16, header2_offset + _HEADER_SIZE, len(name) // 2)
    return bytes(header) + path.astype(">f4").tobytes() + bytes(header2) + name


def _segments(ring: Ring) -> AnyArray:
    """Return a ring as ImageJ's path: move, lines, close."""
    triples = np.empty((len(ring), 3), dtype=np.float32)
    triples[:, 0] = _LINE
    triples[0, 0] = _MOVE
    triples[:, 1:] = ring
    return np.concatenate([triples.ravel(), np.array([_CLOSE], dtype=np.float32)])
