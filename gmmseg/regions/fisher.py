"""Boundary strength from posterior maps: how fast they change across pixels, in the Fisher–Rao metric."""

from __future__ import annotations

import numpy as np

from gmmseg.arrays import Float32Array
from gmmseg.control import ShouldStop, never_stop, raise_if_cancelled

_TRUNCATE = 3.0
"""Standard deviations at which the smoothing filters end."""


def fisher_map(
    posteriors: Float32Array, scale: float, reduction: int = 1, should_stop: ShouldStop = never_stop
) -> Float32Array:
    """Return the boundary strength of each pixel.

    The posteriors are smoothed by a Gaussian. Under the Fisher–Rao metric categorical distributions p are
    part of a sphere, on which p has the coordinates sqrt(p_k) (Amari and Nagaoka 2000). The structure tensor
    of these as of a multichannel image (Di Zenzo 1986) is ``sum_k g_k g_k^T``, with g_k the gradient of
    sqrt(p_k) by central differences; the root of its larger eigenvalue is the largest rate of change of p.

    Parameters
    ----------
    posteriors : (K, h, w)
        Summing to 1 over K.
    scale : float
        Standard deviation of the Gaussian, pixels.
    reduction : int
        Side of the blocks of pixels, whose means are worked on; the map is interpolated back to (h, w).
    should_stop : callable
        Asked before each component.

    Returns
    -------
    float32 array, (h, w)
        The rate of change times the scale: without unit.

    Raises
    ------
    Cancelled
        On the request to cancel.
    """
    from scipy.ndimage import gaussian_filter

    sigma = scale / reduction
    shape = (posteriors.shape[1], posteriors.shape[2])
    small = (-(-shape[0] // reduction), -(-shape[1] // reduction))
    tensor = np.zeros((3, *small), dtype=np.float32)
    for plane in posteriors:
        raise_if_cancelled(should_stop)
        smooth = gaussian_filter(block_means(plane, reduction), sigma, mode="nearest", truncate=_TRUNCATE)
        _add_gradient(np.sqrt(np.maximum(smooth, 0, out=smooth), out=smooth), tensor)
    across, down, mixed = tensor
    larger = (across + down) / 2 + np.sqrt(((across - down) / 2) ** 2 + mixed**2)
    return interpolated(np.sqrt(larger) * np.float32(sigma / 2), reduction, shape)


def _add_gradient(root: Float32Array, tensor: Float32Array) -> None:
    """Add the products of the differences of both neighbours to the tensor (xx, yy, xy)."""
    padded = np.pad(root, 1, mode="edge")
    across = padded[1:-1, 2:] - padded[1:-1, :-2]
    down = padded[2:, 1:-1] - padded[:-2, 1:-1]
    tensor[0] += across * across
    tensor[1] += down * down
    across *= down
    tensor[2] += across


def block_means(plane: Float32Array, side: int) -> Float32Array:
    """Return the means of a plane (h, w) over blocks of side × side pixels, (ceil(h / side), ceil(w / side)).

    Blocks that reach beyond the plane are filled up with the values at its edge.
    """
    if side == 1:
        return plane
    height, width = plane.shape
    padded = np.pad(plane, ((0, -height % side), (0, -width % side)), mode="edge")
    means: Float32Array = padded[::side, ::side].copy()
    for at in range(1, side * side):
        means += padded[at // side :: side, at % side :: side]
    means /= np.float32(side * side)
    return means


def interpolated(plane: Float32Array, side: int, shape: tuple[int, int]) -> Float32Array:
    """Return block means of this side interpolated bilinearly to the pixels of `shape`, (h, w).

    A mean is the value at the centre of its block; beyond the outermost centres values are constant.
    """
    if side == 1:
        return plane
    for axis in (0, 1):
        n_small = plane.shape[axis]
        place = np.clip((np.arange(shape[axis]) - (side - 1) / 2) / side, 0, n_small - 1)
        before = np.minimum(place.astype(np.int64), max(n_small - 2, 0))
        share = (place - before).astype(np.float32)
        share = share[:, None] if axis == 0 else share[None, :]
        after = np.minimum(before + 1, n_small - 1)
        plane = plane.take(before, axis) * (1 - share) + plane.take(after, axis) * share
    return plane
