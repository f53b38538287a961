"""Texture features: derivative-of-Gaussian energy and local deviation at chosen scales."""

from __future__ import annotations

import numpy as np

from gmmseg.arrays import FloatArray
from gmmseg.control import ShouldStop, raise_if_ended
from gmmseg.image import Image

_BLOCK = 1 << 19
"""Pixels filtered in one call."""
_LUMINANCE = (0.2125, 0.7154, 0.0721)


def texture_columns(
    image: Image,
    scales: tuple[float, ...],
    extent: float,
    white: float,
    should_stop: ShouldStop,
    fill: float | None = None,
) -> tuple[list[FloatArray], tuple[str, ...]]:
    """Return gradient energy at each scale and the local deviation of luminance at the last, and their names.

    Each is (H, W), in units of the colour space, a tenth of its extent being strong texture.

    Scales are standard deviations of Gaussians, pixels. Gradient energy is the length of the first Gaussian
    derivatives times their scale, smoothed at twice the scale, so that it describes a neighbourhood and not a
    line. Both are measured as shares of the range of luminance, 0 to `white` in stored units, and scaled to
    `extent`. Where there is no data it is `fill`, in stored units, or the mean of where there is.
    """
    light = luminance(image, fill) * (extent / white)
    columns: list[FloatArray] = []
    for scale in scales:
        across = _filtered(light, scale, (0, 1), should_stop)
        down = _filtered(light, scale, (1, 0), should_stop)
        columns.append(_filtered(np.hypot(across, down) * scale, 2 * scale, (0, 0), should_stop))
    coarse = scales[-1]
    mean = _filtered(light, coarse, (0, 0), should_stop)
    square = _filtered(light**2, coarse, (0, 0), should_stop)
    columns.append(np.sqrt(np.maximum(square - mean**2, 0.0)))
    names = (*(f"gradient σ={scale:g}" for scale in scales), f"deviation σ={coarse:g}")
    return columns, names


def _filtered(plane: FloatArray, scale: float, order: tuple[int, int], should_stop: ShouldStop) -> FloatArray:
    """Return scipy's ``gaussian_filter`` of a plane, bit for bit, asking between blocks of lines."""
    from scipy.ndimage import gaussian_filter1d

    out = np.empty_like(plane)
    source = plane
    for axis, n_lines in enumerate(plane.shape[::-1]):
        at_once = max(1, _BLOCK * n_lines // plane.size)
        for first in range(0, n_lines, at_once):
            raise_if_ended(should_stop)
            lines = slice(first, first + at_once)
            block = (slice(None), lines) if axis == 0 else (lines, slice(None))
            gaussian_filter1d(source[block], scale, axis, order[axis], output=out[block])
        source = out
    return out


def luminance(image: Image, fill: float | None = None) -> FloatArray:
    """Return one (H, W) channel; pixels without data hold `fill` or the mean of those with data."""
    pixels = image.pixels.astype(np.float64)
    light: FloatArray = pixels @ np.array(_LUMINANCE) if image.is_rgb else pixels.mean(axis=2)
    if image.mask is not None and not image.mask.all():
        light[~image.mask] = light[image.mask].mean() if fill is None else fill
    return light


def texture_reach(scales: tuple[float, ...]) -> int:
    """Return how many pixels around a pixel its texture depends on."""
    coarse = scales[-1]
    return _radius(coarse) + _radius(2 * coarse)


def _radius(scale: float) -> int:
    # As scipy truncates its Gaussians: four standard deviations.
    return int(4 * scale + 0.5)
