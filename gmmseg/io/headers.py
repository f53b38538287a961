"""Sizes that the headers of image files promise, and whether their bytes can hold as much."""

from __future__ import annotations

import struct
from dataclasses import dataclass

from gmmseg.errors import ReadError
from gmmseg.io.decoder_errors import cut_off
from gmmseg.io.files import Stored

_MOST_PIXELS_PER_BYTE = {"JPEG": 1024, "GIF": 2731, "BMP": 128, "PNM": 8}
"""Most pixels that a byte can stand for.

JPEG: in a Huffman-coded scan each block of 64 pixels takes a bit; subsampled crosswise, 128 pixels take one.
GIF: a code of 12 bits names a run of 4096 pixels. BMP: two bytes name a run of 255. PNM: one bit a pixel.
"""
_ALWAYS_ALLOWED = 1 << 24
"""Pixels that do no harm, however few bytes promise them."""


@dataclass(frozen=True, slots=True)
class PngHeader:
    """The fields of a PNG's IHDR chunk."""

    width: int
    height: int
    depth: int
    colour_type: int
    is_interlaced: bool

    @property
    def n_samples(self) -> int:
        """Samples a pixel, 1 for a palette index."""
        return {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}.get(self.colour_type, 4)

    @property
    def pixel_bytes(self) -> int:
        """Bytes of one pixel, 1 where several share a byte."""
        return max(self.n_samples * self.depth // 8, 1)

    @property
    def row_bytes(self) -> int:
        """Bytes of one row, without its filter byte."""
        return (self.width * self.depth * self.n_samples + 7) // 8


def png_header(data: Stored, name: str) -> PngHeader:
    """Return the header of a PNG.

    Raises
    ------
    ReadError
        It is missing, or the file is too short for the picture it promises.
    """
    if len(data) < 33 or data[12:16] != b"IHDR":
        raise cut_off(name, "PNG")
    width, height, depth, colour_type, _, _, interlace = struct.unpack(">IIBBBBB", data[16:29])
    return PngHeader(width, height, depth, colour_type, interlace != 0)


def check_png_is_long_enough(header: PngHeader, n_bytes: int, name: str) -> None:
    """Raise `ReadError` when `n_bytes` cannot hold the promised rows: deflate expands 1032 times at most."""
    promised = header.height * (header.row_bytes + 1)
    if promised > 1032 * n_bytes:
        raise ReadError(
            f"“{name}” promises {header.width:,} × {header.height:,} pixels, {promised:,} bytes of rows; "
            f"its {n_bytes:,} bytes can hold {1032 * n_bytes:,} at most, so it is cut off.",
            "Copy or download it again.",
        )


def webp_size(data: Stored) -> tuple[int, int] | None:
    """Return (width, height) in pixels from a WEBP's first chunk, None where it is none that is known."""
    if len(data) < 30:
        return None
    if data[12:16] == b"VP8X":
        return int.from_bytes(data[24:27], "little") + 1, int.from_bytes(data[27:30], "little") + 1
    if data[12:16] == b"VP8L":
        bits = int.from_bytes(data[21:25], "little")
        return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    if data[12:16] == b"VP8 ":
        width, height = struct.unpack("<HH", data[26:30])
        return width & 0x3FFF, height & 0x3FFF
    return None


def gif_size(data: Stored) -> tuple[int, int] | None:
    """Return (width, height) in pixels of a GIF's canvas, None where the header is cut off."""
    return struct.unpack("<HH", data[6:10]) if len(data) >= 10 else None


def check_can_hold(width: int, height: int, n_bytes: int, format_name: str, name: str) -> None:
    """Refuse a picture that is far larger than `n_bytes` of its format can say anything about.

    Raises
    ------
    ReadError
    """
    per_byte = _MOST_PIXELS_PER_BYTE.get(format_name)
    if per_byte is not None and width * height > max(per_byte * n_bytes, _ALWAYS_ALLOWED):
        raise ReadError(
            f"“{name}” promises {width:,} × {height:,} pixels; "
            f"its {n_bytes:,} bytes can hold {per_byte * n_bytes:,} at most.",
            "Copy or download it again.",
        )
