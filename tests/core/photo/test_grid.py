"""The pixel grid's weights and means against loops over pixels and neighbours."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from gmmseg.control import StopRequest
from gmmseg.errors import Cancelled
from gmmseg.photo import grid as module
from gmmseg.photo.grid import DIRECTIONS, PixelGrid, pixel_grid
from tests.core.photo.cases import means_by_loops, weights_by_loops
from tests.data.states import image_of


def some_image(
    shape: tuple[int, ...], dtype: str, seed: int, share: float
) -> tuple[NDArray[Any], NDArray[np.bool_]]:
    random = np.random.default_rng(seed)
    pixels = (random.random(shape) ** 3 * (250 if dtype == "uint8" else 60_000)).astype(dtype)
    if np.dtype(dtype).kind == "f":
        pixels = pixels / 1e4 - 3
    return pixels, random.random(shape[:2]) < share


SHAPES = [(1, 1), (1, 7), (6, 1), (2, 2), (9, 13), (5, 4, 3), (7, 6, 2)]


@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize("dtype", ["uint8", "uint16", "int32", "float32", "float64"])
@pytest.mark.parametrize("share", [0.0, 0.7, 1.0])
def test_weights_are_the_formula(shape: tuple[int, ...], dtype: str, share: float) -> None:
    pixels, mask = some_image(shape, dtype, 4, share)
    grid = pixel_grid(image_of(pixels, mask))
    assert grid.weights.dtype == np.uint8
    expected = weights_by_loops(pixels, mask)
    n_found = 0
    for direction, y, x in np.ndindex(grid.weights.shape):
        found = int(grid.weights[direction, y, x])
        down, right = DIRECTIONS[direction]
        pair = y, x, y + down, x + right
        if pair in expected:
            # Halfway between two whole numbers the rounding of single precision decides.
            assert abs(found - 1 - 254 * expected[pair]) < 0.501
            n_found += 1
        else:
            assert found == 0
    assert 2 * n_found == len(expected)


@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize("share", [0.6, 1.0])
@pytest.mark.parametrize("n_block", [1, 20, 10_000])
def test_means_are_those_of_the_neighbours(
    shape: tuple[int, ...], share: float, n_block: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_SWEEP_PIXELS", n_block)
    monkeypatch.setattr(module, "_CONTRAST_PIXELS", n_block)
    pixels, mask = some_image(shape, "uint8", 5, share)
    grid = pixel_grid(image_of(pixels, mask))
    posteriors = np.random.default_rng(6).random((3, *shape[:2])).astype(np.float32)
    expected = means_by_loops(posteriors, weights_by_loops(pixels, mask))
    found = np.full_like(posteriors, np.nan)
    for rows in grid.blocks():
        grid.mean(posteriors, rows, found[:, rows])
    np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-6)


@given(seed=st.integers(0, 2**32 - 1), height=st.integers(1, 9), width=st.integers(1, 9))
def test_means_lie_between_the_extremes_and_alike_neighbours_stay(seed: int, height: int, width: int) -> None:
    random = np.random.default_rng(seed)
    grid = PixelGrid(random.integers(1, 256, (4, height, width), dtype=np.uint8) * inside(height, width))
    posteriors = random.integers(0, 65536, (2, height, width)).astype(np.uint16)
    posteriors[1] = 40_000
    out = np.empty(posteriors.shape, dtype=np.float32)
    for rows in grid.blocks():
        grid.mean(posteriors, rows, out[:, rows])
    if height * width > 1:
        np.testing.assert_allclose(out[1], 40_000, rtol=1e-5)
        assert out[0].min() >= posteriors[0].min() * (1 - 1e-5)
        assert out[0].max() <= posteriors[0].max() * (1 + 1e-5)
    else:
        assert not out.any()


def inside(height: int, width: int) -> NDArray[np.uint8]:
    """Return 1 where a pixel has a neighbour in each of the directions, (4, H, W)."""
    y, x = np.mgrid[:height, :width]
    found = [(y + down < height) & (x + right >= 0) & (x + right < width) for down, right in DIRECTIONS]
    return np.stack(found).astype(np.uint8)


@pytest.mark.parametrize("factor", [2, 257])
def test_weights_do_not_depend_on_the_range_of_brightness(factor: int) -> None:
    pixels = (np.random.default_rng(7).random((8, 9, 3)) * 100).astype(np.uint16)
    one = pixel_grid(image_of(pixels)).weights
    other = pixel_grid(image_of(pixels * np.uint16(factor))).weights
    assert np.abs(one.astype(int) - other).max() <= 1


@pytest.mark.parametrize("pixels", [np.full((4, 5), 1e-300), np.array([[-1e300, 1e300], [0, np.inf]])])
def test_extreme_floats_have_finite_weights(pixels: NDArray[Any]) -> None:
    weights = pixel_grid(image_of(pixels, np.isfinite(pixels))).weights
    assert weights[0, 0, 0] >= 1


def test_making_a_grid_can_be_cancelled() -> None:
    with pytest.raises(Cancelled):
        pixel_grid(image_of(np.zeros((4, 4), dtype=np.uint8)), lambda: StopRequest.CANCEL)
