"""The graph of similar images: edge weights, and the neighbourhood that a mixture's prior looks at."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from gmmseg.arrays import AnyArray, FloatArray, IntArray
from gmmseg.control import ShouldStop, never_stop, raise_if_ended
from gmmseg.digits.blocks import image_blocks
from gmmseg.digits.neighbours import Neighbours

if TYPE_CHECKING:
    from scipy.sparse import csr_array

BLOCK_SITES = 8192
_BISECTIONS = 48
_LARGEST_STEPS = 64.0
"""Largest width, in mean distances: beyond it all neighbours weigh the same."""


@dataclass(frozen=True, slots=True, eq=False)
class Graph:
    """An undirected weighted graph over N nodes.

    Parameters
    ----------
    weights : sparse (N, N)
        Symmetric, 0..1, with an empty diagonal.
    """

    weights: csr_array[np.float64]

    @property
    def n_nodes(self) -> int:
        """Number of nodes, N."""
        return int(self.weights.shape[0])

    def degrees(self) -> FloatArray:
        """Return the sum of each node's weights, (N,)."""
        return np.asarray(self.weights.sum(axis=1), dtype=np.float64).reshape(-1)

    def shares(self) -> csr_array[np.float64]:
        """Return each node's weights as shares of their sum, sparse (N, N); 0 for a node without edges."""
        from scipy.sparse import csr_array

        degrees = self.degrees()
        # By hand: a product of sparse arrays would also be right, in twice the memory.
        data = self.weights.data / np.repeat(
            np.where(degrees > 0, degrees, 1.0), np.diff(self.weights.indptr)
        )
        return csr_array((data, self.weights.indices, self.weights.indptr), shape=self.weights.shape)

    def among(self, nodes: IntArray) -> Graph:
        """Return the graph of some nodes (B,) and the edges between them."""
        from scipy.sparse import csr_array

        return Graph(csr_array(self.weights[nodes][:, nodes]))


def edge_weights(distances: AnyArray, should_stop: ShouldStop = never_stop) -> FloatArray:
    """Return exp(-(d - d_1) / sigma) for neighbours at rising distances, (N, k).

    Each row has a sigma of its own, found by bisection, with which its weights sum to log2 k (McInnes et al.
    2018): as if each had the same number of close neighbours. Rows whose distances are too alike to reach so
    small a sum keep weights near 1.
    """
    weights = np.empty(distances.shape)
    for rows in image_blocks(len(distances), BLOCK_SITES):
        raise_if_ended(should_stop)
        weights[rows] = _bisected(distances[rows])
    return weights


def _bisected(distances: AnyArray) -> FloatArray:
    target = max(np.log2(distances.shape[1]), 1.0)
    beyond = distances.astype(np.float64) - distances[:, :1]
    scale = beyond.mean(axis=1)
    # Equal distances have no scale: all their weights are 1 with any sigma.
    scale[scale <= 0] = 1.0
    low, high = np.zeros(len(beyond)), np.full(len(beyond), _LARGEST_STEPS)
    beyond /= scale[:, None]
    weights = np.empty_like(beyond)
    for _ in range(_BISECTIONS):
        sigma = (low + high) / 2
        np.exp(-beyond / sigma[:, None], out=weights)
        is_wide = weights.sum(axis=1) > target
        high[is_wide] = sigma[is_wide]
        low[~is_wide] = sigma[~is_wide]
    return weights


def joined(neighbours: Neighbours, affinities: FloatArray) -> Graph:
    """Return the graph whose edge i-j has the weight a_ij + a_ji - a_ij a_ji: the probability of either.

    Parameters
    ----------
    neighbours : Neighbours
    affinities : (N, k)
        a_ij of each row's neighbours, 0..1.
    """
    from scipy.sparse import csr_array

    n_nodes, k = affinities.shape
    starts = np.arange(0, n_nodes * k + 1, k)
    directed = csr_array(
        (affinities.reshape(-1), neighbours.indices.reshape(-1), starts), shape=(n_nodes, n_nodes)
    )
    back = directed.T.tocsr()
    weights = directed + back - directed.multiply(back)
    weights = csr_array(weights)
    weights.sum_duplicates()
    weights.sort_indices()
    return Graph(weights)


class GraphNeighbourhood:
    """The nodes of a graph as sites of a mean field: each node's neighbours by the weight of their edges.

    Parameters
    ----------
    graph : Graph
    """

    def __init__(self, graph: Graph) -> None:
        shares = graph.shares().astype(np.float32)
        self._blocks = tuple(image_blocks(graph.n_nodes, BLOCK_SITES))
        self._shares: dict[int, Any] = {sites.start: shares[sites] for sites in self._blocks}

    def blocks(self) -> Sequence[slice]:
        """Return consecutive slices of nodes."""
        return self._blocks

    def mean(self, posteriors: AnyArray, sites: slice, out: AnyArray) -> None:
        """Set `out` (K, sites) to the weighted mean over each node's neighbours; 0 for a node without."""
        shares = self._shares[sites.start]
        for component, posterior in enumerate(posteriors):
            out[component] = shares @ posterior


def weighted_mean(
    posteriors: AnyArray, indices: NDArray[np.int32], affinities: FloatArray
) -> NDArray[np.float32]:
    """Return the weighted mean over given neighbours, (K, B).

    Parameters
    ----------
    posteriors : (K, N)
    indices : (B, k)
        Neighbours among the N.
    affinities : (B, k)
    """
    shares = (affinities / affinities.sum(axis=1, keepdims=True)).astype(np.float32)
    means: NDArray[np.float32] = np.einsum("kbj,bj->kb", posteriors[:, indices], shares)
    return means
