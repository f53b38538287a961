"""Orientation maps: where in a digit which direction of edge is found."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from gmmseg.arrays import ByteArray, Float32Array, FloatArray

REFERENCE_SIDE = 28
"""The side that the settings' lengths are for: those of other images are in proportion."""
SMALLEST_SIDE = 20
"""Pixels along a side from which on edges are measured on the image as it is."""


@dataclass(frozen=True, slots=True, eq=False)
class OrientationMaps:
    """Blur, gradient and pooling as matrices that act on rows and columns.

    Parameters
    ----------
    n_bins : int
    power : float
        Exponent of the normalised maps.
    blur_y, blur_x : (h', h) and (w', w)
        The blur before the gradient; of small images also the interpolation to more pixels.
    slope_y, slope_x : (h', h) and (w', w)
        The same followed by central differences.
    pool_y, pool_x : (grid, h') and (grid, w')
        Gaussian windows about the sampling points.
    """

    n_bins: int
    power: float
    blur_y: Float32Array
    blur_x: Float32Array
    slope_y: Float32Array
    slope_x: Float32Array
    pool_y: Float32Array
    pool_x: Float32Array

    @classmethod
    def of(
        cls,
        shape: tuple[int, int],
        *,
        n_bins: int,
        edge_sigma: float,
        pool_sigma: float,
        n_grid: int,
        grid_step: float,
        power: float,
    ) -> OrientationMaps:
        """Return the matrices for images of a shape.

        Parameters
        ----------
        shape : tuple of int
            (h, w).
        n_bins : int
            Directions, over a whole turn.
        edge_sigma, pool_sigma : float
            Of the blur before the gradient and of the windows, pixels of an image of side 28.
        n_grid : int
            Sampling points along a side.
        grid_step : float
            From one sampling point to the next, pixels of an image of side 28.
        power : float
            Exponent of the normalised maps.
        """
        blurs, slopes, pools = [], [], []
        for side in shape:
            finer = refinement(side)
            fine_side = len(finer)
            scale = fine_side / REFERENCE_SIDE
            pixels = np.arange(fine_side, dtype=np.float64)
            blur = window(pixels, fine_side, edge_sigma * scale) @ finer
            points = np.arange(n_grid, dtype=np.float64) - (n_grid - 1) / 2
            points = (fine_side - 1) / 2 + points * grid_step * scale
            blurs.append(blur.astype(np.float32))
            slopes.append((differences(fine_side) @ blur).astype(np.float32))
            pools.append(window(points, fine_side, pool_sigma * scale).astype(np.float32))
        return cls(n_bins, power, *blurs, *slopes, *pools)

    @property
    def n_features(self) -> int:
        """Directions times sampling points."""
        return self.n_bins * len(self.pool_y) * len(self.pool_x)

    def features(self, images: ByteArray) -> Float32Array:
        """Return powers of the normalised maps, (N, F): of roots, Euclidean distances are Hellinger's.

        An image without edges has features of 0.
        """
        pooled = self.pooled(images).reshape(len(images), self.n_features)
        norms = np.sqrt(np.einsum("nf,nf->n", pooled, pooled))
        pooled /= np.maximum(norms, 1e-6)[:, None]
        if self.power == 0.5:
            np.sqrt(pooled, out=pooled)
        else:
            np.power(pooled, np.float32(self.power), out=pooled)
        return pooled

    def pooled(self, images: ByteArray) -> Float32Array:
        """Return the gradient's magnitude near each sampling point by direction, (N, bins, grid, grid).

        Bin b is about the direction 2 pi b / bins, from x (to the right) towards y (down).
        """
        ink: Float32Array = images.astype(np.float32)
        ink *= np.float32(1 / 255)
        along_x: Float32Array = self.blur_y @ (ink @ self.slope_x.T)
        along_y: Float32Array = self.slope_y @ (ink @ self.blur_x.T)
        magnitude = np.hypot(along_x, along_y)
        position: Float32Array = np.arctan2(along_y, along_x)
        position *= np.float32(self.n_bins / (2 * np.pi))
        lower = np.floor(position)
        share = position - lower
        upper_part = share * magnitude
        at = (lower.astype(np.intp) % self.n_bins)[:, None]
        maps: Float32Array = np.zeros((len(images), self.n_bins, *magnitude.shape[1:]), dtype=np.float32)
        np.put_along_axis(maps, at, (magnitude - upper_part)[:, None], axis=1)
        np.put_along_axis(maps, (at + 1) % self.n_bins, upper_part[:, None], axis=1)
        pooled: Float32Array = self.pool_y @ (maps @ self.pool_x.T)
        return pooled


def window(points: FloatArray, side: int, sigma: float) -> FloatArray:
    """Return Gaussian weights of the pixels 0..side - 1 about some points, (points, side).

    The weights of a point would sum to 1 if the pixels went on for ever: what lies outside counts as 0. A
    window narrower than a third of a pixel is linear interpolation.
    """
    reach = int(np.ceil(6 * sigma)) + 1
    distances = points[:, None] - np.arange(-reach, side + reach)
    if sigma < 1 / 3:
        weights = np.maximum(1 - np.abs(distances), 0.0)
    else:
        weights = np.exp(-0.5 * (distances / sigma) ** 2)
        weights /= weights.sum(axis=1, keepdims=True)
    inside: FloatArray = weights[:, reach : reach + side]
    return inside


def refinement(side: int) -> FloatArray:
    """Return the linear interpolation to whole parts of pixels, (parts · side, side).

    An image of eight pixels has strokes of a single one, whose two edges central differences would not see:
    pixels are parted until there are `SMALLEST_SIDE` of them. Beyond the border is 0.
    """
    parts = -(-SMALLEST_SIDE // side)
    centres = (np.arange(parts * side) + 0.5) / parts - 0.5
    return window(centres, side, 0.0)


def differences(side: int) -> FloatArray:
    """Return the matrix of central differences, (side, side); beyond the border is 0."""
    matrix: FloatArray = (np.eye(side, k=1) - np.eye(side, k=-1)) / 2
    return matrix
