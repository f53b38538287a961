"""Objects come back from every kind of file they are written to, and from what other programs write."""

from __future__ import annotations

import base64
import io
import json
import os
import struct
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from PIL import Image as Pillow
from PIL import ImageDraw

from gmmseg.arrays import AnyArray
from gmmseg.control import StopRequest, result_of
from gmmseg.drawing.contours import outlines
from gmmseg.errors import BudgetError, Cancelled, GmmsegError, ReadError
from gmmseg.io.export import export_events
from gmmseg.io.export_items import ExportItem
from gmmseg.io.interchange import found_objects
from gmmseg.io.interchange.coco import compressed, run_lengths
from gmmseg.io.interchange.coco_reading import uncompressed
from gmmseg.io.object_reading import read_objects
from gmmseg.io.object_source import ObjectSource
from gmmseg.limits import budget_of
from gmmseg.photo.objects.objects import ObjectMap
from gmmseg.photo.objects.patch import enclosed
from gmmseg.photo.objects.sources import objects_of_ids
from tests.data.states import make_image

SHAPE = (40, 50)
Written = dict[int, str]


def objects() -> ObjectMap:
    """A speckled field, a ring with an island in its hole, and another one of the field's name."""
    ids = np.zeros(SHAPE, dtype=np.uint16)
    ids[:, :20] = np.random.default_rng(1).integers(0, 2, size=(40, 20))
    ids[5:25, 24:44] = 2
    ids[10:20, 29:39] = 0
    ids[14:16, 33:35] = 2
    ids[30:36, 45:50] = 3
    return objects_of_ids(ids, {1: "Himmel/天 ☁", 2: "ring", 3: "Himmel/天 ☁"}, {2: (10, 20, 30)})


def write(tmp_path: Path, name: str, kind: Any, made: ObjectMap, **options: Any) -> Path:
    item = ExportItem(tmp_path / name, kind, **options)
    result_of(export_events(ObjectSource(make_image(2, *SHAPE), made, "", {}), [item]))
    return item.path


def partition(found: ObjectMap) -> set[tuple[str, bytes]]:
    """Return the name and the pixels of each object."""
    return {(entry.name, found.patch_of(entry.id).full(found.shape).tobytes()) for entry in found}


@pytest.mark.parametrize(
    ("name", "kind", "options"),
    [
        ("m.png", "mask", {}),
        ("m.png", "mask", {"palette": "voc"}),
        ("m.png", "mask", {"palette": "grey"}),
        ("m.png", "mask", {"zero_based": True}),
        ("m.tif", "mask", {}),
        ("m.npy", "mask", {}),
        ("m.npy", "mask", {"zero_based": True}),
        ("m.npz", "mask", {}),
        ("m.svg", "svg", {}),
        ("masks", "binaries", {}),
        ("m.ome.tif", "ome-tiff", {}),
        ("m.ome.zarr", "ome-zarr", {}),
        ("m.json", "coco", {}),
        ("m.geojson", "geojson", {}),
        ("m.json", "labelme", {}),
        ("m.zip", "roi", {}),
    ],
)
def test_what_is_written_is_read_pixel_for_pixel_with_its_names(
    tmp_path: Path, name: str, kind: str, options: dict[str, Any]
) -> None:
    made = objects()
    found = read_objects(write(tmp_path, name, kind, made, **options), SHAPE)
    assert partition(found) == partition(made)
    if kind not in ("coco", "labelme", "binaries"):
        # COCO's colours are those of categories; LabelMe's files and masks of one object have none.
        assert {e.colour for e in found if e.name == "ring"} == {(10, 20, 30)}


def test_ids_beyond_eight_bits_come_back(tmp_path: Path) -> None:
    ids = (np.arange(SHAPE[0] * SHAPE[1]).reshape(SHAPE) // 4).astype(np.uint16)
    made = objects_of_ids(np.where(ids == 255, 0, ids))
    for name in ("m.png", "m.tif", "m.npy", "m.npz"):
        assert np.array_equal(
            read_objects(write(tmp_path, name, "mask", made), SHAPE).ids.read(), made.ids.read()
        )


def test_a_mask_of_categories_is_an_object_for_each_name(tmp_path: Path) -> None:
    made = objects()
    found = read_objects(write(tmp_path, "m.png", "semantic", made), SHAPE)
    expected = np.zeros(SHAPE, dtype=int)
    for entry in made:
        expected[made.ids.read() == entry.id] = {"Himmel/天 ☁": 1, "ring": 2}[entry.name]
    assert np.array_equal(found.ids.read(), expected)
    assert [entry.name for entry in found] == ["Himmel/天 ☁", "ring"]


@pytest.mark.parametrize("name", ["m.png", "m.tif", "m.npy"])
def test_a_binary_mask_is_one_object(tmp_path: Path, name: str) -> None:
    made = objects()
    found = read_objects(write(tmp_path, name, "binary", made), SHAPE)
    assert len(found) == 1
    assert np.array_equal(found.ids.read() > 0, made.ids.read() > 0)


def saved(tmp_path: Path, name: str, array: AnyArray, **options: Any) -> Path:
    path = tmp_path / name
    if name.endswith(".npy"):
        np.save(path, array)
    elif name.endswith(".tif"):
        tifffile.imwrite(path, array, **options)
    else:
        Pillow.fromarray(array).save(path)
    return path


@pytest.mark.parametrize(
    ("name", "dtype"), [("m.png", np.uint8), ("m.tif", np.int32), ("m.npy", np.float64), ("m.bmp", np.uint8)]
)
def test_values_of_other_programs_are_taken_as_they_are(tmp_path: Path, name: str, dtype: type) -> None:
    ids = np.array([[0, 3, 3], [7, 7, 0]])
    found = read_objects(saved(tmp_path, name, ids.astype(dtype)), (2, 3))
    assert np.array_equal(found.ids.read(), ids)
    assert [entry.name for entry in found] == ["Object 3", "Object 7"]


def test_an_indexed_mask_has_the_colours_of_its_palette(tmp_path: Path) -> None:
    picture = Pillow.fromarray(np.array([[0, 1], [2, 2]], dtype=np.uint8), "P")
    picture.putpalette([9, 9, 9, 10, 20, 30, 40, 50, 60])
    picture.save(tmp_path / "m.png", transparency=0)
    found = read_objects(tmp_path / "m.png", (2, 2))
    assert found.ids.read().tolist() == [[0, 1], [2, 2]]
    assert [entry.colour for entry in found] == [(10, 20, 30), (40, 50, 60)]


def test_a_coloured_mask_is_an_object_for_each_colour_but_black(tmp_path: Path) -> None:
    rgb = np.zeros((2, 3, 3), dtype=np.uint8)
    rgb[0, 1:], rgb[1, 0] = (255, 0, 0), (0, 0, 255)
    found = read_objects(saved(tmp_path, "m.png", rgb), (2, 3))
    assert {(entry.colour, found.areas()[entry.id]) for entry in found} == {
        ((255, 0, 0), 2),
        ((0, 0, 255), 1),
    }


def test_a_cut_out_is_what_is_not_transparent(tmp_path: Path) -> None:
    rgba = np.random.default_rng(0).integers(0, 256, size=(5, 6, 4)).astype(np.uint8)
    rgba[:, :, 3] = np.where(np.arange(6) < 2, 0, 200)
    found = read_objects(saved(tmp_path, "m.png", rgba), (5, 6))
    assert np.array_equal(found.ids.read() > 0, rgba[:, :, 3] > 0)


# What cannot be meant


@pytest.mark.parametrize(
    ("name", "kind"),
    [("m.png", "mask"), ("m.json", "coco"), ("m.json", "labelme"), ("m.ome.zarr", "ome-zarr")],
)
def test_another_size_is_refused_with_both_sizes(tmp_path: Path, name: str, kind: str) -> None:
    path = write(tmp_path, name, kind, objects())
    with pytest.raises(ReadError, match=r"50 × 40 pixels; the image has 51 × 40"):
        read_objects(path, (40, 51))


@pytest.mark.parametrize(
    ("array", "name", "words"),
    [
        (np.full((4, 4), 0.5), "m.npy", "fractions"),
        (np.zeros((2, 4, 4)), "m.npy", "axes"),
        (np.zeros((4, 4), dtype=np.uint8), "m.png", "marks no pixel"),
        (np.arange(48, dtype=np.uint16).reshape(4, 4, 3) * 999, "m.tif", "channels"),
    ],
)
def test_what_is_no_mask_is_refused(tmp_path: Path, array: AnyArray, name: str, words: str) -> None:
    with pytest.raises(ReadError, match=words):
        read_objects(saved(tmp_path, name, array), (4, 4))


def test_a_photo_is_no_mask(tmp_path: Path) -> None:
    photo = np.random.default_rng(0).integers(0, 256, size=(30, 30, 3)).astype(np.uint8)
    with pytest.raises(ReadError, match="colours, so it is a picture"):
        read_objects(saved(tmp_path, "m.png", photo), (30, 30))
    Pillow.fromarray(photo).save(tmp_path / "m.jpg")
    with pytest.raises(ReadError, match="JPEG, which changes the values"):
        read_objects(tmp_path / "m.jpg", (30, 30))


# Outlines and runs


def by_pillow(ring: list[tuple[float, float]], shape: tuple[int, int]) -> AnyArray:
    picture = Pillow.new("L", shape[::-1])
    ImageDraw.Draw(picture).polygon(ring, fill=1, outline=1)
    drawn: AnyArray = np.asarray(picture)
    return drawn > 0


def inside_by_angles(ring: AnyArray, shape: tuple[int, int]) -> AnyArray:
    """Return the pixels around whose centres a ring without self-contact winds, by the sum of its angles."""
    y, x = np.indices(shape) + 0.5
    towards = ring[:, None, None, :] - np.stack([x, y], axis=-1)
    angles = np.arctan2(towards[..., 1], towards[..., 0])
    turns = np.diff(angles, axis=0, append=angles[:1])
    winding: AnyArray = ((turns + np.pi) % (2 * np.pi) - np.pi).sum(axis=0)
    return np.abs(winding) > np.pi


@given(st.integers(3, 8), st.integers(0, 10**6))
@settings(max_examples=60)
def test_pixels_are_enclosed_whose_centre_the_ring_winds_around(n_corners: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    angles = np.sort(rng.uniform(0, 2 * np.pi, size=n_corners))
    reach = rng.uniform(2, 9, size=n_corners)
    star = np.stack([8 + reach * np.cos(angles), 7 + reach * np.sin(angles)], axis=1)
    if np.diff(angles, append=angles[0] + 2 * np.pi).max() < np.pi:
        assert np.array_equal(enclosed([star], (12, 17)).full((12, 17)), inside_by_angles(star, (12, 17)))


@given(hnp.arrays(np.bool_, hnp.array_shapes(min_dims=2, max_dims=2, max_side=9)))
def test_outlines_enclose_the_mask_they_were_made_of(mask: AnyArray) -> None:
    rings = [ring.astype(np.float64) for region in outlines(mask) for ring in (region.outer, *region.holes)]
    assert np.array_equal(enclosed(rings, mask.shape).full(mask.shape), mask)


@given(hnp.arrays(np.bool_, hnp.array_shapes(min_dims=2, max_dims=2, max_side=60)))
def test_runs_come_back_from_their_text(mask: AnyArray) -> None:
    counts = run_lengths(mask)
    found = uncompressed(compressed(counts))
    assert found is not None
    assert found.tolist() == counts.tolist()


@pytest.mark.parametrize("text", ["o", "\x20", "é", "oooooooo0", "P" * 9 + "0"])
def test_text_that_is_no_run_lengths_is_told(text: str) -> None:
    assert uncompressed(text) is None


def coco(segmentation: Any, **changes: Any) -> dict[str, Any]:
    return {
        "images": [{"id": 5, "width": 8, "height": 6, "file_name": "a.png"}],
        "categories": [{"id": 1, "name": "cat"}],
        "annotations": [{"image_id": 5, "category_id": 1, "segmentation": segmentation}],
        **changes,
    }


def read_json(
    tmp_path: Path, content: Any, shape: tuple[int, int] = (6, 8), image: str = "a.png"
) -> ObjectMap:
    path = tmp_path / "o.json"
    path.write_text(json.dumps(content))
    return read_objects(path, shape, image)


def test_coco_polygons_and_plain_runs_are_read(tmp_path: Path) -> None:
    two_parts = coco([[1, 1, 4, 1, 4, 3, 1, 3], [5, 4, 7, 4, 7, 5, 5, 5]])
    found = read_json(tmp_path, two_parts).ids.read()
    expected = np.zeros((6, 8))
    expected[1:3, 1:4] = expected[4:5, 5:7] = 1
    assert np.array_equal(found, expected)
    counts = [6 + 2, 3, 48 - 11]
    found = read_json(tmp_path, coco({"size": [6, 8], "counts": counts})).ids.read()
    assert np.flatnonzero(found.T).tolist() == [8, 9, 10]


def test_coco_of_several_images_is_read_for_the_one_of_that_name(tmp_path: Path) -> None:
    square = [[0, 0, 2, 0, 2, 2, 0, 2]]
    pictures = [{"id": n, "width": 8, "height": 6, "file_name": f"dir/{n}.png"} for n in (5, 6)]
    content = coco(square, images=pictures)
    content["annotations"].append(
        {"image_id": 6, "category_id": 9, "segmentation": [[0, 0, 8, 0, 8, 6, 0, 6]]}
    )
    found = read_json(tmp_path, content, image="6.png")
    assert [(entry.name, found.areas()[entry.id]) for entry in found] == [("Category 9", 48)]
    with pytest.raises(ReadError, match="about 2 images"):
        read_json(tmp_path, content)


@pytest.mark.parametrize(
    ("segmentation", "words"),
    [
        ({"size": [6, 8], "counts": [47]}, "do not fill"),
        ({"size": [6, 8], "counts": [50, -2]}, "counts"),
        ({"size": [6, 9], "counts": [54]}, "9 × 6"),
        ({"size": [6, 8], "counts": "???"}, "do not fill"),
        ({"size": [6, 8], "counts": [2**62, 2**62, 2**62, 2**62, 48]}, "do not fill"),
        ([[0, 0, 1]], "three corners"),
        ([[0, 0, 1, 1, 1e300, 0]], "far outside"),
        ([], "marks no pixel"),
        ("x", "segmentation"),
    ],
)
def test_damaged_coco_is_refused(tmp_path: Path, segmentation: Any, words: str) -> None:
    with pytest.raises(ReadError, match=words):
        read_json(tmp_path, coco(segmentation))


def geojson(geometry: Any, **about: Any) -> dict[str, Any]:
    return {
        "type": "FeatureCollection",
        "features": [{"type": "Feature", "geometry": geometry, "properties": about or None}],
    }


def test_geojson_of_other_programs_is_read(tmp_path: Path) -> None:
    ring = [[1, 1], [7, 1], [7, 5], [1, 5], [1, 1]]
    hole = [[2, 2], [4, 2], [4, 4], [2, 4], [2, 2]]
    content = geojson({"type": "Polygon", "coordinates": [ring, hole]}, name="x", color=[1, 2, 3])
    content["features"].append({"type": "Feature", "geometry": {"type": "Point", "coordinates": [1, 1]}})
    expected = np.zeros((6, 8))
    expected[1:5, 1:7] = 1
    expected[2:4, 2:4] = 0
    found = read_json(tmp_path, content)
    assert np.array_equal(found.ids.read(), expected)
    assert [(entry.name, entry.colour) for entry in found] == [("x", (1, 2, 3))]
    alone = read_json(tmp_path, content["features"][0])
    assert np.array_equal(alone.ids.read(), expected)


@pytest.mark.parametrize("coordinates", [None, [[1, 2]], [[[1]]], [[["a", 1]]], [[[1, 2], [1]]]])
def test_damaged_geojson_is_refused(tmp_path: Path, coordinates: Any) -> None:
    with pytest.raises(ReadError, match="coordinates"):
        read_json(tmp_path, geojson({"type": "Polygon", "coordinates": coordinates}))


def labelme(**shape: Any) -> dict[str, Any]:
    return {"version": "5", "imageHeight": 6, "imageWidth": 8, "shapes": [{"label": "cell", **shape}]}


def test_labelme_shapes_cover_what_labelme_draws(tmp_path: Path) -> None:
    ring = [(1.0, 1.0), (6.0, 2.0), (3.0, 5.0)]
    found = read_json(tmp_path, labelme(points=ring, shape_type="polygon"))
    assert np.array_equal(found.ids.read() > 0, by_pillow(ring, (6, 8)))
    box = read_json(tmp_path, labelme(points=[[5, 4], [2, 1]], shape_type="rectangle")).ids.read()
    assert np.argwhere(box).min(axis=0).tolist() == [1, 2]
    assert np.argwhere(box).max(axis=0).tolist() == [4, 5]
    circle = read_json(tmp_path, labelme(points=[[4, 3], [4, 5]], shape_type="circle")).ids.read()
    assert [circle[3, 4], circle[5, 4], circle[5, 6]] == [1, 1, 0]


@pytest.mark.parametrize(
    ("shape", "words"),
    [
        ({"points": [[1, 1]], "shape_type": "polygon"}, "1 points"),
        ({"points": [[1, 1], [2, 2]], "shape_type": "line"}, "marks no pixel"),
        ({"points": [[0, 0], [2, 2]], "shape_type": "mask"}, "without pixels"),
        ({"points": [[0, 0], [2, 2]], "shape_type": "mask", "mask": "?"}, "base64"),
        ({"points": [[0, 0], [9, 9]], "shape_type": "mask", "mask": "PNG"}, "fill its box"),
        ({"points": [[0, 0], [9e9, 0], [0, 9]]}, "far outside"),
        ({"points": 3}, "points"),
    ],
)
def test_damaged_labelme_is_refused(tmp_path: Path, shape: dict[str, Any], words: str) -> None:
    if shape.get("mask") == "PNG":
        buffer = io.BytesIO()
        Pillow.new("L", (3, 3), 255).save(buffer, "PNG")
        shape = {**shape, "mask": base64.b64encode(buffer.getvalue()).decode()}
    with pytest.raises(ReadError, match=words):
        read_json(tmp_path, labelme(**shape))


def roi(kind: int, box: tuple[int, int, int, int], points: list[tuple[int, int]]) -> bytes:
    """Return a ROI of whole pixels: top, left, bottom, right, and corners from there."""
    header = bytearray(64)
    struct.pack_into(">4shBx4hH", header, 0, b"Iout", 228, kind, *box, len(points))
    return bytes(header) + struct.pack(f">{2 * len(points)}h", *(p[a] for a in (0, 1) for p in points))


def test_plain_rois_are_read(tmp_path: Path) -> None:
    path = tmp_path / "cell.roi"
    path.write_bytes(roi(1, (1, 2, 4, 7), []))
    found = read_objects(path, (6, 8))
    assert [entry.name for entry in found] == ["cell"]
    assert np.array_equal(np.argwhere(found.ids.read()).max(axis=0), [3, 6])
    assert found.areas() == {1: 15}
    path.write_bytes(roi(0, (1, 2, 4, 7), [(0, 0), (5, 0), (5, 3), (0, 3)]))
    assert read_objects(path, (6, 8)).ids.read().tolist() == found.ids.read().tolist()
    path.write_bytes(roi(2, (1, 2, 4, 7), []))
    with pytest.raises(ReadError, match="straight lines"):
        read_objects(path, (6, 8))


def svg(way: str, more: str = "") -> bytes:
    return f'<svg viewBox="0 0 8 6"><path fill="#0a141e" d="{way}"{more}/></svg>'.encode()


@pytest.mark.parametrize(
    "way",
    [
        "M2 1H7V4H2Z",
        "m2,1 h5v3h-5z",
        "M 2 1 L 7 1 L 7 4 L 2 4 Z",
        "M2 1 7 1 7 4 2 4z",
        "M0 0z m2 1 5 0 0 3 -5 0",
        "M2.0,1e0L+7,1V4H2Z",
    ],
)
def test_paths_of_straight_lines_are_read_however_they_are_written(tmp_path: Path, way: str) -> None:
    path = tmp_path / "m.svg"
    path.write_bytes(svg(way))
    found = read_objects(path, (6, 8))
    expected = np.zeros((6, 8), dtype=int)
    expected[1:4, 2:7] = 1
    assert np.array_equal(found.ids.read(), expected)
    assert [(entry.name, entry.colour) for entry in found] == [("Object 1", (10, 20, 30))]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (svg("M2 1C7 4 2 4 1 1Z"), "straight lines"),
        (svg("M2 1H7V4H2Z", ' transform="scale(2)"'), "moves or scales"),
        (svg("H7V4H2Z"), "damaged"),
        (svg("M2 1H7V4H2Z#"), "damaged"),
        (svg("M2 1L7Z"), "straight lines"),
        (svg("2 1"), "damaged|no pixel"),
        (svg("M2 1H7V4H2Z").replace(b"0 0 8 6", b"0 0 9 6"), "9 × 6"),
        (svg("M2 1H7V4H2Z").replace(b'"0 0 8 6"', b"'0 0 9 6'"), "9 × 6"),
        (svg("M2 1H7V4H2Z").replace(b'viewBox="0 0 8 6"', b'width="9px" height="6.0"'), "9 × 6"),
        (svg("M2 1H7V4H2Z").replace(b'viewBox="0 0 8 6"', b""), "says no size"),
        (svg("M2 1H7V4H2Z").replace(b'viewBox="0 0 8 6"', b'width="100%" height="6"'), "says no size"),
        (svg("M2 1H7V4H2Z").replace(b"0 0 8 6", b"1 0 8 6"), "viewBox"),
        (svg("M2 1H7V4H2Z").replace(b"<path", b"<g\ntransform = 'scale(2)'/><path"), "moves or scales"),
        (svg("M2 1H7V4H2Z", ' style="transform: scale(2)"'), "moves or scales"),
        (
            svg("M2 1H7V4H2Z").replace(b"<path", b"<style>path{transform:none}</style><path"),
            "moves or scales",
        ),
        (svg("M2 1H7V4H2Z M3"), "damaged"),
        (svg("M2 1H7V4H2Z 3"), "damaged"),
        (b"<svg ", "no element"),
        (svg(""), "no pixel"),
        (b"<svg>\xff</svg>", "no text"),
    ],
)
def test_other_svg_is_refused(tmp_path: Path, content: bytes, words: str) -> None:
    (tmp_path / "m.svg").write_bytes(content)
    with pytest.raises(ReadError, match=words):
        read_objects(tmp_path / "m.svg", (6, 8))


@pytest.mark.parametrize(
    "size",
    [b"viewBox='0 0 8 6'", b'viewBox = "0,0 8.0,6" width="9cm" height="1cm"', b"width=\"8\" height='6px'"],
)
def test_the_size_of_svg_is_found_however_it_is_written(tmp_path: Path, size: bytes) -> None:
    path = tmp_path / "m.svg"
    path.write_bytes(svg("M2 1H7V4H2Z").replace(b'viewBox="0 0 8 6"', size))
    assert read_objects(path, (6, 8)).areas() == {1: 15}


def test_a_name_or_a_value_may_speak_of_a_transform(tmp_path: Path) -> None:
    name = 'transform="x" <g transform="y">'
    path = write(tmp_path, "m.svg", "svg", objects_of_ids(np.eye(6, 8, dtype=np.uint8), {1: name}))
    assert [entry.name for entry in read_objects(path, (6, 8))] == [name]
    path.write_bytes(svg("M2 1H7V4H2Z", ' id=" transform=\'a\'>" style="text-transform: none"'))
    assert read_objects(path, (6, 8)).areas() == {1: 15}


def test_what_follows_a_closed_ring_is_another_one_from_its_start(tmp_path: Path) -> None:
    path = tmp_path / "m.svg"
    path.write_bytes(svg("M1 1H3V3H1Z h-1 v-1 h1 z M5 5 h1 v1 h-1 z"))
    expected = np.zeros((6, 8), dtype=int)
    expected[1:3, 1:3] = expected[0, 0] = expected[5, 5] = 1
    assert np.array_equal(read_objects(path, (6, 8)).ids.read(), expected)
    # By the even-odd rule a ring within the first is a hole, and no part of its outline.
    path.write_bytes(svg("M0 0H5V5H0Z L4 1 V4 Z"))
    apart = tmp_path / "apart.svg"
    apart.write_bytes(svg("M0 0H5V5H0Z M0 0 L4 1 V4 Z"))
    assert np.array_equal(read_objects(path, (6, 8)).ids.read(), read_objects(apart, (6, 8)).ids.read())


def test_paths_in_comments_are_not_painted(tmp_path: Path) -> None:
    path = tmp_path / "m.svg"
    comment = b'<!-- <svg viewBox="0 0 9 9"> <path transform="scale(2)" d="M0 0H1V1H0Z"/> -->'
    content = svg("M2 1H7V4H2Z")
    path.write_bytes(comment + content.replace(b"<path", comment + b"<path"))
    found = read_objects(path, (6, 8))
    assert found.areas() == {1: 15}
    path.write_bytes(content.replace(b"<path", b"<!-- never closed <path"))
    with pytest.raises(ReadError, match="no pixel"):
        read_objects(path, (6, 8))


@pytest.mark.parametrize(
    "content",
    [
        b"<!-- a -->" * 5000,
        b"<!-- a -->\n " * 5000 + b"<!-- ",
        b"<svg " * 100_000,
        b"<svg>" + b"<path " * 100_000,
        svg("M2 1H7V4H2Z" + " " * 100_000 + "#"),
        svg("M2 1H7V4H2Z", " " + "a" * 100_000 + " " * 100_000).replace(b"M2 1", b"#"),
        svg("#").replace(b"<path", b"<!-- " * 100_000 + b"<path"),
        svg("#").replace(b"<path", b"<style>" + b" " * 100_000 + b"</style><path"),
        svg("#").replace(b"<path", b'<path "' * 100_000 + b"<path"),
    ],
    ids=range(9),
)
def test_no_text_takes_long_to_refuse(tmp_path: Path, content: bytes) -> None:
    """An expression of more than linear time takes from minutes to forever."""
    (tmp_path / "m.svg").write_bytes(content)
    with pytest.raises(ReadError):
        read_objects(tmp_path / "m.svg", (6, 8))


def test_reading_a_long_path_can_be_cancelled_within_it(tmp_path: Path) -> None:
    asked: list[int] = []
    for n_corners in (10, 20_000):
        calls: list[None] = []

        def should_stop(calls: list[None] = calls) -> StopRequest:
            calls.append(None)
            return StopRequest.NONE

        path = tmp_path / "m.svg"
        path.write_bytes(svg("M2 1H7V4H2" + "H2" * n_corners + "Z"))
        read_objects(path, (6, 8), should_stop=should_stop)
        asked.append(len(calls))
    assert asked[1] > asked[0]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (("1_", "../1_"), "not in it"),
        (("1_", "9_"), "does not exist"),
        (('"id": 1', '"top": 1, "left": 0'), "beyond the image"),
        (('"id": 1', '"top": -1'), "top"),
        (('"objects"', '"others"'), "objects"),
    ],
)
def test_a_damaged_folder_of_masks_is_refused(tmp_path: Path, change: tuple[str, str], words: str) -> None:
    folder = write(tmp_path, "masks", "binaries", objects())
    index = folder / "objects.json"
    index.write_text(index.read_text().replace(*change))
    with pytest.raises(ReadError, match=words):
        read_objects(folder, SHAPE)


def test_a_mask_of_an_object_may_lie_far_to_the_right(tmp_path: Path) -> None:
    Pillow.new("L", (3, 2), 255).save(tmp_path / "1.png")
    listed = {"objects": [{"file": "1.png", "top": 0, "left": 70_000}]}
    (tmp_path / "objects.json").write_text(json.dumps(listed))
    found = read_objects(tmp_path, (2, 70_003))
    assert found.areas() == {1: 6}
    listed["objects"][0]["left"] = 1 << 70
    (tmp_path / "objects.json").write_text(json.dumps(listed))
    with pytest.raises(ReadError):
        read_objects(tmp_path, (2, 70_003))


def test_paths_beside_which_no_file_can_lie_are_read_or_refused(tmp_path: Path) -> None:
    path = tmp_path / f"{'m' * 247}.npy"
    np.save(path, np.eye(4, dtype=np.uint8))
    assert read_objects(path, (4, 4)).areas() == {1: 4}
    # A folder that can be named, but nothing in it: paths end at 4095 bytes.
    (tmp_path / "a").mkdir()
    folder = str(tmp_path) + "/a/.." * ((4094 - len(str(tmp_path))) // 5)
    with pytest.raises(ReadError):
        read_objects(folder, (4, 4))


@pytest.mark.parametrize("kind", ["empty", "too large", "folder"])
def test_a_legend_that_cannot_be_read_is_passed_over(tmp_path: Path, kind: str) -> None:
    path = write(tmp_path, "m.npy", "mask", objects())
    legend = tmp_path / "m.npy.json"
    legend.unlink()
    if kind == "folder":
        legend.mkdir()
    else:
        legend.touch()
        os.truncate(legend, 0 if kind == "empty" else 30_000_000)
    with budget_of(20_000_000):
        found = read_objects(path, SHAPE)
    assert [entry.name for entry in found] == ["Object 1", "Object 2", "Object 3"]


def test_a_legend_that_is_none_is_passed_over(tmp_path: Path) -> None:
    path = write(tmp_path, "m.npy", "mask", objects())
    (tmp_path / "m.npy.json").write_bytes(b"\xff[")
    found = read_objects(path, SHAPE)
    assert [entry.name for entry in found] == ["Object 1", "Object 2", "Object 3"]


@pytest.mark.parametrize(
    "name", ["m.png", "m.tif", "m.npz", "m.json", "m.geojson", "l.json", "m.zip", "m.svg"]
)
@given(data=st.data())
@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_damaged_files_are_read_or_refused(tmp_path: Path, name: str, data: st.DataObject) -> None:
    kinds = {"m.json": "coco", "m.geojson": "geojson", "l.json": "labelme", "m.zip": "roi", "m.svg": "svg"}
    path = tmp_path / f"whole-{name}"
    if not path.exists():
        write(tmp_path, path.name, kinds.get(name, "mask"), objects())
    content = bytearray(path.read_bytes())
    for _ in range(data.draw(st.integers(0, 4))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    cut = data.draw(st.integers(1, len(content)) | st.just(len(content)))
    (tmp_path / name).write_bytes(content[:cut])
    try:
        found = read_objects(tmp_path / name, SHAPE)
    except GmmsegError:
        return
    assert found.shape == SHAPE


def test_what_promises_too_much_is_refused_before_it_is_made(tmp_path: Path) -> None:
    path = tmp_path / "m.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.roi", b"Iout" + bytes(30_000_000))
    with budget_of(20_000_000), pytest.raises(BudgetError):
        read_objects(path, SHAPE)


def test_more_objects_than_a_map_holds_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(found_objects, "MAX_OBJECTS", 3)
    content = geojson({"type": "Polygon", "coordinates": [[[0, 0], [8, 0], [8, 6], [0, 6]]]})
    content["features"] *= 4
    with pytest.raises(ReadError, match="more than 3 objects"):
        read_json(tmp_path, content)


def test_reading_can_be_cancelled(tmp_path: Path) -> None:
    path = write(tmp_path, "m.geojson", "geojson", objects())
    with pytest.raises(Cancelled):
        read_objects(path, SHAPE, should_stop=lambda: StopRequest.CANCEL)


def test_an_archive_or_a_text_of_something_else_is_named(tmp_path: Path) -> None:
    for name, content in (
        ("a.json", b"{}"),
        ("b.json", b"[1]"),
        ("c.json", b'{"shapes": 3}'),
        ("d.txt", b"hello"),
    ):
        (tmp_path / name).write_bytes(content)
        with pytest.raises(ReadError, match=name):
            read_objects(tmp_path / name, SHAPE)


@pytest.mark.parametrize(
    ("member", "change", "words"),
    [
        ("labels/zarr.json", ('"classes"', '"../classes"'), "has no labels"),
        ("labels/classes/0/zarr.json", ('"gzip"', '"zstd"'), "codecs"),
        ("labels/classes/0/zarr.json", ('"uint8"', '"float64"'), "data_type"),
        ("labels/classes/0/zarr.json", ("50", "70000"), "shape"),
        ("labels/classes/0/zarr.json", ('"fill_value": 0', '"fill_value": 256'), "impossible fill value"),
        ("labels/classes/0/zarr.json", ('"fill_value": 0', '"fill_value": -1'), "impossible fill value"),
        ("labels/classes/0/c/0/0", None, "damaged"),
    ],
)
def test_a_damaged_zarr_is_refused(
    tmp_path: Path, member: str, change: tuple[str, str] | None, words: str
) -> None:
    folder = write(tmp_path, "m.ome.zarr", "ome-zarr", objects())
    file = folder / member
    if change is None:
        file.write_bytes(file.read_bytes()[:20])
    else:
        file.write_text(file.read_text().replace(*change))
    with pytest.raises(ReadError, match=words):
        read_objects(folder, SHAPE)


def test_names_and_colours_that_make_no_sense_are_left_out(tmp_path: Path) -> None:
    square = [[0, 0, 2, 0, 2, 2, 0, 2]]
    for name, shown in (("a\n b\u0007", "a b�"), ("  ", "Object 1"), ("x" * 500, "x" * 200)):
        content = coco(square, categories=[{"id": 1, "name": name, "color": "#12345g"}])
        assert [entry.name for entry in read_json(tmp_path, content)] == [shown]
