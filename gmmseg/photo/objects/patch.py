"""Patch: some pixels of an image, as the mask of the smallest box that holds them."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from gmmseg.arrays import AnyArray, BoolArray, FloatArray, frozen
from gmmseg.photo.objects.tiles import Box, overlap

_BLOCK = 128
"""Rows and columns of the blocks in which the way of a brush is kept."""


@dataclass(frozen=True, slots=True, eq=False)
class Patch:
    """Pixels of an image, or blocks of them as a smaller copy of it has.

    Parameters
    ----------
    top, left : int
        Where ``mask[0, 0]`` is, in blocks of the image; inside it.
    mask : bool array, (h, w)
        Read-only; no row or column at its border is empty, and an empty patch is (0, 0).
    step : int
        Pixels of the image along a block. What follows is in blocks where nothing else is said.
    """

    top: int
    left: int
    mask: BoolArray
    step: int = 1

    def __post_init__(self) -> None:
        frozen(self.mask)

    @staticmethod
    def of(mask: BoolArray, top: int = 0, left: int = 0, step: int = 1) -> Patch:
        """Return the pixels of a mask whose first one lies at row `top` and column `left`."""
        ys, xs = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
        if not len(ys):
            return Patch(0, 0, np.zeros((0, 0), dtype=np.bool_))
        cropped = mask[ys[0] : ys[-1] + 1, xs[0] : xs[-1] + 1]
        return Patch(top + int(ys[0]), left + int(xs[0]), cropped.copy(), step)

    @property
    def is_empty(self) -> bool:
        """Whether it has no pixel."""
        return self.mask.size == 0

    @property
    def area(self) -> int:
        """Blocks."""
        return int(np.count_nonzero(self.mask))

    @property
    def box(self) -> Box:
        """Rows and columns."""
        height, width = self.mask.shape
        return slice(self.top, self.top + height), slice(self.left, self.left + width)

    def box_in(self, shape: tuple[int, int]) -> Box:
        """Return rows and columns of the pixels of an (H, W) image: a block may reach beyond its edge."""
        rows, columns = (
            slice(along.start * self.step, min(along.stop * self.step, length))
            for along, length in zip(self.box, shape, strict=True)
        )
        return rows, columns

    def inside(self, box: Box) -> BoolArray:
        """Return the mask over a box, which may be larger, smaller or elsewhere."""
        rows, columns = box
        out = np.zeros((rows.stop - rows.start, columns.stop - columns.start), dtype=np.bool_)
        own, wanted = overlap(self.box, box)
        out[wanted] = self.mask[own]
        return out

    def pixels_in(self, box: Box) -> BoolArray:
        """Return the mask of the pixels in a box of the image."""
        if self.step == 1:
            return self.inside(box)
        rows, columns = (np.arange(along.start, along.stop) // self.step for along in box)
        blocks = self.inside((slice(rows[0], rows[-1] + 1), slice(columns[0], columns[-1] + 1)))
        pixels: BoolArray = blocks[(rows - rows[0])[:, None], columns - columns[0]]
        return pixels

    def full(self, shape: tuple[int, int]) -> BoolArray:
        """Return the mask over the whole image, (H, W)."""
        return self.inside((slice(0, shape[0]), slice(0, shape[1])))

    def united(self, other: Patch) -> Patch:
        """Return the pixels of both, which have one step."""
        if self.is_empty or other.is_empty:
            return other if self.is_empty else self
        rows, columns = (
            slice(min(a.start, b.start), max(a.stop, b.stop))
            for a, b in zip(self.box, other.box, strict=True)
        )
        both = self.inside((rows, columns)) | other.inside((rows, columns))
        return Patch.of(both, rows.start, columns.start, self.step)

    def without(self, mask: BoolArray) -> Patch:
        """Return what is not in `mask`, (h, w) over the same box."""
        return Patch.of(self.mask & ~mask, self.top, self.left, self.step)


class BrushedWay:
    """Pixels that a round brush covers on its way, found point by point.

    Blocks of pixels are kept where it has been: neither a step nor the end of a long way costs as much as all
    that lies around it.

    Parameters
    ----------
    radius : float
        At least the pixel under each point is covered.
    shape : tuple of int
        (H, W) of the image.
    """

    def __init__(self, radius: float, shape: tuple[int, int]) -> None:
        self._radius = max(radius, 0.0)
        self._shape = shape
        self._last: tuple[float, float] | None = None
        self._blocks: dict[tuple[int, int], BoolArray] = {}

    def extend(self, point: tuple[float, float]) -> None:
        """Go straight on to a point (x, y); pixel (0, 0) has its centre at (0.5, 0.5)."""
        start = point if self._last is None else self._last
        self._last = point
        for block in self._near(start, point):
            held = self._blocks.get(block)
            if held is not None and held.all():
                continue
            covered = _within(self._centres(block), start, point, self._radius)
            if covered.any():
                height, width = covered.shape
                self._block(block)[:height, :width] |= covered
        row, column = math.floor(point[1]), math.floor(point[0])
        if 0 <= row < self._shape[0] and 0 <= column < self._shape[1]:
            self._block((row // _BLOCK, column // _BLOCK))[row % _BLOCK, column % _BLOCK] = True

    def patch(self) -> Patch:
        """Return the pixels whose centres the brush has covered."""
        if not self._blocks:
            return Patch.of(np.zeros((0, 0), dtype=np.bool_))
        downs, acrosses = zip(*self._blocks, strict=True)
        top, left = min(downs) * _BLOCK, min(acrosses) * _BLOCK
        mask = np.zeros(
            (max(downs) * _BLOCK + _BLOCK - top, max(acrosses) * _BLOCK + _BLOCK - left), dtype=np.bool_
        )
        for (down, across), covered in self._blocks.items():
            row, column = down * _BLOCK - top, across * _BLOCK - left
            mask[row : row + _BLOCK, column : column + _BLOCK] = covered
        # No block is empty: the outermost of them hold the ends of the box.
        rows, columns = (
            (
                int(np.flatnonzero(first.any(axis=axis))[0]),
                length - _BLOCK + int(np.flatnonzero(last.any(axis=axis))[-1]) + 1,
            )
            for axis, first, last, length in (
                (1, mask[:_BLOCK], mask[-_BLOCK:], mask.shape[0]),
                (0, mask[:, :_BLOCK], mask[:, -_BLOCK:], mask.shape[1]),
            )
        )
        return Patch(top + rows[0], left + columns[0], mask[slice(*rows), slice(*columns)])

    def _near(self, start: tuple[float, float], end: tuple[float, float]) -> Iterator[tuple[int, int]]:
        """Yield the blocks of the image that may hold pixels within the radius of a segment."""
        rows, columns = (
            (
                max(math.floor(min(one, other) - self._radius - 1), 0) // _BLOCK,
                min(math.ceil(max(one, other) + self._radius + 1), side) // _BLOCK + 1,
            )
            for one, other, side in zip(start[::-1], end[::-1], self._shape, strict=True)
        )
        reach = self._radius + _BLOCK
        for down in range(*rows):
            for across in range(*columns):
                middle = np.array([(across + 0.5) * _BLOCK]), np.array([[(down + 0.5) * _BLOCK]])
                if _within(middle, start, end, reach).any():
                    yield down, across

    def _centres(self, block: tuple[int, int]) -> tuple[FloatArray, FloatArray]:
        """Return x (n,) and y (n, 1) of the centres of a block's pixels on the image."""
        down, across = (
            np.arange(at * _BLOCK, min((at + 1) * _BLOCK, side), dtype=np.float64) + 0.5
            for at, side in zip(block, self._shape, strict=True)
        )
        return across, down[:, None]

    def _block(self, at: tuple[int, int]) -> BoolArray:
        return self._blocks.setdefault(at, np.zeros((_BLOCK, _BLOCK), dtype=np.bool_))


def brushed(points: Sequence[tuple[float, float]], radius: float, shape: tuple[int, int]) -> Patch:
    """Return the pixels that a round brush covers on its way along points (x, y), see `BrushedWay`."""
    way = BrushedWay(radius, shape)
    for point in points:
        way.extend(point)
    return way.patch()


def _within(
    places: tuple[FloatArray, FloatArray],
    start: tuple[float, float],
    end: tuple[float, float],
    radius: float,
) -> BoolArray:
    """Return which places are within `radius` of a segment."""
    x, y = places[0] - start[0], places[1] - start[1]
    dx, dy = end[0] - start[0], end[1] - start[1]
    length = dx * dx + dy * dy
    along = np.clip((x * dx + y * dy) / length, 0, 1) if length else np.zeros(1)
    near: BoolArray = (x - along * dx) ** 2 + (y - along * dy) ** 2 <= radius * radius
    return near


def within_touched(
    patch: Patch,
    points: Sequence[tuple[float, float]],
    areas: AnyArray,
    corner: tuple[int, int] = (0, 0),
) -> Patch:
    """Return the pixels of a stroke that lie in areas which its way itself crosses.

    Parameters
    ----------
    patch : Patch
        What the brush covers.
    points : sequence of (x, y)
        The way of its middle.
    areas : int array, (H, W)
        Which area each pixel belongs to: the leaves of a tree.
    corner : tuple of int
        Row and column of the first of these pixels; what of the stroke lies beside them is left out.
    """
    shape, (top, left) = (int(areas.shape[0]), int(areas.shape[1])), corner
    way = brushed([(x - left, y - top) for x, y in points], 0.5, shape)
    touched = np.unique(areas[way.box][way.mask])
    rows, columns = (
        slice(max(along.start, start), max(start, min(along.stop, start + length)))
        for along, start, length in zip(patch.box, corner, shape, strict=True)
    )
    near = areas[rows.start - top : rows.stop - top, columns.start - left : columns.stop - left]
    inside = patch.inside((rows, columns)) if near.size else np.zeros(near.shape, dtype=np.bool_)
    return Patch.of(inside & np.isin(near, touched), rows.start, columns.start, patch.step)


def polygon(points: Sequence[tuple[float, float]], shape: tuple[int, int]) -> Patch:
    """Return the pixels whose centres lie inside a closed polygon, by the even-odd rule.

    Parameters
    ----------
    points : sequence of (x, y)
        Corners in image pixels, pixel (0, 0) spanning 0 to 1; fewer than three enclose nothing.
    shape : tuple of int
        (H, W) of the image.
    """
    return enclosed([np.asarray(points, dtype=np.float64).reshape(-1, 2)], shape)


def enclosed(rings: Sequence[FloatArray], shape: tuple[int, int]) -> Patch:
    """Return the pixels whose centres an odd number of closed rings enclose: a ring within one is a hole.

    Parameters
    ----------
    rings : sequence of (M, 2) arrays
        Corners x, y as of `polygon`.
    shape : tuple of int
        (H, W) of the image.
    """
    corners = np.concatenate([*rings, np.zeros((0, 2))])
    if len(corners) < 3:
        return Patch.of(np.zeros((0, 0), dtype=np.bool_))
    left, top = (max(int(low), 0) for low in np.floor(corners.min(axis=0)))
    right, bottom = (
        min(int(high), side) for high, side in zip(np.ceil(corners.max(axis=0)), shape[::-1], strict=True)
    )
    if left >= right or top >= bottom:
        return Patch.of(np.zeros((0, 0), dtype=np.bool_))
    x0, y0 = corners.T
    x1, y1 = np.concatenate([np.roll(ring, -1, axis=0) for ring in rings]).T
    # Each edge flips, in the rows whose centre it crosses, everything to the right of the crossing.
    first, stop = (
        np.clip(np.ceil(y - 0.5), top, bottom).astype(np.int64)
        for y in (np.minimum(y0, y1), np.maximum(y0, y1))
    )
    n_rows = stop - first
    edge = np.repeat(np.arange(len(corners)), n_rows)
    row = np.arange(len(edge)) - np.repeat(np.cumsum(n_rows) - n_rows, n_rows) + first[edge]
    slope = (x1 - x0)[edge] / (y1 - y0)[edge]
    crossing = x0[edge] + (row + 0.5 - y0[edge]) * slope
    column = np.clip(np.ceil(crossing - 0.5), left, right).astype(np.int64)
    width = right - left + 1
    places = (row - top) * width + column - left
    flips = np.bincount(places, minlength=(bottom - top) * width).reshape(-1, width)
    inside = np.cumsum(flips[:, :-1], axis=1) % 2 == 1
    return Patch.of(inside, top, left)
