"""Refinement of leaves found at a reduced size: at the image's own their borders move to its edges."""

from __future__ import annotations

from collections.abc import Generator, Iterator

import numpy as np
from numpy.typing import NDArray

from gmmseg.arrays import BoolArray, ByteArray, Float32Array
from gmmseg.control import Progress, ShouldStop, Stopped, never_stop, raise_if_asked
from gmmseg.image import Image
from gmmseg.regions.leaves import flood
from gmmseg.render import coarser_levels, display_rgb

Leaves = NDArray[np.int32]

_STRIP_PIXELS = 1 << 19
"""Pixels flooded at a time: little memory, and a request to stop takes effect soon."""
_OVERLAP = 16
"""Rows that strips share on each side, so that no border ends at a strip."""
_BLUR = 1.0


def refinement_events(
    leaves: Leaves, image: Image, should_stop: ShouldStop = never_stop
) -> Generator[Progress, None, Leaves]:
    """Bring leaves (h, w) to the size of the image, (H, W), yielding progress from 0 to 1.

    The size doubles step by step. At each, pixels near a border are set free and flooded again from what is
    left of the leaves, by a watershed of the colour gradient at that size.

    Parameters
    ----------
    leaves : int32 array, (h, w)
        -1 where there is no data.
    image : Image, (H, W)
        At least as large.
    should_stop : callable
        Asked between strips of rows. STOP ends early: steps that are not complete have no effect, and borders
        stay as coarse as the last one left them.

    Returns
    -------
    int32 array, (H, W)
        The same leaves, of which some may have lost every pixel; -1 where the image has no data.

    Raises
    ------
    Cancelled
        On the request to cancel.
    """
    shape = (image.height, image.width)
    pictures = _levels(image, (leaves.shape[0], leaves.shape[1]))
    done, total = 0, sum(picture.shape[0] * picture.shape[1] for picture in pictures)
    try:
        for picture in pictures:
            yield Progress("Regions: refining borders", done / total)
            coarse = enlarged(leaves, picture.shape[:2])
            leaves = refined(coarse, picture, should_stop)
            done += picture.shape[0] * picture.shape[1]
    except Stopped:
        leaves = enlarged(leaves, shape)
    if image.mask is not None:
        leaves[~image.mask] = -1
    return leaves


def _levels(image: Image, smallest: tuple[int, int]) -> list[ByteArray]:
    """Return the image halved until it is about to fall below a size, smallest first."""
    full = display_rgb(image)
    larger = [p for p in coarser_levels(full) if p.shape[0] >= smallest[0] and p.shape[1] >= smallest[1]]
    return [*reversed(larger), full]


def enlarged(leaves: Leaves, shape: tuple[int, ...]) -> Leaves:
    """Return leaves (h, w) enlarged to `shape`, (H, W), by the nearest neighbour."""
    rows, columns = (
        ((np.arange(large) + 0.5) * small / large).astype(np.int64)
        for large, small in zip(shape, leaves.shape, strict=True)
    )
    # Columns first: whole rows are then copied, which is most of the work, fast.
    large: Leaves = leaves.take(columns, axis=1)[rows]
    return large


def refined(coarse: Leaves, picture: ByteArray, should_stop: ShouldStop = never_stop) -> Leaves:
    """Return leaves whose borders, known to about two pixels, are moved to the picture's edges.

    Pixels `near_border` are flooded again, by `squared_gradient`, from the other pixels of each leaf; a leaf
    that has no others keeps its pixels.

    Parameters
    ----------
    coarse : int32 array, (H, W)
        -1 where there is no data.
    picture : uint8 array, (H, W, 3)
        sRGB.
    should_stop : callable
        Asked between strips of rows.

    Raises
    ------
    Stopped, Cancelled
        On the request to stop or to cancel.
    """
    is_free = np.empty(coarse.shape, dtype=np.bool_)
    n_fixed = np.zeros(int(coarse.max()) + 2, dtype=np.int64)
    for rows, wide, inner in _strips(coarse.shape):
        raise_if_asked(should_stop)
        is_free[rows] = near_border(coarse[wide])[inner]
        # Pixels without data have leaf -1: they are counted first.
        n_fixed += np.bincount(coarse[rows][~is_free[rows]] + 1, minlength=len(n_fixed))
    can_grow = n_fixed[1:] > 0
    out = coarse.copy()
    for rows, wide, inner in _strips(coarse.shape):
        raise_if_asked(should_stop)
        # A leaf too thin to have anything left to grow from keeps its pixels.
        free = is_free[wide] & can_grow[coarse[wide]]
        out[rows] = _flooded(coarse[wide], free, picture[wide])[inner]
    return out


def _strips(shape: tuple[int, ...]) -> Iterator[tuple[slice, slice, slice]]:
    """Yield strips of rows that cover a picture: without overlap, with it, and the one within the other."""
    n_rows = max(_OVERLAP, _STRIP_PIXELS // shape[1])
    for top in range(0, shape[0], n_rows):
        bottom = min(top + n_rows, shape[0])
        start = max(top - _OVERLAP, 0)
        wide = slice(start, min(bottom + _OVERLAP, shape[0]))
        yield slice(top, bottom), wide, slice(top - start, bottom - start)


def near_border(leaves: Leaves) -> BoolArray:
    """Return where a pixel with data lies at a border of leaves, or touches one that does, bool (H, W).

    At a border are pixels that touch one of another leaf by a side; -1, no data, is none.
    """
    border = np.zeros(leaves.shape, dtype=np.bool_)
    for one, other in _neighbouring(leaves.ndim):
        differs = (leaves[one] != leaves[other]) & (leaves[one] >= 0) & (leaves[other] >= 0)
        border[one] |= differs
        border[other] |= differs
    return widened(border) & (leaves >= 0)


def _neighbouring(n_axes: int) -> list[tuple[tuple[slice, ...], tuple[slice, ...]]]:
    """Return the two shifted views whose elements are neighbours, along each axis."""
    whole, lower, upper = slice(None), slice(None, -1), slice(1, None)
    return [
        (
            tuple(lower if at == axis else whole for at in range(n_axes)),
            tuple(upper if at == axis else whole for at in range(n_axes)),
        )
        for axis in range(n_axes)
    ]


def widened(mask: BoolArray) -> BoolArray:
    """Return a mask (H, W) dilated by one pixel, of four neighbours."""
    wide = mask.copy()
    for one, other in _neighbouring(mask.ndim):
        wide[one] |= mask[other]
        wide[other] |= mask[one]
    return wide


def _flooded(leaves: Leaves, is_free: BoolArray, picture: ByteArray) -> Leaves:
    # Markers far from any free pixel would only make the queue longer.
    takes_part = widened(is_free) & (leaves >= 0)
    markers = np.where(takes_part & ~is_free, leaves + 1, 0)
    flooded = flood(squared_gradient(picture), markers, takes_part)
    result: Leaves = np.where(is_free & (flooded > 0), flooded - 1, leaves).astype(np.int32)
    return result


def squared_gradient(picture: ByteArray) -> Float32Array:
    """Return the squared gradient of the colours, (H, W): its root would have the same basins.

    Summed over the three sRGB channels, 0..255, of a picture (H, W, 3) smoothed by a Gaussian of one pixel;
    differences are between the pixels on both sides, two pixels apart.
    """
    from scipy.ndimage import gaussian_filter

    # Channel by channel: all three in floats at once would be the largest array here.
    total = np.zeros(picture.shape[:2], dtype=np.float32)
    for channel in range(3):
        smooth = gaussian_filter(
            picture[:, :, channel].astype(np.float32), _BLUR, mode="nearest", truncate=3.0
        )
        padded = np.pad(smooth, 1, mode="edge")
        total += (padded[1:-1, 2:] - padded[1:-1, :-2]) ** 2
        total += (padded[2:, 1:-1] - padded[:-2, 1:-1]) ** 2
    return total
