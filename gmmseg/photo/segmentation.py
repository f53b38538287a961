"""From a fitted mixture and a table of rows to maps of pixels: labels, certainty, heatmaps, density."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from gmmseg.arrays import (
    ByteArray,
    Float32Array,
    FloatArray,
    IntArray,
    LabelArray,
    frozen,
    label_dtype,
)
from gmmseg.control import ShouldStop, never_stop, raise_if_cancelled
from gmmseg.features.table import FeatureTable, PixelMap, RowOfLabel, RowPerPixel
from gmmseg.mixture.density import log_density, log_joint, responsibilities
from gmmseg.mixture.params import MixtureParams
from gmmseg.photo.classes import ClassTable, Groups
from gmmseg.photo.settings import MapSettings

if TYPE_CHECKING:
    from gmmseg.regions.outcome import RegionOutcome

_ROWS_IN_MEMORY = 1 << 24
"""Posteriors of all rows are computed once while they number at most this many; else once for each class."""

_COUNT_AT_ONCE = 1 << 18
"""Pixels that are counted in one call, which holds the interpreter's lock to its end."""


@dataclass(frozen=True, slots=True, eq=False)
class SharedPosteriors:
    """Posteriors that pixels have in common: the mean over each region.

    Parameters
    ----------
    pixels : RowOfLabel
        The region of each pixel.
    values : (K, R)
        The K posteriors of each region.
    """

    pixels: RowOfLabel
    values: FloatArray

    def __post_init__(self) -> None:
        frozen(self.values)


@dataclass(frozen=True, slots=True, eq=False)
class MapOrigin:
    """Origin of a map of classes: the map of single pixels that it was made of, and the settings.

    Parameters
    ----------
    pixelwise : Segmentation
    settings : MapSettings
    regions : RegionOutcome, optional
        Whose regions became classes; None where the classes are those of single pixels.
    groups : tuple of tuple of int, optional
        The components that were united to a class in that.
    """

    pixelwise: Segmentation
    settings: MapSettings
    regions: RegionOutcome | None = None
    groups: Groups | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Segmentation:
    """The maps of one image under one mixture, read-only.

    Parameters
    ----------
    labels : uint8 or uint16 array, (H, W)
        0 no data, k + 1 component k: the most probable component, the lowest index among equals, unless
        `origin` says more.
    params : MixtureParams
        What the maps were made with.
    posteriors : uint8 array, (K, H, W), optional
        Posteriors in 255ths, only where a spatial prior made them depend on the neighbourhood; else they
        are computed on demand from the rows.
    shared : SharedPosteriors, optional
        Instead, where all pixels of a region have the same.
    origin : MapOrigin, optional
        Of a map that was made of another one.
    groups : tuple of tuple of int, optional
        The components of each class of the model, where that unites some.
    """

    labels: LabelArray
    params: MixtureParams
    posteriors: ByteArray | None = None
    shared: SharedPosteriors | None = None
    origin: MapOrigin | None = None
    groups: Groups | None = None

    def __post_init__(self) -> None:
        frozen(self.labels)
        if self.posteriors is not None:
            frozen(self.posteriors)

    @property
    def n_components(self) -> int:
        """Components of the mixture, K."""
        return self.params.n_components

    @property
    def pixelwise(self) -> Segmentation:
        """The map of single pixels that this one was made of; itself where it is one."""
        return self if self.origin is None else self.origin.pixelwise

    def areas(self) -> FloatArray:
        """Return the share of data pixels of each component, (K,), summing to 1."""
        counts = label_counts(self.labels, self.n_components)
        return counts / max(int(counts.sum()), 1)


def label_counts(labels: LabelArray, n_components: int) -> IntArray:
    """Return the number of pixels of each component, (K,); 0, no data, is not counted."""
    counts = np.zeros(n_components + 1, dtype=np.int64)
    flat = labels.reshape(-1)
    for start in range(0, len(flat), _COUNT_AT_ONCE):
        counts += np.bincount(flat[start : start + _COUNT_AT_ONCE], minlength=n_components + 1)
    return counts[1:]


def segment(params: MixtureParams, table: FeatureTable, should_stop: ShouldStop = never_stop) -> Segmentation:
    """Return the label map: each pixel's most probable component."""
    labels = np.empty(table.n_rows, dtype=label_dtype(params.n_components))
    # The joint density has the order of the posterior, without its exponentials and its rounding to equals.
    for rows, joint in log_joint(params, table.values, should_stop):
        labels[rows] = joint.argmax(axis=0) + 1
    return Segmentation(table.pixels.spread(labels), params)


@dataclass(frozen=True, slots=True, eq=False)
class _Rows:
    """Rows with posteriors of their own, and the pixels of each; `blocks` overwrites what it yields."""

    pixels: PixelMap
    n_rows: int
    blocks: Iterator[tuple[slice, FloatArray]]


def _rows_of(segmentation: Segmentation, table: FeatureTable, should_stop: ShouldStop) -> _Rows:
    """Return the rows whose posteriors a segmentation without those of each pixel goes by."""
    shared = segmentation.shared
    if shared is None:
        blocks = responsibilities(segmentation.params, table.values, should_stop)
        return _Rows(table.pixels, table.n_rows, blocks)
    n_regions = shared.values.shape[1]
    return _Rows(shared.pixels, n_regions, iter([(slice(n_regions), shared.values)]))


def heatmap(
    segmentation: Segmentation, table: FeatureTable, component: int, should_stop: ShouldStop = never_stop
) -> ByteArray:
    """Return the posterior of one component at each pixel (S2 eq. 40) in 255ths, (H, W); 0 without data."""
    if segmentation.posteriors is not None:
        stored: ByteArray = segmentation.posteriors[component]
        return stored
    held = _rows_of(segmentation, table, should_stop)
    quantised = np.empty(held.n_rows, dtype=np.uint8)
    for rows, posterior in held.blocks:
        quantised[rows] = np.rint(posterior[component] * 255)
    return held.pixels.spread(quantised)


def uncertainty(
    segmentation: Segmentation, table: FeatureTable, should_stop: ShouldStop = never_stop
) -> ByteArray:
    """Return the entropy of the posteriors over log K at each pixel in 255ths, (H, W); 0 for K = 1."""
    log_k = np.log(max(segmentation.n_components, 2))
    if segmentation.posteriors is not None:
        return _stacked_entropy(segmentation.posteriors, log_k)
    held = _rows_of(segmentation, table, should_stop)
    quantised = np.empty(held.n_rows, dtype=np.uint8)
    for rows, posterior in held.blocks:
        quantised[rows] = np.rint(np.minimum(_entropy(posterior) / log_k, 1) * 255)
    return held.pixels.spread(quantised)


def _entropy(posterior: FloatArray) -> FloatArray:
    """Return -sum p log p over the first axis, with 0 log 0 = 0."""
    logs = np.log(posterior, out=np.zeros_like(posterior), where=posterior > 0)
    entropy: FloatArray = -np.einsum("kn,kn->n", posterior, logs)
    return np.maximum(entropy, 0)


def _stacked_entropy(posteriors: ByteArray, log_k: float) -> ByteArray:
    out: ByteArray = np.empty(posteriors.shape[1:], dtype=np.uint8)
    for y in range(len(out)):
        share = posteriors[:, y, :].astype(np.float64)
        share /= np.maximum(share.sum(axis=0), 1)
        out[y] = np.rint(np.minimum(_entropy(share) / log_k, 1) * 255)
    return out


def density_map(
    params: MixtureParams, table: FeatureTable, should_stop: ShouldStop = never_stop
) -> Float32Array:
    """Return log p(x) at each pixel, nats per standardised unit, float32 (H, W); nan without data."""
    out = np.empty(table.n_rows, dtype=np.float32)
    for rows, density in log_density(params, table.values, should_stop):
        out[rows] = density
    return table.pixels.spread(out, empty=np.nan)


def posterior_at(segmentation: Segmentation, table: FeatureTable, y: int, x: int) -> FloatArray | None:
    """Return the K posteriors at one pixel, or None where there is no data."""
    shared = segmentation.shared
    row = (table.pixels if shared is None else shared.pixels).row_at(y, x)
    if row is None:
        return None
    if shared is not None:
        return shared.values[:, row]
    if segmentation.posteriors is not None:
        return segmentation.posteriors[:, y, x] / 255
    _, posterior = next(iter(responsibilities(segmentation.params, table.values[row : row + 1])))
    return posterior[:, 0]


def class_planes(
    segmentation: Segmentation, table: FeatureTable, classes: ClassTable, should_stop: ShouldStop = never_stop
) -> Iterator[Float32Array]:
    """Yield the posterior of each class at each pixel, float32 (H, W), in the table's order; 0 without data.

    One at a time, so that a large image's need not all be in memory.
    """
    groups = [list(entry.components) for entry in classes]
    if segmentation.posteriors is not None:
        total = np.maximum(segmentation.posteriors.sum(axis=0, dtype=np.uint16), 1)
        for group in groups:
            raise_if_cancelled(should_stop)
            summed = segmentation.posteriors[group].sum(axis=0, dtype=np.uint16)
            yield np.divide(summed, total, dtype=np.float32)
        return
    n_rows = _rows_of(segmentation, table, should_stop).n_rows
    at_once = max(1, _ROWS_IN_MEMORY // max(n_rows, 1))
    for first in range(0, len(groups), at_once):
        some = groups[first : first + at_once]
        held = _rows_of(segmentation, table, should_stop)
        sums = np.empty((len(some), n_rows), dtype=np.float32)
        for rows, posterior in held.blocks:
            for at, group in enumerate(some):
                sums[at, rows] = posterior[group].sum(axis=0)
        for row_values in sums:
            plane: Float32Array = held.pixels.spread(row_values)
            yield plane


def thinned_maps(
    segmentation: Segmentation, table: FeatureTable, step: int
) -> tuple[Segmentation, FeatureTable]:
    """Return every step-th pixel in both directions, with one row each."""
    at = table.pixels.spread(np.arange(table.n_rows, dtype=np.int32), empty=-1)[::step, ::step]
    has_row = at >= 0
    rows = at[has_row]
    pixels = RowPerPixel((at.shape[0], at.shape[1]), None if has_row.all() else has_row)
    posteriors, shared = segmentation.posteriors, segmentation.shared
    small = Segmentation(
        segmentation.labels[::step, ::step],
        segmentation.params,
        None if posteriors is None else posteriors[:, ::step, ::step],
        None if shared is None else replace(shared, pixels=RowOfLabel(shared.pixels.labels[::step, ::step])),
    )
    return small, replace(table, values=table.values[rows], weights=np.ones(len(rows)), pixels=pixels)
