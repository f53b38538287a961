"""Distances for a second graph: the spread within the first clusters is levelled."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import replace

import numpy as np

from gmmseg.arrays import Float32Array, FloatArray, frozen
from gmmseg.control import Progress, ShouldStop, raise_if_ended
from gmmseg.digits.pca import BLOCK_ROWS
from gmmseg.digits.pixels import image_blocks
from gmmseg.digits.settings import DigitSettings
from gmmseg.digits.workpiece import StageEvent, Workpiece

SMALLEST_VARIANCE = 1e-6
"""Added to every variance within clusters, in squared feature units."""


def whitening_stage(
    work: Workpiece, settings: DigitSettings, should_stop: ShouldStop
) -> Generator[StageEvent, None, Workpiece]:
    """Set the graph's features to the features in which the clusters are rounder."""
    if work.posteriors is None:
        raise ValueError("whitening needs clusters: find them first")
    yield Progress("Correcting the distances", 0.0)
    features = work.known_features
    labels = work.posteriors.argmax(axis=0)
    within = within_covariance(features[: work.n_fit], labels, len(work.posteriors), should_stop)
    transform = half_whitener(within, settings.graph.whitening).astype(np.float32)
    levelled = np.empty((work.n_images, transform.shape[1]), dtype=np.float32)
    for rows in image_blocks(work.n_images, BLOCK_ROWS):
        raise_if_ended(should_stop)
        levelled[rows] = features[rows] @ transform
    yield Progress("Correcting the distances", 1.0)
    return replace(work, graph_features=frozen(levelled))


def within_covariance(
    features: Float32Array, labels: np.ndarray, n_clusters: int, should_stop: ShouldStop
) -> FloatArray:
    """Return the covariance (1/N) of the rows about the mean of their own cluster, (D, D)."""
    n_rows, n_features = features.shape
    counts = np.bincount(labels, minlength=n_clusters)
    sums = np.zeros((n_clusters, n_features))
    for rows in image_blocks(n_rows, BLOCK_ROWS):
        raise_if_ended(should_stop)
        member = labels[rows] == np.arange(n_clusters)[:, None]
        sums += member.astype(np.float32) @ features[rows]
    means = (sums / np.maximum(counts, 1)[:, None]).astype(np.float32)
    scatter = np.zeros((n_features, n_features))
    for rows in image_blocks(n_rows, BLOCK_ROWS):
        raise_if_ended(should_stop)
        deviations = features[rows] - means[labels[rows]]
        scatter += deviations.T @ deviations
    scatter /= n_rows
    return scatter


def half_whitener(within: FloatArray, degree: float) -> FloatArray:
    """Return V (Λ + 1e-6)^(-degree / 2) for the covariance V Λ Vᵀ, (D, D); degree 1 whitens fully."""
    values, vectors = np.linalg.eigh(within)
    scales = (np.maximum(values, 0.0) + SMALLEST_VARIANCE) ** (-degree / 2)
    return np.asarray(vectors * scales)
