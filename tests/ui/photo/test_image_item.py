"""Paths made of arrays are those drawn point by point."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from PySide6.QtGui import QPainterPath

from gmmseg.arrays import IntArray
from ui.photo.widgets.image_item import path_of

POINTS = st.tuples(st.integers(-5, 20_000), st.integers(-5, 20_000))
# Of points that differ: Qt leaves out a line to where it begins.
RINGS = st.lists(st.lists(POINTS, min_size=3, max_size=6, unique=True).map(np.array), max_size=4)


@given(RINGS)
def test_every_ring_is_closed_and_holds_its_points_in_their_order(drawn: list[IntArray]) -> None:
    expected = QPainterPath()
    for ring in drawn:
        expected.moveTo(*map(float, ring[0]))
        for x, y in [*ring[1:], ring[0]]:
            expected.lineTo(float(x), float(y))
    found = path_of(drawn)
    elements = [(each.type, each.x, each.y) for each in map(found.elementAt, range(found.elementCount()))]
    assert elements == [
        (each.type, each.x, each.y) for each in map(expected.elementAt, range(expected.elementCount()))
    ]
    assert found.fillRule() == expected.fillRule()
