"""Evidence of boundaries in a picture: two mixtures' posteriors, boundary maps of them, and its gradient."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from gmmseg.arrays import Float32Array
from gmmseg.control import ShouldStop, never_stop, raise_if_cancelled
from gmmseg.regions.appearance import (
    colour_generator,
    colour_posteriors,
    texture_generator,
    texture_posteriors,
)
from gmmseg.regions.fisher import fisher_map
from gmmseg.regions.picture import Picture

COLOUR_MAPS = ((1.5, 1), (3.0, 2), (6.0, 2))
"""Of each boundary map of the colour posteriors, `scale` and `reduction` of `fisher_map`.

Both are in pixels of a picture of the reference size.
"""
TEXTURE_MAPS = ((4.0, 2), (8.0, 4), (14.0, 4))
"""The same of the texture posteriors."""
GRADIENT_SCALES = (1.5, 3.0)
"""Standard deviations of the smoothing for the CIELAB gradients, pixels of the reference size."""
FINE_GRADIENT = len(COLOUR_MAPS) + len(TEXTURE_MAPS)
"""The index of the finer gradient among the maps."""
N_MAPS = FINE_GRADIENT + len(GRADIENT_SCALES)


@dataclass(frozen=True, slots=True, eq=False)
class Evidence:
    """Evidence at each pixel of a picture.

    Parameters
    ----------
    picture : Picture, (h, w)
    colour : float32 array, (K, h, w)
        Posteriors of the colour mixture.
    texture : float32 array, (K', h, w)
        Posteriors of the texture mixture.
    maps : float32 array, (8, h, w)
        `fisher_map` of the colour posteriors at three scales, fine to coarse, then of the texture posteriors
        at three; then `lab_gradient` at two.
    """

    picture: Picture
    colour: Float32Array
    texture: Float32Array
    maps: Float32Array


def boundary_evidence(picture: Picture, seed: int = 0, should_stop: ShouldStop = never_stop) -> Evidence:
    """Return posteriors and boundary maps of a picture; the same seed gives the same values.

    Raises
    ------
    Cancelled
        When `should_stop` answers CANCEL.
    """
    colour = colour_posteriors(picture, colour_generator(seed), should_stop)
    texture = texture_posteriors(picture, texture_generator(seed), should_stop)
    return Evidence(picture, colour, texture, boundary_maps(picture, colour, texture, should_stop))


def boundary_maps(
    picture: Picture, colour: Float32Array, texture: Float32Array, should_stop: ShouldStop = never_stop
) -> Float32Array:
    """Return `Evidence.maps` of a picture, from its posteriors of colour and of texture.

    Scales and reductions are those of the constants above; in a larger picture than the reference scales are
    larger by its `filter_factor`, and reductions by the power of two below that.

    Raises
    ------
    Cancelled
        When `should_stop` answers CANCEL.
    """
    factor = picture.filter_factor
    # Where the picture is larger than the reference the maps of wide scales may be coarser by as much.
    coarser = 2 ** int(np.log2(max(factor, 1.0)))
    maps = np.empty((N_MAPS, *picture.shape), dtype=np.float32)
    at = 0
    for posteriors, scales in ((colour, COLOUR_MAPS), (texture, TEXTURE_MAPS)):
        for scale, reduction in scales:
            maps[at] = fisher_map(posteriors, scale * factor, reduction * coarser, should_stop)
            at += 1
    for scale in GRADIENT_SCALES:
        maps[at] = lab_gradient(picture, scale, should_stop)
        at += 1
    return maps


def lab_gradient(picture: Picture, scale: float, should_stop: ShouldStop = never_stop) -> Float32Array:
    """Return the length of the gradient of CIELAB at each pixel, (h, w).

    The root of the sum of squares over the three planes and both directions, of Gaussian derivatives.

    Parameters
    ----------
    picture : Picture
    scale : float
        Standard deviation of the Gaussian, pixels of the reference size.
    should_stop : callable
        Asked before each plane.

    Returns
    -------
    float32 array, (h, w)
        Lab units per pixel of the reference size.

    Raises
    ------
    Cancelled
        On the request to cancel.
    """
    from scipy.ndimage import gaussian_filter

    total = np.zeros(picture.shape, dtype=np.float32)
    for plane in picture.lab:
        raise_if_cancelled(should_stop)
        for order in ((0, 1), (1, 0)):
            total += gaussian_filter(plane, scale * picture.filter_factor, order=order, mode="nearest") ** 2
    return np.sqrt(total) * np.float32(picture.filter_factor)
