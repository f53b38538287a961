"""Objects of a picture beyond memory as files, against those of the same picture in memory."""

from __future__ import annotations

import io
import json
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest
import tifffile
from PIL import Image as Pillow

from gmmseg.control import never_stop, result_of
from gmmseg.errors import BudgetError, WriteError
from gmmseg.image import Image
from gmmseg.io.export import export_events
from gmmseg.io.export_items import ExportItem, ExportKind
from gmmseg.io.interchange.coco import run_lengths
from gmmseg.io.object_source import ObjectSource
from gmmseg.io.tiled import object_pyramid, pyramid_tiff
from gmmseg.io.tiled.object_source import TiledObjectSource
from gmmseg.limits import budget_of
from gmmseg.photo.objects.objects import ObjectMap
from gmmseg.photo.objects.patch import Patch
from tests.data.states import make_image

SHAPE = (301, 262)
STEP = 4


@dataclass(frozen=True)
class Whole:
    """Levels of a picture that is in memory after all."""

    image: Image
    steps: tuple[int, ...] = (1, STEP)

    @property
    def shape(self) -> tuple[int, int]:
        return self.image.height, self.image.width

    def read(self, top: int, left: int, height: int, width: int) -> Image:
        box = slice(top, top + height), slice(left, left + width)
        return replace(self.image, pixels=np.ascontiguousarray(self.image.pixels[box]))


@pytest.fixture(autouse=True)
def small_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (object_pyramid, pyramid_tiff):
        monkeypatch.setattr(module, "CHUNK", 64)


@pytest.fixture(scope="module")
def picture() -> Image:
    return replace(make_image(3, *SHAPE), pixel_size=(0.25, 0.25))


@pytest.fixture(scope="module")
def objects() -> ObjectMap:
    """A disc with a hole, one at the corner, a speck that the overview does not see, and two of one name."""
    made = ObjectMap.empty(SHAPE)
    y, x = np.mgrid[: SHAPE[0], : SHAPE[1]]
    ring = ((y - 60) ** 2 + (x - 70) ** 2 < 900) & ((y - 60) ** 2 + (x - 70) ** 2 > 100)
    corner = (y - 300) ** 2 + (x - 261) ** 2 < 1600
    speck = (y == 201) & (x == 101)
    column = (x >= 150) & (x < 153)
    for mask, name in ((ring, "nucleus"), (corner, "tissue"), (speck, "nucleus"), (column, "vessel")):
        made = made.with_object(Patch.of(mask), name)
    return made


@pytest.fixture(scope="module")
def sources(picture: Image, objects: ObjectMap) -> tuple[ObjectSource, TiledObjectSource]:
    """Of the picture in memory, and of its overview."""
    pixels = np.ascontiguousarray(picture.pixels[::STEP, ::STEP])
    overview = replace(picture, pixels=pixels, pixel_size=(1.0, 1.0), levels=Whole(picture))
    seen = objects.sampled(STEP, (overview.height, overview.width))
    return (
        ObjectSource(picture, objects, "test", {}),
        TiledObjectSource(overview, objects, "test", {}, overview=ObjectSource(overview, seen, "test", {})),
    )


def encoded(source: ObjectSource, name: str, kind: ExportKind) -> bytes:
    found = source.encode(ExportItem(Path(name), kind), never_stop)
    assert isinstance(found, bytes)
    return found


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("o.json", "coco"),
        ("o.geojson", "geojson"),
        ("o.csv", "table"),
        ("o.png", "cutout"),
        ("o.json", "legend"),
    ],
)
def test_what_is_made_object_by_object_is_what_is_made_in_memory(
    sources: tuple[ObjectSource, TiledObjectSource], name: str, kind: ExportKind
) -> None:
    whole, tiled = (encoded(source, name, kind) for source in sources)
    assert whole == tiled


@pytest.mark.parametrize("chosen", [(), (3, 1)])
@pytest.mark.parametrize(
    ("kind", "zero_based"), [("mask", False), ("mask", True), ("semantic", False), ("binary", False)]
)
def test_masks_hold_the_same_values_and_smaller_copies_every_second_of_them(
    sources: tuple[ObjectSource, TiledObjectSource],
    kind: ExportKind,
    zero_based: bool,
    chosen: tuple[int, ...],
) -> None:
    item = ExportItem(Path("m.tif"), kind, zero_based)
    files = [replace(each, chosen=chosen).encode(item, never_stop) for each in sources]
    whole, tiled = (tifffile.TiffFile(io.BytesIO(file)) for file in files if isinstance(file, bytes))
    expected = whole.asarray()
    assert expected.max() > 0
    levels = [level.asarray() for level in tiled.series[0].levels]
    assert len(levels) == 2
    for at, level in enumerate(levels):
        assert np.array_equal(level, expected[:: 2**at, :: 2**at])
    assert json.loads(tiled.pages[0].description)["image"]["name"]  # type: ignore[union-attr]


def test_a_label_pyramid_is_read_by_another_reader_and_tells_the_size_of_a_pixel(
    sources: tuple[ObjectSource, TiledObjectSource], objects: ObjectMap, tmp_path: Path
) -> None:
    zarr = pytest.importorskip("zarr")
    path = tmp_path / "o.ome.zarr"
    result_of(export_events(sources[1], [ExportItem(path, "ome-zarr")]))
    group = zarr.open_group(str(path), mode="r")
    for level in range(2):
        assert np.array_equal(np.asarray(group[str(level)]), objects.ids.read()[:: 2**level, :: 2**level])
    (scales,) = group.attrs["ome"]["multiscales"]
    assert scales["datasets"][1]["coordinateTransformations"][0]["scale"] == [0.5, 0.5]
    label = group.attrs["ome"]["image-label"]
    assert {each["label-value"]: each["class"] for each in label["properties"]} == {
        entry.id: entry.name for entry in objects
    }
    # What is empty is no file.
    assert len(list((path / "0").glob("c/*/*"))) < 5 * 5


def test_each_object_is_a_file_of_its_box(
    sources: tuple[ObjectSource, TiledObjectSource], objects: ObjectMap, tmp_path: Path
) -> None:
    items = [ExportItem(tmp_path / "masks", "binaries"), ExportItem(tmp_path / "cut", "cutouts")]
    result_of(export_events(sources[1], items))
    for listed in json.loads((tmp_path / "masks" / "objects.json").read_text("ascii"))["objects"]:
        mask = np.asarray(Pillow.open(tmp_path / "masks" / listed["file"])) > 0
        whole = np.zeros(SHAPE, np.bool_)
        top, left = listed["top"], listed["left"]
        whole[top : top + mask.shape[0], left : left + mask.shape[1]] = mask
        assert np.array_equal(whole, objects.ids.read() == listed["id"])
        cut = np.asarray(Pillow.open(tmp_path / "cut" / listed["file"]))
        assert np.array_equal(cut[:, :, 3] > 0, mask)


def test_the_report_tells_areas_of_the_picture(
    sources: tuple[ObjectSource, TiledObjectSource], objects: ObjectMap
) -> None:
    report = json.loads(encoded(sources[1], "r.json", "report"))
    assert (report["image"]["height"], report["image"]["width"]) == SHAPE
    assert report["n_pixels"] == SHAPE[0] * SHAPE[1]
    assert {each["id"]: each["area"] for each in report["objects"]} == objects.areas()


@pytest.mark.parametrize(
    ("name", "kind", "sentence"),
    [("m.png", "mask", "written in tiles"), ("m.svg", "svg", "not written as “svg”")],
)
def test_what_cannot_be_written_is_said(
    sources: tuple[ObjectSource, TiledObjectSource], name: str, kind: ExportKind, sentence: str
) -> None:
    with pytest.raises(WriteError, match=sentence):
        encoded(sources[1], name, kind)


def test_an_object_that_is_too_large_for_memory_is_named(
    sources: tuple[ObjectSource, TiledObjectSource],
) -> None:
    with budget_of(3000), pytest.raises(BudgetError, match="“nucleus” spans 59 × 59 pixels"):
        encoded(sources[1], "o.geojson", "geojson")


@pytest.mark.parametrize("shape", [(7, 9), (3, 3)])
def test_runs_of_a_part_are_those_of_the_whole(shape: tuple[int, int]) -> None:
    rng = np.random.default_rng(0)
    for _ in range(50):
        height, width = rng.integers(1, np.array(shape) + 1)
        top, left = rng.integers(0, np.array(shape) - (height, width) + 1)
        mask = rng.random((height, width)) < 0.7
        whole = np.zeros(shape, np.bool_)
        whole[top : top + height, left : left + width] = mask
        flat = whole.ravel(order="F")
        changes = np.flatnonzero(np.diff(flat.astype(int))) + 1
        bounds = [0, *([0] if flat[0] else []), *changes, flat.size]
        assert run_lengths(mask, (top, left), shape).tolist() == np.diff(bounds).tolist()
        assert run_lengths(whole).tolist() == np.diff(bounds).tolist()
