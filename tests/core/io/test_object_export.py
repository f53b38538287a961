"""Objects as files: values, categories, alpha and run lengths against the arrays they are made of."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image as Pillow

from gmmseg.control import never_stop, result_of
from gmmseg.errors import WriteError
from gmmseg.io.export import export_events
from gmmseg.io.export_items import ExportItem
from gmmseg.io.object_source import ObjectSource
from gmmseg.photo.objects.objects import ObjectMap
from gmmseg.photo.objects.patch import Patch
from tests.data.states import make_image

SHAPE = (40, 50)


def box(top: int, left: int, height: int, width: int) -> np.ndarray:
    mask = np.zeros(SHAPE, dtype=bool)
    mask[top : top + height, left : left + width] = True
    return mask


def objects() -> ObjectMap:
    """A horse with a hole, a cell, and another horse."""
    made = ObjectMap.empty(SHAPE)
    ring = box(2, 3, 10, 12) & ~box(5, 6, 2, 2)
    for mask, name in ((ring, "horse"), (box(20, 5, 8, 9), "cell"), (box(20, 30, 5, 6), "horse")):
        made = made.with_object(Patch.of(mask), name)
    return made


def source(chosen: tuple[int, ...] = ()) -> ObjectSource:
    return ObjectSource(make_image(2, *SHAPE), objects(), "test", {}, chosen)


def written(tmp_path: Path, name: str, kind: str, chosen: tuple[int, ...] = ()) -> bytes:
    item = ExportItem(tmp_path / name, kind)  # type: ignore[arg-type]
    result_of(export_events(source(chosen), [item]))
    return (tmp_path / name).read_bytes()


def ids() -> np.ndarray:
    return objects().ids.read()


@pytest.mark.parametrize("chosen", [(), (1, 3)])
def test_an_instance_mask_holds_the_ids_of_the_objects_chosen(
    tmp_path: Path, chosen: tuple[int, ...]
) -> None:
    mask = np.asarray(Pillow.open(io.BytesIO(written(tmp_path, "m.png", "mask", chosen))))
    assert np.array_equal(mask, np.where(np.isin(ids(), chosen or (1, 2, 3)), ids(), 0))


def test_a_semantic_mask_holds_one_value_a_name(tmp_path: Path) -> None:
    mask = np.asarray(Pillow.open(io.BytesIO(written(tmp_path, "m.png", "semantic"))))
    assert np.array_equal(mask, np.array([0, 1, 2, 1])[ids()])


@pytest.mark.parametrize("name", ["m.png", "m.tif", "m.npy"])
def test_a_black_and_white_mask_is_one_of_all_objects(tmp_path: Path, name: str) -> None:
    data = io.BytesIO(written(tmp_path, name, "binary", (2,)))
    mask = np.load(data) if name.endswith("npy") else np.asarray(Pillow.open(data))
    expected = ids() == 2
    assert np.array_equal(mask, expected if name.endswith("npy") else np.where(expected, 255, 0))


@pytest.mark.parametrize("kind", ["mask", "semantic", "binary"])
def test_masks_tell_the_size_of_a_pixel(tmp_path: Path, kind: str) -> None:
    item = ExportItem(tmp_path / "m.tif", kind, pixel_size=(0.25, 0.5))  # type: ignore[arg-type]
    result_of(export_events(source(), [item]))
    with Pillow.open(item.path) as mask:
        tags = mask.getexif()
    # Pixels a centimetre.
    assert (float(tags[282]), float(tags[283]), tags[296]) == (40_000, 20_000, 3)


def test_a_cut_out_is_the_picture_inside_and_transparent_outside(tmp_path: Path) -> None:
    pixels = np.asarray(Pillow.open(io.BytesIO(written(tmp_path, "c.png", "cutout", (1,)))))
    inside = (ids() == 1)[2:12, 3:15]
    assert np.array_equal(pixels[:, :, 3], np.where(inside, 255, 0))
    assert np.array_equal(pixels[inside, :3], source().image.pixels[2:12, 3:15][inside])
    assert not pixels[~inside].any()


def test_coco_has_an_annotation_an_object_of_its_names_category(tmp_path: Path) -> None:
    content = json.loads(written(tmp_path, "c.json", "coco"))
    assert [(entry["id"], entry["name"]) for entry in content["categories"]] == [(1, "horse"), (2, "cell")]
    assert [(a["id"], a["category_id"], a["area"]) for a in content["annotations"]] == [
        (1, 1, 116),
        (2, 2, 72),
        (3, 1, 30),
    ]
    assert content["annotations"][0]["bbox"] == [3, 2, 12, 10]


def test_the_table_and_the_report_tell_names_and_areas(tmp_path: Path) -> None:
    rows = list(csv.DictReader(io.StringIO(written(tmp_path, "t.csv", "table").decode())))
    assert [(row["object"], row["name"], row["area"]) for row in rows] == [
        ("1", "horse", "116"),
        ("2", "cell", "72"),
        ("3", "horse", "30"),
    ]
    report = json.loads(written(tmp_path, "r.json", "report"))
    assert [(entry["name"], entry["category"], entry["area"]) for entry in report["objects"]] == [
        ("horse", 1, 116),
        ("cell", 2, 72),
        ("horse", 1, 30),
    ]


def test_each_object_has_a_file_of_its_own_in_a_folder_that_is_replaced_as_a_whole(tmp_path: Path) -> None:
    folder = tmp_path / "masks"
    items = [ExportItem(folder, "binaries"), ExportItem(tmp_path / "cut", "cutouts")]
    result_of(export_events(source(), items))
    names = {1: "1_horse.png", 2: "2_cell.png", 3: "3_horse.png"}
    assert {path.name for path in folder.iterdir()} == {*names.values(), "objects.json"}
    listed = json.loads((folder / "objects.json").read_text())["objects"]
    assert [(entry["id"], entry["name"], entry["file"]) for entry in listed] == [
        (1, "horse", names[1]), (2, "cell", names[2]), (3, "horse", names[3]),
    ]  # fmt: skip
    for number, name in names.items():
        mask = np.asarray(Pillow.open(folder / name))
        assert np.array_equal(mask, np.where(ids() == number, 255, 0))
        rows, columns = np.nonzero(ids() == number)
        alpha = np.asarray(Pillow.open(tmp_path / "cut" / name))[..., 3]
        assert np.array_equal(
            alpha > 0, (ids() == number)[min(rows) : max(rows) + 1, min(columns) : max(columns) + 1]
        )
    result_of(export_events(source((2,)), [items[0]]))
    assert {path.name for path in folder.iterdir()} == {"2_cell.png", "objects.json"}


def test_a_folder_with_anything_else_in_it_is_not_replaced(tmp_path: Path) -> None:
    folder = tmp_path / "masks"
    result_of(export_events(source(), [ExportItem(folder, "binaries")]))
    (folder / "mine.txt").write_text("mine")
    with pytest.raises(WriteError, match="not an earlier export"):
        result_of(export_events(source(), [ExportItem(folder, "binaries")]))
    assert (folder / "mine.txt").read_text() == "mine"


@pytest.mark.parametrize("kind", ["geojson", "labelme", "roi", "svg", "ome-tiff", "overlay"])
def test_every_other_format_of_labels_takes_objects(tmp_path: Path, kind: str) -> None:
    from gmmseg.io.export_items import SUFFIXES

    name = "x" + SUFFIXES[kind][0]  # type: ignore[index]
    assert len(written(tmp_path, name, kind)) > 100


def test_what_objects_do_not_have_and_an_empty_cut_out_are_refused(tmp_path: Path) -> None:
    for name, kind in (("p.tif", "probabilities"), ("m.json", "model")):
        with pytest.raises(WriteError):
            written(tmp_path, name, kind)
    nothing = ObjectSource(make_image(2, *SHAPE), ObjectMap.empty(SHAPE), "test", {})
    with pytest.raises(WriteError, match="no object to cut out"):
        nothing.encode(ExportItem(tmp_path / "x.png", "cutout"), never_stop)
    assert not list(tmp_path.iterdir())
