"""Agreement of clusters with labels; labels are looked at here and nowhere else."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from gmmseg.arrays import AnyArray, BoolArray, FloatArray, IntArray, frozen


@dataclass(frozen=True, slots=True, eq=False)
class Scores:
    """The agreement of clusters with labels, every figure 1 where they are the same but for their names.

    Parameters
    ----------
    acc : float
        Share of images whose cluster is matched with their label, under the best one-to-one matching
        (Hungarian method). Images of clusters left over count as wrong.
    nmi : float
        Mutual information over the arithmetic mean of the two entropies.
    ari : float
        Rand index adjusted for chance; can be negative.
    purity : float
        Share of images that have the most frequent label of their cluster.
    confusion : int array, (C, L)
        Images of each cluster (row) with each label (column, in the order of `label_values`).
    label_values : tuple of int
        The distinct labels, rising.
    matching : tuple of (cluster, label)
        The pairs of the best matching, min(C, L) of them, by cluster.
    per_label : tuple of float
        Recall: share of each label's images that lie in the cluster matched with it, 0 where there is none.
    """

    acc: float
    nmi: float
    ari: float
    purity: float
    confusion: IntArray
    label_values: tuple[int, ...]
    matching: tuple[tuple[int, int], ...]
    per_label: tuple[float, ...]

    def __post_init__(self) -> None:
        frozen(self.confusion)

    @property
    def n_images(self) -> int:
        """Number of images that were scored."""
        return int(self.confusion.sum())

    def label_of(self, cluster: int) -> int | None:
        """Return the label a cluster is matched with, or None where it was left over."""
        return dict(self.matching).get(cluster)


def score(clusters: AnyArray, labels: AnyArray, n_clusters: int | None = None) -> Scores:
    """Compare clusters with labels.

    Parameters
    ----------
    clusters : int array, (N,)
        From 0.
    labels : int array, (N,)
        Any integers.
    n_clusters : int, optional
        C, where some clusters may be empty here; None takes the largest present.

    Raises
    ------
    ValueError
        The shapes differ, there is no image, or a cluster is negative or beyond `n_clusters`.
    """
    values, confusion = _confusion(clusters, labels, n_clusters)
    matching = _matching(confusion)
    held = np.array([confusion[cluster, column] for cluster, column in matching], dtype=np.int64)
    recall = np.zeros(len(values))
    columns = [column for _, column in matching]
    recall[columns] = held / confusion.sum(axis=0)[columns]
    total = int(confusion.sum())
    return Scores(
        acc=int(held.sum()) / total,
        nmi=_normalised_mutual_information(confusion),
        ari=_adjusted_rand(confusion),
        purity=int(confusion.max(axis=1).sum()) / total,
        confusion=confusion,
        label_values=tuple(int(value) for value in values),
        matching=tuple((cluster, int(values[column])) for cluster, column in matching),
        per_label=tuple(recall.tolist()),
    )


def adjusted_rand(clusters: AnyArray, labels: AnyArray) -> float:
    """Return the Rand index adjusted for chance alone, which needs no matching; see `score`."""
    return _adjusted_rand(_confusion(clusters, labels, None)[1])


def is_misplaced(scores: Scores, clusters: AnyArray, labels: AnyArray) -> BoolArray:
    """Return which images lie in a cluster that is not matched with their label, (N,)."""
    label_of = dict(scores.matching)
    known = np.array([cluster in label_of for cluster in range(len(scores.confusion))])
    matched = np.array([label_of.get(cluster, 0) for cluster in range(len(scores.confusion))], dtype=np.int64)
    wrong: BoolArray = ~known[clusters] | (matched[clusters] != labels)
    return wrong


def misplaced(scores: Scores, clusters: AnyArray, labels: AnyArray, confidence: AnyArray) -> IntArray:
    """Return the indices of the misplaced images, those the mixture was surest of first.

    Parameters
    ----------
    scores : Scores
    clusters, labels : int arrays, (N,)
    confidence : float array, (N,)
        Posterior of the chosen cluster. Of equal ones the lower index comes first.
    """
    wrong = np.flatnonzero(is_misplaced(scores, clusters, labels))
    order: IntArray = wrong[np.argsort(-confidence[wrong], kind="stable")]
    return order


def _confusion(clusters: AnyArray, labels: AnyArray, n_clusters: int | None) -> tuple[IntArray, IntArray]:
    if clusters.shape != labels.shape or clusters.ndim != 1 or not clusters.size:
        raise ValueError(f"clusters of shape {clusters.shape} and labels of shape {labels.shape}")
    if clusters.min() < 0 or (n_clusters is not None and clusters.max() >= n_clusters):
        raise ValueError(f"clusters from {clusters.min()} to {clusters.max()}, of {n_clusters}")
    n_rows = int(clusters.max()) + 1 if n_clusters is None else n_clusters
    values, columns = np.unique(labels.astype(np.int64), return_inverse=True)
    cells = clusters.astype(np.int64) * len(values) + columns
    counts = np.bincount(cells, minlength=n_rows * len(values))
    return values, counts.reshape(n_rows, len(values)).astype(np.int64)


def _matching(confusion: IntArray) -> list[tuple[int, int]]:
    from scipy.optimize import linear_sum_assignment

    rows, columns = linear_sum_assignment(confusion, maximize=True)
    return [(int(row), int(column)) for row, column in zip(rows, columns, strict=True)]


def _entropy(counts: IntArray) -> float:
    shares: FloatArray = counts[counts > 0] / counts.sum()
    return float(-(shares * np.log(shares)).sum())


def _normalised_mutual_information(confusion: IntArray) -> float:
    of_clusters, of_labels = confusion.sum(axis=1), confusion.sum(axis=0)
    normaliser = (_entropy(of_clusters) + _entropy(of_labels)) / 2
    if normaliser == 0:
        return 1.0  # one cluster, one label
    total = int(confusion.sum())
    rows, columns = np.nonzero(confusion)
    joint = confusion[rows, columns]
    # Logarithms apart: the products of the counts of large sets would not fit an int64.
    logs = np.log(joint) + np.log(total) - np.log(of_clusters[rows]) - np.log(of_labels[columns])
    information = float((joint / total * logs).sum())
    return min(max(information / normaliser, 0.0), 1.0)


def _adjusted_rand(confusion: IntArray) -> float:
    # Python's integers: fourth powers of the number of images do not fit an int64.
    total = int(confusion.sum())
    same = int((confusion**2).sum())
    in_clusters = int((confusion.sum(axis=1) ** 2).sum())
    in_labels = int((confusion.sum(axis=0) ** 2).sum())
    together = same - total
    only_labels, only_clusters = in_labels - same, in_clusters - same
    apart = total**2 - in_clusters - in_labels + same
    if not only_labels and not only_clusters:
        return 1.0
    agreement = together * apart - only_labels * only_clusters
    by_labels = (together + only_labels) * (only_labels + apart)
    by_clusters = (together + only_clusters) * (only_clusters + apart)
    return 2 * agreement / (by_labels + by_clusters)
