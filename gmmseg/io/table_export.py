"""Export of a fitted table: the window, the command line and Python call the same, for the same bytes."""

from __future__ import annotations

import json
from collections.abc import Generator, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np

from gmmseg.arrays import FloatArray
from gmmseg.control import Progress, ShouldStop, never_stop, raise_if_cancelled
from gmmseg.errors import WriteError
from gmmseg.io.csv_lines import Cell, csv_pieces
from gmmseg.io.models import dump_table_model
from gmmseg.io.npy import encode_arrays, encode_npy
from gmmseg.io.outputs import Output, check_outputs, written_events
from gmmseg.io.reports import cost_figures, encode_report, fit_figures, run_figures
from gmmseg.setting import settings_to_dict
from gmmseg.tables.fitting import TableFit
from gmmseg.tables.table import Table
from gmmseg.version import VERSION

TableExportKind = Literal["rows", "probabilities", "model", "report"]
TABLE_SUFFIXES: dict[TableExportKind, tuple[str, ...]] = {
    "rows": (".csv", ".npz"),
    "probabilities": (".csv", ".npy", ".npz"),
    "model": (".json",),
    "report": (".json",),
}
"""Extensions of each kind; the first is the one to offer."""
COMPONENT = "component"
STAGES = ("read", "fit", "label", "write")


@dataclass(frozen=True, slots=True)
class TableExportItem(Output[TableExportKind]):
    """One file to write."""


def check_table_items(
    items: Iterable[TableExportItem], names: Sequence[str] = (), inputs: Sequence[Path] = ()
) -> None:
    """Raise `WriteError` for the first item that cannot be written; to be called before long work.

    Parameters
    ----------
    items : iterable of TableExportItem
    names : sequence of str
        All columns of the table.
    inputs : sequence of Path
        Files that are read, which no item may replace.
    """
    given = list(items)
    check_outputs(given, TABLE_SUFFIXES, inputs=inputs)
    has_csv = any(item.kind == "rows" and item.path.suffix.lower() == ".csv" for item in given)
    if has_csv and COMPONENT in names:
        raise WriteError(f"The table has a column “{COMPONENT}” already.", "Rename it, or write an .npz.")


def table_export_events(
    fit: TableFit,
    items: Sequence[TableExportItem],
    command: str,
    should_stop: ShouldStop = never_stop,
    seconds: Mapping[str, float] | None = None,
) -> Generator[Progress, None, list[Path]]:
    """Write all `items` and return their paths; all are encoded before the first is written.

    Parameters
    ----------
    fit : TableFit
    items : sequence of TableExportItem
    command : str
        What was run, for the report.
    should_stop : callable
    seconds : mapping, optional
        Durations of further stages, such as ``read``, for the report.

    Raises
    ------
    WriteError, Cancelled
        As `written_events`.
    """
    check_table_items(items, fit.table.all_names)

    def encode(item: TableExportItem) -> bytes:
        suffix = item.path.suffix.lower()
        if item.kind == "model":
            return dump_table_model(fit.model)
        if item.kind == "report":
            return encode_report(build_table_report(fit, command, {**(seconds or {}), **fit.seconds}))
        if item.kind == "probabilities":
            return _encode_posteriors(fit, suffix, should_stop)
        return _encode_rows(fit, suffix, should_stop)

    return (yield from written_events(items, encode, should_stop))


def build_table_report(fit: TableFit, command: str, seconds: Mapping[str, float]) -> dict[str, Any]:
    """Return the report as plain values; the likelihood is that of the values in their own units."""
    table = fit.table
    return {
        **run_figures(command, fit.settings, fit.settings.mixture.seed),
        "table": {
            "path": table.source if table.path is None else str(table.path),
            "columns": list(table.names),
            "sha256": table.sha256,
        },
        **fit_figures(fit.result, fit.model, float(table.n_rows)),
        **cost_figures(seconds, STAGES),
    }


def _encode_rows(fit: TableFit, suffix: str, should_stop: ShouldStop) -> bytes:
    if suffix == ".npz":
        return _npz(fit, should_stop, values=fit.table.values)
    rows = (
        [*cells, component + 1]
        for cells, component in zip(_cells(fit.table), fit.component.tolist(), strict=True)
    )
    return b"".join(csv_pieces([*fit.table.all_names, COMPONENT], rows, should_stop))


def _cells(table: Table) -> Iterator[list[Cell]]:
    """Yield the rows of a table; of columns that were not chosen the cells as they stand in the file."""
    values = (row.tolist() for row in table.values)
    if table.whole is None:
        yield from values
        return
    place_of = {name: at for at, name in enumerate(table.names)}
    places = [place_of.get(name) for name in table.whole.names]
    for row, cells in zip(values, table.whole.rows(), strict=True):
        yield [cell if at is None else row[at] for at, cell in zip(places, cells, strict=True)]


def _encode_posteriors(fit: TableFit, suffix: str, should_stop: ShouldStop) -> bytes:
    if suffix == ".npz":
        return _npz(fit, should_stop)
    posteriors = fit.posteriors(should_stop)
    if suffix == ".npy":
        return encode_npy(posteriors)
    names = [f"{COMPONENT} {k}" for k in range(1, posteriors.shape[1] + 1)]
    return b"".join(csv_pieces(names, (row.tolist() for row in posteriors), should_stop))


def _npz(fit: TableFit, should_stop: ShouldStop, **arrays: FloatArray) -> bytes:
    """Return an .npz with ``component`` from 1, ``probabilities`` (N, K), ``metadata`` and `arrays`."""
    raise_if_cancelled(should_stop)
    metadata = {
        "generator": f"gmmseg {VERSION}",
        "columns": list(fit.table.names),
        "values": "components from 1, the largest first",
        "table": {"name": fit.table.source, "sha256": fit.table.sha256},
        "settings": settings_to_dict(fit.settings),
    }
    return encode_arrays(
        **arrays,
        component=fit.component + 1,
        probabilities=fit.posteriors(should_stop),
        metadata=np.asarray(json.dumps(metadata)),
    )
