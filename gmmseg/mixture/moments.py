"""The moments of the rows that the M-step needs, the M-step itself, and Q."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from gmmseg.arrays import FloatArray
from gmmseg.mixture.covariance import FAMILIES, Spherical
from gmmseg.mixture.params import MixtureParams
from gmmseg.mixture.settings import CovarianceKind

LOG_2PI = float(np.log(2 * np.pi))
EMPTY_SHARE = 1e-14
"""A component whose share of the rows is below this has no mean of its own: it keeps its old one."""


@dataclass(frozen=True, slots=True, eq=False)
class Moments:
    """Responsibility-weighted sums over the rows.

    Parameters
    ----------
    counts : (K,)
        N_k, effective rows of each component (S2 eq. 43).
    means : (K, D)
        Weighted mean of each component; where N_k = 0 any finite value.
    scatter : (K, D, D), or (K, D) for diagonal families
        Weighted sum of outer products (squares) of deviations from `means`. For tied covariances, which
        only their sum over components determines, possibly the share of each in that sum.
    """

    counts: FloatArray
    means: FloatArray
    scatter: FloatArray

    @property
    def is_diagonal(self) -> bool:
        """Whether only squares were summed."""
        return self.scatter.ndim == 2

    def plus(self, other: Moments) -> Moments:
        """Return the moments of two sets of rows together (Chan, Golub & LeVeque 1983)."""
        counts = self.counts + other.counts
        share = np.divide(other.counts, counts, out=np.zeros_like(counts), where=counts > 0)
        apart = other.means - self.means
        outer = apart**2 if self.is_diagonal else apart[:, :, None] * apart[:, None, :]
        wide = (slice(None),) + (None,) * (outer.ndim - 1)
        scatter = self.scatter + other.scatter + outer * (self.counts * share)[wide]
        return Moments(counts, self.means + apart * share[:, None], scatter)


def maximise(moments: Moments, previous: MixtureParams, kind: CovarianceKind, floor: float) -> MixtureParams:
    """Return the parameters that maximise Q (S2 eq. 28, 43, 44, 50) with eigenvalues of at least `floor`.

    Components without rows keep the mean and covariance of `previous`; nothing becomes nan.
    """
    counts, total = moments.counts, float(moments.counts.sum())
    weights = counts / total
    empty = weights < EMPTY_SHARE
    means = np.where(empty[:, None], previous.means, moments.means)
    if previous.is_hard:
        # One variance for all: as epsilon shrinks with the rows fixed, the nearest mean takes all (S3).
        variance = max(moments.scatter.sum() / (total * means.shape[1]), floor)
        return MixtureParams(weights, means, Spherical(np.full(len(counts), variance)), is_hard=True)
    safe = np.where(empty, 1.0, counts)
    wide = (slice(None),) + (None,) * (moments.scatter.ndim - 1)
    scatter = np.where(empty[wide], 0.0, moments.scatter)
    covariance = FAMILIES[kind].from_moments(safe if kind != "tied" else counts, scatter, floor)
    if empty.any():
        covariance = covariance.replaced(previous.covariance, empty)
    return MixtureParams(weights, means, covariance)


def expected_log_likelihood(params: MixtureParams, moments: Moments) -> float:
    """Return Q(theta, theta_g) in nats (S2 eq. 27/41): `moments` are of theta_g, `params` are theta.

    Closed form: with responsibilities fixed, Q depends on the rows only through their moments.
    """
    n_components, n_features = params.means.shape
    precisions = params.covariance.precisions(n_components, n_features)
    offsets = moments.means - params.means
    if moments.is_diagonal:
        spread = np.einsum("kd,kd->k", precisions, moments.scatter)
        shift = np.einsum("kd,kd->k", precisions, offsets**2)
    else:
        spread = np.einsum("kde,kde->k", precisions, moments.scatter)
        shift = np.einsum("kd,kde,ke->k", offsets, precisions, offsets)
    log_det = params.covariance.log_determinants(n_components, n_features)
    held = moments.counts > 0
    with np.errstate(divide="ignore"):
        log_weights = np.where(held, np.log(params.weights), 0.0)
    constant = log_weights - (n_features * LOG_2PI + log_det) / 2
    terms = moments.counts * (constant - shift / 2) - spread / 2
    return float(terms[held].sum())


def parameter_change(old: MixtureParams, new: MixtureParams) -> float:
    """Return the norm of a parameter change in units that do not depend on the features' scale.

    The square is the sum of the squared changes of the weights, of the means in standard deviations of the
    old component, and of half the squared relative changes of the covariances in its whitened axes. The
    documents' rule (S2 eq. 29) leaves the units open; absolute ones would depend on the scale of the data.
    """
    weights = float(((new.weights - old.weights) ** 2).sum())
    means = shapes = 0.0
    matrices = new.matrices()
    for k in range(old.n_components):
        means += float((old.covariance.whiten(k, (new.means[k] - old.means[k])[:, None]) ** 2).sum())
        whitened = old.covariance.whiten(k, old.covariance.whiten(k, matrices[k]).T)
        shapes += float(((whitened - np.eye(old.n_features)) ** 2).sum()) / 2
    return float(np.sqrt(weights + means + shapes))
