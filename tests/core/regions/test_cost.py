"""The cost of uniting two regions: what it is made of, and that it is a probability's logarithm."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from gmmseg.image import RGB, Image, ImageSource
from gmmseg.regions.adjacency import hellinger, region_graph
from gmmseg.regions.cost import FEATURES, N_SUMS, RegionStatistics, union_cost, union_features
from gmmseg.regions.evidence import N_MAPS, boundary_evidence
from gmmseg.regions.merging import first_stage, second_stage
from gmmseg.regions.odds import QuadraticOdds, fitted_odds
from gmmseg.regions.picture import REFERENCE_PIXELS, working_picture
from gmmseg.regions.scale import natural_height

Floats = NDArray[np.float64]


def random_borders(generator: np.random.Generator, n_borders: int) -> Floats:
    lengths = generator.integers(1, 60, n_borders).astype(np.float64)
    return np.column_stack([lengths, generator.random((n_borders, N_SUMS)) * lengths[:, None]])


def random_looks(seed: int, n_regions: int = 6) -> tuple[RegionStatistics, np.random.Generator]:
    generator = np.random.default_rng(seed)
    lab = 50 * generator.random((n_regions, 3))
    squares = (lab**2).sum(axis=1) + 30 * generator.random(n_regions)
    areas = generator.integers(500, 5000, n_regions).astype(np.float64)
    looks = RegionStatistics(
        areas,
        generator.dirichlet(np.ones(4), n_regions),
        generator.dirichlet(np.ones(5), n_regions),
        generator.normal(size=(n_regions, 3)),
        np.column_stack([lab, squares]),
        np.column_stack([300 * generator.random((n_regions, 2)), generator.random(n_regions) / 50]),
        random_borders(generator, n_regions) + 60,
        random_borders(generator, n_regions),
        np.array([0.3, 400.0]),
    )
    return looks, generator


def test_each_feature_is_the_one_that_it_is_named_for() -> None:
    sums = 20.0 * np.array([*np.arange(N_MAPS) / 10, *-np.arange(N_MAPS) / 5, 0.8, 0.9, 12.0])
    around = np.zeros((2, 1 + N_SUMS))
    around[0, :4] = 80.0, 8.0, 8.0, 8.0
    around[1, 0] = 50.0
    within = np.zeros((2, 1 + N_SUMS))
    # Of the larger region: strengths 1 + 1 + 1 of colours and .3 · (2 + 2 + 2) of textures.
    within[0] = [10.0, *(10.0,) * 3, *(20.0,) * 3, *(70.0,) * (N_SUMS - 6)]
    looks = RegionStatistics(
        np.array([300.0, 100.0]),
        np.array([[1.0, 0.0], [0.0, 1.0]]),
        np.array([[0.5, 0.5], [0.5, 0.5]]),
        np.array([[0.0, 0.0], [3.0, 4.0]]),
        np.array([[50.0, 0.0, 0.0, 2500.0 + 60.0], [44.0, 8.0, 0.0, 2000.0 + 20.0]]),
        np.array([[40.0, 100.0, 0.1], [80.0, 70.0, 0.5]]),
        around,
        within,
        np.array([0.48, 380.0]),
    )
    found = union_features(looks, 0, np.array([1]), np.array([[20.0, *sums]]))
    across = np.array([*np.arange(N_MAPS) / 10, 0.8, 0.9, 12.0])
    expected = dict(zip(FEATURES, np.log(across + 0.02), strict=False))
    strength = np.log(0.1 + 0.2 + 0.3 * (0.3 + 0.4 + 0.5) + 0.02)
    # The smaller region has 100 pixels, a border of 50 and a rim of 50; the larger 300, 80 and 30.
    expected |= {
        "colour distance": np.log(1.02),
        "texture distance": np.log(0.02),
        "place distance": np.log(5.02),
        "lab distance": np.log(10.02),
        "lightness distance": np.log(6.02),
        "contrast": np.log(10 / np.sqrt(60 + 20 + 20) + 0.02),
        "within smaller": np.log(0.02),
        "within larger": np.log(4.8 + 0.02),
        "rise": np.log(40 / np.sqrt(REFERENCE_PIXELS) + 0.02),
        "centre distance": np.log(50 / 10 + 0.02),
        "rim of both": np.log((30 + 50) / (80 + 50 + 30 + 50 - 40) + 0.02),
        "smaller size": np.log(100.0),
        "contact": np.log(2.0),
        "spread of smaller": np.log(20 + 5),
        "spread of larger": np.log(60 + 5),
        "picture strength": np.log(0.48 + 0.02),
        "picture spread": np.log(400.0),
        **{f"{name}, of logs": -at / 5 for at, name in enumerate(FEATURES[:N_MAPS])},
        "against smaller outline": strength - np.log(0.02),
        "against larger outline": strength - np.log(0.3 + 0.02),
        "share of smaller outline": 0.2,
        "share of larger outline": 20 / 110,
        "rim of smaller": 0.5,
        "rim of larger": 30 / 110,
        "lightness of smaller": 44.0,
        "lightness of larger": 50.0,
    }
    assert tuple(expected) == FEATURES
    np.testing.assert_allclose(found[0], list(expected.values()), atol=1e-7)


@pytest.mark.parametrize("seed", range(3))
def test_a_region_against_many_is_the_same_as_pair_by_pair_and_either_way_round(seed: int) -> None:
    looks, generator = random_looks(seed)
    if seed == 2:
        looks.areas[:] = 700
    others = np.arange(1, 6)
    borders = random_borders(generator, 5)
    first = np.zeros(5, dtype=np.int64)
    at_once = union_features(looks, 0, others, borders)
    np.testing.assert_allclose(union_features(looks, first, others, borders), at_once)
    np.testing.assert_allclose(union_features(looks, others, first, borders), at_once)
    for row, other in enumerate(others):
        alone = union_features(looks, 0, np.array([other]), borders[row : row + 1])
        np.testing.assert_allclose(alone[0], at_once[row])


def constant_odds(odds: float) -> QuadraticOdds:
    n = len(FEATURES)
    return QuadraticOdds(FEATURES, np.zeros(n), np.ones(n), np.zeros(n), np.zeros((n, n)), odds)


@given(st.floats(-600, 600))
def test_the_cost_is_minus_the_log_of_the_probability_of_one_thing(odds: float) -> None:
    cost = union_cost(np.zeros((1, len(FEATURES))), constant_odds(odds))[0]
    assert np.exp(-cost) == pytest.approx(1 / (1 + np.exp(odds)), rel=1e-9)
    assert cost >= 0


def test_where_all_else_is_usual_stronger_borders_and_larger_differences_cost_more() -> None:
    odds = fitted_odds()
    usual = odds.mean.copy()

    def with_raised(*words: str) -> float:
        raised = [any(word in name for word in words) for name in FEATURES]
        assert any(raised)
        return float(union_cost((usual + np.where(raised, odds.deviation, 0.0))[None], odds)[0])

    plain = float(union_cost(usual[None], odds)[0])
    assert with_raised("colour border") > plain
    assert with_raised("border", "gradient") > plain
    assert with_raised("colour distance") > plain
    assert with_raised("distance", "contrast", "across") > plain
    assert with_raised("smaller size") > plain


@pytest.mark.parametrize("kind", ["colour", "lightness", "texture"])
def test_parts_of_one_thing_cost_less_to_unite_than_two_things(kind: str) -> None:
    """A picture in four quarters, of which those above one another look alike."""
    generator = np.random.default_rng(0)
    y, x = np.mgrid[:160, :240]
    is_right = x >= 120
    pixels = np.full((160, 240, 3), 120.0) + generator.normal(0, 4, (160, 240, 1))
    if kind == "colour":
        pixels[is_right] += (50, -30, -40)
    elif kind == "lightness":
        pixels[is_right] += 60
    else:
        pixels[is_right] += (60 * ((x // 3 + y // 3) % 2) - 30)[is_right][:, None]
    image = Image(np.clip(pixels, 0, 255).astype(np.uint8), RGB, ImageSource("test"))
    quarters = (2 * (y >= 80) + is_right).astype(np.int32)
    graph = region_graph(quarters, boundary_evidence(working_picture(image)))
    merger = first_stage(graph)
    _, cost = second_stage(merger, graph, fitted_odds())
    ends, borders = merger.borders()
    prices = {
        (one, other): float(cost(one, np.array([other]), border[None])[0])
        for (one, other), border in zip(ends.tolist(), borders, strict=True)
    }
    assert max(prices[0, 2], prices[1, 3]) < natural_height() < min(prices[0, 1], prices[2, 3])


def test_hellinger_distance_is_one_between_distributions_that_share_nothing() -> None:
    found = hellinger(np.array([1.0, 0, 0]), np.array([[1.0, 0, 0], [0, 0.5, 0.5], [0.25, 0.75, 0]]))
    np.testing.assert_allclose(found, [0, 1, np.sqrt(0.5)], atol=1e-7)
