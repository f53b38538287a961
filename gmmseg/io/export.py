"""Export: what the window and the command line both call, so that the same input gives the same bytes."""

from __future__ import annotations

import time
from collections.abc import Generator
from pathlib import Path

from gmmseg.control import Progress, ShouldStop, never_stop, raise_if_cancelled
from gmmseg.io.atomic import write_atomically, write_folder_atomically
from gmmseg.io.export_items import ExportItem, check_items
from gmmseg.io.interchange.ome_zarr import is_ome_zarr
from gmmseg.io.subjects import Encoded, ExportSubject, encode


def export_events(
    subject: ExportSubject, items: list[ExportItem], should_stop: ShouldStop = never_stop
) -> Generator[Progress, None, list[Path]]:
    """Write all `items` and return their paths; nothing is written before all are encoded.

    Parameters
    ----------
    subject : ExportSubject
    items : list of ExportItem
    should_stop : callable
        Asked between items and between blocks; CANCEL raises `Cancelled`, once writing began not any more.

    Raises
    ------
    WriteError
        Files that came before it in `items` are written, all others are as they were.
    Cancelled

    Notes
    -----
    A report is encoded again when all else is written, so that its ``write`` and ``total`` seconds are true.
    """
    check_items(items)
    began = time.perf_counter()
    encoded: list[Encoded] = []
    for at, item in enumerate(items):
        raise_if_cancelled(should_stop)
        yield Progress(f"Encoding {item.path.name}", at / (len(items) + 1))
        encoded.append(encode(subject, item, should_stop))
    raise_if_cancelled(should_stop)
    yield Progress("Writing", len(items) / (len(items) + 1))
    for item, content in zip(items, encoded, strict=True):
        if item.kind != "report":
            _write(item.path, content)
    timed = subject.timed({"write": time.perf_counter() - began, **subject.seconds})
    for item in items:
        if item.kind == "report":
            _write(item.path, timed.report())
    return [item.path for item in items]


def _write(path: Path, content: Encoded) -> None:
    if isinstance(content, dict):
        write_folder_atomically(path, content, is_ome_zarr)
    else:
        write_atomically(path, content)
