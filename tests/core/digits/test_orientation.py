from __future__ import annotations

from dataclasses import asdict

import numpy as np
import pytest
from scipy import ndimage

from gmmseg.digits.orientation import OrientationMaps, window
from gmmseg.digits.settings import OrientationSettings

SETTINGS = OrientationSettings()


def maps(settings: OrientationSettings = SETTINGS, side: int = 28) -> OrientationMaps:
    return OrientationMaps.of((side, side), **asdict(settings))


@pytest.mark.parametrize("direction", range(12))
@pytest.mark.parametrize("side", [14, 28, 56])
def test_a_straight_edge_falls_into_the_bin_of_its_direction(direction: int, side: int) -> None:
    angle = 2 * np.pi * direction / 12
    y, x = np.mgrid[:side, :side] - (side - 1) / 2
    # Brighter towards the angle, over a soft edge of some pixels through the middle.
    ramp = np.clip((x * np.cos(angle) + y * np.sin(angle)) / (side / 7) + 0.5, 0, 1)
    pooled = maps(side=side).pooled(np.rint(255 * ramp).astype(np.uint8)[None])[0]
    middle = pooled[:, 4, 4]
    assert middle.argmax() == direction
    assert middle[direction] > 0.85 * middle.sum()


def test_a_turned_image_turns_its_maps() -> None:
    image = np.random.default_rng(1).integers(0, 256, (1, 28, 28), dtype=np.uint8)
    pooled = maps().pooled(image)[0]
    turned = maps().pooled(np.rot90(image, axes=(1, 2)))[0]
    # rot90 takes x to -y: a quarter of the twelve bins back.
    expected = np.roll(np.rot90(pooled, axes=(1, 2)), -3, axis=0)
    np.testing.assert_allclose(turned, expected, atol=1e-3)


def test_the_sum_over_directions_is_the_blurred_magnitude_of_the_gradient() -> None:
    image = np.zeros((28, 28))
    image[6:22, 6:22] = np.random.default_rng(2).integers(0, 256, (16, 16))
    smooth = ndimage.gaussian_filter(image / 255, 0.5, truncate=10, mode="constant")
    magnitude = np.hypot(
        ndimage.correlate1d(smooth, [-0.5, 0, 0.5], axis=1, mode="constant"),
        ndimage.correlate1d(smooth, [-0.5, 0, 0.5], axis=0, mode="constant"),
    )
    pooled = maps(OrientationSettings(grid_step=3.0, n_grid=8)).pooled(image.astype(np.uint8)[None])[0]
    # Sampling points of an even grid lie on whole pixels: 3, 6, ..., 24.
    blurred = ndimage.gaussian_filter(magnitude, 1.5, truncate=10, mode="constant")
    np.testing.assert_allclose(pooled.sum(axis=0), blurred[3:25:3, 3:25:3], rtol=1e-3, atol=1e-5)


def test_features_are_roots_of_unit_vectors() -> None:
    images = np.random.default_rng(3).integers(0, 256, (5, 28, 28), dtype=np.uint8)
    features = maps().features(images)
    assert features.shape == (5, 972)
    np.testing.assert_allclose((features.astype(np.float64) ** 4).sum(axis=1), 1, rtol=1e-5)
    other = maps(OrientationSettings(power=0.25)).features(images)
    np.testing.assert_allclose(other**2, features, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("shape", [(8, 8), (16, 12), (28, 28), (64, 64), (1, 1)])
def test_images_of_any_size_have_the_same_features_and_empty_ones_none(shape: tuple[int, int]) -> None:
    features = OrientationMaps.of(shape, **asdict(SETTINGS)).features(np.zeros((2, *shape), dtype=np.uint8))
    assert features.shape == (2, 972)
    assert not features.any()


def test_lengths_are_in_proportion_to_the_side() -> None:
    small = np.random.default_rng(4).integers(0, 256, (1, 14, 14)).astype(np.float64)
    smooth = ndimage.gaussian_filter(small, (0, 1.5, 1.5))
    large = ndimage.zoom(smooth, (1, 2, 2), order=1, grid_mode=True, mode="nearest")
    of_small = maps(side=14).features(np.rint(smooth).astype(np.uint8)).astype(np.float64)
    of_large = maps(side=28).features(np.rint(large).astype(np.uint8)).astype(np.float64)
    cosine = (of_small * of_large).sum() / np.sqrt((of_small**2).sum() * (of_large**2).sum())
    assert cosine > 0.95


@pytest.mark.parametrize("sigma", [0.2, 1.5, 3.0])
def test_a_window_away_from_the_border_sums_to_one(sigma: float) -> None:
    weights = window(np.array([20.3]), 41, sigma)
    assert weights.sum() == pytest.approx(1, abs=1e-9)
    assert weights @ np.arange(41) == pytest.approx([20.3], abs=1e-6)
    assert window(np.array([-0.5]), 41, sigma).sum() == pytest.approx(0.5, abs=1e-6)


@pytest.mark.parametrize("side", [28, 56])
def test_pooling_windows_are_gaussians_as_wide_as_the_side_asks(side: int) -> None:
    pool = maps(side=side).pool_y
    pixels = np.arange(side)
    middle = pool[SETTINGS.n_grid // 2] / pool[SETTINGS.n_grid // 2].sum()
    deviation = np.sqrt(middle @ (pixels - middle @ pixels) ** 2)
    assert deviation == pytest.approx(SETTINGS.pool_sigma * side / 28, rel=0.01)
