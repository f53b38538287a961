"""Objects from what is there already: classes, regions, and masks of other programs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from gmmseg.arrays import AnyArray, LabelArray
from gmmseg.colours import Colour, class_colour
from gmmseg.errors import EditError
from gmmseg.photo.classes import ClassTable, class_id
from gmmseg.photo.objects.objects import MAX_OBJECTS, ObjectInfo, ObjectMap
from gmmseg.photo.objects.tiles import Box, IdArray, TileMap, pixels_of_blocks


def objects_of_classes(labels: LabelArray, classes: ClassTable) -> ObjectMap:
    """Return one object for each visible class of a label map, with its name and colour."""
    table = np.zeros(classes.n_components + 1, dtype=np.uint16)
    infos = []
    for entry in classes:
        if entry.is_visible:
            table[[component + 1 for component in entry.components]] = entry.id
            infos.append(ObjectInfo(entry.id, entry.name, entry.colour))
    return _present(table[labels], infos)


def objects_of_regions(
    labels: LabelArray, wanted: Sequence[int] | None = None, names: Mapping[int, str] | None = None
) -> ObjectMap:
    """Return one object for each region of a map, 1..R, or for those wanted.

    Parameters
    ----------
    labels : (H, W)
        0 is no data.
    wanted : sequence of int, optional
    names : mapping, optional
        Of regions; without it they are ``Region 7``.
    """
    n_regions = int(labels.max(initial=0))
    chosen = range(1, n_regions + 1) if wanted is None else sorted(set(wanted))
    table = np.zeros(n_regions + 1, dtype=np.uint16)
    infos = []
    _check_number(len(chosen))
    for position, region in enumerate(chosen):
        table[region] = class_id(position)
        name = (names or {}).get(region, f"Region {region}")
        infos.append(ObjectInfo(class_id(position), name, class_colour(position)))
    return _present(table[labels], infos)


def objects_of_ids(
    ids: AnyArray, names: Mapping[int, str] | None = None, colours: Mapping[int, Colour] | None = None
) -> ObjectMap:
    """Return one object for each value of a mask but 0 and, in eight bits, 255, *ignore*.

    Parameters
    ----------
    ids : integer array, (H, W)
        Values that are ids already are kept; larger or negative ones are numbered anew.
    names, colours : mapping, optional
        By value; values without a name are ``Object 7``.

    Notes
    -----
    A mask of only 0 and 255 is one object, as most programs write masks.
    """
    values = [int(value) for value in np.unique(ids)]
    is_binary = values in ([0, 255], [255])
    values = [value for value in values if value and (is_binary or value != 255 or ids.dtype.itemsize > 1)]
    _check_number(len(values))
    keeps = all(0 < value <= MAX_OBJECTS and value != 255 for value in values)
    new_ids = values if keeps else [class_id(position) for position in range(len(values))]
    lookup = np.searchsorted(np.asarray(values, dtype=np.int64), ids) if values else np.zeros_like(ids)
    lookup = np.minimum(lookup, max(len(values) - 1, 0))
    out: IdArray = np.zeros(ids.shape, dtype=np.uint16)
    if values:
        is_value = np.asarray(values, dtype=np.int64)[lookup] == ids
        out[is_value] = np.asarray(new_ids, dtype=np.uint16)[lookup[is_value]]
    infos = [
        ObjectInfo(
            new, (names or {}).get(value, f"Object {new}"), (colours or {}).get(value, class_colour(position))
        )
        for position, (value, new) in enumerate(zip(values, new_ids, strict=True))
    ]
    return _present(out, infos)


def united(one: ObjectMap, other: ObjectMap) -> ObjectMap:
    """Return the first map with the objects of the second one in pixels that were unlabelled.

    The second one may be a map of a smaller copy of the image.
    """
    start = max((entry.id for entry in one), default=0)
    table = np.zeros(1 + max((entry.id for entry in other), default=0), dtype=np.uint16)
    _check_number(len(one) + len(other))
    added = []
    for entry in other:
        start = class_id(start) if start + 1 == 255 else start + 1
        table[entry.id] = start
        added.append(replace(entry, id=start))
    blocks, step = table[other.ids.read()], round(one.shape[0] / other.shape[0])
    present: set[int] = {entry.id for entry in one}

    def add(part: Box, old: IdArray) -> AnyArray:
        ids = np.where(old == 0, pixels_of_blocks(blocks, part, step), old)
        present.update(np.flatnonzero(np.bincount(ids.reshape(-1))).tolist())
        return ids

    ids = one.ids.changed((slice(0, one.shape[0]), slice(0, one.shape[1])), add)
    return ObjectMap(ids, tuple(entry for entry in (*one, *added) if entry.id in present))


def _check_number(n_objects: int) -> None:
    if n_objects > MAX_OBJECTS:
        raise EditError(
            f"{n_objects:,} objects are more than the {MAX_OBJECTS:,} that a map can hold.",
            "Choose fewer rows, or a coarser detail.",
        )


def _present(ids: IdArray, infos: Sequence[ObjectInfo]) -> ObjectMap:
    """Return the map with those objects that have pixels."""
    found = np.bincount(ids.reshape(-1), minlength=1)
    return ObjectMap(
        TileMap.of(ids), tuple(info for info in infos if info.id < len(found) and found[info.id])
    )
