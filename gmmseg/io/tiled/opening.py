"""A path to a picture of which any rectangle can be read."""

from __future__ import annotations

import mmap
import os
from contextlib import suppress

from gmmseg.control import ShouldStop, never_stop
from gmmseg.errors import BudgetError, ReadError
from gmmseg.io.decoder_errors import decoding
from gmmseg.io.files import open_file, shown_name
from gmmseg.io.formats import recognise
from gmmseg.io.headers import check_can_hold, check_png_is_long_enough, png_header
from gmmseg.io.tiled.whole_picture import open_whole
from gmmseg.io.tiled.zarr_picture import is_zarr, open_zarr
from gmmseg.limits import MAX_FILE_BYTES, check_pixels, memory_budget
from gmmseg.tiled.tiles import TiledPicture

STRIPPED = ("PNG", "JPEG")
"""Formats of which rows can be decoded, where they are not too fancy."""
_HEAD_BYTES = 1024
_PALETTE = 3
"""Colour type of a PNG whose pixels become three or four samples."""


def open_picture(
    path: str | os.PathLike[str],
    *,
    frame: int = 0,
    skips_damaged: bool = False,
    should_stop: ShouldStop = never_stop,
) -> TiledPicture:
    """Return a picture to be worked on tile by tile.

    TIFF and OME-Zarr are read in parts, whatever their size, and PNG and JPEG where they are too large for
    memory; other files, and TIFF files that are turned or a row a page, as a whole.

    Parameters
    ----------
    path : path
        Of a file, or of the folder of an OME-Zarr image.
    frame : int
        Which page or frame, from 0.
    skips_damaged : bool
        Whether parts that cannot be decoded are pixels without data instead of an error.

    Raises
    ------
    ReadError, BudgetError, Cancelled
    """
    where = os.path.abspath(path)
    if os.path.isdir(where) and is_zarr(where):
        return open_zarr(where, frame, skips_damaged)
    format_name = _format_of(where)
    if format_name == "TIFF":
        # Here, so that what is no TIFF does not wait for tifffile.
        from gmmseg.io.tiled.tiff_picture import open_tiff

        picture = open_tiff(where, frame, skips_damaged)
        if picture is not None:
            return picture
    if format_name in STRIPPED and _is_too_large(where, format_name):
        from gmmseg.io.tiled.strip_picture import open_strips

        return open_strips(where, format_name, frame, skips_damaged)
    return open_whole(where, frame, should_stop)


def is_beyond_memory(path: str | os.PathLike[str], frame: int = 0) -> bool:
    """Return whether a file that can be read in parts is too large as a whole; raises `ReadError`."""
    where = os.path.abspath(path)
    format_name = _format_of(where)
    if format_name in STRIPPED:
        return _is_too_large(where, format_name)
    if format_name != "TIFF":
        return False
    if os.path.getsize(where) > MAX_FILE_BYTES:
        return True
    picture = open_picture(where, frame=frame)
    height, width = picture.shape
    return not _fits(width, height, len(picture.channels), picture.dtype.itemsize)


def _format_of(path: str) -> str:
    with open_file(path) as (file, _):
        head = file.read(_HEAD_BYTES)
    return recognise(head, shown_name(path))


def _is_too_large(path: str, format_name: str) -> bool:
    """Return whether a PNG or JPEG would be refused as a whole, if its head says so; raises `ReadError`."""
    name = shown_name(path)
    with open_file(path) as (file, n_bytes):
        if n_bytes > min(MAX_FILE_BYTES, memory_budget()):
            return True
        # What is wrong with a head is said by who reads the whole, and may well know how to read it.
        with suppress(ReadError):
            if format_name == "PNG":
                header = png_header(file.read(_HEAD_BYTES), name)
                check_png_is_long_enough(header, n_bytes, name)
                samples = 4 if header.colour_type == _PALETTE else header.n_samples
                return not _fits(header.width, header.height, samples, max(header.depth // 8, 1))
            # Here, so that other formats do not wait for Pillow.
            from gmmseg.io.tiled.jpeg_rows import jpeg_frame

            with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data, decoding(name, format_name):
                frame = jpeg_frame(data, name)
            check_can_hold(frame.width, frame.height, n_bytes, format_name, name)
            return not _fits(frame.width, frame.height, frame.n_components, 1)
    return False


def _fits(width: int, height: int, n_channels: int, n_bytes: int) -> bool:
    try:
        check_pixels(width, height, n_channels, n_bytes)
    except BudgetError:
        return False
    return True
