"""Scattering coefficients: averaged magnitudes of wavelets, and of wavelets over these (Bruna and Mallat)."""

from __future__ import annotations

from collections.abc import Generator

import numpy as np
from numpy.typing import NDArray

from gmmseg.arrays import ByteArray, Float32Array, FloatArray
from gmmseg.control import Progress, ShouldStop, never_stop, raise_if_ended
from gmmseg.digits.blocks import image_blocks
from gmmseg.digits.morlet import average_matrix, morlet_spectra
from gmmseg.mixture.threads import in_two_threads

BLOCK_IMAGES = 8
"""Images transformed at once: their arrays stay in the cache, and larger blocks take longer."""
LANE_IMAGES = 256
"""Images that each of two threads takes between two reports."""
KEPT_DIRECTIONS = 300
"""All coefficients of 70,000 images would take 1 GB: of their space only the directions of largest variance
are kept, which hold the principal components that are looked for next."""
SAMPLE_IMAGES = 4096
"""Images that these directions are found from."""
_POWER_STEPS = 4

Path = tuple[tuple[int, int], ...]
"""The wavelets of a coefficient, each (scale, angle): none, one, or two."""


class Scattering:
    """The scattering transform to second order of images of one size.

    Images are mirrored at their border up to a grid whose sides are multiples of 2^J; on it all
    convolutions are periodic. The magnitude of a wavelet of scale j is sampled every 2^j pixels, averages
    are taken every 2^J pixels.

    Parameters
    ----------
    image_shape : tuple of int
        (h, w).
    n_scales : int
        J: wavelets have scales 0 to J - 1, averages are over 2^J pixels.
    n_angles : int
        L, over half a turn.
    """

    def __init__(self, image_shape: tuple[int, int], n_scales: int, n_angles: int) -> None:
        self.image_shape = image_shape
        self.n_scales = n_scales
        step = 1 << n_scales
        height, width = (step * -(-(side + step) // step) for side in image_shape)
        self.padded_shape = (height, width)
        self.output_shape = (-(-image_shape[0] // step), -(-image_shape[1] // step))
        scales, angles = range(n_scales), range(n_angles)
        first = [(j, a) for j in scales for a in angles]
        self.paths: tuple[Path, ...] = (
            (),
            *((wavelet,) for wavelet in first),
            *(
                ((j, a), (k, b))
                for j in scales
                for k in range(j + 1, n_scales)
                for a in angles
                for b in angles
            ),
        )
        # A wavelet of scale j sampled every 2^r pixels is the one of scale j - r on the coarser grid. Each
        # value stands twice, for the real and the imaginary part of what it multiplies: a product of plain
        # floats takes half the time of one of complex numbers.
        self._spectra = {
            (r, d): np.repeat(morlet_spectra((height >> r, width >> r), d, n_angles), 2, axis=-1).astype(
                np.float32
            )
            for r in scales
            for d in range(n_scales - r)
        }
        self._averages = {
            r: (
                average_matrix(image_shape[0], height, 1 << r, n_scales),
                np.ascontiguousarray(average_matrix(image_shape[1], width, 1 << r, n_scales).T),
            )
            for r in scales
        }

    @property
    def n_features(self) -> int:
        """Coefficients of an image: paths times sampling points."""
        return len(self.paths) * self.output_shape[0] * self.output_shape[1]

    def coefficients(self, images: Float32Array) -> Float32Array:
        """Return the coefficients (B, P, m, n) of images (B, h, w), in the order of `paths`."""
        from scipy.fft import fft2

        padded = self._padded(images)
        count = len(images)
        lines = [self._average(padded, 0)[:, None]]
        second = []
        spectrum = fft2(padded)
        for j in range(self.n_scales):
            magnitude = self._magnitude(spectrum, 0, j)
            lines.append(self._average(magnitude, j))
            if j + 1 == self.n_scales:
                break
            inner = fft2(magnitude)
            for d in range(1, self.n_scales - j):
                averages = self._average(self._magnitude(inner, j, d), j + d)
                second.append(averages.reshape(count, -1, *self.output_shape))
        return np.concatenate([*lines, *second], axis=1)

    def _padded(self, images: Float32Array) -> Float32Array:
        lacking = [big - side for big, side in zip(self.padded_shape, self.image_shape, strict=True)]
        margins = [(n // 2, n - n // 2) for n in lacking]
        return np.pad(images, ((0, 0), *margins), mode="symmetric")

    def _magnitude(self, spectrum: NDArray[np.complex64], r: int, d: int) -> Float32Array:
        """Return the magnitudes of the wavelets of scale r + d over samples 2^r pixels apart.

        The samples' spectrum is (..., H, W), the result (..., L, H / 2^d, W / 2^d).
        """
        from scipy.fft import ifft2

        product = spectrum.view(np.float32)[..., None, :, :] * self._spectra[r, d]
        if d:
            product = _folded(product, 1 << d)
        wave = ifft2(product.view(np.complex64), overwrite_x=True).view(np.float32)
        # Magnitudes of complex numbers proper guard against overflow, at several times the cost.
        np.square(wave, out=wave)
        squares: Float32Array = wave[..., 0::2] + wave[..., 1::2]
        return np.sqrt(squares, out=squares)

    def _average(self, samples: Float32Array, r: int) -> Float32Array:
        down, across = self._averages[r]
        averages: Float32Array = down @ (samples @ across)
        return averages


def _folded(spectrum: Float32Array, n: int) -> Float32Array:
    """Return the spectrum of every n-th sample, (..., H / n, W / n), real and imaginary parts interleaved."""
    height, width = spectrum.shape[-2] // n, spectrum.shape[-1] // n
    tiles = spectrum.reshape(*spectrum.shape[:-2], n, height, n, width)
    folded = np.zeros((*spectrum.shape[:-2], height, width), dtype=np.float32)
    for row in range(n):
        for column in range(n):
            folded += tiles[..., row, :, column, :]
    folded *= np.float32(1 / n**2)
    return folded


def scattering_events(
    images: ByteArray, n_fit: int, n_scales: int, n_angles: int, should_stop: ShouldStop = never_stop
) -> Generator[Progress, None, Float32Array]:
    """Return shares of scattering coefficients in the directions in which these vary most, float32 (N, D).

    Parameters
    ----------
    images : uint8 (N, h, w)
    n_fit : int
        The leading images, from which alone the directions are found.
    n_scales, n_angles : int
        J and L of `Scattering`.
    should_stop : callable
        Asked between blocks, by two threads at once.

    Raises
    ------
    Cancelled
    """
    n_images, height, width = images.shape
    transform = Scattering((height, width), n_scales, n_angles)
    sampled = np.unique(np.linspace(0, n_fit - 1, min(SAMPLE_IMAGES, n_fit)).astype(np.intp))
    total = n_images + len(sampled)
    sample = np.empty((len(sampled), transform.n_features), dtype=np.float32)
    for rows in image_blocks(len(sampled), 2 * LANE_IMAGES):
        _fill(sample[rows], transform, images[sampled[rows]], None, should_stop)
        yield Progress("Scattering", rows.stop / total)
    basis = leading_directions(sample, KEPT_DIRECTIONS, should_stop)
    features = np.empty((n_images, basis.shape[1]), dtype=np.float32)
    for rows in image_blocks(n_images, 2 * LANE_IMAGES):
        _fill(features[rows], transform, images[rows], basis, should_stop)
        yield Progress("Scattering", (len(sampled) + rows.stop) / total)
    return features


def _fill(
    out: Float32Array,
    transform: Scattering,
    images: ByteArray,
    basis: Float32Array | None,
    should_stop: ShouldStop,
) -> None:
    """Write the coefficients of images, or their coordinates in `basis`, to `out`; two threads share them."""

    def fill(start: int, stop: int) -> None:
        for at in range(start, stop, BLOCK_IMAGES):
            raise_if_ended(should_stop)
            rows = slice(at, min(at + BLOCK_IMAGES, stop))
            flat = shares_of(transform.coefficients(images[rows].astype(np.float32) / np.float32(255)))
            out[rows] = flat if basis is None else flat @ basis

    middle = len(images) // 2
    in_two_threads(lambda: fill(0, middle), lambda: fill(middle, len(images)))


def shares_of(coefficients: Float32Array) -> Float32Array:
    """Return the square roots of each image's coefficients over their sum, (B, F).

    Distances then no longer depend on how much ink there is, and large coefficients do not outweigh all
    others (Hellinger). An image without ink has zeros.
    """
    flat = np.maximum(coefficients.reshape(len(coefficients), -1), np.float32(0))
    flat /= np.maximum(flat.sum(axis=1, keepdims=True), np.finfo(np.float32).tiny)
    return np.sqrt(flat, out=flat)


def leading_directions(rows: Float32Array, n_directions: int, should_stop: ShouldStop) -> Float32Array:
    """Return orthonormal columns (F, D) that span the directions of largest variance of `rows` (N, F).

    Subspace iteration from a fixed random start. The space holds the leading principal components to within
    rounding; the columns themselves are not the components.
    """
    n_features = rows.shape[1]
    if n_features <= n_directions:
        return np.eye(n_features, dtype=np.float32)
    deviations = rows - rows.mean(axis=0, dtype=np.float64).astype(np.float32)
    start = np.random.default_rng(0).standard_normal((n_features, n_directions)).astype(np.float32)
    basis: Float32Array = np.linalg.qr(start)[0]
    for _ in range(_POWER_STEPS):
        image: FloatArray = np.zeros((n_features, n_directions))
        for part in image_blocks(len(deviations)):
            raise_if_ended(should_stop)
            image += deviations[part].T @ (deviations[part] @ basis)
        basis = np.linalg.qr(image)[0].astype(np.float32)
    return basis
