"""The pending selection as edits see it: prompts are added, and what they select becomes an object."""

from __future__ import annotations

from dataclasses import dataclass, replace

from gmmseg.editing import Edit
from gmmseg.photo.document import Document, PendingSelection, SizeStep
from gmmseg.photo.objects import edits
from gmmseg.photo.objects.patch import Patch
from gmmseg.selection.prompts import Box, Prompt


@dataclass(frozen=True, slots=True, eq=False)
class SelectionAnswer:
    """What a pending selection selects.

    Parameters
    ----------
    pending : PendingSelection
    patch : Patch
    is_coarse : bool
        It is the first answer, of a coarse tree: the exact one follows.
    """

    pending: PendingSelection
    patch: Patch
    is_coarse: bool = False


def _on_pending(title: str, pending: PendingSelection | None, merge_key: str | None = None) -> Edit[Document]:
    return Edit(title, lambda document: replace(document, pending=pending), merge_key)


def select(prompt: Prompt) -> Edit[Document]:
    """Return the edit that begins a selection with a prompt; what was pending is dropped."""
    return _on_pending("Select", PendingSelection((prompt,)))


def select_box(box: Box) -> Edit[Document]:
    """Return the edit that begins a selection with a box."""
    return _on_pending("Select in a box", PendingSelection(box=box))


def select_object(wanted: int) -> Edit[Document]:
    """Return the edit that makes an object the selection again, to be corrected."""

    def apply(document: Document) -> Document:
        patch = document.object_map.patch_of(wanted)
        return replace(document, pending=PendingSelection(object_id=wanted, base=patch))

    return Edit("Select the object", apply)


def select_pixels(patch: Patch, title: str = "Select pixels") -> Edit[Document]:
    """Return the edit that begins a selection with some pixels, to be corrected by prompts; none drops it."""
    return _on_pending(title, None if patch.is_empty else PendingSelection(base=patch))


def correct(prompt: Prompt) -> Edit[Document]:
    """Return the edit that adds a prompt to the pending selection, or begins one."""

    def apply(document: Document) -> Document:
        pending = document.pending or PendingSelection()
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
        else edits.replace_object(wanted, answer.patch)
    )
    return _accepting(edit)


def extend_object(answer: SelectionAnswer, wanted: int) -> Edit[Document]:
    """Return the edit that adds the selection to an object."""
    return _accepting(edits.paint_object(wanted, answer.patch, "Add to the object"))


def subtract_selection(answer: SelectionAnswer) -> Edit[Document]:
    """Return the edit that takes the selection away from all unlocked objects."""
    return _accepting(edits.erase(answer.patch, title="Subtract the selection"))


def _accepting(edit: Edit[Document]) -> Edit[Document]:
    return Edit(edit.title, lambda document: replace(edit.apply(document), pending=None))
