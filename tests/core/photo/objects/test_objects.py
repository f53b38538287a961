"""The object map against plain arrays: who owns which pixel after each operation."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from gmmseg.errors import EditError
from gmmseg.photo.objects.objects import ObjectInfo, ObjectMap
from gmmseg.photo.objects.patch import Patch

SHAPE = (140, 150)
"""Four tiles."""


def box_patch(top: int, left: int, height: int, width: int) -> Patch:
    mask = np.zeros(SHAPE, dtype=bool)
    mask[top : top + height, left : left + width] = True
    return Patch.of(mask)


BOXES = st.builds(box_patch, st.integers(0, 139), st.integers(0, 149), st.integers(1, 90), st.integers(1, 90))


def block_patch(step: int, seed: int) -> Patch:
    """Some blocks of pixels, those at the far edges cut off."""
    mask = np.random.default_rng(seed).random((-(-SHAPE[0] // step), -(-SHAPE[1] // step))) < 0.3
    return Patch.of(mask, step=step)


BLOCKS = st.builds(block_patch, st.sampled_from([1, 3, 16, 64, 200]), st.integers(0, 9))


def pixels_of(patch: Patch) -> np.ndarray:
    """The mask of a patch over the map, (H, W)."""
    blocks = patch.full((-(-SHAPE[0] // patch.step), -(-SHAPE[1] // patch.step)))
    mask: np.ndarray = np.kron(blocks, np.ones((patch.step, patch.step), bool))[: SHAPE[0], : SHAPE[1]]
    return mask


class Painting(RuleBasedStateMachine):
    """Random edits of a map and of a plain array with a set of locked ids."""

    def __init__(self) -> None:
        super().__init__()
        self.map = ObjectMap.empty(SHAPE)
        self.ids = np.zeros(SHAPE, dtype=int)
        self.locked: set[int] = set()

    def chosen(self, pick: int) -> int:
        ids = [entry.id for entry in self.map]
        return ids[pick % len(ids)]

    def assign(self, free: np.ndarray, to: int) -> None:
        self.ids[free & ~np.isin(self.ids, list(self.locked))] = to
        self.locked &= set(np.unique(self.ids).tolist())

    @rule(patch=BOXES | BLOCKS, only_unlabelled=st.booleans())
    def add(self, patch: Patch, only_unlabelled: bool) -> None:
        free = pixels_of(patch) & ~np.isin(self.ids, list(self.locked))
        free &= (self.ids == 0) | (not only_unlabelled)
        wanted = 1 + max((entry.id for entry in self.map), default=0)
        if not free.any():
            with pytest.raises(EditError):
                self.map.with_object(patch, "thing", only_unlabelled=only_unlabelled)
            return
        self.map = self.map.with_object(patch, "thing", only_unlabelled=only_unlabelled)
        self.assign(free, wanted)

    @precondition(lambda self: len(self.map) > 0)
    @rule(patch=BOXES | BLOCKS, pick=st.integers(0, 9), only_unlabelled=st.booleans())
    def paint(self, patch: Patch, pick: int, only_unlabelled: bool) -> None:
        to = self.chosen(pick)
        if to in self.locked:
            with pytest.raises(EditError, match="is locked"):
                self.map.painted(patch, to, only_unlabelled=only_unlabelled)
            return
        self.map = self.map.painted(patch, to, only_unlabelled=only_unlabelled)
        self.assign(pixels_of(patch) & ((self.ids == 0) | (not only_unlabelled)), to)

    @rule(patch=BOXES | BLOCKS)
    def erase(self, patch: Patch) -> None:
        self.map = self.map.erased(patch)
        self.assign(pixels_of(patch), 0)

    @precondition(lambda self: len(self.map) > 0)
    @rule(patch=BOXES | BLOCKS, pick=st.integers(0, 9))
    def erase_one(self, patch: Patch, pick: int) -> None:
        wanted = self.chosen(pick)
        if wanted in self.locked:
            with pytest.raises(EditError, match="is locked"):
                self.map.erased(patch, [wanted])
            return
        self.map = self.map.erased(patch, [wanted])
        self.assign(pixels_of(patch) & (self.ids == wanted), 0)

    @precondition(lambda self: len(self.map) > 0)
    @rule(patch=BOXES, pick=st.integers(0, 9))
    def reshape(self, patch: Patch, pick: int) -> None:
        wanted = self.chosen(pick)
        if wanted in self.locked:
            with pytest.raises(EditError, match="is locked"):
                self.map.reshaped(wanted, patch)
            return
        self.map = self.map.reshaped(wanted, patch)
        own, free = self.ids == wanted, patch.full(SHAPE)
        self.assign(free, wanted)
        self.assign(own & ~free, 0)

    @precondition(lambda self: len(self.map) > 0)
    @rule(
        pick=st.integers(0, 9), step=st.sampled_from([1, 4]), top=st.integers(0, 20), seed=st.integers(0, 9)
    )
    def reshape_in_a_part(self, pick: int, step: int, top: int, seed: int) -> None:
        """Only blocks that change are written: within the others the object keeps its fine shape."""
        wanted = self.chosen(pick)
        before = self.map.part_of(wanted, (slice(top, top + 14), slice(5, 30)), step)
        middles = np.zeros(SHAPE, dtype=bool)
        middles[step // 2 :: step, step // 2 :: step] = True
        window = np.zeros(SHAPE, dtype=bool)
        window[top * step : (top + 14) * step, 5 * step : 30 * step] = True
        assert before.area == int((middles & window & (self.ids == wanted)).sum())
        new = Patch.of(np.random.default_rng(seed).random((14, 25)) < 0.5, top, 5, step)
        if wanted in self.locked:
            with pytest.raises(EditError, match="is locked"):
                self.map.reshaped(wanted, new, before)
            return
        self.map = self.map.reshaped(wanted, new, before)
        old, now = pixels_of(before), pixels_of(new)
        lost = old & ~now & (self.ids == wanted)
        self.assign(now & ~old, wanted)
        self.assign(lost, 0)

    @precondition(lambda self: len(self.map) > 0)
    @rule(pick=st.integers(0, 9), is_locked=st.booleans())
    def lock(self, pick: int, is_locked: bool) -> None:
        wanted = self.chosen(pick)
        self.map = self.map.changed(wanted, lambda entry: replace(entry, is_locked=is_locked))
        (self.locked.add if is_locked else self.locked.discard)(wanted)

    @precondition(lambda self: len(self.map) > 1)
    @rule(first=st.integers(0, 9), second=st.integers(0, 9))
    def merge(self, first: int, second: int) -> None:
        ids = list(dict.fromkeys([self.chosen(first), self.chosen(second)]))
        if self.locked & set(ids):
            with pytest.raises(EditError, match="locked"):
                self.map.merged(ids)
            return
        self.map = self.map.merged(ids)
        self.ids[np.isin(self.ids, ids)] = ids[0]

    @precondition(lambda self: len(self.map) > 0)
    @rule(pick=st.integers(0, 9))
    def remove(self, pick: int) -> None:
        wanted = self.chosen(pick)
        if wanted in self.locked:
            with pytest.raises(EditError, match="locked"):
                self.map.removed([wanted])
            return
        self.map = self.map.removed([wanted])
        self.ids[self.ids == wanted] = 0

    @invariant()
    def every_pixel_has_the_owner_it_should(self) -> None:
        assert np.array_equal(self.map.ids.read(), self.ids)
        assert {entry.id for entry in self.map} == set(np.unique(self.ids).tolist()) - {0}
        assert self.map.areas() == {entry.id: int((self.ids == entry.id).sum()) for entry in self.map}
        for entry in self.map:
            assert np.array_equal(self.map.patch_of(entry.id).full(SHAPE), self.ids == entry.id)


TestPainting = Painting.TestCase
TestPainting.settings = settings(max_examples=20, stateful_step_count=10)


def test_ids_leave_out_the_value_for_ignore() -> None:
    ids = np.arange(1, 255, dtype=np.uint16).reshape(2, 127)
    objects = ObjectMap.empty((3, 127)).with_object(box_patch(0, 0, 1, 1), "first")
    filled = replace(
        objects,
        ids=objects.ids.written((slice(0, 2), slice(0, 127)), ids),
        objects=tuple(ObjectInfo(n, str(n), (0, 0, 0)) for n in range(1, 255)),
    )
    more = filled.with_object(box_patch(2, 0, 1, 5), "last")
    assert more.objects[-1].id == 256
    assert filled.instance_ids().dtype == np.uint8
    assert more.instance_ids().dtype == np.uint16


def test_objects_of_one_name_are_one_category() -> None:
    objects = ObjectMap.empty(SHAPE)
    for top, name in ((0, "cell"), (20, "horse"), (40, "cell")):
        objects = objects.with_object(box_patch(top, 0, 10, 10), name)
    assert objects.categories() == {"cell": 1, "horse": 2}
    assert [int(objects.instance_ids()[top, 0]) for top in (0, 20, 40, 60)] == [1, 2, 3, 0]


def test_parts_of_a_split_stand_after_the_object_and_bear_its_name() -> None:
    objects = ObjectMap.empty(SHAPE).with_object(box_patch(0, 0, 10, 10), "a")
    objects = objects.with_object(box_patch(20, 0, 10, 10), "b")
    split = objects.split(1, [box_patch(0, 0, 10, 4), box_patch(0, 4, 10, 6)])
    assert [(entry.id, entry.name) for entry in split] == [(1, "a"), (3, "a"), (2, "b")]
    assert split.areas() == {1: 40, 3: 60, 2: 100}
    assert len({entry.colour for entry in split}) == 3


def test_erasing_from_an_object_that_has_been_removed_meanwhile_changes_nothing() -> None:
    objects = ObjectMap.empty(SHAPE).with_object(box_patch(0, 0, 10, 10), "a")
    objects = objects.with_object(box_patch(20, 0, 10, 10), "b").removed([2])
    assert objects.erased(box_patch(0, 0, 30, 30), [2]).areas() == {1: 100}


def test_an_object_is_found_at_its_pixels() -> None:
    objects = ObjectMap.empty(SHAPE).with_object(box_patch(2, 3, 10, 10), "a")
    found = objects.at(3, 2)
    assert found is not None
    assert found.name == "a"
    assert objects.at(2, 3) is None
