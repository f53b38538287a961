"""The search for a better partition than the spectral one, on a sample of the images, from several starts."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from dataclasses import dataclass
from itertools import count, islice

import numpy as np

from gmmseg.arrays import AnyArray, BoolArray, Float32Array, IntArray, frozen
from gmmseg.control import Progress, ShouldStop, never_stop, relayed, result_of
from gmmseg.digits.assignment import assigned
from gmmseg.digits.bisection import Bisector
from gmmseg.digits.graph import Graph, edge_weights, joined
from gmmseg.digits.graph_mixture import GaussianEvidence, MixtureOnGraph, gaussians_of
from gmmseg.digits.knee import Knee, knee_of
from gmmseg.digits.moves import SETTLING_ITERATIONS, improved_events
from gmmseg.digits.neighbours import Neighbours, nearest_events
from gmmseg.digits.partition import Partition, PartitionProblem, indicators, partition_of
from gmmseg.digits.plain_mixture import mixture_events, posteriors_of
from gmmseg.digits.spectral import leading_eigenvectors, spectral_coordinates, start_labels
from gmmseg.mixture.settings import FitSettings

MAX_SAMPLE = 3000
"""Images among which partitions are compared."""
N_NEIGHBOURS = 30
"""Of the sample's graph: ten are often no more than the same letter in kindred fonts."""
UNIFORM_SHARE = 1 / 3
"""Part of the weights that does not fall with the distance: near-duplicates would else bear them all."""
N_JUDGED = 64
"""Leading features in which partitions are compared: the others vary less than the added variance."""
N_MIXTURE = 30
"""Leading features of the starts by a plain mixture."""
SPECTRAL_RESTARTS = 5
N_DEVIATIONS = 3.0
"""Above the median, of the distance to the last neighbour: images beyond are outliers."""
MOST_USUAL = 95
"""Percentile of that distance up to which images are no outliers, however alike the others are."""
NORMAL_MAD = 1.4826
"""Standard deviations of a normal distribution in its median absolute deviation."""
N_ASSIGNING = 10
"""Nearest images of the sample that the others follow."""
_USUAL_ROUNDS = 4


@dataclass(frozen=True, slots=True, eq=False)
class Search:
    """The images of a search, and the mixture with a neighbourhood prior that it is for.

    Parameters
    ----------
    features : float32 (N, D)
        Principal components.
    n_clusters : int
        K, 2 or more.
    n_graph_features : int
        Leading features in which distances are measured.
    model : MixtureOnGraph
    n_starts : int
        1 or more: the given one, the groups of the sample's graph, then plain mixtures.
    seed : int
    """

    features: Float32Array
    n_clusters: int
    n_graph_features: int
    model: MixtureOnGraph
    n_starts: int
    seed: int


@dataclass(frozen=True, slots=True, eq=False)
class Found:
    """Result of a search.

    Parameters
    ----------
    labels : (N,)
        The best partition, of all images.
    sample : (M,)
        The images among which partitions were compared: no outliers.
    candidates : tuple of int arrays, (M,)
        Where the starts led, the best first.
    worths : tuple of float
        Of each, as `PartitionProblem.worth`, nats per image.
    knee : Knee
        Of the best one.
    """

    labels: IntArray
    sample: IntArray
    candidates: tuple[IntArray, ...]
    worths: tuple[float, ...]
    knee: Knee


@dataclass(frozen=True, slots=True, eq=False)
class _Compared:
    """Partitions of a sample, the best first, and what compared them."""

    problem: PartitionProblem
    rows: IntArray
    partitions: tuple[Partition, ...]
    worths: tuple[float, ...]
    bisector: Bisector


def search_events(
    search: Search, start: AnyArray, should_stop: ShouldStop = never_stop
) -> Generator[Progress, None, Found]:
    """Look for the partition of largest J from a given start, the sample's own graph and plain mixtures.

    Parameters
    ----------
    search : Search
    start : int (N,)
        Clusters, 0..K - 1.
    should_stop : callable

    Raises
    ------
    FitError
    Cancelled
    """
    compared = yield from _compared_events(search, np.arange(len(search.features)), start, should_stop)
    best = compared.partitions[0]
    labels = yield from _extended_events(search, compared, should_stop)
    return Found(
        frozen(labels),
        frozen(compared.rows),
        tuple(frozen(one.labels) for one in compared.partitions),
        compared.worths,
        knee_of(compared.problem, best, compared.bisector),
    )


def partition_events(
    search: Search, among: IntArray, should_stop: ShouldStop = never_stop
) -> Generator[Progress, None, IntArray]:
    """Return the clusters of all images (N,) by the best partition of some of them (B,), from no given start.

    Raises
    ------
    FitError
    Cancelled
    """
    compared = yield from _compared_events(search, among, None, should_stop)
    return (yield from _extended_events(search, compared, should_stop))


def _compared_events(
    search: Search, among: IntArray, start: AnyArray | None, should_stop: ShouldStop
) -> Generator[Progress, None, _Compared]:
    generator = np.random.default_rng(search.seed)
    rows = np.sort(among[generator.permutation(len(among))[:MAX_SAMPLE]])
    neighbours = yield from _neighbours_events(search, rows, should_stop)
    usual = np.flatnonzero(_is_usual(neighbours))
    graph = _graph(neighbours, should_stop).among(usual)
    rows = rows[usual]
    sampled = np.ascontiguousarray(search.features[rows])
    problem = PartitionProblem(np.ascontiguousarray(sampled[:, :N_JUDGED]), graph, search.model)
    given = None if start is None else start[rows].astype(np.int64)
    found = []
    if given is not None:
        settled = problem.settled(given, SETTLING_ITERATIONS, should_stop=should_stop)
        found.append(partition_of(problem, settled, search.n_clusters))
    bisector = Bisector(problem, generator, should_stop)
    starts = islice(_starts(search, sampled, problem.graph, given, should_stop), search.n_starts)
    for done, labels in enumerate(starts):
        job = improved_events(problem, labels, search.n_clusters, bisector, should_stop)

        def shown(at: int, done: int = done) -> tuple[Progress]:
            text = f"Trying other partitions, start {done + 1} of {search.n_starts}: round {at}"
            return (Progress(text, (done + at / (at + _USUAL_ROUNDS)) / search.n_starts),)

        found.append((yield from relayed(job, shown)))
    ranked = sorted(((problem.worth(one), at) for at, one in enumerate(found)), key=lambda pair: -pair[0])
    partitions = tuple(found[at] for _, at in ranked)
    return _Compared(problem, rows, partitions, tuple(worth for worth, _ in ranked), bisector)


def _neighbours_events(
    search: Search, rows: IntArray, should_stop: ShouldStop
) -> Generator[Progress, None, Neighbours]:
    near = np.ascontiguousarray(search.features[rows, : search.n_graph_features])
    job = nearest_events(near, near, min(N_NEIGHBOURS, len(near) - 1), is_self=True, should_stop=should_stop)
    return (yield from relayed(job, lambda progress: (Progress(progress.text, 0.0),)))


def _is_usual(neighbours: Neighbours) -> BoolArray:
    """Return which images have neighbours about as near as others have theirs, (N,).

    Images unlike all others, such as letters of an ornamental font, gain so much by a cluster of their own
    that two kinds would be united for it.
    """
    reach = neighbours.distances[:, -1].astype(np.float64)
    middle = np.median(reach)
    spread = NORMAL_MAD * np.median(np.abs(reach - middle))
    is_usual: BoolArray = reach <= max(middle + N_DEVIATIONS * spread, np.percentile(reach, MOST_USUAL))
    return is_usual


def _graph(neighbours: Neighbours, should_stop: ShouldStop) -> Graph:
    k = neighbours.k
    weights = (1 - UNIFORM_SHARE) * edge_weights(neighbours.distances, should_stop)
    weights += UNIFORM_SHARE * weights.sum(axis=1).mean() / ((1 - UNIFORM_SHARE) * k)
    return joined(neighbours, weights)


def _starts(
    search: Search, sampled: Float32Array, graph: Graph, given: IntArray | None, should_stop: ShouldStop
) -> Iterator[IntArray]:
    """Yield starts, (M,) each, when their turn comes, without an end."""
    if given is not None:
        yield given
    n_clusters = search.n_clusters
    spectrum = leading_eigenvectors(graph, n_clusters + 2, should_stop)
    coordinates = spectral_coordinates(spectrum, n_clusters)
    yield start_labels(
        spectrum, coordinates, sampled, n_clusters, SPECTRAL_RESTARTS, search.seed, should_stop
    ).astype(np.int64)
    leading = np.ascontiguousarray(sampled[:, :N_MIXTURE])
    for number in count():
        wanted = FitSettings(n_clusters, search.model.covariance, n_init=1, seed=search.seed + number)
        fitted = result_of(mixture_events(leading, wanted, "search", should_stop=should_stop))
        yield posteriors_of(fitted.params, leading, should_stop).argmax(axis=0)


def _extended_events(
    search: Search, compared: _Compared, should_stop: ShouldStop
) -> Generator[Progress, None, IntArray]:
    """Return the clusters of all images: those of the sample, which the others follow, (N,)."""
    n_images, problem, rows = len(search.features), compared.problem, compared.rows
    best = compared.partitions[0]
    labels = np.empty(n_images, dtype=np.int64)
    labels[rows] = best.labels
    others = np.setdiff1d(np.arange(n_images), rows)
    if len(others):
        posteriors = indicators(best.labels, best.n_clusters)
        model = search.model
        params = gaussians_of(
            problem.features, posteriors, model.covariance, model.added_variance, should_stop
        )
        far, near = (search.features[which, : search.n_graph_features] for which in (others, rows))
        k = min(N_ASSIGNING, len(rows))
        found = yield from relayed(
            nearest_events(far, near, k, should_stop=should_stop),
            lambda progress: (Progress(progress.text, 1.0),),
        )
        gaussians = GaussianEvidence(params, model.temperature)
        judged = np.ascontiguousarray(search.features[others, :N_JUDGED])
        shares = assigned(judged, gaussians, found, posteriors, model.strength, should_stop)
        labels[others] = shares.argmax(axis=0)
    return labels
