"""The making of selectors in the background: a coarse one first, where that is sooner."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

from gmmseg.control import Progress, never_stop, relayed, result_of
from gmmseg.io.images import image_from_array
from gmmseg.photo.answers import Answers
from gmmseg.photo.field import whole_field
from gmmseg.regions.hierarchy import Hierarchy
from gmmseg.selection.site import COARSE_SIDE
from ui.photo.answering import answers_events


@pytest.mark.parametrize(("side", "is_coarse"), [(COARSE_SIDE, [False]), (COARSE_SIDE + 1, [True, False])])
def test_only_an_image_that_is_made_smaller_for_it_is_answered_coarsely_first(
    side: int, is_coarse: list[bool]
) -> None:
    pixels = np.zeros((24, side, 3), dtype=np.uint8)
    pixels[:, side // 2 :] = 200
    given: list[Answers] = []

    def kept(event: Answers | Hierarchy | Progress) -> Iterator[object]:
        if isinstance(event, Answers):
            given.append(event)
        return iter(())

    image = image_from_array(pixels, "two")
    events = answers_events(image, whole_field(image), never_stop)
    last = result_of(relayed(events, kept))
    assert [answers.is_coarse for answers in [*given, last]] == is_coarse
