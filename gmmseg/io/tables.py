"""Components and regions as tables for spreadsheets and statistics programs."""

from __future__ import annotations

from collections.abc import Sequence

from gmmseg.arrays import AnyArray
from gmmseg.colours import to_hex
from gmmseg.io.csv_lines import Cell, csv_lines
from gmmseg.photo.classes import ClassTable, class_id
from gmmseg.photo.model import Model
from gmmseg.photo.objects.objects import ObjectInfo
from gmmseg.regions.table import RegionTable

_MEASURES = (
    "area", "share", "perimeter", "centre y", "centre x", "top", "left", "bottom", "right", "eccentricity",
    "mean red", "mean green", "mean blue",
)  # fmt: skip


def encode_component_table(model: Model, classes: ClassTable, pixels: AnyArray) -> bytes:
    """Return one row for each component as CSV (RFC 4180, UTF-8, decimal points).

    Parameters
    ----------
    model : Model
    classes : ClassTable
        What the components are called; its ids are those of the mask.
    pixels : int array, (K,)
        Pixels of each component in the label map.

    Notes
    -----
    Means are in feature units; of the symmetric covariance, in squared feature units, the upper triangle
    is written row by row.
    """
    means, matrices = model.means, model.matrices
    total = max(int(pixels.sum()), 1)
    upper = [(i, j) for i in range(len(model.names)) for j in range(i, len(model.names))]
    header: list[Cell] = ["class", "name", "colour", "component", "pixels", "share", "weight"]
    header += [f"mean {name}" for name in model.names]
    header += [f"cov {model.names[i]} {model.names[j]}" for i, j in upper]
    rows: list[list[Cell]] = [header]
    for component in range(model.params.n_components):
        entry = classes.of_component(component)
        count = int(pixels[component])
        row: list[Cell] = [
            entry.id, entry.name, to_hex(entry.colour), component, count, count / total,
            float(model.params.weights[component]),
        ]  # fmt: skip
        row += means[component].tolist()
        row += [float(matrices[component, i, j]) for i, j in upper]
        rows.append(row)
    return csv_lines(rows)


def encode_object_table(table: RegionTable, objects: Sequence[ObjectInfo]) -> bytes:
    """Return one row for each object as CSV (RFC 4180, UTF-8): lengths in pixels, sRGB 0..255.

    Parameters
    ----------
    table : RegionTable
        Of labels 1 to n.
    objects : sequence of ObjectInfo
        The n objects.
    """
    header: list[Cell] = ["object", "name", *_MEASURES]
    rows: list[list[Cell]] = [header]
    for at in range(len(table)):
        entry = objects[int(table.regions[at]) - 1]
        rows.append([entry.id, entry.name, *_measures(table, at)])
    return csv_lines(rows)


def _measures(table: RegionTable, at: int) -> list[Cell]:
    row: list[Cell] = [int(table.areas[at]), float(table.shares[at]), float(table.perimeters[at])]
    row += [*table.centroids[at].tolist(), *table.boxes[at].tolist(), float(table.eccentricities[at])]
    return [*row, *table.colours[at].tolist()]


def encode_region_table(table: RegionTable) -> bytes:
    """Return one row for each region as CSV (RFC 4180, UTF-8): lengths in pixels, sRGB 0..255."""
    header: list[Cell] = ["region", *_MEASURES]
    header += [f"posterior {name}" for name in table.class_names]
    rows: list[list[Cell]] = [header]
    for at in range(len(table)):
        row: list[Cell] = [class_id(int(table.regions[at]) - 1), *_measures(table, at)]
        if table.posteriors is not None:
            row += table.posteriors[at].tolist()
        rows.append(row)
    return csv_lines(rows)
