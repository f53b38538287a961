"""A ground with all that is computed from it once, before the first prompt."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from gmmseg.arrays import BoolArray, Float32Array, FloatArray, IntArray
from gmmseg.selection.closeness import Ways, ways_of
from gmmseg.selection.ground import Ground
from gmmseg.selection.nodes import Nodes, nodes_of
from gmmseg.selection.programme import split_prices
from gmmseg.selection.sums import bin_sums

HEIGHT_FALLOFF = 2.0
"""Neighbours count less for borders this times higher, in nats."""


@dataclass(frozen=True, slots=True, eq=False)
class Scene:
    """The tree and the statistics on which selecting works.

    Parameters
    ----------
    ground : Ground
    nodes : Nodes
    ways : Ways
    prices : (N - 1,)
        As by `split_prices`.
    borders : float32 array, (E, 4)
        Length of each border, and length times its strength, its ultrametric and its g.
    links : (E,)
        Length of each border times ``exp(-2 ultrametric)``.
    around : (N,)
        Sum of these over each leaf's borders.
    appearance : float32 array, (N, 4 + 2K)
        Mean CIELAB, its mean square, and mean posteriors of each leaf, times its area.
    """

    ground: Ground
    nodes: Nodes
    ways: Ways
    prices: FloatArray
    borders: Float32Array
    links: FloatArray
    around: FloatArray
    appearance: Float32Array


def scene_of(ground: Ground) -> Scene:
    """Return the scene of a ground."""
    lengths, heights = ground.lengths, ground.ultrametric
    rarity = -np.log(-np.expm1(-np.maximum(heights, 0.02)))
    borders = np.stack([lengths, lengths * ground.strengths, lengths * heights, lengths * rarity], axis=1)
    links = lengths * np.exp(-HEIGHT_FALLOFF * heights)
    around = bin_sums(ground.pairs.reshape(-1), links.repeat(2), ground.n_leaves)
    looks = np.concatenate([ground.lab, ground.colour, ground.texture], axis=1) * ground.areas[:, None]
    return Scene(
        ground,
        nodes_of(ground),
        ways_of(ground),
        split_prices(ground),
        borders.astype(np.float32),
        links,
        around,
        looks.astype(np.float32),
    )


def neighbours_mean(scene: Scene, values: FloatArray) -> FloatArray:
    """Return the mean of values of leaves (N,) over the neighbours of each, weak borders counting most."""
    one, other = scene.ground.pairs.T
    n_leaves = scene.ground.n_leaves
    totals = bin_sums(one, scene.links * values[other], n_leaves)
    totals += bin_sums(other, scene.links * values[one], n_leaves)
    means: FloatArray = totals / np.maximum(scene.around, 1e-12)
    return means


@dataclass(frozen=True, slots=True, eq=False)
class Touch:
    """A prompt as it lies on a ground.

    Parameters
    ----------
    point : (int, int)
        Row and column in working pixels; of a stroke, of the pixel nearest its middle.
    leaf : int
        There.
    leaves : (n,)
        All that it touches, without repetition.
    is_positive : bool
    """

    point: tuple[int, int]
    leaf: int
    leaves: IntArray
    is_positive: bool


@dataclass(frozen=True, slots=True)
class Course:
    """Course of the corrections so far.

    Parameters
    ----------
    run : int
        Prompts in a row of the sign of the last one, that one included.
    changed : float
        Share of the picture that the prompt before changed; 0 before the second.
    distance : float
        From the last prompt to what it would not change, in shares of the root of the picture's area.
    """

    run: int
    changed: float
    distance: float

    @property
    def features(self) -> tuple[float, float, float]:
        """Logarithms of all three."""
        return math.log(self.run), math.log(self.changed + 1e-4), math.log(self.distance + 0.003)


COURSE_FEATURES = ("log run", "log changed", "log distance")


def area_of(scene: Scene, members: BoolArray) -> float:
    """Return the area of a set of leaves."""
    return float(scene.ground.areas[members].sum())
