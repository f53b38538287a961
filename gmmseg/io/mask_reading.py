"""Masks read as the values that they hold: PNG, TIFF, NPY and NPZ, with the legend where there is one."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from gmmseg.arrays import AnyArray
from gmmseg.colours import Colour
from gmmseg.control import ShouldStop, never_stop
from gmmseg.errors import GmmsegError, ReadError
from gmmseg.io.decoder_errors import decoding
from gmmseg.io.formats import recognise
from gmmseg.io.headers import check_png_is_long_enough, png_header
from gmmseg.io.images import read_image_bytes
from gmmseg.io.interchange.found_objects import colour_of, name_of
from gmmseg.io.npy import NPY_MAGIC, read_array
from gmmseg.io.npz import ZIP_MAGIC, arrays_of
from gmmseg.limits import check_pixels

_INDEXED = 3
"""The colour type of a PNG whose values are places in a palette."""
_MOST_COLOURS = 256
_MOST_TEXT = 1 << 26
"""Bytes of a legend."""
_REMEDY = "Choose a mask: indexed or grey PNG, TIFF, NPY or NPZ."


@dataclass(frozen=True, slots=True, eq=False)
class MaskValues:
    """Content of a mask file.

    Parameters
    ----------
    ids : integer array, (H, W)
        0 is no object.
    names, colours : mapping
        By value, as far as they are known.
    """

    ids: AnyArray
    names: Mapping[int, str] = field(default_factory=dict)
    colours: Mapping[int, Colour] = field(default_factory=dict)


def read_values(
    data: bytes, name: str, should_stop: ShouldStop = never_stop, beside: bytes = b""
) -> MaskValues:
    """Return the values of a mask file, recognised by its content.

    An array alone has its legend `beside` it, in a file of its own.

    Indices of a palette and grey levels are values; so are the colours of a coloured mask of at most 256
    colours, of which black is none, and the opacity of a cut-out.

    Raises
    ------
    ReadError
        It is no mask, or damaged.
    BudgetError
    Cancelled
    """
    if data.startswith(NPY_MAGIC):
        with decoding(name, "NPY"):
            values = read_array(io.BytesIO(data), len(data), name, should_stop)
        return _explained(whole_values(values, name), _parsed(beside.decode(errors="replace")))
    if data.startswith(ZIP_MAGIC):
        return _read_npz(data, name, should_stop)
    format_name = recognise(data, name)
    if format_name in ("JPEG", "WEBP"):
        raise ReadError(f"“{name}” is a {format_name}, which changes the values of a mask.", _REMEDY)
    if format_name == "PNG" and png_header(data, name).colour_type == _INDEXED:
        return _read_indexed(data, name)
    image = read_image_bytes(data, name, should_stop=should_stop, use_alpha_mask=True)
    legend = _legend_of(data, name, format_name)
    if image.n_channels == 1:
        return _explained(whole_values(image.pixels[:, :, 0], name), legend)
    if image.mask is not None:
        return MaskValues(image.mask.astype(np.uint8))
    if image.is_rgb and image.pixels.dtype == np.uint8:
        return _coloured(image.pixels, name)
    raise ReadError(f"“{name}” has {image.n_channels} channels, so it is not a mask.", _REMEDY)


def _read_indexed(data: bytes, name: str) -> MaskValues:
    from PIL.PngImagePlugin import PngImageFile

    header = png_header(data, name)
    check_pixels(header.width, header.height, 1, 1)
    check_png_is_long_enough(header, len(data), name)
    with decoding(name, "PNG"), PngImageFile(io.BytesIO(data)) as picture:
        ids: AnyArray = np.array(picture, dtype=np.uint8)
        palette = list(picture.getpalette() or ())
    triples = zip(palette[0::3], palette[1::3], palette[2::3], strict=False)
    values = _explained(ids, _legend_of(data, name, "PNG"))
    return MaskValues(values.ids, values.names, values.colours or dict(enumerate(triples)))


def _read_npz(data: bytes, name: str, should_stop: ShouldStop) -> MaskValues:
    def choose(names: Sequence[str]) -> Sequence[str]:
        if "labels" in names:
            return ("labels",)
        if len(names) == 1:
            return names
        raise ReadError(f"“{name}” holds no array called “labels”.", _REMEDY)

    with decoding(name, "NPZ"):
        arrays = arrays_of(io.BytesIO(data), name, choose, should_stop)
    return _explained(whole_values(next(iter(arrays.values())), name), _legend_of(data, name, "NPZ"))


def whole_values(values: AnyArray, name: str) -> AnyArray:
    """Return an array of whole numbers or booleans as integers (H, W); raises `ReadError` for others."""
    if values.ndim == 3 and 1 in values.shape:
        values = values.squeeze()
    if values.ndim != 2:
        raise ReadError(f"“{name}” has {values.ndim} axes where a mask has rows and columns.", _REMEDY)
    check_pixels(values.shape[1], values.shape[0], 1, values.dtype.itemsize)
    if values.dtype.kind == "b":
        return values.astype(np.uint8)
    if values.dtype.kind == "f":
        whole = np.rint(values)
        if not (np.isfinite(values).all() and (whole == values).all() and (np.abs(values) < 2**31).all()):
            raise ReadError(f"“{name}” holds fractions, so it is not a mask.", _REMEDY)
        return whole.astype(np.int64)
    if values.dtype == np.uint64 and (values > np.iinfo(np.int64).max).any():
        raise ReadError(f"“{name}” holds numbers that are too large.", _REMEDY)
    return values.astype(np.int64) if values.dtype == np.uint64 else values


def _coloured(pixels: AnyArray, name: str) -> MaskValues:
    packed = pixels[:, :, 0].astype(np.int32) << 16 | pixels[:, :, 1].astype(np.int32) << 8 | pixels[:, :, 2]
    found, places = np.unique(packed, return_inverse=True)
    if len(found) > _MOST_COLOURS:
        raise ReadError(f"“{name}” has {len(found):,} colours, so it is a picture and not a mask.", _REMEDY)
    numbers = np.where(found == 0, 0, np.arange(len(found)) + (0 if found[0] == 0 else 1))
    colours = {
        int(number): (int(colour) >> 16, int(colour) >> 8 & 255, int(colour) & 255)
        for number, colour in zip(numbers, found, strict=True)
    }
    return MaskValues(numbers[places].reshape(packed.shape).astype(np.uint16), {}, colours)


# The program's own files say what their values mean.


def _legend_of(data: bytes, name: str, format_name: str) -> Mapping[str, Any]:
    """Return the legend that `gmmseg.io.masks.legend` made; empty where there is none."""
    text: Any = None
    try:
        with decoding(name, format_name):
            if format_name == "PNG":
                from PIL.PngImagePlugin import PngImageFile

                with PngImageFile(io.BytesIO(data)) as picture:
                    text = picture.info.get("gmmseg")
            elif format_name == "TIFF":
                text = _description(data)
            elif format_name == "NPZ":
                text = _metadata(data)
    except GmmsegError:
        return {}
    return _parsed(text if isinstance(text, str) else "")


def _parsed(text: str) -> Mapping[str, Any]:
    """Return a legend from its text; empty where it is none."""
    try:
        legend = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    return legend if isinstance(legend, dict) else {}


def _metadata(data: bytes) -> str:
    """Return the text that `encode_npz` put beside the labels; empty where there is none."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        if "metadata.npy" not in archive.namelist() or archive.getinfo("metadata.npy").file_size > _MOST_TEXT:
            return ""
        return str(np.lib.format.read_array(io.BytesIO(archive.read("metadata.npy")), allow_pickle=False))


def _description(data: bytes) -> str:
    import tifffile

    with tifffile.TiffFile(io.BytesIO(data)) as tif:
        page: Any = tif.pages[0]
        text: str = page.keyframe.description
    if not text.startswith("<"):
        return text
    # OME's XML: the legend is the image's description, whose angle brackets and quotes are escaped.
    from html import unescape

    _, _, rest = text.partition("<Description>")
    return unescape(rest.partition("</Description>")[0])


def _explained(ids: AnyArray, legend: Mapping[str, Any]) -> MaskValues:
    """Return values with names and colours of the legend, counted from 1 where it counts from 0."""
    names: dict[int, str] = {}
    colours: dict[int, Colour] = {}
    entries = legend.get("classes")
    entries = entries if isinstance(entries, list) else []
    is_zero_based = str(legend.get("values", "")).startswith("0-based")
    if is_zero_based and type(nothing := legend.get("no_class")) is int:
        ids = np.where(ids == nothing, 0, ids.astype(np.int64) + 1)
    for position, entry in enumerate(entries):
        if not isinstance(entry, dict):
            continue
        for value in _values_of(entry, position, is_zero_based):
            if isinstance(entry.get("name"), str) and name_of(entry["name"]):
                names[value] = name_of(entry["name"])
            if (colour := colour_of(entry.get("colour"))) is not None:
                colours[value] = colour
    return MaskValues(ids, names, colours)


def _values_of(entry: Mapping[str, Any], position: int, is_zero_based: bool) -> list[int]:
    """Return the values of an entry, from 1; objects have no components, and count by position."""
    held = entry.get("components", [position]) if is_zero_based else [entry.get("id")]
    found = held if isinstance(held, list) else []
    return [value + is_zero_based for value in found if type(value) is int]
