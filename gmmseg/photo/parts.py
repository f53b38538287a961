"""Parts: the connected parts of each class, which are counted and measured."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gmmseg.arrays import IntArray, LabelArray, frozen, looked_up
from gmmseg.control import ShouldStop, never_stop, raise_if_cancelled
from gmmseg.image import Image, PixelSize
from gmmseg.photo.classes import ClassTable
from gmmseg.regions.table import RegionTable, region_table


@dataclass(frozen=True, slots=True, eq=False)
class PartTable:
    """The parts of a map of classes, in reading order of their first pixels.

    Parameters
    ----------
    parts : int32 array, (H, W)
        1..P; 0 where there is no part: no data, or one that is too small.
    class_ids : int array, (P,)
        The class of each part.
    measures : RegionTable
        Of the P parts, with shapes.
    """

    parts: NDArray[np.int32]
    class_ids: IntArray
    measures: RegionTable

    def __post_init__(self) -> None:
        frozen(self.parts)
        frozen(self.class_ids)

    def __len__(self) -> int:
        return len(self.class_ids)


def class_parts(labels: LabelArray, classes: ClassTable, least: int) -> tuple[NDArray[np.int32], IntArray]:
    """Return the connected parts of each class.

    Parameters
    ----------
    labels : (H, W)
        0 no data, k + 1 component k.
    classes : ClassTable
    least : int
        Parts of fewer pixels are left out.

    Returns
    -------
    parts : int32 array, (H, W)
        1..P, of pixels that touch by a side or a corner; 0 elsewhere.
    class_ids : (P,)
    """
    from skimage.measure import label

    ids = looked_up(classes.ids_by_label(), labels)
    parts = label(ids, background=0, connectivity=2)
    areas = np.bincount(parts.reshape(-1))
    is_kept = areas >= least
    is_kept[0] = False
    numbers = np.where(is_kept, np.cumsum(is_kept), 0).astype(np.int32)
    kept = looked_up(numbers, parts)
    class_ids = np.zeros(int(is_kept.sum()) + 1, dtype=np.int64)
    class_ids[kept.reshape(-1)] = ids.reshape(-1)
    return kept, class_ids[1:]


def part_table(
    image: Image,
    labels: LabelArray,
    classes: ClassTable,
    least: int = 1,
    *,
    pixel_size: PixelSize | None = None,
    should_stop: ShouldStop = never_stop,
) -> PartTable:
    """Count and measure the connected parts of each class; parameters as of `class_parts`, `region_table`.

    Raises
    ------
    Cancelled
    """
    parts, class_ids = class_parts(labels, classes, least)
    raise_if_cancelled(should_stop)
    measures = region_table(image, parts, has_shapes=True, pixel_size=pixel_size, should_stop=should_stop)
    return PartTable(parts, class_ids, measures)
