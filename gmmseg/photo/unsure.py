"""Places where a segmentation is unsure of the class, those first where an answer would matter most."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from gmmseg.arrays import BoolArray, Float32Array
from gmmseg.control import ShouldStop, never_stop, raise_if_cancelled
from gmmseg.photo.objects.patch import Patch

LEAST_AREA = 0.0005
"""Share of the picture, below which a place is too small to matter."""
LEAST_ENTROPY = 0.35
"""Of ln C: for two classes 0.35 is reached at odds of 14 to 1."""
MOST_AREA = 0.02
"""Share of the picture, beyond which a place is more than one can look at."""
_WIDTH = 0.006
"""Standard deviation of the smoothing, in diagonals."""
_LEAST_WIDTH = 3.0
"""Pixels."""
MOST_PLACES = 20


@dataclass(frozen=True, slots=True, eq=False)
class UnsurePlace:
    """A connected place of the picture.

    Parameters
    ----------
    patch : Patch
    entropy : float
        Mean of the posteriors' entropy over the classes there, in units of ln C, 0..1.
    """

    patch: Patch
    entropy: float


def unsure_places(
    planes: Iterable[Float32Array],
    n_classes: int,
    held: BoolArray,
    answered: BoolArray | None = None,
    should_stop: ShouldStop = never_stop,
) -> tuple[UnsurePlace, ...]:
    """Return the places that are unsure and large enough to matter, by falling sum of their entropy.

    The entropy of the classes' posteriors is averaged over the neighbourhood, so that borders a pixel wide
    and single pixels do not count; connected parts in which it is high are places. Of one that is larger than
    anybody can answer at once, the parts where it is highest are taken in its place.

    Parameters
    ----------
    planes : iterable of C float32 arrays (H, W)
        Posterior of each class at each pixel; taken one at a time.
    n_classes : int
        C.
    held : (H, W)
        Which pixels hold data.
    answered : (H, W), optional
        Pixels that need no answer, those of objects: they are left out.
    should_stop : callable
        Asked between planes; CANCEL raises `Cancelled`.

    Returns
    -------
    tuple of UnsurePlace
        At most `MOST_PLACES`.
    """
    from scipy.ndimage import gaussian_filter, label, sum_labels

    if n_classes < 2:
        return ()
    entropy: Float32Array = np.zeros(held.shape, dtype=np.float32)
    for plane in planes:
        raise_if_cancelled(should_stop)
        # In place of masks: the limit of p log p at 0 is 0.
        entropy -= plane * np.log(np.maximum(plane, np.float32(1e-30)))
    entropy /= np.float32(np.log(n_classes))
    counts = held if answered is None else held & ~answered
    width = max(_LEAST_WIDTH, _WIDTH * float(np.hypot(*held.shape)))
    weight = gaussian_filter(counts.astype(np.float32), width)
    raise_if_cancelled(should_stop)
    smooth = gaussian_filter(entropy * counts, width)
    smooth /= np.maximum(weight, np.float32(1e-3))
    raise_if_cancelled(should_stop)
    parts, n_parts = label(_cores((smooth >= LEAST_ENTROPY) & counts, smooth))
    numbers = np.arange(1, n_parts + 1)
    areas = np.bincount(parts.reshape(-1), minlength=n_parts + 1)[1:]
    sums = sum_labels(entropy, parts, numbers)
    least = max(1.0, LEAST_AREA * held.size)
    order = [at for at in np.lexsort((numbers, -sums)) if areas[at] >= least][:MOST_PLACES]
    return tuple(UnsurePlace(Patch.of(parts == numbers[at]), float(sums[at] / areas[at])) for at in order)


def _cores(unsure: BoolArray, entropy: Float32Array) -> BoolArray:
    """Return the pixels (H, W) without all but the most unsure ones of parts that are too large."""
    from scipy.ndimage import label

    parts, _ = label(unsure)
    areas = np.bincount(parts.reshape(-1))
    most = max(1, int(MOST_AREA * unsure.size))
    kept = unsure.copy()
    for part in 1 + np.flatnonzero(areas[1:] > most):
        own = parts == part
        level = np.partition(entropy[own], -most)[-most]
        kept[own & (entropy < level)] = False
    return kept
