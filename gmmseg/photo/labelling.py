"""Labelling: the maps of an image under a mixture, final ones and previews of a fit in progress."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace

from gmmseg.arrays import ByteArray
from gmmseg.control import ShouldStop, never_stop, raise_if_cancelled
from gmmseg.features.blocks import block_table
from gmmseg.features.table import FeatureTable
from gmmseg.image import Image, thinned
from gmmseg.mixture.matching import canonical_order
from gmmseg.mixture.params import MixtureParams
from gmmseg.photo.classes import ClassTable
from gmmseg.photo.grid import PixelGrid, pixel_grid
from gmmseg.photo.segmentation import Segmentation, segment
from gmmseg.photo.smoothing import SWEEPS, smooth
from gmmseg.render import mean_colours

PREVIEW_SWEEPS = 2
"""Of the spatial prior: the map is on the screen a tenth of a second earlier, and the next one is exact."""
MAX_PREVIEWED = 1 << 23
"""Pixels times components up to which a preview is smoothed at all."""
_SAMPLED = 100_000
"""Pixels from which the mean colours of a preview are taken, about."""

MapClasses = Callable[[Image, FeatureTable, Segmentation, ShouldStop], Segmentation]
"""Makes the map of classes that is wanted of the map of single pixels."""


def as_it_is(
    image: Image, table: FeatureTable, segmentation: Segmentation, should_stop: ShouldStop
) -> Segmentation:
    """Return the map of single pixels: the default of `MapClasses`."""
    return segmentation


@dataclass(frozen=True, slots=True, eq=False)
class Previewed:
    """A good answer before the exact one, for all pixels: the coarse fit's label map."""

    table: FeatureTable
    segmentation: Segmentation
    """Components in canonical order, as the fit's will be."""
    means: ByteArray
    """Mean sRGB of each component's pixels, about, (K, 3)."""
    classes: ClassTable | None = None
    """Those that were taught, of the components in this order."""


class Labeller:
    """Makes the maps of one image; what its spatial prior knows of the image is made once for all of them.

    Parameters
    ----------
    image : Image
    strength : float
        Of the spatial prior.
    table : FeatureTable
    map_classes : callable
    should_stop : callable
        CANCEL raises `Cancelled`.
    """

    def __init__(
        self,
        image: Image,
        strength: float,
        table: FeatureTable,
        map_classes: MapClasses = as_it_is,
        should_stop: ShouldStop = never_stop,
    ) -> None:
        self._image = image
        self._strength = strength
        self.table = table
        self._map_classes = map_classes
        self._should_stop = should_stop
        self._grid: PixelGrid | None = None

    def labelled(self, params: MixtureParams, classes: ClassTable | None = None) -> Segmentation:
        """Return the maps of a mixture, of which some components may be one class."""
        return self._mapped(self.table, self._pixelwise(params, SWEEPS), classes)

    def _mapped(
        self, table: FeatureTable, pixelwise: Segmentation, classes: ClassTable | None
    ) -> Segmentation:
        if classes is not None and classes.groups is not None:
            pixelwise = replace(pixelwise, groups=classes.groups)
        return self._map_classes(self._image, table, pixelwise, self._should_stop)

    def _pixelwise(self, params: MixtureParams, n_sweeps: int) -> Segmentation:
        raise_if_cancelled(self._should_stop)
        segmentation = segment(params, self.table, self._should_stop)
        if self._strength == 0 or params.n_components == 1 or n_sweeps == 0:
            return segmentation
        if self._grid is None:
            self._grid = pixel_grid(self._image, self._should_stop)
        return smooth(segmentation, self.table, self._grid, self._strength, self._should_stop, n_sweeps)

    def previewed(self, params: MixtureParams, classes: ClassTable | None = None) -> Previewed:
        """Return the maps of a fit in progress; components are put in canonical order without classes.

        Of a table of many rows they are those of blocks of pixels.
        """
        height, width = self.table.pixels.shape
        is_quick = height * width * params.n_components <= MAX_PREVIEWED
        ordered = params.reordered(canonical_order(params)) if classes is None else params
        table = block_table(self.table)
        if is_quick or table is self.table:
            table, pixelwise = self.table, self._pixelwise(ordered, PREVIEW_SWEEPS if is_quick else 0)
        else:
            pixelwise = segment(ordered, table, self._should_stop)
        segmentation = self._mapped(table, pixelwise, classes)
        return preview_of(self._image, table, segmentation, self._should_stop, classes)


def preview_of(
    image: Image,
    table: FeatureTable,
    segmentation: Segmentation,
    should_stop: ShouldStop,
    classes: ClassTable | None = None,
) -> Previewed:
    """Return maps as a preview, with the mean colours of some of their pixels."""
    height, width = segmentation.labels.shape
    step = max(1, round(math.sqrt(height * width / _SAMPLED)))
    few, labels = thinned(image, step), segmentation.labels[::step, ::step]
    means = mean_colours(few, labels, segmentation.n_components, should_stop)
    return Previewed(table, segmentation, means, classes)
