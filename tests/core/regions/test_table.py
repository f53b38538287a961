"""Measures of regions, against counting by hand."""

from __future__ import annotations

import csv
import io

import numpy as np
import pytest

from gmmseg.control import StopRequest
from gmmseg.errors import Cancelled
from gmmseg.image import RGB, Image, ImageSource
from gmmseg.io.tables import encode_region_table
from gmmseg.regions.table import region_table

LABELS = np.array(
    [
        [1, 1, 1, 2, 2, 2, 2, 0],
        [1, 1, 1, 2, 2, 2, 2, 0],
        [1, 1, 1, 2, 2, 2, 2, 0],
        [1, 1, 1, 3, 3, 3, 3, 3],
    ],
    dtype=np.uint8,
)


def a_photo(seed: int = 0) -> Image:
    pixels = np.random.default_rng(seed).integers(0, 256, (*LABELS.shape, 3), dtype=np.uint8)
    return Image(pixels, RGB, ImageSource("noise"))


def test_areas_shares_boxes_and_centres_are_those_of_the_pixels() -> None:
    table = region_table(a_photo(), LABELS)
    assert table.regions.tolist() == [1, 2, 3]
    assert table.areas.tolist() == [12, 12, 5]
    np.testing.assert_allclose(table.shares, np.array([12, 12, 5]) / 29)
    assert table.boxes.tolist() == [[0, 0, 4, 3], [0, 3, 3, 7], [3, 3, 4, 8]]
    np.testing.assert_allclose(table.centroids, [[2, 1.5], [1.5, 5], [3.5, 5.5]])


def test_the_perimeter_of_a_rectangle_runs_through_its_border_pixels() -> None:
    labels = np.zeros((20, 30), dtype=np.uint8)
    labels[3:13, 4:24] = 1
    image = Image(np.zeros((20, 30, 3), dtype=np.uint8), RGB, ImageSource("black"))
    table = region_table(image, labels)
    assert table.perimeters[0] == pytest.approx(2 * (9 + 19))
    # A rectangle a × b has the second moments (a² - 1)/12 and (b² - 1)/12.
    assert table.eccentricities[0] == pytest.approx(np.sqrt(1 - (10**2 - 1) / (20**2 - 1)), abs=2e-3)


@pytest.mark.parametrize("seed", range(3))
def test_colours_and_posteriors_are_means_over_the_region(seed: int) -> None:
    image = a_photo(seed)
    planes = np.random.default_rng(seed + 50).dirichlet(np.ones(2), LABELS.shape).astype(np.float32)
    table = region_table(image, LABELS, iter(np.moveaxis(planes, 2, 0)), ("sky", "rock"))
    assert table.posteriors is not None
    for at, region in enumerate((1, 2, 3)):
        inside = region == LABELS
        np.testing.assert_array_equal(table.colours[at], np.rint(image.pixels[inside].mean(axis=0)))
        np.testing.assert_allclose(table.posteriors[at], planes[inside].mean(axis=0), rtol=1e-6)
    assert table.class_names == ("sky", "rock")


def test_numbers_without_pixels_have_no_row_and_no_pixels_no_rows() -> None:
    sparse = np.where(LABELS == 2, 7, 0).astype(np.uint8)
    assert region_table(a_photo(), sparse).regions.tolist() == [7]
    assert len(region_table(a_photo(), np.zeros_like(LABELS))) == 0


def test_measuring_can_be_cancelled() -> None:
    with pytest.raises(Cancelled):
        region_table(a_photo(), LABELS, should_stop=lambda: StopRequest.CANCEL)


def test_the_csv_has_a_row_for_each_region() -> None:
    planes = [np.where(LABELS == 2, 1, 0).astype(np.float32)]
    data = encode_region_table(region_table(a_photo(), LABELS, planes, ("=sky",)))
    rows = list(csv.DictReader(io.StringIO(data.decode("utf-8"), newline="")))
    assert [row["region"] for row in rows] == ["1", "2", "3"]
    assert [int(row["area"]) for row in rows] == [12, 12, 5]
    assert [float(row["posterior =sky"]) for row in rows] == [0, 1, 0]
    assert rows[1]["right"] == "7"
