"""Rows of a JPEG from any restart marker on: what lies between two of them is a JPEG by itself."""

from __future__ import annotations

import mmap
import re
from dataclasses import dataclass, replace
from functools import cached_property
from io import BufferedReader
from itertools import pairwise
from math import gcd

import numpy as np

from gmmseg.arrays import IntArray
from gmmseg.control import never_stop
from gmmseg.errors import BudgetError
from gmmseg.io.decoded_image import Decoded
from gmmseg.io.decoder_errors import DAMAGE_NOTE, cut_off, damaged
from gmmseg.io.pillow_reading import pillow_frames

_SOI, _EOI, _SOS, _DRI = 0xD8, 0xD9, 0xDA, 0xDD
_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_SEQUENTIAL = (0xC0, 0xC1)
_KEPT = (*_SEQUENTIAL, 0xC4, 0xDB, _DRI, 0xE0, 0xE1, 0xE2, 0xEE)
"""Tables, and what says how colours and directions are meant: segments that a part needs as well."""
_MARKER = re.compile(rb"\xff[^\x00\xff]", re.DOTALL)
_BLOCK = 8


@dataclass(frozen=True, slots=True)
class _Frame:
    """The head of a JPEG (ITU-T T.81, B.2).

    Parameters
    ----------
    code : int
        Second byte of the marker of its frame.
    height, width : int
    unit : (int, int)
        Height and width, in pixels, of what is coded together.
    n_components, n_scanned : int
        Components of the frame, and of its first scan.
    interval : int
        Such units between two restarts, 0 without restarts.
    segments : tuple of (int, bytes)
        Marker and body of each that `_KEPT` names, and of the scan's head.
    start : int
        Where the coded data begins.
    """

    code: int
    height: int
    width: int
    unit: tuple[int, int]
    n_components: int
    n_scanned: int
    interval: int
    segments: tuple[tuple[int, bytes], ...]
    start: int


def jpeg_frame(data: bytes | mmap.mmap, name: str) -> _Frame:
    """Return what a JPEG says before its coded data; raises `ReadError` where that is cut off or damaged."""
    at, interval = 2, 0
    segments: list[tuple[int, bytes]] = []
    frame: tuple[int, bytes] | None = None
    while True:
        while data[at : at + 2] == b"\xff\xff":
            at += 1
        code = data[at + 1] if data[at : at + 1] == b"\xff" and at + 4 <= len(data) else None
        if code is None:
            raise (cut_off if at + 4 > len(data) else damaged)(name, "JPEG")
        length = int.from_bytes(data[at + 2 : at + 4], "big")
        body = data[at + 4 : at + 2 + length]
        if length < 2 or len(body) != length - 2:
            raise cut_off(name, "JPEG")
        at += 2 + length
        if code in _FRAMES:
            frame = code, body
        if code == _DRI and len(body) >= 2:
            interval = int.from_bytes(body[:2], "big")
        if code in _KEPT or code == _SOS:
            segments.append((code, body))
        if code == _SOS:
            break
    if frame is None or len(frame[1]) < 6 or len(frame[1]) < 6 + 3 * frame[1][5] or not body:
        raise damaged(name, "JPEG")
    head = frame[1]
    factors = [divmod(head[6 + 3 * i + 1], 16) for i in range(head[5])]
    if not factors or min(min(pair) for pair in factors) == 0:
        raise damaged(name, "JPEG")
    # A scan of one component is coded block by block, whatever its factors.
    across, down = (1, 1) if len(factors) == 1 else (max(column) for column in zip(*factors, strict=True))
    return _Frame(
        frame[0],
        int.from_bytes(head[1:3], "big"),
        int.from_bytes(head[3:5], "big"),
        (_BLOCK * down, _BLOCK * across),
        len(factors),
        body[0],
        interval,
        tuple(segments),
        at,
    )


class JpegRows:
    """A JPEG whose rows can be decoded from any restart at the left edge on.

    Parameters
    ----------
    file : BufferedReader
    name : str

    Raises
    ------
    ReadError
        Its head is cut off or damaged.
    BudgetError
        It can only be decoded as a whole.
    """

    def __init__(self, file: BufferedReader, name: str) -> None:
        self._file, self._name = file, name
        self.earliest = 0
        """The first row that can be asked for."""
        self._data = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        self._frame = frame = jpeg_frame(self._data, name)
        if frame.code not in _SEQUENTIAL or frame.n_scanned != frame.n_components:
            raise _only_as_a_whole(name, "is progressive or in several scans")
        if frame.interval == 0 or frame.height == 0:
            raise _only_as_a_whole(name, "has no restart markers")
        n_across = -(-frame.width // frame.unit[1])
        self.piece_height = frame.unit[0] * (frame.interval // gcd(frame.interval, n_across))
        """Rows from one restart at the left edge to the next."""
        self._per_piece = self.piece_height // frame.unit[0] * n_across // frame.interval
        self._n_intervals = -(-n_across * -(-frame.height // frame.unit[0]) // frame.interval)

    @property
    def shape(self) -> tuple[int, int]:
        """(H, W)."""
        return self._frame.height, self._frame.width

    def rows(self, top: int, height: int) -> Decoded:
        """Return some rows; raises anything where they are damaged.

        Colours that are stored at half the height are interpolated from the rows above and below: a piece
        more on both sides is decoded with them.
        """
        first = max(top // self.piece_height - 1, 0)
        last = min(-(-(top + height) // self.piece_height) + 1, -(-self._frame.height // self.piece_height))
        decoded = next(pillow_frames(self._part(first, last), self._name, "JPEG", 0, never_stop))
        if DAMAGE_NOTE in decoded.notes:
            raise damaged(self._name, "JPEG")
        skipped = top - first * self.piece_height
        return replace(decoded, pixels=decoded.pixels[skipped : skipped + height])

    def close(self) -> None:
        """Close the file."""
        self._data.close()
        self._file.close()

    @cached_property
    def _restarts(self) -> IntArray:
        """Beginnings of the intervals, and the end; raises `ReadError` if some are missing."""
        begins = [self._frame.start]
        for found in _MARKER.finditer(self._data, self._frame.start):
            begins.append(found.end())
            if not 0xD0 <= self._data[found.end() - 1] <= 0xD7:
                break
        if len(begins) != self._n_intervals + 1:
            raise damaged(self._name, "JPEG")
        return np.array(begins)

    def _part(self, first: int, last: int) -> bytes:
        """Return a JPEG of the pieces from `first` up to but not `last`."""
        height = min(last * self.piece_height, self._frame.height) - first * self.piece_height
        parts = [bytes((0xFF, _SOI))]
        for code, body in self._frame.segments:
            if code in _SEQUENTIAL:
                body = body[:1] + height.to_bytes(2, "big") + body[3:]
            parts.append(bytes((0xFF, code)) + (len(body) + 2).to_bytes(2, "big") + body)
        stop = min(last * self._per_piece, self._n_intervals)
        begins = self._restarts[first * self._per_piece : stop + 1]
        for at, (begin, end) in enumerate(pairwise(begins)):
            parts.append(self._data[begin : end - 2])
            # Restarts are numbered from 0 to 7 over and over, from the first of a picture on.
            parts.append(bytes((0xFF, 0xD0 + at % 8 if at < len(begins) - 2 else _EOI)))
        return b"".join(parts)


def _only_as_a_whole(name: str, why: str) -> BudgetError:
    return BudgetError(
        f"“{name}” {why}, so that it can only be decoded as a whole, for which the memory budget is too "
        "small.",
        "Rewrite it by “jpegtran -restart 1”, save it as a tiled TIFF, or raise the memory budget.",
    )
