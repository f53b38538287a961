"""Distances for a second graph: the spread within the first clusters is levelled."""

from __future__ import annotations

import numpy as np

from gmmseg.arrays import Float32Array, FloatArray
from gmmseg.control import ShouldStop, raise_if_ended
from gmmseg.digits.blocks import image_blocks
from gmmseg.digits.pca import BLOCK_ROWS

SMALLEST_VARIANCE = 1e-6
"""Added to every variance within clusters, in squared feature units."""


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
