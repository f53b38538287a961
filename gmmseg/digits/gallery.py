"""Images of clusters: mean, spread, members, and sheets of digits."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np

from gmmseg.arrays import AnyArray, ByteArray, Float32Array, FloatArray, IntArray
from gmmseg.control import ShouldStop, never_stop, raise_if_ended
from gmmseg.digits.blocks import image_blocks

Order = Literal["surest", "least sure", "random"]


def means_and_spreads(
    images: ByteArray, clusters: AnyArray, n_clusters: int, should_stop: ShouldStop = never_stop
) -> tuple[Float32Array, Float32Array]:
    """Return the mean image and each pixel's standard deviation (1/N) of every cluster.

    Parameters
    ----------
    images : uint8 (N, h, w)
    clusters : int (N,)
    n_clusters : int
        K.
    should_stop : callable
        Asked between blocks.

    Returns
    -------
    means, spreads : float32 (K, h, w)
        In grey levels, 0..255; 0 for an empty cluster.

    Raises
    ------
    Cancelled
    """
    n_pixels = images.shape[1] * images.shape[2]
    sums, squares = np.zeros((n_clusters, n_pixels)), np.zeros((n_clusters, n_pixels))
    for rows in image_blocks(len(images)):
        raise_if_ended(should_stop)
        # Whole numbers up to 2^24 are exact in single precision, and so are these sums of a block.
        flat = images[rows].reshape(-1, n_pixels).astype(np.float32)
        members = (clusters[rows] == np.arange(n_clusters)[:, None]).astype(np.float32)
        sums += members @ flat
        squares += (members @ (flat * flat)).astype(np.float64)
    counts = np.maximum(np.bincount(clusters, minlength=n_clusters), 1)[:, None]
    means: FloatArray = sums / counts
    variances = np.maximum(squares / counts - means**2, 0.0)
    shape = (n_clusters, *images.shape[1:])
    return means.reshape(shape).astype(np.float32), np.sqrt(variances).reshape(shape).astype(np.float32)


def members_of(
    cluster: int, clusters: AnyArray, confidence: AnyArray, n: int, order: Order = "random", seed: int = 0
) -> IntArray:
    """Return the indices of at most `n` images of a cluster.

    Parameters
    ----------
    cluster : int
    clusters : int (N,)
    confidence : float (N,)
        Posterior of each image's cluster.
    n : int
    order : {"surest", "least sure", "random"}
        Among equals the lower index comes first.
    seed : int
        Of the random order.
    """
    own: IntArray = np.flatnonzero(clusters == cluster)
    if order == "random":
        return np.random.default_rng([seed, cluster]).permutation(own)[:n]
    by = confidence[own]
    return own[np.argsort(by if order == "least sure" else -by, kind="stable")[:n]]


def sheet(images: ByteArray, n_columns: int, gap: int = 2, paper: int = 0) -> ByteArray:
    """Return images side by side, row after row, as one picture.

    Parameters
    ----------
    images : uint8 (N, h, w)
    n_columns : int
    gap : int
        Pixels between digits and around them.
    paper : int
        Grey level of the gaps and of places left over.

    Returns
    -------
    uint8 (H, W)
    """
    count, height, width = images.shape
    n_columns = max(min(n_columns, count), 1)
    n_rows = max(-(-count // n_columns), 1)
    picture = np.full((n_rows * (height + gap) + gap, n_columns * (width + gap) + gap), paper, dtype=np.uint8)
    for at, image in enumerate(images):
        top = gap + at // n_columns * (height + gap)
        left = gap + at % n_columns * (width + gap)
        picture[top : top + height, left : left + width] = image
    return picture


def cluster_rows(
    images: ByteArray,
    clusters: AnyArray,
    confidence: AnyArray,
    n_clusters: int,
    n_members: int,
    seed: int = 0,
) -> list[ByteArray]:
    """Return for each cluster its mean, its spread (doubled) and some members, uint8 (2 + n, h, w)."""
    means, spreads = means_and_spreads(images, clusters, n_clusters)
    rows = []
    for cluster in range(n_clusters):
        chosen = members_of(cluster, clusters, confidence, n_members, seed=seed)
        # A standard deviation of grey levels is at most 127.5.
        rows.append(
            np.concatenate([as_bytes([means[cluster], 2 * spreads[cluster]]), images[chosen]], axis=0)
        )
    return rows


def as_bytes(images: Sequence[AnyArray] | AnyArray) -> ByteArray:
    """Return grey levels as uint8, what is outside 0..255 cut off."""
    levels: ByteArray = np.clip(np.rint(np.asarray(images)), 0, 255).astype(np.uint8)
    return levels
