"""Files for other programs hold exactly the label map."""

from __future__ import annotations

import base64
import gzip
import io
import json
import struct
import time
import zipfile
from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pytest
import tifffile
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from PIL import Image as PillowImage
from PIL import ImageDraw
from scipy import ndimage

from gmmseg.arrays import AnyArray
from gmmseg.drawing import contours
from gmmseg.drawing.contours import Outline, outlines
from gmmseg.image import RGB, Image, ImageSource
from gmmseg.io.interchange import labelme
from gmmseg.io.interchange.coco import compressed, encode_coco, run_lengths
from gmmseg.io.interchange.geojson import encode_geojson
from gmmseg.io.interchange.imagej_roi import encode_rois
from gmmseg.io.interchange.labelme import encode_labelme
from gmmseg.io.interchange.ome_tiff import encode_ome_labels, encode_ome_posteriors
from gmmseg.io.interchange.ome_zarr import ome_zarr_files
from gmmseg.io.interchange.svg import encode_svg
from gmmseg.io.masks import legend
from gmmseg.photo.classes import ClassTable, default_classes
from tests.data.work import lines_run

SHAPE = (23, 31)
masks = hnp.arrays(np.bool_, hnp.array_shapes(min_dims=2, max_dims=2, max_side=9))


def named(n_components: int = 4) -> ClassTable:
    return default_classes(n_components).changed(1, name="Himmel/天 ☁")


def speckled(seed: int = 0, n_classes: int = 4) -> AnyArray:
    return np.random.default_rng(seed).integers(0, n_classes + 1, SHAPE).astype(np.uint8)


def painted(rings: list[Any], shape: tuple[int, ...]) -> AnyArray:
    """Return the pixels whose centre a ray from the left enters an odd number of times, ring by ring."""
    centre_y = np.arange(shape[0])[:, None] + 0.5
    centre_x = np.arange(shape[1])[None, :] + 0.5
    inside = np.zeros(shape, dtype=bool)
    for ring in rings:
        for (x0, y0), (x1, y1) in pairwise([*ring, ring[0]]):
            if y0 != y1:
                inside ^= (min(y0, y1) < centre_y) & (centre_y < max(y0, y1)) & (centre_x > (x0 + x1) / 2)
    return inside


def rings_of(region: Outline) -> list[list[list[int]]]:
    return [ring.tolist() for ring in (region.outer, *region.holes)]


def shoelace(ring: list[list[int]]) -> float:
    return sum(x0 * y1 - x1 * y0 for (x0, y0), (x1, y1) in pairwise([*ring, ring[0]])) / 2


@settings(max_examples=400)
@given(mask=masks)
def test_outlines_are_valid_polygons_that_cover_exactly_the_mask(mask: AnyArray) -> None:
    regions = outlines(mask)
    covered = np.zeros(mask.shape, dtype=int)
    for region in regions:
        pixels = painted(rings_of(region), mask.shape)
        covered += pixels
        assert ndimage.label(pixels)[1] == 1
        assert len(region.holes) == ndimage.label(np.pad(~pixels, 1, constant_values=True))[1] - 1
        assert shoelace(region.outer.tolist()) > 0
        assert all(shoelace(hole.tolist()) < 0 for hole in region.holes)
        for ring in rings_of(region):
            corners = [tuple(corner) for corner in ring]
            assert len(set(corners)) == len(corners)
            for (x0, y0), (x1, y1), (x2, y2) in zip(
                ring, ring[1:] + ring[:1], ring[2:] + ring[:2], strict=True
            ):
                # Each edge is level or upright and each corner turns: no point is superfluous.
                assert (x0 == x1) != (y0 == y1)
                assert (x0 == x1) != (x1 == x2)
                assert (x1 == x2) != (y1 == y2)
    np.testing.assert_array_equal(covered, mask)
    assert len(regions) == ndimage.label(mask)[1]


def test_a_region_that_meets_itself_at_a_point_becomes_an_outline_with_a_touching_hole() -> None:
    mask = np.array([[1, 1, 1], [1, 0, 1], [1, 1, 0]], dtype=bool)
    (region,) = outlines(mask)
    (hole,) = region.holes
    assert sorted(map(tuple, hole.tolist())) == [(1, 1), (1, 2), (2, 1), (2, 2)]
    assert shoelace(region.outer.tolist()) == 8


def test_the_work_for_speckles_grows_like_their_number() -> None:
    small, large = (np.random.default_rng(0).random((side, side)) < 0.5 for side in (60, 240))
    with lines_run(contours) as few:
        outlines(small)
    with lines_run(contours) as many:
        regions = outlines(large)
    assert many.count < 1.2 * 16 * few.count
    area = sum(shoelace(ring) for region in regions for ring in rings_of(region))
    assert area == large.sum()


def decoded_rle(text: str, shape: tuple[int, int]) -> AnyArray:
    """Read COCO's compressed run lengths, character by character as its C library does."""
    counts: list[int] = []
    at = 0
    while at < len(text):
        value, shift, more = 0, 0, True
        while more:
            chunk = ord(text[at]) - 48
            value |= (chunk & 31) << shift
            more = bool(chunk & 32)
            at += 1
            shift += 5
            if not more and chunk & 16:
                value |= -1 << shift
        counts.append(value + counts[-2] if len(counts) > 2 else value)
    flat = np.repeat(np.arange(len(counts)) % 2, counts).astype(bool)
    return flat.reshape(shape[::-1]).T


@given(mask=masks)
def test_run_lengths_start_with_what_is_outside_and_go_down_the_columns(mask: AnyArray) -> None:
    counts = run_lengths(mask)
    flat = [pixel for column in mask.T.tolist() for pixel in column]
    rebuilt: list[bool] = []
    for at, count in enumerate(counts.tolist()):
        rebuilt += [at % 2 == 1] * count
    assert rebuilt == flat
    assert (counts[1:] > 0).all()


@given(counts=st.lists(st.integers(0, 2**33), min_size=1, max_size=12))
def test_compressed_run_lengths_are_read_back(counts: list[int]) -> None:
    text = compressed(np.array(counts, dtype=np.int64))
    values: list[int] = []
    at = 0
    while at < len(text):
        value = shift = 0
        while True:
            chunk = ord(text[at]) - 48
            at += 1
            value |= (chunk & 31) << shift
            shift += 5
            if not chunk & 32:
                break
        if chunk & 16:
            value -= 1 << shift
        values.append(value + values[-2] if len(values) > 2 else value)
    assert values == counts
    assert all(48 <= ord(character) < 48 + 64 for character in text)


def test_compressed_run_lengths_of_a_known_mask() -> None:
    # A square of 2 x 2 in the middle of 4 x 4, by hand: runs 5 2 2 2 5; differences 5 2 2 0 3.
    mask = np.zeros((4, 4), dtype=bool)
    mask[1:3, 1:3] = True
    assert run_lengths(mask).tolist() == [5, 2, 2, 2, 5]
    assert compressed(run_lengths(mask)) == "52203"


def test_coco_regions_are_read_back() -> None:
    ids = speckled(n_classes=3)
    content = json.loads(encode_coco(ids, named(4), "photo.jpg"))
    assert content["images"] == [{"id": 1, "file_name": "photo.jpg", "width": 31, "height": 23}]
    assert [category["id"] for category in content["categories"]] == [1, 2, 3, 4]
    assert content["categories"][0]["name"] == "Himmel/天 ☁"
    assert [annotation["category_id"] for annotation in content["annotations"]] == [1, 2, 3]
    for annotation in content["annotations"]:
        mask = decoded_rle(annotation["segmentation"]["counts"], SHAPE)
        np.testing.assert_array_equal(mask, ids == annotation["category_id"])
        assert annotation["segmentation"]["size"] == [23, 31]
        assert annotation["area"] == mask.sum()
        rows, columns = np.nonzero(mask)
        x, y, width, height = annotation["bbox"]
        assert (x, y, x + width, y + height) == (
            columns.min(), rows.min(), columns.max() + 1, rows.max() + 1,
        )  # fmt: skip


def test_geojson_polygons_cover_the_classes() -> None:
    ids = speckled()
    classes = named()
    content = json.loads(encode_geojson(ids, classes))
    assert content["type"] == "FeatureCollection"
    assert len(content["features"]) == 4
    for entry, feature in zip(classes, content["features"], strict=True):
        assert feature["properties"]["objectType"] == "annotation"
        assert feature["properties"]["classification"] == {"name": entry.name, "color": list(entry.colour)}
        assert feature["geometry"]["type"] == "MultiPolygon"
        rings = [ring for polygon in feature["geometry"]["coordinates"] for ring in polygon]
        assert all(ring[0] == ring[-1] and len(ring) >= 5 for ring in rings)
        np.testing.assert_array_equal(painted([ring[:-1] for ring in rings], SHAPE), ids == entry.id)


def test_svg_paths_filled_by_the_even_odd_rule_are_the_classes() -> None:
    """Drawn by Qt's renderer, which knows nothing of how they were made."""
    svg = pytest.importorskip("PySide6.QtSvg")
    gui = pytest.importorskip("PySide6.QtGui")
    rng = np.random.default_rng(3)
    ids = rng.integers(0, 3, (17, 23)).astype(np.uint8)
    classes = ClassTable(
        tuple(
            replace(entry, name=name, colour=colour)
            for entry, name, colour in zip(
                named(2), ("a<b", "“&”"), ((200, 10, 30), (20, 180, 240)), strict=True
            )
        )
    )
    data = encode_svg(ids, classes)
    titles = [node.text for node in ElementTree.fromstring(data).iter("{http://www.w3.org/2000/svg}title")]
    assert titles == ["a<b", "“&”"]
    picture = gui.QImage(23, 17, gui.QImage.Format.Format_RGBA8888)
    picture.fill(0)
    painter = gui.QPainter(picture)
    painter.setRenderHint(gui.QPainter.RenderHint.Antialiasing, False)
    svg.QSvgRenderer(data).render(painter)
    painter.end()
    drawn = np.frombuffer(picture.constBits(), np.uint8).reshape(17, 23, 4)
    colours = np.array([[0, 0, 0], [200, 10, 30], [20, 180, 240]])
    assert np.array_equal(drawn[..., :3], colours[ids])


def test_one_region_is_a_geojson_polygon_and_an_empty_class_has_none() -> None:
    ids = np.zeros((5, 5), dtype=np.uint8)
    ids[1:4, 1:4] = 2
    ids[2, 2] = 0
    (feature,) = json.loads(encode_geojson(ids, named(2)))["features"]
    assert feature["geometry"]["type"] == "Polygon"
    assert len(feature["geometry"]["coordinates"]) == 2
    assert feature["properties"]["classification"]["name"] == "Class 2"


def shape_to_mask(shape: tuple[int, int], points: list[list[float]]) -> AnyArray:
    """Return the pixels of a polygon as ``labelme.utils.shape_to_mask`` of LabelMe 6.3 draws them."""
    mask = PillowImage.fromarray(np.zeros(shape, dtype=np.uint8))
    assert len(points) > 2
    ImageDraw.Draw(mask).polygon([tuple(point) for point in points], outline=1, fill=1)
    return np.array(mask, dtype=bool)


def shapes_to_label(content: Any) -> AnyArray:
    """Return the group of each pixel as ``labelme.utils.shapes_to_label`` tells the value of its label."""
    shape = (content["imageHeight"], content["imageWidth"])
    ids: AnyArray = np.zeros(shape, dtype=np.int32)
    for one in content["shapes"]:
        if one["shape_type"] == "mask":
            mask = np.zeros(shape, dtype=bool)
            (x1, y1), (x2, y2) = np.asarray(one["points"]).astype(int)
            held = np.asarray(PillowImage.open(io.BytesIO(base64.b64decode(one["mask"])))).astype(bool)
            mask[y1 : y2 + 1, x1 : x2 + 1] = held
        else:
            mask = shape_to_mask(shape, one["points"])
        ids[mask] = one["group_id"]
    return ids


@settings(max_examples=300)
@given(
    ids=hnp.arrays(np.uint8, hnp.array_shapes(min_dims=2, max_dims=2, max_side=9), elements=st.integers(0, 3))
)
@pytest.mark.slow
def test_labelme_reads_every_pixel_back(ids: AnyArray) -> None:
    content = json.loads(encode_labelme(ids, named(3), "photo.jpg"))
    np.testing.assert_array_equal(shapes_to_label(content), ids)


def test_labelme_reads_every_pixel_of_speckle_and_of_large_shapes_back() -> None:
    yy, xx = np.mgrid[:60, :80]
    rounds = (1 + (np.hypot(yy - 30, xx - 40) // 9) % 3).astype(np.uint8)
    rounds[5:9, 60:78] = 4
    rounds[20, :] = 0
    for ids in (speckled(seed=3, n_classes=2), rounds):
        content = json.loads(encode_labelme(ids, named(), "../photos/photo.jpg"))
        assert content["imagePath"] == "../photos/photo.jpg"
        assert content["imageData"] is None
        assert (content["imageHeight"], content["imageWidth"]) == ids.shape
        assert {shape["label"] for shape in content["shapes"]} <= {entry.name for entry in named()}
        np.testing.assert_array_equal(shapes_to_label(content), ids)


def test_labelme_gets_polygons_where_they_are_exact_and_masks_elsewhere() -> None:
    def kinds(rows: list[str]) -> list[str]:
        ids = np.array([[int(value) for value in row] for row in rows], dtype=np.uint8)
        return [shape["shape_type"] for shape in json.loads(encode_labelme(ids, named(), "x"))["shapes"]]

    assert kinds(["000", "011", "011"]) == ["polygon"]
    assert kinds(["1000", "1000", "1111", "1111"]) == ["polygon"]
    # A single pixel is no polygon, and none has a hole.
    assert kinds(["000", "010", "000"]) == ["mask"]
    assert kinds(["111", "101", "111"]) == ["mask"]


def test_labelme_tells_regions_of_one_outline_and_other_holes_apart() -> None:
    ids = np.array([[1, 1, 1, 0, 1, 1, 1, 0, 1, 1, 1, 1]] * 3 + [[0] * 8 + [1] * 4], dtype=np.uint8)
    ids[1, 5] = ids[1, 9] = ids[2, 10] = 0
    np.testing.assert_array_equal(shapes_to_label(json.loads(encode_labelme(ids, named(1), "x"))), ids)


def test_a_polygon_that_takes_labelme_seconds_to_draw_is_a_mask(monkeypatch: pytest.MonkeyPatch) -> None:
    ids = np.ones((4, 5), dtype=np.uint8)
    monkeypatch.setattr(labelme, "_MOST_STEPS", 15)
    content = json.loads(encode_labelme(ids, named(1), "x"))
    assert [shape["shape_type"] for shape in content["shapes"]] == ["mask"]
    np.testing.assert_array_equal(shapes_to_label(content), ids)


@pytest.mark.parametrize("character", ["\x00", "\x01", "\x1b", "\ufffe", "\ud83c"])
def test_a_name_that_xml_does_not_allow_does_not_break_other_programs_files(character: str) -> None:
    ids, classes = speckled(), default_classes(4).changed(1, name=f"a{character}b")
    planes = np.zeros((4, *SHAPE), dtype=np.float32)
    image = Image(np.zeros((*SHAPE, 3), np.uint8), RGB, ImageSource("photo"))
    for data in (
        encode_ome_posteriors(planes, SHAPE, classes),
        encode_ome_labels(ids, legend(classes)),
    ):
        with tifffile.TiffFile(io.BytesIO(data)) as file:
            xml = file.pages[0].tags[270].value  # type: ignore[union-attr]
        root = ElementTree.fromstring(xml)
        names = [
            part.get("Name") for part in root.iter() if part.tag.endswith("Channel") and part.get("Name")
        ]
        assert names[:1] in (["a\ufffdb"], [])
    every = [encode_coco(ids, classes, "x"), encode_geojson(ids, classes), encode_labelme(ids, classes, "x")]
    every.append(ome_zarr_files(image, ids, classes, "photo")["labels/classes/zarr.json"])
    for data in every:
        assert "a\ufffdb" in str(json.loads(data))
    with zipfile.ZipFile(io.BytesIO(encode_rois(ids, classes))) as archive:
        assert read_roi(archive.read(archive.namelist()[0]))["name"] == "a\ufffdb"


def read_roi(data: bytes) -> dict[str, Any]:
    """Read a composite ROI by the offsets of ImageJ's RoiDecoder.java."""
    assert data[:4] == b"Iout"
    top, left, bottom, right = struct.unpack_from(">4h", data, 8)
    (size,) = struct.unpack_from(">i", data, 36)
    (header2,) = struct.unpack_from(">i", data, 60)
    name_at, name_length = struct.unpack_from(">ii", data, header2 + 16)
    path = struct.unpack_from(f">{size}f", data, 64)
    rings: list[list[list[float]]] = []
    at = 0
    while at < size:
        if path[at] == 4:
            at += 1
            continue
        if path[at] == 0:
            rings.append([])
        assert path[at] in (0, 1)
        rings[-1].append([path[at + 1], path[at + 2]])
        at += 3
    return {
        "type": data[6],
        "version": struct.unpack_from(">h", data, 4)[0],
        "box": (left, top, right, bottom),
        "colour": tuple(data[41:44]),
        "name": data[name_at : name_at + 2 * name_length].decode("utf-16-be"),
        "rings": rings,
    }


def test_imagej_regions_are_read_back() -> None:
    ids = speckled()
    ids[:, :2] = 0
    classes = named()
    with zipfile.ZipFile(io.BytesIO(encode_rois(ids, classes))) as archive:
        assert archive.testzip() is None
        names = archive.namelist()
        rois = [read_roi(archive.read(name)) for name in names]
    assert all(name.endswith(".roi") and "/" not in name for name in names)
    for entry, roi in zip(classes, rois, strict=True):
        assert roi["type"] == 1
        assert roi["version"] >= 218
        assert roi["name"] == entry.name
        assert roi["colour"] == entry.colour
        assert roi["box"] == (2, 0, 31, 23)
        np.testing.assert_array_equal(painted(roi["rings"], SHAPE), ids == entry.id)


def test_imagej_regions_are_read_back_by_roifile() -> None:
    roifile = pytest.importorskip("roifile")
    ids = speckled()
    with zipfile.ZipFile(io.BytesIO(encode_rois(ids, named()))) as archive:
        for number, name in enumerate(archive.namelist(), 1):
            roi = roifile.ImagejRoi.frombytes(archive.read(name))
            assert roi.composite
            rings = [ring.tolist() for ring in roi.coordinates(multi=True)]
            np.testing.assert_array_equal(painted(rings, SHAPE), ids == number)


def test_ome_tiff_posteriors_are_read_back_with_channel_names() -> None:
    planes = np.random.default_rng(0).random((3, *SHAPE)).astype(np.float32)
    data = encode_ome_posteriors(iter(planes), SHAPE, named(3))
    with tifffile.TiffFile(io.BytesIO(data)) as file:
        assert file.is_ome
        assert file.series[0].axes == "CYX"
        np.testing.assert_array_equal(file.series[0].asarray(), planes)
        assert file.ome_metadata is not None
        metadata = tifffile.xml2dict(file.ome_metadata)
    channels = metadata["OME"]["Image"]["Pixels"]["Channel"]
    assert [channel["Name"] for channel in channels] == ["Himmel/天 ☁", "Class 2", "Class 3"]


def test_ome_tiff_labels_are_read_back() -> None:
    ids = speckled().astype(np.uint16) * 200
    with tifffile.TiffFile(io.BytesIO(encode_ome_labels(ids, {"values": "<class ids> & more"}))) as file:
        assert file.is_ome
        np.testing.assert_array_equal(file.asarray(), ids)
        assert file.ome_metadata is not None
        description = tifffile.xml2dict(file.ome_metadata)["OME"]["Image"]["Description"]
    assert json.loads(description) == {"values": "<class ids> & more"}


def zarr_array(files: dict[str, bytes], path: str) -> AnyArray:
    """Read a Zarr v3 array as its metadata describes it."""
    about = json.loads(files[f"{path}/zarr.json"])
    assert (about["zarr_format"], about["node_type"]) == (3, "array")
    assert [codec["name"] for codec in about["codecs"]] == ["bytes", "gzip"]
    shape, chunk = about["shape"], about["chunk_grid"]["configuration"]["chunk_shape"]
    dtype = np.dtype(about["data_type"]).newbyteorder("<")
    padded = np.zeros([-(-n // c) * c for n, c in zip(shape, chunk, strict=True)], dtype=dtype)
    for index in np.ndindex(*[-(-n // c) for n, c in zip(shape, chunk, strict=True)]):
        data = gzip.decompress(files["/".join([path, "c", *map(str, index)])])
        block = np.frombuffer(data, dtype=dtype).reshape(chunk)
        padded[tuple(slice(i * c, (i + 1) * c) for i, c in zip(index, chunk, strict=True))] = block
    return padded[tuple(slice(n) for n in shape)]


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32])
def test_ome_zarr_holds_the_image_and_its_labels_at_all_levels(dtype: type[Any]) -> None:
    random = np.random.default_rng(0)
    pixels = random.integers(0, 200, (600, 1100, 3)).astype(dtype)
    ids = random.integers(0, 4, (600, 1100)).astype(np.uint16)
    image = Image(pixels, RGB, ImageSource("photo"))
    files = ome_zarr_files(image, ids, named(3), "photo")
    root = json.loads(files["zarr.json"])["attributes"]["ome"]
    labels = json.loads(files["labels/classes/zarr.json"])["attributes"]["ome"]
    assert root["version"] == labels["version"] == "0.5"
    assert json.loads(files["labels/zarr.json"])["attributes"]["ome"]["labels"] == ["classes"]
    assert labels["image-label"]["colors"][0] == {"label-value": 1, "rgba": [230, 159, 0, 255]}
    assert labels["image-label"]["source"] == {"image": "../../"}
    levels = root["multiscales"][0]["datasets"]
    assert len(levels) == len(labels["multiscales"][0]["datasets"]) == 4
    assert [axis["name"] for axis in root["multiscales"][0]["axes"]] == ["c", "y", "x"]
    for level, dataset in enumerate(levels):
        step = 2**level
        assert dataset["coordinateTransformations"] == [{"type": "scale", "scale": [1, step, step]}]
        np.testing.assert_array_equal(
            zarr_array(files, dataset["path"]), np.moveaxis(pixels[::step, ::step], 2, 0)
        )
        np.testing.assert_array_equal(
            zarr_array(files, f"labels/classes/{dataset['path']}"), ids[::step, ::step]
        )


def test_every_format_gives_the_same_bytes_again() -> None:
    ids, classes = speckled(), named()
    planes = np.zeros((4, *SHAPE), dtype=np.float32)
    image = Image(np.zeros((*SHAPE, 3), np.uint8), RGB, ImageSource("photo"))
    makers: list[Callable[[], object]] = [
        lambda: encode_coco(ids, classes, "photo.jpg"),
        lambda: encode_geojson(ids, classes),
        lambda: encode_labelme(ids, classes, "photo.jpg"),
        lambda: encode_rois(ids, classes),
        lambda: encode_ome_posteriors(iter(planes), SHAPE, classes),
        lambda: ome_zarr_files(image, ids, classes, "photo"),
    ]
    first = [make() for make in makers]
    time.sleep(1.1)  # Time stamps of a second's resolution would differ now.
    assert [make() for make in makers] == first


def test_an_empty_label_map_gives_empty_files() -> None:
    ids, classes = np.zeros(SHAPE, dtype=np.uint8), named()
    assert json.loads(encode_coco(ids, classes, "x"))["annotations"] == []
    assert json.loads(encode_geojson(ids, classes))["features"] == []
    assert json.loads(encode_labelme(ids, classes, "x"))["shapes"] == []
    assert zipfile.ZipFile(io.BytesIO(encode_rois(ids, classes))).namelist() == []
