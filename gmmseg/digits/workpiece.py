"""The intermediate result of an experiment: each stage takes one and returns the next."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from gmmseg.arrays import ByteArray, Float32Array, FloatArray
from gmmseg.digits.graph import Graph
from gmmseg.digits.neighbours import Neighbours
from gmmseg.digits.pca import PrincipalAxes
from gmmseg.digits.search import Found
from gmmseg.mixture.params import MixtureParams

T = TypeVar("T")


@dataclass(frozen=True, slots=True, eq=False)
class Workpiece:
    """The arrays that stages hand on; no labels among them, so that no stage can fit to them.

    Images keep the order of the data set: the training part first. The first ``n_fit`` are fitted; features
    are computed for all N, axes, graphs and Gaussians from the fitted ones alone. Arrays are never written
    to once a stage has returned them.

    Parameters
    ----------
    images : uint8 (N, h, w)
        As the last image stage left them: original, or deskewed.
    n_fit : int
        The leading images that are fitted.
    features : float32 (N, D), optional
        Input of the next stage.
    axes : PrincipalAxes, optional
        How `features` were projected, where they are principal components.
    graph_features : float32 (N, E), optional
        Space of the neighbour graph, where that is not the leading `features`.
    neighbours : Neighbours, optional
        Nearest fitted images of each fitted image.
    graph : Graph, optional
    eigenvalues : (M,), optional
        The largest of the normalised graph, falling.
    embedding : float32 (N, E), optional
        Coordinates for a scatter; None takes the first principal components.
    start : int32 (n_fit,), optional
        Clusters that a later stage starts from.
    found : Found, optional
        What a search for partitions found.
    stable : (M,), optional
        Share of the two halves of the images that put each of `found.sample` where the clusters do.
    posteriors : float32 (K, n_fit or N), optional
        Of the fitted images until the last stage, which adds the others.
    power : float, optional
        That the posteriors were raised to so that they are right as often as they say.
    params : MixtureParams, optional
        K Gaussians over `features`.
    gap_k : int, optional
        The number of clusters that the eigenvalues propose.
    warnings : tuple of str
        Sentences for the user.
    """

    images: ByteArray
    n_fit: int
    features: Float32Array | None = None
    axes: PrincipalAxes | None = None
    graph_features: Float32Array | None = None
    neighbours: Neighbours | None = None
    graph: Graph | None = None
    eigenvalues: FloatArray | None = None
    embedding: Float32Array | None = None
    start: NDArray[np.int32] | None = None
    found: Found | None = None
    stable: FloatArray | None = None
    posteriors: Float32Array | None = None
    power: float | None = None
    params: MixtureParams | None = None
    gap_k: int | None = None
    warnings: tuple[str, ...] = ()

    @property
    def n_images(self) -> int:
        """Number of images, N."""
        return len(self.images)

    @property
    def known_features(self) -> Float32Array:
        """The features, which a stage before must have made."""
        return made(self.features, "this stage needs features")


def made(part: T | None, need: str) -> T:
    """Return a part of the workpiece; raises ValueError with the need where no stage has made it."""
    if part is None:
        raise ValueError(f"{need}: a stage that makes it must come before")
    return part
