"""Summary of an outcome for the window: members, portraits and scatter moments of each cluster."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from gmmseg.arrays import BoolArray, ByteArray, FloatArray, IntArray, frozen
from gmmseg.control import ShouldStop, never_stop, raise_if_ended
from gmmseg.digits.experiment import ExperimentOutcome
from gmmseg.digits.gallery import Order, as_bytes, means_and_spreads, members_of
from gmmseg.digits.scores import is_misplaced, misplaced

_BLOCK = 4096


@dataclass(frozen=True, slots=True, eq=False)
class Overview:
    """The clusters of an outcome as pictures.

    Parameters
    ----------
    outcome : ExperimentOutcome
    means, spreads : uint8 (K, h, w)
        Mean image, and twice the standard deviation of each pixel.
    members : tuple of K int arrays
        The images of each cluster in the order asked for.
    misplaced : int array
        Images in a cluster that is not matched with their label, the surest first; empty without labels.
    wrong : bool (N,)
        Which images these are.
    """

    outcome: ExperimentOutcome
    means: ByteArray
    spreads: ByteArray
    members: tuple[IntArray, ...]
    misplaced: IntArray
    wrong: BoolArray


def overview(
    outcome: ExperimentOutcome,
    order: Order,
    known: Overview | None = None,
    should_stop: ShouldStop = never_stop,
) -> Overview:
    """Return the clusters with their members in an order.

    Parameters
    ----------
    outcome : ExperimentOutcome
    order : {"surest", "least sure", "random"}
    known : Overview, optional
        One made before; where it is of the same outcome its pictures are taken.
    should_stop : callable

    Raises
    ------
    Cancelled
    """
    images, clusters = outcome.digits.images, outcome.clusters
    if known is not None and known.outcome is outcome:
        means, spreads = known.means, known.spreads
    else:
        levels = means_and_spreads(images, clusters, outcome.n_clusters, should_stop)
        # A standard deviation of grey levels is at most 127.5.
        means, spreads = as_bytes(levels[0]), as_bytes(2 * levels[1])
    members = []
    for cluster in range(outcome.n_clusters):
        raise_if_ended(should_stop)
        members.append(frozen(_ordered(outcome, cluster, means[cluster], order)))
    rows = np.empty(0, dtype=np.int64)
    wrong = np.zeros(len(images), dtype=bool)
    labels, scores = outcome.digits.labels, outcome.scores_all
    if labels is not None and scores is not None:
        rows = misplaced(scores, clusters, labels, outcome.confidence)
        wrong = is_misplaced(scores, clusters, labels)
    return Overview(outcome, means, spreads, tuple(members), frozen(rows), frozen(wrong))


def _ordered(outcome: ExperimentOutcome, cluster: int, mean: ByteArray, order: Order) -> IntArray:
    """Return a cluster's members; of equally sure ones, of which there are many, the typical ones lead."""
    n_images = outcome.digits.n_images
    rows = members_of(cluster, outcome.clusters, outcome.confidence, n_images, order, outcome.settings.seed)
    if order == "random" or not rows.size:
        return rows
    flat = outcome.digits.images.reshape(n_images, -1)
    distances = np.empty(rows.size, dtype=np.float32)
    for start in range(0, rows.size, _BLOCK):
        block = flat[rows[start : start + _BLOCK]].astype(np.float32) - mean.reshape(-1)
        distances[start : start + _BLOCK] = np.einsum("ij,ij->i", block, block)
    sign = 1 if order == "least sure" else -1
    ordered: IntArray = rows[np.lexsort((-sign * distances, sign * outcome.confidence[rows]))]
    return ordered


def rows_in_cell(outcome: ExperimentOutcome, cluster: int, label: int, is_fitted: bool) -> IntArray:
    """Return the images of one label in one cluster, fitted or not, those the mixture was surest of first."""
    labels = outcome.digits.labels
    if labels is None:
        return np.empty(0, dtype=np.int64)
    rows = np.flatnonzero((outcome.clusters == cluster) & (labels == label) & (outcome.fitted == is_fitted))
    order: IntArray = rows[np.argsort(-outcome.confidence[rows], kind="stable")]
    return order


def cluster_moments(
    outcome: ExperimentOutcome, should_stop: ShouldStop = never_stop
) -> tuple[FloatArray, FloatArray]:
    """Return mean (K, E) and covariance (K, E, E) of each cluster's fitted images in the embedding.

    Those of an empty cluster are not a number.

    Raises
    ------
    Cancelled
    """
    n_clusters, n_axes = outcome.n_clusters, outcome.embedding.shape[1]
    means: FloatArray = np.full((n_clusters, n_axes), np.nan)
    covariances: FloatArray = np.full((n_clusters, n_axes, n_axes), np.nan)
    for cluster in range(n_clusters):
        raise_if_ended(should_stop)
        rows = np.flatnonzero((outcome.clusters == cluster) & outcome.fitted)
        if rows.size:
            points = outcome.embedding[rows].astype(np.float64)
            means[cluster] = points.mean(axis=0)
            centred = points - means[cluster]
            covariances[cluster] = np.dot(centred.T, centred) / rows.size
    return means, covariances
