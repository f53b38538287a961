"""The pending selection as edits see it: prompts are added, and what they select becomes an object."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

from gmmseg.arrays import LabelArray, looked_up
from gmmseg.editing.editor import Edit
from gmmseg.errors import EditError
from gmmseg.photo.classes import ClassTable
from gmmseg.photo.document import Document, PendingSelection, SizeStep
from gmmseg.photo.field import Field
from gmmseg.photo.objects import edits
from gmmseg.photo.objects.filling import of_one_value
from gmmseg.photo.objects.patch import Patch
from gmmseg.selection.prompts import Box, Prompt

How = Literal["new", "add", "remove"]
"""Whether pixels become the selection, are added to it, or taken from it."""


@dataclass(frozen=True, slots=True, eq=False)
class SelectionAnswer:
    """Answer to a pending selection.

    Parameters
    ----------
    pending : PendingSelection
    patch : Patch
    is_coarse : bool
        It is the first answer, of a coarse tree: the exact one follows.
    place : (int, int)
        Where its size stands among the likely sizes, from 1, smallest first, and how many there are.
    """

    pending: PendingSelection
    patch: Patch
    is_coarse: bool = False
    place: tuple[int, int] = (1, 1)

    def holds(self, x: int, y: int) -> bool:
        """Whether a pixel of the picture is selected."""
        return bool(self.patch.pixels_in((slice(y, y + 1), slice(x, x + 1)))[0, 0])


def _on_pending(title: str, pending: PendingSelection | None, merge_key: str | None = None) -> Edit[Document]:
    return Edit(title, lambda document: replace(document, pending=pending), merge_key)


def select(prompt: Prompt, field: Field | None = None) -> Edit[Document]:
    """Return the edit that begins a selection with a prompt; what was pending is dropped."""
    return _on_pending("Select", PendingSelection((prompt,), field=field))


def select_box(box: Box, field: Field | None = None) -> Edit[Document]:
    """Return the edit that begins a selection with a box."""
    return _on_pending("Select in a box", PendingSelection(box=box, field=field))


def select_object(wanted: int, field: Field | None = None) -> Edit[Document]:
    """Return the edit that makes an object the selection again, to be corrected, as far as a field goes."""

    def apply(document: Document) -> Document:
        return replace(document, pending=_correction(document, wanted, field))

    return Edit("Select the object", apply)


def _correction(document: Document, wanted: int, field: Field | None) -> PendingSelection:
    pending = PendingSelection(object_id=wanted, field=field)
    within = document.field_of(pending)
    return replace(pending, base=document.object_map.part_of(wanted, within.box, within.step))


def go_on(
    answer: SelectionAnswer, name: str, prompt: Prompt, field: Field, *, only_unlabelled: bool = False
) -> Edit[Document]:
    """Return the edit that goes on with a selection in another field, as the object that it becomes."""

    def apply(document: Document) -> Document:
        if document.pending is not answer.pending:
            return document
        after = accept_selection(answer, name, only_unlabelled=only_unlabelled).apply(document)
        wanted = answer.pending.object_id or after.object_map.objects[-1].id
        pending = _correction(after, wanted, field)
        return replace(after, pending=replace(pending, acts=(prompt,), adds=prompt.is_positive))

    return Edit("Go on with the selection", apply)


def select_pixels(patch: Patch, title: str = "Select pixels") -> Edit[Document]:
    """Return the edit that begins a selection with some pixels, to be corrected by prompts; none drops it."""
    return _on_pending(title, None if patch.is_empty else PendingSelection(base=patch))


def select_class(
    labels: LabelArray,
    classes: ClassTable,
    x: int,
    y: int,
    how: How = "new",
    now: SelectionAnswer | None = None,
    *,
    is_connected: bool = True,
) -> Edit[Document]:
    """Return the edit that selects the pixels of the class at a pixel.

    Parameters
    ----------
    labels : (H, W)
        Components, as in a segmentation.
    classes : ClassTable
    x, y : int
        The pixel.
    how : {"new", "add", "remove"}
    now : SelectionAnswer, optional
        What is selected, to which they are added or from which they are taken.
    is_connected : bool
        Those 4-connected with the pixel alone.
    """
    title = "Select by colour"

    def apply(document: Document) -> Document:
        ids = classes.ids_by_label()
        is_own = looked_up(ids == ids[labels[y, x]], labels)
        step = 1 if document.image is None else document.image.step_of_levels
        patch = replace(of_one_value(is_own, x, y, is_connected=is_connected), step=step)
        if now is not None and how != "new" and not now.patch.is_empty and now.patch.step != step:
            raise EditError(
                "Colours are selected in the overview, and what is selected is finer than that.",
                "Press Enter to make it an object first.",
            )
        if now is not None and how == "add":
            patch = now.patch.united(patch)
        elif how == "remove":
            if now is None:
                return document
            patch = now.patch.without(patch.inside(now.patch.box))
        return select_pixels(patch, title).apply(document)

    return Edit(title, apply)


def correct(prompt: Prompt, field: Field | None = None) -> Edit[Document]:
    """Return the edit that adds a prompt to the pending selection, in its field, or begins one."""

    def apply(document: Document) -> Document:
        pending = document.pending or PendingSelection(field=field)
        return replace(document, pending=replace(pending, acts=(*pending.acts, prompt)))

    return Edit("Add to the selection" if prompt.is_positive else "Take from the selection", apply)


def step_size(by: int) -> Edit[Document]:
    """Return the edit that goes to the next larger (1) or smaller (-1) of the likely sizes."""

    def apply(document: Document) -> Document:
        pending = document.pending
        if pending is None:
            return document
        return replace(document, pending=replace(pending, acts=(*pending.acts, SizeStep(by))))

    return Edit("Change the size of the selection", apply, merge_key="selection size")


def drop_selection() -> Edit[Document]:
    """Return the edit that forgets the pending selection."""
    return _on_pending("Drop the selection", None)


def accept_selection(answer: SelectionAnswer, name: str, *, only_unlabelled: bool = False) -> Edit[Document]:
    """Return the edit that makes the selection an object, or gives its pixels back to the one it mends."""
    wanted = answer.pending.object_id
    edit = (
        edits.add_object(answer.patch, name, only_unlabelled=only_unlabelled)
        if wanted is None
        else edits.replace_object(wanted, answer.patch, answer.pending.base)
    )
    return _deciding(answer, edit)


def extend_object(answer: SelectionAnswer, wanted: int) -> Edit[Document]:
    """Return the edit that adds the selection to an object."""
    return _deciding(answer, edits.paint_object(wanted, answer.patch, "Add to the object"))


def subtract_selection(answer: SelectionAnswer) -> Edit[Document]:
    """Return the edit that takes the selection away from all unlocked objects."""
    return _deciding(answer, edits.erase(answer.patch, title="Subtract the selection"))


def _deciding(answer: SelectionAnswer, edit: Edit[Document]) -> Edit[Document]:
    """Return the edit that also drops the selection; where that has been decided on already, none."""

    def apply(document: Document) -> Document:
        if document.pending is not answer.pending:
            return document
        return replace(edit.apply(document), pending=None)

    return Edit(edit.title, apply)
