"""JPEG through Pillow, scan by scan: asked between them, and damage that libjpeg glosses over is noticed.

libjpeg decodes on through damage and keeps its warnings to itself. The commonest tell that bits were lost or
made up: an entropy-coded segment is used up before all of its blocks are decoded, or they are decoded before
it is used up. Pillow's decoder suspends where its input ends and tells how many bytes it has consumed. In the
middle of a segment it asks for eight bytes before it consumes the next; behind the last block it passes over
each byte at once, looking for the next marker. So the end of each segment is fed byte by byte, and a few
zeros after it, which a decoder that looks for a marker passes over too.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from PIL import Image as PillowImage
from PIL.JpegImagePlugin import JpegImageFile

_MARKER = re.compile(rb"\xff+[^\x00\xff]", re.DOTALL)
_END_OF_SEGMENT = re.compile(rb"\xff(?=[^\x00\xff])", re.DOTALL)
_SOI, _EOI, _SOS, _TEM = 0xD8, 0xD9, 0xDA, 0x01
_RESTARTS = range(0xD0, 0xD8)
_BLOCK = 1 << 16
_TAIL = 24
_LOOKAHEAD = 7
"""Bytes by which the decoder may be ahead of the block that it decodes."""
_MOST_WATCHED = 1_000


def entropy_coded_segments(data: bytes) -> Iterator[tuple[int, int]]:
    """Yield where each entropy-coded segment starts and stops, cut at restarts (ITU-T T.81, B.1.1.5)."""
    at = 0
    is_in_scan = False
    while (marker := _MARKER.search(data, at)) is not None:
        code, at = data[marker.end() - 1], marker.end()
        if code == _EOI:
            break
        if code in _RESTARTS:
            is_start = is_in_scan
        else:
            is_start = is_in_scan = code == _SOS
            at += 0 if code in (_SOI, _TEM) else int.from_bytes(data[at : at + 2], "big")
        if is_start:
            end = _END_OF_SEGMENT.search(data, at)
            stop = len(data) if end is None else end.start()
            yield at, stop
            at = stop


class WatchedJpegFile(JpegImageFile):
    """A JPEG that knows after `load` whether its segments ended where their blocks did.

    Every read of its file may raise, which ends `load`.
    """

    n_damaged = 0
    """Segments that held fewer or more bytes than their blocks."""

    def load(self) -> Any:
        """Decode the pixels; raises `OSError` where the file is cut off or cannot be decoded."""
        if len(self.tile) != 1 or self.fp is None:
            return super().load()
        name, extents, offset, args = self.tile[0]
        self.load_prepare()
        decoder = PillowImage._getdecoder(self.mode, name, args, self.decoderconfig)
        try:
            decoder.setimage(self.im, extents)
            self.fp.seek(offset)
            self._feed(decoder, self.fp.read())
        finally:
            decoder.cleanup()
        self.tile = []
        self.load_end()
        return PillowImage.Image.load(self)

    def _feed(self, decoder: Any, data: bytes) -> None:
        feeder = _Feeder(decoder, data)
        for n, (start, stop) in enumerate(entropy_coded_segments(data)):
            # Tiny restart intervals by the thousand would cost more than they tell.
            if n >= _MOST_WATCHED and stop - start < _BLOCK:
                self._ask()
                continue
            for _ in feeder.until(max(stop - _TAIL, start)):
                self._ask()
            if feeder.is_done:
                self.n_damaged += 1
                break
            self.n_damaged += not -1 <= feeder.excess_of_segment(stop) <= _LOOKAHEAD
            if feeder.is_done:
                break
        for _ in feeder.until(len(data)):
            self._ask()
        if not feeder.is_done:
            raise OSError("image file is truncated")

    def _ask(self) -> None:
        """Let the file raise, which asks at every read whether to go on."""
        if self.fp is not None:
            self.fp.read(0)


class _Feeder:
    """Gives bytes to a decoder, keeping what it has not consumed."""

    def __init__(self, decoder: Any, data: bytes) -> None:
        self._decoder = decoder
        self._data = data
        self._at = 0
        self._kept = b""
        self.is_done = False

    def until(self, stop: int) -> Iterator[None]:
        """Feed the data up to `stop`, block by block."""
        while self._at < stop and not self.is_done:
            yield
            block = self._data[self._at : min(self._at + _BLOCK, stop)]
            self._at += len(block)
            self._give(block)

    def excess_of_segment(self, stop: int) -> int:
        """Feed the rest of a segment and zeros after it; return by how many bytes its blocks outlast it.

        Negative where blocks end before; more than `_LOOKAHEAD` where they want more than was there.
        """
        passed_over = 0
        pieces = [self._data[i : i + 1] for i in range(self._at, stop)] + [b"\0"] * _TAIL
        first = self._at - stop
        self._at = stop
        for i, piece in enumerate(pieces):
            self._give(piece)
            if self.is_done:
                return first + i
            passed_over = 0 if self._kept else passed_over + 1
        return first + len(pieces) - passed_over

    def _give(self, piece: bytes) -> None:
        self._kept += piece
        n_consumed, code = self._decoder.decode(self._kept)
        if n_consumed < 0:
            self.is_done = True
            if code < 0:
                raise OSError("broken data stream")
            self._kept = b""
        else:
            self._kept = self._kept[n_consumed:]
