"""The mixture with a neighbourhood prior: responsibilities also follow the neighbours in a graph."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass

import numpy as np

from gmmseg.arrays import AnyArray, Float32Array, FloatArray
from gmmseg.control import Progress, ShouldStop, never_stop, raise_if_ended
from gmmseg.digits.blocks import image_blocks
from gmmseg.digits.events import Iterated, StageEvent
from gmmseg.digits.graph import Graph, GraphNeighbourhood
from gmmseg.errors import FitError
from gmmseg.mixture.covariance import FAMILIES
from gmmseg.mixture.kernels import log_constants
from gmmseg.mixture.mean_field import mean_field
from gmmseg.mixture.params import MixtureParams
from gmmseg.mixture.settings import CovarianceKind

BLOCK_ROWS = 4096
NEGLIGIBLE = 1e-6
"""Responsibilities below this are left out of the sums of the M-step: most images belong to one cluster."""


@dataclass(frozen=True, slots=True)
class MixtureOnGraph:
    """A mixture with a neighbourhood prior: shape of its Gaussians, and what they and neighbours count.

    Parameters
    ----------
    covariance : {"full", "tied", "diag", "spherical"}
    temperature : float
        Weight of the Gaussians' evidence.
    strength : float
        Weight of the neighbours.
    added_variance : float
        Added to every variance, in squared feature units.
    n_sweeps : int
        Mean-field sweeps of an iteration.
    """

    covariance: CovarianceKind
    temperature: float
    strength: float
    added_variance: float
    n_sweeps: int


@dataclass(frozen=True, slots=True, eq=False)
class GraphMixtureResult:
    """A fitted mixture with a neighbourhood prior.

    Parameters
    ----------
    posteriors : float32 (K, N)
        Given each image and its neighbours.
    params : MixtureParams
        The M-step of the posteriors that the last sweeps started from.
    converged : bool
        Whether the clusters settled before the limit of iterations.
    """

    posteriors: Float32Array
    params: MixtureParams
    converged: bool


def graph_mixture_events(
    features: Float32Array,
    graph: Graph,
    start: Float32Array,
    model: MixtureOnGraph,
    *,
    max_iter: int,
    min_changed: float,
    stage: str = "graph_mixture",
    should_stop: ShouldStop = never_stop,
) -> Generator[StageEvent, None, GraphMixtureResult]:
    """Fit K Gaussians whose responsibilities also follow the neighbours.

    Each iteration takes the Gaussians of the posteriors R, then some mean-field sweeps of
    ``r_k ∝ exp(log pi_k + temperature log N(x | k) + strength (D^-1 W R)_k)``.

    Parameters
    ----------
    features : (N, D)
    graph : Graph
        Over the N rows.
    start : (K, N)
        Posteriors; each component has some.
    model : MixtureOnGraph
    max_iter : int
    min_changed : float
        Share of the rows, 0..1: with fewer that change their cluster the fit has converged.
    stage : str
        Named in the events.
    should_stop : callable
        Asked between blocks.

    Raises
    ------
    FitError
        The Gaussians have no finite parameters.
    Cancelled
    """
    neighbourhood = GraphNeighbourhood(graph)
    posteriors, labels = start, start.argmax(axis=0)
    for iteration in range(1, max_iter + 1):
        params = gaussians_of(features, posteriors, model.covariance, model.added_variance, should_stop)
        evidence, log_likelihood = _evidence(features, params, model.temperature, should_stop)
        posteriors = mean_field(
            evidence, neighbourhood, model.strength, model.n_sweeps, posteriors, should_stop=should_stop
        )
        previous, labels = labels, posteriors.argmax(axis=0)
        changed = float(np.count_nonzero(labels != previous)) / len(labels)
        yield Iterated(stage, iteration, log_likelihood, changed)
        yield Progress(f"Fitting the mixture on the graph: iteration {iteration}", iteration / max_iter)
        if changed < min_changed:
            return GraphMixtureResult(posteriors, params, converged=True)
    return GraphMixtureResult(posteriors, params, converged=False)


def gaussians_of(
    features: Float32Array,
    posteriors: Float32Array,
    kind: CovarianceKind,
    added_variance: float,
    should_stop: ShouldStop = never_stop,
) -> MixtureParams:
    """Return shares, means and covariances of soft clusters, `added_variance` added to every variance.

    Parameters
    ----------
    features : (N, D)
    posteriors : (K, N)
        A component without any keeps a share of 0 and the spread of all rows.
    """
    n_components, n_features = len(posteriors), features.shape[1]
    is_diagonal = FAMILIES[kind].is_diagonal
    counts = posteriors.sum(axis=1, dtype=np.float64)
    means = np.zeros((n_components, n_features))
    scatter = np.zeros((n_components, n_features, *(() if is_diagonal else (n_features,))))
    for k, shares in enumerate(posteriors):
        mine = np.flatnonzero(shares > NEGLIGIBLE)
        means[k] = _mean(features, shares, mine, counts[k], should_stop)
        for rows in image_blocks(len(mine), BLOCK_ROWS):
            raise_if_ended(should_stop)
            own = mine[rows]
            deviations = features[own] - means[k].astype(np.float32)
            deviations *= np.sqrt(shares[own])[:, None]
            # One operand twice: numpy then computes half of the symmetric product.
            scatter[k] += (
                np.einsum("nd,nd->d", deviations, deviations) if is_diagonal else deviations.T @ deviations
            )
    safe = np.maximum(counts, np.finfo(np.float64).tiny)
    wide = (slice(None),) + (None,) * (scatter.ndim - 1)
    scatter += counts[wide] * added_variance * (1.0 if is_diagonal else np.eye(n_features))
    empty = counts < NEGLIGIBLE
    if empty.any():
        scatter[empty], safe[empty] = scatter.sum(axis=0), counts.sum()
    if not np.isfinite(scatter).all():
        raise FitError("The Gaussians of the clusters are not finite.", "Add more variance.")
    covariance = FAMILIES[kind].from_moments(safe if kind != "tied" else counts, scatter, added_variance / 2)
    return MixtureParams(counts / counts.sum(), means, covariance)


def _mean(
    features: Float32Array, shares: Float32Array, mine: np.ndarray, count: float, should_stop: ShouldStop
) -> FloatArray:
    total = np.zeros(features.shape[1])
    for rows in image_blocks(len(mine), BLOCK_ROWS):
        raise_if_ended(should_stop)
        total += shares[mine[rows]] @ features[mine[rows]]
    return total / max(count, np.finfo(np.float64).tiny)


class GaussianEvidence:
    """log pi_k + temperature log N(x | k) in single precision.

    Parameters
    ----------
    params : MixtureParams
    temperature : float
        Factor of log N.
    """

    def __init__(self, params: MixtureParams, temperature: float) -> None:
        identity = np.eye(params.n_features)
        self._temperature = temperature
        self._means = params.means.astype(np.float32)
        self._whiteners = [
            np.ascontiguousarray(params.covariance.whiten(k, identity).T, dtype=np.float32)
            for k in range(params.n_components)
        ]
        with np.errstate(divide="ignore"):
            self._log_weights = np.log(params.weights)
        self._constants = log_constants(params)

    def joint(self, features: Float32Array) -> Float32Array:
        """Return log(pi_k N(x | k)) of some rows (B, D), nats, (K, B)."""
        joint: Float32Array = np.empty((len(self._means), len(features)), dtype=np.float32)
        for k, (mean, whitener) in enumerate(zip(self._means, self._whiteners, strict=True)):
            white = (features - mean) @ whitener
            np.einsum("bd,bd->b", white, white, out=joint[k])
            joint[k] *= -0.5
            joint[k] += self._constants[k]
        return joint

    def tempered(self, joint: Float32Array) -> Float32Array:
        """Return log pi_k + temperature log N(x | k) from `joint`, (K, B)."""
        is_held = np.isfinite(self._log_weights)
        offsets = np.full(len(is_held), -np.inf)
        # Not 0 times infinity where the temperature is 1.
        offsets[is_held] = (1 - self._temperature) * self._log_weights[is_held]
        evidence: Float32Array = joint * np.float32(self._temperature) + offsets.astype(np.float32)[:, None]
        return evidence


def _evidence(
    features: Float32Array, params: MixtureParams, temperature: float, should_stop: ShouldStop
) -> tuple[AnyArray, float]:
    """Return the evidence (K, N), and the mixture's mean log-likelihood per row, nats."""
    gaussians = GaussianEvidence(params, temperature)
    evidence = np.empty((params.n_components, len(features)), dtype=np.float32)
    total = 0.0
    for rows in image_blocks(len(features), BLOCK_ROWS):
        raise_if_ended(should_stop)
        joint = gaussians.joint(features[rows])
        evidence[:, rows] = gaussians.tempered(joint)
        peak = joint.max(axis=0)
        total += float((peak + np.log(np.exp(joint - peak).sum(axis=0))).sum(dtype=np.float64))
    return evidence, total / len(features)
