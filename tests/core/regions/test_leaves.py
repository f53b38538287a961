"""Leaves: basins of a surface, their numbers, and what the surface is made of."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray
from scipy.ndimage import label

from gmmseg.regions.evidence import lab_gradient
from gmmseg.regions.leaves import basins_of, numbered_by_appearance, ranks_by_appearance
from gmmseg.regions.picture import Picture


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("is_masked", [False, True])
def test_basins_cover_the_data_each_in_one_piece(seed: int, is_masked: bool) -> None:
    generator = np.random.default_rng(seed)
    surface = generator.random((20, 30)).astype(np.float32)
    held = generator.random((20, 30)) < 0.7 if is_masked else None
    basins = basins_of(surface, held)
    if held is not None:
        np.testing.assert_array_equal(basins >= 0, held)
    assert basins.max() > 10
    for basin in range(basins.max() + 1):
        assert label(basins == basin)[1] == 1


def test_basins_meet_on_the_ridge() -> None:
    surface = np.repeat(np.abs(6 - np.abs(np.arange(21, dtype=np.float32) - 10))[None], 5, axis=0)
    basins = basins_of(surface, None)
    assert basins.max() == 1
    assert (basins[:, :10] == 0).all()
    assert (basins[:, 11:] == 1).all()


@pytest.mark.parametrize("shape", [(1, 1), (1, 7), (2, 2), (6, 8)])
def test_a_level_surface_is_one_basin_for_each_island_of_data(shape: tuple[int, int]) -> None:
    level = np.zeros(shape, dtype=np.float32)
    assert (basins_of(level, None) == 0).all()
    held = np.zeros(shape, dtype=np.bool_)
    held[0, 0] = held[-1, -1] = True
    basins = basins_of(level, held)
    assert basins.max() == label(held)[1] - 1
    assert ((basins >= 0) == held).all()


labels = arrays(np.int32, st.tuples(st.integers(1, 6), st.integers(1, 6)), elements=st.integers(-1, 9))


@given(labels)
def test_numbers_go_by_first_appearance(found: NDArray[np.int32]) -> None:
    order = list(dict.fromkeys(value for value in found.reshape(-1).tolist() if value >= 0))
    expected = [[order.index(v) if v >= 0 else -1 for v in row] for row in found.tolist()]
    assert numbered_by_appearance(found).tolist() == expected


def test_labels_that_appear_nowhere_have_no_rank() -> None:
    assert ranks_by_appearance(np.array([[4, 1, 4, -1]], dtype=np.int32), 6).tolist() == [
        -1, 1, -1, -1, 0, -1, -1,
    ]  # fmt: skip


def test_the_gradient_of_a_slope_is_its_steepness_over_all_channels() -> None:
    y, x = np.mgrid[:40, :50].astype(np.float32)
    picture = Picture(np.stack([3 * x, 2 * y, 0 * x + 5]))
    steepness = np.hypot(3, 2) * picture.filter_factor
    for scale in (1.5, 3.0):
        assert lab_gradient(picture, scale)[20, 25] == pytest.approx(steepness, rel=1e-3)
