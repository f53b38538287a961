"""The two mixtures of a picture: their M-step, their posteriors, and pictures with little in them."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter
from scipy.stats import multivariate_normal

from gmmseg.arrays import FloatArray
from gmmseg.control import StopRequest
from gmmseg.errors import Cancelled
from gmmseg.mixture.params import MixtureParams
from gmmseg.regions.appearance import (
    AppearanceSettings,
    appearance_posteriors,
    colour_posteriors,
    fitted_params,
    texture_planes,
    texture_posteriors,
)
from gmmseg.regions.picture import REFERENCE_PIXELS, Picture

SMALL = AppearanceSettings(n_components=3, n_iterations=1, spread=0.1)


def clustered(seed: int, n_rows: int = 300) -> FloatArray:
    generator = np.random.default_rng(seed)
    centres = np.array([[0.0, 0], [4, 0], [0, 5]])
    return (centres[generator.integers(0, 3, n_rows)] + generator.normal(0, 0.5, (n_rows, 2))).T


def joint(params: MixtureParams, columns: FloatArray) -> FloatArray:
    """Return weight times density of each component at each column, (K, N)."""
    return np.array(
        [
            weight * multivariate_normal(mean, covariance).pdf(columns.T)
            for weight, mean, covariance in zip(params.weights, params.means, params.matrices(), strict=True)
        ]
    )


@pytest.mark.parametrize("seed", range(3))
def test_an_iteration_is_expectation_then_the_stated_maximum(seed: int) -> None:
    columns, spread = clustered(seed), 0.1

    def fitted(n_iterations: int) -> MixtureParams:
        settings = AppearanceSettings(3, n_iterations, spread)
        return fitted_params(columns, settings, spread, np.random.default_rng(seed))

    before, after = fitted(2), fitted(3)
    shares = joint(before, columns)
    shares /= shares.sum(axis=0)
    counts = shares.sum(axis=1)
    np.testing.assert_allclose(after.weights, (counts + 1) / (300 + 3))
    for k in range(3):
        mean = columns @ shares[k] / counts[k]
        deviations = columns - mean[:, None]
        scatter = (shares[k] * deviations) @ deviations.T
        prior = spread * np.eye(2)
        np.testing.assert_allclose(after.means[k], mean, atol=1e-9)
        expected = (scatter + 5 * prior) / (counts[k] + 5) + 0.2 * prior
        np.testing.assert_allclose(after.matrices()[k], expected, atol=1e-9)


def test_iterations_find_separate_clusters() -> None:
    params = fitted_params(clustered(0), AppearanceSettings(3, 15, 0.01), 0.01, np.random.default_rng(1))
    order = np.lexsort(np.round(params.means.T))
    np.testing.assert_allclose(params.means[order], [[0, 0], [4, 0], [0, 5]], atol=0.15)


def test_posteriors_are_those_of_the_densities_whatever_the_units() -> None:
    columns = clustered(2, 20 * 30)
    picture = Picture(np.zeros((3, 20, 30), dtype=np.float32))
    settings = AppearanceSettings(3, 8, 0.02)
    found = appearance_posteriors(
        columns.reshape(2, 20, 30).astype(np.float32), picture, settings, np.random.default_rng(0)
    )
    np.testing.assert_allclose(found.sum(axis=0), 1, atol=1e-5)
    enlarged = AppearanceSettings(3, 8, 0.02 * 100**2)
    again = appearance_posteriors(
        (100 * columns + 7).reshape(2, 20, 30).astype(np.float32), picture, enlarged, np.random.default_rng(0)
    )
    np.testing.assert_allclose(found, again, atol=1e-3)
    # Three clusters: the winner is the cluster's own component.
    assert len(np.unique(found.argmax(axis=0))) == 3
    assert found.max(axis=0).mean() > 0.98


@pytest.mark.parametrize("shape", [(1, 1), (1, 6), (3, 2)])
@pytest.mark.parametrize("n_colours", [1, 2])
def test_fewer_colours_than_components_have_posteriors(shape: tuple[int, int], n_colours: int) -> None:
    lab = np.zeros((3, *shape), dtype=np.float32)
    lab[:, :, ::2] = 50 * (n_colours - 1)
    for posteriors in (colour_posteriors, texture_posteriors):
        found = posteriors(Picture(lab), np.random.default_rng(0))
        assert found.shape == (24, *shape)
        np.testing.assert_allclose(found.sum(axis=0), 1, atol=1e-5)


def test_pixels_without_data_do_not_take_part_in_the_fit() -> None:
    generator = np.random.default_rng(0)
    lab = generator.normal(50, 20, (3, 30, 40)).astype(np.float32)
    held = np.zeros((30, 40), dtype=np.bool_)
    held[:, :25] = True
    other = lab.copy()
    other[:, :, 30:] += 40

    def found(values: np.ndarray[tuple[int, ...], np.dtype[np.float32]]) -> FloatArray:
        posteriors = appearance_posteriors(values, Picture(values, held), SMALL, np.random.default_rng(3))
        return np.asarray(posteriors[:, :, :25])

    np.testing.assert_array_equal(found(lab), found(other))


def test_texture_of_a_wave_has_the_length_that_its_derivatives_give() -> None:
    # At the reference size a pixel is a pixel; only the middle is looked at.
    shape = (321, 481)
    assert shape[0] * shape[1] == REFERENCE_PIXELS
    y, x = np.mgrid[: shape[0], : shape[1]]
    light = (20 * np.sin(0.3 * x + 0.2 * y)).astype(np.float32)
    lab = np.stack([light, 0 * light, 0 * light])
    found = texture_planes(Picture(lab))
    at = (160, 240)
    raw = []
    for scale in (1, 2):
        smooth = gaussian_filter(light.astype(np.float64), scale)
        down, across = np.gradient(smooth)
        raw += [across * scale, down * scale]
        (_, across_twice), (down_twice, mixed) = np.gradient(across), np.gradient(down)
        raw += [scale**2 * across_twice, scale**2 * mixed, scale**2 * down_twice]
    f = np.array([plane[at] for plane in raw])
    length = np.linalg.norm(f)
    np.testing.assert_allclose(found[:, *at], f / length * np.log1p(length / 2), atol=0.03)


def test_fitting_can_be_cancelled() -> None:
    picture = Picture(np.zeros((3, 5, 5), dtype=np.float32))
    with pytest.raises(Cancelled):
        colour_posteriors(picture, np.random.default_rng(0), lambda: StopRequest.CANCEL)
