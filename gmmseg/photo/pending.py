"""The pending selection: what the prompts given so far select, before it becomes an object."""

from __future__ import annotations

from dataclasses import dataclass, replace

from gmmseg.editing import Edit
from gmmseg.photo.document import Act, Document, PendingSelection, SizeStep
from gmmseg.photo.objects import edits
from gmmseg.photo.objects.patch import Patch
from gmmseg.selection.prompts import Box, Prompt
from gmmseg.selection.resuming import resumed, within_base
from gmmseg.selection.selecting import PromptedSelection, nothing_selected
from gmmseg.selection.site import Site


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


class Answers:
    """Answers pending selections of one site; each builds on the one before, and undoing meets it again.

    Parameters
    ----------
    site : Site
    is_coarse : bool
    """

    def __init__(self, site: Site, is_coarse: bool = False) -> None:
        self.site = site
        self.is_coarse = is_coarse
        self._root: tuple[Box | None, Patch | None] | None = None
        self._states: dict[tuple[Act, ...], PromptedSelection] = {}

    def answer(self, pending: PendingSelection) -> SelectionAnswer:
        """Return what a pending selection selects."""
        state = self._state(pending)
        mask = state.mask
        if pending.base is not None:
            start = self._states[()]
            mask = within_base(start, state, pending.base.full(self.site.shape))
        return SelectionAnswer(pending, Patch.of(mask), self.is_coarse)

    def _state(self, pending: PendingSelection) -> PromptedSelection:
        acts, root = pending.acts, (pending.box, pending.base)
        if self._root is None or self._root != root:
            self._root = root
            start = nothing_selected(self.site, pending.box)
            if pending.base is not None:
                start = resumed(self.site, pending.base.full(self.site.shape))
            self._states = {(): start}
        known = next(at for at in range(len(acts), -1, -1) if acts[:at] in self._states)
        state = self._states[acts[:known]]
        for at in range(known, len(acts)):
            act = acts[at]
            state = state.stepped(act.by) if isinstance(act, SizeStep) else state.with_prompt(act)
            self._states[acts[: at + 1]] = state
        return state


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
