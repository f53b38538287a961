"""The map of classes that is shown and exported: each pixel by itself, or each region as a whole."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from gmmseg.arrays import ByteArray, FloatArray, IntArray, label_dtype
from gmmseg.control import ShouldStop, never_stop, raise_if_cancelled
from gmmseg.features.table import FeatureTable, RowOfLabel
from gmmseg.image import Image
from gmmseg.mixture.density import responsibilities
from gmmseg.mixture.params import MixtureParams
from gmmseg.photo.classes import ClassTable, Groups
from gmmseg.photo.islands import without_islands
from gmmseg.photo.segmentation import MapOrigin, Segmentation, SharedPosteriors
from gmmseg.photo.settings import MapSettings

if TYPE_CHECKING:
    from gmmseg.regions.cutting import RegionMap
    from gmmseg.regions.hierarchy import Hierarchy
    from gmmseg.regions.outcome import RegionOutcome

_PAIRS_AT_ONCE = 1 << 22
_KEPT = 2
"""Tables whose pixels are counted: that of all rows, and that of a preview."""
_TINY = float(np.finfo(np.float64).tiny)
_SHARE_TOLERANCE = 0.05
"""Between a weight and a mean posterior of a mixture fitted to the picture, if EM was stopped early."""


@dataclass(frozen=True, slots=True, eq=False)
class _OfLeaves:
    """Values of the leaves of a tree, and the table or the map that they are of."""

    of: FeatureTable | Segmentation
    hierarchy: Hierarchy
    values: Any


class ClassMapper:
    """Makes the map of classes that is wanted of a map of single pixels.

    Another cut of the same tree costs no posteriors: their sums over the leaves are kept, and for other
    posteriors of the same rows the number of pixels that each leaf has of each row.

    Parameters
    ----------
    settings : MapSettings
    regions : RegionOutcome, optional
        Whose regions become classes. Where they are not there yet, or of another image, pixels do.
    merged : (MixtureParams, ClassTable), optional
        Classes in which the user has united components of that mixture; without it those of the model.
    """

    def __init__(
        self,
        settings: MapSettings | None = None,
        regions: RegionOutcome | None = None,
        merged: tuple[MixtureParams, ClassTable] | None = None,
    ) -> None:
        # Read by the threads that make maps while another one changes it: always as a whole.
        self._wanted = (settings or MapSettings(), regions, merged)
        self._counts: tuple[_OfLeaves, ...] = ()
        """The pixels that each leaf has of each row: sparse (M, N), by columns."""
        self._sums: _OfLeaves | None = None
        """Sums (M, K) of the posteriors over the pixels of each leaf."""

    @property
    def regions(self) -> RegionOutcome | None:
        """Regions that become classes, or None."""
        return self._wanted[1]

    def want(
        self,
        settings: MapSettings,
        regions: RegionOutcome | None,
        merged: tuple[MixtureParams, ClassTable] | None = None,
    ) -> None:
        """Make the maps that follow by other settings, regions or classes."""
        self._wanted = (settings, regions, merged)

    def unite(self, params: MixtureParams, classes: ClassTable) -> None:
        """Make the maps of a mixture that follow by these classes of its components."""
        settings, regions, _ = self._wanted
        self._wanted = (settings, regions, (params, classes))

    def is_current(self, image: Image, segmentation: Segmentation) -> bool:
        """Return whether a map of `image` was made by what is wanted now."""
        settings, regions, groups = self._wanted_for(image, segmentation)
        origin = segmentation.origin
        if origin is None:
            return regions is None and settings.min_island == 0
        return origin.regions is regions and origin.settings == settings and origin.groups == groups

    def __call__(
        self,
        image: Image,
        table: FeatureTable,
        segmentation: Segmentation,
        should_stop: ShouldStop = never_stop,
    ) -> Segmentation:
        """Return the map of `image` that is wanted, made of the pixels' own; raises `Cancelled`."""
        settings, regions, groups = self._wanted_for(image, segmentation)
        pixelwise = segmentation.pixelwise
        if regions is None and settings.min_island == 0:
            return pixelwise
        made = pixelwise
        if regions is not None:
            sums = self._leaf_sums(pixelwise, table, regions.hierarchy, should_stop)
            made = by_region(pixelwise, sums, regions.regions, settings.balance, groups)
        labels = made.labels
        if settings.min_island > 0:
            labels = without_islands(labels, settings.min_island, groups, should_stop)
        return replace(made, labels=labels, origin=MapOrigin(pixelwise, settings, regions, groups))

    def _wanted_for(
        self, image: Image, segmentation: Segmentation
    ) -> tuple[MapSettings, RegionOutcome | None, Groups | None]:
        settings, regions, merged = self._wanted
        if image.levels is not None:
            # Of a picture beyond memory there is neither a tree nor a map as a whole.
            return MapSettings(), None, None
        if settings.by != "region" or regions is None or regions.image is not image:
            regions = None
        if regions is None and settings.min_island == 0:
            return settings, None, None
        if merged is not None and merged[0] is segmentation.params:
            return settings, regions, merged[1].groups
        return settings, regions, segmentation.pixelwise.groups

    def _leaf_sums(
        self, pixelwise: Segmentation, table: FeatureTable, hierarchy: Hierarchy, should_stop: ShouldStop
    ) -> FloatArray:
        known = self._sums
        if known is not None and known.of is pixelwise and known.hierarchy is hierarchy:
            sums: FloatArray = known.values
            return sums
        if pixelwise.posteriors is not None:
            sums = _sums_of_planes(pixelwise.posteriors, hierarchy, should_stop)
        else:
            counts = self._pixel_counts(table, hierarchy, should_stop)
            sums = _sums_of_rows(pixelwise, table, counts, should_stop)
        self._sums = _OfLeaves(pixelwise, hierarchy, sums)
        return sums

    def _pixel_counts(self, table: FeatureTable, hierarchy: Hierarchy, should_stop: ShouldStop) -> Any:
        for known in self._counts:
            if known.of is table and known.hierarchy is hierarchy:
                return known.values
        made = _OfLeaves(table, hierarchy, _pixel_counts(table, hierarchy, should_stop))
        self._counts = (made, *self._counts)[:_KEPT]
        return made.values


def by_region(
    pixelwise: Segmentation,
    sums: FloatArray,
    regions: RegionMap,
    balance: float = 0.0,
    groups: Groups | None = None,
) -> Segmentation:
    """Return the map in which each region has the class with the largest sum of its pixels' posteriors.

    Parameters
    ----------
    pixelwise : Segmentation
    sums : (M, K)
        Of the posteriors over each leaf.
    regions : RegionMap
    balance : float
        Sums compare after division by the mixture's weights to this power.
    groups : tuple of tuple of int, optional
        The components of each class, whose posteriors and weights add up; without it each is one.

    Returns
    -------
    Segmentation
        The lowest class among equals, and of its components the strongest; its posteriors are the means over
        the regions. Where one class would take all regions of a picture that the mixture was fitted to, sums
        are divided by the mean posteriors of the picture: over all regions they then are the same for each
        class, so that none can be the largest everywhere.
    """
    totals: FloatArray = np.stack(
        [np.bincount(regions.leaf_labels, column, regions.n_regions) for column in sums.T]
    )
    weights = pixelwise.params.weights
    classes, components = _winners(totals, weights, balance, groups)
    is_one = regions.n_regions > 1 and (classes == classes[0]).all()
    shares = totals.sum(axis=1) / max(totals.sum(), _TINY)
    # Weights of another picture's mixture are others: one class may be all that this picture shows.
    if is_one and np.abs(weights - shares).max() <= _SHARE_TOLERANCE:
        _, components = _winners(totals, shares, 1.0, groups)
    winners = (components + 1).astype(label_dtype(pixelwise.n_components))
    pixels = RowOfLabel(regions.labels)
    means = totals / np.maximum(totals.sum(axis=0), _TINY)
    return Segmentation(pixels.spread(winners), pixelwise.params, shared=SharedPosteriors(pixels, means))


def _winners(
    totals: FloatArray, weights: FloatArray, balance: float, groups: Groups | None
) -> tuple[IntArray, IntArray]:
    """Return the strongest class of each region and the strongest component in it, (R,) each, from 0."""
    strengths: FloatArray = totals / np.maximum(weights, _TINY)[:, None] ** balance
    if groups is None:
        winners = strengths.argmax(axis=0)
        return winners, winners
    members = np.array([np.isin(np.arange(len(weights)), group) for group in groups])
    of_classes = members @ totals / np.maximum(members @ weights, _TINY)[:, None] ** balance
    classes = of_classes.argmax(axis=0)
    return classes, np.where(members[classes].T, strengths, -1.0).argmax(axis=0)


def _pixel_counts(table: FeatureTable, hierarchy: Hierarchy, should_stop: ShouldStop) -> Any:
    """Return how many pixels each leaf has of each row, a sparse (M, N) matrix by columns."""
    from scipy.sparse import coo_array

    row = table.pixels.spread(np.arange(table.n_rows, dtype=np.int32), empty=-1).reshape(-1)
    leaf = hierarchy.leaves.reshape(-1)
    shape = (hierarchy.n_leaves, table.n_rows)
    counts = coo_array(shape).tocsc()
    # In parts: equal pairs are united in each, and most pixels are one of such.
    for start in range(0, len(leaf), _PAIRS_AT_ONCE):
        raise_if_cancelled(should_stop)
        leaves, rows = leaf[start : start + _PAIRS_AT_ONCE], row[start : start + _PAIRS_AT_ONCE]
        is_held = (leaves >= 0) & (rows >= 0)
        at = leaves[is_held], rows[is_held]
        counts = counts + coo_array((np.ones(len(at[0])), at), shape=shape).tocsc()
    return counts


def _sums_of_rows(
    pixelwise: Segmentation, table: FeatureTable, counts: Any, should_stop: ShouldStop
) -> FloatArray:
    sums = np.zeros((counts.shape[0], pixelwise.n_components))
    for rows, posterior in responsibilities(pixelwise.params, table.values, should_stop):
        sums += counts[:, rows] @ posterior.T
    return sums


def _sums_of_planes(planes: ByteArray, hierarchy: Hierarchy, should_stop: ShouldStop) -> FloatArray:
    # Pixels without data have leaf -1: the first entry.
    leaves = hierarchy.leaves.reshape(-1) + 1
    columns = []
    for plane in planes:
        raise_if_cancelled(should_stop)
        columns.append(np.bincount(leaves, plane.reshape(-1), hierarchy.n_leaves + 1)[1:])
    return np.stack(columns, axis=1)
