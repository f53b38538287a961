"""The cost of uniting two regions: what it is made of, and that it is a probability's logarithm."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gmmseg.regions.cost import FITTED_COST, CostWeights, Looks, hellinger, union_cost, union_features
from gmmseg.regions.evidence import N_MAPS

NAMES = [field.name for field in fields(CostWeights) if field.name not in ("maps", "offset")]


def random_looks(seed: int, n_regions: int = 6) -> tuple[Looks, np.random.Generator]:
    generator = np.random.default_rng(seed)
    lab = 50 * generator.random((n_regions, 3))
    squares = (lab**2).sum(axis=1) + 30 * generator.random(n_regions)
    looks = Looks(
        generator.integers(1, 5000, n_regions).astype(np.float64),
        generator.dirichlet(np.ones(4), n_regions),
        generator.dirichlet(np.ones(5), n_regions),
        generator.normal(size=(n_regions, 3)),
        np.column_stack([lab, squares]),
    )
    return looks, generator


def random_borders(
    generator: np.random.Generator, n_borders: int
) -> np.ndarray[tuple[int, int], np.dtype[np.float64]]:
    lengths = generator.integers(1, 60, n_borders).astype(np.float64)
    return np.column_stack([lengths, generator.random((n_borders, N_MAPS)) * lengths[:, None]])


def weights_with(**given_values: Any) -> CostWeights:
    none = CostWeights((0.0,) * 7, *(0.0,) * (len(NAMES) + 1))
    return replace(none, **given_values)


def test_each_feature_is_the_one_its_weight_is_named_for() -> None:
    looks = Looks(
        np.array([300.0, 100.0]),
        np.array([[1.0, 0.0], [0.0, 1.0]]),
        np.array([[0.5, 0.5], [0.5, 0.5]]),
        np.array([[0.0, 0.0], [3.0, 4.0]]),
        np.array([[50.0, 0.0, 0.0, 2500.0 + 60.0], [44.0, 8.0, 0.0, 2000.0 + 20.0]]),
    )
    border = np.array([[20.0, *(2.0 * np.arange(N_MAPS))]])
    features = union_features(looks, 0, np.array([1]), border)
    np.testing.assert_allclose(features[0, :N_MAPS], np.log(np.arange(N_MAPS) / 10 + 0.02))
    expected = {
        "colour_distance": np.log(1.02),
        "texture_distance": np.log(0.02),
        "place_distance": np.log(5.02),
        "lab_distance": np.log(10.02),
        "lightness_distance": np.log(6.02),
        "contrast": np.log(10 / np.sqrt(60 + 20 + 20) + 0.02),
        "merged_size": np.log(75.0),
        "smaller_size": np.log(100.0),
        "contact": np.log(2.0),
    }
    assert list(expected) == NAMES
    np.testing.assert_allclose(features[0, N_MAPS:], list(expected.values()), atol=1e-7)
    for name, value in expected.items():
        cost = union_cost(features, weights_with(**{name: 0.5}))[0]
        assert cost == pytest.approx(np.log1p(np.exp(0.5 * value)))


@pytest.mark.parametrize("seed", range(3))
def test_a_region_against_many_is_the_same_as_pair_by_pair_and_either_way_round(seed: int) -> None:
    looks, generator = random_looks(seed)
    others = np.arange(1, 6)
    borders = random_borders(generator, 5)
    at_once = union_features(looks, 0, others, borders)
    np.testing.assert_allclose(union_features(looks, np.zeros(5, dtype=np.int64), others, borders), at_once)
    np.testing.assert_allclose(union_features(looks, others, np.zeros(5, dtype=np.int64), borders), at_once)
    for row, other in enumerate(others):
        alone = union_features(looks, 0, np.array([other]), borders[row : row + 1])
        np.testing.assert_allclose(alone[0], at_once[row])


@given(st.floats(-600, 600))
def test_the_cost_is_minus_the_log_of_the_probability_of_one_thing(odds: float) -> None:
    cost = union_cost(np.zeros((1, N_MAPS + len(NAMES))), weights_with(offset=odds))[0]
    assert np.exp(-cost) == pytest.approx(1 / (1 + np.exp(odds)), rel=1e-9)
    assert cost >= 0


def test_stronger_borders_and_larger_regions_cost_more() -> None:
    looks, generator = random_looks(1)
    borders = random_borders(generator, 5)
    stronger = borders.copy()
    stronger[:, 1:] *= 2
    larger = replace(looks, areas=4 * looks.areas)
    others = np.arange(1, 6)
    plain = union_cost(union_features(looks, 0, others, borders), FITTED_COST)
    assert (union_cost(union_features(looks, 0, others, stronger), FITTED_COST) > plain).all()
    assert (union_cost(union_features(larger, 0, others, borders), FITTED_COST) > plain).all()


def test_hellinger_distance_is_one_between_distributions_that_share_nothing() -> None:
    found = hellinger(np.array([1.0, 0, 0]), np.array([[1.0, 0, 0], [0, 0.5, 0.5], [0.25, 0.75, 0]]))
    np.testing.assert_allclose(found, [0, 1, np.sqrt(0.5)], atol=1e-7)
