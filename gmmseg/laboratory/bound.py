"""The lower bound of EM: L, Q, H and the Kullback-Leibler divergence, by the engine's own E- and M-steps."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property, lru_cache

import numpy as np

from gmmseg.arrays import ByteArray, FloatArray, frozen
from gmmseg.colours import class_colour
from gmmseg.control import never_stop
from gmmseg.laboratory.data import Data
from gmmseg.mixture.density import posteriors, score_rows
from gmmseg.mixture.expectation import Expectation, Rows
from gmmseg.mixture.moments import expected_log_likelihood, maximise
from gmmseg.mixture.params import MixtureParams
from gmmseg.mixture.preparation import prepare
from gmmseg.mixture.settings import CovarianceKind, FitSettings


@dataclass(frozen=True, slots=True, eq=False)
class Problem:
    """Rows prepared for EM with one family of covariances."""

    rows: Rows
    kind: CovarianceKind
    floor: float

    def evaluate(self, params: MixtureParams) -> Expectation:
        """Return the log-likelihood of `params` and the moments under their posteriors."""
        return self.rows.expectation(params, False, never_stop)


def problem(data: Data, settings: FitSettings) -> Problem:
    """Return the rows of some data as the engine sees them."""
    prepared = prepare(data.values, None, settings)
    return Problem(prepared.exact, prepared.settings.covariance, prepared.floor)


# Without slots: it caches what it comes to, which is computed when first asked for.
@dataclass(frozen=True, eq=False)
class Belief:
    """Parameters on some rows, and the posteriors of the rows under them: what an E-step at θg leaves.

    Parameters
    ----------
    task : Problem
    params : MixtureParams
        θg.
    """

    task: Problem
    params: MixtureParams

    @cached_property
    def found(self) -> Expectation:
        """The log-likelihood of θg, and the moments under its posteriors."""
        return self.task.evaluate(self.params)

    @cached_property
    def h(self) -> float:
        """H(θg, θg), nats: minus the entropy of the posteriors."""
        return expected_log_likelihood(self.params, self.found.moments) - self.found.log_likelihood


# Not kept with each belief: hundreds of steps of thousands of rows would fill the memory.
@lru_cache(maxsize=8)
def shares_of(belief: Belief) -> FloatArray:
    """Return the posteriors γ(z_nk) of a belief, (K, N)."""
    return frozen(posteriors(belief.params, belief.task.rows.columns.T, np.float64))


@lru_cache(maxsize=8)
def tints_of(belief: Belief) -> ByteArray:
    """Return the colours (N, 4) of the rows: those of the components mixed by posterior."""
    return mixed_tints(shares_of(belief))


# Of what a page shows a drag changes one mixture at the most.
@lru_cache(maxsize=8)
def shares_on(data: Data, params: MixtureParams) -> FloatArray:
    """Return the posteriors of the rows of some data, (K, N)."""
    return frozen(posteriors(params, data.values, np.float64))


@lru_cache(maxsize=8)
def level_on(data: Data, params: MixtureParams) -> float:
    """Return L per row of some data, nats."""
    return float(score_rows(params, data.values).mean())


def maximised(belief: Belief) -> MixtureParams:
    """Return the M-step from posteriors (S2 eq. 28, 43, 44, 50)."""
    return maximise(belief.found.moments, belief.params, belief.task.kind, belief.task.floor)


def mixed_tints(shares: FloatArray) -> ByteArray:
    """Return the colours (N, 4) of rows: those of the components (K, N) mixed by posterior."""
    palette = np.array([class_colour(k) for k in range(len(shares))], dtype=np.float64)
    tints = np.full((shares.shape[1], 4), 235, dtype=np.uint8)
    tints[:, :3] = np.rint(shares.T @ palette)
    return tints


@dataclass(frozen=True, slots=True)
class Figures:
    """The parts of S2 eq. 18 for θ under the posteriors of θg, nats over all rows: L = Q - H.

    Parameters
    ----------
    log_likelihood : float
        L(θ).
    q : float
        Q(θ, θg).
    h : float
        H(θ, θg).
    bound : float
        Q(θ, θg) - H(θg, θg), at most L(θ) and equal to it at θ = θg.
    divergence : float
        KL of the posteriors of θ from those of θg, L(θ) - bound = H(θg, θg) - H(θ, θg).
    """

    log_likelihood: float
    q: float
    h: float
    bound: float
    divergence: float


def figures(params: MixtureParams, log_likelihood: float, belief: Belief) -> Figures:
    """Return L, Q, H, the bound and the divergence of `params`, whose L is known, under a belief."""
    q = expected_log_likelihood(params, belief.found.moments)
    bound = q - belief.h
    return Figures(log_likelihood, q, q - log_likelihood, bound, log_likelihood - bound)
