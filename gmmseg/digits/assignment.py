"""New images: clusters by the same Gaussians, and by neighbours among the fitted images."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import replace

import numpy as np

from gmmseg.arrays import frozen
from gmmseg.control import Progress, ShouldStop, raise_if_ended
from gmmseg.digits.graph import edge_weights, weighted_mean
from gmmseg.digits.graph_mixture import GaussianEvidence
from gmmseg.digits.neighbours import graph_features, nearest_events
from gmmseg.digits.pixels import image_blocks
from gmmseg.digits.settings import DigitSettings
from gmmseg.digits.workpiece import StageEvent, Workpiece
from gmmseg.mixture.mean_field import softmax

BLOCK_ROWS = 2048


def assignment_stage(
    work: Workpiece, settings: DigitSettings, should_stop: ShouldStop
) -> Generator[StageEvent, None, Workpiece]:
    """Add posteriors and spectral coordinates of the images that were not fitted.

    Their posteriors are ``∝ exp(log pi + temperature log N(x) + strength m)``, where m is the weighted mean
    of the posteriors of their nearest fitted images, which stay as they are.
    """
    if work.posteriors is None or work.params is None or work.embedding is None:
        raise ValueError("an assignment needs a fitted mixture")
    n_fit, n_images = work.n_fit, work.n_images
    if n_fit == n_images:
        return work
    features = graph_features(work, settings)
    k = min(settings.graph.n_neighbours, n_fit)
    found = yield from nearest_events(features[n_fit:], features[:n_fit], k, should_stop=should_stop)
    affinities = edge_weights(found.distances, should_stop)
    gaussians = GaussianEvidence(work.params, settings.field.temperature)
    posteriors = np.empty((len(work.posteriors), n_images), dtype=np.float32)
    posteriors[:, :n_fit] = work.posteriors
    embedding = np.empty((n_images, work.embedding.shape[1]), dtype=np.float32)
    embedding[:n_fit] = work.embedding
    coordinates = np.ascontiguousarray(work.embedding.T)
    for rows in image_blocks(n_images - n_fit, BLOCK_ROWS):
        raise_if_ended(should_stop)
        new = slice(n_fit + rows.start, n_fit + rows.stop)
        logits = gaussians.tempered(gaussians.joint(work.known_features[new]))
        near = found.indices[rows], affinities[rows]
        logits += np.float32(settings.field.strength) * weighted_mean(work.posteriors, *near)
        softmax(logits)
        posteriors[:, new] = logits
        embedding[new] = weighted_mean(coordinates, *near).T
    yield Progress("Assigning new images", 1.0)
    return replace(work, posteriors=frozen(posteriors), embedding=frozen(embedding))
