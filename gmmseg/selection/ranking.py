"""Features by which candidate masks are ranked."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from gmmseg.arrays import BoolArray, Float32Array, FloatArray
from gmmseg.regions.adjacency import FAINT
from gmmseg.selection.depth import depth_at
from gmmseg.selection.leaf_features import Belief
from gmmseg.selection.scene import COURSE_FEATURES, Scene, Touch

RANK_FEATURES = (
    *("log share", "log share before", "log growth", "expected overlap", "overlap missed"),
    *("log regret", "log regret by size", "log outline", "log strength", "log ultrametric", "rarity", "rim"),
    *("log right change", "log wrong change", "right by mask", "wrong by mask", "soft overlap"),
    *(
        "depth of deepest",
        "log depth by size",
        "log wrong depth",
        "log depth",
        "first of deepest",
        "first by size",
    ),
    *("lab contrast", "colour contrast", "texture contrast", "log count", "sign", "log backgrounds"),
    *("belief in right", "belief in wrong", "consensus", *COURSE_FEATURES, "depth by distance"),
)


def rank_features(
    scene: Scene, belief: Belief, odds: FloatArray, masks: BoolArray, touch: Touch, first: Touch
) -> FloatArray:
    """Return the features of masks (c, N) of leaves, (c, 36), in the order of `RANK_FEATURES`."""
    ground, areas = scene.ground, scene.ground.areas
    total, unit = ground.total, ground.area_unit**0.5
    before = belief.mask
    probability = 1 / (1 + np.exp(-odds))
    found = mask_features(scene, odds, masks)
    size = found.size
    overlap, missed, regret, outline, strength, height, rarity, rim, *contrast, consensus = found.columns
    added, removed = masks & ~before, before & ~masks
    right, wrong = (added, removed) if touch.is_positive else (removed, added)
    right_size, right_belief = _sums(right, areas, probability)
    wrong_size, wrong_belief = _sums(wrong, areas, probability)
    zone = belief.inside_last * (~before if touch.is_positive else before)
    _, common = _sums(right, areas, zone)
    soft = common / np.maximum((areas * zone).sum() + right_size - common, 1e-9)
    depths = np.array(
        [_depths(scene, *parts, touch, first) for parts in zip(right, wrong, masks, strict=True)]
    )
    depth, deepest, wrong_deepest, first_depth, first_deepest = depths.T * unit
    size_before = float(areas[before].sum())
    n_masks = len(masks)
    columns = (
        np.log((size + 1) / total),
        np.full(n_masks, np.log((size_before + 1) / total)),
        np.log((size + 1) / (size_before + 1)),
        overlap,
        missed,
        regret,
        np.log((np.exp(regret) - 1e-4) * total / (size + 1) + 1e-2),
        outline,
        strength,
        height,
        rarity,
        rim,
        np.log((right_size + 1) / total),
        np.log((wrong_size + 1) / total),
        right_size / (right_size + size_before + 1),
        wrong_size / (wrong_size + size_before + 1),
        soft,
        depth / np.maximum(deepest, 1e-9),
        np.log((depth + 1) / (np.sqrt(right_size / np.pi) + 1)),
        np.log((wrong_deepest + 1) / (deepest + 1)),
        np.log((depth + 1) / total**0.5),
        first_depth / np.maximum(first_deepest, 1e-9),
        np.log((first_depth + 1) / (np.sqrt(size / np.pi) + 1)),
        *contrast,
        np.full(n_masks, np.log(sum(belief.counts))),
        np.full(n_masks, 1.0 if touch.is_positive else -1.0),
        np.full(n_masks, np.log1p(belief.counts[0])),
        right_belief / np.maximum(right_size, 1e-9),
        wrong_belief / np.maximum(wrong_size, 1e-9),
        consensus,
        *(np.full(n_masks, value) for value in belief.course.features),
        np.log((depth + 1) / (belief.course.distance * total**0.5 + 1)),
    )
    return np.stack(columns, axis=1)


@dataclass(frozen=True, slots=True, eq=False)
class MaskFeatures:
    """The area of each mask, and what speaks for it whatever asked for it.

    Parameters
    ----------
    size : (c,)
        Pixels of the reference size.
    columns : 12 arrays (c,)
        Expected overlap with what the odds say, and how far it lies below the greatest; logarithms of the
        loss of likelihood, of the outline's length by the root of the size, of its mean strength and
        ultrametric; its mean g; the rim's part of it; distances in CIELAB, colour and texture from in to out;
        the mean overlap with the other masks.
    """

    size: FloatArray
    columns: tuple[FloatArray, ...]


def mask_features(scene: Scene, odds: FloatArray, masks: BoolArray) -> MaskFeatures:
    """Return what speaks for masks (c, N) under log odds (N,) of the leaves."""
    ground, areas = scene.ground, scene.ground.areas
    probability = 1 / (1 + np.exp(-odds))
    members = masks.astype(np.float32)
    weighed = np.stack([areas, areas * probability, areas * odds, ground.rims], axis=1).astype(np.float32)
    size, expected, likelihood, rims = (members @ weighed).T.astype(np.float64)
    overlap = expected / np.maximum(size + (areas * probability).sum() - expected, 1e-9)
    regret = np.maximum((areas * np.maximum(odds, 0)).sum() - likelihood, 0)
    one, other = ground.pairs.T
    cut = (masks[:, one] != masks[:, other]).astype(np.float32)
    length, strength, height, rarity = (cut @ scene.borders).T.astype(np.float64)
    outline = length + rims
    held = np.maximum(length, 1e-6)
    columns = (
        overlap,
        overlap - overlap.max(),
        np.log(regret / ground.total + 1e-4),
        np.log(outline / np.sqrt(size + 1) + 0.1),
        np.log(strength / held + FAINT),
        np.log(height / held + FAINT),
        rarity / held,
        rims / np.maximum(outline, 1e-6),
        *_contrast(scene, members, size),
        _consensus(members, areas, size),
    )
    return MaskFeatures(size, columns)


def _sums(masks: BoolArray, areas: FloatArray, values: FloatArray) -> FloatArray:
    """Return the area of each mask and the sum of values over it, (2, c)."""
    sums: Float32Array = (
        masks.astype(np.float32) @ np.stack([areas, areas * values], axis=1).astype(np.float32)
    ).T
    return sums.astype(np.float64)


def _depths(
    scene: Scene, right: BoolArray, wrong: BoolArray, mask: BoolArray, touch: Touch, first: Touch
) -> tuple[float, ...]:
    _, wrong_deepest = depth_at(scene.ground, wrong, touch.point)
    return (
        *depth_at(scene.ground, right, touch.point),
        wrong_deepest,
        *depth_at(scene.ground, mask, first.point),
    )


def _contrast(
    scene: Scene, members: Float32Array, size: FloatArray
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return the distances of colour in CIELAB, of colour and of texture posteriors from in to out."""
    inside = (members @ scene.appearance).astype(np.float64)
    outside = scene.appearance.sum(axis=0) - inside
    inside /= np.maximum(size, 1e-9)[:, None]
    outside /= np.maximum(scene.ground.total - size, 1e-9)[:, None]
    n_colours = scene.ground.colour.shape[1]
    lab = np.sqrt(((inside[:, :3] - outside[:, :3]) ** 2).sum(axis=1))
    roots = np.sqrt(np.maximum(inside, 0)) * np.sqrt(np.maximum(outside, 0))
    colour = np.sqrt(np.maximum(1 - roots[:, 4 : 4 + n_colours].sum(axis=1), 0))
    texture = np.sqrt(np.maximum(1 - roots[:, 4 + n_colours :].sum(axis=1), 0))
    return np.log(lab + 5), colour, texture


def _consensus(members: Float32Array, areas: FloatArray, size: FloatArray) -> FloatArray:
    """Return the mean overlap of each mask with all."""
    common = (members * areas.astype(np.float32)) @ members.T
    overlaps = common / np.maximum(size[:, None] + size - common, 1e-9)
    means: FloatArray = overlaps.mean(axis=1)
    return means
