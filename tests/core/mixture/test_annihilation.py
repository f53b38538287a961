"""Components that explain too little die; what is left is what made the rows."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from gmmseg.control import StopRequest, result_of
from gmmseg.errors import Cancelled
from gmmseg.laboratory.data import THREE_IN_PLANE, example, made_data
from gmmseg.mixture.annihilation import Survivors, annihilation_events
from gmmseg.mixture.fit import fit
from gmmseg.mixture.settings import FitSettings
from tests.core.laboratory import brute


@pytest.fixture(scope="module")
def states() -> list[Survivors]:
    found: list[Survivors] = []
    events = annihilation_events(example("three-plane").values, FitSettings(n_components=8))
    while True:
        try:
            found.append(next(events))
        except StopIteration as stop:
            found.append(stop.value)
            return found


def test_as_many_are_left_as_made_the_rows(states: list[Survivors]) -> None:
    best = states[-1]
    assert best.is_settled
    assert len(best.alive) == 3
    order = np.argsort(best.params.means[:, 0])
    wanted = np.argsort(THREE_IN_PLANE.means[:, 0])
    np.testing.assert_allclose(best.params.means[order], THREE_IN_PLANE.means[wanted], atol=0.4)


def test_components_die_and_never_come_back(states: list[Survivors]) -> None:
    for before, after in itertools.pairwise(states[:-1]):
        assert set(after.alive) <= set(before.alive)
        assert after.params.n_components == len(after.alive)
        assert after.params.weights.sum() == pytest.approx(1)
    assert len(states[-2].alive) == 1


def test_the_message_is_as_long_as_the_formula_says_and_the_shortest_wins(states: list[Survivors]) -> None:
    values = example("three-plane").values
    n = len(values)
    for state in states[:-1:7]:
        weights, k = state.params.weights, state.params.n_components
        cost = 2 + 3
        told = cost / 2 * np.log(n * weights / 12).sum() + k / 2 * np.log(n / 12) + k * (cost + 1) / 2
        wanted = told - brute.log_likelihood(state.params, values)
        assert state.message_length == pytest.approx(wanted, rel=1e-9)
    settled = [state.message_length for state in states if state.is_settled]
    assert states[-1].message_length == min(settled)


def test_a_fit_from_there_has_no_smaller_likelihood(states: list[Survivors]) -> None:
    values, best = example("three-plane").values, states[-1]
    found = fit(values, settings=FitSettings(n_components=3), start=best.params)
    assert found.log_likelihood >= brute.log_likelihood(best.params, values) - 1e-6


def test_a_search_that_is_stopped_has_no_result() -> None:
    data = made_data("rows", THREE_IN_PLANE, 50, 0)
    with pytest.raises(Cancelled):
        result_of(annihilation_events(data.values, FitSettings(n_components=4), lambda: StopRequest.STOP))
