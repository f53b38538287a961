"""The command that fits the odds: its regression, and that odds are what it says they are."""

from __future__ import annotations

import numpy as np
import pytest

from gmmseg.image import RGB, Image, ImageSource
from gmmseg.regions.adjacency import region_graph
from gmmseg.regions.cost import FEATURES
from gmmseg.regions.evidence import boundary_evidence
from gmmseg.regions.odds import QuadraticOdds
from gmmseg.regions.picture import working_picture
from tests.benchmarks.fit_region_cost import examples, fitted, logistic, mean_of, quadratic_terms, spread

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


def test_shares_are_learnt_as_such_with_the_curvature_of_some_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tests.benchmarks.fit_region_cost.CURVATURE_ROWS", 20_000)
    generator, rows = random_rows(200_000)
    truth = 0.3 + rows[:, 0] - 0.5 * rows[:, 1] * rows[:, 2] + 0.2 * rows[:, 2] ** 2
    shares = 1 / (1 + np.exp(-truth))
    found = logistic(quadratic_terms(rows), shares, generator.random(200_000), np.zeros(10))
    np.testing.assert_allclose(found, [1, 0, 0, 0, 0, 0, 0, -0.5, 0.2, 0.3], atol=2e-3)


def test_the_terms_are_those_that_the_odds_weigh_and_end_at_the_same_reach() -> None:
    odds = odds_of(0)
    rows = odds.mean + odds.deviation * np.random.default_rng(5).normal(0, 4, (50, N_FEATURES))
    weights = [*odds.linear, *odds.products[np.triu_indices(N_FEATURES)], odds.offset]
    terms = quadratic_terms((rows - odds.mean) / odds.deviation)
    np.testing.assert_allclose(terms @ np.array(weights), odds(rows), atol=1e-4)


def test_a_feature_that_never_varies_does_no_harm() -> None:
    rows, shares, importance = random_examples(3)
    rows[:, 4] = 7.0
    odds = fitted((rows, shares, importance), *spread(rows, importance))
    assert QuadraticOdds.from_json(odds.as_json())(rows) == pytest.approx(odds(rows))
    assert np.isfinite(odds(rows)).all()


def test_examples_are_neighbours_with_the_share_that_people_kept_apart() -> None:
    """Six strips of one colour each; one annotator drew two halves, the other three thirds."""
    strips = np.repeat(np.arange(6, dtype=np.int32), 20)[None].repeat(60, axis=0)
    pixels = np.random.default_rng(0).normal(0, 2, (60, 120, 3)) + 40 * strips[..., None]
    image = Image(np.clip(pixels, 0, 255).astype(np.uint8), RGB, ImageSource("test"))
    graph = region_graph(strips, boundary_evidence(working_picture(image)))
    tables = [np.eye(n, dtype=np.int64)[np.arange(6) * n // 6] * 1200 for n in (2, 3)]
    features, apart, importance = examples(((graph, tables), odds_of_strips()))
    # All neighbours at the levels of 150 to 7 regions are the five borders of six strips: eight times.
    assert features.shape == (8 * 5 + 4 + 2, N_FEATURES)
    np.testing.assert_allclose(apart[:5], [0.0, 0.5, 0.5, 0.5, 0.0], atol=1e-12)
    size = 600 * graph.area_unit
    np.testing.assert_allclose(importance[:5], size**0.75 / (5 * size**0.5))
    np.testing.assert_allclose(np.exp(features[:5, FEATURES.index("smaller size")]), 2 * size)


def odds_of_strips() -> QuadraticOdds:
    """Odds that grow with the size of the union alone: the first strips met are united first."""
    n = N_FEATURES
    linear = np.array([float(name == "smaller size") for name in FEATURES])
    return QuadraticOdds(FEATURES, np.zeros(n), np.full(n, 10.0), linear, np.zeros((n, n)), 0.0)


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


@pytest.mark.slow
def test_fitted_odds_predict_shares_that_they_have_not_seen() -> None:
    rows, shares, _ = random_examples(1)
    predicted = 1 / (1 + np.exp(-odds_of(0)(rows)))
    assert np.corrcoef(predicted, shares)[0, 1] > 0.8
    assert odds_of(0).features == FEATURES


@pytest.mark.slow
def test_the_mean_of_fits_has_the_mean_odds() -> None:
    fits = [odds_of(0), odds_of(1)]
    rows = random_examples(2)[0][:20]
    expected = (fits[0](rows) + fits[1](rows)) / 2
    np.testing.assert_allclose(mean_of(fits)(rows), expected, atol=0.02)
