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
"""Number of sums over a border: the columns of `RegionGraph.sums`."""
BORDER_STRENGTH = np.zeros(N_SUMS)
"""Weight of the mean along a border of each of its sums in the border's strength, see `mean_strength`."""
BORDER_STRENGTH[: len(COLOUR_MAPS)] = 1.0
BORDER_STRENGTH[len(COLOUR_MAPS) : FINE_GRADIENT] = 0.3
_N_FAINT = LOG_FEATURES.index("smaller size")
_LAB_NOISE = 20.0
"""Squared Lab units added to spreads before dividing by them or taking logarithms; a quarter for one."""


@dataclass(frozen=True, slots=True, eq=False)
class RegionStatistics:
    """What the features of a union need of each of M regions and of the picture, besides the shared border.

    Lengths are in pixels of the reference size, areas in such pixels.

    Parameters
    ----------
    areas : (M,)
    colour, texture : (M, K)
        Mean posteriors.
    places : (M, S)
        Spectral coordinates, without unit.
    lab : (M, 4)
        Mean CIELAB, and the mean of its squared length.
    shape : (M, 3)
        Mean row and column; the length of the rim, beyond which the picture ends or its data, divided by the
        area.
    around, within : (M, 20)
        Length, then the sums of `RegionGraph.sums`: over all borders of each region, and over those dissolved
        inside it.
    picture : (2,)
        Of the whole picture: the mean strength of the borders that the first stage left, and the mean squared
        distance of CIELAB from its mean, squared Lab units.
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
    """Return the features of n pairs of neighbours that the log odds depend on, (n, 44), as in `FEATURES`.

    "Smaller" and "larger" are the two regions of a pair, by area. The first 28 are natural logarithms, most
    with a constant added that keeps them finite:

    - means along the border of the 8 boundary maps, and of how far the leaves on both sides differ in colour,
      texture (Hellinger distances) and CIELAB;
    - distances between both regions: of mean posteriors of colour and of texture (Hellinger), of spectral
      coordinates, of mean CIELAB, of mean lightness, and of mean CIELAB over the root of the sum of both
      spreads, which are mean squared distances from the region's mean;
    - mean strength of the borders dissolved within each of them;
    - vertical distance of their centres over the root of the picture's area; distance over that of the
      smaller area; part of the rim in the outline of the union;
    - the smaller area; the border's length over the root of that; both spreads; strength and spread of the
      whole picture.

    The last 16 are not: means along the border of the logarithms of the 8 maps; logarithm of the border's
    strength less that of the mean strength around each region; parts of the border and of the rim in each
    region's outline; both mean lightnesses.

    Parameters
    ----------
    looks : RegionStatistics
    one : int or int array, (n,)
        A region, or one for each of `others`.
    others : int array, (n,)
        Its neighbours.
    borders : (n, 20)
        Length of the shared border in pixels of the reference size, then its sums as in `RegionGraph.sums`.
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
    """Return the cost of each of n unions, (n,): ``log(1 + exp(o))`` nats, o the log odds of its features.

    That is minus the logarithm of the probability that both regions belong to the same thing.
    """
    cost: FloatArray = np.logaddexp(0.0, odds(features))
    return cost


def mean_strength(borders: FloatArray) -> FloatArray:
    """Return the mean boundary strength along n borders, (n,); 0 where the length is 0.

    A border's row of `borders` (n, 20) has its length, then its sums as in `RegionGraph.sums`. The three maps
    of the colour posteriors count with weight 1, those of the texture posteriors with 0.3.
    """
    strength: FloatArray = borders[:, 1:] @ BORDER_STRENGTH / np.maximum(borders[:, 0], 1e-9)
    return strength


def _spread(lab: FloatArray) -> FloatArray:
    """Return the mean squared distance from the mean colour, from (n, 4)."""
    spread: FloatArray = np.maximum(lab[:, 3] - (lab[:, :3] ** 2).sum(axis=1), 0)
    return spread
