"""Export of an experiment: the window and the command line call the same, for the same bytes."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from pathlib import Path

from gmmseg.control import Progress, ShouldStop, never_stop
from gmmseg.digits.experiment import ExperimentOutcome
from gmmseg.digits.figure import experiment_figure
from gmmseg.digits.generative import digit_model
from gmmseg.io.digits.assignments import assignments_csv, encode_assignments_npz
from gmmseg.io.digits.drawing import encode_figure
from gmmseg.io.digits.export_items import DigitExportItem, check_digit_items
from gmmseg.io.digits.models import dump_digit_model
from gmmseg.io.digits.reports import digit_report
from gmmseg.io.outputs import encode_events, write
from gmmseg.io.reports import encode_report


def encode_digit_item(
    outcome: ExperimentOutcome, item: DigitExportItem, command: str, should_stop: ShouldStop = never_stop
) -> bytes:
    """Return the contents of a file; raises `Cancelled`."""
    suffix = item.path.suffix.lower()
    if item.kind == "assignments":
        if suffix == ".csv":
            return b"".join(assignments_csv(outcome, should_stop))
        return encode_assignments_npz(outcome)
    if item.kind == "figure":
        return encode_figure(experiment_figure(outcome, should_stop), suffix)
    if item.kind == "report":
        return encode_report(digit_report(outcome, command))
    digits = outcome.digits
    return dump_digit_model(
        digit_model(digits.images, outcome.clusters, outcome.n_clusters, digits.name, should_stop)
    )


def digit_export_events(
    outcome: ExperimentOutcome,
    items: Sequence[DigitExportItem],
    command: str,
    should_stop: ShouldStop = never_stop,
) -> Generator[Progress, None, list[Path]]:
    """Write all `items` and return their paths; all are encoded before the first is written.

    Raises
    ------
    WriteError
        Files that came before it are written, all others are as they were.
    Cancelled
        Nothing is written.
    """
    check_digit_items(items)
    contents = yield from encode_events(
        items, lambda item: encode_digit_item(outcome, item, command, should_stop), should_stop
    )
    for item, content in zip(items, contents, strict=True):
        write(item.path, content)
    return [item.path for item in items]
