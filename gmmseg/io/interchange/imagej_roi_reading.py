"""ImageJ ROIs read: a set or one alone; areas bounded by straight lines."""

from __future__ import annotations

import io
import struct
import zipfile
from collections.abc import Iterator

import numpy as np

from gmmseg.arrays import AnyArray, FloatArray
from gmmseg.colours import Colour
from gmmseg.control import ShouldStop
from gmmseg.errors import ReadError
from gmmseg.io.decoder_errors import damaged, decoding
from gmmseg.io.interchange.found_objects import FoundObjects
from gmmseg.io.streams import MAX_EXPANSION
from gmmseg.limits import check_file_size
from gmmseg.photo.objects.objects import MAX_OBJECTS, ObjectMap

ROI_MAGIC = b"Iout"
_HEADER_SIZE = 64
_POLYGON, _RECTANGLE, _FREEHAND, _TRACED = 0, 1, 7, 8
_MOVE, _LINE, _CLOSE = 0, 1, 4
_SUB_PIXEL = 128
"""Flag of coordinates as float32 behind those in whole pixels."""
_MOST_UNSIGNED = 60536
"""Coordinates above it are negative: ImageJ takes what is below -5000 as 65536 more."""


def decode_rois(data: bytes, name: str, shape: tuple[int, int], should_stop: ShouldStop) -> ObjectMap:
    """Return the areas of an ImageJ ROI set, or of a single ROI, as objects.

    Raises
    ------
    ReadError
        It is damaged, or a ROI is no area bounded by straight lines.
    """
    found = FoundObjects(shape, name, should_stop)
    with decoding(name, "ImageJ ROI"):
        for number, (title, content) in enumerate(_members(data, name)):
            own_name, colour, rings = _roi_of(content, name)
            found.paint_rings(found.object(number, own_name or title, colour), rings)
    return found.object_map()


def _members(data: bytes, name: str) -> Iterator[tuple[str, bytes]]:
    if data.startswith(ROI_MAGIC):
        yield name.removesuffix(".roi"), data
        return
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        members = [entry for entry in archive.infolist() if entry.filename.lower().endswith(".roi")]
        if not members:
            raise ReadError(f"“{name}” is an archive without ImageJ ROIs.", "Choose another file.")
        if len(members) > MAX_OBJECTS:
            raise ReadError(f"“{name}” holds more than {MAX_OBJECTS:,} ROIs.", "Choose another file.")
        check_file_size(sum(entry.file_size for entry in members))
        for entry in members:
            most = min(entry.file_size, MAX_EXPANSION * entry.compress_size)
            with archive.open(entry) as file:
                yield entry.filename.split("/")[-1].removesuffix(".roi"), file.read(most)


def _roi_of(data: bytes, name: str) -> tuple[str, Colour | None, list[FloatArray]]:
    """Return name, colour and rings (M, 2), in pixels, of an area in ImageJ's big-endian format.

    Its layout is that of ``ij/io/RoiDecoder.java``.
    """
    if len(data) < _HEADER_SIZE or not data.startswith(ROI_MAGIC):
        raise damaged(name, "ImageJ ROI")
    kind, n_points = data[6], struct.unpack_from(">H", data, 16)[0]
    top, left, bottom, right = struct.unpack_from(">4h", data, 8)
    path_size, (alpha, *rgb) = struct.unpack_from(">i", data, 36)[0], data[40:44]
    colour = (rgb[0], rgb[1], rgb[2]) if alpha else None
    if kind == _RECTANGLE and path_size > 0:
        rings = list(_rings(np.frombuffer(data, ">f4", path_size, _HEADER_SIZE).astype(np.float64), name))
    elif kind == _RECTANGLE:
        rings = [np.array([[left, top], [right, top], [right, bottom], [left, bottom]], dtype=np.float64)]
    elif kind in (_POLYGON, _FREEHAND, _TRACED):
        rings = [_corners(data, n_points, (left, top))]
    else:
        raise ReadError(
            f"“{name}” holds a ROI that is no area bounded by straight lines.",
            "In ImageJ, make it a mask and then a selection, or save a mask.",
        )
    return _name_of(data), colour, rings


def _corners(data: bytes, n_points: int, corner: tuple[int, int]) -> FloatArray:
    at = _HEADER_SIZE
    if struct.unpack_from(">H", data, 50)[0] & _SUB_PIXEL:
        x = np.frombuffer(data, ">f4", n_points, at + 4 * n_points)
        y = np.frombuffer(data, ">f4", n_points, at + 8 * n_points)
        return np.stack([x, y], axis=1).astype(np.float64)
    points = np.frombuffer(data, ">u2", 2 * n_points, at).astype(np.int64).reshape(2, n_points).T
    points = points - np.where(points > _MOST_UNSIGNED, 65536, 0)
    return (points + corner).astype(np.float64)


def _rings(path: AnyArray, name: str) -> Iterator[FloatArray]:
    """Yield the rings of a composite's path: a move, lines, and perhaps a close."""
    values = path.tolist()
    points: list[tuple[float, float]] = []
    at = 0
    while at < len(values):
        segment = values[at]
        if segment in (_MOVE, _LINE) and at + 2 < len(values):
            if segment == _MOVE and points:
                yield np.array(points)
                points = []
            points.append((values[at + 1], values[at + 2]))
            at += 3
        elif segment == _CLOSE:
            at += 1
        else:
            raise ReadError(f"“{name}” holds a ROI with a curved or damaged outline.", "Save a mask instead.")
    if points:
        yield np.array(points)


def _name_of(data: bytes) -> str:
    (header2,) = struct.unpack_from(">i", data, 60)
    if not _HEADER_SIZE <= header2 <= len(data) - 24:
        return ""
    at, n_characters = struct.unpack_from(">ii", data, header2 + 16)
    if at < header2 or n_characters <= 0:
        return ""
    return data[at : at + 2 * n_characters].decode("utf-16-be", "replace")
