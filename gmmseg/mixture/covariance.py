"""The four covariance families, one class each, with the same methods."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from typing import ClassVar, Self

import numpy as np

from gmmseg.arrays import BoolArray, FloatArray, IntArray, frozen
from gmmseg.mixture.settings import CovarianceKind

MANY_FEATURES = 16
"""From so many features on eigenvalues are looked at only where some of them are too small."""
PANEL = 16
"""Rows of a triangular matrix that are multiplied at once."""


class Covariance(ABC):
    """The covariances of K components in D dimensions, read-only.

    ``values`` has the shape of scikit-learn's ``covariances_``: full (K, D, D), tied (D, D), diag (K, D),
    spherical (K,), in squared feature units. `from_moments` is the exact M-step under the constraint that
    every eigenvalue is at least the floor: maximising ``-(ln v + s / v) / 2`` over ``v >= floor`` gives
    ``v = max(s, floor)`` along each eigenvector of the scatter, so that the likelihood never falls
    (adding the floor to the diagonal has no such guarantee).
    """

    kind: ClassVar[CovarianceKind]
    is_diagonal: ClassVar[bool]
    """Whether only the diagonal of the second moments is needed."""

    def __init__(self, values: FloatArray) -> None:
        self.values = frozen(np.ascontiguousarray(values, dtype=np.float64))

    @classmethod
    @abstractmethod
    def from_moments(cls, counts: FloatArray, scatter: FloatArray, floor: float) -> Self:
        """Return the maximum-likelihood covariances (1/N, S2 eq. 44) with eigenvalues of at least `floor`.

        Parameters
        ----------
        counts : (K,)
            Effective rows of each component, N_k > 0.
        scatter : (K, D, D), or (K, D) for the diagonal families
            Sum of weight times responsibility times the outer product (or squares) of deviations from
            the component's own new mean.
        floor : float
            Smallest eigenvalue allowed.
        """

    @classmethod
    def floored(cls, values: FloatArray, floor: float) -> Self:
        """Return covariances of the shape of ``values`` with eigenvalues raised to at least `floor`."""
        return cls(np.maximum(values, floor) if cls.is_diagonal else _floored(values, floor))

    @abstractmethod
    def matrices(self, n_components: int, n_features: int) -> FloatArray:
        """Return the covariances as (K, D, D) matrices."""

    @abstractmethod
    def log_determinants(self, n_components: int, n_features: int) -> FloatArray:
        """Return log |Sigma_k| for each component, (K,)."""

    @abstractmethod
    def precisions(self, n_components: int, n_features: int) -> FloatArray:
        """Return the inverses: (K, D, D), or for the diagonal families their diagonals (K, D)."""

    @abstractmethod
    def whiten(self, component: int, deviations: FloatArray, out: FloatArray | None = None) -> FloatArray:
        """Return L⁻¹ times `deviations` (D, M), with L Lᵀ the component's covariance; in `out` if given."""

    def reordered(self, order: IntArray) -> Self:
        """Return the covariances of components ``order[0], order[1], ...``."""
        return type(self)(self.values[order])

    def replaced(self, keep: Self, where: BoolArray) -> Self:
        """Return a copy in which the components marked in `where` (K,) have the covariances of `keep`."""
        wide = (slice(None),) + (None,) * (self.values.ndim - 1)
        return type(self)(np.where(where[wide], keep.values, self.values))

    @abstractmethod
    def eigenvalue_range(self) -> tuple[float, float]:
        """Return the smallest and the largest eigenvalue over all components."""

    @classmethod
    @abstractmethod
    def n_parameters(cls, n_components: int, n_features: int) -> int:
        """Return the number of free covariance parameters."""

    @staticmethod
    @abstractmethod
    def shape(n_components: int, n_features: int) -> tuple[int, ...]:
        """Return the shape of ``values``."""


def _floored(matrices: FloatArray, floor: float) -> FloatArray:
    """Return symmetric `matrices` (..., D, D) with their eigenvalues raised to at least `floor`."""
    matrices = (matrices + np.swapaxes(matrices, -1, -2)) / 2
    if matrices.shape[-1] >= MANY_FEATURES and _is_above(matrices, floor):
        return matrices
    eigenvalues, vectors = np.linalg.eigh(matrices)
    if eigenvalues.min(initial=np.inf) >= floor:
        return matrices
    raised = (vectors * np.maximum(eigenvalues, floor)[..., None, :]) @ np.swapaxes(vectors, -1, -2)
    low: BoolArray = np.any(eigenvalues < floor, axis=-1, keepdims=True)[..., None]
    return np.where(low, (raised + np.swapaxes(raised, -1, -2)) / 2, matrices)


def _is_above(matrices: FloatArray, floor: float) -> bool:
    """Whether all eigenvalues are above `floor`, by a Cholesky factorisation: a tenth of their cost."""
    try:
        np.linalg.cholesky(matrices - floor * np.eye(matrices.shape[-1]))
    except np.linalg.LinAlgError:
        return False
    return True


def _log_det(cholesky: FloatArray) -> FloatArray:
    """Return log-determinants from lower Cholesky factors (..., D, D)."""
    logs: FloatArray = np.log(np.diagonal(cholesky, axis1=-2, axis2=-1))
    return np.asarray(2 * logs.sum(axis=-1))


def _inverse_lower(cholesky: FloatArray) -> FloatArray:
    """Return the inverses of lower-triangular factors (..., D, D)."""
    inverse = np.linalg.solve(cholesky, np.broadcast_to(np.eye(cholesky.shape[-1]), cholesky.shape))
    return np.tril(inverse)


def _lower_product(lower: FloatArray, columns: FloatArray, out: FloatArray | None) -> FloatArray:
    """Return a lower-triangular matrix (D, D) times `columns` (D, M), in `out` if given."""
    product: FloatArray = np.empty(columns.shape) if out is None else out
    for start in range(0, len(lower), PANEL):
        # A panel of rows reaches no further than the diagonal: that spares up to half of the work.
        stop = min(start + PANEL, len(lower))
        np.dot(lower[start:stop, :stop], columns[:stop], out=product[start:stop])
    return product


class _Factored(Covariance):
    """Covariance matrices with their Cholesky factors: one for each component, or one for all."""

    is_diagonal = False

    def __init__(self, values: FloatArray) -> None:
        super().__init__(values)
        cholesky: FloatArray = np.linalg.cholesky(self.values).astype(np.float64, copy=False)
        self._log_det = _log_det(cholesky)
        self._whitener: FloatArray = _inverse_lower(cholesky)

    def matrices(self, n_components: int, n_features: int) -> FloatArray:
        return np.broadcast_to(self.values, (n_components, n_features, n_features))

    def log_determinants(self, n_components: int, n_features: int) -> FloatArray:
        return np.broadcast_to(self._log_det, (n_components,))

    def precisions(self, n_components: int, n_features: int) -> FloatArray:
        precisions: FloatArray = np.swapaxes(self._whitener, -1, -2) @ self._whitener
        return np.broadcast_to(precisions, (n_components, n_features, n_features))

    def eigenvalue_range(self) -> tuple[float, float]:
        eigenvalues = np.linalg.eigvalsh(self.values)
        return float(eigenvalues.min()), float(eigenvalues.max())


class Full(_Factored):
    """One covariance matrix for each component."""

    kind = "full"

    @classmethod
    def from_moments(cls, counts: FloatArray, scatter: FloatArray, floor: float) -> Self:
        return cls(_floored(scatter / counts[:, None, None], floor))

    def whiten(self, component: int, deviations: FloatArray, out: FloatArray | None = None) -> FloatArray:
        return _lower_product(self._whitener[component], deviations, out)

    @classmethod
    def n_parameters(cls, n_components: int, n_features: int) -> int:
        return n_components * n_features * (n_features + 1) // 2

    @staticmethod
    def shape(n_components: int, n_features: int) -> tuple[int, ...]:
        return (n_components, n_features, n_features)


class Tied(_Factored):
    """One covariance matrix shared by all components."""

    kind = "tied"

    @classmethod
    def from_moments(cls, counts: FloatArray, scatter: FloatArray, floor: float) -> Self:
        return cls(_floored(scatter.sum(axis=0) / counts.sum(), floor))

    def whiten(self, component: int, deviations: FloatArray, out: FloatArray | None = None) -> FloatArray:
        return _lower_product(self._whitener, deviations, out)

    def reordered(self, order: IntArray) -> Self:
        return self

    def replaced(self, keep: Self, where: BoolArray) -> Self:
        return self

    @classmethod
    def n_parameters(cls, n_components: int, n_features: int) -> int:
        return n_features * (n_features + 1) // 2

    @staticmethod
    def shape(n_components: int, n_features: int) -> tuple[int, ...]:
        return (n_features, n_features)


class _Variances(Covariance):
    """Variances along the axes: one for each component and feature, or one for each component."""

    is_diagonal = True

    def matrices(self, n_components: int, n_features: int) -> FloatArray:
        matrices: FloatArray = self.values.reshape(n_components, -1, 1) * np.eye(n_features)
        return matrices

    def whiten(self, component: int, deviations: FloatArray, out: FloatArray | None = None) -> FloatArray:
        white: FloatArray = np.divide(deviations, np.sqrt(self.values[component])[..., None], out=out)
        return white

    def eigenvalue_range(self) -> tuple[float, float]:
        return float(self.values.min()), float(self.values.max())

    @classmethod
    def n_parameters(cls, n_components: int, n_features: int) -> int:
        return math.prod(cls.shape(n_components, n_features))


class Diagonal(_Variances):
    """One variance for each component and feature."""

    kind = "diag"

    @classmethod
    def from_moments(cls, counts: FloatArray, scatter: FloatArray, floor: float) -> Self:
        return cls(np.maximum(scatter / counts[:, None], floor))

    def log_determinants(self, n_components: int, n_features: int) -> FloatArray:
        log_determinants: FloatArray = np.log(self.values).sum(axis=1)
        return log_determinants

    def precisions(self, n_components: int, n_features: int) -> FloatArray:
        precisions: FloatArray = 1 / self.values
        return precisions

    @staticmethod
    def shape(n_components: int, n_features: int) -> tuple[int, ...]:
        return (n_components, n_features)


class Spherical(_Variances):
    """One variance for each component, the same in every direction."""

    kind = "spherical"

    @classmethod
    def from_moments(cls, counts: FloatArray, scatter: FloatArray, floor: float) -> Self:
        return cls(np.maximum(scatter.mean(axis=1) / counts, floor))

    def log_determinants(self, n_components: int, n_features: int) -> FloatArray:
        log_determinants: FloatArray = n_features * np.log(self.values)
        return log_determinants

    def precisions(self, n_components: int, n_features: int) -> FloatArray:
        precisions: FloatArray = np.repeat(1 / self.values[:, None], n_features, axis=1)
        return precisions

    @staticmethod
    def shape(n_components: int, n_features: int) -> tuple[int, ...]:
        return (n_components,)


FAMILIES: dict[CovarianceKind, type[Covariance]] = {
    family.kind: family for family in (Full, Tied, Diagonal, Spherical)
}
