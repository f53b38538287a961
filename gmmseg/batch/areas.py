"""Areas of the classes in each picture of a batch, as one table."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from gmmseg.io.csv_lines import Cell, csv_lines
from gmmseg.io.export_sources import ExportSource
from gmmseg.photo.segmentation import label_counts


@dataclass(frozen=True, slots=True)
class Area:
    """A class, region or object of a picture."""

    id: int
    name: str
    pixels: int
    share: float
    """Of the pixels that hold data, 0..1."""


def areas_of(source: ExportSource) -> tuple[Area, ...]:
    """Return the area of each class of a label map, in display order."""
    counts = label_counts(source.labels, source.classes.n_components)
    total = max(int(counts.sum()), 1)
    found = []
    for entry in source.classes:
        pixels = int(counts[list(entry.components)].sum())
        found.append(Area(entry.id, entry.name, pixels, pixels / total))
    return tuple(found)


def encode_areas(pictures: Iterable[tuple[str, Iterable[Area]]]) -> bytes:
    """Return one line for each class of each picture as CSV (RFC 4180, UTF-8)."""
    rows: list[list[Cell]] = [["picture", "id", "name", "pixels", "share"]]
    for name, areas in pictures:
        rows += [[name, area.id, area.name, area.pixels, area.share] for area in areas]
    return csv_lines(rows)
