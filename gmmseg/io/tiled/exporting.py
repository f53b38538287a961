"""Exports of a picture beyond memory in the window: maps by the writer of tiles, the model, and a report."""

from __future__ import annotations

from collections.abc import Generator, Iterable, Sequence
from dataclasses import replace
from pathlib import Path

from gmmseg.control import Progress, ShouldStop, never_stop, relayed
from gmmseg.errors import WriteError
from gmmseg.io.atomic import write_atomically
from gmmseg.io.export_items import ExportItem, ExportKind, check_items
from gmmseg.io.models import dump_model
from gmmseg.io.reports import encode_report
from gmmseg.io.tiled.segmenting import TiledRequest, report_of_tiles, segment_tiled_events
from gmmseg.photo.classes import ClassTable
from gmmseg.photo.document import Fit
from gmmseg.photo.jobs import JobEvent
from gmmseg.tiled.engines import Engine
from gmmseg.tiled.passes import Report, no_report
from gmmseg.tiled.tiles import TiledPicture

_LABELS: tuple[ExportKind, ...] = ("mask", "ome-zarr")
_KINDS: tuple[ExportKind, ...] = (*_LABELS, "probabilities", "model", "report")


def check_tiled_items(items: Sequence[ExportItem]) -> None:
    """Raise `WriteError` for the first item that cannot be written of a picture beyond memory."""
    for item in items:
        if item.kind not in _KINDS or (item.kind in _LABELS and item.zero_based):
            raise WriteError(
                "Only class ids, probabilities, model and report are written of a picture beyond memory.",
                "Leave out the others.",
            )
    kinds = {item.kind for item in items}
    if "probabilities" in kinds and not kinds & set(_LABELS):
        raise WriteError(
            "Probabilities of a picture beyond memory are written beside its mask.", "Tick “Mask” too."
        )
    check_items(items)


def export_tiled_events(
    picture: TiledPicture,
    fit: Fit,
    classes: ClassTable,
    items: Sequence[ExportItem],
    engine: Engine,
    command: str,
    should_stop: ShouldStop = never_stop,
    report: Report = no_report,
) -> Generator[Progress, None, list[Path]]:
    """Write files of a fit to all pixels of a picture and return their paths.

    Parameters
    ----------
    picture : TiledPicture
    fit : Fit
    classes : ClassTable
        Of its components, with the names, colours and ids that are written.
    items : sequence of ExportItem
        See `check_tiled_items`.
    engine : Engine
    command : str
        What was run, for the report.
    should_stop : callable
        STOP and CANCEL raise `Cancelled`; files that are not complete are as they were.
    report : callable
        Called with the progress of each pass.

    Raises
    ------
    WriteError, ReadError, Cancelled
    """
    check_tiled_items(items)
    places = {item.kind: item.path for item in items}
    probabilities = places.get("probabilities")
    for kind in _LABELS:
        if kind in places:
            request = TiledRequest(
                picture,
                fit,
                places[kind],
                False,
                classes,
                None,
                probabilities,
                keeps_unfinished=False,
                pixel_size=next((item.pixel_size for item in items if item.kind == kind), None),
            )
            yield from relayed(segment_tiled_events(request, engine, should_stop, report), _progress)
            # Once is enough.
            probabilities = None
    if "model" in places:
        write_atomically(places["model"], dump_model(replace(fit.model, classes=classes)))
    if "report" in places:
        n_pixels = round(fit.result.total_weight)
        written = report_of_tiles(fit, n_pixels, picture, command, fit.seconds)
        write_atomically(places["report"], encode_report(written))
    return [item.path for item in items]


def _progress(event: JobEvent) -> Iterable[Progress]:
    return (event,) if isinstance(event, Progress) else ()
