"""What a page of the laboratory shows as a file: its bars and tables as CSV."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from pathlib import Path

from gmmseg.control import Progress
from gmmseg.io.csv_lines import Cell, csv_lines
from gmmseg.io.outputs import check_suffix, write
from gmmseg.laboratory.scene import Scene

SUFFIXES = (".csv",)


def encode_scene(scene: Scene) -> bytes:
    """Return the bars and tables of a scene below each other as CSV (RFC 4180, UTF-8)."""
    rows: list[Sequence[Cell]] = [(bar.group, bar.label, float(bar.value)) for bar in scene.bars]
    for table in scene.tables:
        rows += [(), (table.title,), table.headings, *table.rows]
    return csv_lines(rows)


def scene_export_events(scene: Scene, path: Path) -> Generator[Progress, None, list[Path]]:
    """Write a scene as CSV and return the path; raises `WriteError` where that cannot be done."""
    check_suffix(path, "CSV", SUFFIXES)
    yield Progress("Writing")
    write(path, encode_scene(scene))
    return [path]
