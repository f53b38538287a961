"""Answers: what the prompts of a pending selection select."""

from __future__ import annotations

from gmmseg.arrays import BoolArray
from gmmseg.photo.document import Act, PendingSelection, SizeStep
from gmmseg.photo.field import Field
from gmmseg.photo.objects.patch import Patch
from gmmseg.photo.pending import SelectionAnswer
from gmmseg.selection.prompts import Box
from gmmseg.selection.resuming import resumed, within_base
from gmmseg.selection.selecting import PromptedSelection, nothing_selected
from gmmseg.selection.site import Site


class Answers:
    """Answers pending selections of one site; each builds on the one before, and undoing meets it again.

    Parameters
    ----------
    site : Site
    field : Field
        Of whose pixels that is.
    is_coarse : bool
    """

    def __init__(self, site: Site, field: Field, is_coarse: bool = False) -> None:
        self.site = site
        self.field = field
        self.is_coarse = is_coarse
        self._root: tuple[Box | None, Patch | None] | None = None
        self._states: dict[tuple[Act, ...], PromptedSelection] = {}

    def answer(self, pending: PendingSelection) -> SelectionAnswer:
        """Return what a pending selection selects."""
        state = self._state(pending)
        mask = state.mask
        field, base = self.field, self._base_of(pending)
        if base is not None:
            mask = within_base(self._states[()], state, base)
        patch = Patch.of(mask, field.top, field.left, field.step)
        return SelectionAnswer(pending, patch, self.is_coarse, state.place)

    def _base_of(self, pending: PendingSelection) -> BoolArray | None:
        """Return the mask that is corrected, (H, W) of the field; None where there is no pixel of it."""
        base = pending.base
        return None if base is None or base.is_empty else base.inside(self.field.box)

    def _state(self, pending: PendingSelection) -> PromptedSelection:
        acts, root = pending.acts, (pending.box, pending.base)
        if self._root is None or self._root != root:
            self._root = root
            start = nothing_selected(self.site, pending.box)
            base = self._base_of(pending)
            if base is not None:
                start = resumed(self.site, base)
            self._states = {(): start}
        known = next(at for at in range(len(acts), -1, -1) if acts[:at] in self._states)
        state = self._states[acts[:known]]
        for at in range(known, len(acts)):
            act = acts[at]
            state = state.stepped(act.by) if isinstance(act, SizeStep) else state.with_prompt(act)
            self._states[acts[: at + 1]] = state
        return state
