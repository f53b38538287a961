"""Answers to clicks, computed in the background and imported there: the window starts without them."""

from __future__ import annotations

from collections.abc import Generator

import numpy as np

from gmmseg.arrays import BoolArray, IntArray
from gmmseg.control import Progress, ShouldStop
from gmmseg.drawing.contours import outlines
from gmmseg.image import Image
from gmmseg.photo.answers import Answers
from gmmseg.photo.document import PendingSelection
from gmmseg.photo.pending import SelectionAnswer
from gmmseg.regions.hierarchy import Hierarchy
from gmmseg.selection.selecting import hovered
from gmmseg.selection.site import Site, coarse_site, hierarchy_and_site_events, is_small


def answers_events(
    image: Image, should_stop: ShouldStop
) -> Generator[Answers | Hierarchy | Progress, None, Answers]:
    """Make an image ready for selecting: yield what answers coarsely at once, return what answers well.

    A small image is answered well at once.

    The region tree comes of the same work and is yielded on the way.
    """
    if not is_small(image):
        yield Answers(coarse_site(image, should_stop=should_stop), is_coarse=True)
    _, site = yield from hierarchy_and_site_events(image, should_stop=should_stop)
    return Answers(site)


def outlined_answer(answers: Answers, pending: PendingSelection) -> tuple[SelectionAnswer, list[IntArray]]:
    """Return what is selected, and its outline as rings of corner points (M, 2) in image pixels."""
    answer = answers.answer(pending)
    patch = answer.patch
    return answer, _rings(patch.mask, patch.left, patch.top)


def outlined_hover(site: Site, point: tuple[int, int]) -> list[IntArray]:
    """Return the outline of what a first click would select, as rings of corner points in image pixels."""
    mask = hovered(site, *point)
    # The outline of a small working map is enough to see what is meant.
    down, across = site.shape[0] / mask.shape[0], site.shape[1] / mask.shape[1]
    return [ring * (across, down) for ring in _rings(mask, 0, 0)]


def _rings(mask: BoolArray, left: int, top: int) -> list[IntArray]:
    if not mask.size:
        return []
    corner = np.array([left, top])
    return [ring + corner for each in outlines(mask) for ring in (each.outer, *each.holes)]
