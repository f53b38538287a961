"""The command that fits the odds: its regression, and that odds are what it says they are."""

from __future__ import annotations

import numpy as np
import pytest

from gmmseg.regions.cost import FEATURES
from gmmseg.regions.odds import QuadraticOdds
from tests.benchmarks.fit_region_cost import fitted, logistic, mean_of, quadratic_terms, spread

N_FEATURES = len(FEATURES)
SKLEARN = "sklearn.linear_model"


def random_rows(n_rows: int) -> tuple[np.random.Generator, np.ndarray[tuple[int, int], np.dtype[np.float64]]]:
    generator = np.random.default_rng(0)
    return generator, generator.normal(size=(n_rows, 3)).clip(-3, 3)


def test_the_regression_is_that_of_scikit_learn() -> None:
    linear_model = pytest.importorskip(SKLEARN)
    generator, rows = random_rows(2000)
    terms = quadratic_terms(rows)
    labels = (
        generator.random(2000) < 1 / (1 + np.exp(-(rows[:, 0] - 0.7 * rows[:, 1] * rows[:, 2])))
    ).astype(np.float64)
    importance = generator.random(2000)
    penalty = np.full(terms.shape[1], 0.02)
    penalty[-1] = 0
    # Its penalty is |w|² / 2 beside C times the sum of the losses.
    peer = linear_model.LogisticRegression(C=1 / 0.02, tol=1e-10, max_iter=10_000)
    peer.fit(terms[:, :-1].astype(np.float64), labels, importance / importance.sum())
    found = logistic(terms, labels, importance, penalty)
    np.testing.assert_allclose(found[:-1], peer.coef_[0], atol=1e-4)
    assert found[-1] == pytest.approx(peer.intercept_[0], abs=1e-4)


def test_shares_are_learnt_as_such_many_rows_at_a_time() -> None:
    generator, rows = random_rows(200_000)
    truth = 0.3 + rows[:, 0] - 0.5 * rows[:, 1] * rows[:, 2] + 0.2 * rows[:, 2] ** 2
    shares = 1 / (1 + np.exp(-truth))
    found = logistic(quadratic_terms(rows), shares, generator.random(200_000), np.zeros(10))
    np.testing.assert_allclose(found, [1, 0, 0, 0, 0, 0, 0, -0.5, 0.2, 0.3], atol=2e-3)


def test_rows_of_no_importance_do_not_count() -> None:
    generator, rows = random_rows(400)
    shares = generator.random(400)
    importance = np.repeat([1.0, 0.0], 200)
    changed = np.where(importance > 0, shares, 1 - shares)
    terms, penalty = quadratic_terms(rows), np.full(10, 0.1)
    np.testing.assert_allclose(
        logistic(terms, shares, importance, penalty), logistic(terms, changed, importance, penalty), rtol=1e-5
    )


def random_examples(seed: int) -> tuple[np.ndarray[tuple[int, ...], np.dtype[np.float64]], ...]:
    generator = np.random.default_rng(seed)
    rows = generator.normal(2, 3, (3000, N_FEATURES))
    return rows, 1 / (1 + np.exp(-(rows[:, 0] - 2) * rows[:, 1] / 5)), generator.random(3000)


def odds_of(seed: int) -> QuadraticOdds:
    rows, shares, importance = random_examples(seed)
    return fitted((rows, shares, importance), *spread(random_examples(0)[0], random_examples(0)[2]))


def test_fitted_odds_predict_shares_that_they_have_not_seen() -> None:
    rows, shares, _ = random_examples(1)
    predicted = 1 / (1 + np.exp(-odds_of(0)(rows)))
    assert np.corrcoef(predicted, shares)[0, 1] > 0.8
    assert odds_of(0).features == FEATURES


def test_the_mean_of_fits_has_the_mean_odds() -> None:
    fits = [odds_of(0), odds_of(1)]
    rows = random_examples(2)[0][:20]
    expected = (fits[0](rows) + fits[1](rows)) / 2
    np.testing.assert_allclose(mean_of(fits)(rows), expected, atol=0.02)
