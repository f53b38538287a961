"""Builders of small image files that promise too much or contradict themselves, from nothing but code."""

from __future__ import annotations

import io
import struct
import zlib

import numpy as np
import tifffile

from tests.data.images import encoded, tiff

SIDE = 30_000


def pnm_of_many_blanks() -> bytes:
    """Return a PGM whose gap of blanks can be divided in 2^60 ways and ends in what no number starts with."""
    return b"P5" + b" " * 60 + b"+2 2 65535\n" + bytes(8)


def gif_of_one_pixel(side: int = SIDE, n_frames: int = 1) -> bytes:
    """Return a GIF of frames of one pixel on a large canvas."""
    frame = b"!\xf9\x04\x08\0\0\0\0" + b"," + struct.pack("<4H", 0, 0, 1, 1) + b"\0\x02\x02D\x01\0"
    return (
        b"GIF89a" + struct.pack("<HH", side, side) + b"\x80\0\0\0\0\0\xff\xff\xff" + frame * n_frames + b";"
    )


def progressive_jpeg(channels: int, side: int = SIDE) -> bytes:
    """Return the scans of a progressive JPEG of 16 × 16 pixels under a header of side × side."""
    flat = np.full((16, 16, 3) if channels == 3 else (16, 16), 200, np.uint8)
    data = bytearray(encoded(flat, "JPEG", progressive=True))
    at = data.index(b"\xff\xc2")
    data[at + 5 : at + 9] = struct.pack(">HH", side, side)
    return bytes(data)


def bmp_of_jumps(side: int = SIDE) -> bytes:
    """Return a run-length coded BMP of little but jumps, each over 255 rows."""
    jumps = b"\0\x02\0\xff" * (side // 255) + b"\0\x01"
    info = struct.pack("<IiiHHIIiiII", 40, side, side, 1, 8, 1, len(jumps), 0, 0, 256, 0)
    start = 14 + len(info) + 1024
    return b"BM" + struct.pack("<IHHI", start + len(jumps), 0, 0, start) + info + bytes(1024) + jumps


def webp_of_a_large_canvas(side: int = 16_384) -> bytes:
    """Return an animated WEBP of one small frame on a large canvas."""
    still = encoded(np.zeros((1, 1, 3), np.uint8), "WEBP", lossless=True)
    body = still[12:]
    size = (side - 1).to_bytes(3, "little")
    frame = bytes(12) + (100).to_bytes(3, "little") + b"\x02" + body
    chunks = b"VP8X" + struct.pack("<I", 10) + b"\x02\0\0\0" + size + size
    chunks += b"ANIM" + struct.pack("<IIH", 6, 0, 0)
    chunks += b"ANMF" + struct.pack("<I", len(frame)) + frame
    return b"RIFF" + struct.pack("<I", 4 + len(chunks)) + b"WEBP" + chunks


def tiff_of_a_wrong_palette(n_colours: int) -> bytes:
    """Return a TIFF whose palette has `n_colours` values in all, where 3 × 256 are needed."""
    buffer = io.BytesIO()
    table = np.zeros((3, 256), np.uint16)
    tifffile.imwrite(buffer, np.zeros((13, 17), np.uint8), photometric="palette", colormap=table)
    data = bytearray(buffer.getvalue())
    entry = struct.pack("<HHI", 320, 3, 768)
    at = data.index(entry)
    data[at : at + len(entry)] = struct.pack("<HHI", 320, 3, n_colours)
    return bytes(data)


def tiff_with(data: bytes, code: int, value: int, page: int = 0) -> bytes:
    """Return a TIFF in which the value of a number of one page is another one."""
    with tifffile.TiffFile(io.BytesIO(data)) as tif:
        tag = tif.pages[page].aspage().tags[code]
        at, kind = tag.offset, tag.dtype
    if kind not in (3, 4):
        raise ValueError(f"tag {code} is no number")
    changed = bytearray(data)
    changed[at + 2 : at + 12] = struct.pack("<HII", 4, 1, value)
    return bytes(changed)


def tiff_stack_of_unequal_pages(length: int) -> bytes:
    """Return a stack whose third page, a channel of the first picture, has another length than the others."""
    data = tiff(np.zeros((2, 3, 8, 9), "u2"), imagej=True, metadata={"axes": "TCYX"})
    return tiff_with(data, 257, length, page=2)


def tiff_of_a_bomb(n_bytes: int) -> bytes:
    """Return a TIFF of 9 × 8 pixels whose only strip unpacks to `n_bytes`."""
    data = tiff(np.zeros((8, 9), np.uint8), compression="zlib", metadata=None)
    strip = zlib.compress(bytes(n_bytes), 9)
    return tiff_with(tiff_with(data, 273, len(data)), 279, len(strip)) + strip


def bad_files() -> dict[str, bytes]:
    """Return one small file of each kind, by a name that says what it is."""
    return {
        "blanks.pgm": pnm_of_many_blanks(),
        "pixel.gif": gif_of_one_pixel(),
        "frames.gif": gif_of_one_pixel(8_000, 500),
        "grey.jpg": progressive_jpeg(1),
        "colour.jpg": progressive_jpeg(3),
        "jumps.bmp": bmp_of_jumps(),
        "canvas.webp": webp_of_a_large_canvas(),
        "palette1.tif": tiff_of_a_wrong_palette(1),
        "palette7.tif": tiff_of_a_wrong_palette(7),
        "stack.tif": tiff_stack_of_unequal_pages(0x50000008),
        "tile.tif": tiff_with(tiff(np.zeros((16, 16), "u1"), tile=(16, 16)), 323, 1 << 30),
        "volume.tif": tiff_with(tiff(np.zeros((2, 16, 16), "u1"), volumetric=True), 32997, 1 << 30),
    }
