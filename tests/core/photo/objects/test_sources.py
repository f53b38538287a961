"""Objects from classes, regions and masks, and the edits that take them into a document."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import numpy as np
import pytest

from gmmseg.errors import EditError
from gmmseg.photo.classes import default_classes
from gmmseg.photo.document import Document
from gmmseg.photo.objects import edits, reshaping
from gmmseg.photo.objects.patch import Patch
from gmmseg.photo.objects.sources import objects_of_classes, objects_of_ids, objects_of_regions
from tests.data.states import make_image


def test_visible_classes_become_objects_with_their_names_and_colours() -> None:
    labels = np.array([[0, 1, 2], [3, 3, 4]], dtype=np.uint8)
    classes = default_classes(4).merged([2, 4]).changed(1, is_visible=False).changed(3, name="sky")
    objects = objects_of_classes(labels, classes)
    assert [(entry.id, entry.name) for entry in objects] == [(2, "Class 2"), (3, "sky")]
    assert [entry.colour for entry in objects] == [classes.by_id(2).colour, classes.by_id(3).colour]
    assert objects.ids.read().tolist() == [[0, 0, 2], [3, 3, 2]]


@pytest.mark.parametrize(
    ("wanted", "expected"), [(None, [[1, 2], [3, 0]]), ([3, 1], [[1, 0], [2, 0]]), ([], [[0, 0], [0, 0]])]
)
def test_regions_become_objects_all_or_those_chosen(
    wanted: list[int] | None, expected: list[list[int]]
) -> None:
    labels = np.array([[1, 2], [3, 0]], dtype=np.uint8)
    assert objects_of_regions(labels, wanted).ids.read().tolist() == expected


@pytest.mark.parametrize(
    ("mask", "expected"),
    [
        (np.array([[0, 7, 255]], dtype=np.uint8), [[0, 7, 0]]),
        (np.array([[0, 255, 255]], dtype=np.uint8), [[0, 1, 1]]),
        (np.array([[0, 300, 70_000]], dtype=np.int32), [[0, 1, 2]]),
        (np.array([[-4, 0, 9]], dtype=np.int16), [[1, 0, 2]]),
        (np.array([[False, True]]), [[0, 1]]),
        (np.zeros((1, 2), dtype=np.uint8), [[0, 0]]),
    ],
)
def test_masks_of_other_programs_become_objects(mask: np.ndarray, expected: list[list[int]]) -> None:
    objects = objects_of_ids(mask, names={7: "cat"})
    assert objects.ids.read().tolist() == expected
    assert [entry.name for entry in objects] == (
        ["cat"] if 7 in mask else [f"Object {n}" for n in sorted({n for row in expected for n in row} - {0})]
    )


@pytest.fixture
def document() -> Document:
    """An image of 40 by 50 pixels with two objects."""
    document = Document(image=make_image(2, 40, 50))
    for top in (0, 20):
        mask = np.zeros((40, 50), dtype=bool)
        mask[top : top + 10, 5:15] = True
        document = edits.add_object(Patch.of(mask), f"at {top}").apply(document)
    return document


def test_objects_from_elsewhere_take_unlabelled_pixels_only(document: Document) -> None:
    before = document.object_map.ids.read()
    after = edits.take_objects(objects_of_ids(np.ones((40, 50), dtype=np.uint8)), "x").apply(document)
    ids = after.object_map.ids.read()
    assert np.array_equal(ids[before > 0], before[before > 0])
    assert set(np.unique(ids[before == 0])) == {3}


def test_an_edit_that_would_leave_nothing_is_refused(document: Document) -> None:
    vanish = edits.reshape_objects([1], "Shrink", lambda patch: reshaping.shrunk(patch, 9, (40, 50)))
    with pytest.raises(EditError, match="Nothing would be left"):
        vanish.apply(document)
    with pytest.raises(EditError, match="one part"):
        edits.split_object(1, "Split", reshaping.connected_parts).apply(document)


def test_locked_objects_are_changed_by_no_edit(document: Document) -> None:
    locked = edits.lock_objects([1], True).apply(document)
    everything = Patch.of(np.ones((40, 50), dtype=bool))
    own = locked.object_map.patch_of(1)
    for edit in (
        edits.add_object(everything, "all"),
        edits.paint_object(2, everything),
        edits.erase(everything),
    ):
        after = edit.apply(locked).object_map.patch_of(1)
        assert np.array_equal(after.full((40, 50)), own.full((40, 50)))
    for refused in (
        edits.remove_objects([2, 1]),
        edits.merge_objects([2, 1]),
        edits.paint_object(1, everything),
        edits.erase(everything, [1]),
        edits.replace_object(1, Patch.of(np.ones((2, 2), dtype=bool))),
        edits.reshape_objects([1], "Grow", lambda patch: reshaping.grown(patch, 3, (40, 50))),
    ):
        with pytest.raises(EditError, match="locked"):
            refused.apply(locked)
    assert edits.erase(everything, [1, 2]).apply(locked).object_map.areas() == {1: own.area}


def test_an_edit_that_changes_no_pixel_is_no_step(document: Document) -> None:
    own = document.object_map.patch_of(1)
    empty = Patch.of(~np.ones((40, 50), dtype=bool))
    found = edits.mark_found(lambda: empty, partial(edits.add_object, name="a"))
    assert found.title == edits.add_object(own, "a").title
    for edit in (edits.paint_object(1, own), edits.erase(empty), edits.erase(own, [2]), found):
        assert edit.apply(document) is document


def test_another_image_has_no_objects_and_settings_change_none(document: Document) -> None:
    from gmmseg.photo.document import open_image, reset_settings

    assert reset_settings("x").apply(document).objects is document.objects
    image = document.image
    assert image is not None
    assert open_image(replace(image)).apply(document).objects is None
