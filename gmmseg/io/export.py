"""Export of a segmented image: the window and the command line call the same, for the same bytes."""

from __future__ import annotations

import time
from collections.abc import Generator, Sequence
from pathlib import Path

from gmmseg.control import Progress, ShouldStop, never_stop
from gmmseg.io.export_items import ExportItem, check_items, with_legends
from gmmseg.io.export_sources import ExportSource
from gmmseg.io.outputs import encode_events, write


def export_events(
    source: ExportSource, items: Sequence[ExportItem], should_stop: ShouldStop = never_stop
) -> Generator[Progress, None, list[Path]]:
    """Write all `items`, and legends where files cannot hold them, and return the paths.

    Parameters
    ----------
    source : ExportSource
    items : sequence of ExportItem
    should_stop : callable
        Asked between items and between blocks; CANCEL raises `Cancelled`, once writing began not any more.

    Raises
    ------
    WriteError
        Files that came before it in `items` are written, all others are as they were.
    Cancelled

    Notes
    -----
    All are encoded before the first is written. A report is encoded again when all else is written, so that
    its ``write`` and ``total`` seconds are true.
    """
    every = with_legends(items)
    check_items(every)
    began = time.perf_counter()
    contents = yield from encode_events(every, lambda item: source.encode(item, should_stop), should_stop)
    for item, content in zip(every, contents, strict=True):
        if item.kind != "report":
            write(item.path, content)
    timed = source.timed({"write": time.perf_counter() - began, **source.seconds})
    for item in every:
        if item.kind == "report":
            write(item.path, timed.report())
    return [item.path for item in every]
