"""Builders of image files, good and bad, from nothing but code."""

from __future__ import annotations

import io
import struct
import zlib
from typing import Any

import numpy as np
import tifffile
from numpy.typing import NDArray
from PIL import Image as Pillow

PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"
COLOUR_TYPES = {1: 0, 2: 4, 3: 2, 4: 6}


def gradient(
    height: int = 24, width: int = 32, channels: int = 3, dtype: str = "u1", seed: int = 0
) -> NDArray[Any]:
    """Return a picture (H, W, C), or (H, W) for one channel, with structure and every depth's full range."""
    top = np.iinfo(dtype).max if np.dtype(dtype).kind in "ui" else 1.0
    y, x = np.mgrid[:height, :width]
    ramps = [(x + c * y) % width / max(width - 1, 1) for c in range(channels)]
    noise = np.random.default_rng(seed).random((height, width, channels)) * 0.1
    values = (np.stack(ramps, axis=-1) * 0.9 + noise) * top
    picture = values.astype(dtype)
    return picture[:, :, 0] if channels == 1 else picture


def encoded(array: NDArray[Any] | Pillow.Image, format_name: str, **options: Any) -> bytes:
    """Return what Pillow writes."""
    picture = array if isinstance(array, Pillow.Image) else Pillow.fromarray(array)
    buffer = io.BytesIO()
    picture.save(buffer, format_name, **options)
    return buffer.getvalue()


def tiff(array: NDArray[Any], **options: Any) -> bytes:
    """Return what tifffile writes."""
    buffer = io.BytesIO()
    tifffile.imwrite(buffer, array, **options)
    return buffer.getvalue()


def chunk(kind: bytes, body: bytes) -> bytes:
    """Return a PNG chunk with its length and checksum."""
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def header_chunk(width: int, height: int, depth: int = 8, colour_type: int = 2, interlace: int = 0) -> bytes:
    """Return a PNG's IHDR chunk."""
    return chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, colour_type, 0, 0, interlace))


def png(header: bytes, rows: bytes, *between: bytes, after: bytes = b"") -> bytes:
    """Return a PNG of a header, the bytes of its filtered rows, and extra chunks before and after them."""
    body = chunk(b"IDAT", zlib.compress(rows))
    return PNG_SIGNATURE + header + b"".join(between) + body + after + chunk(b"IEND", b"")


def deep_png(samples: NDArray[Any], filters: list[int], *between: bytes) -> bytes:
    """Return a 16-bit PNG of uint16 samples (H, W, C), row y filtered by ``filters[y]``, byte by byte.

    The filters are those of the PNG specification, written out one byte at a time.
    """
    height, width, channels = samples.shape
    step = 2 * channels
    above = bytes(width * step)
    rows = bytearray()
    for y in range(height):
        line = samples[y].astype(">u2").tobytes()
        rows.append(filters[y])
        for i, value in enumerate(line):
            a = line[i - step] if i >= step else 0
            b = above[i]
            c = above[i - step] if i >= step else 0
            p = a + b - c
            nearest = min((abs(p - a), 0, a), (abs(p - b), 1, b), (abs(p - c), 2, c))[2]
            rows.append((value - (0, a, b, (a + b) // 2, nearest)[filters[y]]) & 255)
        above = line
    return png(header_chunk(width, height, 16, COLOUR_TYPES[channels]), bytes(rows), *between)


def exif(orientation: int) -> bytes:
    """Return an EXIF block with nothing but an orientation."""
    block = Pillow.Exif()
    block[0x0112] = orientation
    return block.tobytes()


def animation(frames: list[NDArray[Any]], format_name: str, **options: Any) -> bytes:
    """Return an animated GIF, WEBP or PNG."""
    first, *rest = (Pillow.fromarray(frame) for frame in frames)
    return encoded(first, format_name, save_all=True, append_images=rest, **options)


def good_files() -> dict[str, bytes]:
    """Return one small valid file of each kind that is read, by a name that says what it is."""
    rgb, grey = gradient(), gradient(channels=1)
    return {
        "rgb.png": encoded(rgb, "PNG"),
        "grey.png": encoded(grey, "PNG"),
        "grey16.png": encoded(gradient(channels=1, dtype="u2"), "PNG"),
        "rgb16.png": deep_png(gradient(6, 5, 3, "u2"), [0, 1, 2, 3, 4, 4]),
        "palette.png": encoded(Pillow.fromarray(rgb).quantize(16), "PNG"),
        "rgba.png": encoded(gradient(channels=4), "PNG"),
        "photo.jpg": encoded(rgb, "JPEG"),
        "photo.bmp": encoded(rgb, "BMP"),
        "still.gif": encoded(grey, "GIF"),
        "moving.gif": animation([gradient(seed=s) for s in range(3)], "GIF"),
        "photo.webp": encoded(rgb, "WEBP"),
        "photo.ppm": encoded(rgb, "PPM"),
        "grey16.pgm": encoded(gradient(channels=1, dtype="u2"), "PPM"),
        "plain.tif": tiff(rgb, photometric="rgb"),
        "deflated.tif": tiff(rgb, photometric="rgb", compression="zlib"),
        "float.tif": tiff(gradient(channels=1, dtype="f4")),
        "lzw.tif": encoded(rgb, "TIFF", compression="tiff_lzw"),
        "stack.tif": tiff(np.zeros((2, 3, 8, 9), "u2"), imagej=True, metadata={"axes": "TCYX"}),
    }
