"""Spectral coordinates of regions: close where many weak borders lead from one to the other."""

from __future__ import annotations

import ctypes
from functools import cache
from typing import Any

import numpy as np

from gmmseg.arrays import AnyArray, FloatArray, IntArray

_SMALLEST_EIGENVALUE = 1e-4


def spectral_coordinates(
    pairs: IntArray, affinities: FloatArray, areas: FloatArray, n_coordinates: int
) -> FloatArray:
    """Return coordinates of the nodes of a graph from its normalised Laplacian.

    The eigenvectors v of ``I - D^(-1/2) W D^(-1/2)`` to the smallest eigenvalues λ but the first give
    ``D^(-1/2) v``, those of normalised cuts (Shi and Malik 2000, eq. 6 and 7). Each is centred and scaled to
    unit variance over the area, then weighted by ``(λ + 1e-4)^(-1/2)``, as Arbeláez et al. (2011)
    weight theirs by ``λ^(-1/2)``; the squares of the weights sum to one.

    Parameters
    ----------
    pairs : int64 array, (E, 2)
        Neighbours; each pair once.
    affinities : (E,)
        W of these pairs, above 0.
    areas : (n,)
        Above 0, in any unit.
    n_coordinates : int

    Returns
    -------
    float64 array, (n, S)
        S is `n_coordinates` or ``n - 1``, whichever is less.

    Raises
    ------
    numpy.linalg.LinAlgError
        Where LAPACK finds no eigenvectors.
    """
    n_nodes = len(areas)
    n_kept = min(n_coordinates, n_nodes - 1)
    if n_kept < 1:
        return np.zeros((n_nodes, 0))
    matrix = np.zeros((n_nodes, n_nodes))
    matrix[pairs[:, 0], pairs[:, 1]] = affinities
    # Each pair is given once.
    matrix += matrix.T
    scale = 1 / np.sqrt(np.maximum(matrix.sum(axis=1), np.finfo(np.float64).tiny))
    laplacian = np.eye(n_nodes) - scale[:, None] * matrix * scale
    eigenvalues, vectors = _eigenpairs(laplacian, 1, n_kept)
    coordinates = vectors * scale[:, None]
    shares = areas / areas.sum()
    # Standardised over the area, not over the nodes: many small leaves shall not stretch the axes.
    coordinates -= shares @ coordinates
    coordinates /= np.sqrt(np.maximum(shares @ coordinates**2, np.finfo(np.float64).tiny))
    # Rounding can take an eigenvalue of 0 below it; the addend keeps parts that nearly fall apart finite.
    weights = 1 / np.sqrt(np.maximum(eigenvalues, 0) + _SMALLEST_EIGENVALUE)
    weighted: FloatArray = coordinates * (weights / np.linalg.norm(weights))
    return weighted


def _eigenpairs(matrix: FloatArray, first: int, last: int) -> tuple[FloatArray, FloatArray]:
    """Return the eigenvalues, increasing, and eigenvectors of these numbers of a symmetric matrix.

    The same as ``scipy.linalg.eigh(matrix, subset_by_index=[first, last])`` to the bit; but scipy keeps the
    interpreter while LAPACK works, a second for 1,500 nodes, and the window would stand still.
    """
    n, n_found = len(matrix), last - first + 1
    # LAPACK overwrites it, and reads the lower triangle.
    columns = np.array(matrix, dtype=np.float64, order="F")
    values, vectors = np.empty(n), np.empty((n, n_found), order="F")
    support = np.empty(2 * n_found, dtype=np.int32)
    size = ctypes.byref(ctypes.c_int(n))
    info = ctypes.c_int()

    def call(work: FloatArray, n_work: int, whole: AnyArray, n_whole: int) -> None:
        _lapack("dsyevr")(
            *(b"V", b"I", b"L", size, columns.ctypes, size, None, None),
            *(ctypes.byref(ctypes.c_int(at)) for at in (first + 1, last + 1)),
            *(ctypes.byref(ctypes.c_double(0)), ctypes.byref(ctypes.c_int())),
            *(values.ctypes, vectors.ctypes, size, support.ctypes),
            *(work.ctypes, ctypes.byref(ctypes.c_int(n_work)), whole.ctypes),
            *(ctypes.byref(ctypes.c_int(n_whole)), ctypes.byref(info)),
        )
        if info.value:
            raise np.linalg.LinAlgError(f"dsyevr: {info.value}")

    wanted, n_wanted = np.empty(1), np.empty(1, dtype=np.int32)
    call(wanted, -1, n_wanted, -1)
    n_work, n_whole = int(wanted[0]), int(n_wanted[0])
    call(np.empty(n_work), n_work, np.empty(n_whole, dtype=np.int32), n_whole)
    return values[:n_found], vectors


@cache
def _lapack(name: str) -> Any:
    """Return a routine of scipy's LAPACK as scipy offers it to Cython; ctypes lets go of the interpreter."""
    from scipy.linalg import cython_lapack

    capsules: dict[str, Any] = dict(cython_lapack.__pyx_capi__)
    capsule = capsules[name]
    name_of = ctypes.PYFUNCTYPE(ctypes.c_char_p, ctypes.py_object)(("PyCapsule_GetName", ctypes.pythonapi))
    address_of = ctypes.PYFUNCTYPE(ctypes.c_void_p, ctypes.py_object, ctypes.c_char_p)(
        ("PyCapsule_GetPointer", ctypes.pythonapi)
    )
    signature = name_of(capsule)
    address = address_of(capsule, signature)
    return ctypes.CFUNCTYPE(None, *[ctypes.c_void_p] * signature.count(b"*"))(address)
