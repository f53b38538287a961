"""Mask files hold exactly the values shown, say what they mean, and are the same bytes each time."""

from __future__ import annotations

import io
import json
import struct
import time
import zipfile
import zlib
from typing import Any

import numpy as np
import pytest
import tifffile
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image as PillowImage

from gmmseg.arrays import AnyArray, label_dtype
from gmmseg.errors import WriteError
from gmmseg.io.masks import (
    encode_legend,
    encode_mask,
    encode_npz,
    encode_probabilities,
    encode_rgb_png,
    legend,
    mask_ids,
)
from gmmseg.mixture.covariance import Spherical
from gmmseg.mixture.params import MixtureParams
from gmmseg.photo.classes import default_classes
from gmmseg.photo.segmentation import Segmentation

SHAPE = (13, 17)


def a_segmentation(n_components: int, shape: tuple[int, int] = SHAPE, seed: int = 0) -> Segmentation:
    random = np.random.default_rng(seed)
    labels: AnyArray = random.integers(0, n_components + 1, shape).astype(label_dtype(n_components))
    labels.flat[: min(n_components, labels.size)] = np.arange(1, n_components + 1)[: labels.size]
    params = MixtureParams(
        np.full(n_components, 1 / n_components),
        np.zeros((n_components, 1)),
        Spherical(np.ones(n_components)),
    )
    return Segmentation(labels, params)


def read_png(data: bytes) -> AnyArray:
    """Decode a PNG whose rows are unfiltered by hand, so that no library's conversion is in between."""
    assert data[:8] == b"\x89PNG\r\n\x1a\n"
    at, packed = 8, b""
    width = height = depth = 0
    while at < len(data):
        (length,) = struct.unpack_from(">I", data, at)
        kind, body = data[at + 4 : at + 8], data[at + 8 : at + 8 + length]
        assert struct.unpack_from(">I", data, at + 8 + length)[0] == zlib.crc32(kind + body)
        if kind == b"IHDR":
            width, height, depth = struct.unpack_from(">IIB", body)
        elif kind == b"IDAT":
            packed += body
        at += 12 + length
    stride = width * depth // 8
    rows = np.frombuffer(zlib.decompress(packed), np.uint8).reshape(height, stride + 1)
    if rows[:, 0].any():
        return np.asarray(PillowImage.open(io.BytesIO(data)))
    pixels: AnyArray = np.ascontiguousarray(rows[:, 1:]).view(np.uint8 if depth == 8 else ">u2")
    return pixels


def read_back(suffix: str, data: bytes) -> AnyArray:
    if suffix == ".png":
        return read_png(data)
    if suffix == ".tif":
        return np.asarray(tifffile.imread(io.BytesIO(data)))
    loaded: Any = np.load(io.BytesIO(data), allow_pickle=False)
    labels: AnyArray = loaded["labels"] if suffix == ".npz" else loaded
    return labels


@pytest.mark.parametrize("suffix", [".png", ".tif", ".npy", ".npz"])
@pytest.mark.parametrize("zero_based", [False, True])
@pytest.mark.parametrize("n_components", [1, 2, 5, 254, 255, 256, 300])
def test_a_mask_comes_back_value_for_value(suffix: str, zero_based: bool, n_components: int) -> None:
    segmentation = a_segmentation(n_components, (40, 30))
    classes = default_classes(n_components)
    ids = mask_ids(segmentation.labels, classes, zero_based=zero_based)
    data = encode_mask(suffix, ids, classes, zero_based=zero_based)
    again = read_back(suffix, data)
    np.testing.assert_array_equal(again, ids)
    assert again.dtype.itemsize == ids.dtype.itemsize


@pytest.mark.parametrize(
    ("n_components", "zero_based", "dtype", "empty", "last"),
    [
        (5, False, np.uint8, 0, 5),
        (254, False, np.uint8, 0, 254),
        (255, False, np.uint16, 0, 256),
        (300, False, np.uint16, 0, 301),
        (5, True, np.uint8, 255, 4),
        (255, True, np.uint8, 255, 254),
        (256, True, np.uint16, 65535, 255),
    ],
)
def test_values_follow_the_convention(
    n_components: int, zero_based: bool, dtype: type[Any], empty: int, last: int
) -> None:
    segmentation = a_segmentation(n_components, (40, 30))
    classes = default_classes(n_components)
    ids = mask_ids(segmentation.labels, classes, zero_based=zero_based)
    assert ids.dtype == dtype
    assert set(ids[segmentation.labels == 0].tolist()) == {empty}
    assert set(ids[segmentation.labels == n_components].tolist()) == {last}
    about = legend(classes, zero_based=zero_based)
    assert about["no_class"] == empty
    if zero_based:
        assert "0-based" in about["values"]
    else:
        # 255 means ignore, whatever the number of classes.
        assert 255 not in ids


def test_merged_classes_share_a_value() -> None:
    segmentation = a_segmentation(4)
    ids = mask_ids(segmentation.labels, default_classes(4).merged([2, 4]))
    assert set(ids[(segmentation.labels == 2) | (segmentation.labels == 4)].tolist()) == {2}
    assert set(ids[segmentation.labels == 3].tolist()) == {3}


@pytest.mark.parametrize("n_components", [1, 2, 3, 16])
def test_few_classes_still_make_an_8_bit_index_with_256_colours(n_components: int) -> None:
    classes = default_classes(n_components)
    data = encode_mask(".png", mask_ids(a_segmentation(n_components).labels, classes), classes)
    assert data[24] == 8, "bit depth"
    assert data[25] == 3, "indexed colour"
    at = data.index(b"PLTE")
    assert struct.unpack(">I", data[at - 4 : at]) == (768,)
    assert b"tRNS" not in data


def test_a_png_shows_the_class_colours() -> None:
    segmentation, classes = a_segmentation(3), default_classes(3)
    data = encode_mask(".png", mask_ids(segmentation.labels, classes), classes)
    picture = PillowImage.open(io.BytesIO(data))
    assert picture.mode == "P"
    rgb = np.asarray(picture.convert("RGB"))
    for entry in classes:
        assert {tuple(c) for c in rgb[segmentation.labels == entry.components[0] + 1].tolist()} == {
            entry.colour
        }
    assert not rgb[segmentation.labels == 0].any()


def test_a_zero_based_png_shows_the_class_colours_too() -> None:
    segmentation, classes = a_segmentation(3), default_classes(3).merged([1, 3])
    ids = mask_ids(segmentation.labels, classes, zero_based=True)
    picture = PillowImage.open(io.BytesIO(encode_mask(".png", ids, classes, zero_based=True)))
    rgb = np.asarray(picture.convert("RGB"))
    assert {tuple(c) for c in rgb[segmentation.labels == 3].tolist()} == {classes.by_id(1).colour}


def test_the_voc_palette_is_the_published_one() -> None:
    classes = default_classes(2)
    data = encode_mask(".png", mask_ids(a_segmentation(2).labels, classes), classes, palette="voc")
    colours = PillowImage.open(io.BytesIO(data)).getpalette() or []
    entries = [tuple(colours[3 * i : 3 * i + 3]) for i in (0, 1, 2, 3, 4, 7, 8, 15, 255)]
    assert entries == [
        (0, 0, 0), (128, 0, 0), (0, 128, 0), (128, 128, 0), (0, 0, 128), (128, 128, 128), (64, 0, 0),
        (192, 128, 128), (224, 224, 192),
    ]  # fmt: skip


def test_a_tiff_mask_is_grey_and_has_its_legend() -> None:
    classes = default_classes(3).changed(2, name="Straße")
    data = encode_mask(".tif", mask_ids(a_segmentation(3).labels, classes), classes, metadata={"image": "x"})
    with tifffile.TiffFile(io.BytesIO(data)) as file:
        page = file.pages[0]
        assert isinstance(page, tifffile.TiffPage)
        assert page.photometric == tifffile.PHOTOMETRIC.MINISBLACK
        assert page.colormap is None
        about = json.loads(page.description)
    assert about["classes"][1]["name"] == "Straße"
    assert about["values"] == "class ids from 1"
    assert about["image"] == "x"


@pytest.mark.parametrize("suffix", [".png", ".tif"])
@pytest.mark.parametrize("n_components", [3, 254, 300])
def test_a_grey_mask_is_read_by_opencv_as_its_values(suffix: str, n_components: int) -> None:
    cv2 = pytest.importorskip("cv2")
    classes = default_classes(n_components)
    ids = mask_ids(a_segmentation(n_components, (40, 30)).labels, classes)
    data = encode_mask(suffix, ids, classes, palette="grey")
    again = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)
    np.testing.assert_array_equal(again, ids)
    assert again.dtype == ids.dtype


def test_a_grey_png_has_eight_bits_no_palette_and_its_legend() -> None:
    classes = default_classes(3)
    data = encode_mask(".png", mask_ids(a_segmentation(3).labels, classes), classes, palette="grey")
    assert data[24] == 8, "bit depth"
    assert data[25] == 0, "grey"
    assert b"PLTE" not in data
    texts = PillowImage.open(io.BytesIO(data)).text  # type: ignore[attr-defined]
    assert json.loads(texts["gmmseg"]) == legend(classes)


@pytest.mark.parametrize("zero_based", [False, True])
def test_a_png_says_what_its_values_mean(zero_based: bool) -> None:
    classes = default_classes(3)
    ids = mask_ids(a_segmentation(3).labels, classes, zero_based=zero_based)
    texts = PillowImage.open(io.BytesIO(encode_mask(".png", ids, classes, zero_based=zero_based))).text  # type: ignore[attr-defined]
    assert json.loads(texts["gmmseg"]) == legend(classes, zero_based=zero_based)
    assert ("0-based" in texts["Description"]) == zero_based
    assert json.loads(encode_legend(legend(classes, zero_based=zero_based))) == legend(
        classes, zero_based=zero_based
    )


def test_an_npz_holds_labels_probabilities_and_metadata_without_pickle() -> None:
    classes = default_classes(4)
    ids = mask_ids(a_segmentation(4).labels, classes)
    planes = np.random.default_rng(0).random((4, *SHAPE)).astype(np.float32)
    with np.load(io.BytesIO(encode_npz(ids, iter(planes), legend(classes))), allow_pickle=False) as held:
        np.testing.assert_array_equal(held["labels"], ids)
        np.testing.assert_array_equal(held["probabilities"], planes)
        assert held["probabilities"].dtype == np.float32
        assert json.loads(str(held["metadata"])) == legend(classes)


@pytest.mark.parametrize("suffix", [".jpg", ".JPEG", ".webp", ".bmp", "", ".txt"])
def test_formats_that_cannot_hold_labels_are_refused_with_another_to_choose(suffix: str) -> None:
    with pytest.raises(WriteError) as caught:
        encode_mask(suffix, np.zeros(SHAPE, np.uint8), default_classes(1))
    assert ".png" in caught.value.remedy
    assert ("changes pixel values" in caught.value.cause) == (suffix in (".jpg", ".JPEG", ".webp"))


def test_probabilities_are_channels_named_after_the_classes() -> None:
    classes = default_classes(3).changed(1, name="Himmel")
    planes = np.random.default_rng(0).random((3, *SHAPE)).astype(np.float32)
    data = encode_probabilities(iter(planes), SHAPE, classes)
    with tifffile.TiffFile(io.BytesIO(data)) as file:
        assert file.is_imagej
        assert file.series[0].axes == "CYX"
        assert file.imagej_metadata is not None
        assert file.imagej_metadata["Labels"] == ["Himmel", "Class 2", "Class 3"]
        again = file.asarray()
    assert again.dtype == np.float32
    np.testing.assert_array_equal(again, planes)


def test_probabilities_too_large_for_a_tiff_are_refused_before_any_is_computed() -> None:
    def planes() -> Any:
        pytest.fail("a plane was asked for")
        yield

    with pytest.raises(WriteError, match=r"14\.4 GB") as caught:
        encode_probabilities(planes(), (30_000, 30_000), default_classes(4))
    assert ".npz" in caught.value.remedy


def test_a_colour_picture_comes_back() -> None:
    rgb = np.random.default_rng(0).integers(0, 256, (*SHAPE, 3)).astype(np.uint8)
    np.testing.assert_array_equal(np.asarray(PillowImage.open(io.BytesIO(encode_rgb_png(rgb)))), rgb)


@pytest.mark.slow
def test_equal_input_gives_equal_bytes_at_another_time() -> None:
    classes = default_classes(3)
    ids = mask_ids(a_segmentation(3).labels, classes)
    planes = np.random.default_rng(0).random((3, *SHAPE)).astype(np.float32)

    def everything() -> list[bytes]:
        files = [encode_mask(suffix, ids, classes) for suffix in (".png", ".tif", ".npy", ".npz")]
        files.append(encode_npz(ids, planes, legend(classes)))
        files.append(encode_probabilities(iter(planes), SHAPE, classes))
        return files

    first = everything()
    time.sleep(2.1)  # Zip time stamps have a resolution of two seconds.
    assert everything() == first


def test_zip_entries_have_a_fixed_date() -> None:
    data = encode_mask(".npz", np.zeros(SHAPE, np.uint8), default_classes(1))
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        assert {info.date_time for info in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}


@given(name=st.text(max_size=20), suffix=st.sampled_from([".png", ".tif", ".npz"]))
def test_any_class_name_can_be_written(name: str, suffix: str) -> None:
    classes = default_classes(2).changed(1, name=name)
    ids = np.ones((2, 3), np.uint8)
    np.testing.assert_array_equal(read_back(suffix, encode_mask(suffix, ids, classes)), ids)
    assert json.loads(encode_legend(legend(classes)))["classes"][0]["name"] == name


@given(name=st.text(max_size=20))
def test_any_class_name_can_name_a_channel(name: str) -> None:
    planes = np.ones((2, 2, 3), np.float32)
    data = encode_probabilities(iter(planes), (2, 3), default_classes(2).changed(1, name=name))
    np.testing.assert_array_equal(tifffile.imread(io.BytesIO(data)), planes)
