"""Appearance of each node of a ground by itself: size, outline, shape, contrast."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from gmmseg.arrays import FloatArray
from gmmseg.regions.adjacency import FAINT
from gmmseg.selection.ground import Ground
from gmmseg.selection.sums import bin_sums

NODE_FEATURES = (
    *("log share", "log height", "log height of parent", "log gap", "log share of parent"),
    *("log strength outside", "log strength inside", "log ultrametric outside", "log ultrametric inside"),
    *("log strength to sibling", "log strength within", "rim", "compactness", "fill", "sides touched"),
    *("off middle", "colour to rest", "texture to rest", "colour to parent", "texture to parent"),
    *("lab to rest", "log spread", "lab to sibling", "colour to sibling"),
)
_LAB_NOISE = 5.0


@dataclass(frozen=True, slots=True, eq=False)
class Nodes:
    """Statistics of the 2N - 1 nodes of a ground.

    Parameters
    ----------
    areas : (2N - 1,)
        Pixels of the reference size.
    boxes : (2N - 1, 4)
        As `Ground.boxes`.
    colour, texture : (2N - 1, K)
        Mean posteriors.
    features : (2N - 1, 24)
        In the order of `NODE_FEATURES`.
    """

    areas: FloatArray
    boxes: FloatArray
    colour: FloatArray
    texture: FloatArray
    features: FloatArray


def nodes_of(ground: Ground) -> Nodes:
    """Return how the nodes of a ground look."""
    tree, unit = ground.tree, ground.area_unit
    weights = ground.areas[:, None]
    areas = tree.sums(ground.areas)
    parents = np.where(tree.parents < 0, np.arange(tree.n_nodes), tree.parents)
    share = areas / areas[-1]
    colour, texture, lab = (
        tree.sums(weights * values) / areas[:, None] for values in (ground.colour, ground.texture, ground.lab)
    )
    outside, inside, own = _borders(ground)
    rims = tree.sums(ground.rims)
    outline = outside[:, 0] + rims
    boxes = tree.extremes(ground.boxes)
    height, width = ground.labels.shape
    sizes = -boxes[:, 2:] - boxes[:, :2] + 1
    touched = (boxes <= [0, 0, 1 - height, 1 - width]).sum(axis=1)
    centres = tree.sums(weights * ground.centres) / areas[:, None]
    middle = (centres - (np.array(ground.labels.shape) - 1) / 2) / max(height, width)
    siblings = np.arange(tree.n_nodes)
    siblings[tree.children] = tree.children[:, ::-1]
    rest = np.maximum(areas[-1] - areas, 1e-9)[:, None]

    def to_rest(values: FloatArray) -> FloatArray:
        others: FloatArray = (values[-1] * areas[-1] - values * areas[:, None]) / rest
        others[-1] = values[-1]
        return np.maximum(others, 0)

    lab_rest = (lab[-1] * areas[-1] - lab * areas[:, None]) / rest
    lab_rest[-1] = lab[-1]
    strengths = _mean(outside[:, 1], outside[:, 0]), _mean(inside[:, 1], inside[:, 0])
    heights, up = tree.heights, tree.heights[parents]
    columns = (
        np.log(share),
        np.log(heights + FAINT),
        np.log(up + FAINT),
        np.log(up - heights + FAINT),
        np.log(areas / areas[parents]),
        np.log(strengths[0] + FAINT),
        np.log(strengths[1] + FAINT),
        np.log(_mean(outside[:, 2], outside[:, 0]) + FAINT),
        np.log(_mean(inside[:, 2], inside[:, 0]) + FAINT),
        np.log(_mean(own[parents, 1], own[parents, 0]) + FAINT),
        np.log(_mean(own[:, 1], own[:, 0]) + FAINT),
        rims / outline,
        4 * np.pi * areas / outline**2,
        areas / (sizes.prod(axis=1) * unit),
        touched.astype(np.float64),
        np.sqrt((middle**2).sum(axis=1)),
        _hellinger(colour, to_rest(colour)),
        _hellinger(texture, to_rest(texture)),
        _hellinger(colour, colour[parents]),
        _hellinger(texture, texture[parents]),
        np.log(_lab_distance(lab, lab_rest) + _LAB_NOISE),
        np.log(np.maximum(lab[:, 3] - (lab[:, :3] ** 2).sum(axis=1), 0) + _LAB_NOISE),
        np.log(_lab_distance(lab, lab[siblings]) + _LAB_NOISE),
        _hellinger(colour, colour[siblings]),
    )
    return Nodes(areas, boxes, colour, texture, np.stack(columns, axis=1))


def _borders(ground: Ground) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return length and sums of strength and ultrametric of borders around, inside, and between children."""
    tree, n_leaves = ground.tree, ground.n_leaves
    lengths = ground.lengths
    values = np.stack([lengths, lengths * ground.strengths, lengths * ground.ultrametric], axis=1)
    around = bin_sums(ground.pairs.reshape(-1), values.repeat(2, axis=0), n_leaves)
    own = bin_sums(ground.ancestors, values, tree.n_nodes)
    inside = tree.sums_below(own[n_leaves:])
    outside = np.maximum(tree.sums(around) - 2 * inside, 0)
    return outside, inside, own


def _mean(sums: FloatArray, lengths: FloatArray) -> FloatArray:
    means: FloatArray = np.maximum(sums, 0) / np.maximum(lengths, 1e-6)
    return np.where(lengths > 1e-6, means, 0.0)


def _hellinger(one: FloatArray, other: FloatArray) -> FloatArray:
    overlap = np.einsum("nk,nk->n", np.sqrt(np.maximum(one, 0)), np.sqrt(np.maximum(other, 0)))
    distances: FloatArray = np.sqrt(np.maximum(1 - overlap, 0))
    return distances


def _lab_distance(one: FloatArray, other: FloatArray) -> FloatArray:
    distances: FloatArray = np.sqrt(((one[:, :3] - other[:, :3]) ** 2).sum(axis=1))
    return distances
