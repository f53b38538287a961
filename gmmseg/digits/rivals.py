"""Rival partitions: how far the other partitions that a search found speak against the best one."""

from __future__ import annotations

from collections.abc import Generator

import numpy as np

from gmmseg.arrays import Float32Array, FloatArray, IntArray
from gmmseg.control import Progress, ShouldStop, never_stop
from gmmseg.digits.graph import edge_weights, weighted_mean
from gmmseg.digits.neighbours import nearest_events
from gmmseg.digits.scores import is_misplaced, score
from gmmseg.digits.search import Found

DIFFERENT = 0.02
"""Share of the images in other clusters from which on two partitions are two."""
TEMPERATURE = 0.3
"""Nats per image by which a partition is worth less that is e times less credible; chosen on other sets than
those of the figures, for the least mean squared error of the confidence, while labels were seen."""
N_NEAR = 10
"""Images of the sample whose agreement an image takes the mean of."""


def rivals(found: Found) -> list[tuple[IntArray, float]]:
    """Return the partitions that differ from the best and from one another, and what each is worth less.

    Many starts end in nearly the same partition, which is one opinion and not many.

    Returns
    -------
    list of (labels (M,), nats per image)
    """
    best, *others = zip(found.candidates, found.worths, strict=True)
    kept = [(best[0], 0.0)]
    for labels, worth in others:
        if all(1 - score(labels, known).acc > DIFFERENT for known, _ in kept):
            kept.append((labels, best[1] - worth))
    return kept[1:]


def agreement(found: Found) -> FloatArray:
    """Return how much of the partitions' credibility puts each image where the best one does, (M,), 0..1.

    Credibility falls by e for each `TEMPERATURE` of worth; clusters are matched one to one.
    """
    best = found.candidates[0]
    agreed, total = np.ones(len(best)), 1.0
    for labels, less in rivals(found):
        credibility = np.exp(-less / TEMPERATURE)
        agreed += credibility * ~is_misplaced(score(labels, best), labels, best)
        total += credibility
    return agreed / total


def spread_events(
    known: FloatArray, sample: IntArray, features: Float32Array, should_stop: ShouldStop = never_stop
) -> Generator[Progress, None, Float32Array]:
    """Return for all images what is known of a sample, as the mean of the nearest images in it, (N,).

    Parameters
    ----------
    known : (M,)
        Of the images of the sample, which count among their own nearest.
    sample : (M,)
        Rows of `features`.
    features : (N, E)
        In which distances are measured.
    should_stop : callable

    Raises
    ------
    Cancelled
    """
    near = yield from nearest_events(
        features, features[sample], min(N_NEAR, len(known)), should_stop=should_stop
    )
    affinities = edge_weights(near.distances, should_stop)
    spread: Float32Array = weighted_mean(known[None].astype(np.float32), near.indices, affinities)[0]
    return spread


def shaded(posteriors: Float32Array, agreed: Float32Array) -> Float32Array:
    """Return posteriors (K, N) that count as far as partitions agree (N,); else all K are as likely."""
    mixed: Float32Array = posteriors * agreed + (1 - agreed) / np.float32(len(posteriors))
    return mixed
