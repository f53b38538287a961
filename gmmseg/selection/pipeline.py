"""From an image to the ground that objects are selected on."""

from __future__ import annotations

from collections.abc import Generator

from gmmseg.control import Progress, ShouldStop, never_stop
from gmmseg.image import Image
from gmmseg.regions.odds import QuadraticOdds
from gmmseg.regions.picture import WORKING_SIDE
from gmmseg.regions.pipeline import worked_events
from gmmseg.selection.ground import Ground, ground_of


def ground_events(
    image: Image,
    seed: int = 0,
    should_stop: ShouldStop = never_stop,
    working_side: int = WORKING_SIDE,
    odds: QuadraticOdds | None = None,
) -> Generator[Progress, None, Ground]:
    """Make the ground of an image, yielding progress; parameters and errors as of `worked_events`."""
    worked = yield from worked_events(image, seed, should_stop, working_side, odds)
    return ground_of(worked.leaves, worked.evidence, worked.tree, should_stop)
