"""How digits are written: the strokes of each, in the variants that people use, as data."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import cos, radians, sin

import numpy as np

from gmmseg.arrays import FloatArray

Point = tuple[float, float]
Curve = tuple[Point, ...]


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


def _arc(x: float, y: float, width: float, height: float, start: float, stop: float, n: int = 7) -> Curve:
    """Return points on an ellipse of half axes width and height, angles in degrees, 0 right, 90 down."""
    angles = [radians(start + (stop - start) * i / (n - 1)) for i in range(n)]
    points = [(round(x + width * cos(a), 6), round(y + height * sin(a), 6)) for a in angles]
    if abs(stop - start) == 360:
        points[-1] = points[0]
    return tuple(points)


def _of(digit: int, *ways: tuple[float, Sequence[Curve]]) -> tuple[Variant, ...]:
    return tuple(Variant(digit, share, tuple(curves)) for share, curves in ways)


VARIANTS: tuple[Variant, ...] = (
    *_of(
        0,
        (3, [_arc(0.35, 0.5, 0.35, 0.5, -90, -450)]),
        (2, [_arc(0.3, 0.5, 0.27, 0.5, -80, -440)]),
        # The end of the stroke crosses its beginning.
        (1, [(*_arc(0.35, 0.5, 0.35, 0.48, -70, -400, 9), (0.5, 0.02), (0.3, 0.06))]),
        # Not quite closed.
        (1, [_arc(0.35, 0.5, 0.34, 0.5, -100, -425)]),
    ),
    *_of(
        1,
        (5, [((0.5, 0.0), (0.5, 0.5), (0.5, 1.0))]),
        (2, [((0.28, 0.24), (0.42, 0.13), (0.52, 0.0)), ((0.52, 0.0), (0.52, 0.5), (0.52, 1.0))]),
        (
            1,
            [
                ((0.25, 0.22), (0.4, 0.12), (0.5, 0.0)),
                ((0.5, 0.0), (0.5, 0.5), (0.5, 1.0)),
                ((0.2, 1.0), (0.5, 1.0), (0.8, 1.0)),
            ],
        ),
    ),
    *_of(
        2,
        (
            3,
            [
                ((0.05, 0.25), (0.15, 0.07), (0.36, 0), (0.6, 0.1), (0.62, 0.35), (0.4, 0.65), (0.02, 0.98)),
                ((0.02, 0.98), (0.35, 0.96), (0.75, 0.97)),
            ],
        ),
        # A loop where the diagonal turns into the base.
        (
            2,
            [
                (
                    (0.06, 0.22), (0.2, 0.03), (0.45, 0.02), (0.6, 0.2), (0.52, 0.47), (0.3, 0.75),
                    (0.08, 0.96), (-0.02, 0.88), (0.08, 0.77), (0.28, 0.86), (0.5, 0.97), (0.78, 0.9),
                )
            ],
        ),
        (
            1,
            [
                ((0.08, 0.2), (0.3, 0.0), (0.58, 0.12), (0.55, 0.42), (0.3, 0.72), (0.05, 0.93)),
                ((0.05, 0.93), (0.3, 0.88), (0.55, 1.0), (0.8, 0.92)),
            ],
        ),
    ),
    *_of(
        3,
        (
            3,
            [
                ((0.05, 0.13), (0.28, 0.0), (0.55, 0.1), (0.54, 0.33), (0.25, 0.47)),
                ((0.25, 0.47), (0.55, 0.55), (0.63, 0.77), (0.42, 0.98), (0.15, 0.98), (0.0, 0.86)),
            ],
        ),
        # A small loop in the middle.
        (
            1,
            [
                (
                    (0.05, 0.12), (0.3, 0.0), (0.56, 0.12), (0.5, 0.36), (0.27, 0.48), (0.24, 0.42),
                    (0.4, 0.45), (0.62, 0.62), (0.58, 0.88), (0.3, 1.0), (0.0, 0.9),
                )
            ],
        ),
        (
            1,
            [
                ((0.05, 0.03), (0.3, 0.02), (0.58, 0.02)),
                ((0.58, 0.02), (0.42, 0.22), (0.27, 0.4)),
                ((0.27, 0.4), (0.53, 0.46), (0.62, 0.7), (0.45, 0.96), (0.2, 1.0), (0.0, 0.88)),
            ],
        ),
    ),
    *_of(
        4,
        # Open.
        (
            4,
            [
                ((0.12, 0.02), (0.08, 0.28), (0.04, 0.52)),
                ((0.04, 0.52), (0.35, 0.52), (0.72, 0.48)),
                ((0.64, 0.03), (0.6, 0.5), (0.55, 1.0)),
            ],
        ),
        (
            2,
            [
                ((0.15, 0.0), (0.03, 0.3), (0.1, 0.52), (0.38, 0.52), (0.62, 0.38)),
                ((0.68, 0.0), (0.62, 0.38), (0.56, 0.7), (0.54, 1.0)),
            ],
        ),
        # Closed.
        (
            2,
            [
                ((0.55, 0.0), (0.28, 0.32), (0.0, 0.64)),
                ((0.0, 0.64), (0.4, 0.63), (0.82, 0.63)),
                ((0.55, 0.0), (0.55, 0.5), (0.55, 1.0)),
            ],
        ),
    ),
    *_of(
        5,
        (
            3,
            [
                ((0.14, 0.03), (0.11, 0.22), (0.08, 0.42)),
                ((0.08, 0.42), (0.33, 0.35), (0.58, 0.48), (0.6, 0.76), (0.38, 0.97), (0.02, 0.94)),
                ((0.14, 0.03), (0.4, 0.03), (0.66, 0.0)),
            ],
        ),
        (
            2,
            [
                (
                    (0.7, 0.02), (0.4, 0.03), (0.18, 0.14), (0.16, 0.35), (0.4, 0.48), (0.57, 0.66),
                    (0.48, 0.9), (0.22, 1.0), (0.0, 0.92),
                )
            ],
        ),
    ),
    *_of(
        6,
        (
            3,
            [
                (
                    (0.5, 0.0), (0.2, 0.25), (0.03, 0.62), (0.12, 0.92), (0.36, 1.0), (0.57, 0.84),
                    (0.5, 0.62), (0.28, 0.57), (0.08, 0.76),
                )
            ],
        ),
        # Nearly straight, with a small loop.
        (
            1,
            [
                (
                    (0.32, 0.0), (0.15, 0.32), (0.05, 0.7), (0.14, 0.96), (0.38, 0.98), (0.5, 0.8),
                    (0.38, 0.66), (0.2, 0.72), (0.09, 0.88),
                )
            ],
        ),
        (
            1,
            [
                (
                    (0.6, 0.08), (0.36, 0.03), (0.12, 0.28), (0.02, 0.62), (0.14, 0.94), (0.42, 0.99),
                    (0.62, 0.78), (0.5, 0.56), (0.24, 0.56), (0.06, 0.72),
                )
            ],
        ),
    ),
    *_of(
        7,
        (
            4,
            [
                ((0.0, 0.08), (0.32, 0.04), (0.66, 0.05)),
                ((0.66, 0.05), (0.45, 0.5), (0.26, 1.0)),
            ],
        ),
        # With a bar.
        (
            2,
            [
                ((0.0, 0.06), (0.32, 0.04), (0.68, 0.04)),
                ((0.68, 0.04), (0.45, 0.5), (0.28, 1.0)),
                ((0.2, 0.5), (0.42, 0.49), (0.68, 0.47)),
            ],
        ),
        # With a serif, its corner rounded.
        (
            2,
            [
                ((0.0, 0.22), (0.02, 0.12), (0.04, 0.04)),
                ((0.04, 0.04), (0.3, 0.07), (0.56, 0.03), (0.64, 0.12), (0.5, 0.42), (0.38, 0.7), (0.32, 1)),
            ],
        ),
    ),
    *_of(
        8,
        # In one stroke.
        (
            3,
            [
                (
                    (0.52, 0.1), (0.3, 0.0), (0.1, 0.14), (0.2, 0.38), (0.45, 0.58), (0.55, 0.82),
                    (0.32, 1.0), (0.08, 0.86), (0.15, 0.6), (0.42, 0.38), (0.58, 0.2), (0.52, 0.1),
                )
            ],
        ),
        # Two loops on top of each other.
        (
            1,
            [
                _arc(0.3, 0.24, 0.22, 0.24, 90, 450, 9),
                _arc(0.3, 0.74, 0.28, 0.26, -90, 270, 9),
            ],
        ),
        # Begun at the upper right and not closed there.
        (
            1,
            [
                (
                    (0.62, 0.12), (0.38, 0.0), (0.14, 0.14), (0.22, 0.38), (0.46, 0.6), (0.5, 0.86),
                    (0.27, 1.0), (0.06, 0.84), (0.2, 0.58), (0.46, 0.36), (0.66, 0.16),
                )
            ],
        ),
    ),
    *_of(
        9,
        # With a straight stem.
        (
            3,
            [
                ((0.56, 0.14), (0.36, 0), (0.1, 0.12), (0.04, 0.36), (0.24, 0.48), (0.48, 0.34),
                 (0.56, 0.14)),
                ((0.56, 0.14), (0.53, 0.55), (0.48, 1.0)),
            ],
        ),
        # With a tail that bends back.
        (
            2,
            [
                ((0.6, 0.16), (0.38, 0.0), (0.12, 0.12), (0.06, 0.36), (0.3, 0.5), (0.54, 0.36), (0.6, 0.16)),
                ((0.6, 0.16), (0.6, 0.6), (0.46, 0.95), (0.2, 0.99), (0.06, 0.86)),
            ],
        ),
        # In one stroke, the loop not closed.
        (
            1,
            [
                (
                    (0.5, 0.06), (0.24, 0.04), (0.08, 0.24), (0.2, 0.45), (0.42, 0.36), (0.56, 0.08),
                    (0.52, 0.4), (0.44, 0.75), (0.4, 1.0),
                )
            ],
        ),
    ),
)  # fmt: skip
"""Every way to write every digit."""
