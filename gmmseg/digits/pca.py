"""Principal components, exactly, by the eigenvectors of the covariance matrix."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from gmmseg.arrays import Float32Array, FloatArray, frozen
from gmmseg.control import ShouldStop, never_stop, raise_if_ended
from gmmseg.digits.blocks import image_blocks
from gmmseg.errors import FitError

BLOCK_ROWS = 2048
MAX_DENSE = 1024
"""Features up to which all eigenvectors are computed at once, some tenths of a second."""
SMALLEST_SHARE = 1e-10
"""Directions with less of the variance than this are rounding."""


@dataclass(frozen=True, slots=True, eq=False)
class PrincipalAxes:
    """Orthogonal directions of falling variance.

    Parameters
    ----------
    mean : (F,)
    vectors : (F, D)
        Unit columns; the entry of largest size of each is positive.
    variances : (D,)
        Along each direction, 1/N, falling.
    """

    mean: FloatArray
    vectors: FloatArray
    variances: FloatArray

    def project(self, features: Float32Array) -> Float32Array:
        """Return coordinates (N, D) along the directions."""
        vectors = self.vectors.astype(np.float32)
        # The mean is subtracted first: afterwards, digits that it shares with the rows would be lost.
        projected: Float32Array = (features - self.mean.astype(np.float32)) @ vectors
        return projected

    def restore(self, coordinates: FloatArray) -> FloatArray:
        """Return the features (N, F) at coordinates (N, D)."""
        features: FloatArray = coordinates @ self.vectors.T + self.mean
        return features


def principal_axes(
    features: Float32Array, n_components: int, should_stop: ShouldStop = never_stop
) -> PrincipalAxes:
    """Return the directions of largest variance.

    Parameters
    ----------
    features : (N, F)
    n_components : int
        D; fewer where the rows span fewer dimensions.
    should_stop : callable
        Asked between blocks.

    Raises
    ------
    FitError
        All rows are equal.
    Cancelled
    """
    mean, covariance = _moments(features, should_stop)
    raise_if_ended(should_stop)
    total = float(np.trace(covariance))
    if total <= 1e-12 * max(float(mean @ mean), 1e-12):
        raise FitError("All images have the same features.", "Choose images that differ.")
    largest = min(n_components, *features.shape)
    variances, vectors = _leading(covariance, largest, should_stop)
    raise_if_ended(should_stop)
    held = max(int(np.count_nonzero(variances > SMALLEST_SHARE * total)), 1)
    variances, vectors = variances[:held], vectors[:, :held]
    peaks = vectors[np.abs(vectors).argmax(axis=0), np.arange(held)]
    vectors = np.ascontiguousarray(vectors * np.where(peaks < 0, -1.0, 1.0))
    return PrincipalAxes(frozen(mean), frozen(vectors), frozen(variances))


def _moments(features: Float32Array, should_stop: ShouldStop) -> tuple[FloatArray, FloatArray]:
    """Return the mean and the covariance matrix (1/N), summed in double precision."""
    n_rows, n_features = features.shape
    mean = np.zeros(n_features)
    for rows in image_blocks(n_rows, BLOCK_ROWS):
        raise_if_ended(should_stop)
        mean += features[rows].sum(axis=0, dtype=np.float64)
    mean /= n_rows
    centre = mean.astype(np.float32)
    covariance = np.zeros((n_features, n_features))
    for rows in image_blocks(n_rows, BLOCK_ROWS):
        raise_if_ended(should_stop)
        deviations = features[rows] - centre
        covariance += deviations.T @ deviations
    covariance /= n_rows
    shift = mean - centre
    covariance -= np.outer(shift, shift)
    return mean, covariance


def _leading(covariance: FloatArray, n: int, should_stop: ShouldStop) -> tuple[FloatArray, FloatArray]:
    """Return the n largest eigenvalues, falling, and their eigenvectors in columns."""
    raise_if_ended(should_stop)
    side = len(covariance)
    if side <= MAX_DENSE or n >= side // 4:
        # NumPy's, though it finds all of them: SciPy's keeps all other threads waiting meanwhile.
        values, vectors = (part[..., -n:] for part in np.linalg.eigh(covariance))
    else:
        from scipy.sparse.linalg import LinearOperator, eigsh

        def multiply(vector: FloatArray) -> FloatArray:
            raise_if_ended(should_stop)
            product: FloatArray = covariance @ vector
            return product

        operator = LinearOperator(covariance.shape, matvec=multiply, dtype=np.float64)
        start = np.random.default_rng(0).standard_normal(side)
        values, vectors = eigsh(operator, k=n, which="LA", v0=start)
        order = np.argsort(values, kind="stable")
        values, vectors = values[order], vectors[:, order]
    return np.maximum(values[::-1], 0.0), vectors[:, ::-1]
