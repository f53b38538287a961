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
from gmmseg.io.outputs import written_events
from gmmseg.io.reports import encode_report


def digit_export_events(
    outcome: ExperimentOutcome,
    items: Sequence[DigitExportItem],
    command: str,
    should_stop: ShouldStop = never_stop,
) -> Generator[Progress, None, list[Path]]:
    """Write all `items` and return their paths; all are encoded before the first is written.

    Raises
    ------
    WriteError, Cancelled
        As `written_events`.
    """
    check_digit_items(items)
    digits = outcome.digits

    def encode(item: DigitExportItem) -> bytes:
        suffix = item.path.suffix.lower()
        if item.kind == "assignments" and suffix == ".csv":
            return b"".join(assignments_csv(outcome, should_stop))
        if item.kind == "assignments":
            return encode_assignments_npz(outcome)
        if item.kind == "figure":
            return encode_figure(experiment_figure(outcome, should_stop), suffix)
        if item.kind == "report":
            return encode_report(digit_report(outcome, command))
        return dump_digit_model(
            digit_model(digits.images, outcome.clusters, outcome.n_clusters, digits.name, should_stop)
        )

    return (yield from written_events(items, encode, should_stop))
