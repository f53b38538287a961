"""A positive correction that would take far more than it means, against orders written out by hand."""

from __future__ import annotations

import numpy as np
import pytest

from gmmseg.selection.advance import without_leap

AREAS = np.array([95.0, 20.0, 28.0, 5.0])


@pytest.mark.parametrize(
    ("scores", "expected", "first"),
    [
        ([0.0, -0.4, -0.3, -0.1], 8.0, [3, 0, 2, 1]),
        ([0.0, -0.4, -0.3, -2.0], 8.0, [1, 0, 2, 3]),
        ([0.0, -0.4, -0.3, -2.0], 10.0, [2, 0, 1, 3]),
        # Not far larger, or far better: it stays.
        ([0.0, -0.4, -0.3, -0.1], 32.0, [0, 3, 2, 1]),
        ([0.0, -0.6, -0.5, -0.5], 10.0, [0, 2, 3, 1]),
    ],
)
def test_what_more_than_triples_the_expected_area_needs_a_far_better_score(
    scores: list[float], expected: float, first: list[int]
) -> None:
    values = np.array(scores)
    order = np.argsort(-values, kind="stable")
    assert without_leap(order, values, AREAS, expected).tolist() == first
