"""The largest eigenvalues of a symmetric matrix, by Lanczos steps that leave the interpreter to others."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from gmmseg.arrays import FloatArray

MAX_RESTARTS = 300
_REORTHOGONALISE_BELOW = 0.717
"""A vector of which less than this share is left is cleared of the basis again (Daniel et al. 1976)."""


class NoConvergenceError(Exception):
    """The eigenvectors were not found within `MAX_RESTARTS` restarts."""


def largest_eigenpairs(
    multiply: Callable[[FloatArray], FloatArray], start: FloatArray, n: int, n_vectors: int, tolerance: float
) -> tuple[FloatArray, FloatArray]:
    """Return the n largest eigenvalues, falling, and their eigenvectors (N, n), of unit length.

    A Lanczos method with thick restarts (Wu & Simon 2000): of each basis the best Ritz vectors are kept. The
    same as ARPACK's for symmetric matrices, whose steps hold Python's global lock for a tenth of a second. As
    there, an eigenvalue that occurs several times may be found fewer times: one start reaches one direction.

    Parameters
    ----------
    multiply : function
        The product of the matrix with a vector (N,), as a new array.
    start : (N,)
        Not zero.
    n : int
    n_vectors : int
        Size of the basis; more than n + 1 and at most N.
    tolerance : float
        Largest norm of A v - λ v, as a share of |λ|.

    Raises
    ------
    NoConvergenceError
    """
    basis = np.empty((n_vectors + 1, len(start)))
    basis[0] = start / np.linalg.norm(start)
    projected = np.zeros((n_vectors, n_vectors))
    n_kept = 0
    for _ in range(MAX_RESTARTS):
        coupling = _extend(multiply, basis, projected, n_kept)
        values, mixing = np.linalg.eigh(projected)
        values, mixing = values[::-1], mixing[:, ::-1]
        errors = coupling * np.abs(mixing[-1])
        is_found = errors[:n] <= tolerance * np.maximum(np.abs(values[:n]), np.finfo(np.float64).tiny)
        if is_found.all():
            return values[:n].copy(), (mixing[:, :n].T @ basis[:-1]).T
        # Keeping a few more than are wanted keeps the next ones from slowing these down.
        n_kept = n + min(int(is_found.sum()), (n_vectors - n) // 2)
        basis[:n_kept] = mixing[:, :n_kept].T @ basis[:-1]
        basis[n_kept] = basis[-1]
        projected[:] = 0
        projected[np.arange(n_kept), np.arange(n_kept)] = values[:n_kept]
        projected[n_kept, :n_kept] = projected[:n_kept, n_kept] = coupling * mixing[-1, :n_kept]
    raise NoConvergenceError


def _extend(
    multiply: Callable[[FloatArray], FloatArray], basis: FloatArray, projected: FloatArray, n_kept: int
) -> float:
    """Fill the basis from row `n_kept` on, and the matrix in it; return what couples its last row to it."""
    coupling = 0.0
    for at in range(n_kept, len(basis) - 1):
        held = basis[: at + 1]
        vector = multiply(basis[at])
        length = float(np.linalg.norm(vector))
        parts = _clear(vector, held)
        left = float(np.linalg.norm(vector))
        if left < _REORTHOGONALISE_BELOW * length:
            parts += _clear(vector, held)
            left = float(np.linalg.norm(vector))
        projected[at, at] = parts[at]
        coupling = left
        if left <= 100 * np.finfo(np.float64).eps * max(length, np.finfo(np.float64).tiny):
            # The basis holds all that the start reaches: go on in any direction that is not in it.
            coupling = 0.0
            vector = np.random.default_rng((1, at)).standard_normal(len(vector))
            for _ in range(2):
                vector /= np.linalg.norm(vector)
                _clear(vector, held)
            left = float(np.linalg.norm(vector))
        np.divide(vector, left, out=basis[at + 1])
        if at + 1 < len(projected):
            projected[at, at + 1] = projected[at + 1, at] = coupling
    return coupling


def _clear(vector: FloatArray, held: FloatArray) -> FloatArray:
    """Take what lies along the held rows out of a vector, in place, and return how much that was of each."""
    parts: FloatArray = held @ vector
    vector -= parts @ held
    return parts
