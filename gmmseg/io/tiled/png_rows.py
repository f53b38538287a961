"""The rows of a PNG in their order, as they are inflated: whatever its size, few of them are held."""

from __future__ import annotations

import os
import zlib
from collections.abc import Iterator
from io import BufferedReader

import numpy as np

from gmmseg.arrays import ByteArray
from gmmseg.control import never_stop
from gmmseg.errors import BudgetError
from gmmseg.io.decoded_image import Decoded
from gmmseg.io.decoder_errors import cut_off, damaged
from gmmseg.io.headers import PngHeader, png_header
from gmmseg.io.pillow_reading import pillow_frames
from gmmseg.io.png16 import deep_samples, is_deep_png, png_bytes, unfiltered

_BLOCK = 1 << 20
_HEAD_BYTES = 33
"""Signature and header."""
_KEPT = (b"PLTE", b"tRNS", b"eXIf", b"iCCP")
"""Chunks before the rows that say how these are meant."""


class PngRows:
    """A PNG whose rows are decoded one after another.

    Parameters
    ----------
    file : BufferedReader
        At its beginning.
    name : str

    Raises
    ------
    ReadError
        It is cut off, or damaged before its first row.
    BudgetError
        It is interlaced: its first rows are behind its last ones.
    """

    def __init__(self, file: BufferedReader, name: str) -> None:
        self._file, self._name = file, name
        head = file.read(_HEAD_BYTES)
        self.header: PngHeader = png_header(head, name)
        if self.header.is_interlaced:
            raise BudgetError(
                f"“{name}” is interlaced, so that it can only be decoded as a whole, for which the memory "
                "budget is too small.",
                "Save it without interlacing or as a tiled TIFF, or raise the memory budget.",
            )
        self._before: list[tuple[bytes, bytes]] = []
        self._left = self._next_image_chunk()
        self._blocks = self._image_data()
        self._inflater = zlib.decompressobj()
        self._above = np.zeros(self.header.row_bytes, np.uint8)
        self.earliest = 0
        """The row that comes next: those before it are gone."""
        self._error: Exception | None = None
        self.piece_height = 1
        """Rows that are decoded together."""

    @property
    def shape(self) -> tuple[int, int]:
        """(H, W)."""
        return self.header.height, self.header.width

    def rows(self, top: int, height: int) -> Decoded:
        """Return some rows, and let go of those before them; raises anything where they are damaged."""
        if self._error is not None:
            raise self._error
        try:
            return self._decoded(top, height)
        except Exception as error:
            # Nor can what comes behind them be decoded.
            self._error, self.earliest = error, top + height
            raise

    def _decoded(self, top: int, height: int) -> Decoded:
        while self.earliest < top:
            self._raw(min(max(_BLOCK // self.header.row_bytes, 1), top - self.earliest))
        rows, header = self._raw(height), self.header
        if is_deep_png(header):
            return deep_samples(rows, header, dict(self._before).get(b"tRNS"))
        plain = np.concatenate([np.zeros((height, 1), np.uint8), rows], axis=1)
        part = PngHeader(header.width, height, header.depth, header.colour_type, is_interlaced=False)
        return next(pillow_frames(png_bytes(part, plain, *self._before), self._name, "PNG", 0, never_stop))

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def _raw(self, n_rows: int) -> ByteArray:
        """Return the next rows without their filters."""
        length = 1 + self.header.row_bytes
        filtered = np.frombuffer(self._inflated(n_rows * length), np.uint8).reshape(n_rows, length)
        rows = unfiltered(filtered, self._above, self.header)
        self._above = rows[-1].copy()
        self.earliest += n_rows
        return rows

    def _inflated(self, n_bytes: int) -> bytes:
        parts = []
        while n_bytes:
            part = self._inflater.decompress(self._inflater.unconsumed_tail, n_bytes)
            if not part:
                block = next(self._blocks, None)
                if block is None or self._inflater.eof:
                    raise cut_off(self._name, "PNG")
                part = self._inflater.decompress(block, n_bytes)
            parts.append(part)
            n_bytes -= len(part)
        return b"".join(parts)

    def _next_image_chunk(self) -> int:
        """Go to the body of the next chunk of image data and return its length; raises `ReadError`."""
        while True:
            head = self._exactly(8)
            length, kind = int.from_bytes(head[:4], "big"), head[4:]
            if kind == b"IDAT":
                return length
            if kind == b"IEND":
                raise cut_off(self._name, "PNG")
            if kind not in _KEPT:
                self._file.seek(length + 4, os.SEEK_CUR)
                continue
            body = self._exactly(length)
            if zlib.crc32(kind + body) != int.from_bytes(self._exactly(4), "big"):
                raise damaged(self._name, "PNG")
            self._before.append((kind, body))

    def _image_data(self) -> Iterator[bytes]:
        """Yield the bodies of the chunks of image data; of each the checksum is looked at first."""
        while True:
            begin = self._file.tell()
            checksum = zlib.crc32(b"IDAT")
            for block in self._body(self._left):
                checksum = zlib.crc32(block, checksum)
            if checksum != int.from_bytes(self._exactly(4), "big"):
                raise damaged(self._name, "PNG")
            self._file.seek(begin)
            yield from self._body(self._left)
            self._exactly(4)
            self._left = self._next_image_chunk()

    def _body(self, length: int) -> Iterator[bytes]:
        while length:
            block = self._exactly(min(length, _BLOCK))
            length -= len(block)
            yield block

    def _exactly(self, n_bytes: int) -> bytes:
        data = self._file.read(n_bytes)
        if len(data) < n_bytes:
            raise cut_off(self._name, "PNG")
        return data
