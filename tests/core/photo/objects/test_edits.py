"""Edits of the object map as steps of a document."""

from __future__ import annotations

import numpy as np

from gmmseg.io.images import image_from_array
from gmmseg.photo.classes import default_classes
from gmmseg.photo.document import Document
from gmmseg.photo.objects import edits
from gmmseg.photo.objects.patch import Patch

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
