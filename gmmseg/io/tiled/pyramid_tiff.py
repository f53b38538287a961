"""A pyramid packed into one tiled BigTIFF, its levels as sub-images."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

import tifffile

from gmmseg.arrays import AnyArray
from gmmseg.control import ShouldStop, raise_if_cancelled
from gmmseg.io.atomic import refusals
from gmmseg.io.pixel_sizes import resolution_tags
from gmmseg.io.tiled.chunk_pyramid import ChunkSource
from gmmseg.tiled.tiles import CHUNK, grid_of


def encode_pyramid_tiff(pyramid: ChunkSource, description: str, should_stop: ShouldStop) -> bytes:
    """Return what `write_pyramid_tiff` writes: of labels, which shrink to a hundredth."""
    buffer = io.BytesIO()
    _write(buffer, pyramid, description, should_stop)
    return buffer.getvalue()


def write_pyramid_tiff(pyramid: ChunkSource, path: Path, description: str, should_stop: ShouldStop) -> None:
    """Write grey values, Deflate in tiles, every level a sub-image of the finest; raises `WriteError`.

    Parameters
    ----------
    pyramid : ChunkSource
        Complete; each of its maps becomes a page.
    path : Path
        Not yet the file's final name.
    description : str
        ASCII: which class each value is.
    should_stop : callable
        Asked before each tile; CANCEL raises `Cancelled`.
    """
    with refusals(path):
        _write(path, pyramid, description, should_stop)


def _write(place: Path | BinaryIO, pyramid: ChunkSource, description: str, should_stop: ShouldStop) -> None:
    def chunks(level: int) -> Iterator[AnyArray]:
        for plane in pyramid.planes:
            for tile in grid_of(pyramid.level_shape(level), (CHUNK, CHUNK)):
                raise_if_cancelled(should_stop)
                yield plane.chunk(level, tile.top // CHUNK, tile.left // CHUNK)

    leading = () if pyramid.n_planes is None else (pyramid.n_planes,)
    with tifffile.TiffWriter(place, bigtiff=True) as tiff:
        for level in range(pyramid.n_levels):
            tiff.write(
                chunks(level),
                shape=(*leading, *pyramid.level_shape(level)),
                dtype=pyramid.dtype,
                tile=(CHUNK, CHUNK),
                photometric="minisblack",
                compression="zlib",
                compressionargs={"level": 1},
                description=description if level == 0 else None,
                subifds=pyramid.n_levels - 1 if level == 0 else None,
                subfiletype=0 if level == 0 else 1,
                metadata=None,
                software=False,
                **resolution_tags(pyramid.level_pixel_size(level)),
                maxworkers=1,
            )
