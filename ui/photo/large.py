"""Pictures beyond memory in the background: opened with their levels, fitted to all pixels, labelled."""

from __future__ import annotations

import os
from collections.abc import Callable, Generator
from pathlib import Path

from gmmseg.control import Progress, ShouldStop
from gmmseg.image import Image
from gmmseg.io.tiled.levels import open_levels_events
from gmmseg.photo.jobs import JobEvent, SegmentOutcome, SegmentRequest, TableMaker
from gmmseg.tiled.engines import Engine, Local
from gmmseg.tiled.overview import segment_overview_events

_MOST_PROCESSES = 8


def engine() -> Engine:
    """Return what passes over the tiles run on: the processors of this machine."""
    return Local(min(_MOST_PROCESSES, os.cpu_count() or 1))


def opening_of_levels(path: Path, frame: int, should_stop: ShouldStop) -> Generator[Progress, None, Image]:
    """Open a picture beyond memory; return its overview."""
    yield Progress(f"Opening {path.name}")
    with engine() as workers:
        pyramid = yield from open_levels_events(path, frame=frame, engine=workers, should_stop=should_stop)
    return pyramid.overview()


def fitting_of_levels(
    request: SegmentRequest,
    make_table: TableMaker,
    report: Callable[[Progress], None],
    should_stop: ShouldStop,
) -> Generator[JobEvent, None, SegmentOutcome]:
    """Fit a mixture to all pixels of the picture that an image is the overview of."""
    with engine() as workers:
        return (
            yield from segment_overview_events(
                request, workers, should_stop=should_stop, make_table=make_table, report=report
            )
        )
