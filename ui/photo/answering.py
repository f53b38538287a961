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
from gmmseg.photo.field import Field, whole_field
from gmmseg.photo.pending import SelectionAnswer
from gmmseg.regions.hierarchy import Hierarchy
from gmmseg.selection.selecting import hovered
from gmmseg.selection.site import coarse_site, hierarchy_and_site_events, is_small, site_events
from gmmseg.tiled.pyramid import pyramid_of


def answers_events(
    image: Image, field: Field, should_stop: ShouldStop
) -> Generator[Answers | Hierarchy | Progress, None, Answers]:
    """Make a field ready for selecting: yield what answers coarsely at once, return what answers well.

    A small one is answered well at once. Of an image in memory the region tree comes of the same work and is
    yielded on the way.
    """
    is_whole = field == whole_field(image)
    if not is_whole:
        image = pyramid_of(image).read_field(field)
    if not is_small(image):
        yield Answers(coarse_site(image, should_stop=should_stop), field, is_coarse=True)
    if is_whole:
        _, site = yield from hierarchy_and_site_events(image, should_stop=should_stop)
    else:
        site = yield from site_events(image, should_stop=should_stop)
    return Answers(site, field)


def outlined_answer(answers: Answers, pending: PendingSelection) -> tuple[SelectionAnswer, list[IntArray]]:
    """Return what is selected, and its outline as rings of corner points (M, 2) in pixels of the picture."""
    answer = answers.answer(pending)
    patch = answer.patch
    corner = np.array([patch.left, patch.top])
    return answer, [(ring + corner) * patch.step for ring in rings_of(patch.mask)]


def outlined_hover(answers: Answers, point: tuple[int, int]) -> list[IntArray]:
    """Return the outline of what a first click at a pixel of the picture would select, as such rings."""
    site, field = answers.site, answers.field
    x, y = (int(along) for along in field.own([point])[0])
    mask = hovered(site, x, y)
    # The outline of a small working map is enough to see what is meant.
    scale = np.array([site.shape[1] / mask.shape[1], site.shape[0] / mask.shape[0]])
    corner = np.array([field.left, field.top])
    return [(ring * scale + corner) * field.step for ring in rings_of(mask)]


def rings_of(mask: BoolArray) -> list[IntArray]:
    """Return the outlines of a mask as rings of corner points (M, 2)."""
    if not mask.size:
        return []
    return [ring for each in outlines(mask) for ring in (each.outer, *each.holes)]
