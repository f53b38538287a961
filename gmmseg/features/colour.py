"""Colour spaces: stored channel values to RGB, CIELAB, HSV-cone or grey features."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from gmmseg.arrays import FloatArray
from gmmseg.errors import FeatureError
from gmmseg.features.spec import ColourSpace
from gmmseg.image import Image

# IEC 61966-2-1, linear sRGB to CIE XYZ under D65, and the white that it gives.
_XYZ = np.array(
    [
        [0.412453, 0.357580, 0.180423],
        [0.212671, 0.715160, 0.072169],
        [0.019334, 0.119193, 0.950227],
    ]
)
_WHITE = np.array([0.95047, 1.0, 1.08883])
_LUMINANCE = np.array([0.2125, 0.7154, 0.0721])
_LAB_STEP_VARIANCE = 0.01
"""Quantisation variance of 8-bit sRGB seen in CIELAB, about: a step is between .2 and .5 Lab units."""


@dataclass(frozen=True, slots=True)
class ColourFeatures:
    """Colour features of some colours.

    Parameters
    ----------
    columns : (D, N)
        In the space's own units: stored units (rgb, gray), CIELAB units, or 0..1 (HSV cone).
    names : tuple of str
    extent : float
        Range of the space, to which position is scaled.
    floor : float
        Quantisation variance; 0 for images without quantisation.
    """

    columns: FloatArray
    names: tuple[str, ...]
    extent: float
    floor: float


def colour_features(columns: FloatArray, image: Image, space: ColourSpace, white: float) -> ColourFeatures:
    """Return the colours `columns` (C, N), in stored units of `image`, as features of a space.

    `white` is the stored value of full brightness.

    Raises
    ------
    FeatureError
        Where the space needs red, green and blue and the image has other channels.
    """
    quantum = image.step**2 / 12
    if space == "rgb" or (space == "gray" and image.n_channels == 1):
        names = ("R", "G", "B") if image.is_rgb else tuple(image.channels)
        return ColourFeatures(columns, names, white, quantum)
    if not is_suited(space, image):
        found = "1 channel" if image.n_channels == 1 else f"{image.n_channels} channels"
        raise FeatureError(
            f"{space.upper()} features need red, green and blue; this image has {found}.",
            "Choose RGB, which takes the channels as they are stored.",
        )
    if space == "gray":
        return ColourFeatures((_LUMINANCE @ columns)[None, :], ("grey",), white, quantum)
    unit = np.clip(columns / white, 0.0, 1.0)
    # A step of a 16-bit image is 257 times finer than that of an 8-bit one.
    relative = (image.step * 255 / white) ** 2
    if space == "lab":
        return ColourFeatures(srgb_to_lab(unit), ("L*", "a*", "b*"), 100.0, _LAB_STEP_VARIANCE * relative)
    return ColourFeatures(rgb_to_cone(unit), ("S·V cos H", "S·V sin H", "V"), 1.0, quantum / white**2)


def is_suited(space: ColourSpace, image: Image) -> bool:
    """Whether the image has the channels that the space needs."""
    return space == "rgb" or image.is_rgb or (space == "gray" and image.n_channels == 1)


def suited_space(space: ColourSpace, image: Image) -> ColourSpace:
    """Return the space, or the one nearest to it where the image lacks the channels for it."""
    if is_suited(space, image):
        return space
    return "gray" if image.n_channels == 1 else "rgb"


def srgb_to_lab(unit: FloatArray) -> FloatArray:
    """Return CIELAB (D65, 2°) of sRGB columns (3, N) in 0..1."""
    linear = np.where(unit > 0.04045, ((unit + 0.055) / 1.055) ** 2.4, unit / 12.92)
    ratios = (_XYZ @ linear) / _WHITE[:, None]
    roots = np.where(ratios > 0.008856, np.cbrt(ratios), 7.787 * ratios + 16 / 116)
    return np.stack([116 * roots[1] - 16, 500 * (roots[0] - roots[1]), 200 * (roots[1] - roots[2])])


def rgb_to_cone(unit: FloatArray) -> FloatArray:
    """Return HSV of RGB columns (3, N) in 0..1 as points of a cone: (S V cos H, S V sin H, V).

    Hue is an angle and wraps; its cosine and sine, scaled by chroma S V, do not, and near grey, where hue
    means nothing, they are near 0.
    """
    red, green, blue = unit
    value = unit.max(axis=0)
    chroma = value - unit.min(axis=0)
    safe = np.where(chroma > 0, chroma, 1.0)
    sector = np.where(
        value == red,
        (green - blue) / safe,
        np.where(value == green, 2 + (blue - red) / safe, 4 + (red - green) / safe),
    )
    angle = sector * (np.pi / 3)
    return np.stack([chroma * np.cos(angle), chroma * np.sin(angle), value])
