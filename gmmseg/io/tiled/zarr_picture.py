"""OME-Zarr images, versions 0.4 and 0.5, read chunk by chunk through the package zarr."""

from __future__ import annotations

import math
import os
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from gmmseg.arrays import AnyArray
from gmmseg.errors import BudgetError, ReadError
from gmmseg.image import RGB, Image, ImageSource, PixelSize
from gmmseg.io.decoded_image import channel_names, check_frame, plain_values
from gmmseg.io.decoder_errors import decoding
from gmmseg.io.files import shown_name
from gmmseg.io.pixel_sizes import pixel_size_of_scales
from gmmseg.io.tiled.whole_picture import FilePicture, with_finite
from gmmseg.limits import memory_budget, size_text
from gmmseg.tiled.tiles import Tile

_PRIMARIES = ("FF0000", "00FF00", "0000FF")
_MOST_VALUES, _MOST_CHUNKS = 1 << 44, 1 << 22
"""Of an array that is a picture: of a false size the lists of tiles and chunks alone fill the memory."""


@dataclass(frozen=True, slots=True)
class ZarrPicture(FilePicture):
    """The finest level of an OME-Zarr image; see `TiledPicture`.

    Parameters
    ----------
    path : str
        Of the array.
    axes : str
        As ``tczyx``.
    leading : tuple of int
        Index along each axis before c, y and x: the time and the slice.
    skips_damaged : bool
        Whether what cannot be decoded are pixels without data.
    pixel_size : (float, float), optional
        Width and height of a pixel of the finest level in micrometres, where the image tells.
    """

    axes: str
    leading: tuple[int, ...]
    piece: tuple[int, int]
    skips_damaged: bool = False
    pixel_size: PixelSize | None = None

    def read(self, top: int, left: int, height: int, width: int) -> Image:
        """Return a rectangle of the level; raises `ReadError`."""
        rows, columns = slice(top, top + height), slice(left, left + width)
        others = iter(self.leading)
        place = tuple(
            {"y": rows, "x": columns, "c": slice(None)}[axis] if axis in "yxc" else next(others)
            for axis in self.axes
        )
        try:
            with decoding(self.source.name, "Zarr"):
                values: AnyArray = np.asarray(_open(self.path)[place])
        except ReadError as error:
            if not self.skips_damaged:
                raise self.damaged_in(Tile(0, top, left, height, width)) from error
            nothing = np.zeros((height, width, len(self.channels)), dtype=self.dtype)
            return Image(nothing, self.channels, self.source, np.zeros((height, width), dtype=np.bool_))
        left_over = [axis for axis in self.axes if axis in "yxc"]
        values = values.transpose([left_over.index(axis) for axis in "yxc" if axis in left_over])
        pixels, _ = plain_values(values.reshape(height, width, -1), self.source.name)
        pixels = np.ascontiguousarray(pixels)
        return Image(pixels, self.channels, self.source, with_finite(pixels, None))


def is_zarr(path: str) -> bool:
    """Return whether a folder holds a Zarr group or array."""
    return any(os.path.isfile(os.path.join(path, name)) for name in ("zarr.json", ".zattrs", ".zgroup"))


def open_zarr(path: str, frame: int, skips_damaged: bool = False) -> ZarrPicture:
    """Return the finest level of an OME-Zarr image; `frame` counts its times and slices.

    Raises
    ------
    ReadError
        The package zarr is missing, the folder is no OME-Zarr image, or it is damaged.
    BudgetError
        Its chunks are larger than memory.
    """
    name = shown_name(path)
    try:
        import zarr
    except ImportError as error:
        raise ReadError(
            f"“{name}” is a Zarr folder, which needs the Python package zarr.",
            "Install gmmseg with its extra: pip install 'gmmseg[large]'.",
        ) from error
    with decoding(name, "Zarr"):
        attributes: Mapping[str, Any] = zarr.open_group(path, mode="r").attrs.asdict()
        ome = attributes.get("ome", attributes)
        scales = ome.get("multiscales") or [None]
        if scales[0] is None:
            raise ReadError(f"“{name}” is no OME-Zarr image.", "Choose the folder that has “multiscales”.")
        axes = "".join(axis["name"] if isinstance(axis, dict) else axis for axis in scales[0]["axes"])
        array_path = os.path.join(path, str(scales[0]["datasets"][0]["path"]))
        array = _open(array_path)
        sizes = dict(zip(axes, array.shape, strict=True))
        chunk = dict(zip(axes, array.chunks, strict=True))
        is_known = {"y", "x"} <= sizes.keys() and len(sizes) == len(axes)
        if not is_known or axes.index("y") > axes.index("x"):
            raise ReadError(f"“{name}” has the axes {axes}; y and x are needed.", "Choose another image.")
        if not 0 < math.prod(array.shape) <= _MOST_VALUES or array.nchunks > _MOST_CHUNKS:
            raise ReadError(f"“{name}” has an impossible size.", "Choose another image.")
        leading = _leading(sizes, frame, name)
        n_channels = sizes.get("c", 1)
        pixels, _ = plain_values(np.zeros((1, 1, n_channels), dtype=array.dtype), name)
        size = pixel_size_of_scales(scales[0])
    n_bytes = math.prod(array.chunks) * array.dtype.itemsize
    if 4 * n_bytes > memory_budget():
        raise BudgetError(
            f"“{name}” is stored in chunks of {size_text(n_bytes)}, each of which is decoded as a whole.",
            "Save it in smaller chunks, or raise the memory budget.",
        )
    channels = RGB if _is_rgb(ome, n_channels, pixels.dtype) else channel_names(n_channels)
    return ZarrPicture(
        array_path,
        (sizes["y"], sizes["x"]),
        channels,
        pixels.dtype,
        ImageSource(name, Path(path), "", "OME-Zarr", frame),
        f"{array.shape}-{array.dtype}-{array.nchunks_initialized}",
        axes,
        leading,
        (chunk["y"], chunk["x"]),
        skips_damaged,
        size,
    )


def smaller_levels(picture: ZarrPicture) -> list[ZarrPicture]:
    """Return the further levels of the image of which a picture is the finest."""
    import zarr

    # Of the array, which lies in the image's group.
    folder = os.fspath(picture.source.path or "")
    with decoding(picture.source.name, "Zarr"):
        attributes: Mapping[str, Any] = zarr.open_group(folder, mode="r").attrs.asdict()
        datasets = attributes.get("ome", attributes)["multiscales"][0]["datasets"]
        found = []
        for entry in datasets[1:]:
            path = os.path.join(folder, str(entry["path"]))
            array = _open(path)
            sizes = dict(zip(picture.axes, array.shape, strict=True))
            chunk = dict(zip(picture.axes, array.chunks, strict=True))
            if array.dtype == _open(picture.path).dtype and sizes.get("c", 1) == len(picture.channels):
                shape, piece = (sizes["y"], sizes["x"]), (chunk["y"], chunk["x"])
                found.append(replace(picture, path=path, shape=shape, piece=piece))
    return found


def _leading(sizes: Mapping[str, int], frame: int, name: str) -> tuple[int, ...]:
    lengths = [length for axis, length in sizes.items() if axis not in "cyx"]
    check_frame(frame, int(np.prod(lengths, dtype=np.int64)), name, "frame")
    return tuple(int(index) for index in np.unravel_index(frame, lengths)) if lengths else ()


def _is_rgb(ome: Mapping[str, Any], n_channels: int, dtype: np.dtype[Any]) -> bool:
    """Return whether three channels are shown in red, green and blue, or are bytes without a word on it."""
    if n_channels != 3:
        return False
    shown = [str(channel.get("color")).upper() for channel in ome.get("omero", {}).get("channels", [])]
    return tuple(shown) == _PRIMARIES or (not shown and dtype == np.uint8)


@lru_cache(maxsize=4)
def _open(path: str) -> Any:
    import zarr

    return zarr.open_array(path, mode="r")
