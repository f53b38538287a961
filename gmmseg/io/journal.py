"""Journals: files that only grow, a record for each change, of which whole ones survive any end."""

from __future__ import annotations

import contextlib
import os
import struct
import zlib
from pathlib import Path

from gmmseg.io.atomic import refusals
from gmmseg.io.files import open_file
from gmmseg.io.temporaries import temporary_name
from gmmseg.limits import GIB, check_file_size

SUFFIX = ".journal"
_FRAME = struct.Struct("<LL")
"""Ahead of each record: its length and its CRC-32."""
MAX_BYTES = GIB


class Journal:
    """A journal that is being written; each record is with the system before `append` returns.

    It takes the place of the one at its path, if any, in one step, by `publish`, with the records so far.

    Parameters
    ----------
    path : Path

    Raises
    ------
    WriteError
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.n_bytes = 0
        self._temporary: str | None = os.path.join(path.parent, temporary_name())
        with refusals(path):
            flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND
            self._descriptor = os.open(self._temporary, flags, 0o600)

    def publish(self) -> None:
        """Put it in the place of the one that is there; raises `WriteError`, and that one is as it was."""
        if self._temporary is not None:
            with refusals(self.path):
                os.replace(self._temporary, self.path)
            self._temporary = None

    def append(self, record: bytes) -> None:
        """Add a record; raises `WriteError`, after which there may be the beginning of one."""
        framed = memoryview(_FRAME.pack(len(record), zlib.crc32(record)) + record)
        with refusals(self.path):
            while framed:
                n_written = os.write(self._descriptor, framed)
                self.n_bytes += n_written
                framed = framed[n_written:]

    def second_descriptor(self) -> int:
        """Return a descriptor of the file to pass to `sync`, in a thread of its own if need be."""
        return os.dup(self._descriptor)

    def close(self) -> None:
        """Write no more; the file stays if it was published."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1
        if self._temporary is not None:
            with contextlib.suppress(OSError):
                os.unlink(self._temporary)


def sync(descriptor: int) -> None:
    """Have the disk take what the system has, and close the descriptor; silent where the disk cannot."""
    with contextlib.suppress(OSError):
        os.fsync(descriptor)
    os.close(descriptor)


def read_records(path: Path) -> list[bytes]:
    """Return the records of a journal; of one that was cut off or damaged those before that.

    Raises
    ------
    ReadError, BudgetError
        There is no such file, or it is larger than is read.
    """
    with open_file(path, "a journal") as (file, n_bytes):
        check_file_size(n_bytes, MAX_BYTES)
        data = file.read(n_bytes)
    records: list[bytes] = []
    at = 0
    while at + _FRAME.size <= len(data):
        length, checksum = _FRAME.unpack_from(data, at)
        record = data[at + _FRAME.size : at + _FRAME.size + length]
        if len(record) < length or zlib.crc32(record) != checksum:
            break
        records.append(record)
        at += _FRAME.size + length
    return records
