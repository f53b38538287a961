"""Components and regions as tables for spreadsheets and statistics programs."""

from __future__ import annotations

from collections.abc import Sequence

from gmmseg.arrays import AnyArray
from gmmseg.colours import to_hex
from gmmseg.image import RGB, PixelSize
from gmmseg.io.csv_lines import Cell, csv_lines
from gmmseg.photo.classes import ClassTable, class_id
from gmmseg.photo.model import Model
from gmmseg.photo.objects.objects import ObjectInfo
from gmmseg.photo.parts import PartTable
from gmmseg.physical import pixel_area, pixel_side
from gmmseg.regions.table import RegionTable, Shapes

_MEASURES = (
    "area", "share", "perimeter", "centre y", "centre x", "top", "left", "bottom", "right", "eccentricity",
    "mean red", "mean green", "mean blue",
)  # fmt: skip
_SHAPES = ("equivalent diameter", "major axis", "minor axis", "orientation", "solidity", "at edge")
_PHYSICAL = ("area um2", "perimeter um")


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
    header: list[Cell] = ["object", "name", *_titles(table)]
    rows: list[list[Cell]] = [header]
    for at in range(len(table)):
        entry = objects[int(table.regions[at]) - 1]
        rows.append([entry.id, entry.name, *_measures(table, at)])
    return csv_lines(rows)


def encode_part_table(table: PartTable, classes: ClassTable) -> bytes:
    """Return one row for each connected part of a class as CSV (RFC 4180, UTF-8).

    Lengths are pixels and, where the size of a pixel is known, micrometres; means are in stored units.
    """
    names = {entry.id: entry.name for entry in classes}
    rows: list[list[Cell]] = [["part", "class", "name", *_titles(table.measures)]]
    for at, owner in enumerate(table.class_ids.tolist()):
        rows.append([at + 1, owner, names[owner], *_measures(table.measures, at)])
    return csv_lines(rows)


def _titles(table: RegionTable) -> list[Cell]:
    titles: list[Cell] = [*_MEASURES]
    if table.shapes is not None:
        titles += [*_SHAPES, *(f"mean {channel}" for channel in table.shapes.channels if channel not in RGB)]
    return titles + [*_PHYSICAL] * (table.pixel_size is not None)


def _measures(table: RegionTable, at: int) -> list[Cell]:
    row: list[Cell] = [int(table.areas[at]), float(table.shares[at]), float(table.perimeters[at])]
    row += [*table.centroids[at].tolist(), *table.boxes[at].tolist(), float(table.eccentricities[at])]
    row += table.colours[at].tolist()
    if table.shapes is not None:
        row += _shape(table.shapes, at)
    return row if table.pixel_size is None else row + _physical(table, table.pixel_size, at)


def _shape(shapes: Shapes, at: int) -> list[Cell]:
    lengths = (shapes.diameters, shapes.major_axes, shapes.minor_axes, shapes.orientations, shapes.solidities)
    means = zip(shapes.channels, shapes.means[at].tolist(), strict=True)
    return [
        *(float(column[at]) for column in lengths),
        int(shapes.at_edge[at]),
        *(value for channel, value in means if channel not in RGB),
    ]


def _physical(table: RegionTable, size: PixelSize, at: int) -> list[Cell]:
    side = pixel_side(size)
    area = float(table.areas[at]) * pixel_area(size)
    # Of pixels that are not square the length of an outline depends on its direction.
    return [area, "" if side is None else float(table.perimeters[at]) * side]


def encode_region_table(table: RegionTable) -> bytes:
    """Return one row for each region as CSV (RFC 4180, UTF-8): lengths in pixels, sRGB 0..255."""
    header: list[Cell] = ["region", *_titles(table)]
    header += [f"posterior {name}" for name in table.class_names]
    rows: list[list[Cell]] = [header]
    for at in range(len(table)):
        row: list[Cell] = [class_id(int(table.regions[at]) - 1), *_measures(table, at)]
        if table.posteriors is not None:
            row += table.posteriors[at].tolist()
        rows.append(row)
    return csv_lines(rows)
