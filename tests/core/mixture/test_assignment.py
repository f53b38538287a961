"""The cheapest pairing of rows and columns."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.optimize import linear_sum_assignment

from gmmseg.arrays import FloatArray
from gmmseg.mixture.assignment import cheapest_pairs

SHAPES = st.tuples(st.integers(1, 7), st.integers(0, 4)).map(lambda pair: (pair[0], sum(pair)))


@given(arrays(np.float64, SHAPES, elements=st.integers(-6, 6)))
def test_no_other_pairing_is_cheaper_ties_and_negative_costs_included(costs: FloatArray) -> None:
    columns = cheapest_pairs(costs)
    assert len(set(columns.tolist())) == len(costs)
    rows, best = linear_sum_assignment(costs)
    # Whole numbers: sums are exact.
    assert costs[np.arange(len(costs)), columns].sum() == costs[rows, best].sum()


@pytest.mark.parametrize("seed", range(4))
def test_without_ties_the_pairing_itself_is_scipys(seed: int) -> None:
    rng = np.random.default_rng(seed)
    costs = rng.exponential(size=(40, 64)) * 10.0 ** rng.integers(-3, 3, (40, 1))
    np.testing.assert_array_equal(cheapest_pairs(costs), linear_sum_assignment(costs)[1])


def test_a_pairing_is_the_best_of_all_permutations() -> None:
    costs = np.random.default_rng(0).normal(size=(6, 6))
    sums = {order: costs[np.arange(6), order].sum() for order in itertools.permutations(range(6))}
    assert tuple(cheapest_pairs(costs).tolist()) == min(sums, key=sums.__getitem__)


def test_no_rows_have_no_partners() -> None:
    assert cheapest_pairs(np.empty((0, 3))).tolist() == []
