"""Exact outlines of regions: polygons along pixel edges, with holes."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from gmmseg.arrays import AnyArray, BoolArray, IntArray

Ring = IntArray
"""(M, 2) corner points x, y without repetition of the first; neighbours differ in one coordinate."""

_NW, _NE, _SW, _SE = 1, 2, 4, 8
_OFFSETS = {_NW: (-1, -1), _NE: (-1, 0), _SW: (0, -1), _SE: (0, 0)}
"""From a corner point (y, x) to the pixel in that quadrant."""


@dataclass(frozen=True, slots=True, eq=False)
class Outline:
    """One region whose pixels are connected by edges.

    ``outer`` has positive area and ``holes`` negative area by the shoelace formula in x, y. No ring meets
    itself; rings of an outline touch at single points at most: a valid polygon in the sense of OGC.
    """

    outer: Ring
    holes: list[Ring] = field(default_factory=list)


def outlines(mask: BoolArray) -> list[Outline]:
    """Return the outlines of the regions of true pixels, in reading order of their first pixels.

    Parameters
    ----------
    mask : bool array, (H, W)
    """
    from scipy import ndimage

    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    if not rows.size:
        return []
    top, left = int(rows[0]), int(columns[0])
    shift = np.array([left - 1, top - 1])
    window = np.pad(mask[top : rows[-1] + 1, left : columns[-1] + 1], 1)
    regions, n_regions = ndimage.label(window)
    corners = _corners(window)
    found: list[list[Ring]] = [[] for _ in range(n_regions + 1)]
    region_of = regions[tuple(corners.pixels.T)].tolist()
    for start, points in _rings(corners, shift):
        found[region_of[start]].append(points)
    return [_outline(rings) for rings in found[1:]]


def _outline(rings: list[Ring]) -> Outline:
    if len(rings) == 1:
        return Outline(rings[0])
    # A hole has pixels of its region to its left, so only the outer ring reaches the smallest x.
    at = min(range(len(rings)), key=lambda index: int(rings[index][:, 0].min()))
    return Outline(rings[at], rings[:at] + rings[at + 1 :])


@dataclass(frozen=True, slots=True, eq=False)
class _Corners:
    """The turning points of all outlines; where two pixels meet diagonally there is one for each.

    Parameters
    ----------
    points : (M, 2)
        x, y.
    pixels : (M, 2)
        y, x of a pixel inside.
    successor : (M,)
        The next turning point with the region on the right hand of a screen (y down).
    is_pinch : bool array, (M,)
        Where another turning point has the same place.
    """

    points: IntArray
    pixels: IntArray
    successor: IntArray
    is_pinch: BoolArray


def _corners(window: BoolArray) -> _Corners:
    """Find the turning points of a mask with a false border and link them."""
    held = window.astype(np.uint8)
    pattern = held[:-1, :-1] * _NW + held[:-1, 1:] * _NE + held[1:, :-1] * _SW + held[1:, 1:] * _SE
    parts = [_of_quadrant(pattern, quadrant) for quadrant in _OFFSETS]
    y, x, quadrant, leaves_level, has_left, has_up = (
        np.concatenate([part[at] for part in parts]) for at in range(6)
    )
    # In each row of corners the turning points pair up from left to right as level edges, in each column
    # from top to bottom as upright ones; of two at one place, the one whose edge ends there comes first.
    # The bottom keys of lexsort decide first.
    level = _partners(np.lexsort((~has_left, x, y)))
    upright = _partners(np.lexsort((~has_up, y, x)))
    offsets = np.zeros((_SE + 1, 2), dtype=np.int64)
    for bit, offset in _OFFSETS.items():
        offsets[bit] = offset
    code = pattern[y, x]
    points = np.stack([x + 1, y + 1], axis=1)
    return _Corners(
        points=points,
        pixels=points[:, ::-1] + offsets[quadrant],
        successor=np.where(leaves_level, level, upright),
        is_pinch=(code == _NW + _SE) | (code == _NE + _SW),
    )


def _of_quadrant(pattern: AnyArray, quadrant: int) -> tuple[AnyArray, ...]:
    """Return the turning points at which only `quadrant`, or its diagonal pair, is inside or only it outside.

    Returns y, x, the quadrant of a pixel inside, whether the outline leaves along a level edge, and whether
    the turning point's level edge lies to the left and its upright edge above.
    """
    opposite = {_NW: _SE, _SE: _NW, _NE: _SW, _SW: _NE}[quadrant]
    everything = _NW + _NE + _SW + _SE
    is_inside = (pattern == quadrant) | (pattern == quadrant + opposite)
    y_in, x_in = np.nonzero(is_inside)
    y_out, x_out = np.nonzero(pattern == everything - quadrant)
    y, x = np.concatenate([y_in, y_out]), np.concatenate([x_in, x_out])
    inside = np.arange(len(y)) < len(y_in)
    leaves_level = inside == (quadrant in (_NW, _SE))
    # The edges of a turning point border its quadrant, whether that is the pixel inside or the one outside.
    has_left = np.full(len(y), quadrant in (_NW, _SW))
    has_up = np.full(len(y), quadrant in (_NW, _NE))
    return y, x, np.where(inside, quadrant, opposite), leaves_level, has_left, has_up


def _partners(order: AnyArray) -> IntArray:
    """Return for each element its neighbour when those in `order` pair up two by two."""
    partner = np.empty(len(order), dtype=np.int64)
    partner[order[0::2]] = order[1::2]
    partner[order[1::2]] = order[0::2]
    return partner


def _rings(corners: _Corners, shift: IntArray) -> list[tuple[int, Ring]]:
    """Return each ring, moved by `shift`, with the index of one of its turning points; none meets itself."""
    successor = corners.successor.tolist()
    is_seen = bytearray(len(successor))
    order: list[int] = []
    ends: list[int] = []
    for start in range(len(successor)):
        if is_seen[start]:
            continue
        at = start
        while not is_seen[at]:
            is_seen[at] = 1
            order.append(at)
            at = successor[at]
        ends.append(len(order))
    every = np.array(order)
    points, pinches = corners.points[every] + shift, corners.is_pinch[every]
    n_pinches = np.concatenate([[0], np.cumsum(pinches)]).tolist()
    rings: list[tuple[int, Ring]] = []
    begin = 0
    for end in ends:
        ring = points[begin:end]
        if n_pinches[end] - n_pinches[begin] < 2:
            rings.append((order[begin], ring))
        else:
            rings += [(order[begin], loop) for loop in _untied(ring)]
        begin = end
    return rings


def _untied(ring: Ring) -> list[Ring]:
    """Split a ring that meets itself at points into loops that do not."""
    loops: list[Ring] = []
    path: list[tuple[int, int]] = []
    place: dict[tuple[int, int], int] = {}
    for x, y in ring.tolist():
        at = place.get((x, y))
        if at is not None:
            loops.append(np.array(path[at:], dtype=np.int64))
            for gone in path[at:]:
                del place[gone]
            del path[at:]
        place[x, y] = len(path)
        path.append((x, y))
    loops.append(np.array(path, dtype=np.int64))
    return loops
