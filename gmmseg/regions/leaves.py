"""Leaves: the many small regions that a hierarchy starts from, by a watershed of the boundary strength.

The watershed floods from the local minima by a priority queue (Beucher and Meyer 1993), as in scikit-image;
there are no watershed lines: each pixel belongs to a basin.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from gmmseg.arrays import BoolArray, Float32Array
from gmmseg.control import ShouldStop, never_stop, raise_if_cancelled
from gmmseg.regions.evidence import FINE_GRADIENT, Evidence

_GRADIENT_WEIGHT = 0.02
_TEXTURE_WEIGHT = 0.5
_RELIEF_BLUR = 1.0
_BLOCK = 1 << 18


def watershed_leaves(evidence: Evidence, should_stop: ShouldStop = never_stop) -> NDArray[np.int32]:
    """Return the leaf of each pixel, the catchment basin of the `relief`.

    Returns
    -------
    int32 array, (h, w)
        0..M-1 by first appearance in reading order; -1 where there is no data.

    Raises
    ------
    Cancelled
        When `should_stop`, asked before the flood and after it, answers CANCEL.
    """
    surface = relief(evidence)
    raise_if_cancelled(should_stop)
    basins = basins_of(surface, evidence.picture.held)
    raise_if_cancelled(should_stop)
    return basins


def basins_of(surface: Float32Array, held: BoolArray | None) -> NDArray[np.int32]:
    """Return the catchment basins of the minima (of four neighbours) of a surface, (h, w).

    Each part of the data that touches no other has at least one. They are numbered as by `watershed_leaves`.

    Parameters
    ----------
    surface : float32 array, (h, w)
    held : bool array, (h, w), optional
        True where there is data; None when all pixels hold data.
    """
    from scipy.ndimage import label
    from skimage.morphology import local_minima

    # Within a wall a level surface has a minimum, too, and so has every island of data.
    walled = np.full((surface.shape[0] + 2, surface.shape[1] + 2), surface.max() + 1, dtype=np.float32)
    walled[1:-1, 1:-1] = surface if held is None else np.where(held, surface, walled[0, 0])
    find_minima: Callable[..., BoolArray] = local_minima
    minima = find_minima(walled, connectivity=1)[1:-1, 1:-1]
    markers, _ = label(minima if held is None else minima & held)
    return numbered_by_appearance(flood(surface, markers.astype(np.int32), held) - 1)


def flood(surface: Float32Array, markers: NDArray[np.int32], mask: BoolArray | None) -> NDArray[np.int32]:
    """Return the marker whose flood over a surface reaches each pixel first, int32 (H, W).

    Parameters
    ----------
    surface : float32 array, (H, W)
    markers : int32 array, (H, W)
        From 1 where a flood begins; 0 elsewhere.
    mask : bool array, (H, W), optional
        True where the flood may go; elsewhere, and where none arrives, the result is 0.
    """
    from skimage.segmentation import watershed

    flooded: Callable[..., NDArray[np.int32]] = watershed
    return flooded(surface, markers, mask=mask).astype(np.int32, copy=False)


def relief(evidence: Evidence) -> Float32Array:
    """Return the surface that is flooded, (h, w): `surface_of` smoothed by 1 pixel of the reference size."""
    from scipy.ndimage import gaussian_filter

    blur = _RELIEF_BLUR * evidence.picture.filter_factor
    smooth: Float32Array = gaussian_filter(surface_of(evidence), blur, mode="nearest")
    return smooth


def surface_of(evidence: Evidence) -> Float32Array:
    """Return a weighted sum of boundary maps, (h, w).

    The three of the colour posteriors with weight 1, the finest of the texture posteriors with 0.5, and the
    finer CIELAB gradient, in Lab units per pixel, with 0.02.
    """
    surface: Float32Array = evidence.maps[:3].sum(axis=0)
    surface += np.float32(_TEXTURE_WEIGHT) * evidence.maps[3]
    surface += np.float32(_GRADIENT_WEIGHT) * evidence.maps[FINE_GRADIENT]
    return surface


def numbered_by_appearance(labels: NDArray[np.int32]) -> NDArray[np.int32]:
    """Return labels (h, w) renumbered 0, 1, … by first appearance in reading order; -1 stays -1."""
    return ranks_by_appearance(labels, int(labels.max()) + 1)[labels]


def ranks_by_appearance(labels: NDArray[np.int32], n_labels: int) -> NDArray[np.int32]:
    """Return the rank of each of `n_labels` labels by first appearance in reading order, (n_labels + 1,).

    Labels that appear nowhere have rank -1; so has the last entry: ``ranks[labels]`` keeps labels of -1.
    """
    flat = labels.reshape(-1)
    nowhere = flat.size
    first = np.full(n_labels + 1, nowhere, dtype=np.int64)
    for start in reversed(range(0, nowhere, _BLOCK)):
        block = flat[start : start + _BLOCK]
        # Of values assigned to one place the last stays: from the end, that is the first appearance.
        first[block[::-1]] = np.arange(start + len(block) - 1, start - 1, -1)
    first[-1] = nowhere
    n_present = int(np.count_nonzero(first < nowhere))
    ranks = np.full(n_labels + 1, -1, dtype=np.int32)
    ranks[np.argsort(first)[:n_present]] = np.arange(n_present, dtype=np.int32)
    return ranks
