"""OME-Zarr 0.5 folders: the image and its class labels as multiscale Zarr v3 arrays."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from gmmseg.arrays import AnyArray
from gmmseg.colours import Colour, to_hex
from gmmseg.image import Image, PixelSize
from gmmseg.io.plain_text import with_plain_names
from gmmseg.photo.classes import ClassTable

_CHUNK = 512
_SMALLEST = 256
_GZIP_LEVEL = 4
_VERSION = "0.5"
_OWN = "gmmseg"
"""Under this name are attributes that OME does not know."""


def ome_zarr_files(
    image: Image, ids: AnyArray, classes: ClassTable, name: str, pixel_size: PixelSize | None = None
) -> dict[str, bytes]:
    """Return the folder's files by relative name.

    Parameters
    ----------
    image : Image
        Becomes axes c, y, x.
    ids : uint8 or uint16 array, (H, W)
        Class ids; become axes y, x of ``labels/classes``.
    classes : ClassTable
    name : str
        Of the image, for people.
    pixel_size : (float, float), optional
        Width and height of a pixel in micrometres.
    """
    classes = with_plain_names(classes)
    n_levels = n_levels_of(image.height, image.width)
    files = {
        "zarr.json": group_json({**multiscales(name, "cyx", n_levels, pixel_size), **_omero(image)}),
        "labels/zarr.json": group_json({"labels": ["classes"]}),
        "labels/classes/zarr.json": group_json(
            {**multiscales("classes", "yx", n_levels, pixel_size), "image-label": image_label(classes)}
        ),
    }
    for level in range(n_levels):
        step = 2**level
        # Every second pixel, not the mean of four: labels must not mix, and image and labels stay aligned.
        files.update(_array(f"{level}", np.moveaxis(image.pixels[::step, ::step], 2, 0), "cyx"))
        files.update(_array(f"labels/classes/{level}", ids[::step, ::step], "yx"))
    return files


def is_ome_zarr(folder: Path) -> bool:
    """Return whether a folder is an OME-Zarr as written here, so that it may be replaced by another one."""
    try:
        with (folder / "zarr.json").open("rb") as file:
            attributes = json.loads(file.read(1 << 20))["attributes"]
        has_labels = "image-label" in attributes["ome"] or (folder / "labels" / "zarr.json").is_file()
        return attributes["ome"]["version"] == _VERSION and (has_labels or _OWN in attributes)
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return False


def n_levels_of(height: int, width: int) -> int:
    """Return how many levels a pyramid has: until both sides are small."""
    levels = 1
    while max(height, width) >> (levels - 1) > _SMALLEST:
        levels += 1
    return levels


def group_json(ome: Mapping[str, Any], own: Mapping[str, Any] | None = None) -> bytes:
    """Return the metadata file of a group with OME attributes, and with some of this program."""
    attributes = {"ome": {"version": _VERSION, **ome}, **({} if own is None else {_OWN: own})}
    return _json({"zarr_format": 3, "node_type": "group", "attributes": attributes})


def _json(content: dict[str, Any]) -> bytes:
    return (json.dumps(content, indent=1) + "\n").encode("ascii")


def multiscales(name: str, axes: str, n_levels: int, pixel_size: PixelSize | None = None) -> dict[str, Any]:
    """Return the attributes of a pyramid whose levels are half as large each, by every second pixel.

    Scales are in micrometres where the size of a pixel, width and height, is known; else in pixels.
    """
    width, height = pixel_size or (1.0, 1.0)
    sides = {"c": 1.0, "y": height, "x": width}
    space = {"type": "space"} if pixel_size is None else {"type": "space", "unit": "micrometer"}

    def scale(level: int) -> list[float]:
        return [sides[axis] * (1 if axis == "c" else 2**level) for axis in axes]

    return {
        "multiscales": [
            {
                "name": name,
                "axes": [{"name": axis, **({"type": "channel"} if axis == "c" else space)} for axis in axes],
                "datasets": [
                    {
                        "path": str(level),
                        "coordinateTransformations": [{"type": "scale", "scale": scale(level)}],
                    }
                    for level in range(n_levels)
                ],
                "type": "nearest",
            }
        ]
    }


def _omero(image: Image) -> dict[str, Any]:
    """Return how viewers should show the channels: primary colours for RGB, white for the others."""
    white = (255, 255, 255)
    primaries = {"red": (255, 0, 0), "green": (0, 255, 0), "blue": (0, 0, 255)}
    colours = [primaries[channel] if image.is_rgb else white for channel in image.channels]
    n_active = image.n_channels if image.is_rgb else 1
    return shown_channels(image.channels, colours, image.white, n_active)


def shown_channels(
    names: Sequence[str], colours: Sequence[Colour], white: float, n_active: int | None = None
) -> dict[str, Any]:
    """Return the attributes that say how viewers should show channels: the first `n_active`, or all."""
    window = {"start": 0.0, "min": 0.0, "end": white, "max": white}
    return {
        "omero": {
            "channels": [
                {
                    "label": name,
                    "color": to_hex(colour).removeprefix("#"),
                    "active": n_active is None or at < n_active,
                    "window": window,
                }
                for at, (name, colour) in enumerate(zip(names, colours, strict=True))
            ]
        }
    }


def image_label(classes: ClassTable, source: str | None = "../../") -> dict[str, Any]:
    """Return the attributes that say which class each label is; `source` leads to the image, if anywhere."""
    label: dict[str, Any] = {
        "colors": [{"label-value": entry.id, "rgba": [*entry.colour, 255]} for entry in classes],
        "properties": [{"label-value": entry.id, "class": entry.name} for entry in classes],
    }
    return label if source is None else {**label, "source": {"image": source}}


def _array(path: str, array: AnyArray, axes: str) -> Iterator[tuple[str, bytes]]:
    """Yield the metadata and the chunks of one Zarr v3 array: gzip, little-endian."""
    chunk_shape = tuple(
        1 if axis == "c" else min(_CHUNK, n) for axis, n in zip(axes, array.shape, strict=True)
    )
    yield f"{path}/zarr.json", array_json(array.shape, array.dtype, chunk_shape, axes)
    counts = [-(-n // size) for n, size in zip(array.shape, chunk_shape, strict=True)]
    for index in np.ndindex(*counts):
        corner = tuple(slice(i * size, (i + 1) * size) for i, size in zip(index, chunk_shape, strict=True))
        yield f"{path}/c/{'/'.join(map(str, index))}", chunk_bytes(array[corner], chunk_shape)


def array_json(
    shape: tuple[int, ...], dtype: np.dtype[Any], chunk_shape: tuple[int, ...], axes: str
) -> bytes:
    """Return the metadata file of an array whose chunks are made by `chunk_bytes`."""
    return _json({
        "zarr_format": 3,
        "node_type": "array",
        "shape": list(shape),
        "data_type": dtype.name,
        "chunk_grid": {"name": "regular", "configuration": {"chunk_shape": list(chunk_shape)}},
        "chunk_key_encoding": {"name": "default", "configuration": {"separator": "/"}},
        "fill_value": 0.0 if dtype.kind == "f" else 0,
        "codecs": [
            {"name": "bytes", "configuration": {"endian": "little"}},
            {"name": "gzip", "configuration": {"level": _GZIP_LEVEL}},
        ],
        "dimension_names": list(axes),
    })  # fmt: skip


def chunk_bytes(block: AnyArray, chunk_shape: tuple[int, ...], level: int = _GZIP_LEVEL) -> bytes:
    """Return a chunk, little-endian and compressed by gzip at a level.

    Every chunk has the full shape; what sticks out over the array's edge is never read.
    """
    whole = np.zeros(chunk_shape, dtype=block.dtype.newbyteorder("<"))
    whole[tuple(slice(n) for n in block.shape)] = block
    return gzip.compress(whole.tobytes(), level, mtime=0)
