"""The mask of one object, the object cut out, and folders with such a file for each of several objects."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np

from gmmseg.arrays import BoolArray, ByteArray
from gmmseg.display import Display
from gmmseg.errors import WriteError
from gmmseg.image import Image
from gmmseg.io.files import safe_name
from gmmseg.io.npy import encode_npy
from gmmseg.io.outputs import Folder
from gmmseg.io.picture_writing import encode_picture, encode_tiff
from gmmseg.photo.objects.objects import ObjectInfo
from gmmseg.render import display_rgb

MASK_SUFFIXES = (".png", ".tif", ".tiff", ".npy")
INDEX = "objects.json"
"""Lists the files of a folder of objects."""


def encode_object_mask(suffix: str, mask: BoolArray) -> bytes:
    """Return a mask (H, W) as 8-bit grey with 0 and 255, .png or .tif, or as the booleans of .npy.

    Parameters
    ----------
    suffix : str
        With the dot, in any case.
    mask : bool array, (H, W)

    Raises
    ------
    WriteError
        The format cannot hold a mask.
    """
    match suffix.lower():
        case ".png":
            return encode_picture(_in_grey(mask))
        case ".tif" | ".tiff":
            return encode_tiff(_in_grey(mask), photometric="minisblack", metadata=None)
        case ".npy":
            return encode_npy(mask)
    raise WriteError(f"Masks cannot be written as “{suffix}”.", f"Choose {', '.join(MASK_SUFFIXES)}.")


def _in_grey(mask: BoolArray) -> ByteArray:
    return mask.astype(np.uint8) * np.uint8(255)


def encode_cutout(image: Image, mask: BoolArray, display: Display | None = None) -> bytes:
    """Return the object as a PNG of red, green, blue and alpha: transparent outside the mask.

    `display` is as for `display_rgb`.
    """
    return encode_picture(np.dstack([display_rgb(image, display) * mask[:, :, None], _in_grey(mask)]))


def object_folder(
    entries: Sequence[ObjectInfo],
    encode: Callable[[ObjectInfo], bytes],
    places: Mapping[int, Mapping[str, int]] | None = None,
) -> Folder:
    """Return a folder with a .png for each object, named by its id and name, and a list of them.

    Parameters
    ----------
    entries : sequence of ObjectInfo
    encode : callable
        Returns the bytes of one.
    places : mapping, optional
        What the list says of the place of each, by id.
    """
    n_digits = max((len(str(entry.id)) for entry in entries), default=1)
    names = {entry.id: f"{entry.id:0{n_digits}d}_{safe_name(entry.name, 'object')}.png" for entry in entries}
    listed = [
        {"file": names[entry.id], "id": entry.id, "name": entry.name, **(places or {}).get(entry.id, {})}
        for entry in entries
    ]
    files = {names[entry.id]: encode(entry) for entry in entries}
    index = json.dumps({"objects": listed}, indent=1) + "\n"
    return Folder({**files, INDEX: index.encode("ascii")}, is_object_folder)


def is_object_folder(folder: Path) -> bool:
    """Return whether a folder is one of `object_folder`, so that it may be replaced by another one."""
    try:
        with (folder / INDEX).open("rb") as file:
            listed = json.loads(file.read(1 << 24))["objects"]
        return {entry["file"] for entry in listed} | {INDEX} == {path.name for path in folder.iterdir()}
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return False
