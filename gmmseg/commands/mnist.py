"""``gmmseg mnist``: cluster images of digits without their labels, and tell how well that went."""

from __future__ import annotations

import argparse
import shlex
from pathlib import Path

from gmmseg.commands.console import Console
from gmmseg.commands.mnist_options import digit_settings, foreseen, read_data, settings_text
from gmmseg.commands.mnist_table import table_events
from gmmseg.digits.experiment import ExperimentOutcome, ExperimentRequest, experiment_events
from gmmseg.digits.figure import score_text
from gmmseg.digits.recipes import RECIPES
from gmmseg.digits.reliability import reliability_text
from gmmseg.errors import SettingsError
from gmmseg.io.atomic import write_atomically
from gmmseg.io.digits.export import digit_export_events
from gmmseg.io.digits.export_items import DIGIT_SUFFIXES, DigitExportItem, DigitExportKind
from gmmseg.io.outputs import Output, check_outputs

_KINDS: dict[str, DigitExportKind] = {
    "output": "assignments",
    "figure": "figure",
    "model": "model",
    "report": "report",
}
"""Exports by option."""
_TABLE_SUFFIXES = {"table": (".csv", ".md")}


def run(options: argparse.Namespace, console: Console) -> bool:
    """Run the experiment and return True; raises `GmmsegError` where that is not possible."""
    if options.table:
        return _run_table(options, console)
    settings = digit_settings(options)
    if options.settings:
        console.answer(settings_text(settings))
        return True
    items = [
        DigitExportItem(path, kind)
        for option, kind in _KINDS.items()
        if (path := getattr(options, option)) is not None
    ]
    check_outputs(items, DIGIT_SUFFIXES, inputs=_inputs(options))
    digits = read_data(options, console)
    for note in digits.notes:
        console.say(note)
    request = ExperimentRequest(digits, settings)
    outcome = console.drain(foreseen(experiment_events(request, should_stop=console.should_stop)))
    for remark in (*outcome.digits.notes[len(digits.notes) :], *outcome.warnings):
        console.say(remark)
    command = shlex.join(["gmmseg", *options.argv])
    console.drain(digit_export_events(outcome, items, command, console.should_stop))
    console.answer("\n".join(summary(outcome)))
    return True


def summary(outcome: ExperimentOutcome) -> list[str]:
    """Return what the run found, for standard output."""
    recipe = RECIPES[outcome.settings.recipe]
    lines = [f"{recipe.title} on {outcome.digits.name}: {outcome.n_clusters} clusters."]
    if outcome.gap_k is not None:
        lines.append(f"The largest gap in the graph's eigenvalues proposes {outcome.gap_k} clusters.")
    if outcome.scores_fit is not None:
        lines.append(f"Fitted, {score_text(outcome.scores_fit)}.")
    if outcome.scores_test is not None:
        lines.append(f"Not fitted, {score_text(outcome.scores_test)}.")
    found = outcome.reliability_test or outcome.reliability_fit
    if found is not None:
        part = "Not fitted" if outcome.reliability_test is not None else "Fitted"
        lines.append(f"{part}: {reliability_text(found)}")
    if outcome.scores_all is None:
        lines.append("The images have no labels, so there is nothing to score by.")
    else:
        lines.append("Labels score the clusters; no fit sees them.")
        if recipe.chosen_with_scores:
            lines.append(recipe.chosen_with_scores)
    return lines


def _inputs(options: argparse.Namespace) -> list[Path]:
    return [] if options.data is None else [options.data]


def _run_table(options: argparse.Namespace, console: Console) -> bool:
    n_seeds = 3 if options.seeds is None else options.seeds
    if not 1 <= n_seeds <= 100:
        raise SettingsError("seeds", f"A table cannot be of {n_seeds} seeds.", "Choose 1 to 100.")
    settings = digit_settings(options)
    # Never the graph's: the parser refuses -k auto beside --table.
    n_clusters = settings.n_clusters or 0
    if options.output is not None:
        check_outputs([Output(options.output, "table")], _TABLE_SUFFIXES, inputs=_inputs(options))
    digits = read_data(options, console)
    seeds = range(settings.seed, settings.seed + n_seeds)
    table = console.drain(table_events(digits, n_clusters, settings.n_images, seeds, console.should_stop))
    if options.output is not None:
        is_csv = options.output.suffix.lower() == ".csv"
        write_atomically(options.output, table.csv() if is_csv else table.markdown().encode("utf-8"))
    console.answer(table.text())
    return True
