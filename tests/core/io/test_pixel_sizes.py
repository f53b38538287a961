"""Physical pixel sizes: those that tifffile wrote are read back, those that nobody meant are not."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile

from gmmseg.io.images import read_image

PIXELS = np.arange(20 * 30, dtype=np.uint16).reshape(20, 30)


def size_of(path: Path, **options: Any) -> tuple[float, float] | None:
    tifffile.imwrite(path, PIXELS, photometric="minisblack", **options)
    return read_image(path).pixel_size


def test_ome_metadata(tmp_path: Path) -> None:
    metadata = {"axes": "YX", "PhysicalSizeX": 0.325, "PhysicalSizeY": 0.65}
    assert size_of(tmp_path / "a.ome.tif", ome=True, metadata=metadata) == pytest.approx((0.325, 0.65))
    metadata |= {"PhysicalSizeXUnit": "nm", "PhysicalSizeYUnit": "mm"}
    assert size_of(tmp_path / "b.ome.tif", ome=True, metadata=metadata) == pytest.approx((0.000325, 650))
    assert size_of(tmp_path / "c.ome.tif", ome=True, metadata={"axes": "YX"}) is None


def test_channels_of_an_ome_stack_have_one_size(tmp_path: Path) -> None:
    metadata = {"axes": "CYX", "PhysicalSizeX": 0.5, "PhysicalSizeY": 0.5}
    stack = np.stack([PIXELS, PIXELS + 7])
    tifffile.imwrite(tmp_path / "a.ome.tif", stack, photometric="minisblack", metadata=metadata)
    image = read_image(tmp_path / "a.ome.tif")
    assert image.n_channels == 2
    assert image.pixel_size == (0.5, 0.5)


@pytest.mark.parametrize(
    ("unit", "micrometres"), [("micron", 1), ("\\u00B5m", 1), ("nm", 1e-3), ("inch", 25_400)]
)
def test_imagej_metadata(tmp_path: Path, unit: str, micrometres: float) -> None:
    found = size_of(tmp_path / "a.tif", imagej=True, resolution=(4.0, 2.0), metadata={"unit": unit})
    assert found == pytest.approx((0.25 * micrometres, 0.5 * micrometres))


@pytest.mark.parametrize("unit", ["pixel", "furlong"])
def test_units_that_are_no_lengths_say_nothing(tmp_path: Path, unit: str) -> None:
    assert size_of(tmp_path / "a.tif", imagej=True, resolution=(4, 4), metadata={"unit": unit}) is None


def test_resolution_tags(tmp_path: Path) -> None:
    found = size_of(tmp_path / "a.tif", resolution=(40_000, 20_000), resolutionunit="CENTIMETER")
    assert found == pytest.approx((0.25, 0.5))
    assert size_of(tmp_path / "b.tif", resolution=(300, 300), resolutionunit="INCH") == pytest.approx(
        (25_400 / 300,) * 2
    )
    assert size_of(tmp_path / "c.tif", resolution=(72, 72), resolutionunit="INCH") is None
    assert size_of(tmp_path / "d.tif", resolution=(4, 4), resolutionunit="NONE") is None
    assert size_of(tmp_path / "e.tif") is None


def test_an_image_on_its_side_has_its_pixels_turned_too(tmp_path: Path) -> None:
    turned = [(274, "H", 1, 6, True)]
    found = size_of(
        tmp_path / "a.tif", resolution=(40_000, 20_000), resolutionunit="CENTIMETER", extratags=turned
    )
    assert found == pytest.approx((0.5, 0.25))
