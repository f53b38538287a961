"""The colour that a mean looks like: from feature space back to sRGB."""

from __future__ import annotations

import numpy as np

from gmmseg.arrays import ByteArray, FloatArray
from gmmseg.display import automatic_display
from gmmseg.features.spec import FeatureSpec
from gmmseg.image import Image

# Inverse of the matrix and white point of colour.py: CIE XYZ under D65 to linear sRGB.
_LINEAR = np.array(
    [
        [3.240481, -1.537151, -0.498536],
        [-0.969255, 1.875990, 0.041555],
        [0.055647, -0.204041, 1.057311],
    ]
)
_WHITE = np.array([0.95047, 1.0, 1.08883])


def displayed_means(means: FloatArray, spec: FeatureSpec, image: Image) -> ByteArray:
    """Return the sRGB colour, 0..255, of means (K, D) in feature units, (K, 3).

    Position and texture are left out; of other channels than red, green and blue the first three are shown,
    of fewer than three the first as grey, in the range of the image's automatic display. Colours outside
    sRGB are clipped.
    """
    if spec.space == "lab":
        unit = lab_to_srgb(means[:, :3])
    elif spec.space == "hsv":
        unit = cone_to_rgb(means[:, :3])
    else:
        n_shown = 1 if spec.space == "gray" or image.n_channels < 3 else 3
        channels = automatic_display(image).channels[:n_shown]
        low, high = (np.array([getattr(one, end) for one in channels]) for end in ("low", "high"))
        unit = np.broadcast_to((means[:, :n_shown] - low) / (high - low), (len(means), 3))
    return np.rint(np.clip(unit, 0, 1) * 255).astype(np.uint8)


def lab_to_srgb(lab: FloatArray) -> FloatArray:
    """Return sRGB, 0..1 where it exists, of CIELAB (D65, 2°) rows (K, 3)."""
    lightness = (lab[:, 0] + 16) / 116
    roots = np.stack([lightness + lab[:, 1] / 500, lightness, lightness - lab[:, 2] / 200], axis=1)
    ratios = np.where(roots > 6 / 29, roots**3, (roots - 16 / 116) / 7.787)
    linear = np.clip((ratios * _WHITE) @ _LINEAR.T, 0, 1)
    unit: FloatArray = np.where(linear > 0.0031308, 1.055 * linear ** (1 / 2.4) - 0.055, linear * 12.92)
    return unit


def cone_to_rgb(cone: FloatArray) -> FloatArray:
    """Return RGB, 0..1, of rows (S V cos H, S V sin H, V), (K, 3); the inverse of the HSV cone."""
    value = np.clip(cone[:, 2], 0, 1)
    chroma = np.minimum(np.hypot(cone[:, 0], cone[:, 1]), value)
    sector = np.arctan2(cone[:, 1], cone[:, 0]) / (np.pi / 3) % 6
    # Each channel falls from V by the chroma over two sectors around its own: HSV without its six cases.
    shifts = np.array([5.0, 3.0, 1.0])
    place = (shifts + sector[:, None]) % 6
    fall = np.clip(np.minimum(place, 4 - place), 0, 1)
    rgb: FloatArray = value[:, None] - chroma[:, None] * fall
    return rgb
