"""Parts of scenes that look the same are known as such, whatever objects they are."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from gmmseg.laboratory.charts import steady
from gmmseg.laboratory.scene import Chart, Handle, Line, Matrix, are_alike

CHART = Chart(
    "x",
    "y",
    (0.0, 0.0, 1.0, 1.0),
    lines=(Line(np.array([0.0, np.nan, 1.0]), np.zeros(3)),),
    handles=(Handle("mean:0", 0.5, 0.5),),
    matrix=Matrix(np.eye(2), ("a", "b"), ("a", "b")),
)


def copied(chart: Chart) -> Chart:
    """Return an equal chart of which every array is another object."""
    assert chart.matrix is not None
    lines = tuple(replace(line, x=line.x.copy(), y=line.y.copy()) for line in chart.lines)
    return replace(chart, lines=lines, matrix=replace(chart.matrix, values=chart.matrix.values.copy()))


def test_equal_arrays_are_alike_with_gaps_at_the_same_places() -> None:
    assert are_alike(CHART, copied(CHART))


@pytest.mark.parametrize(
    "change",
    [
        {"title": "other"},
        {"matrix": None},
        {"matrix": Matrix(np.zeros((2, 2)), ("a", "b"), ("a", "b"))},
        {"handles": (Handle("mean:0", 0.5, 0.6),)},
        {"handles": ()},
        {"lines": (Line(np.array([0.0, 0.5, 1.0]), np.zeros(3)),)},
        {"lines": (Line(np.array([0.0, np.nan, 1.0]), np.zeros(3), "error"),)},
    ],
)
def test_any_change_makes_them_different(change: dict[str, Any]) -> None:
    assert not are_alike(CHART, replace(copied(CHART), **change))


@pytest.mark.parametrize("scale", [1e-6, 1.0, 3.7e5])
def test_a_steady_range_holds_the_other_and_stays_while_that_changes_a_little(scale: float) -> None:
    low, high = -1.234 * scale, 3.456 * scale
    found = steady(low, high)
    assert found[0] <= low < high <= found[1]
    assert found[1] - found[0] <= 1.4 * (high - low)
    assert steady(low + 0.01 * scale, high - 0.01 * scale) == found
