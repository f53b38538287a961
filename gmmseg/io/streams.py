"""Bytes of a file as a stream, gunzipped where they are gzip, never more at once than a block."""

from __future__ import annotations

import zlib
from typing import IO, BinaryIO

from gmmseg.control import ShouldStop, raise_if_ended
from gmmseg.errors import ReadError

GZIP_MAGIC = b"\x1f\x8b"
MAX_EXPANSION = 1032
"""Most bytes that deflate can make of one."""
# At each member's end zlib copies the rest of the block: small enough that even empty members go fast.
_BLOCK_IN = 1 << 16
_BLOCK_OUT = 1 << 20


class PlainStream:
    """The bytes of a file, or of a member of an archive, as they are."""

    def __init__(self, file: IO[bytes], should_stop: ShouldStop) -> None:
        self._file = file
        self._should_stop = should_stop

    def take(self, n_bytes: int) -> bytes:
        """Return at least one and at most `n_bytes` further bytes; empty at the end."""
        raise_if_ended(self._should_stop)
        return self._file.read(min(n_bytes, _BLOCK_OUT))


class GunzipStream:
    """The unpacked bytes of a gzip file, all its members one after the other.

    Parameters
    ----------
    file : binary file
    name : str
        The file's name for refusals.
    should_stop : ShouldStop
        Asked before each block.

    Raises
    ------
    ReadError
        While taking: the file is cut off, damaged, or followed by something else.
    Cancelled
        `should_stop` returned anything but NONE.
    """

    def __init__(self, file: BinaryIO, name: str, should_stop: ShouldStop) -> None:
        self._file = file
        self._name = name
        self._should_stop = should_stop
        self._packed = b""
        # 16 asks zlib for a gzip header, checksum and length.
        self._member = zlib.decompressobj(16 + zlib.MAX_WBITS)
        self._is_between = False

    def take(self, n_bytes: int) -> bytes:
        wanted = min(n_bytes, _BLOCK_OUT)
        while True:
            raise_if_ended(self._should_stop)
            if not self._packed:
                self._packed = self._file.read(_BLOCK_IN)
            if not self._packed:
                if self._is_between:
                    return b""
                raise ReadError(f"The gzip file “{self._name}” is cut off.", "Copy or download it again.")
            if self._is_between:
                self._start_member()
            unpacked = self._unpack(wanted)
            if unpacked:
                return unpacked

    def _start_member(self) -> None:
        if not self._packed.startswith(GZIP_MAGIC[: len(self._packed)]):
            raise ReadError(
                f"Something that is not gzip follows the end of the gzip file “{self._name}”.",
                "Copy or download it again.",
            )
        self._member = zlib.decompressobj(16 + zlib.MAX_WBITS)
        self._is_between = False

    def _unpack(self, wanted: int) -> bytes:
        try:
            unpacked = self._member.decompress(self._packed, wanted)
        except zlib.error as error:
            raise ReadError(
                f"The gzip file “{self._name}” is damaged.", "Copy or download it again."
            ) from error
        self._is_between = self._member.eof
        self._packed = self._member.unused_data if self._is_between else self._member.unconsumed_tail
        return unpacked


ByteStream = PlainStream | GunzipStream


def take_all(stream: ByteStream, n_bytes: int) -> bytes:
    """Return the next `n_bytes` of a stream, fewer only where it ends."""
    taken = bytearray()
    while len(taken) < n_bytes and (block := stream.take(n_bytes - len(taken))):
        taken += block
    return bytes(taken)


def fill(target: memoryview, stream: ByteStream) -> int:
    """Fill the bytes of `target` from a stream and return how many there were for it."""
    n_found = 0
    while n_found < len(target) and (block := stream.take(len(target) - n_found)):
        target[n_found : n_found + len(block)] = block
        n_found += len(block)
    return n_found
