"""Features of each leaf for the odds that it is object, after two prompts and more."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from gmmseg.arrays import BoolArray, FloatArray
from gmmseg.selection.closeness import CLOSENESS
from gmmseg.selection.scene import COURSE_FEATURES, Course, Scene, neighbours_mean

LEAF_FEATURES = (
    *(f"{name} to object" for name in CLOSENESS),
    *(f"{name} to background" for name in CLOSENESS),
    *(f"{name} to last" for name in CLOSENESS),
    *("in objects", "in backgrounds", "in last", "colour ratio", "texture ratio"),
    *("log share", "rim", "row", "column", "log objects", "log backgrounds", "sign"),
    *("odds before", "mask before", "around before", "share of mask"),
    *COURSE_FEATURES,
)
_SURE = 0.002


@dataclass(frozen=True, slots=True, eq=False)
class Belief:
    """Relation of each leaf to the prompts, all (N,) but `near` and `last`.

    Parameters
    ----------
    near : ((N, 9), (N, 9))
        `closeness` to the nearest negative and the nearest positive prompt.
    last : (N, 9)
        The same to the last prompt.
    inside : ((N,), (N,))
        Probability that a leaf belongs to what any negative, any positive prompt means.
    inside_last : (N,)
        The same of the last prompt.
    counts : (int, int)
        Negative and positive prompts, the last one included.
    is_positive : bool
        The last prompt.
    odds : (N,)
        Log odds before the last prompt.
    mask : bool array, (N,)
        Before the last prompt.
    course : Course
    """

    near: tuple[FloatArray, FloatArray]
    last: FloatArray
    inside: tuple[FloatArray, FloatArray]
    inside_last: FloatArray
    counts: tuple[int, int]
    is_positive: bool
    odds: FloatArray
    mask: BoolArray
    course: Course


def leaf_features(scene: Scene, belief: Belief) -> FloatArray:
    """Return the features of all leaves, (N, 46), in the order of `LEAF_FEATURES`."""
    ground = scene.ground
    height, width = ground.labels.shape
    probability = 1 / (1 + np.exp(-belief.odds))
    tables = appearance_ratios(scene, 0.5 * belief.mask + 0.5 * belief.inside[1] * (1 - belief.inside[0]))
    n_leaves = ground.n_leaves
    mask = belief.mask.astype(np.float64)
    columns = (
        logit(belief.inside[1]),
        logit(belief.inside[0]),
        logit(belief.inside_last),
        *tables,
        np.log(ground.areas / ground.total),
        ground.rims / np.sqrt(ground.areas),
        (ground.centres[:, 0] - height / 2) / max(height, width),
        (ground.centres[:, 1] - width / 2) / max(height, width),
        np.full(n_leaves, np.log1p(belief.counts[1])),
        np.full(n_leaves, np.log1p(belief.counts[0])),
        np.full(n_leaves, 1.0 if belief.is_positive else -1.0),
        np.clip(belief.odds, -8, 8),
        mask,
        neighbours_mean(scene, probability),
        np.full(n_leaves, (ground.areas * mask).sum() / ground.total),
        *(np.full(n_leaves, value) for value in belief.course.features),
    )
    return np.column_stack([belief.near[1], belief.near[0], belief.last, *columns])


def appearance_ratios(scene: Scene, sure: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return how much likelier each leaf's colours and textures are in the object than outside, each (N,).

    Logarithms of the ratios of the mean posteriors in and out, averaged by the leaf's own.

    Parameters
    ----------
    scene : Scene
    sure : (N,)
        The share of each leaf that counts as object; the rest is outside.
    """
    weights = np.stack([scene.ground.areas * sure, scene.ground.areas * (1 - sure)])
    ratios: list[FloatArray] = []
    for values in (scene.ground.colour, scene.ground.texture):
        means = weights @ values
        totals = means.sum(axis=1, keepdims=True)
        logs = np.log((means + 1e-3 * totals) / np.maximum(totals * (1 + 1e-3 * means.shape[1]), 1e-9) + 1e-9)
        ratios.append(values @ (logs[0] - logs[1]))
    return ratios[0], ratios[1]


def logit(shares: FloatArray) -> FloatArray:
    """Return the log odds of probabilities, held to about ±6."""
    held = _SURE + (1 - 2 * _SURE) * shares
    odds: FloatArray = np.log(held) - np.log1p(-held)
    return odds
