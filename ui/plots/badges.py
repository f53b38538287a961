"""Places for the badges of a plot's parts: on their part, or near it where they would hide something."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from gmmseg.arrays import FloatArray

MOST_PLACED = 40
"""More badges than this stay where their parts are: there is no free place near them anyway."""
_ROOMY = 2.0
"""A badge in the middle of a part that is so many times larger hides little of it."""
_DIRECTIONS = 16
_RINGS = (0.0, 12.0, 26.0, 44.0, 66.0)
_GAP = 3.0


@dataclass(frozen=True, slots=True)
class Part:
    """Anchor of a badge, all in pixels.

    Parameters
    ----------
    centre : (x, y)
    half_extent : (x, y)
        Half the sides of the box around what is drawn of it.
    half_badge : (x, y)
        Half the sides of its badge.
    """

    centre: tuple[float, float]
    half_extent: tuple[float, float]
    half_badge: tuple[float, float]


def badge_places(parts: Sequence[Part], size: tuple[float, float]) -> list[tuple[float, float]]:
    """Return the middle of each part's badge so that badges hide neither each other nor small parts.

    Parameters
    ----------
    parts : sequence of Part
    size : (width, height)
        Of the view, which begins at (0, 0). Badges of parts in it stay in it.
    """
    if len(parts) > MOST_PLACED:
        return [part.centre for part in parts]
    small = [part for part in parts if not _is_roomy(part)]
    boxes = np.array([(*part.centre, *part.half_extent) for part in small]).reshape(-1, 4)
    # Those that fit into their part go first: others can give way to them, not the other way round.
    order = sorted(range(len(parts)), key=lambda at: not _is_roomy(parts[at]))
    places = [part.centre for part in parts]
    for at in order:
        places[at] = _free_place(parts[at], boxes, size)
        boxes = np.vstack([boxes, (*places[at], *parts[at].half_badge)])
    return places


def _is_roomy(part: Part) -> bool:
    return all(
        extent >= _ROOMY * badge for extent, badge in zip(part.half_extent, part.half_badge, strict=True)
    )


def _free_place(part: Part, boxes: FloatArray, size: tuple[float, float]) -> tuple[float, float]:
    """Return the nearest of some places around a part that is free, or its centre where none is."""
    half = np.array(part.half_badge)
    candidates = _candidates(part)
    apart = np.abs(candidates[:, None, :] - boxes[None, :, :2]) >= boxes[None, :, 2:] + half + 1
    free = apart.any(axis=2).all(axis=1)
    margin = half + _GAP
    inside = ((candidates >= margin) & (candidates <= np.array(size) - margin)).all(axis=1)
    is_outside = not (0 <= part.centre[0] <= size[0] and 0 <= part.centre[1] <= size[1])
    good = np.flatnonzero(free & (inside | is_outside))
    if not good.size:
        return part.centre
    x, y = candidates[good[0]].tolist()
    return float(x), float(y)


def _candidates(part: Part) -> FloatArray:
    """Return places (M, 2), nearer ones first: the centre, then rings around it, beyond a small part."""
    angles = 2 * np.pi * (np.arange(_DIRECTIONS) - 2) / _DIRECTIONS
    away = np.column_stack([np.cos(angles), np.sin(angles)])
    half, centre = np.array(part.half_badge), np.array(part.centre)
    extent = np.zeros(2) if _is_roomy(part) else np.array(part.half_extent)
    rings = [centre + away * (half + extent + _GAP + ring) for ring in _RINGS]
    found: FloatArray = np.vstack([centre, *rings])
    return found
