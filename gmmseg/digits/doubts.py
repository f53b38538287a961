"""Reasons to doubt a clustering, in sentences, without looking at labels."""

from __future__ import annotations

import numpy as np

from gmmseg.arrays import FloatArray, IntArray
from gmmseg.digits.knee import Knee
from gmmseg.digits.rivals import rivals
from gmmseg.digits.scores import score
from gmmseg.digits.search import Found

LOPSIDED = 3.0
"""Times that the largest cluster may exceed the median one, and the median one the smallest."""
CLOSE = 0.05
"""Nats per image within which one partition is as good as another."""
STABLE = 0.85
"""Share of the images from which on halves agree well enough: of development sets those that were found for
the better part had .91 and more, turned digits .71 and .76."""
NO_KNEE = 0.75
"""Ratio of a knee from which on the number of clusters may be another."""
TWICE, LEAST_HALF, SOME_GAIN = 1.6, 0.35, 0.5
"""Size, smaller half and ratio of a knee from which on a cluster may hold two kinds: with one cluster too few
sizes are 1.9 to 2.1 on letters, 8 × 8 digits and MNIST, with the right number 1.0 to 1.2."""


def doubts(
    sizes: IntArray, gap_k: int | None, found: Found | None, stable: FloatArray | None
) -> tuple[str, ...]:
    """Return what should be known before the clusters are trusted; nothing where all seems well.

    Parameters
    ----------
    sizes : (K,)
        Fitted images of each cluster.
    gap_k : int, optional
        Number of clusters that the eigenvalues of the graph propose.
    found : Found, optional
        What a search among partitions found.
    stable : (M,), optional
        The share of halves of the images that put each image of a sample where the clusters do.
    """
    said = [
        _lopsided(sizes),
        _other_number(len(sizes), gap_k, found),
        _close_rivals(found),
        _unstable(stable),
    ]
    return tuple(sentence for sentence in said if sentence)


def _lopsided(sizes: IntArray) -> str:
    if len(sizes) < 2:
        return ""
    smallest, median, largest = int(sizes.min()), float(np.median(sizes)), int(sizes.max())
    if largest <= LOPSIDED * median and median <= LOPSIDED * max(smallest, 1):
        return ""
    return (
        f"The clusters are of very different sizes: from {smallest:,} to {largest:,} images, half of them "
        f"below {median:,.0f}. Unless the data are so, some hold several kinds and others a part of one."
    )


def _other_number(n_clusters: int, gap_k: int | None, found: Found | None) -> str:
    # Neither alone: groups in the graph are often styles of one kind, and the slope may have no knee.
    if gap_k is None or found is None:
        return ""
    has_knee = found.knee.ratio < NO_KNEE
    proposed = f" The eigenvalues of the neighbour graph propose {gap_k}." if gap_k != n_clusters else ""
    if _holds_two(found.knee) and (gap_k > n_clusters or not has_knee):
        return (
            f"{n_clusters} may be too few clusters: one holds {found.knee.size:.1f} times as many images as "
            f"usual and falls in two better than all others.{proposed}"
        )
    if has_knee or not proposed:
        return ""
    return (
        f"{n_clusters} may not be the number of clusters: one more would gain nearly what one fewer "
        f"would lose.{proposed}"
    )


def _holds_two(knee: Knee) -> bool:
    return knee.size >= TWICE and knee.half >= LEAST_HALF and knee.ratio >= SOME_GAIN


def _close_rivals(found: Found | None) -> str:
    if found is None:
        return ""
    best = found.candidates[0]
    different = [1 - score(labels, best).acc for labels, less in rivals(found) if less < CLOSE]
    if not different:
        return ""
    return (
        f"Other partitions are nearly as good and put up to {100 * max(different):.0f} % of the images into "
        "other clusters: another seed may choose one of them."
    )


def _unstable(stable: FloatArray | None) -> str:
    if stable is None or stable.mean() >= STABLE:
        return ""
    return (
        f"Halves of the images, clustered alone, come to these clusters for {100 * stable.mean():.0f} % of "
        "the images only: what is found may be other than the kinds looked for."
    )
