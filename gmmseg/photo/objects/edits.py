"""Edits of the object map, each one undo step with a title."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np

from gmmseg.arrays import LabelArray
from gmmseg.colours import Colour
from gmmseg.editing.editor import Edit
from gmmseg.errors import EditError
from gmmseg.photo.classes import ClassTable
from gmmseg.photo.document import Document
from gmmseg.photo.field import Field
from gmmseg.photo.objects.filling import flooded
from gmmseg.photo.objects.objects import ObjectInfo, ObjectMap
from gmmseg.photo.objects.patch import Patch
from gmmseg.photo.objects.sources import objects_of_classes, objects_of_regions, united


def _on_objects(title: str, change: Callable[[ObjectMap], ObjectMap]) -> Edit[Document]:
    def apply(document: Document) -> Document:
        before = document.object_map
        after = change(before)
        return document if after is before else replace(document, objects=after)

    return Edit(title, apply)


def _on_entries(
    title: str, wanted: Sequence[int], change: Callable[[ObjectInfo], ObjectInfo]
) -> Edit[Document]:
    def apply(objects: ObjectMap) -> ObjectMap:
        for each in wanted:
            objects = objects.changed(each, change)
        return objects

    return _on_objects(title, apply)


# Pixels


def add_object(
    patch: Patch, name: str, colour: Colour | None = None, *, only_unlabelled: bool = False
) -> Edit[Document]:
    """Return the edit that makes pixels a new object."""
    return _on_objects(
        f"Add {name}",
        lambda objects: objects.with_object(patch, name, colour, only_unlabelled=only_unlabelled),
    )


def paint_object(
    wanted: int, patch: Patch, title: str = "Paint", *, only_unlabelled: bool = False
) -> Edit[Document]:
    """Return the edit that gives pixels to an object; those of locked ones stay."""
    return _on_objects(title, lambda objects: objects.painted(patch, wanted, only_unlabelled=only_unlabelled))


def mark_found(find: Callable[[], Patch], mark: Callable[[Patch], Edit[Document]]) -> Edit[Document]:
    """Return the edit that `mark` makes of pixels that are found as it is applied; none change nothing."""

    def apply(document: Document) -> Document:
        patch = find()
        return document if patch.is_empty else mark(patch).apply(document)

    return Edit(mark(Patch.of(np.zeros((0, 0), dtype=np.bool_))).title, apply)


def fill(
    x: int, y: int, mark: Callable[[Patch], Edit[Document]], field: Field | None = None
) -> Edit[Document]:
    """Return the edit that marks a pixel and what is connected with it of the same object, or of none.

    Parameters
    ----------
    x, y : int
        The pixel.
    mark : callable
        Returns the edit that marks pixels.
    field : Field, optional
        Where it ends; without it at the edge of the image.
    """

    def apply(document: Document) -> Document:
        objects = document.object_map
        within = field or Field(0, 0, *objects.shape)
        return mark(flooded(objects, x, y, within)).apply(document)

    return Edit("Fill", apply)


def erase(patch: Patch, wanted: Sequence[int] | None = None, title: str = "Erase") -> Edit[Document]:
    """Return the edit that unlabels pixels of all unlocked objects, or of `wanted` among them."""
    return _on_objects(title, lambda objects: objects.erased(patch, wanted))


def replace_object(wanted: int, patch: Patch, before: Patch | None = None) -> Edit[Document]:
    """Return the edit that gives an object pixels in place of others; see `ObjectMap.reshaped`."""
    return _on_objects("Correct the object", lambda objects: objects.reshaped(wanted, patch, before))


def reshape_objects(wanted: Sequence[int], title: str, reshape: Callable[[Patch], Patch]) -> Edit[Document]:
    """Return the edit that changes the shapes of objects one after the other.

    It raises `EditError` where nothing would be left of one.
    """

    def apply(objects: ObjectMap) -> ObjectMap:
        for each in wanted:
            patch = reshape(objects.patch_of(each))
            if patch.is_empty:
                raise EditError(
                    f"Nothing would be left of “{objects.by_id(each).name}”.", "Choose a smaller step."
                )
            objects = objects.reshaped(each, patch)
        return objects

    return _on_objects(title, apply)


def split_object(wanted: int, title: str, parts_of: Callable[[Patch], Sequence[Patch]]) -> Edit[Document]:
    """Return the edit that takes an object apart; it raises `EditError` where there is one part."""

    def apply(objects: ObjectMap) -> ObjectMap:
        parts = parts_of(objects.patch_of(wanted))
        if len(parts) < 2:
            raise EditError(
                f"“{objects.by_id(wanted).name}” has one part only.", "Split it by a line or by colour."
            )
        return objects.split(wanted, parts)

    return _on_objects(title, apply)


def merge_objects(wanted: Sequence[int]) -> Edit[Document]:
    """Return the edit that unites objects under the first one's id, name and colour."""
    return _on_objects("Merge objects", lambda objects: objects.merged(wanted))


def remove_objects(wanted: Sequence[int]) -> Edit[Document]:
    """Return the edit that removes objects; their pixels are unlabelled."""
    title = "Remove objects" if len(wanted) > 1 else "Remove object"
    return _on_objects(title, lambda objects: objects.removed(wanted))


def take_objects(added: ObjectMap, title: str) -> Edit[Document]:
    """Return the edit that adds objects made elsewhere, in pixels that are unlabelled."""
    return _on_objects(title, lambda objects: united(objects, added))


def add_classes(labels: LabelArray, classes: ClassTable) -> Edit[Document]:
    """Return the edit that makes each visible class of a label map an object, in unlabelled pixels."""
    title = "Objects from classes"
    return _on_objects(title, lambda objects: united(objects, objects_of_classes(labels, classes)))


def add_regions(labels: LabelArray, wanted: Sequence[int] | None = None) -> Edit[Document]:
    """Return the edit that makes each region of a map, or those wanted, an object, in unlabelled pixels."""
    title = "Objects from regions"
    return _on_objects(title, lambda objects: united(objects, objects_of_regions(labels, wanted)))


# The list


def rename_objects(wanted: Sequence[int], name: str) -> Edit[Document]:
    """Return the edit that names objects; objects of one name are one category."""
    return _on_entries(f"Rename to {name}", wanted, lambda entry: replace(entry, name=name))


def recolour_objects(wanted: Sequence[int], colour: Colour) -> Edit[Document]:
    """Return the edit that gives objects another colour."""
    return _on_entries("Recolour objects", wanted, lambda entry: replace(entry, colour=colour))


def show_objects(wanted: Sequence[int], is_visible: bool) -> Edit[Document]:
    """Return the edit that shows or hides objects."""
    title = "Show objects" if is_visible else "Hide objects"
    return _on_entries(title, wanted, lambda entry: replace(entry, is_visible=is_visible))


def lock_objects(wanted: Sequence[int], is_locked: bool) -> Edit[Document]:
    """Return the edit that locks or unlocks objects."""
    title = "Lock objects" if is_locked else "Unlock objects"
    return _on_entries(title, wanted, lambda entry: replace(entry, is_locked=is_locked))


def solo_object(wanted: int) -> Edit[Document]:
    """Return the edit that shows one object alone, or all again."""
    return _on_objects("Solo object", lambda objects: objects.solo(wanted))


def move_object(wanted: int, to: int) -> Edit[Document]:
    """Return the edit that moves an object to another display position."""
    return _on_objects("Reorder objects", lambda objects: objects.moved(wanted, to))
