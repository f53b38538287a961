"""Order and partners of components."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from gmmseg.mixture.covariance import Spherical
from gmmseg.mixture.fit import fit
from gmmseg.mixture.matching import canonical_order, dissimilarity, match_components
from gmmseg.mixture.params import MixtureParams
from gmmseg.mixture.settings import CovarianceKind, FitSettings
from tests.core.mixture.cases import KINDS, blobs, random_params


def test_the_canonical_order_is_weight_then_mean_then_index() -> None:
    means = np.array([[5.0, 0.0], [1.0, 2.0], [1.0, 1.0], [9.0, 9.0], [1.0, 1.0]])
    params = MixtureParams(np.array([0.1, 0.2, 0.2, 0.3, 0.2]), means, Spherical(np.ones(5)))
    np.testing.assert_array_equal(canonical_order(params), [3, 2, 4, 1, 0])


def test_equal_weights_are_ordered_by_the_first_feature_first() -> None:
    means = np.array([[2.0, 0.0], [1.0, 5.0], [1.0, 4.0]])
    params = MixtureParams(np.full(3, 1 / 3), means, Spherical(np.ones(3)))
    np.testing.assert_array_equal(canonical_order(params), [2, 1, 0])


@pytest.mark.parametrize("kind", KINDS)
def test_whatever_order_is_given_the_canonical_one_is_the_same(kind: CovarianceKind) -> None:
    params = random_params(np.random.default_rng(0), 4, 2, kind)
    expected = params.reordered(canonical_order(params))
    for order in itertools.permutations(range(4)):
        shuffled = params.reordered(np.array(order))
        found = shuffled.reordered(canonical_order(shuffled))
        np.testing.assert_array_equal(found.means, expected.means)
        np.testing.assert_array_equal(found.matrices(), expected.matrices())


def test_a_shuffled_mixture_is_matched_to_itself() -> None:
    params = random_params(np.random.default_rng(1), 5, 3)
    order = np.array([3, 0, 4, 1, 2])
    assert match_components(params, params.reordered(order)) == order.tolist()


@pytest.mark.parametrize("seed", range(5))
def test_identities_are_kept_when_k_grows(seed: int) -> None:
    values, _ = blobs(np.random.default_rng(seed), 400, 4, 2, apart=20.0)
    old = fit(values[values[:, 0] < 50], None, FitSettings(3, seed=seed)).params
    new = fit(values, None, FitSettings(4, seed=seed)).params
    partners = match_components(old, new)
    assert sorted(p for p in partners if p is not None) == [0, 1, 2]
    for k, partner in enumerate(partners):
        if partner is None:
            assert new.means[k, 0] == pytest.approx(60, abs=1)
        else:
            np.testing.assert_allclose(new.means[k], old.means[partner], atol=1)


def test_with_fewer_components_each_has_a_partner_of_its_own() -> None:
    params = random_params(np.random.default_rng(0), 4, 2)
    partners = match_components(params, params.reordered(np.array([2, 1])))
    assert partners == [2, 1]


def _line(weights: list[float], means: list[float], variances: list[float]) -> MixtureParams:
    return MixtureParams(np.array(weights), np.array(means)[:, None], Spherical(np.array(variances)))


def test_components_without_weight_keep_the_nearest_partner() -> None:
    old = _line([1.0, 0.0, 0.0], [0.0, 10.0, 20.0], [1.0, 1.0, 1.0])
    new = _line([1.0, 0.0, 0.0], [0.0, 21.0, 9.0], [1.0, 1.0, 1.0])
    assert match_components(old, new) == [0, 2, 1]


@pytest.mark.parametrize("swapped", [False, True])
def test_the_pairing_is_the_cheapest_of_all_by_the_stated_cost(swapped: bool) -> None:
    old, new = _line([0.9, 0.1], [0.0, 10.0], [1.0, 4.0]), _line([0.6, 0.4], [4.0, 9.0], [4.0, 1.0])
    if swapped:
        old, new = new, old
    costs = np.empty((2, 2))
    for i, j in itertools.product(range(2), range(2)):
        distance = (old.means[i, 0] - new.means[j, 0]) ** 2
        distance += (np.sqrt(old.matrices()[i, 0, 0]) - np.sqrt(new.matrices()[j, 0, 0])) ** 2
        costs[i, j] = distance * (min(old.weights[i], new.weights[j]) + 1e-3)
    straight = costs[0, 0] + costs[1, 1] < costs[0, 1] + costs[1, 0]
    assert match_components(old, new) == ([0, 1] if straight else [1, 0])


def test_large_areas_keep_their_colours_before_small_ones_do() -> None:
    # The heavy component moved by 6; the light one would have to move by 20 where the heavy one stays.
    old = _line([0.98, 0.02], [0.0, 6.0], [1.0, 1.0])
    new = _line([0.98, 0.02], [6.0, 14.0], [1.0, 1.0])
    # Straight: 36 * .981 + 64 * .021 = 36.7. Crossed: 196 * .021 + 0 * .021 = 4.1.
    assert match_components(old, new) == [1, 0]
    # Equal weights: straight 50.1, crossed 98.2.
    even = [0.5, 0.5]
    assert match_components(_line(even, [0.0, 6.0], [1, 1]), _line(even, [6.0, 14.0], [1, 1])) == [0, 1]


def test_the_dissimilarity_counts_the_spread() -> None:
    one, two = _line([1.0], [0.0], [1.0]), _line([1.0], [3.0], [9.0])
    assert dissimilarity(one, two)[0, 0] == pytest.approx(9.0 + 4.0)


def test_mixtures_of_other_features_have_no_partners() -> None:
    rng = np.random.default_rng(0)
    assert match_components(random_params(rng, 2, 2), random_params(rng, 3, 3)) == [None, None, None]


def test_the_dissimilarity_of_a_component_with_itself_is_zero() -> None:
    params = random_params(np.random.default_rng(0), 3, 2)
    distances = dissimilarity(params, params)
    np.testing.assert_array_equal(np.diag(distances), 0)
    assert (distances[~np.eye(3, dtype=bool)] > 0).all()


@pytest.mark.parametrize(("n_old", "n_new"), [(3, 3), (3, 5), (5, 3), (1, 4), (4, 1)])
def test_no_other_pairs_cost_less(n_old: int, n_new: int) -> None:
    rng = np.random.default_rng(3)
    n_paired = min(n_old, n_new)
    for _ in range(20):
        old, new = random_params(rng, n_old, 2), random_params(rng, n_new, 2)
        costs = dissimilarity(old, new) * (np.minimum.outer(old.weights, new.weights) + 1e-3)
        found = [(k, j) for j, k in enumerate(match_components(old, new)) if k is not None]
        least = min(
            sum(costs[row, column] for row, column in zip(rows, columns, strict=True))
            for rows in itertools.combinations(range(n_old), n_paired)
            for columns in itertools.permutations(range(n_new), n_paired)
        )
        assert len(found) == n_paired
        assert sum(costs[row, column] for row, column in found) == pytest.approx(least, rel=1e-12)
