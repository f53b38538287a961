"""Folders with a mask for each object read, as `gmmseg.io.object_masks` writes them."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import msgspec

from gmmseg.control import ShouldStop
from gmmseg.io.files import read_file_bytes, shown_name
from gmmseg.io.interchange.found_objects import FoundObjects, check_size, decoded_json
from gmmseg.io.mask_reading import read_values
from gmmseg.io.object_masks import INDEX
from gmmseg.photo.objects.objects import ObjectMap
from gmmseg.photo.objects.patch import Patch

_Place = Annotated[int, msgspec.Meta(ge=0)]


class ListedObject(msgspec.Struct):
    """One object: its file and, where that holds no more than its box, where the box is."""

    file: str
    name: str = ""
    top: _Place | None = None
    left: _Place | None = None


class ObjectList(msgspec.Struct):
    """The list of a folder."""

    objects: list[ListedObject]


def read_object_folder(folder: Path, shape: tuple[int, int], should_stop: ShouldStop) -> ObjectMap:
    """Return the objects of which a folder has a mask each.

    Raises
    ------
    ReadError
        A file is missing, damaged or of another size, or they mark no pixel.
    BudgetError
    Cancelled
    """
    name = shown_name(folder)
    listed = decoded_json(read_file_bytes(folder / INDEX, should_stop), ObjectList, name, "list of objects")
    found = FoundObjects(shape, name, should_stop)
    for number, entry in enumerate(listed.objects):
        if Path(entry.file).name != entry.file:
            found.refuse("lists a file that is not in it")
        mask = read_values(read_file_bytes(folder / entry.file, should_stop), entry.file, should_stop).ids > 0
        if entry.top is None or entry.left is None:
            check_size(mask.shape, shape, entry.file)
        top, left = entry.top or 0, entry.left or 0
        if top + mask.shape[0] > shape[0] or left + mask.shape[1] > shape[1]:
            found.refuse(f"has an object that reaches beyond the image: “{entry.file}”")
        found.paint(found.object(number, entry.name), Patch.of(mask, top, left))
    return found.object_map()
