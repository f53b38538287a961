"""A selection and the prompts that made it, each from the one before."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from itertools import pairwise

import numpy as np

from gmmseg.arrays import BoolArray, FloatArray
from gmmseg.selection.advance import Selection, advance, boxed, nothing
from gmmseg.selection.boxing import boxed_area
from gmmseg.selection.candidates import candidates_of
from gmmseg.selection.locating import touch_of
from gmmseg.selection.painting import painted
from gmmseg.selection.prompts import Box, Prompt, click
from gmmseg.selection.site import Site

LEAST_SIZES, MOST_SIZES = 3, 7
"""Masks that the wheel goes through, where so many differ."""
_UNLIKELY = 1.0
"""Distance below the best score at which a mask is not worth showing. Of first clicks on 152 objects of
COCO the best overlap within three steps is the same with and without such masks, .731 (of clicks beside the
deepest point .709); steps that more than quadruple the area are met by 26 % of them, not 33."""
_SAME = 0.85
"""Masks that overlap more than this look the same."""
_GAP = 4.0
"""Ratio of areas above which a step of the wheel stops at another mask on the way, however unlikely."""


@dataclass(frozen=True, eq=False)
class PromptedSelection:
    """Selection of an image by some prompts, immutable.

    Parameters
    ----------
    site : Site
    prompts : tuple of Prompt
        In the order given.
    selection : Selection
        Of leaves.
    chosen : int
        Which of `sizes` was chosen; 0 is the best.
    box : (x0, y0, x1, y1), optional
    """

    site: Site
    prompts: tuple[Prompt, ...]
    selection: Selection
    chosen: int = 0
    box: Box | None = None

    @cached_property
    def mask(self) -> BoolArray:
        """The selected pixels, (H, W); each pixel of a prompt as it asks."""
        return self._painted(self.members)

    @property
    def members(self) -> BoolArray:
        """The selected leaves, (N,)."""
        members: BoolArray = self.selection.masks[self.ranked[self.chosen]]
        return members

    @cached_property
    def ranked(self) -> tuple[int, ...]:
        """Indices of the masks that are worth showing: best first, none unlikely or like one before."""
        areas = self.site.scene.ground.areas
        members = self.selection.masks.astype(np.float64)
        common = (members * areas) @ members.T
        sizes = np.diagonal(common)
        overlaps = common / np.maximum(sizes[:, None] + sizes - common, 1e-9)
        is_likely = self.selection.scores >= self.selection.scores[0] - _UNLIKELY
        kept: list[int] = []
        for at in range(len(members)):
            is_wanted = len(kept) < (MOST_SIZES if is_likely[at] else LEAST_SIZES)
            if is_wanted and all(overlaps[at, other] < _SAME for other in kept):
                kept.append(at)
        return tuple(_without_gaps(kept, sizes, overlaps))

    def sizes(self) -> list[BoolArray]:
        """Return the masks (H, W) that the wheel shows, best first."""
        return [self._painted(self.selection.masks[at]) for at in self.ranked]

    def stepped(self, step: int) -> PromptedSelection:
        """Return the next larger (1) or smaller (-1) of the sizes; the same at either end.

        A later prompt goes on from it.
        """
        order = self._by_area
        at = min(max(order.index(self.chosen) + step, 0), len(order) - 1)
        return replace(self, chosen=order[at])

    @property
    def place(self) -> tuple[int, int]:
        """Position of the chosen size among the sizes by area, from 1, and their number."""
        return self._by_area.index(self.chosen) + 1, len(self._by_area)

    @cached_property
    def _by_area(self) -> list[int]:
        """The sizes, smallest first."""
        areas = self.selection.masks[list(self.ranked)] @ self.site.scene.ground.areas
        order: list[int] = np.argsort(areas, kind="stable").tolist()
        return order

    def with_prompt(self, prompt: Prompt) -> PromptedSelection:
        """Return the selection after one more prompt."""
        site = self.site
        touch = touch_of(site.scene.ground, site.labels, prompt)
        after, _ = advance(site.scene, self._settled(), touch, site.weights)
        return PromptedSelection(site, (*self.prompts, prompt), after, box=self.box)

    def on(self, site: Site) -> PromptedSelection:
        """Return what the same prompts select on another site of the same image; sizes are the best again."""
        found = nothing_selected(site, self.box)
        for prompt in self.prompts:
            found = found.with_prompt(prompt)
        return found

    def _settled(self) -> Selection:
        """Return the selection of leaves with the chosen mask as the best."""
        if self.chosen == 0:
            return self.selection
        return replace(self.selection, masks=self.members[None], scores=np.zeros(1))

    def _painted(self, members: BoolArray) -> BoolArray:
        first_correction = 1 if self.box is None and not self.selection.is_given else 0
        return painted(self.site, members, self.prompts, first_correction, self.box)


def _without_gaps(kept: list[int], areas: FloatArray, overlaps: FloatArray) -> list[int]:
    """Return masks with others added where one is far larger than the next smaller one.

    Parameters
    ----------
    kept : list of int
        Indices of masks.
    areas : (c,)
        Areas of all masks, best first.
    overlaps : (c, c)
    """
    found = list(kept)
    while True:
        by_area = sorted(found, key=areas.__getitem__)
        between = (
            at
            for small, large in pairwise(by_area)
            if areas[large] > _GAP * areas[small]
            for at in range(len(areas))
            if areas[small] < areas[at] < areas[large] and overlaps[at, [small, large]].max() < _SAME
        )
        added = next(between, None)
        if added is None:
            return found
        found.append(added)


def nothing_selected(site: Site, box: Box | None = None) -> PromptedSelection:
    """Return the selection of an image before the first prompt: empty, or what a box says by itself."""
    scene = site.scene
    if box is None:
        return PromptedSelection(site, (), nothing(scene))
    down, across = (small / large for small, large in zip(scene.ground.labels.shape, site.shape, strict=True))
    area = boxed_area(scene, (box[1] * down, box[0] * across, box[3] * down, box[2] * across))
    return PromptedSelection(site, (), boxed(scene, area, site.weights), box=box)


def hovered(site: Site, x: int, y: int) -> BoolArray:
    """Return what a first click would select, (h, w) at the working size, fast enough for every move."""
    ground = site.scene.ground
    touch = touch_of(ground, site.labels, click(x, y))
    candidates = candidates_of(site.scene, touch, (), np.zeros(ground.n_leaves, dtype=np.bool_))
    node = candidates.nodes[int(np.argmax(site.weights.first(candidates.features)))]
    start, stop = ground.tree.intervals[:, node]
    within: BoolArray = (ground.labels >= start) & (ground.labels < stop)
    return within
