"""PNG and JPEG files of which rows are decoded: the pixels of the whole; damage is named."""

from __future__ import annotations

import struct
import zlib
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image as PillowImage

from gmmseg.arrays import AnyArray, ByteArray
from gmmseg.commands.cli import run
from gmmseg.errors import BudgetError, ReadError
from gmmseg.io.headers import PngHeader
from gmmseg.io.images import read_image
from gmmseg.io.png16 import png_bytes, unfiltered
from gmmseg.io.tiled import strip_picture
from gmmseg.io.tiled.opening import is_beyond_memory, open_picture
from gmmseg.io.tiled.strip_picture import StripPicture, open_strips
from gmmseg.limits import budget_of
from tests.core.tiled.pictures import coloured

SHAPE = (301, 203)


@pytest.fixture(autouse=True)
def small_strips(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a small picture have many strips."""
    monkeypatch.setattr(strip_picture, "_STRIP_PIXELS", 20 * SHAPE[1])


def _whole(picture: StripPicture) -> tuple[AnyArray, AnyArray]:
    """Return pixels and mask as tiles see them: in parts, from below and from above."""
    height, width = picture.shape
    pixels = np.zeros((height, width, len(picture.channels)), picture.dtype)
    mask = np.ones((height, width), np.bool_)
    places = [(y, x) for y in range(0, height, 70) for x in (0, 100)]
    for y, x in [places[5], *places]:
        part = picture.read(y, x, min(70, height - y), min(100, width - x) if x == 0 else width - x)
        inside = slice(y, y + part.height), slice(x, x + part.width)
        pixels[inside] = part.pixels
        mask[inside] = True if part.mask is None else part.mask
    return pixels, mask


def _png(path: Path, depth: int, colour_type: int, samples: AnyArray) -> None:
    """Write a PNG with every filter in turn, predicted here by hand (PNG specification, 9.2)."""
    height, width = samples.shape[:2]
    header = PngHeader(width, height, depth, colour_type, is_interlaced=False)
    if depth == 16:
        rows = samples.astype(">u2").reshape(height, -1).view(np.uint8)
    elif depth == 8:
        rows = samples.astype(np.uint8).reshape(height, -1)
    else:
        bits = np.unpackbits(samples.astype(np.uint8).reshape(height, -1, 1), axis=2)[:, :, 8 - depth :]
        rows = np.packbits(bits.reshape(height, -1), axis=1)
    filtered = np.zeros((height, 1 + rows.shape[1]), np.uint8)
    before = np.zeros(rows.shape[1], np.int64)
    n = header.pixel_bytes
    for y, row in enumerate(rows.astype(np.int64)):
        left = np.concatenate([np.zeros(n, np.int64), row[:-n]])
        corner = np.concatenate([np.zeros(n, np.int64), before[:-n]])
        from_left, from_above = abs(before - corner), abs(left - corner)
        from_corner = abs(left + before - 2 * corner)
        paeth = np.where(
            (from_left <= from_above) & (from_left <= from_corner),
            left,
            np.where(from_above <= from_corner, before, corner),
        )
        predicted = (0, left, before, (left + before) // 2, paeth)[y % 5]
        filtered[y, 0], filtered[y, 1:] = y % 5, (row - predicted) % 256
        before = row
    further = [(b"PLTE", bytes(range(256)) * 3)] if colour_type == 3 else []
    if colour_type == 3:
        further.append((b"tRNS", b"\x00\xff"))
    path.write_bytes(png_bytes(header, filtered, *further))


@pytest.mark.parametrize(
    ("depth", "colour_type", "n_samples"),
    [
        (1, 0, 1),
        (4, 3, 1),
        (8, 0, 1),
        (8, 2, 3),
        (8, 3, 1),
        (8, 4, 2),
        (8, 6, 4),
        (16, 0, 1),
        (16, 2, 3),
        (16, 6, 4),
    ],
)
def test_rows_of_a_png_are_those_of_the_whole(
    depth: int, colour_type: int, n_samples: int, tmp_path: Path
) -> None:
    path = tmp_path / "picture.png"
    largest = 1 << depth
    samples = np.random.default_rng(depth).integers(0, largest, (*SHAPE, n_samples))
    _png(path, depth, colour_type, samples)
    expected = read_image(path)
    if colour_type in (0, 2) and depth > 1:
        assert np.array_equal(expected.pixels, samples)
    picture = open_strips(str(path), "PNG", 0)
    assert (picture.channels, picture.dtype) == (expected.channels, expected.pixels.dtype)
    pixels, mask = _whole(picture)
    assert np.array_equal(pixels, expected.pixels)
    assert np.array_equal(mask, np.ones(SHAPE, np.bool_) if expected.mask is None else expected.mask)


@settings(max_examples=30)
@given(st.data())
def test_filters_of_any_pixel_size_are_undone(data: st.DataObject) -> None:
    depth, colour_type = data.draw(st.sampled_from([(8, 0), (8, 2), (8, 6), (16, 2), (16, 6)]))
    height, width = data.draw(st.integers(1, 6)), data.draw(st.integers(1, 6))
    header = PngHeader(width, height, depth, colour_type, is_interlaced=False)
    generator = np.random.default_rng(data.draw(st.integers(0, 2**32)))
    filtered: ByteArray = generator.integers(0, 256, (height, 1 + header.row_bytes), dtype=np.uint8)
    filtered[:, 0] = generator.integers(0, 5, height)
    above: ByteArray = generator.integers(0, 256, header.row_bytes, dtype=np.uint8)
    found = unfiltered(filtered, above, header)
    n = header.pixel_bytes
    before = above.astype(int).tolist()
    for y in range(height):
        row: list[int] = []
        for x in range(header.row_bytes):
            a, b = row[x - n] if x >= n else 0, before[x]
            c = before[x - n] if x >= n else 0
            paeth = min((a, b, c), key=lambda one: (abs(a + b - c - one), (a, b, c).index(one)))
            row.append((int(filtered[y, 1 + x]) + (0, a, b, (a + b) // 2, paeth)[filtered[y, 0]]) % 256)
        assert found[y].tolist() == row
        before = row


def _jpeg(path: Path, mode: str, **options: Any) -> None:
    n_channels = {"L": 1, "RGB": 3, "CMYK": 4}[mode]
    # Smooth along rows and columns: what interpolates colours across them shows where they were cut.
    pixels = coloured(SHAPE, n_channels=n_channels)
    picture = PillowImage.fromarray(pixels[:, :, 0] if mode == "L" else pixels, mode)
    picture.save(path, "JPEG", quality=80, **options)


@pytest.mark.parametrize(
    ("mode", "options"),
    [
        ("RGB", {"subsampling": "4:2:0", "restart_marker_rows": 1}),
        ("RGB", {"subsampling": "4:4:4", "restart_marker_rows": 2}),
        # Thirteen units a row in intervals of two: every second row begins with a restart.
        ("RGB", {"subsampling": "4:2:0", "restart_marker_blocks": 2}),
        ("L", {"restart_marker_rows": 1}),
        ("CMYK", {"restart_marker_rows": 1}),
    ],
)
def test_rows_of_a_jpeg_with_restarts_are_those_of_the_whole(
    mode: str, options: dict[str, Any], tmp_path: Path
) -> None:
    path = tmp_path / "picture.jpg"
    _jpeg(path, mode, **options)
    picture = open_strips(str(path), "JPEG", 0)
    pixels, mask = _whole(picture)
    assert np.array_equal(pixels, read_image(path).pixels)
    assert mask.all()


def test_what_has_to_be_decoded_as_a_whole_is_refused_with_a_way_out(tmp_path: Path) -> None:
    for name, options in (
        ("plain.jpg", {}),
        ("progressive.jpg", {"progressive": True, "restart_marker_rows": 1}),
    ):
        _jpeg(tmp_path / name, "RGB", **options)
        with pytest.raises(BudgetError, match="jpegtran -restart 1"):
            open_strips(str(tmp_path / name), "JPEG", 0)
    exif = PillowImage.Exif()
    exif[0x0112] = 6
    _jpeg(tmp_path / "turned.jpg", "RGB", restart_marker_rows=1, exif=exif)
    with pytest.raises(BudgetError, match="Turn it and save"):
        open_strips(str(tmp_path / "turned.jpg"), "JPEG", 0)
    header = struct.pack(">IIBBBBB", 8, 8, 8, 0, 0, 0, 1)
    chunk = struct.pack(">I", 13) + b"IHDR" + header + struct.pack(">I", zlib.crc32(b"IHDR" + header))
    (tmp_path / "laced.png").write_bytes(b"\x89PNG\r\n\x1a\n" + chunk)
    with pytest.raises(BudgetError, match="interlaced"):
        open_strips(str(tmp_path / "laced.png"), "PNG", 0)
    with pytest.raises(ReadError, match="frame 2 does not exist"):
        open_strips(str(tmp_path / "turned.jpg"), "JPEG", 1)


def test_damage_is_named_and_left_out_where_that_is_asked_for(tmp_path: Path) -> None:
    buffer = BytesIO()
    PillowImage.fromarray(coloured(SHAPE)).save(buffer, "PNG", compress_level=1)
    data = bytearray(buffer.getvalue())
    whole = tmp_path / "whole.png"
    whole.write_bytes(data)
    expected = read_image(whole).pixels
    data[len(data) * 2 // 3] ^= 255
    broken, cut = tmp_path / "broken.png", tmp_path / "cut.png"
    broken.write_bytes(data)
    cut.write_bytes(buffer.getvalue()[: len(data) // 2])
    for path in (broken, cut):
        with pytest.raises(ReadError, match=r"cannot be decoded in rows \d+ to \d+"):
            open_strips(str(path), "PNG", 0).read(0, 0, *SHAPE)
        pixels, mask = _whole(open_strips(str(path), "PNG", 0, skips_damaged=True))
        n_sound = int(mask[:, 0].sum())
        assert 0 < n_sound < 280
        assert mask[:n_sound].all()
        assert not mask[n_sound:].any()
        assert np.array_equal(pixels[:n_sound], expected[:n_sound])
        # What was left out last is not remembered where it is an error.
        with pytest.raises(ReadError, match="cannot be decoded"):
            open_strips(str(path), "PNG", 0).read(SHAPE[0] - 1, 0, 1, 1)
    _jpeg(tmp_path / "marked.jpg", "RGB", restart_marker_rows=1)
    data = bytearray((tmp_path / "marked.jpg").read_bytes())
    at = data.index(b"\xff\xd5", len(data) // 2)
    data[at - 40 : at - 2] = bytes(38)
    (tmp_path / "marked.jpg").write_bytes(data)
    with pytest.raises(ReadError, match="cannot be decoded in rows"):
        open_strips(str(tmp_path / "marked.jpg"), "JPEG", 0).read(0, 0, *SHAPE)
    _, mask = _whole(open_strips(str(tmp_path / "marked.jpg"), "JPEG", 0, skips_damaged=True))
    assert 0 < mask.sum() < mask.size


@pytest.mark.slow
def test_only_what_is_too_large_is_decoded_in_rows(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    png, jpeg = tmp_path / "picture.png", tmp_path / "picture.jpg"
    PillowImage.fromarray(coloured((1100, 400))).save(png)
    _jpeg(jpeg, "RGB", restart_marker_rows=1)
    for path in (png, jpeg):
        assert not is_beyond_memory(path)
        assert not isinstance(open_picture(path), StripPicture)
    with budget_of(400_000):
        assert is_beyond_memory(jpeg)
    with budget_of(3_000_000):
        assert is_beyond_memory(png)
        assert isinstance(open_picture(png), StripPicture)
    with budget_of(20_000), pytest.raises(BudgetError, match="strips that take 13 kB"):
        open_picture(png)
    # Bytes between segments, which decoders pass over: whoever reads the whole decides.
    odd = tmp_path / "odd.jpg"
    odd.write_bytes(jpeg.read_bytes()[:20] + b"\0\0" + jpeg.read_bytes()[20:])
    with budget_of(400_000):
        assert not is_beyond_memory(odd)
    whole, strips = tmp_path / "whole.zarr", tmp_path / "strips.zarr"
    command = ["segment", str(png), "-k", "3", "-o"]
    assert run([*command, str(whole)]) == 0
    assert run([*command, str(strips), "--memory-budget", "3M", "--jobs", "2"]) == 0
    names = {path.relative_to(whole) for path in whole.rglob("*") if path.is_file()}
    assert names == {path.relative_to(strips) for path in strips.rglob("*") if path.is_file()}
    assert all((whole / name).read_bytes() == (strips / name).read_bytes() for name in names)
    assert run([*command, str(tmp_path / "mask.png"), "--memory-budget", "3M"]) == 1
    assert ".zarr or .tif" in capsys.readouterr().err
