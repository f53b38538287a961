"""What can be written of an experiment: the window and the command line call the same, for the same bytes."""

from __future__ import annotations

from collections.abc import Generator, Iterable
from pathlib import Path

from gmmseg.control import Progress, ShouldStop, never_stop, raise_if_cancelled
from gmmseg.digits.experiment import ExperimentOutcome
from gmmseg.digits.figure import experiment_figure
from gmmseg.digits.generative import digit_model
from gmmseg.io.atomic import write_atomically
from gmmseg.io.digits.assignments import assignments_csv, encode_assignments_npz
from gmmseg.io.digits.drawing import encode_figure
from gmmseg.io.digits.export_items import DIGIT_SUFFIXES, DigitExportItem, check_digit_items
from gmmseg.io.digits.models import dump_digit_model
from gmmseg.io.digits.reports import encode_digit_report


def encode_digit_item(
    outcome: ExperimentOutcome, item: DigitExportItem, command: str, should_stop: ShouldStop = never_stop
) -> bytes | Iterable[bytes]:
    """Return the contents of a file.

    Raises
    ------
    Cancelled
    """
    suffix = item.path.suffix.lower()
    if item.kind == "assignments":
        return assignments_csv(outcome, should_stop) if suffix == ".csv" else encode_assignments_npz(outcome)
    if item.kind == "figure":
        return encode_figure(experiment_figure(outcome, should_stop), suffix)
    if item.kind == "report":
        return encode_digit_report(outcome, command)
    digits = outcome.digits
    return dump_digit_model(
        digit_model(digits.images, outcome.clusters, outcome.n_clusters, digits.name, should_stop)
    )


def digit_export_events(
    outcome: ExperimentOutcome,
    items: list[DigitExportItem],
    command: str,
    should_stop: ShouldStop = never_stop,
) -> Generator[Progress, None, list[Path]]:
    """Write all `items` and return their paths.

    Raises
    ------
    WriteError
        Files that came before it are written, all others are as they were.
    Cancelled
    """
    check_digit_items(items)
    order = list(DIGIT_SUFFIXES)
    for at, item in enumerate(sorted(items, key=lambda item: order.index(item.kind))):
        raise_if_cancelled(should_stop)
        yield Progress(f"Writing {item.path.name}", at / len(items))
        write_atomically(item.path, encode_digit_item(outcome, item, command, should_stop))
    return [item.path for item in items]
