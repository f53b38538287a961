"""From one selection to the next by one prompt."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from gmmseg.arrays import BoolArray, FloatArray, IntArray
from gmmseg.selection.boxing import (
    BoxedArea,
    box_leaf_features,
    box_mask_features,
    box_proposals,
    boxed_labelling,
)
from gmmseg.selection.candidates import GREATEST_SHARE, Candidates, candidates_of, membership
from gmmseg.selection.closeness import FARTHEST, closeness
from gmmseg.selection.leaf_features import Belief, leaf_features
from gmmseg.selection.programme import MAPS, PLAIN_MAP, best_labellings
from gmmseg.selection.ranking import rank_features
from gmmseg.selection.scene import Scene, Touch, area_of
from gmmseg.selection.weights import Weights

_CERTAIN = 50.0
_LIMIT = 8.0
_EDITS = 6
_LEAP, _NEARLY = 3.0, 0.45
"""Factor of the expected area above which a mask is taken only where it scores this much better.

After a click anywhere beside the object the overlap is .47 for .41 (25 objects of Berkeley, three clicks
each) and .30 for .27 (49 of COCO); simulated clicks on these reach the same as without.
"""
_LOCAL_MAPS = [2, 6, 10]
"""Labellings of which only the changes around the prompt are proposed, too."""


@dataclass(frozen=True, slots=True, eq=False)
class Mark:
    """A prompt with what it was taken to mean."""

    touch: Touch
    nodes: IntArray
    scores: FloatArray


@dataclass(frozen=True, slots=True, eq=False)
class Selection:
    """Selection by some prompts, of N leaves.

    Parameters
    ----------
    marks : tuple of Mark
    near : ((N, 9), (N, 9))
        `closeness` to the nearest negative and positive prompts.
    odds : (N,)
        Log odds that a leaf is object.
    masks : bool array, (c, N)
        What could be meant, best first.
    scores : (c,)
    allowed : bool array, (N,), optional
        Leaves in the box; None without one.
    changed : float
        Share of the picture that the last correction changed.
    is_given : bool
        Whether the mask came from elsewhere: then prompts only add to it, or only take away.
    """

    marks: tuple[Mark, ...]
    near: tuple[FloatArray, FloatArray]
    odds: FloatArray
    masks: BoolArray
    scores: FloatArray
    allowed: BoolArray | None = None
    changed: float = 0.0
    is_given: bool = False

    @property
    def mask(self) -> BoolArray:
        """The best mask, (N,)."""
        best: BoolArray = self.masks[0]
        return best


@dataclass(frozen=True, slots=True, eq=False)
class Working:
    """Features by which a step was decided, for training."""

    candidates: Candidates
    leaf_features: FloatArray | None = None
    rank_features: FloatArray | None = None
    masks: BoolArray | None = None


def nothing(scene: Scene) -> Selection:
    """Return the selection without prompts."""
    n_leaves = scene.ground.n_leaves
    far = np.broadcast_to(FARTHEST, (n_leaves, len(FARTHEST)))
    empty = np.zeros((1, n_leaves), dtype=np.bool_)
    return Selection((), (far, far), np.full(n_leaves, -_LIMIT), empty, np.zeros(1))


def boxed(scene: Scene, area: BoxedArea, weights: Weights) -> Selection:
    """Return the selection of a box alone."""
    empty = nothing(scene)
    if weights.box_leaves is None:
        odds, _ = boxed_labelling(scene, area)
    else:
        odds = weights.box_leaves(box_leaf_features(scene, area))
    odds = np.where(area.inside, np.clip(odds, -_LIMIT, _LIMIT), -_LIMIT)
    masks = box_proposals(scene, area, odds)
    features = box_mask_features(scene, area, odds, masks)
    scores = features[:, 1] if weights.box_masks is None else weights.box_masks(features)
    order = np.argsort(-scores, kind="stable")
    return Selection((), empty.near, odds, masks[order], scores[order], area.inside)


def advance(scene: Scene, selection: Selection, touch: Touch, weights: Weights) -> tuple[Selection, Working]:
    """Return the selection after one more prompt, and what it was decided by."""
    touches = [mark.touch for mark in selection.marks]
    candidates = candidates_of(scene, touch, touches, selection.mask, selection.changed)
    is_first = selection.allowed is None and not any(other.is_positive for other in touches)
    score = weights.first if is_first or weights.later is None else weights.later
    scores = score(candidates.features)
    marks = (*_reconsidered(scene, selection.marks, touch), Mark(touch, candidates.nodes, scores))
    last = closeness(
        scene.ground, scene.nodes, scene.ways, touch.leaves, np.array(touch.point, dtype=np.float64)
    )
    near = list(selection.near)
    near[touch.is_positive] = np.minimum(near[touch.is_positive], last)
    inside = [np.zeros(scene.ground.n_leaves) for _ in range(2)]
    memberships = [membership(scene, mark.nodes, mark.scores) for mark in marks]
    for mark, held in zip(marks, memberships, strict=True):
        sign = mark.touch.is_positive
        inside[sign] = 1 - (1 - inside[sign]) * (1 - held)
    if is_first and touch.is_positive:
        share = np.clip(memberships[-1], 1e-3, 1 - 1e-3)
        odds = np.log(share / (1 - share))
        order = np.argsort(-scores, kind="stable")
        masks = _with_marks(_interval_masks(scene, candidates.nodes[order]), marks)
        return Selection(marks, (near[0], near[1]), odds, masks, scores[order]), Working(candidates)
    belief = Belief(
        (near[0], near[1]),
        last,
        (inside[0], inside[1]),
        memberships[-1],
        (sum(not mark.touch.is_positive for mark in marks), sum(mark.touch.is_positive for mark in marks)),
        touch.is_positive,
        selection.odds,
        selection.mask,
        candidates.course,
    )
    features = leaf_features(scene, belief)
    if weights.leaves is None:
        share = np.clip(np.where(inside[1] > 0, inside[1] * (1 - inside[0]), 0), 1e-3, 1 - 1e-3)
        odds = np.log(share / (1 - share))
    else:
        odds = np.clip(weights.leaves(features), -_LIMIT, _LIMIT)
    if selection.allowed is not None:
        odds = np.where(selection.allowed, odds, -_LIMIT)
    masks = _proposals(scene, selection, marks, odds)
    first = next((mark.touch for mark in marks if mark.touch.is_positive), touch)
    ranks = rank_features(scene, belief, odds, masks, touch, first)
    ranking = ranks[:, 3] if weights.masks is None else weights.masks(ranks)
    order = np.argsort(-ranking, kind="stable")
    if touch.is_positive:
        meant = _interval_masks(scene, candidates.nodes[[int(np.argmax(scores))]])[0]
        expected = area_of(scene, selection.mask | meant)
        order = without_leap(order, ranking, masks @ scene.ground.areas, expected)
    working = Working(candidates, features, ranks, masks)
    changed = area_of(scene, masks[order[0]] ^ selection.mask) / scene.ground.total
    after = replace(
        selection,
        marks=marks,
        near=(near[0], near[1]),
        odds=odds,
        masks=masks[order],
        scores=ranking[order],
        changed=changed,
    )
    return after, working


def _reconsidered(scene: Scene, marks: tuple[Mark, ...], touch: Touch) -> tuple[Mark, ...]:
    """Return earlier prompts without the candidates that hold a new one of the other sign."""
    starts, stops = scene.ground.tree.intervals
    found: list[Mark] = []
    for mark in marks:
        if mark.touch.is_positive != touch.is_positive:
            fits = np.ones(len(mark.nodes), dtype=np.bool_)
            for leaf in touch.leaves:
                fits &= (leaf < starts[mark.nodes]) | (leaf >= stops[mark.nodes])
            if not fits.any():
                mark = Mark(mark.touch, np.array([mark.touch.leaf]), np.zeros(1))
            elif not fits.all():
                mark = Mark(mark.touch, mark.nodes[fits], mark.scores[fits])
        found.append(mark)
    return tuple(found)


def _interval_masks(scene: Scene, nodes: IntArray) -> BoolArray:
    masks = np.zeros((len(nodes), scene.ground.n_leaves), dtype=np.bool_)
    starts, stops = scene.ground.tree.intervals[:, nodes]
    for mask, start, stop in zip(masks, starts.tolist(), stops.tolist(), strict=True):
        mask[start:stop] = True
    return masks


def _with_marks(masks: BoolArray, marks: tuple[Mark, ...]) -> BoolArray:
    """Set the leaves of all prompts in all masks, the last prompt last; return the masks."""
    for mark in marks:
        masks[:, mark.touch.leaves] = mark.touch.is_positive
    return masks


def _proposals(scene: Scene, selection: Selection, marks: tuple[Mark, ...], odds: FloatArray) -> BoolArray:
    """Return the masks to choose from, (c, N), each once, all with the label asked for at every prompt."""
    before, last = selection.mask, marks[-1]
    certain = odds.copy()
    for mark in marks:
        certain[mark.touch.leaves] = _CERTAIN if mark.touch.is_positive else -_CERTAIN
    maps = best_labellings(scene.ground, scene.prices, certain, MAPS[:, 0], MAPS[:, 1])
    best = np.argsort(-last.scores, kind="stable")[:_EDITS]
    parts = _interval_masks(scene, last.nodes[best])
    local = np.stack([_local(scene, before, one, last.touch) for one in maps[_LOCAL_MAPS]])
    if last.touch.is_positive:
        monotone, edits = before | maps, before | parts
    else:
        monotone, edits = before & maps, before & ~parts
    masks = np.concatenate([monotone, edits, local])
    if not selection.is_given:
        masks = np.concatenate([maps, masks, np.where(parts, maps[PLAIN_MAP], before)])
    if selection.allowed is not None:
        masks &= selection.allowed
    masks = _with_marks(masks, marks)
    # Nothing speaks for or against what has no outside: no outline, no contrast.
    is_part = masks @ scene.ground.areas <= GREATEST_SHARE * scene.ground.total
    masks = masks[is_part] if is_part.any() else masks
    different = {row.tobytes(): at for at, row in reversed(list(enumerate(np.packbits(masks, axis=1))))}
    return masks[sorted(different.values())]


def without_leap(order: IntArray, scores: FloatArray, areas: FloatArray, expected: float) -> IntArray:
    """Return masks in an order with one first not far larger than expected and nearly as good, if any.

    Parameters
    ----------
    order : (c,)
        Indices, best first.
    scores, areas : (c,)
    expected : float
        Area of the mask before, united with what the prompt means by itself.
    """
    is_small = areas[order] <= _LEAP * expected
    is_near = is_small & (scores[order] >= scores[order[0]] - _NEARLY)
    if is_small[0] or not is_near.any():
        return order
    best = order[int(np.argmax(is_near))]
    return np.concatenate([[best], order[order != best]])


def _local(scene: Scene, before: BoolArray, after: BoolArray, touch: Touch) -> BoolArray:
    """Return a mask with only those changes of the prompt's sign that hang together with it."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    change = after & ~before if touch.is_positive else before & ~after
    change[touch.leaves] = True
    one, other = scene.ground.pairs[change[scene.ground.pairs].all(axis=1)].T
    n_leaves = scene.ground.n_leaves
    joined = coo_array((np.ones(len(one), dtype=np.bool_), (one, other)), shape=(n_leaves, n_leaves))
    _, part_of = connected_components(joined, directed=False)
    near: BoolArray = change & np.isin(part_of, part_of[touch.leaves])
    local: BoolArray = before | near if touch.is_positive else before & ~near
    return local
