"""PNG and PNM with 16 bits a sample, at full depth where Pillow would narrow them to 8."""

from __future__ import annotations

import re
import struct
import zlib
from collections.abc import Iterator

import numpy as np

from gmmseg.arrays import AnyArray, ByteArray
from gmmseg.control import ShouldStop, raise_if_cancelled
from gmmseg.io.decoded_image import Decoded, channel_names
from gmmseg.io.decoder_errors import cut_off, damaged
from gmmseg.io.headers import PngHeader
from gmmseg.limits import check_pixels

_PNM_HEADER = re.compile(
    # Blanks one at a time: a gap of n that could also match in runs could be divided in 2^n ways.
    rb"P([56])" + 3 * rb"(?:\s|#[^\n]*\n)+(\d{1,9})" + rb"\s"
)
_DIAGONALS_BETWEEN_CHECKS = 64


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
    width, height, n_samples = header.width, header.height, header.n_samples
    size = height * (header.row_bytes + 1)
    inflater = zlib.decompressobj()
    raw = inflater.decompress(b"".join(parts), size)
    if len(raw) < size:
        raise cut_off(name, "PNG")
    rows = np.frombuffer(raw, np.uint8).reshape(height, header.row_bytes + 1)
    filters = rows[:, 0].copy()
    flat = np.array(rows[:, 1:], order="C").reshape(height * width, 2 * n_samples)
    del rows, raw
    if filters.max() > 4:
        raise damaged(name, "PNG")
    unfilter(flat, filters, width, should_stop)
    samples = flat.view(">u2").astype(np.uint16).reshape(height, width, n_samples)
    colours = n_samples - (1 if header.colour_type in (4, 6) else 0)
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


def unfilter(flat: ByteArray, filters: ByteArray, width: int, should_stop: ShouldStop) -> None:
    """Undo PNG's row filters in place (PNG specification, section 9), all rows of a diagonal at once.

    A byte depends on the pixels to the left, above, and above left. Along the diagonal x + y = t all
    of these lie on the diagonals t - 1 and t - 2, so H + W vector steps do the work of H·W scalar ones.

    Parameters
    ----------
    flat : uint8 array, (H·W, B)
        Filtered pixels of B bytes, row by row.
    filters : uint8 array, (H,)
        0 none, 1 sub, 2 up, 3 average, 4 Paeth.
    width : int
        W.
    should_stop : ShouldStop
    """
    height = len(filters)
    # Row 0 of each buffer stays zero: what lies above the picture.
    recent = [np.zeros((height + 1, flat.shape[1]), np.int16) for _ in range(3)]
    masks = [np.where(filters == kind, -1, 0).astype(np.int16)[:, None] for kind in range(1, 5)]
    for t in range(height + width - 1):
        if t % _DIAGONALS_BETWEEN_CHECKS == 0:
            raise_if_cancelled(should_stop)
        first, last = max(0, t - width + 1), min(height - 1, t)
        now, before, earlier = recent[t % 3], recent[(t - 1) % 3], recent[(t - 2) % 3]
        left, up, up_left = before[first + 1 : last + 2], before[first : last + 1], earlier[first : last + 1]
        sub, above, average, paeth = (mask[first : last + 1] for mask in masks)
        predicted = left & sub
        predicted += up & above
        predicted += (left + up) >> 1 & average
        predicted += _paeth(left, up, up_left) & paeth
        at = np.arange(first, last + 1) * (width - 1) + t
        predicted += flat[at]
        predicted &= 255
        flat[at] = predicted
        now[first + 1 : last + 2] = predicted


def _paeth(left: AnyArray, up: AnyArray, up_left: AnyArray) -> AnyArray:
    """Return, of three int16 neighbours, the one nearest to left + up - up_left; ties in this order."""
    from_left = np.abs(up - up_left)
    from_up = np.abs(left - up_left)
    from_up_left = np.abs(left + up - 2 * up_left)
    is_left = (from_left <= from_up) & (from_left <= from_up_left)
    return np.where(is_left, left, np.where(from_up <= from_up_left, up, up_left))


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
