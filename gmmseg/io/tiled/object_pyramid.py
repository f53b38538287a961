"""Ids of objects as a pyramid of chunks: read from their map as they are written, at any size."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from gmmseg.arrays import AnyArray
from gmmseg.control import ShouldStop, raise_if_cancelled
from gmmseg.image import PixelSize
from gmmseg.io.interchange.ome_zarr import (
    array_json,
    chunk_bytes,
    group_json,
    image_label,
    is_ome_zarr,
    multiscales,
)
from gmmseg.io.outputs import Folder
from gmmseg.io.plain_text import with_plain_names
from gmmseg.io.tiled.chunk_pyramid import ChunkSource
from gmmseg.photo.classes import ClassTable
from gmmseg.photo.objects.tiles import TileMap
from gmmseg.tiled.tiles import CHUNK, grid_of


@dataclass(frozen=True, slots=True, eq=False)
class ObjectPyramid(ChunkSource):
    """Values of objects with levels, each of every second pixel of the one below; see `ChunkSource`.

    Parameters
    ----------
    ids : TileMap
    values : array, (largest id + 1,)
        The value that is written of each id, uint8 or uint16.
    shape, dtype, pixel_size
        Of the map and of the values; see `ChunkSource`.
    """

    ids: TileMap
    values: AnyArray
    shape: tuple[int, int]
    dtype: str
    pixel_size: PixelSize | None = None

    def chunk(self, level: int, row: int, column: int) -> AnyArray:
        rows, columns = (
            np.arange(at * CHUNK, min(at * CHUNK + CHUNK, side)) * 2**level
            for at, side in zip((row, column), self.level_shape(level), strict=True)
        )
        out: AnyArray = np.zeros((CHUNK, CHUNK), dtype=self.values.dtype)
        out[: len(rows), : len(columns)] = self.values[self.ids.at(rows, columns)]
        return out


def object_zarr(pyramid: ObjectPyramid, classes: ClassTable, name: str, should_stop: ShouldStop) -> Folder:
    """Return a label image as an OME-Zarr 0.5; chunks without objects are left out, as Zarr has it.

    Parameters
    ----------
    pyramid : ObjectPyramid
    classes : ClassTable
        One for each object.
    name : str
        Of the picture, for people.
    should_stop : callable
        Asked before each chunk; CANCEL raises `Cancelled`.
    """
    label: Mapping[str, Any] = {"image-label": image_label(with_plain_names(classes), source=None)}
    scales = multiscales(name, "yx", pyramid.n_levels, pyramid.pixel_size)
    files = {"zarr.json": group_json({**scales, **label})}
    for level in range(pyramid.n_levels):
        shape, dtype = pyramid.level_shape(level), pyramid.values.dtype
        files[f"{level}/zarr.json"] = array_json(shape, dtype, (CHUNK, CHUNK), "yx")
        for row, column in _corners(shape):
            raise_if_cancelled(should_stop)
            chunk = pyramid.chunk(level, row, column)
            if chunk.any():
                files[f"{level}/c/{row}/{column}"] = chunk_bytes(chunk, (CHUNK, CHUNK))
    return Folder(files, is_ome_zarr)


def object_tiff(pyramid: ObjectPyramid, held: Mapping[str, Any], should_stop: ShouldStop) -> bytes:
    """Return the values as a BigTIFF in tiles with smaller copies; `held` says what they are."""
    # Here, so that what needs no TIFF does not wait for tifffile.
    from gmmseg.io.tiled.pyramid_tiff import encode_pyramid_tiff

    return encode_pyramid_tiff(pyramid, json.dumps(held), should_stop)


def _corners(shape: tuple[int, int]) -> Iterator[tuple[int, int]]:
    for tile in grid_of(shape, (CHUNK, CHUNK)):
        yield tile.top // CHUNK, tile.left // CHUNK
