"""The mean of fitted functions scores as the mean of their scores."""

from __future__ import annotations

import numpy as np

from gmmseg.regions.odds import QuadraticOdds
from tests.benchmarks.mean_odds import mean_odds


def test_mean_scores_are_means_of_scores() -> None:
    """Functions with other means and deviations, in places where none of them is held."""
    rng = np.random.default_rng(0)
    odds = [
        QuadraticOdds(
            ("a", "b", "c"),
            rng.normal(size=3),
            rng.uniform(1, 2, 3),
            rng.normal(size=3),
            np.triu(rng.normal(size=(3, 3))),
            float(rng.normal()),
        )
        for _ in range(3)
    ]
    features = np.mean([one.mean for one in odds], axis=0) + rng.uniform(-0.5, 0.5, (20, 3))
    found = mean_odds(odds)(features)
    np.testing.assert_allclose(found, np.mean([one(features) for one in odds], axis=0), atol=2e-4)
