"""The natural height: where a union is as likely as the scale rule asks for."""

from __future__ import annotations

import numpy as np
import pytest

from gmmseg.control import result_of
from gmmseg.image import RGB, Image, ImageSource
from gmmseg.regions.cost import union_cost
from gmmseg.regions.cutting import cut
from gmmseg.regions.odds import QuadraticOdds
from gmmseg.regions.pipeline import hierarchy_events
from gmmseg.regions.scale import NATURAL_LOG_ODDS, natural_height
from gmmseg.regions.settings import RegionSettings


def test_the_natural_height_is_the_cost_of_a_union_at_the_natural_odds() -> None:
    none = np.zeros(2)
    odds = QuadraticOdds(("a", "b"), none, none + 1, none, np.zeros((2, 2)), NATURAL_LOG_ODDS)
    assert union_cost(none[None], odds)[0] == pytest.approx(natural_height())


def test_the_default_cut_keeps_apart_what_costs_more_and_unites_the_rest() -> None:
    y, x = np.mgrid[:60, :90]
    colours = np.array([[40, 60, 200], [220, 200, 60]])[((y - 30) ** 2 + (x - 45) ** 2 < 400).astype(int)]
    noisy = colours + np.random.default_rng(0).normal(0, 6, colours.shape)
    image = Image(np.clip(noisy, 0, 255).astype(np.uint8), RGB, ImageSource("test"))
    hierarchy = result_of(hierarchy_events(image))
    assert hierarchy.natural == natural_height()
    assert cut(hierarchy, RegionSettings()).n_regions == 1 + (hierarchy.tree.heights > natural_height()).sum()
    assert 2 <= cut(hierarchy, RegionSettings()).n_regions <= 3
