"""Selection by a box around an object, before any click."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from gmmseg.arrays import BoolArray, FloatArray
from gmmseg.regions.adjacency import FAINT
from gmmseg.selection.leaf_features import appearance_ratios, logit
from gmmseg.selection.programme import MAPS, PLAIN_MAP, best_labellings
from gmmseg.selection.ranking import mask_features
from gmmseg.selection.scene import Scene, neighbours_mean

BOX_LEAF_FEATURES = (
    *("colour ratio", "texture ratio", "belief", "around", "log height outside", "share inside", "log share"),
    *(
        "path by strength",
        "path by height",
        "depth",
        "row",
        "column",
        "side",
        "rim",
        "log share of box",
        "in map",
    ),
)
BOX_MASK_FEATURES = (
    *("share of box", "expected overlap", "overlap missed", "log regret", "log outline", "log strength"),
    *("log ultrametric", "rarity", "rim", "lab contrast", "colour contrast", "texture contrast", "consensus"),
    *("widest gap", "mean gap", "narrowest gap", "log share of box"),
)
_OUTSIDE = -50.0
_ROUNDS = 3
_NODES = 12


@dataclass(frozen=True, slots=True, eq=False)
class BoxedArea:
    """A box on a ground.

    Parameters
    ----------
    box : (4,)
        First row and column and one beyond the last ones, working pixels, not rounded.
    inside : bool array, (N,)
        Leaves most of whose pixels lie in it; at least one.
    """

    box: tuple[float, float, float, float]
    inside: BoolArray


def boxed_area(scene: Scene, box: tuple[float, float, float, float]) -> BoxedArea:
    """Return a box (top, left, bottom, right in working pixels) as it lies on a ground."""
    labels = scene.ground.labels
    top, left = (max(int(np.floor(value)), 0) for value in box[:2])
    bottom, right = int(np.ceil(box[2])), int(np.ceil(box[3]))
    crop = labels[top:bottom, left:right]
    n_leaves = scene.ground.n_leaves
    within = np.bincount(crop[crop >= 0], minlength=n_leaves)
    share = within * scene.ground.area_unit / scene.ground.areas
    inside = share > 0.5
    if not inside.any():
        inside[share.argmax()] = True
    return BoxedArea(box, inside)


def boxed_labelling(scene: Scene, area: BoxedArea) -> tuple[FloatArray, BoolArray]:
    """Return log odds (N,) and mask (N,) by the colours and textures inside and outside, iterated."""
    depth = _places(scene, area)[0]
    belief = np.where(area.inside, np.clip(depth, 0, 1), 0)
    mask = area.inside
    odds = logit(belief)
    for _ in range(_ROUNDS):
        ratios = appearance_ratios(scene, 0.5 * mask + 0.5 * belief)
        odds = np.where(area.inside, np.clip(ratios[0] + ratios[1], -6, 6), _OUTSIDE)
        mask = best_labellings(scene.ground, scene.prices, odds, MAPS[6:7, 0], MAPS[6:7, 1])[0]
        belief = 1 / (1 + np.exp(-np.clip(odds, -30, 30)))
    return odds, mask


def box_leaf_features(scene: Scene, area: BoxedArea) -> FloatArray:
    """Return what speaks for each leaf being object, (N, 16), in the order of `BOX_LEAF_FEATURES`."""
    from scipy.sparse.csgraph import dijkstra

    ground, nodes = scene.ground, scene.nodes
    odds, mask = boxed_labelling(scene, area)
    belief = 1 / (1 + np.exp(-np.clip(odds, -30, 30)))
    ratios = appearance_ratios(scene, 0.5 * mask + 0.5 * belief)
    tree = ground.tree
    inside_share = tree.sums(ground.areas * area.inside) / nodes.areas
    # Going down: height and share of the lowest node above each leaf that reaches out of the box.
    height, share = np.full(tree.n_nodes, np.log(12.0)), np.ones(tree.n_nodes)
    for level in reversed(tree.levels):
        below = tree.children[level - ground.n_leaves]
        reaches = (inside_share[level] < 0.98)[:, None]
        height[below] = np.where(
            reaches, np.log(tree.heights[level] + FAINT)[:, None], height[level][:, None]
        )
        share[below] = np.where(reaches, inside_share[level][:, None], share[level][:, None])
    outside = np.flatnonzero(~area.inside)
    paths = [
        np.log(np.minimum(dijkstra(way, indices=outside, min_only=True), 3.0) + 0.002)
        if len(outside)
        else np.zeros(ground.n_leaves)
        for way in (scene.ways.by_strength, scene.ways.by_height)
    ]
    n_leaves = ground.n_leaves
    box_share = max(float(ground.areas[area.inside].sum()), 1.0) / ground.total
    depth, row, column, side = _places(scene, area)
    columns = (
        *ratios,
        np.clip(odds, -8, 8),
        neighbours_mean(scene, belief),
        height[:n_leaves],
        share[:n_leaves],
        np.log(ground.areas / ground.total),
        *paths,
        depth,
        row,
        column,
        side,
        ground.rims / np.sqrt(ground.areas),
        np.full(n_leaves, np.log(box_share)),
        mask.astype(np.float64),
    )
    return np.stack(columns, axis=1)


def box_proposals(scene: Scene, area: BoxedArea, odds: FloatArray) -> BoolArray:
    """Return the masks that a box could mean, (c, N), each once."""
    kept = np.where(area.inside, odds, _OUTSIDE)
    maps = best_labellings(scene.ground, scene.prices, kept, MAPS[:, 0], MAPS[:, 1])
    nodes = scene.nodes
    top, left, bottom, right = area.box
    box = np.array([top, left, 1 - bottom, 1 - right])
    common = np.maximum(nodes.boxes, box)
    sizes = [
        np.maximum(1 - part[..., :2] - part[..., 2:], 0).prod(axis=-1) for part in (nodes.boxes, box, common)
    ]
    fit = sizes[2] / np.maximum(sizes[0] + sizes[1] - sizes[2], 1e-9)
    best = np.argsort(-fit, kind="stable")[:_NODES]
    starts, stops = scene.ground.tree.intervals[:, best, None]
    numbers = np.arange(scene.ground.n_leaves)
    parts = (numbers >= starts) & (numbers < stops) & area.inside
    masks = np.concatenate([maps, parts, parts & maps[PLAIN_MAP], parts | maps[PLAIN_MAP], area.inside[None]])
    masks = masks[masks.any(axis=1)]
    different = {row.tobytes(): at for at, row in reversed(list(enumerate(np.packbits(masks, axis=1))))}
    return masks[sorted(different.values())]


def box_mask_features(scene: Scene, area: BoxedArea, odds: FloatArray, masks: BoolArray) -> FloatArray:
    """Return what speaks for each mask, (c, 17), in the order of `BOX_MASK_FEATURES`."""
    kept = np.where(area.inside, odds, -8.0)
    found = mask_features(scene, kept, masks)
    box_size = float(scene.ground.areas[area.inside].sum())
    top, left, bottom, right = area.box
    gaps = np.empty((len(masks), 4))
    for at, mask in enumerate(masks):
        first = scene.ground.boxes[mask].min(axis=0)
        gaps[at] = (
            (first[0] - top) / (bottom - top),
            (first[1] - left) / (right - left),
            (bottom - 1 + first[2]) / (bottom - top),
            (right - 1 + first[3]) / (right - left),
        )
    gaps = np.clip(gaps, -0.1, 1)
    columns = (
        found.size / max(box_size, 1e-9),
        *found.columns,
        gaps.max(axis=1),
        gaps.mean(axis=1),
        gaps.min(axis=1),
        np.full(len(masks), np.log(box_size / scene.ground.total)),
    )
    return np.stack(columns, axis=1)


def _places(scene: Scene, area: BoxedArea) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray]:
    """Return each leaf's depth in the box, 0 at its sides to 1 in its middle, place, and nearest side."""
    top, left, bottom, right = area.box
    row = 2 * (scene.ground.centres[:, 0] + 0.5 - top) / (bottom - top) - 1
    column = 2 * (scene.ground.centres[:, 1] + 0.5 - left) / (right - left) - 1
    depth = (1 - np.abs(row)) * (1 - np.abs(column))
    return (
        np.clip(depth, -1, 1),
        np.clip(row, -2, 2),
        np.clip(np.abs(column), 0, 2),
        np.maximum(np.abs(row), np.abs(column)).clip(0, 2),
    )
