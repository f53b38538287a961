"""Measures of each region: size, shape, colour, and its share of each class."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np

from gmmseg.arrays import (
    AnyArray,
    BoolArray,
    ByteArray,
    Float32Array,
    FloatArray,
    IntArray,
    frozen,
)
from gmmseg.control import ShouldStop, never_stop, raise_if_cancelled
from gmmseg.image import Image, PixelSize
from gmmseg.render import mean_colours


@dataclass(frozen=True, slots=True, eq=False)
class Shapes:
    """Further measures of R regions, as `skimage.measure.regionprops` makes them.

    Parameters
    ----------
    diameters : (R,)
        Of the circle of the same area, pixels.
    major_axes, minor_axes : (R,)
        Lengths of the axes of the ellipse with the region's second central moments, pixels.
    orientations : (R,)
        Angle of its major axis from the vertical, degrees from -90 to 90, counter-clockwise.
    solidities : (R,)
        Area over that of the convex hull, from 0 to 1.
    at_edge : bool array, (R,)
        Whether the region touches the edge of the picture, and may go on beyond.
    means : (R, C)
        Mean of each channel's values as stored in the image.
    channels : tuple of str
        Names of the C channels.
    """

    diameters: FloatArray
    major_axes: FloatArray
    minor_axes: FloatArray
    orientations: FloatArray
    solidities: FloatArray
    at_edge: BoolArray
    means: FloatArray
    channels: tuple[str, ...]


@dataclass(frozen=True, slots=True, eq=False)
class RegionTable:
    """One entry for each region that has pixels, by region number.

    Parameters
    ----------
    regions : int array, (R,)
        The regions' values in the label map.
    areas : int array, (R,)
        Pixels.
    shares : (R,)
        Of the pixels that hold data, summing to 1.
    perimeters : (R,)
        Pixels; the estimate of `skimage.measure.perimeter`, which counts diagonal steps as √2.
    centroids : (R, 2)
        y, x of the centre of mass, pixels; pixel (0, 0) covers 0..1, so that its centre is at 0.5.
    boxes : int array, (R, 4)
        top, left, bottom, right; the last two are the first row and column beyond.
    eccentricities : (R,)
        Of the ellipse with the region's second central moments: 0 a circle, towards 1 a line.
    colours : uint8 array, (R, 3)
        Mean sRGB as displayed.
    posteriors : (R, C), optional
        Mean posterior of each class in the region, rows summing to 1.
    class_names : tuple of str
        The C classes.
    shapes : Shapes, optional
    pixel_size : (float, float), optional
        Width and height of a pixel, micrometres.
    """

    regions: IntArray
    areas: IntArray
    shares: FloatArray
    perimeters: FloatArray
    centroids: FloatArray
    boxes: IntArray
    eccentricities: FloatArray
    colours: ByteArray
    posteriors: FloatArray | None = None
    class_names: tuple[str, ...] = ()
    shapes: Shapes | None = None
    pixel_size: PixelSize | None = None

    def __post_init__(self) -> None:
        for field in fields(self):
            value = getattr(self, field.name)
            if isinstance(value, np.ndarray):
                frozen(value)

    def __len__(self) -> int:
        return len(self.regions)

    def moved(self, top: int, left: int) -> RegionTable:
        """Return the table of a part of a picture in the whole picture's coordinates.

        The part's pixel (0, 0) is the picture's (top, left).
        """
        corner = np.array([top, left])
        return replace(self, centroids=self.centroids + corner, boxes=self.boxes + np.tile(corner, 2))


def region_table(
    image: Image,
    labels: AnyArray,
    planes: Iterable[Float32Array] | None = None,
    class_names: tuple[str, ...] = (),
    *,
    has_shapes: bool = False,
    pixel_size: PixelSize | None = None,
    should_stop: ShouldStop = never_stop,
) -> RegionTable:
    """Measure every region of a label map.

    Parameters
    ----------
    image : Image, (H, W)
    labels : integer array, (H, W)
        0 where there is no data; regions from 1 on, of which some may have no pixels.
    planes : iterable of C float32 arrays (H, W), optional
        Posteriors of C classes, summing to 1 over these; taken one at a time.
    class_names : tuple of str
        Their names.
    has_shapes : bool
        Whether to measure `Shapes` too, which takes several times as long.
    pixel_size : (float, float), optional
        Width and height of a pixel in micrometres; the image's own where None.
    should_stop : callable
        Asked before each region and plane.

    Raises
    ------
    Cancelled
        On the request to cancel.
    """
    from skimage.measure import regionprops

    areas, perimeters, centroids, boxes, eccentricities, regions = [], [], [], [], [], []
    found = regionprops(labels, image.pixels if has_shapes else None)  # type: ignore[no-untyped-call]
    for region in found:
        raise_if_cancelled(should_stop)
        regions.append(region.label)
        areas.append(region.area)
        perimeters.append(region.perimeter)
        centroids.append(np.asarray(region.centroid) + 0.5)
        boxes.append(region.bbox)
        eccentricities.append(region.eccentricity)
    numbers = np.asarray(regions, dtype=np.int64)
    sizes = np.asarray(areas, dtype=np.int64)
    n_labels = int(numbers.max(initial=0))
    return RegionTable(
        regions=numbers,
        areas=sizes,
        shares=sizes / max(int(sizes.sum()), 1),
        perimeters=np.asarray(perimeters, dtype=np.float64),
        centroids=np.asarray(centroids, dtype=np.float64).reshape(-1, 2),
        boxes=np.asarray(boxes, dtype=np.int64).reshape(-1, 4),
        eccentricities=np.asarray(eccentricities, dtype=np.float64),
        colours=mean_colours(image, labels, n_labels, should_stop)[numbers - 1],
        posteriors=None if planes is None else _mean_planes(planes, labels, numbers, sizes, should_stop),
        class_names=class_names,
        shapes=_shapes(found, image, should_stop) if has_shapes else None,
        pixel_size=image.pixel_size if pixel_size is None else pixel_size,
    )


def joined_tables(tables: Sequence[RegionTable]) -> RegionTable:
    """Return the tables of parts of one picture as one, with shares of the pixels of all of them.

    They have coordinates of the picture (`RegionTable.moved`), all have shapes or none has, and none has
    posteriors.
    """
    first, total = tables[0], sum(int(table.areas.sum()) for table in tables)
    shapes = [table.shapes for table in tables if table.shapes is not None]
    joined: RegionTable = _joined(tables)
    held = _joined(shapes) if shapes else None
    return replace(joined, shares=joined.areas / max(total, 1), shapes=held, pixel_size=first.pixel_size)


def _joined(parts: Sequence[Any]) -> Any:
    """Return the first of some values with the arrays of all of them, one after the other."""
    arrays = {
        each.name: np.concatenate([getattr(part, each.name) for part in parts])
        for each in fields(parts[0])
        if isinstance(getattr(parts[0], each.name), np.ndarray)
    }
    return replace(parts[0], **arrays)


def _shapes(found: Sequence[Any], image: Image, should_stop: ShouldStop) -> Shapes:
    rows = []
    for region in found:
        raise_if_cancelled(should_stop)
        top, left, bottom, right = region.bbox
        rows.append(
            (
                region.equivalent_diameter_area,
                region.axis_major_length,
                region.axis_minor_length,
                np.rad2deg(region.orientation),
                region.area / _hull_area(region),
                top == 0 or left == 0 or bottom == image.height or right == image.width,
                *np.atleast_1d(region.intensity_mean),
            )
        )
    columns = np.array(rows, dtype=np.float64).reshape(len(rows), 6 + image.n_channels).T
    diameters, major, minor, orientations, solidities, at_edge, *means = columns
    return Shapes(
        diameters, major, minor, orientations, solidities, at_edge > 0,
        np.stack(means, axis=1), image.channels,
    )  # fmt: skip


def _hull_area(region: Any) -> float:
    """Return the pixels of the convex hull; of what is thinner than two pixels it is the region itself."""
    height, width = region.image.shape
    return float(region.area if min(height, width) < 2 else region.area_convex)


def _mean_planes(
    planes: Iterable[Float32Array],
    labels: AnyArray,
    numbers: IntArray,
    sizes: IntArray,
    should_stop: ShouldStop,
) -> FloatArray:
    flat, n_labels = labels.reshape(-1), int(numbers.max(initial=0))
    columns = []
    for plane in planes:
        raise_if_cancelled(should_stop)
        columns.append(np.bincount(flat, plane.reshape(-1), minlength=n_labels + 1)[numbers])
    means: FloatArray = np.stack(columns, axis=1) / np.maximum(sizes, 1)[:, None]
    return means
