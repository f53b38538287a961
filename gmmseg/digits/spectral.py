"""A start from the graph alone: its leading eigenvectors, their gap, and k-means among them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gmmseg.arrays import BoolArray, Float32Array, FloatArray, IntArray
from gmmseg.control import ShouldStop, never_stop, raise_if_ended
from gmmseg.digits.graph import Graph
from gmmseg.digits.lanczos import NoConvergenceError, largest_eigenpairs
from gmmseg.errors import FitError
from gmmseg.mixture.initialise import (
    kmeans_plus_plus,
    lloyd,
    means_of_labels,
    nearest_mean,
    squared_distances,
)

TOLERANCE = 1e-4
LANCZOS_VECTORS = 40
MAX_DENSE = 400
"""Nodes up to which all eigenvectors are computed at once."""
ISLAND_SHARE = 0.01
"""A part of the graph that nothing joins with the rest is an island, and no cluster, below this share."""
LLOYD_ITERATIONS = 100


@dataclass(frozen=True, slots=True, eq=False)
class Spectrum:
    """The leading eigenvectors of D^-1/2 W D^-1/2.

    Parameters
    ----------
    eigenvalues : (M,)
        Falling from 1.
    vectors : (N, M)
        Unit columns; 0 on islands.
    is_mainland : (N,)
        Which nodes belong to the parts that were looked at.
    """

    eigenvalues: FloatArray
    vectors: FloatArray
    is_mainland: BoolArray


def leading_eigenvectors(graph: Graph, n_vectors: int, should_stop: ShouldStop = never_stop) -> Spectrum:
    """Return the eigenvectors of the largest eigenvalues of the normalised graph.

    Parameters
    ----------
    graph : Graph
    n_vectors : int
        M; at most the nodes of the mainland.
    should_stop : callable
        Asked before each product.

    Raises
    ------
    Cancelled
    """
    from scipy.sparse import diags_array

    is_mainland = mainland(graph)
    nodes = np.flatnonzero(is_mainland)
    large = graph if is_mainland.all() else graph.among(nodes)
    roots = diags_array(1 / np.sqrt(np.maximum(large.degrees(), np.finfo(np.float64).tiny)))
    normalised = (roots @ large.weights @ roots).tocsr()
    values, own = _largest(normalised, min(n_vectors, len(nodes)), should_stop)
    vectors = np.zeros((graph.n_nodes, len(values)))
    vectors[nodes] = own
    return Spectrum(np.minimum(values, 1.0), vectors, is_mainland)


def mainland(graph: Graph) -> BoolArray:
    """Return which nodes lie in a large connected part, (N,).

    Each part of a graph has an eigenvalue of 1 of its own: a dozen equal images, which have one another for
    neighbours and nobody else, would be taken for a cluster.
    """
    from scipy.sparse.csgraph import connected_components

    n_parts, part = connected_components(graph.weights, directed=False)
    if n_parts == 1:
        return np.ones(graph.n_nodes, dtype=np.bool_)
    sizes = np.bincount(part)
    is_large = sizes >= min(ISLAND_SHARE * graph.n_nodes, float(sizes.max()))
    large: BoolArray = is_large[part]
    return large


def _largest(matrix: object, n: int, should_stop: ShouldStop) -> tuple[FloatArray, FloatArray]:
    """Return the n largest eigenvalues of a sparse symmetric matrix, falling, and their eigenvectors."""
    from scipy.sparse import csr_array

    if not isinstance(matrix, csr_array):
        raise TypeError(f"{type(matrix).__name__} is not a sparse array")
    side = matrix.shape[0]
    if side <= max(MAX_DENSE, 2 * n):
        raise_if_ended(should_stop)
        values, vectors = np.linalg.eigh(matrix.toarray())
        return values[: -n - 1 : -1].copy(), vectors[:, : -n - 1 : -1].copy()

    def multiply(vector: FloatArray) -> FloatArray:
        raise_if_ended(should_stop)
        product: FloatArray = matrix @ vector
        return product

    start = np.random.default_rng(0).standard_normal(side)
    try:
        return largest_eigenpairs(multiply, start, n, min(max(LANCZOS_VECTORS, 2 * n + 1), side), TOLERANCE)
    except NoConvergenceError as error:
        raise FitError(
            "The eigenvectors of the neighbour graph could not be found.",
            "Use more neighbours, or fewer eigenvalues.",
        ) from error


def eigenvalue_gap(eigenvalues: FloatArray) -> int:
    """Return the number of clusters that the largest gap between falling eigenvalues proposes, 2 or more.

    Between the first and the second no gap is looked for: one cluster is no clustering.
    """
    if len(eigenvalues) < 3:
        return len(eigenvalues)
    return int(np.argmax(eigenvalues[1:-1] - eigenvalues[2:])) + 2


def spectral_coordinates(spectrum: Spectrum, n_clusters: int) -> FloatArray:
    """Return the first K eigenvectors with rows of unit length (Ng et al. 2001), (N, K); 0 on islands."""
    vectors = spectrum.vectors[:, :n_clusters]
    norms = np.sqrt(np.einsum("nk,nk->n", vectors, vectors))
    return vectors / np.where(norms > 0, norms, 1.0)[:, None]


def start_labels(
    spectrum: Spectrum,
    coordinates: FloatArray,
    features: Float32Array,
    n_clusters: int,
    n_init: int,
    seed: int,
    should_stop: ShouldStop = never_stop,
) -> NDArray[np.int32]:
    """Return clusters by k-means among the coordinates; islands join the nearest cluster mean, (N,).

    Parameters
    ----------
    spectrum : Spectrum
    coordinates : (N, K)
    features : (N, D)
        In which an island's nearest mean is found.
    n_clusters : int
    n_init : int
        Runs of k-means, of which the tightest is taken.
    seed : int
    should_stop : callable

    Raises
    ------
    Cancelled
    """
    held = spectrum.is_mainland
    labels = np.zeros(len(held), dtype=np.int64)
    generator = np.random.default_rng(seed)
    labels[held] = kmeans(coordinates[held], n_clusters, n_init, generator, should_stop)
    if not held.all():
        values = features.astype(np.float64)
        counts, means = means_of_labels(values[held], np.ones(int(held.sum())), labels[held], n_clusters)
        occupied = np.flatnonzero(counts)
        labels[~held] = occupied[nearest_mean(values[~held], means[occupied])]
    return labels.astype(np.int32)


def kmeans(
    values: FloatArray,
    n_clusters: int,
    n_init: int,
    generator: np.random.Generator,
    should_stop: ShouldStop = never_stop,
) -> IntArray:
    """Return the tightest of some runs of k-means from k-means++ starts, (N,).

    Parameters
    ----------
    values : (N, D)
    n_clusters : int
        At most N; with fewer different rows some clusters stay empty.
    n_init : int
    generator : numpy Generator
    should_stop : callable
        Asked in each iteration.

    Raises
    ------
    Cancelled
    """
    weights = np.ones(len(values))
    best, least = np.zeros(len(values), dtype=np.int64), np.inf
    for _ in range(n_init):
        means = kmeans_plus_plus(values, weights, n_clusters, generator)
        means, labels = lloyd(values, weights, means, LLOYD_ITERATIONS, lambda: raise_if_ended(should_stop))
        spread = sum(float(squared_distances(values[labels == k], means[k]).sum()) for k in range(n_clusters))
        if spread < least:
            best, least = labels, spread
    return best
