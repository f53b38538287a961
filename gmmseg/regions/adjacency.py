"""The graph of neighbouring regions: how long and strong their borders are, how each region looks."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gmmseg.arrays import BoolArray, Float32Array, FloatArray, IntArray
from gmmseg.control import ShouldStop, never_stop, raise_if_cancelled
from gmmseg.regions.evidence import Evidence

FAINT = 0.02
"""Added before logarithms are taken: strengths and distances below it hardly differ."""


@dataclass(frozen=True, slots=True, eq=False)
class RegionGraph:
    """M regions and the E pairs of them that share a border, at the working size.

    Parameters
    ----------
    pairs : int64 array, (E, 2)
        Regions i < j, in lexical order.
    lengths : (E,)
        Pairs of pixels, neighbours by a side, on both sides of the border.
    sums : (E, 19)
        Sums over those pairs. Of each of the 8 boundary maps of `Evidence.maps`, the larger value of both
        pixels; then its natural logarithm, `FAINT` added, to which gaps in a border matter more; then three
        values that are equal for all pairs of a border: the Hellinger distances between both regions' mean
        posteriors, of colour and of texture, and the Euclidean distance between their mean CIELAB.
    areas : int64 array, (M,)
        Working pixels.
    area_unit : float
        Area of a working pixel in pixels of the reference size, see `Picture.area_unit`.
    rims : (M,)
        Sides of the region's pixels beyond which the picture ends, or its data.
    centres : (M, 2)
        Mean row and column, working pixels; the pixel (0, 0) has its centre at 0.
    colour, texture : (M, K)
        Mean posteriors under the two mixtures, rows summing to 1.
    lab : (M, 3)
        Mean CIELAB.
    spread : (M,)
        Mean squared distance of the pixels' CIELAB from that mean, squared Lab units.
    """

    pairs: IntArray
    lengths: FloatArray
    sums: FloatArray
    areas: IntArray
    area_unit: float
    rims: FloatArray
    centres: FloatArray
    colour: FloatArray
    texture: FloatArray
    lab: FloatArray
    spread: FloatArray

    @property
    def n_regions(self) -> int:
        """Number of regions, M."""
        return len(self.areas)


def region_graph(
    leaves: NDArray[np.int32], evidence: Evidence, should_stop: ShouldStop = never_stop
) -> RegionGraph:
    """Return the graph of the regions of a label map.

    Parameters
    ----------
    leaves : int32 array, (h, w)
        0..M-1, each of them somewhere; -1 where there is no data.
    evidence : Evidence
        Of the same picture, (h, w).
    should_stop : callable
        Asked between the planes.

    Raises
    ------
    Cancelled
        On the request to cancel.
    """
    pairs, lengths, strengths = _borders(leaves, evidence.maps, should_stop)
    areas = np.bincount(leaves[leaves >= 0]).astype(np.int64)
    colour = region_means(evidence.colour, leaves, areas, should_stop)
    texture = region_means(evidence.texture, leaves, areas, should_stop)
    lab = evidence.picture.lab
    mean = region_means(lab, leaves, areas, should_stop)
    square = region_means((lab**2).sum(axis=0, keepdims=True), leaves, areas, should_stop)[:, 0]
    one, other = pairs.T
    contrasts = [
        hellinger(colour[one], colour[other]),
        hellinger(texture[one], texture[other]),
        np.linalg.norm(mean[one] - mean[other], axis=1),
    ]
    return RegionGraph(
        pairs,
        lengths,
        np.column_stack([strengths, *(lengths * contrast for contrast in contrasts)]),
        areas,
        evidence.picture.area_unit,
        _rims(leaves, len(areas)),
        _centres(leaves, areas, should_stop),
        colour,
        texture,
        mean,
        np.maximum(square - (mean**2).sum(axis=1), 0.0),
    )


def hellinger(one: FloatArray, others: FloatArray) -> FloatArray:
    """Return the Hellinger distances ``(1 - sum_k (p_k q_k)^(1/2))^(1/2)``, (n,), from 0 to 1.

    Both are of categorical distributions in rows: p (K,) or (n, K), q (n, K).
    """
    overlap = np.sqrt(one * others).sum(axis=1)
    distance: FloatArray = np.sqrt(np.maximum(1 - overlap, 0))
    return distance


def _rims(leaves: NDArray[np.int32], n_regions: int) -> FloatArray:
    """Return of how many sides of each region's pixels nothing lies beyond, (M,)."""
    walled: NDArray[np.int32] = np.pad(leaves, 1, constant_values=-1)
    rims = np.zeros(n_regions)
    for down, across in ((-1, 0), (1, 0), (0, -1), (0, 1)):
        beyond = walled[1 + down :, 1 + across :][: leaves.shape[0], : leaves.shape[1]]
        rims += np.bincount(leaves[(leaves >= 0) & (beyond < 0)], minlength=n_regions)
    return rims


def _centres(leaves: NDArray[np.int32], areas: IntArray, should_stop: ShouldStop) -> FloatArray:
    """Return the mean row and column of each region, (M, 2)."""
    planes: Float32Array = np.indices(leaves.shape, dtype=np.float32)
    return region_means(planes, leaves, areas, should_stop)


def _borders(
    leaves: NDArray[np.int32], maps: Float32Array, should_stop: ShouldStop
) -> tuple[IntArray, FloatArray, FloatArray]:
    n_regions = int(leaves.max()) + 1
    sides = ((slice(None, -1), slice(None)), (slice(1, None), slice(None)))
    views = [(sides[0], sides[1]), (sides[0][::-1], sides[1][::-1])]
    crossings = [_crossing(leaves[one], leaves[other]) for one, other in views]
    codes = np.concatenate(
        [
            _pair_codes(leaves[one][where], leaves[other][where], n_regions)
            for (one, other), where in zip(views, crossings, strict=True)
        ]
    )
    # Sorted codes are pairs in lexical order.
    present, edge = np.unique(codes, return_inverse=True)
    sums = np.empty((len(present), 2 * len(maps)))
    for at, plane in enumerate(maps):
        raise_if_cancelled(should_stop)
        values = np.concatenate(
            [
                np.maximum(plane[one][where], plane[other][where])
                for (one, other), where in zip(views, crossings, strict=True)
            ]
        )
        sums[:, at] = np.bincount(edge, values, minlength=len(present))
        logs = np.log(values + np.float32(FAINT))
        sums[:, len(maps) + at] = np.bincount(edge, logs, minlength=len(present))
    pairs = np.stack([present // n_regions, present % n_regions], axis=1)
    return pairs, np.bincount(edge, minlength=len(present)).astype(np.float64), sums


def _crossing(one: NDArray[np.int32], other: NDArray[np.int32]) -> BoolArray:
    crosses: BoolArray = (one != other) & (one >= 0) & (other >= 0)
    return crosses


def _pair_codes(one: NDArray[np.int32], other: NDArray[np.int32], n_regions: int) -> IntArray:
    codes: IntArray = np.minimum(one, other).astype(np.int64) * n_regions + np.maximum(one, other)
    return codes


def region_means(
    planes: Float32Array, leaves: NDArray[np.int32], areas: IntArray, should_stop: ShouldStop = never_stop
) -> FloatArray:
    """Return the mean of each plane over the pixels of each region, (M, P).

    Parameters
    ----------
    planes : (P, h, w)
    leaves : int32 array, (h, w)
        0..M-1; -1 where there is no data, which is left out.
    areas : (M,)
        Pixels of each region.
    should_stop : callable
        Asked before each plane.

    Raises
    ------
    Cancelled
        On the request to cancel.
    """
    # Pixels without data are counted as one more region, which is dropped.
    flat = np.where(leaves < 0, len(areas), leaves).reshape(-1)
    means = np.empty((len(areas), len(planes)))
    for at, plane in enumerate(planes):
        raise_if_cancelled(should_stop)
        means[:, at] = np.bincount(flat, plane.reshape(-1), minlength=len(areas) + 1)[: len(areas)]
    means /= areas[:, None]
    return means
