"""Morlet wavelets and Gaussian averages on periodic grids."""

from __future__ import annotations

import numpy as np

from gmmseg.arrays import Float32Array, FloatArray

SIGMA = 0.8
"""Width of a wavelet's window at scale 0, pixels."""
FREQUENCY = 3 * np.pi / 4
"""Centre frequency at scale 0, radians a pixel."""
_TURNS = range(-2, 3)
"""Beyond two turns the spectra are below 1e-20."""


def morlet_spectra(shape: tuple[int, int], scale: int, n_angles: int) -> FloatArray:
    """Return the discrete Fourier transforms of the wavelets of one scale, real, (L, H, W).

    ``psi(x) = g(x) (exp(i k.x) - c)`` with a Gaussian g of width 0.8 2^j along the wave vector k, of length
    3 pi / (4 2^j), and L / 4 times that across it; c makes the mean 0. Its spectrum is
    ``ĝ(ω - k) - c ĝ(ω)``, summed over the turns that sampling folds together.

    Parameters
    ----------
    shape : tuple of int
        (H, W) of the periodic grid, pixels.
    scale : int
        j.
    n_angles : int
        L, evenly over half a turn: wavelets of opposite directions are conjugates.
    """
    down, across = (_frequencies(side) for side in shape)
    spectra = np.empty((n_angles, *shape))
    for at in range(n_angles):
        angle = np.pi * at / n_angles
        direction = np.array([np.sin(angle), np.cos(angle)])
        wave = _gaussian_spectrum(down, across, direction, FREQUENCY / 2**scale, scale, 4 / n_angles)
        still = _gaussian_spectrum(down, across, direction, 0.0, scale, 4 / n_angles)
        spectra[at] = wave - wave[0, 0] / still[0, 0] * still
    return spectra


def _frequencies(side: int) -> FloatArray:
    """Return the frequencies of a periodic line, radians a pixel, (side,)."""
    whole = np.arange(side, dtype=np.float64)
    return 2 * np.pi * np.where(2 * whole < side, whole, whole - side) / side


def _gaussian_spectrum(
    down: FloatArray, across: FloatArray, direction: FloatArray, centre: float, scale: int, slant: float
) -> FloatArray:
    """Return the spectrum (H, W) of a Gaussian window that is moved by `centre` along `direction`."""
    width = SIGMA * 2**scale
    spectrum = np.zeros((len(down), len(across)))
    for turn_y in _TURNS:
        for turn_x in _TURNS:
            y, x = (down + 2 * np.pi * turn_y)[:, None], across + 2 * np.pi * turn_x
            along = y * direction[0] + x * direction[1] - centre
            beside = y * direction[1] - x * direction[0]
            spectrum += np.exp(-((width * along) ** 2 + (width * beside / slant) ** 2) / 2)
    return spectrum


def average_matrix(n_image: int, n_padded: int, step: int, n_scales: int) -> Float32Array:
    """Return the matrix (M, n_padded / step) that averages a line of samples around M points.

    The points lie 2^J pixels apart, centred in the image; the weights are a Gaussian of width 0.8 2^(J-1)
    pixels on the periodic line and sum to 1.

    Parameters
    ----------
    n_image, n_padded : int
        Pixels of the image, which lies in the middle of the padded line.
    step : int
        Pixels from one sample to the next.
    n_scales : int
        J.
    """
    spacing = 1 << n_scales
    n_points = -(-n_image // spacing)
    middle = (n_padded - n_image) // 2 + (n_image - 1) / 2
    points = middle + (np.arange(n_points) - (n_points - 1) / 2) * spacing
    distances = np.arange(0, n_padded, step) - points[:, None]
    width = SIGMA * 2 ** (n_scales - 1)
    weights = np.zeros_like(distances)
    for turn in (-1, 0, 1):
        weights += np.exp(-((distances + turn * n_padded) ** 2) / (2 * width**2))
    weights /= weights.sum(axis=1, keepdims=True)
    return weights.astype(np.float32)
