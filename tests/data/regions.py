"""A region tree made by hand, whose cuts can be told without computing any."""

from __future__ import annotations

from typing import Any

import numpy as np

from gmmseg.control import result_of
from gmmseg.image import Image
from gmmseg.mixture.tree import MergeTree
from gmmseg.regions.hierarchy import Hierarchy
from gmmseg.regions.outcome import RegionOutcome, region_events
from gmmseg.regions.settings import RegionSettings


def quarters(image: Image) -> Hierarchy:
    """Return a tree whose leaves are the quarters of an image: the upper two unite first, then the lower.

    Pixels that the mask leaves out belong to no leaf.
    """
    height, width = image.height, image.width
    rows, columns = np.arange(height) >= height // 2, np.arange(width) >= width // 2
    leaves = (2 * rows[:, None] + columns).astype(np.int32)
    if image.mask is not None:
        leaves[~image.mask] = -1
    return Hierarchy(
        leaves=leaves,
        tree=MergeTree(np.array([[0, 1], [2, 3], [4, 5]], dtype=np.int32), np.array([1.0, 2.0, 3.0])),
        natural=1.5,
        areas=np.bincount(leaves[leaves >= 0], minlength=4).astype(np.int64),
        means=np.zeros((4, 3)),
        posteriors=np.ones((4, 1)),
    )


def quartered(image: Image, **settings: Any) -> RegionOutcome:
    """Return a cut of `quarters`: three regions by default, the upper half and the lower quarters."""
    return result_of(region_events(image, RegionSettings(**settings), quarters(image)))
