"""PNG and PNM with 16 bits a sample, at full depth where Pillow would narrow them to 8."""

from __future__ import annotations

import re
import struct
import zlib
from collections.abc import Iterator
from io import BytesIO

import numpy as np
from PIL.PngImagePlugin import PngImageFile

from gmmseg.arrays import ByteArray
from gmmseg.control import ShouldStop, raise_if_cancelled
from gmmseg.io.decoded_image import Decoded, channel_names
from gmmseg.io.decoder_errors import cut_off, damaged
from gmmseg.io.headers import PngHeader
from gmmseg.limits import check_pixels

_PNM_HEADER = re.compile(
    # Blanks one at a time: a gap of n that could also match in runs could be divided in 2^n ways.
    rb"P([56])" + 3 * rb"(?:\s|#[^\n]*\n)+(\d{1,9})" + rb"\s"
)
_BYTES_AT_ONCE = 1 << 23
"""Of rows whose filters are undone in one call."""
_COLOUR_TYPES = {1: 0, 2: 4, 3: 2, 4: 6}
"""Of a PNG of 8 bits by its samples a pixel."""


def is_deep_png(header: PngHeader) -> bool:
    """Return whether Pillow would narrow this PNG: 16 bits with colour or alpha, rows in plain order."""
    return header.depth == 16 and header.colour_type in (2, 4, 6) and not header.is_interlaced


def read_deep_png(data: bytes, header: PngHeader, name: str, should_stop: ShouldStop) -> Decoded:
    """Return the samples 0..65535 of a PNG that `is_deep_png`; a fully transparent pixel is not opaque."""
    transparent: bytes | None = None
    parts: list[bytes] = []
    for kind, body in png_chunks(data, name):
        if kind == b"IDAT":
            parts.append(body)
        elif kind == b"tRNS":
            transparent = body
    size = header.height * (header.row_bytes + 1)
    raw = zlib.decompressobj().decompress(b"".join(parts), size)
    if len(raw) < size:
        raise cut_off(name, "PNG")
    del parts
    filtered = np.frombuffer(raw, np.uint8).reshape(header.height, header.row_bytes + 1)
    rows = np.empty((header.height, header.row_bytes), np.uint8)
    above = np.zeros(header.row_bytes, np.uint8)
    step = max(1, _BYTES_AT_ONCE // header.row_bytes)
    for top in range(0, header.height, step):
        raise_if_cancelled(should_stop)
        rows[top : top + step] = unfiltered(filtered[top : top + step], above, header)
        above = rows[min(top + step, header.height) - 1]
    return deep_samples(rows, header, transparent)


def deep_samples(rows: ByteArray, header: PngHeader, transparent: bytes | None) -> Decoded:
    """Return the samples in bytes of rows (H, B) of a PNG that `is_deep_png`.

    `transparent` is the body of its tRNS chunk, if it has one.
    """
    samples = rows.view(">u2").astype(np.uint16).reshape(len(rows), header.width, header.n_samples)
    colours = header.n_samples - (1 if header.colour_type in (4, 6) else 0)
    is_opaque = None
    if header.colour_type in (4, 6):
        is_opaque = samples[:, :, -1] != 0
    elif transparent is not None and len(transparent) >= 6:
        is_opaque = (samples != np.array(struct.unpack(">3H", transparent[:6]))).any(axis=2)
    return Decoded(
        np.ascontiguousarray(samples[:, :, :colours]),
        channel_names(colours, is_rgb=colours == 3),
        is_opaque,
    )


def png_chunks(data: bytes, name: str) -> Iterator[tuple[bytes, bytes]]:
    """Yield the kind and body of each chunk of a PNG whose checksum holds.

    Raises
    ------
    ReadError
        A chunk is cut off or its checksum does not hold.
    """
    at = 8
    while at < len(data):
        length = int.from_bytes(data[at : at + 4], "big")
        end = at + 12 + length
        if end > len(data):
            raise cut_off(name, "PNG")
        kind, body = data[at + 4 : at + 8], data[at + 8 : end - 4]
        if zlib.crc32(data[at + 4 : end - 4]) != int.from_bytes(data[end - 4 : end], "big"):
            raise damaged(name, "PNG")
        yield kind, body
        if kind == b"IEND":
            return
        at = end


def unfiltered(filtered: ByteArray, above: ByteArray, header: PngHeader) -> ByteArray:
    """Return rows of a PNG without their filters (PNG specification, section 9).

    A byte's filter looks at the same byte of the pixels to the left and above. So bytes of a pixel are
    independent: up to four at a time are handed to Pillow as the channels of a picture of 8 bits.

    Parameters
    ----------
    filtered : uint8 array, (H, 1 + B)
        Each row behind the number of its filter.
    above : uint8 array, (B,)
        The row before them without its filter, zeros where there is none.
    header : PngHeader

    Returns
    -------
    uint8 array, (H, B)

    Raises
    ------
    SyntaxError, OSError
        A filter is unknown.
    """
    n_bytes = header.pixel_bytes
    height, width = len(filtered), header.row_bytes // n_bytes
    whole = np.concatenate([above[None], filtered[:, 1:]]).reshape(height + 1, width, n_bytes)
    out = np.empty((height, width, n_bytes), np.uint8)
    for first in range(0, n_bytes, 4):
        channels = whole[:, :, first : first + 4]
        body = np.zeros((height + 1, 1 + channels[0].size), np.uint8)
        body[1:, 0] = filtered[:, 0]
        body[:, 1:] = channels.reshape(height + 1, -1)
        plain = PngHeader(width, height + 1, 8, _COLOUR_TYPES[channels.shape[2]], is_interlaced=False)
        with PngImageFile(BytesIO(png_bytes(plain, body))) as picture:
            out[:, :, first : first + 4] = np.asarray(picture).reshape(channels.shape)[1:]
    return out.reshape(height, -1)


def png_bytes(header: PngHeader, rows: ByteArray, *chunks: tuple[bytes, bytes]) -> bytes:
    """Return a PNG of rows with filters (H, 1 + B), not compressed; `chunks` come before them."""
    size = (header.width, header.height, header.depth, header.colour_type, 0, 0, 0)
    body = zlib.compress(rows.tobytes(), 0)
    listed = [(b"IHDR", struct.pack(">IIBBBBB", *size)), *chunks, (b"IDAT", body), (b"IEND", b"")]
    parts = [
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        for kind, data in listed
    ]
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


def read_deep_pnm(data: bytes, name: str) -> Decoded | None:
    """Return the samples, as stored, of a binary PGM or PPM with more than 8 bits; None for another PNM."""
    found = _PNM_HEADER.match(data[:4096])
    if found is None or not 255 < int(found[4]) < 65536:
        return None
    width, height, n_samples = int(found[2]), int(found[3]), 1 if found[1] == b"5" else 3
    check_pixels(width, height, n_samples, 2)
    n_values = width * height * n_samples
    if len(data) - found.end() < 2 * n_values:
        raise cut_off(name, "PNM")
    values = np.frombuffer(data, ">u2", n_values, found.end()).astype(np.uint16)
    notes = (
        ()
        if found[4] == b"65535"
        else (f"White is {int(found[4]):,} in this file; values are kept as stored.",)
    )
    return Decoded(
        values.reshape(height, width, n_samples), channel_names(n_samples, is_rgb=True), notes=notes
    )
