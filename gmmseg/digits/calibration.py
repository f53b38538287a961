"""Confidence that is right as often as it says: a power of the posteriors, found by halves of the images."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass

import numpy as np

from gmmseg.arrays import AnyArray, BoolArray, Float32Array, IntArray
from gmmseg.control import Progress, ShouldStop, never_stop, relayed, result_of
from gmmseg.digits.assignment import assigned
from gmmseg.digits.graph_mixture import GaussianEvidence
from gmmseg.digits.neighbours import Neighbours, nearest_events
from gmmseg.digits.partition import PartitionProblem
from gmmseg.mixture.mean_field import softmax

MAX_ASSIGNED = 3000
"""Images of each half that the other assigns."""
MAX_ITERATIONS = 10
UNSEEN = 2.0
"""Weight of an image that the halves disagree on: as many again are taken to be wrong in both alike."""
LEAST_POWER = 0.02
_TINY = np.finfo(np.float32).tiny


def power_of(posteriors: AnyArray, labels: IntArray) -> float:
    """Return the power t <= 1 with which p^t, scaled to sum to 1, foretells labels best.

    That is where the mean of -log p^t at the labels is least, which is convex in t (1 / t is the temperature
    of Guo et al. 2017). Rows whose label is not the most probable component weigh `UNSEEN` times.

    Parameters
    ----------
    posteriors : (K, N)
    labels : (N,)
    """
    from scipy.optimize import minimize_scalar

    logs = np.log(np.maximum(posteriors.astype(np.float64), _TINY))
    logs -= logs.max(axis=0)
    at_labels = logs[labels, np.arange(len(labels))]
    weights = np.where(at_labels == 0, 1.0, UNSEEN)

    def loss(power: float) -> float:
        return float(weights @ (np.log(np.exp(power * logs).sum(axis=0)) - power * at_labels))

    return float(minimize_scalar(loss, bounds=(LEAST_POWER, 1.0), method="bounded").x)


def to_power(posteriors: Float32Array, power: float) -> Float32Array:
    """Return posteriors (K, N) to a power, scaled so that each column sums to 1."""
    logs: Float32Array = np.log(np.maximum(posteriors, _TINY)) * np.float32(power)
    softmax(logs)
    return logs


def halves(neighbours: Neighbours, seed: int) -> BoolArray:
    """Return which images are of the second of two random halves, (N,).

    Near-duplicates, each among the other's two nearest, stay together: one would give the other away.
    """
    from scipy.sparse import csr_array
    from scipy.sparse.csgraph import connected_components

    nearest = neighbours.indices[:, :2]
    n_images, n_near = nearest.shape
    directed = csr_array(
        (np.ones(nearest.size), nearest.reshape(-1), np.arange(0, nearest.size + 1, n_near)),
        shape=(n_images, n_images),
    )
    n_groups, group = connected_components(directed.multiply(directed.T).tocsr(), directed=False)
    is_second: BoolArray = (np.random.default_rng(seed).permutation(n_groups) % 2 > 0)[group]
    return is_second


@dataclass(frozen=True, slots=True, eq=False)
class _Half:
    """One half of the images, and the fit that goes on with it alone."""

    rows: IntArray
    posteriors: Float32Array
    gaussians: GaussianEvidence


def calibration_events(
    problem: PartitionProblem,
    graph_features: Float32Array,
    neighbours: Neighbours,
    posteriors: Float32Array,
    seed: int,
    should_stop: ShouldStop = never_stop,
) -> Generator[Progress, None, float]:
    """Return the power that calibrates the posteriors of a fit on N images.

    The fit goes on with either half of the images alone; then images of each half are assigned by the fit of
    the other, as new images are: with the power this foretells the clusters in their own half best.

    Parameters
    ----------
    problem : PartitionProblem
        Features, graph and mixture of the fit.
    graph_features : (N, E)
        In which the distances of `neighbours` were measured.
    neighbours : Neighbours
        Of the N images.
    posteriors : (K, N)
        Of the fit.
    seed : int
    should_stop : callable

    Raises
    ------
    FitError
    Cancelled
    """
    is_second = halves(neighbours, seed)
    text = "Checking how sure the clusters are"
    yield Progress(text, 0.0)
    fits: list[_Half] = []
    for rows in (np.flatnonzero(~is_second), np.flatnonzero(is_second)):
        result = result_of(
            problem.fit_events(posteriors[:, rows], MAX_ITERATIONS, rows, should_stop=should_stop)
        )
        fits.append(
            _Half(rows, result.posteriors, GaussianEvidence(result.params, problem.model.temperature))
        )
        yield Progress(text, len(fits) / 4)
    foretold, found = [], []
    for number, (by, of) in enumerate((fits, fits[::-1])):
        chosen = np.linspace(0, len(of.rows) - 1, min(len(of.rows), MAX_ASSIGNED)).astype(np.intp)
        rows = of.rows[chosen]

        def shown(progress: Progress, number: int = number) -> tuple[Progress]:
            return (Progress(text, (2 + number + (progress.fraction or 0.0)) / 4),)

        near = yield from relayed(
            nearest_events(
                graph_features[rows],
                graph_features[by.rows],
                min(neighbours.k, len(by.rows)),
                should_stop=should_stop,
            ),
            shown,
        )
        foretold.append(
            assigned(
                problem.features[rows], by.gaussians, near, by.posteriors, problem.model.strength, should_stop
            )
        )
        found.append(of.posteriors[:, chosen].argmax(axis=0))
    return power_of(np.concatenate(foretold, axis=1), np.concatenate(found))
