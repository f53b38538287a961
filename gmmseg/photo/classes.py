"""The class table: what the user calls the components, in which colour, merged or hidden."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from gmmseg.arrays import AnyArray
from gmmseg.colours import Colour, class_colour
from gmmseg.errors import SettingsError


@dataclass(frozen=True, slots=True)
class ClassInfo:
    """One class: one component or several merged ones.

    Parameters
    ----------
    id : int
        The value in exported masks, from 1; 0 is no class, 255 is reserved for ignore.
    name : str
    colour : tuple of int
        sRGB, 0..255.
    components : tuple of int
        Component indices, from 0, increasing.
    is_visible, is_locked : bool
        A locked class keeps its name and colour over refits and is not merged or deleted by accident.
    has_own_colour : bool
        Whether a person chose the colour.
    """

    id: int
    name: str
    colour: Colour
    components: tuple[int, ...]
    is_visible: bool = True
    is_locked: bool = False
    has_own_colour: bool = field(default=False, compare=False)


IGNORE_ID = 255


def class_id(position: int) -> int:
    """Return the class id at `position` (from 0): counting from 1 and leaving out 255."""
    return position + 1 if position + 1 < IGNORE_ID else position + 2


Groups = tuple[tuple[int, ...], ...]
"""The components of each class."""


@dataclass(frozen=True, slots=True)
class ClassTable:
    """All classes, in display order; every component belongs to exactly one class."""

    classes: tuple[ClassInfo, ...] = ()

    def __iter__(self) -> Iterator[ClassInfo]:
        return iter(self.classes)

    def __len__(self) -> int:
        return len(self.classes)

    @property
    def n_components(self) -> int:
        """Components that the classes hold together."""
        return sum(len(entry.components) for entry in self.classes)

    @property
    def groups(self) -> Groups | None:
        """The components of each class; None where every component is one of its own."""
        groups = tuple(entry.components for entry in self.classes)
        return groups if any(len(group) > 1 for group in groups) else None

    def by_id(self, wanted: int) -> ClassInfo:
        """Return the class with that id; raises KeyError."""
        for entry in self.classes:
            if entry.id == wanted:
                return entry
        raise KeyError(wanted)

    def of_component(self, component: int) -> ClassInfo:
        """Return the class that holds a component; raises KeyError."""
        for entry in self.classes:
            if component in entry.components:
                return entry
        raise KeyError(component)

    def ids_by_label(self) -> AnyArray:
        """Return (K + 1,) class ids indexed by label-map value (0 no data, k + 1 component k).

        uint8 while every id fits below the ignore value, else uint16.
        """
        ids = np.zeros(self.n_components + 1, dtype=np.uint16)
        for entry in self.classes:
            ids[[component + 1 for component in entry.components]] = entry.id
        return ids.astype(np.uint8) if ids.max(initial=0) < IGNORE_ID else ids

    def colours_by_component(self) -> list[Colour]:
        """Return the K class colours, by component."""
        colours = {component: entry.colour for entry in self.classes for component in entry.components}
        return [colours[component] for component in range(self.n_components)]

    def changed(self, *wanted: int, **fields: object) -> ClassTable:
        """Return the table with fields of some classes replaced."""
        for each in wanted:
            self.by_id(each)
        return ClassTable(
            tuple(replace(entry, **fields) if entry.id in wanted else entry for entry in self.classes)  # type: ignore[arg-type]
        )

    def recoloured(self, colours: Sequence[Colour]) -> ClassTable:
        """Return the table with the classes in the colours of their first components."""
        return ClassTable(tuple(replace(e, colour=colours[e.components[0]]) for e in self.classes))

    def merged(self, ids: Sequence[int]) -> ClassTable:
        """Return the table with the classes `ids` united under the first one's id, name and colour.

        Their posteriors add up; the mixture itself is unchanged.
        """
        first, others = self.by_id(ids[0]), [self.by_id(wanted) for wanted in ids[1:]]
        components = set(first.components).union(*(entry.components for entry in others))
        united = replace(first, components=tuple(sorted(components)))
        gone = {entry.id for entry in others}
        return ClassTable(tuple(united if e.id == first.id else e for e in self.classes if e.id not in gone))

    def split(self, wanted: int) -> ClassTable:
        """Return the table with a merged class taken apart into one class for each component."""
        merged = self.by_id(wanted)
        taken = {entry.id for entry in self.classes}
        parts = [replace(merged, components=merged.components[:1])]
        for component in merged.components[1:]:
            position = next(p for p in range(len(taken) + 1) if class_id(p) not in taken)
            taken.add(class_id(position))
            colour = _unused_colour([*(e.colour for e in self.classes), *(p.colour for p in parts)])
            parts.append(ClassInfo(class_id(position), f"Class {class_id(position)}", colour, (component,)))
        at = self.classes.index(merged)
        return ClassTable((*self.classes[:at], *parts, *self.classes[at + 1 :]))

    def moved(self, wanted: int, to: int) -> ClassTable:
        """Return the table with one class at display position `to`."""
        rest = [entry for entry in self.classes if entry.id != wanted]
        rest.insert(to, self.by_id(wanted))
        return ClassTable(tuple(rest))

    def solo(self, wanted: int) -> ClassTable:
        """Return the table with only one class visible, or with all when only that one was."""
        visible = [entry.id for entry in self.classes if entry.is_visible]
        show_all = visible == [wanted]
        return ClassTable(
            tuple(replace(entry, is_visible=show_all or entry.id == wanted) for entry in self.classes)
        )


def check_suits_components(classes: ClassTable, n_components: int) -> None:
    """Raise `SettingsError` where classes are of another number of components than a mixture has."""
    if classes.n_components != n_components:
        raise SettingsError(
            "classes",
            f"The classes have {classes.n_components} components, the mixture has {n_components}.",
            "Leave them out, or choose the number of components that they have.",
        )


def check_classes(classes: ClassTable) -> None:
    """Raise `SettingsError` where ids are none or equal, or a component belongs to no class or to two."""
    ids = [entry.id for entry in classes]
    if len(set(ids)) < len(ids) or any(not 1 <= one < 1 << 16 or one == IGNORE_ID for one in ids):
        raise SettingsError(
            "classes",
            "The ids of the classes are not all different ones.",
            "Number them from 1, without 255.",
        )
    components = sorted(component for entry in classes for component in entry.components)
    if components != list(range(len(components))):
        raise SettingsError(
            "classes",
            "The classes do not have each component once.",
            "Give 0 to K - 1, each to one class.",
        )


def _unused_colour(used: Sequence[Colour]) -> Colour:
    return next(class_colour(index) for index in range(len(used) + 1) if class_colour(index) not in used)


def default_classes(n_components: int, kind: str = "Class") -> ClassTable:
    """Return one class for each component, in canonical order, named and coloured by position."""
    return ClassTable(
        tuple(
            ClassInfo(class_id(k), f"{kind} {class_id(k)}", class_colour(k), (k,))
            for k in range(n_components)
        )
    )


def inherited_classes(previous: ClassTable, partner: Sequence[int | None]) -> ClassTable:
    """Return the classes of a new fit, each with the colour and name of the one it continues.

    Parameters
    ----------
    previous : ClassTable
        Of the fit before.
    partner : sequence of (int or None), length K
        For each new component the old component it continues, or None.

    Notes
    -----
    Ids stay canonical (component k is class k + 1), so that the mask's values do not depend on history;
    colours, own names, visibility and locks follow the partner. Merges are kept only as long as all of their
    components go on.
    """
    names_given = {entry.id: entry.name for entry in previous.classes if entry.name != f"Class {entry.id}"}
    inherited: list[ClassInfo | None] = []
    claimed: set[int] = set()
    for old in partner:
        source = previous.of_component(old) if old is not None else None
        if source is not None and source.id in claimed and len(source.components) == 1:
            source = None
        if source is not None:
            claimed.add(source.id)
        inherited.append(source)
    used = [source.colour for source in inherited if source is not None]
    groups: dict[int, list[int]] = {}
    alive = {old for old in partner if old is not None}
    result: list[ClassInfo] = []
    for component, source in enumerate(inherited):
        own_id = class_id(component)
        if source is None:
            colour = _unused_colour(used)
            used.append(colour)
            result.append(ClassInfo(own_id, f"Class {own_id}", colour, (component,)))
            continue
        if len(source.components) > 1 and set(source.components) <= alive:
            groups.setdefault(source.id, []).append(own_id)
        name = names_given.get(source.id, f"Class {own_id}")
        result.append(replace(source, id=own_id, name=name, components=(component,), colour=source.colour))
    table = ClassTable(tuple(result))
    for ids in groups.values():
        if len(ids) > 1:
            table = table.merged(ids)
    return table
