"""TIFF at full depth, by the rows of the table of bad inputs."""

from __future__ import annotations

import io
import logging
import struct
from typing import Any

import numpy as np
import pytest
import tifffile
from numpy.typing import NDArray
from PIL import Image as Pillow
from PIL import ImageOps

from gmmseg.errors import BudgetError, GmmsegError, ReadError
from gmmseg.image import GREY, RGB, Image
from gmmseg.io.images import read_image_bytes
from gmmseg.limits import MIB, budget_of
from tests.data import images as build


def read(data: bytes, **options: Any) -> Image:
    return read_image_bytes(data, "picture.tif", **options)


def read_back(array: NDArray[Any], **options: Any) -> Image:
    return read(build.tiff(array, **options))


@pytest.mark.parametrize("compression", [None, "zlib"])
@pytest.mark.parametrize("byteorder", ["<", ">"])
@pytest.mark.parametrize("dtype", ["u1", "u2", "u4", "i1", "i2", "i4", "f4", "f8"])
def test_rows_16_to_20_every_depth_of_grey_and_colour_keeps_its_values(
    dtype: str, byteorder: str, compression: str | None
) -> None:
    for channels in (1, 3):
        array = build.gradient(9, 11, channels, dtype)
        if np.dtype(dtype).kind != "u":
            array = (array - array.mean()).astype(dtype)
        photometric = "rgb" if channels == 3 else "minisblack"
        image = read_back(
            array.astype(byteorder + dtype),
            byteorder=byteorder,
            photometric=photometric,
            compression=compression,
        )
        assert image.pixels.dtype == np.dtype(dtype)
        assert image.channels == (RGB if channels == 3 else GREY)
        np.testing.assert_array_equal(image.pixels, array.reshape(9, 11, channels))


def test_row_17_four_thousand_million_stays_positive() -> None:
    assert (read_back(np.full((3, 4), 4_000_000_000, np.uint32)).pixels == 4_000_000_000).all()


def test_row_18_negative_values_are_kept() -> None:
    assert read_back(np.full((3, 4), -1234, np.int16)).pixels.min() == -1234


def test_row_19_pixels_without_a_finite_value_are_masked() -> None:
    array = np.full((4, 5), 0.5, np.float32)
    array[1, 2], array[3, 4], array[0, 0] = np.nan, np.inf, -np.inf
    image = read_back(array)
    assert image.mask is not None
    np.testing.assert_array_equal(image.mask, np.isfinite(array))
    assert (image.pixels[image.mask] == 0.5).all()
    assert any("3 pixels" in note for note in image.source.notes)
    with pytest.raises(ReadError, match="no finite value"):
        read_back(np.full((4, 5), np.nan, np.float32))


def test_row_20_half_floats_and_64_bit_integers_find_a_depth_that_holds_them() -> None:
    half = read_back(np.full((3, 4), 0.1, np.float16))
    assert half.pixels.dtype == np.float32
    assert (half.pixels == np.float32(np.float16(0.1))).all()
    whole = read_back(np.full((3, 4), 2**40 + 1, np.int64))
    assert whole.pixels.dtype == np.float64
    assert (whole.pixels == 2**40 + 1).all()
    assert any("64-bit" in note for note in whole.source.notes)
    with pytest.raises(ReadError, match="complex"):
        read_back(np.zeros((3, 4), np.complex64))


@pytest.mark.parametrize("planar", ["contig", "separate"])
def test_row_20_five_channels_are_five_features(planar: str) -> None:
    array = build.gradient(20, 30, 5, "u2")
    stored = array if planar == "contig" else np.moveaxis(array, -1, 0)
    image = read_back(stored, photometric="minisblack", planarconfig=planar)
    assert image.channels == tuple(f"channel {i}" for i in range(1, 6))
    np.testing.assert_array_equal(image.pixels, array)


def test_row_20_five_channels_as_tifffile_writes_them_by_default() -> None:
    array = build.gradient(20, 30, 5, "f4")
    image = read_back(array)
    assert image.source.n_frames == 1
    np.testing.assert_array_equal(image.pixels, array)


def test_row_20_a_volume_of_slices_is_not_mistaken_for_rows() -> None:
    array = build.gradient(20, 30, 7)
    image = read_back(np.moveaxis(array, -1, 0))
    assert image.source.n_frames == 7
    np.testing.assert_array_equal(image.pixels[:, :, 0], array[:, :, 0])


def test_row_21_pages_are_frames() -> None:
    buffer = io.BytesIO()
    pages = [build.gradient(8, 9 + i, 1, "u2", seed=i) for i in range(3)]
    with tifffile.TiffWriter(buffer) as writer:
        for page in pages:
            writer.write(page, contiguous=False)
    for index, page in enumerate(pages):
        image = read(buffer.getvalue(), frame=index)
        np.testing.assert_array_equal(image.pixels[:, :, 0], page)
        assert (image.source.frame, image.source.n_frames) == (index, 3)
        assert f"Page {index + 1} of 3." in image.source.notes
    with pytest.raises(ReadError, match="3 pages; page 4"):
        read(buffer.getvalue(), frame=3)


def test_row_21_more_pages_than_are_listed_are_mentioned(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in ("tiff_reading", "decoded_image"):
        monkeypatch.setattr(f"gmmseg.io.{module}.MAX_FRAMES", 4)
    image = read_back(np.zeros((9, 30, 40), np.uint8))
    assert image.source.n_frames == 4
    assert image.source.notes == ("Page 1 of 9.", "Only the first 4 pages are listed.")


def test_row_21_smaller_copies_are_no_pages() -> None:
    buffer = io.BytesIO()
    with tifffile.TiffWriter(buffer) as writer:
        writer.write(np.zeros((16, 16), np.uint8))
        writer.write(np.zeros((8, 8), np.uint8), subfiletype=1)
    assert read(buffer.getvalue()).source.n_frames == 1


@pytest.mark.parametrize("options", [{"imagej": True}, {"ome": True, "photometric": "minisblack"}])
def test_row_21_channels_of_a_stack_are_joined_and_the_rest_are_frames(options: dict[str, Any]) -> None:
    array = np.random.default_rng(0).integers(0, 60_000, (2, 3, 8, 9)).astype(np.uint16)
    data = build.tiff(array, metadata={"axes": "TCYX"}, **options)
    for index in range(2):
        image = read(data, frame=index)
        assert image.source.n_frames == 2
        assert image.channels == ("channel 1", "channel 2", "channel 3")
        np.testing.assert_array_equal(image.pixels, np.moveaxis(array[index], 0, -1))


def test_row_23_a_palette_gives_its_colours() -> None:
    indices = np.arange(20, dtype=np.uint8).reshape(4, 5)
    colours = np.random.default_rng(0).integers(0, 256, (3, 256))
    for factor, dtype in ((257, np.uint8), (256, np.uint8), (251, np.uint16)):
        table = (colours * factor).astype(np.uint16)
        image = read_back(indices, photometric="palette", colormap=table)
        assert image.channels == RGB
        assert image.pixels.dtype == dtype
        expected = colours.T[indices] if dtype is np.uint8 else table.T[indices]
        np.testing.assert_array_equal(image.pixels, expected)


@pytest.mark.parametrize("compression", [None, "tiff_lzw"])
def test_row_24_alpha_is_a_mask(compression: str | None) -> None:
    array = build.gradient(channels=4)
    array[:, :, 3] = 255
    array[3, 4, 3] = 0
    data = (
        build.encoded(array, "TIFF", compression=compression)
        if compression
        else build.tiff(array, photometric="rgb", extrasamples=["unassalpha"])
    )
    image = read(data)
    np.testing.assert_array_equal(image.pixels, array[:, :, :3])
    assert image.mask is not None
    np.testing.assert_array_equal(image.mask, array[:, :, 3] > 0)


def test_row_24_premultiplied_colours_are_divided_by_their_opacity() -> None:
    array = np.zeros((2, 3, 4), np.uint16)
    array[0] = (100, 200, 300, 32_768)
    image = read_back(array, photometric="rgb", extrasamples=["assocalpha"])
    assert image.mask is not None
    assert image.mask.tolist() == [[True] * 3, [False] * 3]
    assert image.pixels[0, 0].tolist() == [200, 400, 600]


def test_row_25_white_is_the_largest_value_whichever_way_it_is_stored() -> None:
    for dtype in ("u1", "u2"):
        array = build.gradient(channels=1, dtype=dtype)
        image = read_back(array, photometric="miniswhite")
        np.testing.assert_array_equal(image.pixels[:, :, 0], np.iinfo(dtype).max - array)
    bits = np.indices((5, 9)).sum(axis=0) % 2 == 0
    for compression in (None, "group4"):
        data = build.encoded(bits, "TIFF", compression=compression)
        np.testing.assert_array_equal(read(data).pixels[:, :, 0], bits * np.uint8(255))


@pytest.mark.parametrize("compression", ["tiff_lzw", "jpeg", "packbits", "tiff_adobe_deflate"])
def test_compressed_pictures_are_read_with_or_without_imagecodecs(compression: str) -> None:
    array = build.gradient(40, 50)
    data = build.encoded(array, "TIFF", compression=compression)
    image = read(data)
    assert image.channels == RGB
    assert image.source.notes == ()
    with Pillow.open(io.BytesIO(data)) as picture:
        np.testing.assert_array_equal(image.pixels, np.asarray(picture.convert("RGB")))


def test_compressed_pages_are_frames_like_others() -> None:
    frames = [Pillow.fromarray(build.gradient(seed=seed)) for seed in range(3)]
    data = build.encoded(frames[0], "TIFF", save_all=True, append_images=frames[1:], compression="tiff_lzw")
    image = read(data, frame=2)
    np.testing.assert_array_equal(image.pixels, np.asarray(frames[2]))
    assert image.source.notes == ("Page 3 of 3.",)
    assert image.source.n_frames == 3


def test_a_compression_that_is_not_read_names_a_remedy(monkeypatch: pytest.MonkeyPatch) -> None:
    data = bytearray(build.tiff(build.gradient(dtype="u2"), photometric="rgb", compression="zlib"))
    # Tag 259 (compression), SHORT, one value: 8 becomes 5, LZW.
    at = data.index(struct.pack("<HHI", 259, 3, 1))
    data[at + 8 : at + 10] = struct.pack("<H", 5)

    def refuse(*_: object, **__: object) -> None:
        raise ValueError("LZW requires the 'imagecodecs' package")

    monkeypatch.setattr(tifffile.TiffPage, "asarray", refuse)
    with pytest.raises(ReadError, match=r"LZW.*Deflate.*imagecodecs"):
        read(bytes(data))


@pytest.mark.parametrize("dtype", ["u1", "u2"])
def test_row_26_cmyk_becomes_rgb(dtype: str) -> None:
    array = build.gradient(channels=4, dtype=dtype)
    image = read_back(array, photometric="separated")
    top = np.iinfo(dtype).max
    light = 1 - array.astype(float) / top
    assert image.channels == RGB
    np.testing.assert_allclose(image.pixels, light[:, :, :3] * light[:, :, 3:] * top, atol=0.51)
    assert any("CMYK" in note for note in image.source.notes)


@pytest.mark.parametrize("photometric", ["cielab", "icclab", "ycbcr"])
def test_row_27_lab_and_ycbcr_are_never_taken_for_rgb(photometric: str) -> None:
    with pytest.raises(ReadError, match=r"(?i)" + photometric):
        read_back(build.gradient(), photometric=photometric)


@pytest.mark.parametrize("compression", ["raw", "tiff_lzw"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_row_28_orientation_is_applied_once(orientation: int, compression: str) -> None:
    array = build.gradient(5, 8)
    data = build.encoded(array, "TIFF", compression=compression, tiffinfo={274: orientation})
    block = Pillow.Exif()
    block[274] = orientation
    upright = Pillow.fromarray(array)
    upright.info["exif"] = block.tobytes()
    np.testing.assert_array_equal(read(data).pixels, np.asarray(ImageOps.exif_transpose(upright)))


@pytest.mark.parametrize("share", [0.02, 0.3, 0.9])
@pytest.mark.parametrize("compression", [None, "zlib"])
def test_a_tiff_cut_off_is_refused_quietly(
    share: float, compression: str | None, capfd: pytest.CaptureFixture[str]
) -> None:
    data = build.tiff(build.gradient(90, 80), photometric="rgb", compression=compression)
    with pytest.raises(GmmsegError) as caught:
        read(data[: int(len(data) * share)])
    assert "0x" not in str(caught.value)
    assert capfd.readouterr() == ("", "")


def test_the_logger_of_tifffile_prints_nothing_of_its_own() -> None:
    read_back(np.zeros((3, 4), np.uint8))
    assert any(isinstance(handler, logging.NullHandler) for handler in logging.getLogger("tifffile").handlers)


def test_a_header_that_promises_too_much_is_refused_before_it_is_allocated() -> None:
    data = bytearray(build.tiff(build.gradient(), photometric="rgb"))
    for tag in (256, 257):
        at = next(
            i for i in range(len(data)) if data[i : i + 2] == struct.pack("<H", tag) and data[i + 2] in (3, 4)
        )
        data[at + 2 : at + 12] = struct.pack("<HII", 4, 1, 60_000)
    with budget_of(64 * MIB), pytest.raises(BudgetError, match="60,000 × 60,000"):
        read(bytes(data))


def test_a_stack_of_channels_counts_them_all_against_the_budget() -> None:
    data = build.tiff(np.zeros((40, 100, 100), "u1"), imagej=True, metadata={"axes": "CYX"})
    with budget_of(500_000), pytest.raises(BudgetError, match="400 kB as read"):
        read(data)
    with budget_of(900_000):
        assert read(data).n_channels == 40


@pytest.mark.timeout(10)
def test_pages_that_lead_back_to_an_earlier_one_are_damage_not_a_hang() -> None:
    data = bytearray(build.tiff(np.zeros((3, 8, 9), "u2"), imagej=True, byteorder="<"))
    (first,) = struct.unpack_from("<I", data, 4)
    (n_entries,) = struct.unpack_from("<H", data, first)
    struct.pack_into("<I", data, first + 2 + 12 * n_entries, first)
    with pytest.raises(ReadError, match="damaged"):
        read(bytes(data))
