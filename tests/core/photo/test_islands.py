"""Islands are found and replaced as a search from pixel to pixel does it."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from gmmseg.arrays import LabelArray
from gmmseg.photo.islands import without_islands

Map = LabelArray
MAPS = arrays(np.uint8, st.tuples(st.integers(1, 9), st.integers(1, 9)), elements=st.integers(0, 3))


def sides(labels: Map, y: int, x: int) -> list[tuple[int, int]]:
    height, width = labels.shape
    near = ((y - 1, x), (y, x - 1), (y, x + 1), (y + 1, x))
    return [(v, u) for v, u in near if 0 <= v < height and 0 <= u < width and labels[v, u]]


def parts_of(labels: Map) -> list[set[tuple[int, int]]]:
    """Return the connected parts with data, in reading order."""
    parts: list[set[tuple[int, int]]] = []
    for start in np.ndindex(labels.shape):
        if labels[start] == 0 or any(start in part for part in parts):
            continue
        part, open_ends = {start}, [start]
        while open_ends:
            for at in sides(labels, *open_ends.pop()):
                if at not in part and labels[at] == labels[start]:
                    part.add(at)
                    open_ends.append(at)
        parts.append(part)
    return parts


def replaced_by_search(labels: Map, least: int) -> Map:
    """Return what `without_islands` promises, by its words."""
    new, parts = labels.copy(), parts_of(labels)
    if not parts:
        return new
    kept = [part for part in parts if len(part) >= least] or [max(parts, key=len)]
    waiting = [part for part in parts if not any(part is one for one in kept)]
    while True:
        is_kept = set().union(*kept)
        joined = []
        for part in waiting:
            shared = [new[at] for pixel in part for at in sides(labels, *pixel) if at in is_kept]
            if shared:
                values, counts = np.unique(shared, return_counts=True)
                joined.append((part, values[counts.argmax()]))
        if not joined:
            return new
        for part, label in joined:
            for pixel in part:
                new[pixel] = label
            kept.append(part)
            waiting.remove(part)


@given(MAPS, st.integers(0, 12), st.sampled_from([((0, 2), (1,)), ((1, 2), (0,)), ((0, 1, 2),)]))
@settings(max_examples=150, deadline=None)
def test_islands_of_classes_of_several_components_are_those_of_the_classes(
    labels: Map, least: int, groups: tuple[tuple[int, ...], ...]
) -> None:
    first = np.array([0, *(min(group) + 1 for at in range(3) for group in groups if at in group)], np.uint8)
    made = without_islands(labels.copy(), least, groups)
    np.testing.assert_array_equal(first[made], replaced_by_search(first[labels], least))
    # Where the class of a pixel stays, its component does.
    stays = first[made] == first[labels]
    kept = np.zeros(labels.shape, dtype=bool)
    for part in parts_of(first[labels]):
        if len(part) >= least:
            kept[tuple(np.transpose(list(part)))] = True
    np.testing.assert_array_equal(made[stays & kept], labels[stays & kept])


def test_of_a_class_the_component_is_taken_that_the_speck_touches_most() -> None:
    labels = np.array([[1, 1, 1, 1], [1, 3, 2, 2], [1, 2, 2, 2]], dtype=np.uint8)
    expected = labels.copy()
    expected[1, 1] = 1
    # Two sides of each component: with the classes united the lower one.
    np.testing.assert_array_equal(without_islands(labels, 2, ((0, 1), (2,))), expected)
    labels[0, 1] = 2
    expected = labels.copy()
    expected[1, 1] = 2
    np.testing.assert_array_equal(without_islands(labels, 2, ((0, 1), (2,))), expected)


@given(MAPS, st.integers(0, 12))
@settings(max_examples=150, deadline=None)
def test_islands_are_replaced_as_by_a_search(labels: Map, least: int) -> None:
    np.testing.assert_array_equal(without_islands(labels.copy(), least), replaced_by_search(labels, least))


@given(MAPS.filter(lambda labels: bool(labels.all())), st.integers(2, 12))
@settings(max_examples=50, deadline=None)
def test_no_small_part_is_left_where_all_pixels_hold_data(labels: Map, least: int) -> None:
    found = parts_of(without_islands(labels.copy(), least))
    assert len(found) == 1 or min(map(len, found)) >= least


def test_a_speck_goes_to_the_class_that_it_shares_most_of_its_border_with() -> None:
    labels = np.ones((5, 6), dtype=np.uint8)
    labels[:, 3:] = 2
    labels[2, 2] = 3
    labels[0, 5] = 0
    expected = labels.copy()
    expected[2, 2] = 1
    np.testing.assert_array_equal(without_islands(labels, 2), expected)
