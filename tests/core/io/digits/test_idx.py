"""IDX files by the rows of the table of bad inputs: each row's number stands in its test's name."""

from __future__ import annotations

import gzip
import io
import os
import struct
import tracemalloc
import zlib
from pathlib import Path

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from gmmseg.control import StopRequest, never_stop
from gmmseg.errors import BudgetError, Cancelled, GmmsegError, ReadError
from gmmseg.io.digits.idx import MAX_DIMENSIONS, decode_idx, read_idx
from gmmseg.limits import budget_of
from tests.data import digits as build

IMAGES = build.idx(build.pictures())


def decode(data: bytes) -> np.ndarray:
    return decode_idx(io.BytesIO(data), len(data), "digits.idx")


def refusal(data: bytes) -> str:
    with pytest.raises(GmmsegError) as caught:
        decode(data)
    return str(caught.value)


@pytest.mark.parametrize("data", [b"", b"\0\0\x08"])
def test_row_37_files_without_a_header_are_refused(data: bytes, tmp_path: Path) -> None:
    path = tmp_path / "short"
    path.write_bytes(data)
    with pytest.raises(ReadError, match="empty file" if not data else "3 bytes, too few"):
        read_idx(path)


def test_a_header_without_its_end_is_refused() -> None:
    assert "10 bytes of 16" in refusal(IMAGES[:10])


@pytest.mark.parametrize(
    ("magic", "words"),
    [
        (b"\x89PNG", "starts with 89 50 4E 47"),
        (b"\x03\x08\0\0", "starts with 03 08 00 00: an IDX header in the wrong byte order"),
        (b"\0\x01\x08\x03", "starts with 00 01 08 03"),
    ],
)
def test_row_38_a_wrong_magic_is_refused_naming_its_four_bytes(magic: bytes, words: str) -> None:
    assert words in refusal(magic + IMAGES[4:])


@pytest.mark.parametrize("kind", build.CODES)
@pytest.mark.parametrize("packed", [False, True])
def test_row_39_every_type_is_read(kind: str, packed: bool) -> None:
    info = np.iinfo(kind) if kind[0] in "ui" else np.finfo(kind)
    array = np.array([[info.min, 0, 1], [2, 3, info.max]], kind)
    data = build.idx(array)
    found = decode(gzip.compress(data) if packed else data)
    assert found.dtype == np.dtype(kind)
    assert found.dtype.isnative
    np.testing.assert_array_equal(found, array)


def test_numbers_are_big_endian() -> None:
    np.testing.assert_array_equal(decode(b"\0\0\x0b\x01\0\0\0\x02\x01\x02\xff\xfe"), [258, -2])
    np.testing.assert_array_equal(decode(b"\0\0\x0d\x01\0\0\0\x01\x3f\x80\0\0"), [1.0])


@pytest.mark.parametrize("code", [0x00, 0x07, 0x0A, 0x0F, 0xFF])
def test_row_39_other_types_are_refused(code: int) -> None:
    assert f"{code:02X} is not the code" in refusal(build.idx_header(code, 1) + b"1")


@pytest.mark.parametrize("packed", [False, True])
def test_row_40_a_short_body_is_refused_before_anything_is_allocated(packed: bool) -> None:
    # Packed, few bytes can hold as much as they promise, so they are found short only while unpacking.
    n, size_text = (60_000, "47,040,016") if not packed else (1_200, "940,816")
    data = build.idx_header(0x08, n, 28, 28) + bytes(100)
    data = gzip.compress(data + bytes(900_000)) if packed else data
    tracemalloc.start()
    text = refusal(data)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert f"promises {size_text} bytes" in text
    assert f"found {900_116 if packed else 116:,}" in text
    assert peak < 4e6


@pytest.mark.parametrize("extra", [b"\0", b"junk" * 1000])
@pytest.mark.parametrize("packed", [False, True])
def test_row_41_a_longer_body_is_refused(extra: bytes, packed: bool) -> None:
    data = IMAGES + extra
    assert "longer than the 376 bytes" in refusal(gzip.compress(data) if packed else data)


@pytest.mark.parametrize(
    "sides", [(2**32 - 1,) * 3, (2**32 - 1, 2**32 - 1), (2**31, 2**33 // 4, 4), (2**16,) * 16]
)
@pytest.mark.parametrize("packed", [False, True])
def test_row_42_sizes_that_overflow_are_refused(sides: tuple[int, ...], packed: bool) -> None:
    data = build.idx_header(0x0E, *sides) + bytes(64)
    text = refusal(gzip.compress(data) if packed else data)
    total = 8
    for side in sides:
        total *= side
    assert f"{4 + 4 * len(sides) + total:,}" in text


@pytest.mark.parametrize("n", [0, MAX_DIMENSIONS + 1, 255])
def test_row_43_no_dimension_and_too_many_are_refused(n: int) -> None:
    data = bytes([0, 0, 8, n]) + struct.pack(f">{n}I", *[1] * n) + b"1"
    assert f"{n} dimensions" in refusal(data)


@pytest.mark.parametrize("sides", [(0,), (0, 28, 28), (5, 0, 2**32 - 1, 2**32 - 1)])
def test_a_size_of_nothing_is_refused(sides: tuple[int, ...]) -> None:
    assert "holds nothing" in refusal(build.idx_header(0x08, *sides))


PACKED = gzip.compress(build.idx(build.pictures(2000)))


@pytest.mark.parametrize("n_bytes", [2, 5, 12, 20, 5000, len(PACKED) - 9, len(PACKED) - 1])
def test_row_46_a_truncated_gzip_is_refused(n_bytes: int) -> None:
    assert "cut off" in refusal(PACKED[:n_bytes])


def test_row_47_a_wrong_checksum_is_refused() -> None:
    wrong = PACKED[:-8] + bytes(byte ^ 1 for byte in PACKED[-8:-4]) + PACKED[-4:]
    assert "damaged" in refusal(wrong)
    assert "damaged" in refusal(PACKED[:-1] + bytes([PACKED[-1] ^ 1]))


@pytest.mark.parametrize("junk", [b"junk", b"\0", b"\x1f", b"\x1f\x8c" * 40])
def test_row_47_something_after_the_gzip_is_refused(junk: bytes) -> None:
    text = refusal(PACKED + junk)
    assert "follows the end" in text or "cut off" in text


@pytest.mark.parametrize("cut", [3, 16, 100, 376])
def test_row_47_several_members_are_read_as_one(cut: int) -> None:
    data = b"".join(gzip.compress(piece) for piece in (IMAGES[:cut], b"", IMAGES[cut:], b""))
    np.testing.assert_array_equal(decode(data), build.pictures())


def test_row_47_a_gzip_of_nothing_is_refused() -> None:
    assert "nothing packed" in refusal(gzip.compress(b""))


def test_row_47_a_file_called_gz_is_read_by_its_content(tmp_path: Path) -> None:
    (tmp_path / "images.gz").write_bytes(IMAGES)
    np.testing.assert_array_equal(read_idx(tmp_path / "images.gz"), build.pictures())
    (tmp_path / "text.gz").write_bytes(b"hello")
    with pytest.raises(ReadError, match="68 65 6C 6C"):
        read_idx(tmp_path / "text.gz")


def bomb(header: bytes, n_bytes: int) -> bytes:
    packer = zlib.compressobj(9, wbits=31)
    block = bytes(1 << 20)
    pieces = [packer.compress(header)] + [packer.compress(block) for _ in range(n_bytes >> 20)]
    return b"".join([*pieces, packer.flush()])


@pytest.mark.parametrize("header", [b"", build.idx_header(0x08, 1000)])
def test_row_48_a_gzip_bomb_stops_where_its_header_says(header: bytes) -> None:
    data = bomb(header, 64 << 20)
    assert len(data) < 80_000
    tracemalloc.start()
    refusal(data)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 8e6


def test_row_48_a_bomb_with_a_true_header_meets_the_limits(monkeypatch: pytest.MonkeyPatch) -> None:
    data = bomb(build.idx_header(0x08, 40, 1 << 20), 40 << 20)
    with budget_of(30_000_000), pytest.raises(BudgetError, match=r"unpacks to 42 MB .* 30 MB are allowed"):
        decode(data)
    monkeypatch.setattr("gmmseg.io.digits.idx.MAX_IDX_BYTES", 20_000_000)
    with pytest.raises(BudgetError, match="20 MB are allowed"):
        decode(data)


def test_a_file_larger_than_the_limit_is_not_opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gmmseg.io.digits.idx.MAX_IDX_BYTES", 300)
    (tmp_path / "images").write_bytes(IMAGES)
    with pytest.raises(BudgetError, match="376 bytes; at most 300"):
        read_idx(tmp_path / "images")


def test_many_members_of_nothing_copy_little_each() -> None:
    data = gzip.compress(b"") * 10_000
    asked: list[int] = []

    class File(io.BytesIO):
        def read(self, size: int | None = -1, /) -> bytes:
            asked.append(size or 0)
            return super().read(size)

    with pytest.raises(ReadError, match="nothing packed"):
        decode_idx(File(data), len(data), "digits.idx")
    # At each member's end zlib copies what was read beyond it: the blocks read bound the work of a member.
    assert 0 < max(asked) <= 1 << 16


@pytest.mark.skipif(os.name != "posix", reason="needs POSIX files")
def test_pipes_folders_and_missing_files_are_refused_without_a_hang(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(ReadError, match="pipe"):
        read_idx(tmp_path / "pipe")
    with pytest.raises(ReadError, match="folder, not an IDX file"):
        read_idx(tmp_path)
    with pytest.raises(ReadError, match="does not exist"):
        read_idx(tmp_path / "none")


@pytest.mark.parametrize("verdict", [StopRequest.STOP, StopRequest.CANCEL])
@pytest.mark.parametrize("packed", [False, True])
def test_reading_ends_when_asked_between_two_blocks(verdict: StopRequest, packed: bool) -> None:
    raw = build.idx(np.zeros((8, 1 << 20), np.uint8))
    data = gzip.compress(raw) if packed else raw
    calls = []

    def should_stop() -> StopRequest:
        calls.append(1)
        return verdict if len(calls) == 5 else StopRequest.NONE

    with pytest.raises(Cancelled):
        decode_idx(io.BytesIO(data), len(data), "x", should_stop)
    assert len(calls) == 5


@settings(max_examples=150)
@given(
    arrays.arrays(
        st.sampled_from([np.dtype(kind) for kind in build.CODES]),
        arrays.array_shapes(max_dims=5, max_side=6),
    ),
    st.booleans(),
)
def test_what_is_written_is_read_back(array: np.ndarray, packed: bool) -> None:
    data = build.idx(array)
    found = decode(gzip.compress(data, 1) if packed else data)
    assert (found.dtype, found.shape, found.tobytes()) == (array.dtype, array.shape, array.tobytes())


@pytest.mark.slow
@settings(max_examples=400)
@given(st.binary(max_size=80), st.sampled_from([b"", b"\0\0", b"\0\0\x08\x01\0\0\0", b"\x1f\x8b\x08\0"]))
@example(b"\0" * 76, b"\0\0")
def test_any_bytes_are_read_or_refused(tail: bytes, head: bytes) -> None:
    try:
        found = decode_idx(io.BytesIO(head + tail), len(head + tail), "x", never_stop)
    except GmmsegError:
        return
    assert found.nbytes + 4 + 4 * found.ndim == len(head + tail)


@settings(max_examples=300)
@given(st.integers(0, len(PACKED) - 1), st.integers(0, 7))
def test_a_flipped_bit_in_a_gzip_never_changes_a_value(position: int, bit: int) -> None:
    data = bytearray(PACKED)
    data[position] ^= 1 << bit
    try:
        found = decode(bytes(data))
    except GmmsegError:
        return
    # Bits of the name, the time and the flags of the header mean nothing to the contents.
    assert position < 10
    np.testing.assert_array_equal(found, build.pictures(2000))
