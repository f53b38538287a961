"""The candidates of a prompt: the ancestors of its leaf, and what speaks for each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from gmmseg.arrays import BoolArray, FloatArray, IntArray
from gmmseg.selection.depth import depth_at, distance_to
from gmmseg.selection.nodes import NODE_FEATURES
from gmmseg.selection.scene import COURSE_FEATURES, Course, Scene, Touch, area_of

CANDIDATE_FEATURES = (
    *NODE_FEATURES,
    *("log share of change", "change of node", "depth of deepest", "log depth by size", "log depth"),
    *(
        "others inside",
        "row",
        "column",
        "to rim",
        "of largest",
        "of smallest",
        "sign",
        "log count",
        "share of mask",
    ),
    *COURSE_FEATURES,
)
LEAST_SHARE = 0.0001
GREATEST_SHARE = 0.985


@dataclass(frozen=True, slots=True, eq=False)
class Candidates:
    """Nodes that a prompt may mean.

    Parameters
    ----------
    nodes : (c,)
        From small to large; never empty.
    features : (c, 41)
        In the order of `CANDIDATE_FEATURES`.
    course : Course
    """

    nodes: IntArray
    features: FloatArray
    course: Course


def allowed_nodes(scene: Scene, touch: Touch, touches: Sequence[Touch]) -> IntArray:
    """Return the ancestors of a prompt's leaf that hold no prompt of the other sign; at least the leaf."""
    path = scene.ground.tree.path(touch.leaf)
    starts, stops = scene.ground.tree.intervals[:, path]
    fits = np.ones(len(path), dtype=np.bool_)
    for other in touches:
        if other.is_positive != touch.is_positive:
            for leaf in other.leaves:
                fits &= (leaf < starts) | (leaf >= stops)
    share = scene.nodes.areas[path] / scene.ground.total
    kept = path[fits & (share >= LEAST_SHARE) & (share <= GREATEST_SHARE)]
    return kept if len(kept) else path[:1]


def candidates_of(
    scene: Scene, touch: Touch, touches: Sequence[Touch], mask: BoolArray, changed: float = 0.0
) -> Candidates:
    """Return the candidates of a prompt given those before it, the mask so far, (N,), and its last change."""
    nodes = allowed_nodes(scene, touch, touches)
    ground, areas = scene.ground, scene.nodes.areas[nodes]
    starts, stops = ground.tree.intervals[:, nodes]
    can_change = ~mask if touch.is_positive else mask
    changeable = np.concatenate([[0], np.cumsum(ground.areas * can_change)])
    change = changeable[stops] - changeable[starts]
    depths = np.empty((len(nodes), 2))
    for at, (start, stop) in enumerate(zip(starts.tolist(), stops.tolist(), strict=True)):
        members = np.zeros(ground.n_leaves, dtype=np.bool_)
        members[start:stop] = can_change[start:stop]
        depths[at] = depth_at(ground, members, touch.point)
    unit = ground.area_unit**0.5
    depth = depths[:, 0] * unit
    height, width = ground.labels.shape
    row, column = touch.point
    alike = np.array(
        [other.leaf for other in touches if other.is_positive == touch.is_positive], dtype=np.int64
    )
    inside = ((alike >= starts[:, None]) & (alike < stops[:, None])).sum(axis=1)
    n_nodes = len(nodes)
    to_rim = min(row, column, height - 1 - row, width - 1 - column) / max(height, width)
    course = course_of(scene, touch, touches, mask, changed)
    columns = (
        np.log((change + 1) / ground.total),
        change / areas,
        depths[:, 0] / np.maximum(depths[:, 1], 1e-9),
        np.log((depth + 1) / (np.sqrt(change / np.pi) + 1)),
        np.log((depth + 1) / ground.total**0.5),
        np.minimum(inside, 3).astype(np.float64),
        np.full(n_nodes, (row - height / 2) / max(height, width)),
        np.full(n_nodes, (column - width / 2) / max(height, width)),
        np.full(n_nodes, to_rim),
        np.log(areas / areas[-1]),
        np.log(areas / areas[0]),
        np.full(n_nodes, 1.0 if touch.is_positive else -1.0),
        np.full(n_nodes, np.log(len(touches) + 1)),
        np.full(n_nodes, area_of(scene, mask) / ground.total),
        *(np.full(n_nodes, value) for value in course.features),
    )
    return Candidates(nodes, np.column_stack([scene.nodes.features[nodes], *columns]), course)


def course_of(
    scene: Scene, touch: Touch, touches: Sequence[Touch], mask: BoolArray, changed: float
) -> Course:
    """Return how correcting went up to a prompt."""
    run = 1
    for other in reversed(touches):
        if other.is_positive != touch.is_positive:
            break
        run += 1
    kept = mask if touch.is_positive else ~mask
    distance = distance_to(scene.ground, kept, touch.point) * scene.ground.area_unit**0.5
    return Course(run, changed, distance / scene.ground.total**0.5)


def membership(scene: Scene, nodes: IntArray, scores: FloatArray) -> FloatArray:
    """Return the share of candidates, by the softmax of 8 times their score, that hold each leaf, (N,)."""
    weights = np.exp(8 * (scores - scores.max()))
    weights /= weights.sum()
    steps = np.zeros(scene.ground.n_leaves + 1)
    starts, stops = scene.ground.tree.intervals[:, nodes]
    np.add.at(steps, starts, weights)
    np.subtract.at(steps, stops, weights)
    shares: FloatArray = np.clip(np.cumsum(steps[:-1]), 0.0, 1.0)
    return shares
