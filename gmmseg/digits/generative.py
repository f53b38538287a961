"""A mixture over pixels that draws digits: one Gaussian for each cluster, among the principal components."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from gmmseg.arrays import AnyArray, ByteArray, FloatArray, IntArray, frozen
from gmmseg.control import ShouldStop, never_stop, raise_if_ended
from gmmseg.digits.blocks import image_blocks
from gmmseg.digits.gallery import as_bytes
from gmmseg.digits.pca import principal_axes
from gmmseg.mixture.density import sample
from gmmseg.mixture.initialise import params_from_labels
from gmmseg.mixture.params import MixtureParams

N_AXES = 60
"""Principal components of the pixels that are drawn: with fewer digits blur, with more they get grainy."""
MAX_IMAGES = 20_000
"""Images that axes and Gaussians are taken from."""
FLOOR = 1e-4
"""Smallest variance of a Gaussian, pixels in 0..1."""


@dataclass(frozen=True, slots=True, eq=False)
class DigitModel:
    """K Gaussians in a space of images.

    Parameters
    ----------
    name : str
        Of the data it comes from.
    image_shape : tuple of int
        (h, w).
    mean : (h w,)
        Mean image, pixels in 0..1, row after row.
    axes : (h w, D)
        Unit columns.
    params : MixtureParams
        Over coordinates along the axes.
    """

    name: str
    image_shape: tuple[int, int]
    mean: FloatArray
    axes: FloatArray
    params: MixtureParams

    def __post_init__(self) -> None:
        height, width = self.image_shape
        expected = (height * width, self.params.n_features)
        if self.mean.shape != expected[:1] or self.axes.shape != expected:
            raise ValueError(f"axes {self.axes.shape} and mean {self.mean.shape} where {expected} is needed")
        frozen(self.mean)
        frozen(self.axes)

    def draw(
        self, n: int, generator: np.random.Generator, should_stop: ShouldStop = never_stop
    ) -> tuple[ByteArray, IntArray]:
        """Draw digits: first a cluster by its weight, then an image from its Gaussian.

        Returns
        -------
        images : uint8 (n, h, w)
        clusters : (n,)
            Which one each is of.

        Raises
        ------
        Cancelled
        """
        coordinates, clusters = sample(self.params, n, generator)
        return self._images_at(coordinates, should_stop), clusters

    def draw_of(
        self, cluster: int, n: int, generator: np.random.Generator, should_stop: ShouldStop = never_stop
    ) -> ByteArray:
        """Draw digits of one cluster, uint8 (n, h, w)."""
        alone = self.params.reordered(np.array([cluster]))
        one = MixtureParams(np.ones(1), alone.means.copy(), alone.covariance)
        return self._images_at(sample(one, n, generator)[0], should_stop)

    def _images_at(self, coordinates: FloatArray, should_stop: ShouldStop) -> ByteArray:
        images = np.empty((len(coordinates), *self.image_shape), dtype=np.uint8)
        for rows in image_blocks(len(coordinates)):
            raise_if_ended(should_stop)
            pixels = coordinates[rows] @ self.axes.T + self.mean
            images[rows] = as_bytes(255 * pixels).reshape(-1, *self.image_shape)
        return images


def digit_model(
    images: ByteArray, clusters: AnyArray, n_clusters: int, name: str, should_stop: ShouldStop = never_stop
) -> DigitModel:
    """Return the generative model of clusters that were found: what each cluster's images are spread like.

    Parameters
    ----------
    images : uint8 (N, h, w)
        As they were given, not set upright: what is drawn looks like them.
    clusters : int (N,)
    n_clusters : int
        Empty ones have weight 0.
    name : str
    should_stop : callable
        Asked between blocks.

    Raises
    ------
    FitError
        All images are equal.
    Cancelled
    """
    count, height, width = images.shape
    chosen = np.unique(np.linspace(0, count - 1, min(count, MAX_IMAGES)).astype(np.intp))
    pixels = images[chosen].reshape(len(chosen), -1).astype(np.float32) / np.float32(255)
    axes = principal_axes(pixels, N_AXES, should_stop)
    coordinates = axes.project(pixels).astype(np.float64)
    raise_if_ended(should_stop)
    labels = clusters[chosen].astype(np.int64)
    params = params_from_labels(coordinates, np.ones(len(chosen)), labels, n_clusters, "full", FLOOR)
    return DigitModel(name, (height, width), axes.mean, axes.vectors, params)
