"""Answers: what the prompts of a pending selection select."""

from __future__ import annotations

from collections.abc import Callable

from gmmseg.arrays import BoolArray
from gmmseg.photo.document import Act, PendingSelection, SizeStep
from gmmseg.photo.field import Field
from gmmseg.photo.objects.patch import Patch
from gmmseg.photo.pending import SelectionAnswer
from gmmseg.selection.prompts import Box
from gmmseg.selection.resuming import resumed, within_base
from gmmseg.selection.selecting import PromptedSelection, nothing_selected
from gmmseg.selection.site import Site

_Acts = tuple[Act, ...]


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
        self._root: tuple[Box | None, Patch | None, bool] | None = None
        self._chains: dict[_Acts, dict[_Acts, PromptedSelection]] = {}

    def answer(self, pending: PendingSelection) -> SelectionAnswer:
        """Return what a pending selection selects."""
        root = pending.box, pending.base, pending.adds
        if self._root != root:
            self._root, self._chains = root, {}
        base = self._base_of(pending)
        if base is None:
            state = self._after((), lambda: nothing_selected(self.site, pending.box), pending.acts)
            return self._answer(pending, state.mask, state.place)
        first, later = _divided(pending)
        if first:
            fresh = self._after((), lambda: nothing_selected(self.site), first)
            base = fresh.mask | base
            if not later:
                return self._answer(pending, base, fresh.place)
        state = self._after(first, lambda: resumed(self.site, base), later)
        return self._answer(pending, within_base(self._chains[first][()], state, base), state.place)

    def _answer(self, pending: PendingSelection, mask: BoolArray, place: tuple[int, int]) -> SelectionAnswer:
        field = self.field
        patch = Patch.of(mask, field.top, field.left, field.step)
        return SelectionAnswer(pending, patch, self.is_coarse, place)

    def _base_of(self, pending: PendingSelection) -> BoolArray | None:
        """Return the mask that is corrected, (H, W) of the field; None where there is no pixel of it."""
        base = pending.base
        return None if base is None or base.is_empty else base.inside(self.field.box)

    def _after(self, chain: _Acts, start: Callable[[], PromptedSelection], acts: _Acts) -> PromptedSelection:
        """Return the state after some acts from a start; those on the way are kept in a chain."""
        states = self._chains.setdefault(chain, {})
        if not states:
            states[()] = start()
        known = next(at for at in range(len(acts), -1, -1) if acts[:at] in states)
        state = states[acts[:known]]
        for at in range(known, len(acts)):
            act = acts[at]
            state = state.stepped(act.by) if isinstance(act, SizeStep) else state.with_prompt(act)
            states[acts[: at + 1]] = state
        return state


def _divided(pending: PendingSelection) -> tuple[_Acts, _Acts]:
    """Return the acts that select what is added to the base, the first prompt and its sizes, and the rest."""
    acts = pending.acts
    if not (pending.adds and acts):
        return (), acts
    later = (at for at, act in enumerate(acts) if at and not isinstance(act, SizeStep))
    at = next(later, len(acts))
    return acts[:at], acts[at:]
