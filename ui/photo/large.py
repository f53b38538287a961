"""Pictures beyond memory in the background: opened with their levels, fitted to all pixels, labelled."""

from __future__ import annotations

import os
from collections.abc import Callable, Generator
from pathlib import Path

from gmmseg.batch.documents import as_in_document
from gmmseg.control import Progress, ShouldStop
from gmmseg.errors import WriteError
from gmmseg.image import Image
from gmmseg.io.export_items import ExportItem
from gmmseg.io.projects.kinds.image_reference import pixel_hash
from gmmseg.io.tiled.exporting import export_tiled_events
from gmmseg.io.tiled.levels import open_levels_events
from gmmseg.photo.document import Document
from gmmseg.photo.jobs import JobEvent, SegmentOutcome, SegmentRequest, TableMaker
from gmmseg.photo.view_state import ViewState
from gmmseg.tiled.engines import Engine, Local
from gmmseg.tiled.overview import segment_overview_events
from gmmseg.tiled.pyramid import pyramid_of

_MOST_PROCESSES = 8


def engine() -> Engine:
    """Return what passes over the tiles run on: the processors of this machine."""
    return Local(min(_MOST_PROCESSES, os.cpu_count() or 1))


def opening_of_levels(path: Path, frame: int, should_stop: ShouldStop) -> Generator[Progress, None, Image]:
    """Open a picture beyond memory; return its overview."""
    yield Progress(f"Opening {path.name}")
    with engine() as workers:
        pyramid = yield from open_levels_events(path, frame=frame, engine=workers, should_stop=should_stop)
    overview = pyramid.overview()
    # A project knows it again by that; here, since a journal has no time for it.
    pixel_hash(overview)
    return overview


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


def exporting_of_levels(
    shown: ViewState, items: list[ExportItem], report: Callable[[Progress], None], should_stop: ShouldStop
) -> Generator[Progress, None, tuple[list[Path], bool, Document]]:
    """Write files of the document's last fit; return their paths, whether it is out of date, the document."""
    document = shown.document
    if document.image is None or document.fit is None:
        raise WriteError("There are no classes to export yet.", "Wait until the picture is fitted.")
    picture, items = pyramid_of(document.image).picture, as_in_document(items, document, "classes")
    with engine() as workers:
        paths = yield from export_tiled_events(
            picture, document.fit, document.classes, items, workers, "window", should_stop, report
        )
    return paths, document.is_stale, document
