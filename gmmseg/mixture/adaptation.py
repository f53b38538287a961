"""A mixture moved towards other rows: maximum a posteriori adaptation (Reynolds, Quatieri & Dunn 2000)."""

from __future__ import annotations

import numpy as np

from gmmseg.arrays import FloatArray
from gmmseg.control import ShouldStop, never_stop, only_cancelled
from gmmseg.mixture.covariance import FAMILIES, Covariance, Spherical
from gmmseg.mixture.expectation import Evidence, rows_about
from gmmseg.mixture.kernel_choice import suits_quadratic
from gmmseg.mixture.moments import Moments
from gmmseg.mixture.params import MixtureParams
from gmmseg.mixture.settings import Adaptation


def adapted(
    params: MixtureParams,
    values: FloatArray,
    weights: FloatArray,
    adaptation: Adaptation,
    floor: float,
    should_stop: ShouldStop = never_stop,
) -> MixtureParams:
    """Return a mixture adapted to some rows by one E-step and one M-step; its components keep their order.

    Parameters
    ----------
    params : MixtureParams
        What is known before: its component k counts as r rows with its own mean and covariance.
    values : (N, D)
    weights : (N,)
        A weight of w is the same as w equal rows.
    adaptation : Adaptation
        The relevance factor r, and what is adapted.
    floor : float
        Smallest eigenvalue of an adapted covariance.
    should_stop : callable
        Asked between blocks; CANCEL raises `Cancelled`.
    """
    return adapted_to(rows_about(params, values, weights), params, adaptation, floor, should_stop)


def adapted_to(
    rows: Evidence,
    params: MixtureParams,
    adaptation: Adaptation,
    floor: float,
    should_stop: ShouldStop = never_stop,
) -> MixtureParams:
    """Return a mixture adapted to rows that may be anywhere; see `adapted`."""
    is_fast = not params.is_hard and suits_quadratic(params, rows.squared_extent)
    moments = rows.expectation(params, is_fast, only_cancelled(should_stop)).moments
    return adapted_by(params, moments, adaptation, floor)


def adapted_by(
    params: MixtureParams, moments: Moments, adaptation: Adaptation, floor: float
) -> MixtureParams:
    """Return the adapted mixture, given the moments of the rows under it (N_k = n_k, means E_k[x]).

    With ``a_k = n_k / (n_k + r)`` (Reynolds, Quatieri & Dunn 2000, eq. 11 to 14):
    ``w_k ~ a_k n_k / N + (1 - a_k) w_k``, ``m_k = a_k E_k[x] + (1 - a_k) m_k`` and
    ``S_k = a_k E_k[x x'] + (1 - a_k) (S_k + m_k m_k') - m_k m_k'`` with the new m_k behind the minus. These
    are the M-step (r = 0) of the rows and of r more for each component, which have its own moments; all is
    computed from deviations.
    """
    counts, relevance = moments.counts, adaptation.relevance
    held, total = counts + relevance > 0, float(counts.sum())
    known = np.divide(relevance, counts + relevance, out=np.zeros_like(counts), where=held)
    means, weights = params.means, params.weights
    if not adaptation.keeps_means:
        moved = (1 - known)[:, None] * moments.means + known[:, None] * params.means
        means = np.where(held[:, None], moved, params.means)
    if adaptation.moves_weights and total > 0:
        weights = (1 - known) * counts / total + known * params.weights
        weights = weights / weights.sum()
    covariance = params.covariance
    if adaptation.moves_covariances:
        covariance = _adapted_covariance(params, moments, means, relevance, floor)
    return MixtureParams(weights, means, covariance, params.is_hard)


def _adapted_covariance(
    params: MixtureParams, moments: Moments, means: FloatArray, relevance: float, floor: float
) -> Covariance:
    """Return the covariances about `means` of the rows and of the r rows that each component counts as."""
    counts = moments.counts + relevance
    known, found = params.means - means, moments.means - means
    if moments.is_diagonal:
        own = np.diagonal(params.matrices(), axis1=1, axis2=2)
        scatter = moments.scatter + moments.counts[:, None] * found**2 + relevance * (own + known**2)
    else:
        scatter = (
            moments.scatter
            + moments.counts[:, None, None] * found[:, :, None] * found[:, None, :]
            + relevance * (params.matrices() + known[:, :, None] * known[:, None, :])
        )
    if params.is_hard:
        # One variance for all, whatever is adapted: the nearest mean takes all.
        pooled = scatter.sum() / (counts.sum() * params.n_features)
        return Spherical(np.full(len(counts), max(float(pooled), floor)))
    empty = counts <= 0
    safe = np.where(empty, 1.0, counts) if params.covariance.kind != "tied" else counts
    family = FAMILIES[params.covariance.kind]
    return family.from_moments(safe, scatter, floor).replaced(params.covariance, empty)
