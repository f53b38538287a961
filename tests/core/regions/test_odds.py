"""Quadratic log odds against the Gaussians that they stand for, and the file that holds the fitted ones."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.stats import multivariate_normal

from gmmseg.regions.cost import FEATURES
from gmmseg.regions.odds import REACH, QuadraticOdds, fitted_odds

Floats = NDArray[np.float64]


def between_gaussians(seed: int) -> tuple[QuadraticOdds, Callable[[Floats], Floats]]:
    """Return the odds of the second of two Gaussians against the first, standardised somehow, and scipy's."""
    generator = np.random.default_rng(seed)
    means = generator.normal(size=(2, 3))
    roots = generator.normal(size=(2, 3, 3))
    covariances = roots @ np.swapaxes(roots, 1, 2) + np.eye(3)
    shift, scale = generator.normal(size=3), generator.uniform(1, 2, 3)
    precisions = np.linalg.inv(covariances)
    centred = means - shift
    difference = (precisions[0] - precisions[1]) / 2 * np.outer(scale, scale)
    linear = (precisions[1] @ centred[1] - precisions[0] @ centred[0]) * scale
    constants = [
        -0.5 * (c @ p @ c + np.linalg.slogdet(s)[1])
        for c, p, s in zip(centred, precisions, covariances, strict=True)
    ]
    products = np.triu(difference) + np.triu(difference, 1)
    odds = QuadraticOdds(("a", "b", "c"), shift, scale, linear, products, float(constants[1] - constants[0]))
    first, second = (multivariate_normal(m, s) for m, s in zip(means, covariances, strict=True))
    return odds, lambda rows: np.asarray(second.logpdf(rows) - first.logpdf(rows))


@pytest.mark.parametrize("seed", range(3))
def test_they_are_the_log_odds_between_two_gaussians(seed: int) -> None:
    odds, expected = between_gaussians(seed)
    rows = odds.mean + odds.deviation * np.random.default_rng(seed).uniform(-REACH, REACH, (50, 3))
    np.testing.assert_allclose(odds(rows), expected(rows), rtol=1e-9, atol=1e-9)


def test_beyond_their_reach_features_count_as_at_its_end() -> None:
    odds, _ = between_gaussians(4)
    at_the_end = odds.mean + odds.deviation * np.array([[-REACH, REACH, 0.5]])
    beyond = odds.mean + odds.deviation * np.array([[-1e6, REACH + 1, 0.5]])
    np.testing.assert_array_equal(odds(beyond), odds(at_the_end))


def test_what_is_written_is_read_back() -> None:
    odds, _ = between_gaussians(5)
    found = QuadraticOdds.from_json(odds.as_json())
    rows = np.random.default_rng(0).normal(size=(20, 3))
    np.testing.assert_array_equal(found(rows), odds(rows))
    assert found.as_json() == odds.as_json()


def test_the_fitted_odds_are_of_the_features_in_use() -> None:
    odds = fitted_odds()
    assert odds.features == FEATURES
    assert (odds.deviation > 0).all()
    assert np.isfinite(odds(odds.mean[None])).all()
    assert (np.tril(odds.products, -1) == 0).all()
