"""Other ways to part a photo into regions, each over a range of its one parameter, for comparison."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gmmseg.control import result_of
from gmmseg.features.spec import FeatureSpec
from gmmseg.image import Image
from gmmseg.mixture.settings import FitSettings
from gmmseg.photo.jobs import SegmentRequest, segment_events
from gmmseg.photo.settings import SegmentSettings

Labels = NDArray[np.integer]
SMALLEST_PART = 200
"""Pixels: smaller connected parts of a label map go to the nearest larger one."""
SLIC_SEGMENTS = 400


@dataclass(frozen=True, slots=True)
class Peer:
    """A method to compare with.

    Parameters
    ----------
    title : str
    parameter : str
        What is varied.
    values : tuple of float
        Of the parameter.
    partitions : callable
        Image -> one label map (H, W) for each value.
    """

    title: str
    parameter: str
    values: tuple[float, ...]
    partitions: Callable[[Image, tuple[float, ...]], Iterator[Labels]]


def felzenszwalb_maps(image: Image, scales: tuple[float, ...]) -> Iterator[Labels]:
    """Yield the partitions of Felzenszwalb and Huttenlocher's graph method, one a scale."""
    from skimage.segmentation import felzenszwalb

    for scale in scales:
        yield felzenszwalb(image.pixels, scale=scale, sigma=0.8, min_size=SMALLEST_PART)


def slic_threshold_maps(image: Image, thresholds: tuple[float, ...]) -> Iterator[Labels]:
    """Yield SLIC superpixels whose mean colours differ by less than a threshold joined."""
    from skimage import graph
    from skimage.segmentation import slic

    pieces = slic(image.pixels, n_segments=SLIC_SEGMENTS, compactness=20, start_label=0)
    for threshold in thresholds:
        yield graph.cut_threshold(pieces, graph.rag_mean_color(image.pixels, pieces), threshold)


def slic_normalised_maps(image: Image, thresholds: tuple[float, ...]) -> Iterator[Labels]:
    """Yield SLIC superpixels parted by recursive normalised cuts."""
    from skimage import graph
    from skimage.segmentation import slic

    pieces = slic(image.pixels, n_segments=SLIC_SEGMENTS, compactness=20, start_label=0)
    for threshold in thresholds:
        similar = graph.rag_mean_color(image.pixels, pieces, mode="similarity", sigma=100)
        yield graph.cut_normalized(pieces, similar, thresh=threshold, num_cuts=10, rng=0)


def mean_shift_maps(image: Image, radii: tuple[float, ...]) -> Iterator[Labels]:
    """Yield OpenCV's mean shift filter's flat zones: neighbours within half the colour radius are joined."""
    import cv2

    lab = cv2.cvtColor(np.ascontiguousarray(image.pixels[:, :, ::-1]), cv2.COLOR_BGR2LAB)
    for radius in radii:
        filtered = cv2.pyrMeanShiftFiltering(lab, sp=12, sr=radius).astype(np.float64)
        yield without_small_parts(_flat_zones(filtered, radius / 2))


def mixture_maps(image: Image, counts: tuple[float, ...]) -> Iterator[Labels]:
    """Yield the connected parts of the label map of this project's own mixture on Lab, one a K."""
    from skimage.measure import label

    for count in counts:
        settings = SegmentSettings(
            FeatureSpec.parse("lab"), FitSettings(int(count), n_init=1, tol=1e-4, max_iter=100)
        )
        outcome = result_of(segment_events(SegmentRequest(image, settings)))
        yield without_small_parts(label(outcome.segmentation.labels, connectivity=1, background=-1))


def without_small_parts(parts: Labels, smallest: int = SMALLEST_PART) -> Labels:
    """Return the parts with those below `smallest` pixels given to the nearest larger one."""
    from scipy.ndimage import distance_transform_edt

    is_small = np.bincount(parts.reshape(-1))[parts] < smallest
    if is_small.all():
        return np.zeros_like(parts)
    rows, columns = distance_transform_edt(is_small, return_distances=False, return_indices=True)
    nearest: Labels = parts[rows, columns]
    return nearest


def _flat_zones(values: NDArray[np.float64], tolerance: float) -> Labels:
    """Return the parts (H, W) of 4-neighbours whose values (H, W, C) are at most `tolerance` apart."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    index = np.arange(values.shape[0] * values.shape[1]).reshape(values.shape[:2])
    edges = []
    for one, other in ((np.s_[:, :-1], np.s_[:, 1:]), (np.s_[:-1], np.s_[1:])):
        is_alike = np.sqrt(((values[one] - values[other]) ** 2).sum(axis=2)) <= tolerance
        edges.append(np.stack([index[one][is_alike], index[other][is_alike]]))
    first, second = np.concatenate(edges, axis=1)
    joined = coo_array((np.ones(len(first), dtype=bool), (first, second)), shape=(index.size, index.size))
    zones: NDArray[Any] = connected_components(joined, directed=False)[1]
    return zones.reshape(index.shape)


PEERS: tuple[Peer, ...] = (
    Peer("felzenszwalb", "scale", (100, 200, 300, 500, 700, 1000, 1500, 2500), felzenszwalb_maps),
    Peer("SLIC + threshold cut", "threshold", (10, 15, 20, 25, 30, 40, 50, 65), slic_threshold_maps),
    Peer("SLIC + normalised cut", "threshold", (0.0003, 0.001, 0.003, 0.01), slic_normalised_maps),
    Peer("mixture on Lab, connected parts", "K", (2, 3, 4, 5, 6, 8, 10), mixture_maps),
)
MEAN_SHIFT = Peer("mean shift, OpenCV", "colour radius", (8, 12, 16, 20, 26, 34, 44), mean_shift_maps)


def available_peers() -> tuple[tuple[Peer, ...], tuple[str, ...]]:
    """Return the peers that can run here, and one sentence about each that cannot."""
    if importlib.util.find_spec("cv2") is not None:
        return (*PEERS, MEAN_SHIFT), ()
    return PEERS, ("Mean shift was left out: OpenCV (cv2) cannot be imported here.",)
