"""Hints: marked pixels as classes that are known when a mixture is fitted."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np

from gmmseg.arrays import AnyArray, BoolArray
from gmmseg.colours import Colour
from gmmseg.photo.objects.objects import ObjectMap
from gmmseg.photo.objects.tiles import MAX_ID, TileMap


@dataclass(frozen=True, slots=True)
class Category:
    """All objects of one name.

    Parameters
    ----------
    name : str
    colour : tuple of int
        sRGB, 0..255, of the first of the objects.
    ids : tuple of int
        Of the objects, increasing.
    """

    name: str
    colour: Colour = field(compare=False)
    ids: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Hints:
    """Pixels whose class is known: every category of an object map is a class.

    Equal hints teach the same: colours, order among objects of a name, and locks do not count.

    Parameters
    ----------
    ids : TileMap
        Of objects; 0 where the class is not known.
    categories : tuple of Category
        In display order.
    """

    ids: TileMap
    categories: tuple[Category, ...]

    def __post_init__(self) -> None:
        if not all(1 <= each <= MAX_ID for category in self.categories for each in category.ids):
            raise ValueError("a category has an id that no object has")

    def masks(self) -> Iterator[BoolArray]:
        """Yield the pixels of each category, (H, W)."""
        table: AnyArray = np.zeros(MAX_ID + 1, dtype=np.uint16)
        for position, category in enumerate(self.categories):
            table[list(category.ids)] = position + 1
        positions = table[self.ids.read()]
        for position in range(len(self.categories)):
            yield positions == position + 1


def hints_of(objects: ObjectMap | None) -> Hints | None:
    """Return what an object map teaches; None where it is empty."""
    if not objects:
        return None
    members: dict[str, list[int]] = {}
    for entry in objects:
        members.setdefault(entry.name, []).append(entry.id)
    colours = {entry.name: entry.colour for entry in reversed(objects.objects)}
    return Hints(
        objects.ids, tuple(Category(name, colours[name], tuple(sorted(ids))) for name, ids in members.items())
    )
