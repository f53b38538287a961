"""The command that fits the cost: its regression and the order of its weights."""

from __future__ import annotations

import numpy as np

from gmmseg.regions.cost import FITTED_COST
from tests.benchmarks.fit_region_cost import as_weights, logistic


def test_the_regression_finds_the_weights_that_made_the_shares() -> None:
    generator = np.random.default_rng(0)
    features = generator.normal(3, (1, 2, 5), (20000, 3))
    truth, offset = np.array([0.5, -0.7, 0.1]), 1.5
    shares = 1 / (1 + np.exp(-(features @ truth + offset)))
    weights, found = logistic(features, shares, generator.random(20000))
    np.testing.assert_allclose([*weights, found], [*truth, offset], atol=0.05)


def test_rows_of_no_importance_do_not_count() -> None:
    generator = np.random.default_rng(1)
    features = generator.normal(size=(400, 2))
    shares = generator.random(400)
    importance = np.repeat([1.0, 0.0], 200)
    changed = np.where(importance > 0, shares, 1 - shares)
    np.testing.assert_allclose(
        logistic(features, shares, importance)[0], logistic(features, changed, importance)[0]
    )


def test_printed_weights_are_those_in_force_and_in_their_order() -> None:
    assert as_weights(FITTED_COST.as_vector(), FITTED_COST.offset) == FITTED_COST
