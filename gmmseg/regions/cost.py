"""What it costs to unite two neighbouring regions: the odds that they belong to different things."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from gmmseg.arrays import FloatArray, IntArray

_FAINT = 0.02
"""Added before logarithms are taken: strengths and distances below it hardly differ."""
_LAB_NOISE = 20.0
"""Squared Lab units that two regions' spreads are taken to have at least, together."""


@dataclass(frozen=True, slots=True)
class CostWeights:
    """Weights of the log odds that a pixel of one region and one of the other belong to different things.

    They are a logistic regression on the 300 training and validation images of BSDS500, where the answer is
    the share of annotators who kept two such pixels apart: for neighbours at 150 to 3 regions of trees merged
    with these same weights, in proportion to their merged size to the power .75. Besides these and the
    natural height nothing of the hierarchy is trained.
    ``python -m tests.benchmarks.fit_region_cost --split all --rounds 4`` repeats it.

    Parameters
    ----------
    maps : tuple of seven floats
        Of the log of the mean strength along the border in each boundary map: colour fine to coarse, texture
        fine to coarse, CIELAB gradient. Neighbouring scales are alike, so that their weights alternate.
    colour_distance, texture_distance : float
        Of the log of the Hellinger distance between mean posteriors.
    place_distance : float
        Of the log of the distance between spectral coordinates.
    lab_distance, lightness_distance : float
        Of the log of the distance between mean colours, CIELAB and lightness alone.
    contrast : float
        Of the log of the CIELAB distance in units of the spread within both regions.
    merged_size : float
        Of the log of ``n_i n_j / (n_i + n_j)``, in pixels of the reference size.
    smaller_size : float
        Of the log of the smaller of both sizes.
    contact : float
        Of the log of the border's length in units of the root of the smaller size.
    offset : float
    """

    maps: tuple[float, float, float, float, float, float, float]
    colour_distance: float
    texture_distance: float
    place_distance: float
    lab_distance: float
    lightness_distance: float
    contrast: float
    merged_size: float
    smaller_size: float
    contact: float
    offset: float

    def as_vector(self) -> FloatArray:
        """Return the weights in the order of `union_features`, without the offset, (16,)."""
        return np.array(
            [
                *self.maps,
                self.colour_distance,
                self.texture_distance,
                self.place_distance,
                self.lab_distance,
                self.lightness_distance,
                self.contrast,
                self.merged_size,
                self.smaller_size,
                self.contact,
            ]
        )


FITTED_COST = CostWeights(
    maps=(1.884, -1.752, 2.757, 0.552, -0.271, -0.022, 0.9),
    colour_distance=2.611,
    texture_distance=0.643,
    place_distance=0.321,
    lab_distance=-0.57,
    lightness_distance=-0.067,
    contrast=-0.292,
    merged_size=0.685,
    smaller_size=-0.138,
    contact=-0.17,
    offset=1.313,
)


@dataclass(frozen=True, slots=True, eq=False)
class Looks:
    """What is known of regions besides their borders.

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
    """

    areas: FloatArray
    colour: FloatArray
    texture: FloatArray
    places: FloatArray
    lab: FloatArray


def union_features(looks: Looks, one: int | IntArray, others: IntArray, borders: FloatArray) -> FloatArray:
    """Return what the log odds are a weighted sum of, (n, 16), in the order of `CostWeights`.

    Parameters
    ----------
    looks : Looks
    one : int or (n,)
        A region, or one for each of `others`.
    others : (n,)
        Neighbours.
    borders : (n, 8)
        Length of the border in pixels of the reference size, then sums over it of each boundary map.
    """
    n_maps = borders.shape[1] - 1
    features = np.empty((len(others), n_maps + 9))
    features[:, :n_maps] = borders[:, 1:] / borders[:, :1]
    features[:, n_maps] = hellinger(looks.colour[one], looks.colour[others])
    features[:, n_maps + 1] = hellinger(looks.texture[one], looks.texture[others])
    apart = looks.places[one] - looks.places[others]
    features[:, n_maps + 2] = np.sqrt(np.einsum("nd,nd->n", apart, apart))
    first, second = looks.lab[one], looks.lab[others]
    difference = first[..., :3] - second[:, :3]
    squared = np.einsum("nd,nd->n", difference, difference)
    spread = _spread(first) + _spread(second) + _LAB_NOISE
    features[:, n_maps + 3] = np.sqrt(squared)
    features[:, n_maps + 4] = np.abs(difference[:, 0])
    features[:, n_maps + 5] = np.sqrt(squared / spread)
    features[:, : n_maps + 6] += _FAINT
    own, theirs = looks.areas[one], looks.areas[others]
    smaller = np.minimum(own, theirs)
    features[:, n_maps + 6] = own * theirs / (own + theirs)
    features[:, n_maps + 7] = smaller
    features[:, n_maps + 8] = borders[:, 0] / np.sqrt(smaller)
    return np.log(features, out=features)


def union_cost(features: FloatArray, weights: CostWeights) -> FloatArray:
    """Return minus the log of the probability that both regions belong to the same thing, nats, (n,)."""
    cost: FloatArray = np.logaddexp(0.0, features @ weights.as_vector() + weights.offset)
    return cost


def hellinger(one: FloatArray, others: FloatArray) -> FloatArray:
    """Return the Hellinger distances of distributions (K,) or (n, K) to others (n, K), 0..1."""
    overlap = np.sqrt(one * others).sum(axis=1)
    distance: FloatArray = np.sqrt(np.maximum(1 - overlap, 0))
    return distance


def _spread(lab: FloatArray) -> FloatArray:
    """Return the mean squared distance from the mean colour, from (..., 4)."""
    spread: FloatArray = np.maximum(lab[..., 3] - (lab[..., :3] ** 2).sum(axis=-1), 0)
    return spread
