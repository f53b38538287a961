"""Edits of the object map as steps of a document."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from scipy.ndimage import label

from gmmseg.io.images import image_from_array
from gmmseg.photo.classes import default_classes
from gmmseg.photo.document import Document
from gmmseg.photo.objects import edits
from gmmseg.photo.objects.objects import ObjectInfo, ObjectMap
from gmmseg.photo.objects.patch import Patch
from gmmseg.photo.objects.tiles import TileMap

LABELS = np.array([[1, 1, 2, 2], [1, 3, 3, 2], [0, 3, 3, 2]], dtype=np.uint8)


def marked() -> Document:
    """One object in the top left pixel."""
    image = image_from_array(np.zeros((3, 4, 3), dtype=np.uint8), "x")
    first = Patch.of(np.ones((1, 1), dtype=bool))
    return edits.add_object(first, "mine").apply(Document(image=image))


def test_classes_become_objects_where_nothing_was_marked_and_hidden_ones_do_not() -> None:
    classes = default_classes(3).solo(2)
    made = edits.add_classes(LABELS, classes).apply(marked()).object_map
    assert [entry.name for entry in made] == ["mine", classes.by_id(2).name]
    assert made.ids.read().tolist() == [[1, 0, 2, 2], [0, 0, 0, 2], [0, 0, 0, 2]]
    assert made.by_id(2).colour == classes.by_id(2).colour


def test_regions_become_objects_all_or_those_wanted() -> None:
    everything = edits.add_regions(LABELS).apply(marked()).object_map
    assert everything.ids.read().tolist() == [[1, 2, 3, 3], [2, 4, 4, 3], [0, 4, 4, 3]]
    some = edits.add_regions(LABELS, (3,)).apply(marked()).object_map
    assert some.ids.read().tolist() == [[1, 0, 0, 0], [0, 2, 2, 0], [0, 2, 2, 0]]
    assert [entry.name for entry in some] == ["mine", "Region 3"]


def test_filling_marks_what_is_connected_with_a_pixel() -> None:
    ids = np.random.default_rng(0).integers(0, 2, marked().object_map.shape).astype(np.uint16)
    objects = ObjectMap(TileMap.of(ids), (ObjectInfo(1, "sand", (1, 2, 3)),))
    document = replace(marked(), objects=objects)
    for x, y in ((0, 0), (3, 2)):
        parts, _ = label(ids == ids[y, x])
        filled = edits.fill(x, y, lambda patch: edits.add_object(patch, "hole")).apply(document)
        made = filled.object_map.objects[-1]
        assert made.name == "hole"
        assert np.array_equal(filled.object_map.ids.read() == made.id, parts == parts[y, x])
