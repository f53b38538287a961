"""Islands: connected parts of a label map that are smaller than wanted, and what takes their place."""

from __future__ import annotations

import numpy as np

from gmmseg.arrays import AnyArray, BoolArray, IntArray, LabelArray
from gmmseg.control import ShouldStop, never_stop, raise_if_cancelled
from gmmseg.photo.classes import Groups


def without_islands(
    labels: LabelArray, least: int, groups: Groups | None = None, should_stop: ShouldStop = never_stop
) -> LabelArray:
    """Return a label map whose classes have no connected parts below `least` pixels.

    Parts connect by the sides of pixels. In rounds, each small part that touches kept ones takes the class
    with which it shares most of its border, of its components the one with which it shares most, each time
    the lowest among equals, and is kept from then on; what no round reaches stays as it is. Where every part
    is small the largest, the first in reading order among equals, is kept.

    Parameters
    ----------
    labels : (H, W)
        0 no data, which neither changes nor counts as a neighbour, k + 1 component k.
    least : int
        Pixels.
    groups : tuple of tuple of int, optional
        The components of each class; without it each is one.
    should_stop : callable
        CANCEL raises `Cancelled`.
    """
    from skimage.measure import label

    first_of = _first_labels(int(labels.max(initial=0)), groups)
    classes = labels if groups is None else np.take(first_of, labels)
    parts: IntArray = label(classes, background=0, connectivity=1)
    raise_if_cancelled(should_stop)
    areas = np.bincount(parts.reshape(-1))
    areas[0] = 0
    is_kept = areas >= least
    if is_kept[1:].all():
        return labels
    if not is_kept.any():
        is_kept[areas.argmax()] = True
    is_kept[0] = True
    is_small = ~is_kept
    # The label that a small part takes; 0 as long as it has its own ones.
    taken = np.zeros(len(areas), dtype=labels.dtype)
    small, other, beyond, lengths = _borders(parts, labels, is_small)
    raise_if_cancelled(should_stop)
    while (at := ~is_kept[small] & is_kept[other]).any():
        now = np.where(is_small[other[at]], taken[other[at]], beyond[at])
        joining, chosen = _strongest(small[at], now, lengths[at], first_of)
        taken[joining] = chosen
        is_kept[joining] = True
    replaced = np.take(taken, parts)
    return np.where(replaced > 0, replaced, labels)


def _first_labels(highest: int, groups: Groups | None) -> IntArray:
    """Return the lowest label of the class of each label, (highest + 1,)."""
    first = np.arange(highest + 1)
    for group in groups or ():
        held = [component + 1 for component in group if component < highest]
        first[held] = min(held, default=0)
    return first


def _borders(
    parts: IntArray, labels: LabelArray, is_small: BoolArray
) -> tuple[IntArray, IntArray, IntArray, IntArray]:
    """Return each small part, each neighbour, its labels there, and how many sides of pixels they share."""
    n_parts, n_labels = len(is_small), int(labels.max(initial=0)) + 1
    codes = []
    for one, other in (
        ((slice(None, -1), slice(None)), (slice(1, None), slice(None))),
        ((slice(None), slice(None, -1)), (slice(None), slice(1, None))),
    ):
        is_border = (parts[one] != parts[other]) & (parts[one] > 0) & (parts[other] > 0)
        pairs = [(parts[side][is_border].astype(np.int64), labels[side][is_border]) for side in (one, other)]
        for (first, _), (second, beyond) in (pairs, pairs[::-1]):
            codes.append(((first * n_parts + second) * n_labels + beyond)[is_small[first]])
    present, counts = np.unique(np.concatenate(codes), return_counts=True)
    both, beyond = np.divmod(present, n_labels)
    return both // n_parts, both % n_parts, beyond, counts


def _strongest(
    parts: IntArray, labels: IntArray, lengths: IntArray, first_of: IntArray
) -> tuple[IntArray, IntArray]:
    """Return each part once, and of the class with the largest sum of lengths the label with that."""
    joining, best = _largest(parts, first_of[labels], lengths)
    is_of_best = first_of[labels] == best[np.searchsorted(joining, parts)]
    return _largest(parts[is_of_best], labels[is_of_best], lengths[is_of_best])


def _largest(parts: IntArray, values: AnyArray, lengths: IntArray) -> tuple[IntArray, IntArray]:
    """Return each part once, with the value of the largest sum of lengths, the lowest among equals."""
    pairs, place = np.unique(np.stack([parts, values]).astype(np.int64), axis=1, return_inverse=True)
    sums = np.bincount(place.reshape(-1), lengths)
    # By part, the largest sum first; equal sums stay in the order of their values.
    order = np.lexsort((-sums, pairs[0]))
    joining, first = np.unique(pairs[0][order], return_index=True)
    return joining, pairs[1][order][first]
