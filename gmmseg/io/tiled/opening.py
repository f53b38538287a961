"""A path to a picture of which any rectangle can be read."""

from __future__ import annotations

import os

from gmmseg.control import ShouldStop, never_stop
from gmmseg.io.files import open_file
from gmmseg.io.formats import recognise
from gmmseg.io.tiled.whole_picture import open_whole
from gmmseg.io.tiled.zarr_picture import is_zarr, open_zarr
from gmmseg.tiled.tiles import TiledPicture

_HEAD_BYTES = 1024


def open_picture(
    path: str | os.PathLike[str],
    *,
    frame: int = 0,
    skips_damaged: bool = False,
    should_stop: ShouldStop = never_stop,
) -> TiledPicture:
    """Return a picture to be worked on tile by tile.

    TIFF and OME-Zarr are read in parts, whatever their size; other files, and TIFF files that are turned or
    a row a page, as a whole.

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
    with open_file(where) as (file, _):
        head = file.read(_HEAD_BYTES)
    if recognise(head, os.path.basename(where)) == "TIFF":
        # Here, so that what is no TIFF does not wait for tifffile.
        from gmmseg.io.tiled.tiff_picture import open_tiff

        picture = open_tiff(where, frame, skips_damaged)
        if picture is not None:
            return picture
    return open_whole(where, frame, should_stop)
