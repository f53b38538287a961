"""``gmmseg fit``: a mixture of the rows of a table."""

from __future__ import annotations

import argparse
import csv
import io
import shlex
import time
from collections.abc import Sequence
from dataclasses import replace

from gmmseg.commands.batch import command_text
from gmmseg.commands.console import Console
from gmmseg.commands.options import with_options
from gmmseg.errors import ReadError
from gmmseg.io.table_export import TableExportItem, TableExportKind, check_table_items, table_export_events
from gmmseg.io.table_reading import TextColumnError, read_table
from gmmseg.mixture.selection import choice_words
from gmmseg.tables.fitting import table_fit_events
from gmmseg.tables.settings import TableSettings

_MOST_NAMED = 6
"""Columns that are named in a message."""
_FURTHER: tuple[TableExportKind, ...] = ("probabilities", "model", "report")


def run(options: argparse.Namespace, console: Console) -> bool:
    """Write what was asked for and return True; raises `GmmsegError` where that is not possible."""
    further = [(kind, getattr(options, kind)) for kind in _FURTHER]
    items = [TableExportItem(options.output, "rows")]
    items += [TableExportItem(path, kind) for kind, path in further if path is not None]
    check_table_items(items, inputs=[options.table])
    settings = with_options(TableSettings(), options)
    if options.components == "auto" and settings.auto is None:
        settings = replace(settings, auto="bic")
    began = time.perf_counter()
    columns = None if options.columns is None else next(csv.reader([options.columns]), [])
    try:
        table = read_table(options.table, columns, should_stop=console.should_stop)
    except TextColumnError as error:
        raise ReadError(error.cause, _ways_out(error.numeric)) from error
    seconds = {"read": time.perf_counter() - began}
    check_table_items(items, table.all_names, [options.table])
    fit = console.drain(
        table_fit_events(table, settings, console.should_stop), table.source, settings.mixture.n_init
    )
    if settings.auto is not None:
        console.note(f"{table.source}: {choice_words(fit.result.params.n_components)}")
    for warning in fit.result.warnings:
        console.say(f"{table.source}: {warning}")
    console.drain(table_export_events(fit, items, command_text(options), console.should_stop, seconds))
    return True


def _ways_out(numeric: Sequence[str]) -> str:
    """Return what to do about a column of text where others hold numbers."""
    example = ""
    if numeric:
        line = io.StringIO()
        csv.writer(line, lineterminator="").writerow(numeric[:_MOST_NAMED])
        more = ",…" if len(numeric) > _MOST_NAMED else ""
        example = f", such as “--columns {shlex.quote(line.getvalue())}{more}”"
    return f"Write numbers with a decimal point, or choose columns with --columns{example}."
