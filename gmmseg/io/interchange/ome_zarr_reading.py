"""OME-Zarr folders read: the labels of version 0.5, Zarr v3 arrays of gzipped or plain chunks."""

from __future__ import annotations

import zlib
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec
import numpy as np

from gmmseg.arrays import AnyArray
from gmmseg.control import ShouldStop, raise_if_ended
from gmmseg.errors import ReadError
from gmmseg.io.files import open_file, shown_name
from gmmseg.io.interchange.found_objects import check_size, colour_of, decoded_json, name_of
from gmmseg.limits import MAX_SIDE, check_file_size
from gmmseg.photo.objects.objects import ObjectMap
from gmmseg.photo.objects.sources import objects_of_ids

_Side = Annotated[int, msgspec.Meta(ge=1, le=MAX_SIDE)]
_MOST_JSON = 1 << 26


class LabelColour(msgspec.Struct, rename="kebab"):
    """The colour of a value."""

    label_value: int
    rgba: list[int] = []


class LabelName(msgspec.Struct, rename="kebab"):
    """The name of a value."""

    label_value: int
    name: str = msgspec.field(default="", name="class")


class ImageLabel(msgspec.Struct):
    """Colours and names of a label image's values."""

    colors: list[LabelColour] = []
    properties: list[LabelName] = []


class Ome(msgspec.Struct):
    """OME's part of a group: of the list of labels, or of one of them."""

    labels: list[str] = []
    image_label: ImageLabel = msgspec.field(default_factory=ImageLabel, name="image-label")


class GroupAttributes(msgspec.Struct):
    """Attributes of a group."""

    ome: Ome


class Group(msgspec.Struct):
    """The zarr.json of a group."""

    attributes: GroupAttributes


class ChunkShape(msgspec.Struct):
    """Size of chunks."""

    chunk_shape: tuple[_Side, _Side]


class ChunkGrid(msgspec.Struct):
    """Chunks of one size."""

    configuration: ChunkShape
    name: Literal["regular"]


class Codec(msgspec.Struct):
    """Codec of a chunk."""

    name: Literal["bytes", "gzip"]
    configuration: dict[str, Any] = {}


class Array(msgspec.Struct):
    """The zarr.json of an array (H, W)."""

    shape: tuple[_Side, _Side]
    data_type: Literal["uint8", "uint16", "uint32", "int8", "int16", "int32"]
    chunk_grid: ChunkGrid
    codecs: list[Codec]
    fill_value: int = 0


def read_ome_zarr(folder: Path, shape: tuple[int, int], should_stop: ShouldStop) -> ObjectMap:
    """Return the first labels of an OME-Zarr folder as objects.

    Raises
    ------
    ReadError
        It has no labels, they are packed in another way or damaged, or of another size.
    """
    name = shown_name(folder)
    labels = _json(folder / "labels" / "zarr.json", Group, name).attributes.ome.labels
    if not labels or any(sign in labels[0] for sign in "/\\") or labels[0].startswith("."):
        raise ReadError(f"“{name}” has no labels.", "Choose an OME-Zarr with labels, or a mask.")
    place = folder / "labels" / labels[0]
    about = _json(place / "zarr.json", Group, name).attributes.ome.image_label
    ids = _pixels(place / "0", _json(place / "0" / "zarr.json", Array, name), shape, name, should_stop)
    found = ((each.label_value, colour_of(each.rgba[:3])) for each in about.colors)
    colours = {value: colour for value, colour in found if colour is not None}
    names = {each.label_value: name_of(each.name) for each in about.properties if name_of(each.name)}
    return objects_of_ids(ids, names, colours)


def _json(path: Path, form: type[Any], name: str) -> Any:
    with open_file(path, "a file of an OME-Zarr") as (file, _):
        return decoded_json(file.read(_MOST_JSON), form, name, "OME-Zarr")


def _pixels(
    folder: Path, array: Array, shape: tuple[int, int], name: str, should_stop: ShouldStop
) -> AnyArray:
    check_size(array.shape, shape, name)
    dtype = np.dtype(array.data_type)
    is_packed = [codec.name for codec in array.codecs] == ["bytes", "gzip"]
    if not is_packed and [codec.name for codec in array.codecs] != ["bytes"]:
        raise ReadError(
            f"The labels of “{name}” are packed in a way that is not read.", "Save a mask instead."
        )
    is_big = array.codecs[0].configuration.get("endian", "little") == "big"
    height, width = array.chunk_grid.configuration.chunk_shape
    n_bytes = height * width * dtype.itemsize
    check_file_size(n_bytes)
    if not np.iinfo(dtype).min <= array.fill_value <= np.iinfo(dtype).max:
        raise ReadError(f"The labels of “{name}” have an impossible fill value.", "Save a mask instead.")
    ids: AnyArray = np.full(shape, array.fill_value, dtype=dtype)
    for top in range(0, shape[0], height):
        for left in range(0, shape[1], width):
            raise_if_ended(should_stop)
            chunk = folder / "c" / str(top // height) / str(left // width)
            if not chunk.exists():
                continue
            data = _unpacked(chunk, n_bytes, is_packed)
            if len(data) != n_bytes:
                raise ReadError(f"A part of “{name}” is damaged.", "Copy or download it again.")
            part = np.frombuffer(data, dtype.newbyteorder(">" if is_big else "<")).reshape(height, width)
            inside = ids[top : top + height, left : left + width]
            inside[...] = part[: inside.shape[0], : inside.shape[1]]
    return ids


def _unpacked(path: Path, n_bytes: int, is_packed: bool) -> bytes:
    """Return the bytes of a chunk, at most one more than it should have; empty where it is damaged."""
    with open_file(path, "a file of an OME-Zarr") as (file, _):
        data = file.read(2 * n_bytes + 1024)
    if not is_packed:
        return data
    try:
        return zlib.decompressobj(16 + zlib.MAX_WBITS).decompress(data, n_bytes + 1)
    except zlib.error:
        return b""
