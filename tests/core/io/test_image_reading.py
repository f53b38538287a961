"""Reading images by the rows of the table of bad inputs: each row's number stands in its test's name."""

from __future__ import annotations

import io
import os
import socket
import struct
import threading
import tracemalloc
import zlib
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image as Pillow
from PIL import ImageCms, ImageOps

from gmmseg.control import StopRequest, never_stop
from gmmseg.errors import BudgetError, Cancelled, GmmsegError, ReadError
from gmmseg.image import GREY, RGB, Image
from gmmseg.io import images
from gmmseg.io.files import open_file
from gmmseg.io.images import (
    FILE_GROUPS,
    READABLE_SUFFIXES,
    image_from_array,
    list_images,
    read_image,
    read_image_bytes,
)
from gmmseg.io.pillow_reading import CONVERSIONS, conversion_of, pixels_of
from gmmseg.limits import GIB, MIB, budget_of
from tests.data import images as build

GOOD = build.good_files()
needs_posix = pytest.mark.skipif(os.name != "posix", reason="needs POSIX files")


def read(data: bytes, name: str = "picture.png", **options: object) -> Image:
    return read_image_bytes(data, name, **options)  # type: ignore[arg-type]


def refusal(data: bytes, name: str = "picture.png") -> str:
    with pytest.raises(GmmsegError) as caught:
        read(data, name)
    text = str(caught.value)
    assert "BytesIO" not in text
    assert "0x" not in text
    return text


# ---- the file's bytes -------------------------------------------------------------------------------------


def test_row_1_an_empty_file_is_called_empty(tmp_path: Path) -> None:
    (tmp_path / "nothing.png").touch()
    with pytest.raises(ReadError, match="empty file"):
        read_image(tmp_path / "nothing.png")
    assert "empty file" in refusal(b"")


@pytest.mark.parametrize(
    "data", [b"hello, this is text\n" * 9, bytes(range(256)) * 4, b"\0" * 999, b"BMW is a car"]
)
def test_row_2_text_and_random_bytes_are_no_image(data: bytes) -> None:
    assert "not an image" in refusal(data)


def test_row_3_a_jpeg_named_png_opens_with_a_note() -> None:
    image = read(GOOD["photo.jpg"], "photo.png")
    assert image.source.format == "JPEG"
    assert any(".png" in note and "JPEG" in note for note in image.source.notes)
    assert read(GOOD["photo.jpg"], "photo.JPG").source.notes == ()


@pytest.mark.parametrize("name", ["rgb.png", "rgba.png", "grey16.png", "rgb16.png"])
def test_row_4_a_png_cut_in_half_is_cut_off(name: str) -> None:
    data = GOOD[name]
    assert "cut off" in refusal(data[: len(data) // 2])


def test_row_5_a_png_of_a_header_alone_is_refused() -> None:
    assert "cut off" in refusal(build.PNG_SIGNATURE)
    refusal(build.PNG_SIGNATURE + build.header_chunk(10, 10))


@pytest.mark.parametrize("share", [0.3, 0.5, 0.9])
def test_row_6_a_jpeg_cut_off_gives_no_grey_half(share: float) -> None:
    data = build.encoded(build.gradient(200, 300), "JPEG")
    assert "cut off" in refusal(data[: int(len(data) * share)], "photo.jpg")


@pytest.mark.parametrize(
    "name", ["photo.bmp", "photo.ppm", "grey16.pgm", "photo.webp", "plain.tif", "lzw.tif"]
)
def test_row_6_other_formats_cut_off_are_refused(name: str) -> None:
    data = GOOD[name]
    refusal(data[: len(data) * 2 // 3], name)


@pytest.mark.parametrize("deep", [False, True])
def test_row_7_a_flipped_bit_in_the_pixels_is_damage(deep: bool) -> None:
    data = bytearray(GOOD["rgb16.png" if deep else "rgb.png"])
    data[data.index(b"IDAT") + 12] ^= 0x10
    assert "damaged" in refusal(bytes(data))


def test_row_8_a_header_whose_checksum_fails_is_refused() -> None:
    data = bytearray(GOOD["rgb.png"])
    data[29] ^= 1
    assert "damaged" in refusal(bytes(data))


@pytest.mark.parametrize("size", [(1, 1), (1, 20_000), (20_000, 1)])
@pytest.mark.parametrize("format_name", ["PNG", "JPEG", "BMP", "PPM"])
def test_rows_9_and_10_tiny_and_thin_pictures_open(size: tuple[int, int], format_name: str) -> None:
    data = build.encoded(np.full((*size, 3), 200, np.uint8), format_name)
    image = read(data)
    assert (image.height, image.width) == size
    assert (image.pixels == 200).all()


def bomb(width: int, height: int, depth: int = 1, colour_type: int = 0) -> bytes:
    return build.png(build.header_chunk(width, height, depth, colour_type), b"\0" * 9)


def test_row_11_a_header_of_900_megapixels_is_refused_and_allocates_nothing() -> None:
    for budget in (4 * GIB, 64 * GIB):
        tracemalloc.start()
        with budget_of(budget):
            text = refusal(bomb(30_000, 30_000))
        assert tracemalloc.get_traced_memory()[1] < 50 * MIB
        tracemalloc.stop()
        assert "30,000 × 30,000" in text
    with budget_of(4 * GIB):
        assert "4.3 GB" in refusal(bomb(30_000, 30_000))


def test_row_12_169_megapixels_are_refused_by_the_budget_alone() -> None:
    header = bomb(13_000, 13_000, 8, 2)
    with (
        budget_of(GIB),
        pytest.raises(BudgetError, match=r"1\.5 GB.*507 MB.*1\.1 GB are allowed.*Scale it down to"),
    ):
        read(header)
    # Under a larger budget the header passes: what is refused then is the missing rest.
    with budget_of(4 * GIB), pytest.raises(ReadError):
        read(header)


@pytest.mark.parametrize("side", [2**31 - 1, 70_000])
def test_row_13_sides_beyond_the_limit_are_refused(side: int) -> None:
    assert "65,535" in refusal(bomb(side, side))
    assert "65,535" in refusal(bomb(1, side))


@pytest.mark.parametrize(
    ("data", "name"),
    [
        (b"GIF89a" + struct.pack("<HH", 65_000, 65_000) + b"\x80\0\0" + b"\0" * 60, "a.gif"),
        (b"P6 60000 60000 255\n" + b"\0" * 60, "a.ppm"),
        (b"P6 60000 60000 65535\n" + b"\0" * 60, "a.ppm"),
        (
            b"BM" + b"\0" * 12 + struct.pack("<IiiHHI", 40, 60_000, 60_000, 1, 24, 0) + b"\0" * 60,
            "a.bmp",
        ),
        (b"RIFF\x40\0\0\0WEBPVP8X\x0a\0\0\0\0\0\0\0" + b"\xff\x3f\0" * 2 + b"\0" * 60, "a.webp"),
    ],
    ids=["gif", "ppm", "ppm16", "bmp", "webp"],
)
def test_row_13_every_header_is_checked_before_anything_is_allocated(data: bytes, name: str) -> None:
    tracemalloc.start()
    with budget_of(GIB), pytest.raises(BudgetError):
        read(data, name)
    assert tracemalloc.get_traced_memory()[1] < 50 * MIB
    tracemalloc.stop()


def test_row_14_a_png_without_width_is_refused() -> None:
    assert "nothing in it" in refusal(build.png(build.header_chunk(0, 5), b"\0"))


# ---- depths and modes -------------------------------------------------------------------------------------


def test_row_15_a_grey_png_of_16_bits_keeps_its_values() -> None:
    array = build.gradient(50, 60, 1, "u2")
    image = read(build.encoded(array, "PNG"))
    assert image.pixels.dtype == np.uint16
    assert image.channels == GREY
    np.testing.assert_array_equal(image.pixels[:, :, 0], array)


@pytest.mark.parametrize("channels", [2, 3, 4])
@pytest.mark.parametrize("size", [(1, 1), (1, 9), (9, 1), (7, 11), (12, 5)])
def test_row_16_a_png_of_16_bits_with_colour_or_alpha_keeps_its_values(
    channels: int, size: tuple[int, int]
) -> None:
    generator = np.random.default_rng(channels)
    samples = generator.integers(0, 65_536, (*size, channels)).astype(np.uint16)
    filters = [int(i) for i in generator.integers(0, 5, size[0])]
    image = read(build.deep_png(samples, filters), use_alpha_mask=False)
    assert image.pixels.dtype == np.uint16
    np.testing.assert_array_equal(image.pixels, samples[:, :, : channels - (channels % 2 == 0)])


@pytest.mark.parametrize("kind", range(5))
def test_row_16_each_png_filter_is_undone(kind: int) -> None:
    samples = np.random.default_rng(kind).integers(0, 65_536, (9, 8, 3)).astype(np.uint16)
    np.testing.assert_array_equal(read(build.deep_png(samples, [kind] * 9)).pixels, samples)


def test_row_16_a_deep_png_has_its_orientation_alpha_and_transparent_colour_honoured() -> None:
    samples = build.gradient(4, 6, 3, "u2")
    colour = build.chunk(b"tRNS", struct.pack(">3H", *samples[1, 2]))
    turned = build.chunk(b"eXIf", build.exif(6)[6:])
    image = read(build.deep_png(samples, [1] * 4, turned, colour))
    np.testing.assert_array_equal(image.pixels, np.rot90(samples, -1))
    assert image.mask is not None
    expected = np.rot90((samples != samples[1, 2]).any(axis=2), -1)
    np.testing.assert_array_equal(image.mask, expected)


def test_row_16_an_interlaced_png_of_16_bits_is_read_at_8_bits_and_says_so() -> None:
    # A single pixel: the seven passes of Adam7 hold one row.
    row = b"\0" + struct.pack(">3H", 0x1234, 0x5678, 0x9ABC)
    image = read(build.png(build.header_chunk(1, 1, 16, 2, interlace=1), row))
    assert image.pixels.tolist() == [[[0x12, 0x56, 0x9A]]]
    assert any("8 bits" in note for note in image.source.notes)


def test_row_16_a_binary_pnm_with_16_bits_keeps_its_values() -> None:
    samples = build.gradient(5, 7, 3, "u2") // 16
    data = b"P6\n# made here\n7 5\n4095\n" + samples.astype(">u2").tobytes()
    image = read(data, "a.ppm")
    np.testing.assert_array_equal(image.pixels, samples)
    assert image.channels == RGB
    assert any("4,095" in note for note in image.source.notes)


def test_row_22_a_gif_gives_colours_not_palette_indices() -> None:
    frames = [
        np.full((6, 7, 3), colour, np.uint8) for colour in ((250, 10, 10), (10, 250, 10), (10, 10, 250))
    ]
    data = build.animation(frames, "GIF")
    for index, frame in enumerate(frames):
        image = read(data, "a.gif", frame=index)
        assert image.channels == RGB
        np.testing.assert_allclose(image.pixels, frame, atol=4)


@pytest.mark.parametrize(("format_name", "options"), [("GIF", {}), ("WEBP", {"lossless": True}), ("PNG", {})])
def test_row_21_an_animation_gives_its_first_frame_and_says_so(
    format_name: str, options: dict[str, bool]
) -> None:
    frames = [build.gradient(seed=seed, channels=3) for seed in range(4)]
    data = build.animation(frames, format_name, **options)
    image = read(data, f"a.{format_name.lower()}")
    assert (image.source.frame, image.source.n_frames) == (0, 4)
    assert "Frame 1 of 4." in image.source.notes
    with pytest.raises(ReadError, match="4 frames; frame 10 does not exist"):
        read(data, "a.png", frame=9)
    with pytest.raises(ReadError):
        read(data, "a.png", frame=-1)
    if format_name != "GIF":
        np.testing.assert_array_equal(read(data, "a.webp", frame=2).pixels, frames[2])


def test_row_23_palette_transparency_by_index_and_by_bytes() -> None:
    indices = np.arange(12, dtype=np.uint8).reshape(3, 4) % 4
    picture = Pillow.fromarray(indices)
    picture.putpalette([10, 20, 30, 40, 50, 60, 70, 80, 90, 100, 110, 120])
    for transparency in (2, bytes([255, 255, 0, 128])):
        image = read(build.encoded(picture, "PNG", transparency=transparency))
        assert image.channels == RGB
        assert image.pixels[0, 3].tolist() == [100, 110, 120]
        assert image.mask is not None
        np.testing.assert_array_equal(image.mask, indices != 2)


@pytest.mark.parametrize("mode", ["RGBA", "LA"])
def test_row_24_alpha_is_no_channel_and_fully_transparent_pixels_hold_no_data(mode: str) -> None:
    array = build.gradient(channels=len(mode))
    array[:, :, -1] = 255
    array[2:4, 5:9, -1] = 0
    array[5, 5, -1] = 1
    data = build.encoded(Pillow.fromarray(array), "PNG")
    image = read(data)
    np.testing.assert_array_equal(image.pixels, array[:, :, :-1])
    assert image.mask is not None
    np.testing.assert_array_equal(image.mask, array[:, :, -1] > 0)
    assert any("8 transparent" in note for note in image.source.notes)
    assert read(data, use_alpha_mask=False).mask is None


def test_row_24_a_picture_that_is_all_transparent_keeps_its_pixels() -> None:
    array = build.gradient(channels=4)
    array[:, :, 3] = 0
    image = read(build.encoded(array, "PNG"))
    assert image.mask is None
    assert any("fully transparent" in note for note in image.source.notes)


EXPECTED_BY_MODE = {
    "1": ([[255]], "uint8"),
    "L": ([[77]], "uint8"),
    "LA": ([[77]], "uint8"),
    "La": ([[77]], "uint8"),
    "P": ([[9, 8, 7]], "uint8"),
    "PA": ([[9, 8, 7]], "uint8"),
    "RGB": ([[9, 8, 7]], "uint8"),
    "RGBX": ([[9, 8, 7]], "uint8"),
    "RGBA": ([[9, 8, 7]], "uint8"),
    "RGBa": ([[9, 8, 7]], "uint8"),
    "I;16": ([[60_000]], "uint16"),
    "I;16L": ([[60_000]], "uint16"),
    "I;16B": ([[60_000]], "uint16"),
    "I": ([[-70_000]], "int32"),
    "F": ([[0.25]], "float32"),
    "CMYK": ([[9, 8, 7]], "uint8"),
    "YCbCr": ([[77, 77, 77]], "uint8"),
    "HSV": ([[77, 77, 77]], "uint8"),
}


def picture_of(mode: str) -> Pillow.Image:
    values: dict[str, float | tuple[float, ...]] = {
        "1": 1, "L": 77, "LA": (77, 255), "RGB": (9, 8, 7), "RGBX": (9, 8, 7, 0), "RGBA": (9, 8, 7, 255),
        "I;16": 60_000, "I;16L": 60_000, "I;16B": 60_000, "I": -70_000, "F": 0.25, "CMYK": (246, 247, 248, 0),
        "YCbCr": (77, 128, 128), "HSV": (0, 0, 77),
    }  # fmt: skip
    if mode in ("P", "PA"):
        picture = Pillow.new("P", (3, 2), 1)
        picture.putpalette([0, 0, 0, 9, 8, 7])
        return picture if mode == "P" else picture.convert("PA")
    if mode in ("La", "RGBa"):
        return picture_of(mode.upper()).convert(mode)
    return Pillow.new(mode, (3, 2), values[mode])


@pytest.mark.parametrize("mode", sorted(EXPECTED_BY_MODE))
def test_rows_25_and_27_each_pillow_mode_is_converted_as_the_table_says(mode: str) -> None:
    picture = picture_of(mode)
    pixels, _ = pixels_of(picture, conversion_of(picture, "BMP"), never_stop)
    value, dtype = EXPECTED_BY_MODE[mode]
    assert str(pixels.dtype) == dtype
    assert pixels.shape[:2] == (2, 3)
    assert (pixels == np.array(value)).all()


def test_row_25_the_table_is_tested_whole() -> None:
    assert set(CONVERSIONS) - set(EXPECTED_BY_MODE) == {"I;16N"}


def test_row_25_a_one_bit_png_and_a_float_map_are_read() -> None:
    bits = np.indices((5, 9)).sum(axis=0) % 2 == 0
    np.testing.assert_array_equal(read(build.encoded(bits, "PNG")).pixels[:, :, 0], bits * np.uint8(255))
    values = np.linspace(-1, 1, 20, dtype=np.float32).reshape(4, 5)
    data = b"Pf\n5 4\n-1.0\n" + values[::-1].tobytes()
    np.testing.assert_array_equal(read(data, "a.pfm").pixels[:, :, 0], values)


def test_row_27_lab_is_never_taken_for_rgb() -> None:
    with pytest.raises(ReadError, match="LAB"):
        conversion_of(Pillow.new("LAB", (3, 2)), "TIFF")


def test_row_26_a_cmyk_jpeg_becomes_rgb_with_a_note() -> None:
    colour = (200, 60, 30)
    flat = Pillow.new("RGB", (16, 16), colour).convert("CMYK")
    # Pillow writes CMYK inverted, with Adobe's marker, as Photoshop does.
    data = build.encoded(flat, "JPEG", quality=100)
    assert b"Adobe" in data
    image = read(data, "a.jpg")
    assert image.channels == RGB
    np.testing.assert_allclose(image.pixels, np.broadcast_to(colour, (16, 16, 3)), atol=4)
    assert any("CMYK" in note for note in image.source.notes)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_row_28_pictures_are_turned_as_a_viewer_turns_them(orientation: int) -> None:
    array = build.gradient(5, 8, 4)
    array[:, :, 3] = 255
    array[1, 2, 3] = 0
    data = build.encoded(array, "PNG", exif=build.exif(orientation))
    with Pillow.open(io.BytesIO(data)) as picture:
        expected = np.asarray(ImageOps.exif_transpose(picture))
    image = read(data)
    np.testing.assert_array_equal(image.pixels, expected[:, :, :3])
    assert image.mask is not None
    np.testing.assert_array_equal(image.mask, expected[:, :, 3] > 0)
    assert image.pixels.flags.c_contiguous
    assert image.mask.flags.c_contiguous


@pytest.mark.parametrize("block", [build.exif(99), b"Exif\0\0II*\0\xff\xff\xff\xff", b"Exif\0\0garbage!" * 9])
def test_row_29_unknown_orientation_and_damaged_exif_are_ignored(block: bytes) -> None:
    array = build.gradient()
    image = read(build.encoded(array, "JPEG", exif=block), "a.jpg")
    assert image.pixels.shape == array.shape
    np.testing.assert_array_equal(read(build.encoded(array, "PNG", exif=block)).pixels, array)


def test_row_30_profiles_are_noted_and_never_change_or_refuse_the_picture() -> None:
    array = build.gradient()
    standard = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    other = ImageCms.ImageCmsProfile(ImageCms.createProfile("XYZ")).tobytes()
    for profile, words in ((standard, None), (other, "not applied"), (b"garbage" * 30, "ignored")):
        image = read(build.encoded(array, "PNG", icc_profile=profile))
        np.testing.assert_array_equal(image.pixels, array)
        assert [note for note in image.source.notes if "profile" in note] == [
            note for note in image.source.notes if words and words in note
        ]
        assert bool(image.source.notes) == (words is not None)


@pytest.mark.parametrize("kind", [b"zTXt", b"iTXt"])
def test_row_31_a_text_bomb_is_refused(kind: bytes) -> None:
    packed = zlib.compress(b"\0" * (64 << 20), 9)
    body = b"k\0\0" + packed if kind == b"zTXt" else b"k\0\1\0\0\0" + packed
    rows = (b"\0" + b"\0" * 12) * 4
    data = build.png(build.header_chunk(4, 4), rows, build.chunk(kind, body))
    assert "damaged" in refusal(data)


@pytest.mark.parametrize(
    ("head", "word"),
    [
        (b"%PDF-1.7\n", "PDF"),
        (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n", "PostScript"),
        (b"\xc5\xd0\xd3\xc6" + b"\0" * 40, "PostScript"),
        (b'<?xml version="1.0"?>\n<svg xmlns="http://www.w3.org/2000/svg"/>', "SVG"),
        (b"<svg width='9'/>", "SVG"),
        (b"\0\0\0\x1cftypheic" + b"\0" * 30, "HEIC"),
        (b"8BPS\0\1" + b"\0" * 30, "Photoshop"),
        (b"\x93NUMPY\1\0" + b"\0" * 30, "NumPy"),
    ],
)
def test_row_32_other_formats_are_named_and_refused(
    head: bytes, word: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from PIL import EpsImagePlugin

    monkeypatch.setattr(EpsImagePlugin, "Ghostscript", lambda *_: pytest.fail("Ghostscript was started"))
    text = refusal(head, "drawing.png")
    assert word in text
    assert "not read" in text


# ---- paths ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name",
    [
        "with space.png",
        "高斯 가우시안.png",
        "😀.png",
        "new\nline.png",
        "quo'te\".png",
        "100%.png",
        "-dash.png",
    ],
)
@needs_posix
def test_row_56_any_file_name_works(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(GOOD["rgb.png"])
    image = read_image(tmp_path / name)
    assert image.source.path == tmp_path / name
    assert image.source.name == name.replace("\n", " ")


@needs_posix
def test_row_57_a_name_that_is_not_utf_8_works_and_can_be_printed(tmp_path: Path) -> None:
    raw = os.fsencode(tmp_path) + b"/caf\xe9\xff.png"
    try:
        with open(raw, "wb") as file:
            file.write(GOOD["rgb.png"])
    except OSError:
        pytest.skip("this file system takes UTF-8 names only")
    image = read_image(os.fsdecode(raw))
    assert image.source.name.encode("utf-8") == rb"caf\xe9\xff.png"
    os.unlink(raw)
    with pytest.raises(ReadError) as caught:
        read_image(os.fsdecode(raw))
    str(caught.value).encode("utf-8")


@pytest.mark.parametrize(
    "name", ["x" * 300 + ".png", "/".join(["abc"] * 1500), "nul\0byte.png", "half \ud83c.png"]
)
def test_row_58_paths_that_are_too_long_or_impossible_are_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(ReadError):
        read_image(os.path.join(tmp_path, name))


@needs_posix
def test_row_59_links_are_followed_and_dangling_and_looping_ones_refused(tmp_path: Path) -> None:
    (tmp_path / "real.png").write_bytes(GOOD["rgb.png"])
    (tmp_path / "link.png").symlink_to("real.png")
    (tmp_path / "dangling.png").symlink_to("gone.png")
    (tmp_path / "loop.png").symlink_to("loop.png")
    assert read_image(tmp_path / "link.png").source.path == tmp_path / "link.png"
    with pytest.raises(ReadError, match="link to a file that does not exist"):
        read_image(tmp_path / "dangling.png")
    with pytest.raises(ReadError, match="leads back to itself"):
        read_image(tmp_path / "loop.png")


def test_row_60_a_folder_is_refused_and_lists_its_images(tmp_path: Path) -> None:
    for name in ("b.PNG", "A.jpg", "c.tiff", "notes.txt", ".hidden.png"):
        (tmp_path / name).write_bytes(b"x")
    (tmp_path / "folder.png").mkdir()
    with pytest.raises(ReadError, match="folder"):
        read_image(tmp_path)
    assert [path.name for path in list_images(tmp_path)] == ["A.jpg", "b.PNG", "c.tiff"]
    with pytest.raises(ReadError):
        list_images(tmp_path / "gone")
    with pytest.raises(ReadError):
        list_images(tmp_path / "A.jpg")


@pytest.mark.parametrize(
    "address", ["http://example.com/a.png", "https://example.com/a.png", "ftp://x/y.png"]
)
def test_row_61_a_web_address_is_refused_without_network(
    address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(socket, "socket", lambda *_: pytest.fail("a socket was opened"))
    for path in (address, Path(address)):
        with pytest.raises(ReadError) as refused:
            read_image(path)
        assert f"“{address}” is a web address" in str(refused.value)


@needs_posix
def test_row_62_pipes_devices_sockets_and_proc_files_are_refused_without_a_hang(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.png")
    unlistened = socket.socket(socket.AF_UNIX)
    here = os.getcwd()
    try:
        # A socket's path may have 108 bytes only.
        os.chdir(tmp_path)
        unlistened.bind("socket.png")
    finally:
        os.chdir(here)
        unlistened.close()
    paths = [tmp_path / "pipe.png", tmp_path / "socket.png", Path("/dev/zero"), Path("/dev/null")]
    paths += [path for path in (Path("/proc/self/status"), Path("/proc/kmsg")) if path.exists()]
    refused: list[Path] = []

    def read_all() -> None:
        for path in paths:
            with pytest.raises(ReadError):
                read_image(path)
            refused.append(path)

    worker = threading.Thread(target=read_all, daemon=True)
    worker.start()
    worker.join(5)
    assert refused == paths


@needs_posix
def test_row_62_a_file_that_becomes_a_pipe_between_look_and_open_does_not_hang(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a.png"
    path.write_bytes(GOOD["rgb.png"])
    real_open = os.open

    def swap_and_open(file: str, flags: int) -> int:
        path.unlink()
        os.mkfifo(path)
        return real_open(file, flags)

    monkeypatch.setattr(os, "open", swap_and_open)
    with pytest.raises(ReadError, match="pipe"):
        read_image(path)


def test_row_63_a_file_that_vanished_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ReadError, match="does not exist"):
        read_image(tmp_path / "gone.png")
    (tmp_path / "file").touch()
    with pytest.raises(ReadError, match="does not exist"):
        read_image(tmp_path / "file" / "gone.png")


def test_row_64_the_hash_is_of_the_bytes_that_were_decoded(tmp_path: Path) -> None:
    import hashlib

    path = tmp_path / "a.png"
    path.write_bytes(GOOD["rgb.png"])
    image = read_image(path)
    path.write_bytes(GOOD["grey.png"])
    assert image.source.sha256 == hashlib.sha256(GOOD["rgb.png"]).hexdigest()
    assert read_image(path).source.sha256 != image.source.sha256


@needs_posix
def test_row_64_a_file_that_grows_while_it_is_read_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a.png"
    path.write_bytes(GOOD["rgb.png"])
    real_fstat = os.fstat

    def grow_after_looking(descriptor: int) -> os.stat_result:
        seen = real_fstat(descriptor)
        with path.open("ab") as file:
            file.write(b"more")
        return seen

    monkeypatch.setattr(os, "fstat", grow_after_looking)
    with pytest.raises(ReadError, match="changed while"):
        read_image(path)


def test_row_65_a_drive_that_fails_is_an_error_for_the_user(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a.png"
    path.write_bytes(GOOD["rgb.png"])

    def fail(_: int) -> None:
        raise OSError(5, "Input/output error")

    # Undone before pytest looks at its own files again.
    with monkeypatch.context() as patch:
        patch.setattr(os, "fstat", fail)
        with pytest.raises(ReadError, match="disk"):
            read_image(path)


def test_a_file_without_permission_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def deny(_: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(os, "stat", deny)
    with pytest.raises(ReadError, match="may not be read"):
        read_image(tmp_path / "a.png")


def test_a_file_beyond_the_limit_is_not_read(tmp_path: Path) -> None:
    path = tmp_path / "huge.png"
    with path.open("wb") as file:
        file.truncate(5 * GIB)
    with budget_of(64 * GIB), pytest.raises(BudgetError, match=r"5\.4 GB.*4\.3 GB"):
        read_image(path)


# ---- what is handed on ------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", sorted(GOOD))
def test_good_files_are_read_read_only_and_named(name: str) -> None:
    image = read(GOOD[name], name)
    assert_valid(image)
    assert image.source.name == name
    assert not [note for note in image.source.notes if "named" in note]


def test_pixels_are_those_pillow_decodes() -> None:
    for name in ("rgb.png", "photo.jpg", "photo.bmp", "photo.webp", "photo.ppm"):
        with Pillow.open(io.BytesIO(GOOD[name])) as picture:
            np.testing.assert_array_equal(read(GOOD[name], name).pixels, np.asarray(picture.convert("RGB")))


def test_a_picture_of_many_strips_is_put_together_in_order() -> None:
    array = build.gradient(700, 901)
    np.testing.assert_array_equal(read(build.encoded(array, "PNG", compress_level=1)).pixels, array)


def test_cancelling_is_heard_at_every_stage(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    path.write_bytes(GOOD["rgb16.png"])

    class Counter:
        def __init__(self, last: float = float("inf")) -> None:
            self.asked, self.last = 0, last

        def __call__(self) -> StopRequest:
            self.asked += 1
            return StopRequest.CANCEL if self.asked > self.last else StopRequest.NONE

    whole = Counter()
    read_image(path, should_stop=whole)
    assert whole.asked >= 4
    for last in range(whole.asked):
        with pytest.raises(Cancelled):
            read_image(path, should_stop=Counter(last))


def test_reading_leaves_pillow_as_it_was_and_ignores_its_own_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    from PIL import ImageFile

    # Less than half the picture, and more than what is asked of Pillow at a time, which it compares, too.
    monkeypatch.setattr(Pillow, "MAX_IMAGE_PIXELS", 150_000)
    assert read(build.encoded(np.zeros((400, 1000), np.uint8), "PNG")).pixels.shape == (400, 1000, 1)
    assert Pillow.MAX_IMAGE_PIXELS == 150_000
    assert ImageFile.LOAD_TRUNCATED_IMAGES is False


def test_not_enough_memory_is_a_budget_error(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise MemoryError

    monkeypatch.setattr(images, "_decode", fail)
    with pytest.raises(BudgetError, match="not enough memory"):
        read(GOOD["rgb.png"])


@pytest.mark.parametrize(
    ("dtype", "expected"),
    [
        ("u1", "u1"),
        ("u2", "u2"),
        (">u2", "u2"),
        ("i4", "i4"),
        ("f2", "f4"),
        (">f8", "f8"),
        ("u8", "f8"),
        ("?", "u1"),
    ],
)
def test_an_array_becomes_an_image_of_its_own(dtype: str, expected: str) -> None:
    array = (build.gradient(channels=1) > 99).astype(dtype)
    image = image_from_array(array, "clipboard")
    assert image.pixels.dtype == np.dtype(expected)
    assert image.pixels.dtype.isnative
    assert image.channels == GREY
    scale = 255 if dtype == "?" else 1
    np.testing.assert_array_equal(image.pixels[:, :, 0], array.astype("f8") * scale)
    array[0, 0] = not array[0, 0]
    assert image.pixels[0, 0, 0] != array[0, 0] * scale
    assert array.flags.writeable


def test_an_array_with_nan_gets_a_mask_and_nonsense_is_refused() -> None:
    array = np.ones((4, 5, 3))
    array[1, 2, 0] = np.nan
    given = np.ones((4, 5), bool)
    given[0] = False
    image = image_from_array(array, "made", given)
    assert image.channels == RGB
    assert image.mask is not None
    assert image.mask.sum() == 14
    for wrong in (
        np.zeros(3),
        np.zeros((0, 4)),
        np.zeros((3, 3, 0)),
        np.zeros((2, 2), complex),
        np.array([["a"]]),
    ):
        with pytest.raises(ReadError):
            image_from_array(wrong, "made")
    with pytest.raises(ReadError):
        image_from_array(np.full((3, 3), np.inf), "made")
    with pytest.raises(ReadError):
        image_from_array(np.zeros((3, 3)), "made", np.ones((3, 4), bool))


def test_alpha_in_an_array_says_where_there_is_data_as_it_does_in_a_file() -> None:
    array = np.random.default_rng(3).integers(1, 256, (4, 5, 4), dtype=np.uint8)
    array[1, 2:, 3] = 0
    buffer = io.BytesIO()
    Pillow.fromarray(array).save(buffer, "PNG")
    from_file = read_image_bytes(buffer.getvalue(), "made.png")
    image = image_from_array(array, "made")
    assert image.channels == from_file.channels == RGB
    np.testing.assert_array_equal(image.pixels, from_file.pixels)
    assert image.mask is not None
    assert from_file.mask is not None
    np.testing.assert_array_equal(image.mask, from_file.mask)
    assert image.source.notes == from_file.source.notes == ("3 transparent pixels are left out.",)
    given = np.ones((4, 5), bool)
    given[0] = False
    both = image_from_array(array.astype(np.float32) / 255, "made", given)
    assert both.mask is not None
    np.testing.assert_array_equal(both.mask, given & (array[..., 3] > 0))
    assert image_from_array(array, "made", has_alpha=False).n_channels == 4
    assert image_from_array(array[..., 2:], "made", has_alpha=True).channels == GREY


def test_the_file_groups_cover_the_readable_suffixes() -> None:
    assert FILE_GROUPS[0][1] == READABLE_SUFFIXES
    assert sorted(suffix for _, group in FILE_GROUPS[1:] for suffix in group) == sorted(READABLE_SUFFIXES)
    assert not {".eps", ".ps", ".pdf", ".svg"} & set(READABLE_SUFFIXES)


# ---- any bytes --------------------------------------------------------------------------------------------


def assert_valid(image: Image) -> None:
    assert image.pixels.flags.c_contiguous
    assert not image.pixels.flags.writeable
    assert image.pixels.dtype.str[1:] in ("u1", "u2", "u4", "i1", "i2", "i4", "f4", "f8")
    assert image.pixels.dtype.isnative
    assert image.height > 0
    assert image.width > 0
    held = image.pixels if image.mask is None else image.pixels[image.mask]
    assert held.size > 0
    assert np.isfinite(held).all()
    assert 0 <= image.source.frame < image.source.n_frames


def assert_valid_or_refused(data: bytes, frame: int = 0) -> None:
    with suppress(GmmsegError), budget_of(256 * MIB):
        assert_valid(read_image_bytes(data, "any.png", frame=frame))


HEADS = [b"", *(data[:16] for data in GOOD.values()), *(data[:60] for data in GOOD.values())]


@pytest.mark.slow
@given(head=st.sampled_from(HEADS), tail=st.binary(max_size=400))
@settings(max_examples=200)
def test_any_bytes_give_an_image_or_a_refusal(head: bytes, tail: bytes) -> None:
    assert_valid_or_refused(head + tail)


@pytest.mark.slow
@given(
    name=st.sampled_from(sorted(GOOD)),
    changes=st.lists(st.tuples(st.floats(0, 1), st.binary(min_size=1, max_size=4)), min_size=1, max_size=6),
    keep=st.floats(0.2, 1),
    frame=st.integers(0, 3),
)
@settings(max_examples=500, suppress_health_check=[HealthCheck.too_slow])
def test_damaged_files_give_an_image_or_a_refusal(
    name: str, changes: list[tuple[float, bytes]], keep: float, frame: int
) -> None:
    data = bytearray(GOOD[name])
    for place, new in changes:
        at = int(place**3 * (len(data) - 1))
        data[at : at + len(new)] = new
    assert_valid_or_refused(bytes(data[: max(int(len(data) * keep**0.2), 1)]), frame)


@needs_posix
def test_a_file_rewritten_with_as_many_bytes_while_it_is_read_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    path.write_bytes(GOOD["rgb.png"])
    os.utime(path, (1, 1))

    def read_while_rewritten() -> None:
        with open_file(path) as (file, n_bytes):
            path.write_bytes(GOOD["rgb.png"])
            assert len(file.read()) == n_bytes

    with pytest.raises(ReadError, match="changed while"):
        read_while_rewritten()
    with open_file(path) as (file, _):
        assert file.read() == GOOD["rgb.png"]
