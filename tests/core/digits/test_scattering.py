"""The scattering transform against slow convolutions of sampled wavelets, and its invariances."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from gmmseg.control import StopRequest, never_stop, result_of
from gmmseg.digits.morlet import FREQUENCY, SIGMA, average_matrix, morlet_spectra
from gmmseg.digits.scattering import Scattering, leading_directions, shares_of
from gmmseg.digits.settings import DigitSettings, ScatteringSettings
from gmmseg.digits.stage_runs import scattering_stage
from gmmseg.digits.workpiece import Workpiece
from gmmseg.errors import Cancelled

Array = np.ndarray[Any, Any]


def strokes(n: int, side: int = 28, seed: int = 0) -> Array:
    """Return thick random curves in the middle of dark images, float32 (n, side, side) in 0..1."""
    random = np.random.default_rng(seed)
    y, x = np.mgrid[:side, :side]
    images = np.zeros((n, side, side))
    for image in images:
        at = random.uniform(0.35, 0.65, 2) * side
        angle = random.uniform(0, 2 * np.pi)
        for _ in range(side // 2):
            image += np.exp(-((y - at[0]) ** 2 + (x - at[1]) ** 2) / 3)
            angle += random.normal(0, 0.3)
            at = np.clip(at + np.array([np.sin(angle), np.cos(angle)]), 0.25 * side, 0.75 * side)
    return np.minimum(images, 1).astype(np.float32)


def sampled_wavelet(shape: tuple[int, int], scale: float, angle: float, n_angles: int) -> Array:
    """Return a Morlet wavelet by its formula in space, summed over periods, its centre at (0, 0)."""
    sigma, slant = SIGMA * 2**scale, 4 / n_angles
    down, across = ((np.arange(-4 * side, 5 * side)) for side in shape)
    y, x = down[:, None], across[None, :]
    along = x * np.cos(angle) + y * np.sin(angle)
    beside = y * np.cos(angle) - x * np.sin(angle)
    window = np.exp(-(along**2 + (slant * beside) ** 2) / (2 * sigma**2)) * slant / (2 * np.pi * sigma**2)
    wave = np.exp(1j * FREQUENCY / 2**scale * along)
    psi = window * (wave - (window * wave).sum() / window.sum())
    periods: Array = psi.reshape(9, shape[0], 9, shape[1])
    total: Array = periods.sum(axis=(0, 2))
    return total


def slow_convolution(image: Array, kernel: Array) -> Array:
    """Return the periodic convolution by its definition: a sum over all shifts."""
    total = np.zeros(image.shape, dtype=complex)
    for dy in range(image.shape[0]):
        for dx in range(image.shape[1]):
            total += kernel[dy, dx] * np.roll(image, (dy, dx), axis=(0, 1))
    return total


def slow_average(samples: Array, step: int, transform: Scattering) -> Array:
    """Return Gaussian means around the sampling points by a double sum."""
    spacing = 1 << transform.n_scales
    sigma = SIGMA * spacing / 2
    axes = []
    for n_image, n_padded, n_points in zip(
        transform.image_shape, transform.padded_shape, transform.output_shape, strict=True
    ):
        first = (n_padded - n_image) // 2 + (n_image - 1 - (n_points - 1) * spacing) / 2
        points = first + spacing * np.arange(n_points)
        turns = n_padded * np.arange(-3, 4)[:, None, None]
        gaps = np.arange(0, n_padded, step) - points[:, None] + turns
        weights = np.exp(-(gaps**2) / (2 * sigma**2)).sum(axis=0)
        axes.append(weights / weights.sum(axis=1, keepdims=True))
    averages: Array = axes[0] @ samples @ axes[1].T
    return averages


@pytest.mark.parametrize("scale", [0, 1, 2])
@pytest.mark.parametrize("n_angles", [4, 8])
def test_the_wavelets_spectra_are_those_of_the_formula_in_space(scale: int, n_angles: int) -> None:
    shape = (32, 24)
    spectra = morlet_spectra(shape, scale, n_angles)
    for at in range(n_angles):
        psi = sampled_wavelet(shape, scale, np.pi * at / n_angles, n_angles)
        np.testing.assert_allclose(np.fft.ifft2(spectra[at]), psi, atol=1e-8)
        assert abs(psi.sum()) < 1e-12
    assert (spectra[:, 0, 0] == 0).all()


@pytest.mark.parametrize(("shape", "n_scales", "n_angles"), [((20, 20), 2, 3), ((13, 18), 3, 2)])
def test_coefficients_are_those_of_slow_convolutions(
    shape: tuple[int, int], n_scales: int, n_angles: int
) -> None:
    transform = Scattering(shape, n_scales, n_angles)
    image = np.random.default_rng(1).random(shape).astype(np.float32)
    found = transform.coefficients(image[None])[0]
    margins = [(b - s, (b - s) // 2) for b, s in zip(transform.padded_shape, shape, strict=True)]
    padded = np.pad(image.astype(float), [(half, lack - half) for lack, half in margins], mode="symmetric")
    assert len(transform.paths) == 1 + n_scales * n_angles + n_angles**2 * n_scales * (n_scales - 1) // 2
    for path, averages in zip(transform.paths, found, strict=True):
        samples, step = padded, 1
        for scale, angle in path:
            reach = scale - int(np.log2(step))
            psi = sampled_wavelet(samples.shape, reach, np.pi * angle / n_angles, n_angles)
            samples = np.abs(slow_convolution(samples, psi))[:: 1 << reach, :: 1 << reach]
            step = 1 << scale
        np.testing.assert_allclose(
            averages, slow_average(samples, step, transform), atol=2e-6, err_msg=str(path)
        )


def test_sampling_magnitudes_coarsely_changes_averages_by_less_than_a_thirtieth() -> None:
    image = strokes(1)[0]
    transform = Scattering((28, 28), 2, 8)
    found = transform.coefficients(image[None])[0]
    padded = np.pad(image.astype(float), 2, mode="symmetric")
    for at, path in enumerate(transform.paths):
        if len(path) == 1 and path[0][0] == 1:
            psi = sampled_wavelet((32, 32), 1, np.pi * path[0][1] / 8, 8)
            fine = np.abs(np.fft.ifft2(np.fft.fft2(padded) * np.fft.fft2(psi)))
            expected = slow_average(fine, 1, transform)
            assert np.abs(found[at] - expected).max() < expected.max() / 30


def test_a_shift_changes_the_coefficients_less_than_half_as_much_as_the_pixels() -> None:
    images = strokes(20)
    transform = Scattering((28, 28), 3, 8)
    one = transform.coefficients(images)
    other = transform.coefficients(np.roll(images, 1, axis=2))

    def change(before: Array, after: Array) -> float:
        return float(np.linalg.norm(after - before) / np.linalg.norm(before))

    assert change(one, other) < change(images, np.roll(images, 1, axis=2)) / 2


def test_a_shift_by_the_averages_spacing_moves_the_coefficients_along() -> None:
    images = strokes(5)
    transform = Scattering((28, 28), 2, 8)
    one = transform.coefficients(np.roll(images, -2, axis=1))
    other = transform.coefficients(np.roll(images, 2, axis=1))
    assert one.max() > 0.2
    np.testing.assert_allclose(other[:, :, 1:], one[:, :, :-1], atol=1e-3)


def test_a_constant_image_has_nothing_but_its_mean_and_scaling_scales() -> None:
    transform = Scattering((28, 28), 2, 8)
    flat = transform.coefficients(np.full((1, 28, 28), 0.7, np.float32))[0]
    np.testing.assert_allclose(flat[0], 0.7, rtol=1e-6)
    assert np.abs(flat[1:]).max() < 1e-6
    images = strokes(3)
    twice = transform.coefficients(2 * images)
    np.testing.assert_allclose(twice, 2 * transform.coefficients(images), rtol=1e-5, atol=1e-7)


def test_energy_is_not_amplified() -> None:
    random = np.random.default_rng(3)
    transform = Scattering((28, 28), 2, 8)
    for images in (strokes(6), random.random((6, 28, 28), dtype=np.float32)):
        one, other = transform.coefficients(images[:3]), transform.coefficients(images[3:])
        # Sixteen pixels share a sampling point.
        assert 16 * ((one - other) ** 2).sum() < 2 * ((images[:3] - images[3:]) ** 2).sum()


def test_averages_are_symmetric_about_the_middle_of_the_image() -> None:
    matrix = average_matrix(28, 32, 1, 2)
    assert matrix.shape == (7, 32)
    np.testing.assert_allclose(matrix, matrix[::-1, ::-1], atol=1e-7)
    np.testing.assert_allclose(matrix.sum(axis=1), 1, atol=1e-6)


def test_kept_directions_hold_the_leading_principal_components() -> None:
    random = np.random.default_rng(0)
    spread = 0.95 ** np.arange(200)
    rows = (random.standard_normal((900, 200)) * spread + 5).astype(np.float32)
    basis = leading_directions(rows, 60, never_stop)
    np.testing.assert_allclose(basis.T @ basis, np.eye(60), atol=1e-5)
    deviations = (rows - rows.mean(axis=0)).astype(float)
    _, vectors = np.linalg.eigh(deviations.T @ deviations)
    leading = vectors[:, ::-1][:, :20]
    assert np.linalg.norm(basis.T @ leading, axis=0).min() > 0.9999
    np.testing.assert_array_equal(leading_directions(rows[:, :40], 60, never_stop), np.eye(40))


def test_shares_do_not_depend_on_the_amount_of_ink_and_an_empty_image_has_none() -> None:
    random = np.random.default_rng(0)
    coefficients = random.random((3, 4, 2, 2), dtype=np.float32)
    coefficients[2] = 0
    shares = shares_of(coefficients)
    np.testing.assert_allclose((shares[:2] ** 2).sum(axis=1), 1, rtol=1e-6)
    np.testing.assert_allclose(shares_of(7 * coefficients), shares, rtol=1e-5)
    assert not shares[2].any()


def scattered(images: Array, n_fit: int) -> Workpiece:
    work = Workpiece((255 * images).astype(np.uint8), n_fit)
    settings = DigitSettings(scattering=ScatteringSettings(2, 4))
    return result_of(scattering_stage(work, settings, never_stop))


def test_the_stage_keeps_distances_and_gives_the_same_bytes_again() -> None:
    images = strokes(40)
    work = scattered(images, 40)
    features = work.known_features
    assert features.dtype == np.float32
    assert not features.flags.writeable
    ink = work.images.astype(np.float32) / np.float32(255)
    whole = np.sqrt(Scattering((28, 28), 2, 4).coefficients(ink).reshape(40, -1).astype(float))
    whole /= np.linalg.norm(whole, axis=1, keepdims=True)
    distances = np.linalg.norm(whole[:, None] - whole[None], axis=2)
    kept = np.linalg.norm(features[:, None] - features[None], axis=2)
    np.testing.assert_allclose(kept, distances, rtol=2e-3, atol=1e-4)
    np.testing.assert_array_equal(scattered(images, 40).known_features, features)


def test_images_that_are_not_fitted_have_no_influence_on_the_others() -> None:
    images = strokes(30)
    other = np.concatenate([images[:20], strokes(10, seed=9)])
    np.testing.assert_array_equal(
        scattered(images, 20).known_features[:20], scattered(other, 20).known_features[:20]
    )


def test_the_stage_ends_when_asked() -> None:
    work = Workpiece((255 * strokes(60)).astype(np.uint8), 60)
    asked = iter([StopRequest.NONE] * 3)
    with pytest.raises(Cancelled):
        result_of(scattering_stage(work, DigitSettings(), lambda: next(asked, StopRequest.STOP)))
