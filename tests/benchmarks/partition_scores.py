"""Agreement of two partitions of an image: covering, Rand index, variation of information.

Everything follows from contingency tables, the numbers of pixels that a region of one partition shares with a
region of another, so that hundreds of cuts of one tree are scored from the tables of its leaves.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Table = NDArray[np.int64]
"""(R, S) pixels that region r of one partition shares with region s of the other."""
Labels = NDArray[np.integer]


@dataclass(frozen=True, slots=True)
class PartitionScores:
    """Agreement of one partition with those of several annotators.

    Parameters
    ----------
    covered : float
        Sum over all regions of all annotators of area times best intersection over union, pixels.
    area : int
        Total area of these regions: pixels times annotators.
    pri : float
        Mean over annotators of the Rand index, 0..1.
    voi : float
        Mean over annotators of the variation of information, bits.
    """

    covered: float
    area: int
    pri: float
    voi: float

    @property
    def covering(self) -> float:
        """Return the segmentation covering of the annotators by the partition, 0..1."""
        return self.covered / self.area


def dense_labels(labels: Labels) -> NDArray[np.int64]:
    """Return the labels as 0..R-1 in order of value, in the same shape."""
    low, high = int(labels.min()), int(labels.max())
    if high - low > 4 * labels.size:
        positions: NDArray[np.int64] = np.unique(labels, return_inverse=True)[1]
        return positions.reshape(labels.shape)
    shifted = labels.astype(np.int64) - low
    is_used = np.bincount(shifted.reshape(-1)) > 0
    return (np.cumsum(is_used) - 1)[shifted]


def contingency(labels: Labels, truth: Labels) -> Table:
    """Return the table (R, S) of two label maps of one shape; every value is a region, 0 too.

    Raises
    ------
    ValueError
        The shapes differ.
    """
    if labels.shape != truth.shape:
        raise ValueError(f"label maps of {labels.shape} and {truth.shape} cannot be compared")
    first, second = dense_labels(labels).reshape(-1), dense_labels(truth).reshape(-1)
    n_first, n_second = int(first.max()) + 1, int(second.max()) + 1
    counts = np.bincount(first * n_second + second, minlength=n_first * n_second)
    return counts.reshape(n_first, n_second)


def merged_table(leaves: Table, leaf_labels: Labels) -> Table:
    """Return the table of a coarser partition from that of its leaves.

    Parameters
    ----------
    leaves : (M, S)
    leaf_labels : (M,)
        Region 0..R-1 of each leaf.
    """
    merged: Table = np.zeros((int(leaf_labels.max()) + 1, leaves.shape[1]), dtype=np.int64)
    np.add.at(merged, leaf_labels, leaves)
    return merged


def covered_pixels(table: Table) -> float:
    """Return the sum over the columns' regions of area times best intersection over union, pixels."""
    rows, columns = table.sum(axis=1, keepdims=True), table.sum(axis=0, keepdims=True)
    overlap = table / (rows + columns - table)
    return float(columns[0] @ overlap.max(axis=0))


def rand_index(table: Table) -> float:
    """Return the share of pixel pairs on which both partitions agree whether they belong together, 0..1.

    A single pixel has no pairs and gives 1.
    """
    pixels = int(table.sum())
    pairs = _pairs(np.array([pixels]))
    if pairs == 0:
        return 1.0
    apart = _pairs(table.sum(axis=1)) + _pairs(table.sum(axis=0)) - 2 * _pairs(table)
    return 1.0 - apart / pairs


def variation_of_information(table: Table) -> float:
    """Return H(first | second) + H(second | first), bits."""
    joint = _entropy(table)
    return max(2 * joint - _entropy(table.sum(axis=1)) - _entropy(table.sum(axis=0)), 0.0)


def score_tables(tables: Sequence[Table]) -> PartitionScores:
    """Return the scores of one partition from its table (rows) with each annotator's (columns)."""
    return PartitionScores(
        covered=sum(covered_pixels(table) for table in tables),
        area=sum(int(table.sum()) for table in tables),
        pri=float(np.mean([rand_index(table) for table in tables])),
        voi=float(np.mean([variation_of_information(table) for table in tables])),
    )


def score_labels(labels: Labels, truths: Iterable[Labels]) -> PartitionScores:
    """Return the scores of a label map with those of the annotators."""
    return score_tables([contingency(labels, truth) for truth in truths])


def annotator_agreement(truths: Sequence[Labels]) -> list[PartitionScores]:
    """Return the scores of each annotator with all the others; an empty list for fewer than two."""
    if len(truths) < 2:
        return []
    return [score_labels(own, [other for other in truths if other is not own]) for own in truths]


@dataclass(frozen=True, slots=True)
class SetScores:
    """Scores of a whole set of images.

    Parameters
    ----------
    covering : float
        Pooled: covered pixels of all images over the area of all their annotators' regions.
    pri, voi : float
        Means over images.
    """

    covering: float
    pri: float
    voi: float


def pooled(scores: Sequence[PartitionScores]) -> SetScores:
    """Return the scores of a set from those of its images."""
    return SetScores(
        covering=sum(one.covered for one in scores) / sum(one.area for one in scores),
        pri=float(np.mean([one.pri for one in scores])),
        voi=float(np.mean([one.voi for one in scores])),
    )


def best_per_set(scores: Sequence[Sequence[PartitionScores]]) -> tuple[SetScores, tuple[int, int, int]]:
    """Return the best of each measure with one parameter for all images (ODS), and which parameter it is.

    Parameters
    ----------
    scores : sequence of images of sequences of parameters
        Every image scored with the same parameters.
    """
    columns = [pooled(column) for column in zip(*scores, strict=True)]
    best = (
        int(np.argmax([one.covering for one in columns])),
        int(np.argmax([one.pri for one in columns])),
        int(np.argmin([one.voi for one in columns])),
    )
    top = SetScores(columns[best[0]].covering, columns[best[1]].pri, columns[best[2]].voi)
    return top, best


def best_per_image(scores: Sequence[Sequence[PartitionScores]]) -> SetScores:
    """Return the scores when each measure takes its own best parameter in each image (OIS)."""
    return SetScores(
        covering=pooled([max(image, key=lambda one: one.covering) for image in scores]).covering,
        pri=pooled([max(image, key=lambda one: one.pri) for image in scores]).pri,
        voi=pooled([min(image, key=lambda one: one.voi) for image in scores]).voi,
    )


def _pairs(counts: NDArray[np.int64]) -> int:
    """Return the number of unordered pairs within groups of these sizes."""
    sizes = counts.reshape(-1)
    return int((sizes * (sizes - 1)).sum()) // 2


def _entropy(counts: NDArray[np.int64]) -> float:
    """Return the entropy of the distribution proportional to the counts, bits."""
    held = counts[counts > 0]
    shares = held / held.sum()
    return float(-(shares * np.log2(shares)).sum())
