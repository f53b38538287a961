"""Skeletons of digits: the strokes of each, in the variants that people write."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

import numpy as np

from gmmseg.arrays import FloatArray

Point = tuple[float, float]
Curve = tuple[Point, ...]
_FILE = "skeletons.json"
"""Beside this module; “way” there is for its readers."""


@dataclass(frozen=True, slots=True)
class Variant:
    """One way to write a digit.

    Parameters
    ----------
    digit : int
    share : float
        How often it is written this way, relative to the digit's other variants.
    curves : tuple of curves
        Smooth curves through points (x, y), y downwards, about 1 high; a corner is where two curves meet in
        the same point. A curve that ends where it starts is closed smoothly.
    """

    digit: int
    share: float
    curves: tuple[Curve, ...]

    def points(self) -> FloatArray:
        """Return the distinct points, (P, 2)."""
        return np.array(self._distinct(), np.float64)

    def basis(self, n_samples: int) -> FloatArray:
        """Return the weights, (n_samples, P), that turn the points into samples along all curves.

        The curves are Catmull–Rom splines; samples are shared among the spans by length.
        """
        index = {point: i for i, point in enumerate(self._distinct())}
        spans = [
            (_neighbours(curve, i, index), float(np.hypot(*np.subtract(curve[i], curve[i + 1]))))
            for curve in self.curves
            for i in range(len(curve) - 1)
        ]
        ends = np.cumsum([length for _, length in spans])
        at = (np.arange(n_samples) + 0.5) / n_samples * ends[-1]
        rows = np.zeros((n_samples, len(index)))
        for row, position in enumerate(at):
            which = min(int(np.searchsorted(ends, position)), len(spans) - 1)
            neighbours, length = spans[which]
            t = 1.0 - (ends[which] - position) / length
            for weights, share in zip(neighbours, _catmull_rom(t), strict=True):
                for point, weight in weights:
                    rows[row, point] += share * weight
        return rows

    def _distinct(self) -> list[Point]:
        return list(dict.fromkeys(point for curve in self.curves for point in curve))


def _neighbours(curve: Curve, span: int, index: dict[Point, int]) -> tuple[list[tuple[int, float]], ...]:
    """Return the four points that a span depends on, each as a weighted sum of points."""
    ids = [index[point] for point in curve]
    is_closed = curve[0] == curve[-1]

    def point(i: int) -> list[tuple[int, float]]:
        if 0 <= i < len(ids):
            return [(ids[i], 1.0)]
        if is_closed:
            return [(ids[1 if i >= len(ids) else -2], 1.0)]
        # Beyond an open end: the point before it, mirrored at it.
        end, inner = (ids[0], ids[1]) if i < 0 else (ids[-1], ids[-2])
        return [(end, 2.0), (inner, -1.0)]

    return tuple(point(i) for i in range(span - 1, span + 3))


def _catmull_rom(t: float) -> tuple[float, float, float, float]:
    """Return the weights of four neighbouring points at t in 0..1 between the middle two."""
    return (
        0.5 * (-t + 2 * t**2 - t**3),
        0.5 * (2 - 5 * t**2 + 3 * t**3),
        0.5 * (t + 4 * t**2 - 3 * t**3),
        0.5 * (-(t**2) + t**3),
    )


@cache
def variants() -> tuple[Variant, ...]:
    """Return every way to write every digit, by digit."""
    entries = json.loads(files("gmmseg.digits").joinpath(_FILE).read_text("utf-8"))
    return tuple(
        Variant(
            entry["digit"],
            entry["share"],
            tuple(tuple((x, y) for x, y in curve) for curve in entry["curves"]),
        )
        for entry in entries
    )
