"""Physical pixel sizes: those that tifffile wrote are read back, those that nobody meant are not."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile
from PIL import Image as Pillow

import gmmseg
from gmmseg.io.images import read_image
from gmmseg.io.pixel_sizes import imagej_scale, resolution_tags

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


SIZE = 0.25, 0.4
"""Width and height of a pixel, µm."""


def written(place: Path, *, scaled: bool) -> dict[str, Path]:
    """Write every kind of map that can tell its scale; return the files by kind."""
    picture = place / "photo.tif"
    resolution: dict[str, Any] = {"resolution": (40_000, 25_000), "resolutionunit": "CENTIMETER"}
    values = np.random.default_rng(0).integers(0, 255, (300, 280), dtype=np.uint8)
    tifffile.imwrite(picture, values, photometric="minisblack", **(resolution if scaled else {}))
    result = gmmseg.segment(picture, n_components=2)
    files = {
        "mask": place / "mask.tif",
        "probabilities": place / "imagej.tif",
        "ome-tiff": place / "labels.ome.tif",
        "ome-zarr": place / "labels.ome.zarr",
    }
    gmmseg.export(result, files)  # type: ignore[arg-type]
    gmmseg.export(result, {"probabilities": place / "chances.ome.tif"})
    return {**files, "chances": place / "chances.ome.tif"}


def test_maps_tell_the_pixels_of_the_picture(tmp_path: Path) -> None:
    files = written(tmp_path, scaled=True)
    with Pillow.open(files["mask"]) as mask:
        # Pixels a centimetre.
        across, down, unit = (mask.tag_v2[code] for code in (282, 283, 296))  # type: ignore[attr-defined]
    assert [1e4 / float(across), 1e4 / float(down), unit] == pytest.approx([0.25, 0.4, 3])
    for kind in ("ome-tiff", "chances"):
        with tifffile.TiffFile(files[kind]) as file:
            pixels = tifffile.xml2dict(file.ome_metadata)["OME"]["Image"]["Pixels"]  # type: ignore[arg-type]
        assert {key: value for key, value in pixels.items() if key.startswith("Physical")} == {
            "PhysicalSizeX": 0.25, "PhysicalSizeXUnit": "µm", "PhysicalSizeY": 0.4, "PhysicalSizeYUnit": "µm",
        }  # fmt: skip
    with tifffile.TiffFile(files["probabilities"]) as file:
        assert file.imagej_metadata is not None
        assert file.imagej_metadata["unit"] == "um"
        # Pixels a unit.
        assert file.pages.first.get_resolution() == pytest.approx((4, 2.5))
    for level, scale in _scales(files["ome-zarr"]):
        assert scale == pytest.approx([1, 0.4 * 2**level, 0.25 * 2**level])
    for level, scale in _scales(files["ome-zarr"] / "labels/classes"):
        assert scale == pytest.approx([0.4 * 2**level, 0.25 * 2**level])
    # As this program reads them.
    for kind in ("mask", "probabilities", "ome-tiff", "chances"):
        assert read_image(files[kind]).pixel_size == pytest.approx(SIZE)


def _scales(folder: Path) -> list[tuple[int, list[float]]]:
    """Return the scales of an OME-Zarr's levels, in micrometres, as the zarr library reads them."""
    zarr = pytest.importorskip("zarr")
    (scales,) = zarr.open_group(folder, mode="r").attrs["ome"]["multiscales"]
    assert all(axis["unit"] == "micrometer" for axis in scales["axes"] if axis["type"] == "space")
    transformations = [dataset["coordinateTransformations"] for dataset in scales["datasets"]]
    assert len(transformations) > 1
    return [(level, only["scale"]) for level, (only,) in enumerate(transformations)]


def test_maps_of_a_picture_that_tells_no_scale_tell_none(tmp_path: Path) -> None:
    files = written(tmp_path, scaled=False)
    for kind in ("mask", "probabilities", "ome-tiff", "chances"):
        assert read_image(files[kind]).pixel_size is None
    text = (files["ome-zarr"] / "zarr.json").read_text()
    assert "micrometer" not in text
    scale = json.loads(text)["attributes"]["ome"]["multiscales"][0]["datasets"][1][
        "coordinateTransformations"
    ]
    assert scale == [{"type": "scale", "scale": [1, 2, 2]}]


@pytest.mark.parametrize("side", [1e-9, 1e-5, 0.1625, 1e4, 1e11])
def test_any_size_is_written_or_left_out(tmp_path: Path, side: float) -> None:
    tags, scale = imagej_scale((side, side))
    found = [
        size_of(tmp_path / "a.tif", **resolution_tags((side, side))),
        size_of(tmp_path / "b.tif", imagej=True, metadata=scale, **tags),
    ]
    for size in found:
        if size is None:
            assert not 1e-4 < side < 1e8
        else:
            assert size == pytest.approx((side, side), rel=1e-6)
