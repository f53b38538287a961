"""Unsure places against posteriors that were made to be unsure somewhere."""

from __future__ import annotations

import numpy as np
import pytest

from gmmseg.arrays import Float32Array
from gmmseg.control import StopRequest
from gmmseg.errors import Cancelled
from gmmseg.photo.unsure import UnsurePlace, unsure_places

SHAPE = (90, 120)
ALL = np.ones(SHAPE, dtype=bool)


def planes(*unsure: tuple[int, int, int, int, float], n_classes: int = 2) -> list[Float32Array]:
    """Return posteriors of 1 for the first class, and of `share` in boxes top, left, height, width, share."""
    found = [np.zeros(SHAPE, dtype=np.float32) for _ in range(n_classes)]
    found[0][:] = 1
    for top, left, height, width, share in unsure:
        box = slice(top, top + height), slice(left, left + width)
        found[0][box] = share
        for plane in found[1:]:
            plane[box] = (1 - share) / (n_classes - 1)
    return found


def centre(place: UnsurePlace) -> tuple[float, float]:
    rows, columns = place.patch.box
    return (rows.start + rows.stop) / 2, (columns.start + columns.stop) / 2


def test_the_largest_sum_of_entropy_comes_first() -> None:
    found = unsure_places(planes((10, 10, 9, 9, 0.5), (50, 60, 12, 14, 0.5), (60, 5, 10, 10, 0.97)), 2, ALL)
    assert [centre(place) for place in found] == [(56, 67), (14.5, 14.5)]
    # Fair odds of two classes are an entropy of ln 2; the sums smooth over the border only.
    assert found[0].entropy == pytest.approx(1, abs=0.15)
    assert found[0].patch.area == pytest.approx(168, rel=0.25)


def test_of_a_large_place_the_most_unsure_part_is_shown() -> None:
    found = unsure_places(planes((0, 0, 90, 70, 0.8), (40, 20, 14, 14, 0.5)), 2, ALL)
    assert len(found) == 1
    assert np.hypot(*np.subtract(centre(found[0]), (47, 27))) < 2
    assert found[0].patch.area <= 0.021 * ALL.size


def test_specks_and_lines_do_not_matter() -> None:
    grid = planes(
        *((y, x, 1, 1, 0.5) for y in range(5, 85, 8) for x in range(5, 115, 8)), (0, 58, 90, 1, 0.5)
    )
    assert unsure_places(grid, 2, ALL) == ()


def test_what_is_marked_or_holds_no_data_needs_no_answer() -> None:
    unsure = planes((10, 10, 12, 12, 0.5), (50, 60, 12, 12, 0.5))
    marked = np.zeros(SHAPE, dtype=bool)
    marked[8:24, 8:24] = True
    assert [centre(place) for place in unsure_places(unsure, 2, ALL, marked)] == [(56, 66)]
    assert [centre(place) for place in unsure_places(unsure, 2, ~marked)] == [(56, 66)]


def test_entropy_is_measured_by_the_number_of_classes() -> None:
    # Of five classes fair odds of two are ln 2 / ln 5 = 0.43; odds of 9 to 1 are 0.33 / 1.61 = 0.2.
    pair = planes((10, 10, 12, 12, 0.5), n_classes=2)
    rest = [np.zeros(SHAPE, dtype=np.float32)] * 3
    (place,) = unsure_places([*pair, *rest], 5, ALL)
    assert place.entropy == pytest.approx(np.log(2) / np.log(5), rel=0.15)
    nine = planes((10, 10, 12, 12, 0.9), n_classes=2)
    assert unsure_places([*nine, *rest], 5, ALL) == ()
    assert unsure_places(planes(n_classes=1), 1, ALL) == ()


def test_it_can_be_cancelled() -> None:
    with pytest.raises(Cancelled):
        unsure_places(planes(), 2, ALL, should_stop=lambda: StopRequest.CANCEL)
