"""Connected parts of classes are found, counted and measured as by hand and by formulas."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest
import tifffile
from scipy import ndimage

from gmmseg.commands.cli import run
from gmmseg.photo.classes import ClassInfo, ClassTable, default_classes
from gmmseg.photo.parts import class_parts, part_table
from tests.data.states import image_of

SIDE = 90


def discs() -> np.ndarray:
    """Return labels: 1 the ground, 2 four discs, of which the left and the lower edge cut one each."""
    y, x = np.mgrid[:SIDE, :SIDE]
    labels = np.ones((SIDE, SIDE), dtype=np.uint8)
    for (cy, cx), radius in (((20, 20), 8), ((50, 60), 12), ((40, 2), 4), ((88, 30), 4)):
        labels[(y - cy) ** 2 + (x - cx) ** 2 <= radius**2] = 2
    return labels


def test_parts_are_those_of_each_class_joined_by_sides_and_corners() -> None:
    random = np.random.default_rng(0)
    labels = random.integers(0, 4, (30, 40)).astype(np.uint8)
    classes = ClassTable((ClassInfo(1, "one", (1, 2, 3), (0, 2)), ClassInfo(2, "two", (4, 5, 6), (1,))))
    for least in (1, 4):
        parts, ids = class_parts(labels, classes, least)
        assert set(np.unique(parts)) - {0} == set(range(1, len(ids) + 1))
        n_found = 0
        for class_id, components in ((1, (1, 3)), (2, (2,))):
            mask = np.isin(labels, components)
            found, count = ndimage.label(mask, np.ones((3, 3)))
            for part in range(1, count + 1):
                inside = found == part
                numbers = np.unique(parts[inside])
                assert len(numbers) == 1
                if inside.sum() < least:
                    assert numbers[0] == 0
                    continue
                n_found += 1
                assert ids[numbers[0] - 1] == class_id
                np.testing.assert_array_equal(parts == numbers[0], inside)
        assert n_found == len(ids)


def test_measures_are_those_of_discs() -> None:
    labels = discs()
    pixels = np.where(labels == 2, 900, 100).astype(np.uint16)[:, :, None]
    table = part_table(image_of(pixels), labels, default_classes(2), least=20)
    assert table.class_ids.tolist() == [1, 2, 2, 2, 2]
    measures, shapes = table.measures, table.measures.shapes
    assert shapes is not None
    assert shapes.at_edge.tolist() == [True, False, True, False, True]
    for at, radius in ((1, 8), (3, 12)):
        assert measures.areas[at] == pytest.approx(np.pi * radius**2, rel=0.03)
        assert shapes.diameters[at] == pytest.approx(2 * radius, rel=0.03)
        assert shapes.major_axes[at] == pytest.approx(2 * radius, rel=0.04)
        assert shapes.minor_axes[at] == pytest.approx(2 * radius, rel=0.04)
        assert 0.9 < shapes.solidities[at] <= 1
        assert shapes.means[at, 0] == 900
    assert len(part_table(image_of(pixels), labels, default_classes(2), least=250)) == 2


def test_parts_thinner_than_a_hull_are_measured() -> None:
    labels = np.ones((9, 9), dtype=np.uint8)
    labels[4, 1:8] = 2
    labels[0, 0] = 2
    shapes = part_table(image_of(np.zeros((9, 9, 1))), labels, default_classes(2)).measures.shapes
    assert shapes is not None
    assert shapes.solidities[[0, 2]].tolist() == [1.0, 1.0]
    assert abs(shapes.orientations[2]) == 90


def test_the_command_line_counts_and_measures_in_micrometres(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    random = np.random.default_rng(1)
    pixels = np.where(discs() == 2, 9000, 1000) + random.normal(0, 60, (SIDE, SIDE))
    metadata = {"axes": "YX", "PhysicalSizeX": 0.5, "PhysicalSizeY": 0.5}
    tifffile.imwrite("cells.ome.tif", pixels.astype(np.uint16), photometric="minisblack", metadata=metadata)
    words = ["segment", "cells.ome.tif", "-k", "2", "-o", "m.tif"]
    assert run([*words, "--parts", "p.csv", "--min-part", "20"]) == 0
    lines = list(csv.DictReader(Path("p.csv").read_text().splitlines()))
    sizes = [(int(line["area"]), float(line["area um2"])) for line in lines]
    assert len(sizes) == 5
    assert all(um2 == pytest.approx(px / 4) for px, um2 in sizes)
    assert float(lines[1]["perimeter um"]) == pytest.approx(float(lines[1]["perimeter"]) / 2)
    assert float(lines[1]["mean grey"]) == pytest.approx(9000, abs=20)
    assert run([*words, "--parts", "q.csv", "--min-part", "20", "--pixel-size", "2"]) == 0
    typed = list(csv.DictReader(Path("q.csv").read_text().splitlines()))
    assert [float(line["area um2"]) for line in typed] == [4.0 * px for px, _ in sizes]
    for bad in (["--min-part", "3"], ["--pixel-size", "0"], ["--parts", "p.csv", "--pixel-size", "0"]):
        assert run([*words, *bad]) == 2
    assert run(["segment", "cells.ome.tif", "--method", "regions", "-o", "m.tif", "--parts", "p.csv"]) == 2
