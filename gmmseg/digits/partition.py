"""A partition of images into clusters, and its worth under the mixture with a neighbourhood prior."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from gmmseg.arrays import BoolArray, Float32Array, FloatArray, IntArray
from gmmseg.control import ShouldStop, never_stop, result_of
from gmmseg.digits.events import StageEvent
from gmmseg.digits.graph import Graph
from gmmseg.digits.graph_mixture import GraphMixtureResult, MixtureOnGraph, graph_mixture_events

if TYPE_CHECKING:
    from scipy.sparse import csr_array

LEAST_CHANGE = 1e-3
"""Share of the rows that a settled partition may still move."""


@dataclass(frozen=True, eq=False)
class PartitionProblem:
    """Images whose partitions are compared, and the mixture with a neighbourhood prior that compares them.

    Parameters
    ----------
    features : float32 (N, D)
    graph : Graph
        Over the N rows.
    model : MixtureOnGraph
    """

    features: Float32Array
    graph: Graph
    model: MixtureOnGraph

    @property
    def n_rows(self) -> int:
        """Number of images, N."""
        return len(self.features)

    @property
    def price(self) -> float:
        """Nats that an image costs all of whose neighbours lie elsewhere, where log N(x) counts fully.

        An edge stands in the sums of both its ends: hence the half.
        """
        return self.model.strength / (2 * self.model.temperature)

    @cached_property
    def rows(self) -> FloatArray:
        """The features in double precision, (N, D)."""
        return self.features.astype(np.float64)

    @cached_property
    def shares(self) -> csr_array[np.float64]:
        """Each row's edge weights as shares of their sum, sparse (N, N)."""
        return self.graph.shares()

    def settled(
        self,
        labels: IntArray,
        max_iter: int,
        rows: IntArray | None = None,
        should_stop: ShouldStop = never_stop,
    ) -> IntArray:
        """Return the clusters that the mixture makes of given ones; some may be empty afterwards.

        Parameters
        ----------
        labels : (N,) or (B,)
        max_iter : int
        rows : (B,), optional
            Only these, as if there were no others.
        should_stop : callable

        Raises
        ------
        FitError
        Cancelled
        """
        occupied, compact = np.unique(labels, return_inverse=True)
        start = indicators(compact, len(occupied))
        job = self.fit_events(start, max_iter, rows, LEAST_CHANGE, should_stop=should_stop)
        settled: IntArray = occupied[result_of(job).posteriors.argmax(axis=0)]
        return settled

    def fit_events(
        self,
        start: Float32Array,
        max_iter: int,
        rows: IntArray | None = None,
        min_changed: float = 2e-4,
        stage: str = "",
        should_stop: ShouldStop = never_stop,
    ) -> Generator[StageEvent, None, GraphMixtureResult]:
        """Fit the mixture from posteriors (K, N); of some rows (B,) only, (K, B), as if there were no others.

        Raises
        ------
        FitError
        Cancelled
        """
        features, graph = self.features, self.graph
        if rows is not None:
            features, graph = features[rows], graph.among(rows)
        return graph_mixture_events(
            features,
            graph,
            start,
            self.model,
            max_iter=max_iter,
            min_changed=min_changed,
            stage=stage,
            should_stop=should_stop,
        )

    def log_likelihood(self, count: float, total: FloatArray, square: FloatArray) -> float:
        """Return the sum of log(pi N(x | mean, covariance + added variance)) over a cluster, over N, nats.

        Parameters
        ----------
        count : float
            Its rows, n; pi = n / N.
        total : (D,)
            Their sum.
        square : (D, D)
            Sum of x xᵀ.
        """
        if count <= 0:
            return 0.0
        mean = total / count
        share = count / self.n_rows
        return float(share * (np.log(share) + self._mean_log_density(square / count - np.outer(mean, mean))))

    def _mean_log_density(self, covariance: FloatArray) -> float:
        """Return the mean log-density of rows under their own Gaussian with the variance added, nats."""
        own = np.maximum(np.linalg.eigvalsh(covariance), 0.0)
        widened = own + self.model.added_variance
        return float(-0.5 * (np.log(2 * np.pi * widened) + own / widened).sum())

    def worth(self, partition: Partition) -> float:
        """Return J plus the log-likelihood with a shared covariance, nats per image: candidates rank by it.

        A style that all clusters have, such as bold letters, raises J where a cluster is split by it; with a
        shared covariance, in which the style's spread lies anyway, it gains little.
        """
        return partition.objective + self.shared_log_likelihood(partition)

    def shared_log_likelihood(self, partition: Partition) -> float:
        """Return the log-likelihood per row where all clusters have one covariance, nats.

        A cluster that is split along a direction in which all clusters vary, as letters do in weight and
        width, gains much with covariances of its own, and little with a shared one.
        """
        counts, totals = partition.counts, partition.totals
        held = counts > 0
        means = totals[held] / counts[held, None]
        within = (partition.squares.sum(axis=0) - totals[held].T @ means) / self.n_rows
        shares = counts[held] / self.n_rows
        return float(shares @ np.log(shares)) + self._mean_log_density(within)

    def flows(self, labels: IntArray, n_clusters: int, rows: IntArray | None = None) -> FloatArray:
        """Return the shares of weight from cluster to cluster, summed over the rows of the first, (K, K).

        Parameters
        ----------
        labels : (N,) or (B,)
        n_clusters : int
        rows : (B,), optional
            Only these, and edges between them.
        """
        from scipy.sparse import csr_array

        shares = self.shares if rows is None else self.shares[rows][:, rows]
        at = (np.arange(len(labels)), labels)
        member = csr_array((np.ones(len(labels)), at), shape=(len(labels), n_clusters))
        flows: FloatArray = (member.T @ (shares @ member)).toarray()
        return flows


@dataclass(frozen=True, eq=False)
class Partition:
    """Clusters of the rows of a problem, with the sums by which moves are judged.

    Parameters
    ----------
    labels : (N,)
        0..K - 1.
    counts, totals, squares : (K,), (K, D), (K, D, D)
        Rows of each cluster, their sum, and the sum of their x xᵀ.
    flows : (K, K)
        As from `PartitionProblem.flows`.
    log_likelihoods : (K,)
        Of each cluster's rows, over N.
    objective : float
        J = log-likelihood per row - price times the mean share of weight that leaves its row's cluster, nats:
        the energy of the mixture with a neighbourhood prior, for hard clusters.
    """

    labels: IntArray
    counts: FloatArray
    totals: FloatArray
    squares: FloatArray
    flows: FloatArray
    log_likelihoods: FloatArray
    objective: float

    @property
    def n_clusters(self) -> int:
        """Number of clusters, K."""
        return len(self.counts)

    def members(self, cluster: int) -> IntArray:
        """Return the rows of a cluster."""
        return np.flatnonzero(self.labels == cluster)


def partition_of(problem: PartitionProblem, labels: IntArray, n_clusters: int) -> Partition:
    """Return the partition with these labels (N,)."""
    counts, totals, squares = _moments(problem.rows, labels, n_clusters)
    flows = problem.flows(labels, n_clusters)
    each = np.array([problem.log_likelihood(*one) for one in zip(counts, totals, squares, strict=True)])
    leaving = 1 - np.trace(flows) / problem.n_rows
    return Partition(
        labels, counts, totals, squares, flows, each, float(each.sum() - problem.price * leaving)
    )


def _moments(
    rows: FloatArray, labels: IntArray, n_clusters: int
) -> tuple[FloatArray, FloatArray, FloatArray]:
    n_features = rows.shape[1]
    totals, squares = np.zeros((n_clusters, n_features)), np.zeros((n_clusters, n_features, n_features))
    for cluster in range(n_clusters):
        own = rows[labels == cluster]
        totals[cluster], squares[cluster] = own.sum(axis=0), own.T @ own
    return np.bincount(labels, minlength=n_clusters).astype(np.float64), totals, squares


def merge_gains(problem: PartitionProblem, partition: Partition) -> FloatArray:
    """Return by how much J rises where clusters a < b are united, (K, K); -inf elsewhere."""
    n_clusters = partition.n_clusters
    gains = np.full((n_clusters, n_clusters), -np.inf)
    counts, totals, squares = partition.counts, partition.totals, partition.squares
    for a in range(n_clusters):
        for b in range(a + 1, n_clusters):
            united = problem.log_likelihood(
                counts[a] + counts[b], totals[a] + totals[b], squares[a] + squares[b]
            )
            apart = partition.log_likelihoods[a] + partition.log_likelihoods[b]
            joined = (partition.flows[a, b] + partition.flows[b, a]) / problem.n_rows
            gains[a, b] = united - apart + problem.price * joined
    return gains


def split_gain(problem: PartitionProblem, rows: IntArray, is_second: BoolArray) -> float:
    """Return by how much J rises where the cluster of some rows (B,) is parted in two."""
    halves = is_second.astype(np.int64)
    counts, totals, squares = _moments(problem.rows[rows], halves, 2)
    flows = problem.flows(halves, 2, rows)
    apart = sum(problem.log_likelihood(*one) for one in zip(counts, totals, squares, strict=True))
    whole = problem.log_likelihood(counts.sum(), totals.sum(axis=0), squares.sum(axis=0))
    return apart - whole - problem.price * float(flows[0, 1] + flows[1, 0]) / problem.n_rows


def indicators(labels: IntArray, n_clusters: int) -> Float32Array:
    """Return hard posteriors (K, N) of labels (N,)."""
    posteriors: Float32Array = np.zeros((n_clusters, len(labels)), dtype=np.float32)
    posteriors[labels, np.arange(len(labels))] = 1
    return posteriors
