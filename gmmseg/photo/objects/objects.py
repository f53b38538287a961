"""ObjectMap: which pixels belong to which object, with the objects' names, colours and locks."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from gmmseg.arrays import AnyArray, LabelArray, label_dtype
from gmmseg.colours import Colour, class_colour
from gmmseg.errors import BudgetError, EditError
from gmmseg.limits import memory_budget
from gmmseg.photo.classes import class_id
from gmmseg.photo.objects.patch import Patch
from gmmseg.photo.objects.tiles import Box, IdArray, TileMap

MAX_OBJECTS = 65_000
"""Ids fit into 16 bits; the value 255 is left to *ignore*."""
_BYTES_OF_PATCH = 4
"""For each pixel of an object's box, when its mask is made: the ids, and the mask twice."""


@dataclass(frozen=True, slots=True)
class ObjectInfo:
    """One object.

    Parameters
    ----------
    id : int
        Its value in the map and in instance masks; 255 is never used.
    name : str
        Its category: objects of one name are one in semantic masks.
    colour : tuple of int
        sRGB, 0..255.
    is_visible, is_locked : bool
        A locked object is changed by no tool.
    """

    id: int
    name: str
    colour: Colour
    is_visible: bool = True
    is_locked: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class ObjectMap:
    """Objects in display order, and the id of each pixel; objects never overlap, and 0 is unlabelled.

    An object that loses its last pixel is gone.

    Parameters
    ----------
    ids : TileMap
    objects : tuple of ObjectInfo
    """

    ids: TileMap
    objects: tuple[ObjectInfo, ...] = ()

    @staticmethod
    def empty(shape: tuple[int, int]) -> ObjectMap:
        """Return a map of an (H, W) image without any object."""
        return ObjectMap(TileMap.empty(shape))

    def __iter__(self) -> Iterator[ObjectInfo]:
        return iter(self.objects)

    def __bool__(self) -> bool:
        return bool(self.objects)

    def __len__(self) -> int:
        return len(self.objects)

    @property
    def shape(self) -> tuple[int, int]:
        """(H, W)."""
        return self.ids.shape

    def by_id(self, wanted: int) -> ObjectInfo:
        """Return the object with that id; raises KeyError."""
        for entry in self.objects:
            if entry.id == wanted:
                return entry
        raise KeyError(wanted)

    def at(self, x: int, y: int) -> ObjectInfo | None:
        """Return the object at a pixel, or None where it is unlabelled."""
        found = int(self.ids.read((slice(y, y + 1), slice(x, x + 1)))[0, 0])
        return self.by_id(found) if found else None

    def boxes(self) -> dict[int, Box]:
        """Return the smallest box of each object, by id."""
        return self.ids.boxes(self._n_ids)

    def patch_of(self, wanted: int, box: Box | None = None) -> Patch:
        """Return the pixels of an object, in its box where that is known.

        Raises
        ------
        BudgetError
            The box is larger than memory.
        """
        box = self.ids.bounds_of(wanted) if box is None else box
        if box is None:
            return Patch.of(np.zeros((0, 0), dtype=np.bool_))
        height, width = (along.stop - along.start for along in box)
        if _BYTES_OF_PATCH * height * width > memory_budget():
            raise BudgetError(
                f"“{self.by_id(wanted).name}” spans {width:,} × {height:,} pixels, too many for memory.",
                "Correct it part by part, by clicks or with the brush; write it as a mask in tiles.",
            )
        return Patch.of(self.ids.read(box) == wanted, box[0].start, box[1].start)

    def part_of(self, wanted: int, box: Box, step: int = 1) -> Patch:
        """Return what of an object lies in a box, of which blocks of `step` × `step` pixels are sampled.

        The box, in blocks, lies within the map but for the last block.
        """
        bounds = self.ids.bounds_of(wanted, box, step)
        if bounds is None:
            return Patch.of(np.zeros((0, 0), dtype=np.bool_))
        rows, columns = (
            slice(max(of.start, at.start // step), max(of.start, min(of.stop, -(-at.stop // step))))
            for of, at in zip(box, bounds, strict=True)
        )
        return Patch.of(self.ids.sampled(step, (rows, columns)) == wanted, rows.start, columns.start, step)

    def sampled(self, step: int, shape: tuple[int, int]) -> ObjectMap:
        """Return the map in a smaller copy (h, w) of the image, with the objects that are seen there."""
        ids = self.ids.sampled(step, (slice(0, shape[0]), slice(0, shape[1])))
        seen = set(np.flatnonzero(np.bincount(ids.reshape(-1))).tolist())
        return ObjectMap(TileMap.of(ids), tuple(entry for entry in self.objects if entry.id in seen))

    def areas(self) -> dict[int, int]:
        """Return the number of pixels of each object, by id."""
        counts = self.ids.counts(self._n_ids)
        return {entry.id: int(counts[entry.id]) for entry in self.objects}

    @property
    def _n_ids(self) -> int:
        return 1 + max((entry.id for entry in self.objects), default=0)

    # As arrays

    def instance_ids(self) -> LabelArray:
        """Return the id of each pixel's object, (H, W), 0 unlabelled; uint8 where every id is below 255."""
        ids: AnyArray = self.ids.read().astype(label_dtype(self._n_ids - 1), copy=False)
        return ids

    def categories(self) -> dict[str, int]:
        """Return the value of each name in semantic masks: from 1 in display order, without 255."""
        names = dict.fromkeys(entry.name for entry in self.objects)
        return {name: class_id(position) for position, name in enumerate(names)}

    # Pixels

    def with_object(
        self, patch: Patch, name: str, colour: Colour | None = None, *, only_unlabelled: bool = False
    ) -> ObjectMap:
        """Return the map with a new object, which takes its pixels from unlocked ones.

        Raises
        ------
        EditError
            Nothing is left for it, or there are as many objects as ids.
        """
        if len(self.objects) >= MAX_OBJECTS:
            raise EditError(
                f"There are {MAX_OBJECTS:,} objects already.", "Remove or merge some of them first."
            )
        wanted = self._unused_id()
        info = ObjectInfo(wanted, name, colour or self._unused_colour(name))
        made = replace(self, objects=(*self.objects, info))
        painted = made.painted(patch, wanted, only_unlabelled=only_unlabelled)
        if patch.is_empty or all(entry.id != wanted for entry in painted.objects):
            raise EditError(
                "The object would have no pixels: all of them belong to objects that are locked or kept.",
                "Unlock those objects, or let new ones take over pixels.",
            )
        return painted

    def painted(self, patch: Patch, to: int, *, only_unlabelled: bool = False) -> ObjectMap:
        """Return the map with pixels given to the object `to`, or with 0 to none.

        Pixels of locked objects stay; with `only_unlabelled` those of all other objects do.

        Raises
        ------
        EditError
            `to` is locked.
        """
        if to:
            self._check_unlocked([to])
        if patch.is_empty:
            return self
        spared = {entry.id for entry in self.objects} if only_unlabelled and to else set()
        return self._painted(patch, to, spared)

    def erased(self, patch: Patch, wanted: Sequence[int] | None = None) -> ObjectMap:
        """Return the map with pixels of unlocked objects, or of `wanted` among these, unlabelled.

        Raises
        ------
        EditError
            All of those wanted are locked.
        """
        # Some may have been removed since they were chosen.
        meant = [entry for entry in self.objects if entry.id in (wanted or ())]
        if meant and all(entry.is_locked for entry in meant):
            self._check_unlocked([entry.id for entry in meant])
        spared = set() if wanted is None else {entry.id for entry in self.objects} - set(wanted)
        return self._painted(patch, 0, spared)

    def reshaped(self, wanted: int, patch: Patch, before: Patch | None = None) -> ObjectMap:
        """Return the map in which an object has other pixels, as far as locked ones allow.

        Parameters
        ----------
        wanted : int
        patch : Patch
            Its pixels.
        before : Patch, optional
            Those in place of which it has these, of the same step; without it all.
        """
        if before is None:
            before = self.patch_of(wanted)
        gained, lost = patch.without(before.inside(patch.box)), before.without(patch.inside(before.box))
        return self.painted(gained, wanted).erased(lost, [wanted])

    def _painted(self, patch: Patch, to: int, spared: set[int]) -> ObjectMap:
        """Return the map with pixels given to an object; those of locked ones and of `spared` ones stay."""
        is_kept = self._is_locked()
        is_kept[[*spared, to]] = True
        losers: set[int] = set()

        def paint(part: Box, old: IdArray) -> AnyArray | None:
            is_free = patch.pixels_in(part)
            if is_free.any():
                is_free &= ~is_kept[old]
            if not is_free.any():
                return None
            losers.update(np.flatnonzero(np.bincount(old[is_free])).tolist())
            return np.where(is_free, np.uint16(to), old)

        ids = self.ids.changed(patch.box_in(self.shape), paint)
        if not losers:
            return self._without_empty({to} if to else set())
        return replace(self, ids=ids)._without_empty(losers - {0})

    def split(self, wanted: int, parts: Sequence[Patch]) -> ObjectMap:
        """Return the map with the first part left to the object, and the others as new ones of its name."""
        self._check_unlocked([wanted])
        entry = self.by_id(wanted)
        result = self
        for part in parts[1:]:
            result = result.with_object(part, entry.name)
        return result._in_order_after(wanted, [new.id for new in result.objects[len(self.objects) :]])

    def merged(self, wanted: Sequence[int]) -> ObjectMap:
        """Return the map with objects united under the first one's id, name and colour."""
        self._check_unlocked(wanted)
        return self._mapped(wanted, wanted[0])

    def removed(self, wanted: Sequence[int]) -> ObjectMap:
        """Return the map without objects; their pixels are unlabelled."""
        self._check_unlocked(wanted)
        return self._mapped(wanted, 0)

    def only(self, wanted: Collection[int]) -> ObjectMap:
        """Return the map of these objects alone, locked or not."""
        return self._mapped([entry.id for entry in self if entry.id not in wanted], 0)

    def _mapped(self, wanted: Sequence[int], to: int) -> ObjectMap:
        """Return the map with all pixels of objects given to one of them, or with 0 to none."""
        table = np.arange(self._n_ids, dtype=np.uint16)
        table[list(wanted)] = to
        gone = set(wanted) - {to}
        kept = tuple(entry for entry in self.objects if entry.id not in gone)
        return ObjectMap(self.ids.mapped(table), kept)

    def _without_empty(self, suspects: set[int]) -> ObjectMap:
        gone = {wanted for wanted in suspects if not self._has_pixels(wanted)}
        return (
            self
            if not gone
            else replace(self, objects=tuple(entry for entry in self.objects if entry.id not in gone))
        )

    def _has_pixels(self, wanted: int) -> bool:
        tiles = self.ids.tiles
        return wanted in (tile for tile in tiles if isinstance(tile, int)) or any(
            (self.ids.tile(index) == wanted).any()
            for index, tile in enumerate(tiles)
            if isinstance(tile, bytes)
        )

    def _is_locked(self) -> NDArray[np.bool_]:
        locked = np.zeros(self._n_ids, dtype=np.bool_)
        locked[[entry.id for entry in self.objects if entry.is_locked]] = True
        return locked

    def _check_unlocked(self, wanted: Sequence[int]) -> None:
        locked = [entry.name for entry in map(self.by_id, wanted) if entry.is_locked]
        if locked:
            raise EditError(f"“{locked[0]}” is locked.", "Unlock it first.")

    # The list

    def changed(self, wanted: int, change: Callable[[ObjectInfo], ObjectInfo]) -> ObjectMap:
        """Return the map with the entry of one object replaced; its id stays."""
        self.by_id(wanted)
        return replace(
            self, objects=tuple(change(entry) if entry.id == wanted else entry for entry in self.objects)
        )

    def moved(self, wanted: int, to: int) -> ObjectMap:
        """Return the map with one object at display position `to`."""
        rest = [entry for entry in self.objects if entry.id != wanted]
        rest.insert(to, self.by_id(wanted))
        return replace(self, objects=tuple(rest))

    def solo(self, wanted: int) -> ObjectMap:
        """Return the map with only one object visible, or with all where only that one was."""
        show_all = [entry.id for entry in self.objects if entry.is_visible] == [wanted]
        return replace(
            self,
            objects=tuple(
                replace(entry, is_visible=show_all or entry.id == wanted) for entry in self.objects
            ),
        )

    def _in_order_after(self, wanted: int, new: Sequence[int]) -> ObjectMap:
        rest = [entry for entry in self.objects if entry.id not in new]
        at = 1 + next(place for place, entry in enumerate(rest) if entry.id == wanted)
        added = [self.by_id(each) for each in new]
        return replace(self, objects=(*rest[:at], *added, *rest[at:]))

    def _unused_id(self) -> int:
        return self._n_ids + (self._n_ids == 255)

    def _unused_colour(self, name: str) -> Colour:
        used = {entry.colour for entry in self.objects}
        return next(class_colour(n) for n in range(len(used) + 1) if class_colour(n) not in used)
