"""Depth of a point inside a set of leaves."""

from __future__ import annotations

import numpy as np

from gmmseg.arrays import BoolArray
from gmmseg.selection.ground import Ground

_SIDE = 64
"""Pixels of the longer side that distances are measured on; larger sets are thinned out to it."""


def distance_to(ground: Ground, members: BoolArray, point: tuple[int, int]) -> float:
    """Return a point's distance, working pixels, to the nearest centre of a set of leaves, or to the rim."""
    height, width = ground.labels.shape
    row, column = point
    to_rim = float(min(row, column, height - 1 - row, width - 1 - column) + 1)
    if not members.any():
        return to_rim
    return min(to_rim, float(np.sqrt(((ground.centres[members] - point) ** 2).sum(axis=1).min())))


def depth_at(ground: Ground, members: BoolArray, point: tuple[int, int]) -> tuple[float, float]:
    """Return a point's distance from the outside of a set of leaves and the greatest there is.

    Parameters
    ----------
    ground : Ground
    members : bool array, (N,)
    point : (int, int)
        Row and column, working pixels.

    Returns
    -------
    depth, greatest : float
        Working pixels; 0 and 0 where the set is empty. Beyond the picture is outside.
    """
    from scipy.ndimage import distance_transform_edt

    leaves = np.flatnonzero(members)
    if len(leaves) == 0:
        return 0.0, 0.0
    top, left, bottom, right = ground.boxes[leaves].min(axis=0).astype(np.int64).tolist()
    bottom, right = -bottom + 1, -right + 1
    step = -(-max(bottom - top, right - left) // _SIDE)
    crop = ground.labels[top:bottom:step, left:right:step]
    inside = np.zeros((crop.shape[0] + 2, crop.shape[1] + 2), dtype=np.bool_)
    inside[1:-1, 1:-1] = np.append(members, False)[crop]
    depths = distance_transform_edt(inside)
    row, column = round((point[0] - top) / step) + 1, round((point[1] - left) / step) + 1
    is_near = 0 <= row < inside.shape[0] and 0 <= column < inside.shape[1]
    depth = float(depths[row, column]) if is_near else 0.0
    return depth * step, float(depths.max()) * step
