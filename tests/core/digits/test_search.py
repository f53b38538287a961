"""The parts of the search among partitions, against brute force and planted clusters."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from scipy.stats import multivariate_normal

from gmmseg.arrays import FloatArray, IntArray
from gmmseg.control import Progress, StopRequest, never_stop, result_of
from gmmseg.digits.bisection import Bisector, second_eigenvector_halves
from gmmseg.digits.graph import Graph, edge_weights, joined
from gmmseg.digits.graph_mixture import MixtureOnGraph
from gmmseg.digits.knee import knee_of
from gmmseg.digits.moves import improved_events
from gmmseg.digits.neighbours import nearest_events
from gmmseg.digits.partition import PartitionProblem, merge_gains, partition_of, split_gain
from gmmseg.digits.scores import score
from gmmseg.digits.search import Search, partition_events, search_events
from gmmseg.digits.stability import stability_events
from gmmseg.errors import Cancelled

ADDED = 0.05
MODEL = MixtureOnGraph("full", 1.0, 4.0, ADDED, 2)


def graph_of(rows: FloatArray, k: int = 8) -> Graph:
    values = rows.astype(np.float32)
    near = result_of(nearest_events(values, values, k, is_self=True))
    return joined(near, edge_weights(near.distances))


@pytest.fixture(scope="module")
def planted() -> tuple[FloatArray, IntArray]:
    """Return four groups of 60 rows in four dimensions, two of them near each other, and the groups."""
    rng = np.random.default_rng(3)
    groups = np.repeat(np.arange(4), 60)
    centres = np.array([[0, 0, 0, 0], [4.5, 0, 0, 0], [0, 12, 0, 0], [0, 0, 14, 0]], dtype=float)
    return centres[groups] + rng.standard_normal((240, 4)), groups


@pytest.fixture(scope="module")
def problem(planted: tuple[FloatArray, IntArray]) -> PartitionProblem:
    rows = planted[0]
    return PartitionProblem(rows.astype(np.float32), graph_of(rows), MODEL)


def bisector_of(problem: PartitionProblem) -> Bisector:
    return Bisector(problem, np.random.default_rng(0), never_stop)


def objective(problem: PartitionProblem, labels: IntArray) -> float:
    """J from its definition: densities by scipy, neighbours one by one."""
    rows, n = problem.rows, problem.n_rows
    total = 0.0
    for label in np.unique(labels):
        own = rows[labels == label]
        covariance = np.cov(own.T, bias=True) + ADDED * np.eye(rows.shape[1])
        density = multivariate_normal(own.mean(axis=0), covariance)
        total += (np.log(len(own) / n) + density.logpdf(own)).sum()
    weights = problem.graph.weights.toarray()
    leaving = [weights[i, labels != labels[i]].sum() / weights[i].sum() for i in range(n)]
    # Strength 4 and temperature 1, each edge at both its ends.
    return total / n - 2.0 * float(np.mean(leaving))


def test_the_objective_is_that_of_its_definition(problem: PartitionProblem) -> None:
    labels = np.random.default_rng(0).integers(0, 3, problem.n_rows)
    partition = partition_of(problem, labels, 3)
    assert partition.objective == pytest.approx(objective(problem, labels), abs=1e-9)


def test_gains_are_differences_of_objectives(
    problem: PartitionProblem, planted: tuple[FloatArray, IntArray]
) -> None:
    groups = planted[1]
    gains = merge_gains(problem, partition_of(problem, groups, 4))
    before = objective(problem, groups)
    for a in range(4):
        for b in range(a + 1, 4):
            united = np.where(groups == b, a, groups)
            assert gains[a, b] == pytest.approx(objective(problem, united) - before, abs=1e-9)
    united = np.where(groups == 1, 0, groups)
    rows = np.flatnonzero(united == 0)
    gain = split_gain(problem, rows, groups[rows] == 1)
    assert gain == pytest.approx(before - objective(problem, united), abs=1e-9)


def test_the_shared_covariance_is_the_pooled_one(problem: PartitionProblem) -> None:
    labels = np.random.default_rng(1).integers(0, 3, problem.n_rows)
    rows, means = problem.rows, np.stack([problem.rows[labels == k].mean(axis=0) for k in range(3)])
    deviations = rows - means[labels]
    pooled = deviations.T @ deviations / len(rows) + ADDED * np.eye(4)
    shares = np.bincount(labels) / len(rows)
    expected = np.log(shares[labels]) + multivariate_normal(np.zeros(4), pooled).logpdf(deviations)
    found = problem.shared_log_likelihood(partition_of(problem, labels, 3))
    assert found == pytest.approx(expected.mean(), abs=1e-9)


def test_the_second_eigenvector_parts_two_groups(planted: tuple[FloatArray, IntArray]) -> None:
    rows, groups = planted
    chosen = np.flatnonzero(groups < 2)
    graph = graph_of(rows).among(chosen)
    assert np.array_equal(graph.weights.toarray(), graph_of(rows).weights.toarray()[np.ix_(chosen, chosen)])
    halves = second_eigenvector_halves(graph, lambda: StopRequest.NONE)
    assert score(halves.astype(np.int64), groups[chosen]).acc > 0.95


def test_a_bisector_finds_the_planted_halves_and_no_halves_of_few_rows(
    problem: PartitionProblem, planted: tuple[FloatArray, IntArray]
) -> None:
    bisector = bisector_of(problem)
    rows = np.flatnonzero(planted[1] < 2)
    split = bisector.best(rows)
    assert split is not None
    assert split[0] == pytest.approx(split_gain(problem, rows, split[1]))
    assert score(split[1].astype(np.int64), planted[1][rows]).acc > 0.95
    assert bisector.best(rows[:3]) is None


def test_moves_mend_two_united_groups_and_a_parted_one(
    problem: PartitionProblem, planted: tuple[FloatArray, IntArray]
) -> None:
    rows, groups = planted
    wrong = np.where(groups == 1, 0, groups)
    wrong[(groups == 3) & (rows[:, 0] > 0)] = 1
    assert score(wrong, groups).acc < 0.8
    best = result_of(improved_events(problem, wrong, 4, bisector_of(problem)))
    assert score(best.labels, groups).acc > 0.98
    assert best.objective > objective(problem, wrong)


def test_the_knee_is_what_a_split_gains_over_what_a_merge_loses(
    problem: PartitionProblem, planted: tuple[FloatArray, IntArray]
) -> None:
    groups = planted[1]

    def worth(labels: IntArray) -> float:
        partition = partition_of(problem, labels, int(labels.max()) + 1)
        return objective(problem, labels) + problem.shared_log_likelihood(partition)

    def expected(labels: IntArray, n_clusters: int) -> float:
        pairs = [(a, b) for b in range(n_clusters) for a in range(b)]
        losses = [worth(labels) - worth(np.where(labels == b, a, labels)) for a, b in pairs]
        gains = [0.0]
        for cluster in range(n_clusters):
            rows = np.flatnonzero(labels == cluster)
            split = bisector.best(rows)
            if split is not None:
                parted = labels.copy()
                parted[rows[split[1]]] = n_clusters
                gains.append(worth(parted) - worth(labels))
        return max(gains) / min(losses)

    bisector = bisector_of(problem)
    united = np.unique(np.where(groups == 1, 0, groups), return_inverse=True)[1]
    right = knee_of(problem, partition_of(problem, groups, 4), bisector)
    fewer = knee_of(problem, partition_of(problem, united, 3), bisector)
    assert right.ratio == pytest.approx(expected(groups, 4), abs=1e-6)
    assert fewer.ratio == pytest.approx(expected(united, 3), abs=1e-6)
    assert fewer.ratio > max(2 * right.ratio, 0.1)
    # Two groups of 60 in one cluster, beside two clusters of 60.
    assert fewer.size == 2
    assert fewer.half == pytest.approx(0.5, abs=0.05)


def test_where_a_merge_loses_nothing_there_is_no_knee(problem: PartitionProblem) -> None:
    labels = np.random.default_rng(0).integers(0, 4, problem.n_rows)
    assert knee_of(problem, partition_of(problem, labels, 4), bisector_of(problem)).ratio == np.inf


def test_empty_clusters_are_filled(problem: PartitionProblem, planted: tuple[FloatArray, IntArray]) -> None:
    start = np.where(planted[1] == 1, 0, planted[1])
    best = result_of(improved_events(problem, start, 4, bisector_of(problem)))
    assert best.n_clusters == 4
    assert score(best.labels, planted[1]).acc > 0.98


def searched(rows: FloatArray, n_starts: int = 3) -> Search:
    return Search(rows.astype(np.float32), 4, 4, MODEL, n_starts, 0)


def test_a_search_mends_its_start_and_ranks_what_it_found(
    planted: tuple[FloatArray, IntArray], monkeypatch: pytest.MonkeyPatch
) -> None:
    rows, groups = planted
    monkeypatch.setattr("gmmseg.digits.search.MAX_SAMPLE", 150)
    start = np.where(groups == 1, 0, groups)
    start[(groups == 3) & (rows[:, 0] > 0)] = 1
    events: list[Progress] = []
    job = search_events(searched(rows), start)
    while True:
        try:
            events.append(next(job))
        except StopIteration as stop:
            found = stop.value
            break
    assert score(found.labels, groups).acc > 0.97
    assert 140 < len(found.sample) <= 150  # without outliers
    assert len(found.candidates) == 4  # with the given start as the mixture settles it
    assert all(a >= b for a, b in pairwise(found.worths))
    assert np.array_equal(found.labels[found.sample], found.candidates[0])
    fractions = [event.fraction for event in events if event.fraction is not None]
    assert fractions == sorted(fractions)


def test_outliers_form_no_cluster_but_belong_to_one(
    planted: tuple[FloatArray, IntArray],
) -> None:
    rows, groups = planted
    # So far from everything that a cluster of their own would be worth uniting the two groups that are near.
    strange = np.random.default_rng(1).normal(0, 60, (8, 4))
    start = np.concatenate([np.where(groups == 1, 0, groups), np.ones(8, dtype=np.int64)])
    found = result_of(search_events(searched(np.concatenate([rows, strange])), start))
    assert found.sample.max() < len(rows)
    assert len(found.sample) > 0.9 * len(rows)
    assert score(found.labels[: len(rows)], groups).acc > 0.97
    assert set(found.labels[len(rows) :]) <= set(range(4))


def test_equal_images_do_not_make_all_others_outliers() -> None:
    rng = np.random.default_rng(2)
    rows = np.concatenate([np.zeros((150, 4)), rng.standard_normal((100, 4)) + 9])
    found = result_of(search_events(searched(rows), rng.integers(0, 4, 250)))
    assert len(found.sample) > 0.94 * 250


def test_a_search_ends_when_asked(planted: tuple[FloatArray, IntArray]) -> None:
    with pytest.raises(Cancelled):
        result_of(search_events(searched(planted[0]), planted[1], lambda: StopRequest.STOP))


def test_halves_agree_on_groups_that_are_there_and_not_on_parts_of_one(
    planted: tuple[FloatArray, IntArray],
) -> None:
    rows, groups = planted
    is_second = np.arange(len(rows)) % 2 > 0
    sample = np.arange(0, len(rows), 3)
    stable = result_of(stability_events(searched(rows), groups[sample], sample, is_second))
    assert stable.shape == sample.shape
    assert set(stable) <= {0.0, 0.5, 1.0}
    assert stable.mean() > 0.95
    # One round group of rows falls in four otherwise in each half.
    round_group = np.random.default_rng(5).standard_normal((240, 4))
    parts = np.digitize(round_group[:, 0], (-0.7, 0.0, 0.7))
    assert result_of(stability_events(searched(round_group), parts[sample], sample, is_second)).mean() < 0.75


def test_a_partition_of_some_rows_is_extended_to_all(planted: tuple[FloatArray, IntArray]) -> None:
    rows, groups = planted
    some = np.arange(0, len(rows), 2)
    found = result_of(partition_events(searched(rows), some))
    assert found.shape == (len(rows),)
    assert score(found, groups).acc > 0.95
