"""Cost of uniting two neighbouring regions: the odds that they belong to different things."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from gmmseg.arrays import FloatArray, IntArray
from gmmseg.regions.adjacency import FAINT, hellinger
from gmmseg.regions.evidence import COLOUR_MAPS, FINE_GRADIENT, N_MAPS
from gmmseg.regions.odds import QuadraticOdds
from gmmseg.regions.picture import REFERENCE_PIXELS

_MAPS = (
    *("colour border fine", "colour border middle", "colour border coarse"),
    *("texture border fine", "texture border middle", "texture border coarse"),
    *("gradient fine", "gradient coarse"),
)
LOG_FEATURES = (
    *_MAPS,
    *("colour across", "texture across", "lab across"),
    *("colour distance", "texture distance", "place distance", "lab distance", "lightness distance"),
    *("contrast", "within smaller", "within larger", "rise", "centre distance", "rim of both"),
    *("smaller size", "contact", "spread of smaller", "spread of larger"),
    *("picture strength", "picture spread"),
)
"""Features of which the logarithm is taken; see `union_features`."""
PLAIN_FEATURES = (
    *(f"{name}, of logs" for name in _MAPS),
    *("against smaller outline", "against larger outline"),
    *("share of smaller outline", "share of larger outline", "rim of smaller", "rim of larger"),
    *("lightness of smaller", "lightness of larger"),
)
FEATURES = LOG_FEATURES + PLAIN_FEATURES
N_SUMS = 2 * N_MAPS + 3
"""Sums over a border, `RegionGraph.sums`."""
BORDER_STRENGTH = np.zeros(N_SUMS)
"""Weight of the mean of each sum over a border in its strength, for uses that need one number."""
BORDER_STRENGTH[: len(COLOUR_MAPS)] = 1.0
BORDER_STRENGTH[len(COLOUR_MAPS) : FINE_GRADIENT] = 0.3
_N_FAINT = LOG_FEATURES.index("smaller size")
_LAB_NOISE = 20.0
"""Squared Lab units added to spreads before dividing by them or taking logarithms; a quarter for one."""


@dataclass(frozen=True, slots=True, eq=False)
class RegionStatistics:
    """Statistics of regions and their picture besides the border in question.

    Parameters
    ----------
    areas : (n,)
        Pixels of the reference size.
    colour, texture : (n, K)
        Mean posteriors.
    places : (n, S)
        Spectral coordinates.
    lab : (n, 4)
        Mean CIELAB and mean square of its length.
    shape : (n, 3)
        Mean row and column in pixels of the reference size, and the length of the rim, beyond which the
        picture or its data end, for each pixel of area.
    around, within : (n, 20)
        Sums over all borders of each region, and over those dissolved inside it: length, then as `borders`.
    picture : (2,)
        Mean strength of all borders and mean squared distance of CIELAB from its mean, both of the picture.
    """

    areas: FloatArray
    colour: FloatArray
    texture: FloatArray
    places: FloatArray
    lab: FloatArray
    shape: FloatArray
    around: FloatArray
    within: FloatArray
    picture: FloatArray


def union_features(
    looks: RegionStatistics, one: int | IntArray, others: IntArray, borders: FloatArray
) -> FloatArray:
    """Return what the log odds depend on, (n, 44), in the order of `FEATURES`.

    The first 28 are natural logarithms: of the means along the border of each boundary map and of how far the
    leaves on both sides differ; of the distances between both regions' mean posteriors (Hellinger), spectral
    coordinates and mean colours (CIELAB; lightness alone; CIELAB in units of both spreads); of the mean
    strength of the borders dissolved within each; of how far apart their centres lie, by rows in units of the
    picture and in all in units of the root of the smaller size; of the rim's part of the outline of both
    together; of the smaller size and the border's length in units of its root; of both spreads; of what holds
    for the whole picture. Then come the means along the border of the maps' logarithms; the border's strength
    against the mean of each outline, a difference of logarithms; the border's part and the rim's part of each
    outline; both lightnesses.

    Parameters
    ----------
    looks : RegionStatistics
    one : int or (n,)
        A region, or one for each of `others`.
    others : (n,)
        Neighbours.
    borders : (n, 20)
        Length of the border in pixels of the reference size, then sums over it as in `RegionGraph.sums`.
    """
    first, second = np.broadcast_to(one, others.shape), others
    own, theirs = looks.areas[first], looks.areas[second]
    # Of two regions alike in size the one with the smaller number counts as the smaller one.
    swaps = (theirs < own) | ((theirs == own) & (second < first))
    smaller, larger = np.where(swaps, second, first), np.where(swaps, first, second)
    size, length = np.minimum(own, theirs), borders[:, 0]
    rims = [looks.shape[side, 2] * looks.areas[side] for side in (smaller, larger)]
    outlines = [looks.around[side, 0] + rim for side, rim in zip((smaller, larger), rims, strict=True)]
    spreads = [_spread(looks.lab[side]) for side in (smaller, larger)]
    offset = looks.shape[smaller, :2] - looks.shape[larger, :2]
    apart = looks.places[smaller] - looks.places[larger]
    difference = looks.lab[smaller, :3] - looks.lab[larger, :3]
    squared = np.einsum("nd,nd->n", difference, difference)

    means = borders[:, 1:] / borders[:, :1]
    strength = np.log(mean_strength(borders) + FAINT)
    columns = (
        *means[:, :N_MAPS].T,
        *means[:, 2 * N_MAPS :].T,
        hellinger(looks.colour[smaller], looks.colour[larger]),
        hellinger(looks.texture[smaller], looks.texture[larger]),
        np.sqrt(np.einsum("nd,nd->n", apart, apart)),
        np.sqrt(squared),
        np.abs(difference[:, 0]),
        np.sqrt(squared / (spreads[0] + spreads[1] + _LAB_NOISE)),
        mean_strength(looks.within[smaller]),
        mean_strength(looks.within[larger]),
        np.abs(offset[:, 0]) / REFERENCE_PIXELS**0.5,
        np.sqrt(np.einsum("nd,nd->n", offset, offset) / size),
        (rims[0] + rims[1]) / (outlines[0] + outlines[1] - 2 * length),
        size,
        length / np.sqrt(size),
        spreads[0] + _LAB_NOISE / 4,
        spreads[1] + _LAB_NOISE / 4,
        looks.picture[0] + FAINT,
        looks.picture[1] + _LAB_NOISE,
        *means[:, N_MAPS : 2 * N_MAPS].T,
        strength - np.log(mean_strength(looks.around[smaller]) + FAINT),
        strength - np.log(mean_strength(looks.around[larger]) + FAINT),
        length / outlines[0],
        length / outlines[1],
        rims[0] / outlines[0],
        rims[1] / outlines[1],
        looks.lab[smaller, 0],
        looks.lab[larger, 0],
    )
    features = np.empty((len(others), len(FEATURES)))
    for at, column in enumerate(columns):
        features[:, at] = column
    features[:, :_N_FAINT] += FAINT
    logs = features[:, : len(LOG_FEATURES)]
    np.log(logs, out=logs)
    return features


def union_cost(features: FloatArray, odds: QuadraticOdds) -> FloatArray:
    """Return minus the log of the probability that both regions belong to the same thing, nats, (n,)."""
    cost: FloatArray = np.logaddexp(0.0, odds(features))
    return cost


def mean_strength(borders: FloatArray) -> FloatArray:
    """Return the mean strength along borders (n, 20), length and sums over it; 0 where there is none."""
    strength: FloatArray = borders[:, 1:] @ BORDER_STRENGTH / np.maximum(borders[:, 0], 1e-9)
    return strength


def _spread(lab: FloatArray) -> FloatArray:
    """Return the mean squared distance from the mean colour, from (n, 4)."""
    spread: FloatArray = np.maximum(lab[:, 3] - (lab[:, :3] ** 2).sum(axis=1), 0)
    return spread
