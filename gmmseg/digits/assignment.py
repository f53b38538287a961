"""Posteriors of images beside a fitted mixture with a neighbourhood prior, which stays as it is."""

from __future__ import annotations

import numpy as np

from gmmseg.arrays import Float32Array
from gmmseg.control import ShouldStop, never_stop, raise_if_ended
from gmmseg.digits.blocks import image_blocks
from gmmseg.digits.graph import edge_weights, weighted_mean
from gmmseg.digits.graph_mixture import GaussianEvidence
from gmmseg.digits.neighbours import Neighbours
from gmmseg.mixture.mean_field import softmax

_ROWS = 2048


def assigned(
    features: Float32Array,
    gaussians: GaussianEvidence,
    near: Neighbours,
    fitted: Float32Array,
    strength: float,
    should_stop: ShouldStop = never_stop,
) -> Float32Array:
    """Return posteriors ``∝ exp(log pi + temperature log N(x) + strength m)`` of new images, (K, B).

    m is the weighted mean of the posteriors of their nearest fitted images.

    Parameters
    ----------
    features : (B, D)
    gaussians : GaussianEvidence
        Of K clusters.
    near : Neighbours
        Of the B images among the N fitted ones.
    fitted : (K, N)
        Posteriors.
    strength : float
    should_stop : callable

    Raises
    ------
    Cancelled
    """
    affinities = edge_weights(near.distances, should_stop)
    posteriors = np.empty((len(fitted), len(features)), dtype=np.float32)
    for rows in image_blocks(len(features), _ROWS):
        raise_if_ended(should_stop)
        logits = gaussians.tempered(gaussians.joint(features[rows]))
        logits += np.float32(strength) * weighted_mean(fitted, near.indices[rows], affinities[rows])
        softmax(logits)
        posteriors[:, rows] = logits
    return posteriors
