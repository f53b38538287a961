"""Mean field against a loop over sites, against sums over all labellings, and its promises."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from gmmseg.control import StopRequest
from gmmseg.errors import Cancelled
from gmmseg.mixture import mean_field as module
from gmmseg.mixture.mean_field import mean_field, softmax

Floats = NDArray[np.float64]


class Dense:
    """A graph by its matrix of weights (N, N), whose rows sum to 1 or 0, in blocks of some sites."""

    def __init__(self, weights: Floats, size: int = 3) -> None:
        self.weights = weights
        self.size = size

    def blocks(self) -> Sequence[slice]:
        return [slice(at, at + self.size) for at in range(0, len(self.weights), self.size)]

    def mean(self, posteriors: NDArray[Any], sites: slice, out: NDArray[Any]) -> None:
        out[...] = posteriors @ self.weights[sites].T


def a_graph(random: np.random.Generator, n: int, density: float = 0.5) -> Floats:
    weights = random.random((n, n)) * (random.random((n, n)) < density)
    np.fill_diagonal(weights, 0)
    total = weights.sum(axis=1, keepdims=True)
    shares: Floats = np.divide(weights, total, out=np.zeros_like(weights), where=total > 0)
    return shares


def by_loops(evidence: Floats, weights: Floats, strength: float, start: Floats, n_sweeps: int) -> Floats:
    now = start
    for _ in range(n_sweeps):
        after = np.empty_like(now)
        for i in range(evidence.shape[1]):
            logits = [
                evidence[k, i] + strength * sum(weights[i, j] * now[k, j] for j in range(len(weights)))
                for k in range(len(evidence))
            ]
            shares = np.exp(np.array(logits) - max(logits))
            after[:, i] = shares / shares.sum()
        now = after
    return now


def shares_of(evidence: Floats) -> Floats:
    shares = np.exp(evidence - evidence.max(axis=0))
    total: Floats = shares / shares.sum(axis=0)
    return total


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("n_sweeps", [0, 1, 2, 5])
@pytest.mark.parametrize("is_started", [False, True])
def test_mean_field_is_its_formula(seed: int, n_sweeps: int, is_started: bool) -> None:
    random = np.random.default_rng(seed)
    evidence = random.normal(0, 2, (3, 11))
    weights = a_graph(random, 11)
    start = shares_of(random.normal(0, 1, (3, 11))) if is_started else None
    expected = by_loops(evidence, weights, 3.0, shares_of(evidence) if start is None else start, n_sweeps)
    before = None if start is None else start.copy()
    found = mean_field(evidence, Dense(weights), 3.0, n_sweeps, start)
    np.testing.assert_allclose(found, expected, rtol=1e-12, atol=1e-15)
    assert found.dtype == np.float64
    if start is not None:
        assert found is not start
        np.testing.assert_array_equal(start, before)


def test_strength_0_leaves_the_posteriors_of_the_evidence() -> None:
    random = np.random.default_rng(1)
    evidence = random.normal(0, 5, (4, 20))
    found = mean_field(evidence, Dense(a_graph(random, 20)), 0.0, 3)
    np.testing.assert_allclose(found, shares_of(evidence), rtol=1e-13)


def test_what_many_sweeps_settle_at_answers_to_its_own_neighbours() -> None:
    random = np.random.default_rng(2)
    evidence = random.normal(0, 1, (3, 30))
    weights = a_graph(random, 30)
    settled = mean_field(evidence, Dense(weights), 1.5, 300)
    np.testing.assert_allclose(settled, shares_of(evidence + 1.5 * settled @ weights.T), rtol=1e-10)
    np.testing.assert_allclose(mean_field(evidence, Dense(weights), 1.5, 1, settled), settled, rtol=1e-10)


def ring_marginals(evidence: Floats, weights: Floats, strength: float) -> Floats:
    """Return the exact marginals of the Potts model on symmetric weights, by summing over all labellings."""
    n_components, n = evidence.shape
    marginals = np.zeros_like(evidence)
    for labels in itertools.product(range(n_components), repeat=n):
        energy = sum(evidence[k, i] for i, k in enumerate(labels))
        energy += strength * sum(weights[i, j] for i in range(n) for j in range(i) if labels[i] == labels[j])
        for i, k in enumerate(labels):
            marginals[k, i] += np.exp(energy)
    shares: Floats = marginals / marginals.sum(axis=0)
    return shares


def test_a_weak_field_has_the_exact_marginals_up_to_the_square_of_its_strength() -> None:
    n = 6
    weights = (np.roll(np.eye(n), 1, axis=1) + np.roll(np.eye(n), -1, axis=1)) / 2
    evidence = np.random.default_rng(3).normal(0, 1, (3, n))
    errors = [
        np.abs(
            mean_field(evidence, Dense(weights), strength, 100) - ring_marginals(evidence, weights, strength)
        ).max()
        for strength in (0.1, 0.2, 0.4)
    ]
    alone = np.abs(shares_of(evidence) - ring_marginals(evidence, weights, 0.4)).max()
    assert errors[2] < alone / 5
    for small, large in itertools.pairwise(errors):
        assert 3 < large / small < 5.5


def test_unanimous_neighbours_lend_exactly_the_strength() -> None:
    weights = np.zeros((4, 4))
    weights[0, 1:] = 0.5, 0.25, 0.25
    evidence = np.array([[0.3, 50, 50, 50], [0.0, 0, 0, 0]])
    found = mean_field(evidence, Dense(weights), 2.5, 1)
    assert np.log(found[0, 0] / found[1, 0]) == pytest.approx(2.8)


@given(
    seed=st.integers(0, 2**32 - 1),
    n_components=st.integers(1, 5),
    n=st.integers(1, 12),
    strength=st.floats(0, 30),
    n_sweeps=st.integers(0, 4),
    dtype=st.sampled_from([np.float32, np.float64]),
)
def test_posteriors_sum_to_1_where_there_is_data_and_are_0_elsewhere(
    seed: int, n_components: int, n: int, strength: float, n_sweeps: int, dtype: type[np.floating[Any]]
) -> None:
    random = np.random.default_rng(seed)
    evidence = random.normal(0, 20, (n_components, n)).astype(dtype)
    held = random.random(n) < 0.7
    weights = a_graph(random, n)
    weights[:, ~held] = 0
    found = mean_field(evidence, Dense(weights), strength, n_sweeps, held=held)
    assert found.dtype == dtype
    np.testing.assert_allclose(found.sum(axis=0), held, atol=4e-6)
    assert (found >= 0).all()
    assert not found[:, ~held].any()


@given(seed=st.integers(0, 2**32 - 1), size=st.integers(1, 20))
def test_neither_block_size_nor_the_names_of_components_matter(seed: int, size: int) -> None:
    random = np.random.default_rng(seed)
    evidence = random.normal(0, 3, (3, 14))
    weights = a_graph(random, 14)
    whole = mean_field(evidence, Dense(weights, 14), 2.0, 3)
    np.testing.assert_allclose(mean_field(evidence, Dense(weights, size), 2.0, 3), whole, rtol=1e-9)
    turned = mean_field(evidence[[2, 0, 1]], Dense(weights, 14), 2.0, 3)
    np.testing.assert_allclose(turned, whole[[2, 0, 1]], rtol=1e-9)


@pytest.mark.parametrize(("dtype", "unit"), [(np.uint8, 255), (np.uint16, 65535)])
def test_posteriors_in_whole_numbers_are_those_in_floats_rounded(
    dtype: type[np.unsignedinteger[Any]], unit: int
) -> None:
    random = np.random.default_rng(5)
    evidence = random.normal(0, 2, (3, 40))
    graph = Dense(a_graph(random, 40))
    once = mean_field(evidence, graph, 2.0, 0, dtype=dtype)
    assert once.dtype == dtype
    np.testing.assert_array_equal(once, np.rint(shares_of(evidence) * unit))
    swept = mean_field(evidence, graph, 2.0, 5, dtype=dtype) / unit
    assert np.abs(swept - mean_field(evidence, graph, 2.0, 5)).max() < 3 / unit


def test_evidence_in_whole_numbers_counts_in_its_step() -> None:
    random = np.random.default_rng(6)
    stored = random.integers(0, 65535, (3, 40)).astype(np.uint16)
    graph = Dense(a_graph(random, 40))
    found = mean_field(stored, graph, 2.0, 4, step=-30 / 65535)
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, mean_field(stored * (-30 / 65535), graph, 2.0, 4), atol=1e-5)


def test_an_excluded_component_stays_excluded_whatever_the_neighbours_say() -> None:
    evidence = np.zeros((2, 3))
    evidence[1, 0] = -np.inf
    evidence[1, 1:] = 40
    found = mean_field(evidence, Dense(np.ones((3, 3)) / 3), 10.0, 4)
    assert found[1, 0] == 0
    assert np.isfinite(found).all()


def test_sites_may_have_several_axes() -> None:
    class Above:
        def blocks(self) -> Sequence[slice]:
            return [slice(0, 2), slice(2, 4)]

        def mean(self, posteriors: NDArray[Any], sites: slice, out: NDArray[Any]) -> None:
            out[...] = np.roll(posteriors, 1, axis=1)[:, sites]

    evidence = np.random.default_rng(7).normal(0, 1, (3, 4, 5))
    found = mean_field(evidence, Above(), 2.0, 1, held=np.ones((4, 5), dtype=np.bool_))
    alone = shares_of(evidence)
    np.testing.assert_allclose(found, shares_of(evidence + 2 * np.roll(alone, 1, axis=1)), rtol=1e-12)


def test_two_threads_give_the_bytes_of_one(monkeypatch: pytest.MonkeyPatch) -> None:
    random = np.random.default_rng(8)
    evidence = random.normal(0, 3, (3, 60))
    graph = Dense(a_graph(random, 60), 7)
    alone = mean_field(evidence, graph, 2.0, 4)
    monkeypatch.setattr(module, "TWO_THREADS", 10)
    np.testing.assert_array_equal(mean_field(evidence, graph, 2.0, 4), alone)


@pytest.mark.parametrize("n_asked", [1, 9])
@pytest.mark.parametrize("two_threads", [10, 10_000])
def test_sweeps_can_be_cancelled(n_asked: int, two_threads: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "TWO_THREADS", two_threads)
    asked = itertools.count(1)
    random = np.random.default_rng(9)
    with pytest.raises(Cancelled):
        mean_field(
            random.normal(0, 1, (2, 30)), Dense(a_graph(random, 30)), 1.0, 50,
            should_stop=lambda: StopRequest.CANCEL if next(asked) >= n_asked else StopRequest.STOP,
        )  # fmt: skip
    assert n_asked <= next(asked) <= n_asked + 3


def test_softmax_of_far_away_logarithms_is_finite() -> None:
    logits = np.array([[1e5, -1e5, -900.0], [1e5 - 1, -1e5, 900.0]])
    softmax(logits)
    np.testing.assert_allclose(logits[:, :2], [[1 / (1 + np.exp(-1)), 0.5], [1 / (1 + np.e), 0.5]])
    np.testing.assert_array_equal(logits[:, 2], [0, 1])
