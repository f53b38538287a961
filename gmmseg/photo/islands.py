"""Islands: connected parts of a label map that are smaller than wanted, and what takes their place."""

from __future__ import annotations

import numpy as np

from gmmseg.arrays import BoolArray, IntArray, LabelArray
from gmmseg.control import ShouldStop, never_stop, raise_if_cancelled


def without_islands(labels: LabelArray, least: int, should_stop: ShouldStop = never_stop) -> LabelArray:
    """Return a label map without connected parts below `least` pixels.

    Parts connect by the sides of pixels. In rounds, each small part that touches kept ones takes the label
    with which it shares most of its border, the lowest among equals, and is kept from then on; what no round
    reaches stays as it is. Where every part is small the largest, the first in reading order among equals,
    is kept.

    Parameters
    ----------
    labels : (H, W)
        0 no data, which neither changes nor counts as a neighbour.
    least : int
        Pixels.
    should_stop : callable
        CANCEL raises `Cancelled`.
    """
    from skimage.measure import label

    parts: IntArray = label(labels, background=0, connectivity=1)
    raise_if_cancelled(should_stop)
    areas = np.bincount(parts.reshape(-1))
    areas[0] = 0
    is_kept = areas >= least
    if is_kept[1:].all():
        return labels
    if not is_kept.any():
        is_kept[areas.argmax()] = True
    is_kept[0] = True
    new = np.zeros(len(areas), dtype=labels.dtype)
    new[parts.reshape(-1)] = labels.reshape(-1)
    small, other, lengths = _borders(parts, ~is_kept)
    raise_if_cancelled(should_stop)
    while (at := ~is_kept[small] & is_kept[other]).any():
        joining, taken = _strongest(small[at], new[other[at]], lengths[at])
        new[joining] = taken
        is_kept[joining] = True
    return np.take(new, parts)


def _borders(parts: IntArray, is_small: BoolArray) -> tuple[IntArray, IntArray, IntArray]:
    """Return each small part with each of its neighbours and the sides of pixels that they share."""
    n_parts = len(is_small)
    codes = []
    for one, other in ((parts[:-1], parts[1:]), (parts[:, :-1], parts[:, 1:])):
        is_border = (one != other) & (one > 0) & (other > 0)
        pairs = np.stack([one[is_border], other[is_border]]).astype(np.int64)
        for first, second in (pairs, pairs[::-1]):
            codes.append((first * n_parts + second)[is_small[first]])
    present, counts = np.unique(np.concatenate(codes), return_counts=True)
    return present // n_parts, present % n_parts, counts


def _strongest(parts: IntArray, labels: LabelArray, lengths: IntArray) -> tuple[IntArray, LabelArray]:
    """Return each part once, with the label of the largest sum of lengths, the lowest among equals."""
    pairs, place = np.unique(np.stack([parts, labels]).astype(np.int64), axis=1, return_inverse=True)
    sums = np.bincount(place.reshape(-1), lengths)
    # By part, the largest sum first; equal sums stay in the order of their labels.
    order = np.lexsort((-sums, pairs[0]))
    joining, first = np.unique(pairs[0][order], return_index=True)
    return joining, pairs[1][order][first].astype(labels.dtype)
