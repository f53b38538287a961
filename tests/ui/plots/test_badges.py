"""Places for the badges of a plot: numbers checked against rectangles."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from ui.plots.badges import MOST_PLACED, Part, badge_places

SIZE = (400.0, 300.0)
HALF = (9.0, 8.0)


def overlap(one: tuple[float, float], other: tuple[float, float], half: tuple[float, float]) -> bool:
    """Whether boxes of half a badge around one, and of `half` around the other, share an area."""
    return abs(one[0] - other[0]) < HALF[0] + half[0] and abs(one[1] - other[1]) < HALF[1] + half[1]


def test_a_badge_stays_in_the_middle_of_a_large_part() -> None:
    parts = [Part((100.0, 100.0), (60.0, 40.0), HALF), Part((300.0, 200.0), (30.0, 30.0), HALF)]
    assert badge_places(parts, SIZE) == [(100.0, 100.0), (300.0, 200.0)]


def test_a_badge_does_not_cover_a_part_that_is_smaller_than_itself() -> None:
    parts = [Part((100.0, 100.0), (5.0, 4.0), HALF)]
    (place,) = badge_places(parts, SIZE)
    assert not overlap(place, (100.0, 100.0), (5.0, 4.0))
    assert abs(place[0] - 100) + abs(place[1] - 100) < 60


@given(
    st.lists(
        st.tuples(st.floats(60, 340), st.floats(60, 240), st.floats(0, 12), st.floats(0, 12)),
        min_size=1,
        max_size=8,
    )
)
def test_a_few_badges_never_cover_each_other_and_stay_in_the_view(
    given_parts: list[tuple[float, float, float, float]],
) -> None:
    parts = [Part((x, y), (w, h), HALF) for x, y, w, h in given_parts]
    places = badge_places(parts, SIZE)
    for at, (x, y) in enumerate(places):
        if (x, y) == parts[at].centre:
            continue  # nowhere near was room
        assert HALF[0] <= x <= SIZE[0] - HALF[0]
        assert HALF[1] <= y <= SIZE[1] - HALF[1]
        for part in parts:
            assert not overlap((x, y), part.centre, part.half_extent)
        moved = [place for other, place in enumerate(places) if other < at and place != parts[other].centre]
        assert not any(overlap((x, y), place, HALF) for place in moved)


def test_equal_parts_get_badges_side_by_side() -> None:
    parts = [Part((200.0, 150.0), (3.0, 3.0), HALF)] * 6
    places = badge_places(parts, SIZE)
    assert len(set(places)) == 6
    assert not any(overlap(one, other, HALF) for at, one in enumerate(places) for other in places[:at])


def test_the_badge_of_a_part_out_of_view_stays_out_of_view() -> None:
    parts = [Part((-500.0, 150.0), (5.0, 5.0), HALF)]
    assert badge_places(parts, SIZE)[0][0] < -400


def test_too_many_badges_stay_where_their_parts_are() -> None:
    parts = [Part((200.0, 150.0), (3.0, 3.0), HALF)] * (MOST_PLACED + 1)
    assert set(badge_places(parts, SIZE)) == {(200.0, 150.0)}
