"""Slanted digits set upright: each row is shifted until the ink no longer leans."""

from __future__ import annotations

import numpy as np

from gmmseg.arrays import ByteArray, Float32Array
from gmmseg.digits.framing import centres


def deskewed(images: ByteArray, max_shear: float) -> ByteArray:
    """Return images whose ink is centred in x and stands upright.

    With the central moments m of the ink, row y is shifted by ``(y - mean_y) m_xy / m_yy``, so that m_xy
    becomes 0; the ink is interpolated linearly, and what leaves the image is lost.

    Parameters
    ----------
    images : uint8 (N, h, w)
    max_shear : float
        Bound of |m_xy / m_yy|, pixels to the side for each pixel of height.
    """
    ink = images.astype(np.float32)
    height, width = ink.shape[1:]
    y, x = np.arange(height, dtype=np.float64), np.arange(width, dtype=np.float64)
    shear, mean_y, mean_x = _slant(ink, y, x)
    shear = np.clip(shear, -max_shear, max_shear)
    source = (mean_x - (width - 1) / 2)[:, None] + shear[:, None] * (y - mean_y[:, None])
    return _shifted(ink, source)


def _slant(ink: Float32Array, y: np.ndarray, x: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return m_xy / m_yy and the ink's mean y and x, each (N,); the image's middle where there is no ink."""
    in_rows = ink.sum(axis=2, dtype=np.float64)
    safe = np.maximum(in_rows.sum(axis=1), 1)
    mean_y, mean_x = centres(ink)
    m_yy = in_rows @ y**2 / safe - mean_y**2
    m_xy = np.einsum("nyx,x,y->n", ink, x.astype(np.float32), y.astype(np.float32), optimize=True)
    m_xy = m_xy / safe - mean_x * mean_y
    # A single row of ink has no slant.
    return np.where(m_yy > 1e-3, m_xy / np.maximum(m_yy, 1e-3), 0.0), mean_y, mean_x


def _shifted(ink: Float32Array, source: np.ndarray) -> ByteArray:
    """Return images whose pixel (y, x) is the ink at (y, x + source[y]), between pixels linearly."""
    n_images, height, width = ink.shape
    reach = width + 1
    source = np.clip(source, -reach, reach)
    whole = np.floor(source)
    part = (source - whole).astype(np.float32)[:, :, None]
    padded = np.zeros((n_images, height, width + 2 * reach + 2), dtype=np.float32)
    padded[:, :, reach : reach + width] = ink
    at = (whole.astype(np.intp) + reach)[:, :, None] + np.arange(width)
    left = np.take_along_axis(padded, at, axis=2)
    right = np.take_along_axis(padded, at + 1, axis=2)
    left += part * (right - left)
    np.rint(left, out=left)
    upright: ByteArray = left.astype(np.uint8)
    return upright
