"""Changes of an object's shape: holes, specks, outline, growth, and its parts."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from gmmseg.arrays import BoolArray, FloatArray
from gmmseg.photo.objects.patch import Patch

_FOUR = np.array([[0, 1, 0], [1, 1, 1], [0, 1, 0]], dtype=np.bool_)
"""Pixels that share an edge are connected."""


def with_holes_filled(patch: Patch) -> Patch:
    """Return the pixels with everything that they enclose."""
    from scipy.ndimage import binary_fill_holes

    return Patch.of(binary_fill_holes(patch.mask), patch.top, patch.left)


def without_specks(patch: Patch, smallest: int) -> Patch:
    """Return the pixels without connected parts of fewer than `smallest`; the largest part always stays."""
    from scipy.ndimage import label

    parts, n_parts = label(patch.mask, _FOUR)
    areas = np.bincount(parts.reshape(-1), minlength=n_parts + 1)
    areas[0] = 0
    is_kept = areas >= smallest
    is_kept[0] = False
    if n_parts:
        is_kept[int(areas.argmax())] = True
    return Patch.of(is_kept[parts], patch.top, patch.left)


def connected_parts(patch: Patch) -> list[Patch]:
    """Return the 4-connected parts, the largest first; among equals the first in reading order."""
    from scipy.ndimage import find_objects, label

    parts, n_parts = label(patch.mask, _FOUR)
    order = np.argsort(-np.bincount(parts.reshape(-1), minlength=n_parts + 1)[1:], kind="stable")
    boxes = find_objects(parts)
    return [
        Patch.of(
            parts[boxes[part]] == part + 1,
            patch.top + boxes[part][0].start,
            patch.left + boxes[part][1].start,
        )
        for part in order
    ]


def grown(patch: Patch, radius: float, shape: tuple[int, int]) -> Patch:
    """Return all pixels within `radius` pixels of the patch, Euclidean, inside an (H, W) image."""
    return _by_distance(patch, radius, shape, lambda outside, _: outside <= radius)


def shrunk(patch: Patch, radius: float, shape: tuple[int, int]) -> Patch:
    """Return the pixels farther than `radius` from all pixels outside; the image's rim is no outside."""
    return _by_distance(patch, radius, shape, lambda _, inside: inside > radius)


def smoothed(patch: Patch, radius: float, shape: tuple[int, int]) -> Patch:
    """Return the patch with details of its outline below `radius` pixels rounded.

    The signed distance to the outline is averaged by a Gaussian of that standard deviation and cut at zero:
    straight edges stay where they are. Where this would leave nothing, the patch is returned.
    """
    from scipy.ndimage import gaussian_filter

    def inside_after(outside: FloatArray, inside: FloatArray) -> BoolArray:
        signed = np.where(inside > 0, 0.5 - inside, outside - 0.5)
        result: BoolArray = gaussian_filter(signed, radius, mode="nearest") < 0
        return result

    result = _by_distance(patch, 3 * radius + 1, shape, inside_after)
    return patch if result.is_empty else result


def _by_distance(
    patch: Patch,
    margin: float,
    shape: tuple[int, int],
    wanted: Callable[[FloatArray, FloatArray], BoolArray],
) -> Patch:
    """Return the pixels that `wanted` chooses by the distances to the patch and to what is outside of it."""
    from scipy.ndimage import distance_transform_edt

    if patch.is_empty:
        return patch
    reach = int(np.ceil(margin)) + 1
    rows, columns = patch.box
    top, left = max(rows.start - reach, 0), max(columns.start - reach, 0)
    box = (
        slice(top, min(rows.stop + reach, shape[0])),
        slice(left, min(columns.stop + reach, shape[1])),
    )
    mask = patch.inside(box)
    inside = distance_transform_edt(mask) if not mask.all() else np.full(mask.shape, np.inf)
    return Patch.of(wanted(distance_transform_edt(~mask), inside), top, left)


def split_by_line(patch: Patch, start: tuple[float, float], end: tuple[float, float]) -> list[Patch]:
    """Return the parts on both sides of the straight line through two points (x, y), the larger first.

    A pixel belongs to the side of its centre. One part, where all lie on one side or the points are one.
    """
    height, width = patch.mask.shape
    x = patch.left + np.arange(width) + 0.5 - start[0]
    y = (patch.top + np.arange(height) + 0.5 - start[1])[:, None]
    side = x * (end[1] - start[1]) - y * (end[0] - start[0])
    is_left = np.broadcast_to(side > 0, patch.mask.shape)
    parts = [patch.without(is_left), patch.without(~is_left)]
    return sorted((part for part in parts if not part.is_empty), key=lambda part: -part.area)


def split_by_colour(patch: Patch, pixels: Any, seed: int = 0) -> list[Patch]:
    """Return the two parts that a Gaussian mixture of two components tells apart, the larger first.

    Parameters
    ----------
    patch : Patch
    pixels : array, (h, w, C)
        Of the image, in the patch's box.
    seed : int

    Returns
    -------
    list of Patch
        One where the pixels have a single colour.
    """
    from gmmseg.mixture.estimator import GaussianMixture

    rows = np.asarray(pixels[patch.mask], dtype=np.float64)
    colours, inverse, counts = np.unique(rows, axis=0, return_inverse=True, return_counts=True)
    if len(colours) < 2:
        return [patch]
    fitted = GaussianMixture(2, random_state=seed, n_init=3).fit(colours, sample_weight=counts.astype(float))
    is_second = np.zeros(patch.mask.shape, dtype=np.bool_)
    is_second[patch.mask] = fitted.predict(colours)[inverse.reshape(-1)] == 1
    parts = [patch.without(is_second), patch.without(~is_second)]
    return sorted((part for part in parts if not part.is_empty), key=lambda part: -part.area)
