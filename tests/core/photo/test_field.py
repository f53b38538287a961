"""Fields: which part of a level answers at a point."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from gmmseg.image import RGB, Image, ImageSource
from gmmseg.photo.field import SIDE, STRIDE, Field, field_at, whole_field

SIDES = st.integers(1, 5 * SIDE)


@given(st.data(), SIDES, SIDES, st.sampled_from([1, 4, 32]))
def test_a_field_lies_in_its_level_on_a_grid_with_room_around_the_point(
    data: st.DataObject, height: int, width: int, step: int
) -> None:
    y, x = data.draw(st.integers(0, height - 1)), data.draw(st.integers(0, width - 1))
    field = field_at((height, width), step, ((x + 0.5) * step, (y + 0.5) * step))
    assert (field.height, field.width, field.step) == (min(SIDE, height), min(SIDE, width), step)
    room = (SIDE - STRIDE) // 2
    for at, along, length in zip((y, x), field.box, (height, width), strict=True):
        assert 0 <= along.start <= at < along.stop <= length
        assert along.start % STRIDE == 0 or along.stop == length
        assert along.start == 0 or at - along.start >= room
        assert along.stop == length or along.stop - 1 - at >= room


def test_points_near_each_other_are_answered_in_one_field() -> None:
    found = {field_at((9000, 9000), 1, (x + 0.5, 3000.5)) for x in range(9000)}
    # One for each stride between the outermost two.
    assert len(found) == -(-(9000 - SIDE) // STRIDE) + 1


def test_points_of_the_picture_are_those_of_the_level_from_the_corner_of_the_field() -> None:
    field = Field(top=10, left=20, height=5, width=6, step=4)
    assert field.own([(82.0, 42.0)]) == [(0.5, 0.5)]
    assert field.holds([(80, 40), (103.9, 59.9)])
    assert not field.holds([(80, 40), (104, 59)])
    image = Image(np.zeros((7, 9, 3), np.uint8), RGB, ImageSource("x"))
    assert whole_field(image) == Field(0, 0, 7, 9, 1)
