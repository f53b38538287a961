"""Spectral coordinates of regions: close where many weak borders lead from one to the other."""

from __future__ import annotations

import numpy as np

from gmmseg.arrays import FloatArray, IntArray

_SMALLEST_EIGENVALUE = 1e-4


def spectral_coordinates(
    pairs: IntArray, affinities: FloatArray, areas: FloatArray, n_coordinates: int
) -> FloatArray:
    """Return coordinates of the nodes of a graph from its normalised Laplacian, (n, at most n_coordinates).

    The eigenvectors v of the smallest eigenvalues but the first give ``D^(-1/2) v``, each centred and scaled
    to unit variance over the area, then weighted by ``(λ + 1e-4)^(-1/2)``; the squares of the weights sum to
    one.

    Parameters
    ----------
    pairs : int64 array, (E, 2)
    affinities : (E,)
        Above 0.
    areas : (n,)
        Above 0.
    n_coordinates : int
    """
    from scipy.linalg import eigh

    n_nodes = len(areas)
    n_kept = min(n_coordinates, n_nodes - 1)
    if n_kept < 1:
        return np.zeros((n_nodes, 0))
    matrix = np.zeros((n_nodes, n_nodes))
    matrix[pairs[:, 0], pairs[:, 1]] = affinities
    matrix += matrix.T
    scale = 1 / np.sqrt(np.maximum(matrix.sum(axis=1), np.finfo(np.float64).tiny))
    laplacian = np.eye(n_nodes) - scale[:, None] * matrix * scale
    eigenvalues, vectors = eigh(laplacian, subset_by_index=[1, n_kept])
    coordinates = vectors * scale[:, None]
    shares = areas / areas.sum()
    coordinates -= shares @ coordinates
    coordinates /= np.sqrt(np.maximum(shares @ coordinates**2, np.finfo(np.float64).tiny))
    weights = 1 / np.sqrt(np.maximum(eigenvalues, 0) + _SMALLEST_EIGENVALUE)
    weighted: FloatArray = coordinates * (weights / np.linalg.norm(weights))
    return weighted
