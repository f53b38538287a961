"""IDX files, the form MNIST comes in: any type, any number of dimensions, plain or gzipped."""

from __future__ import annotations

import os
from dataclasses import dataclass
from math import prod
from typing import Any, BinaryIO

import numpy as np

from gmmseg.arrays import AnyArray
from gmmseg.control import ShouldStop, never_stop
from gmmseg.errors import ReadError
from gmmseg.io.files import open_file, shown_name
from gmmseg.io.streams import (
    GZIP_MAGIC,
    MAX_EXPANSION,
    ByteStream,
    GunzipStream,
    PlainStream,
    fill,
    take_all,
)
from gmmseg.limits import MAX_IDX_BYTES, check_file_size, check_memory

TYPES: dict[int, np.dtype[Any]] = {
    0x08: np.dtype("u1"),
    0x09: np.dtype("i1"),
    0x0B: np.dtype(">i2"),
    0x0C: np.dtype(">i4"),
    0x0D: np.dtype(">f4"),
    0x0E: np.dtype(">f8"),
}
"""Type of each code; every number is big-endian."""
MAX_DIMENSIONS = 16
"""Images have 3, labels 1."""
LABELS_MAGIC = 2049
_AGAIN = "Copy or download it again."
_MAGIC_REMEDY = "Digit images start with 00 00 08 03, labels with 00 00 08 01."
_OTHER_FORMS = (
    f"{_MAGIC_REMEDY} A table of pixels can be saved as an NPZ archive with images (N, h, w) and labels."
)


@dataclass(frozen=True, slots=True)
class IdxHeader:
    """Header of an IDX file: the type of its values, and their number along each dimension."""

    code: int
    shape: tuple[int, ...]

    @property
    def dtype(self) -> np.dtype[Any]:
        """The type of the values in the file."""
        return TYPES[self.code]

    @property
    def n_bytes(self) -> int:
        """Bytes of the header itself."""
        return 4 + 4 * len(self.shape)

    @property
    def n_promised(self) -> int:
        """Bytes of all values: a Python int, which no dimension can overflow."""
        return prod(self.shape) * self.dtype.itemsize


def read_idx(path: str | os.PathLike[str], should_stop: ShouldStop = never_stop) -> AnyArray:
    """Return the array in an IDX file, gunzipped where it is gzip, whatever its name says.

    Parameters
    ----------
    path : path
    should_stop : ShouldStop
        Asked before each block.

    Returns
    -------
    array of the file's dimensions
        uint8, int8, int16, int32, float32 or float64 in this machine's byte order.

    Raises
    ------
    ReadError
        It is not an IDX file, or shorter or longer than its header promises, or damaged.
    BudgetError
        It would need more memory than is allowed; nothing was allocated.
    Cancelled
        `should_stop` returned anything but NONE.
    """
    with open_file(path, "an IDX file") as (file, n_bytes):
        return decode_idx(file, n_bytes, shown_name(path), should_stop)


def decode_idx(file: BinaryIO, n_bytes: int, name: str, should_stop: ShouldStop = never_stop) -> AnyArray:
    """Return the array in an open IDX file of `n_bytes`; raises as `read_idx`."""
    check_file_size(n_bytes, MAX_IDX_BYTES)
    is_gzip = file.read(2) == GZIP_MAGIC
    file.seek(0)
    stream = GunzipStream(file, name, should_stop) if is_gzip else PlainStream(file, should_stop)
    header = _read_header(stream, name)
    most = MAX_EXPANSION * n_bytes if is_gzip else n_bytes
    _check_promise(header, most, is_gzip, name)
    values = np.empty(header.n_promised, np.uint8)
    n_found = fill(values.data, stream)
    if n_found < values.size:
        raise _too_short(header, n_found, name)
    # Taken also to reach the checksum at the end of a gzip file.
    if stream.take(1):
        raise ReadError(
            f"“{name}” is longer than the {_promise_text(header)} its header promises.",
            "It may be damaged, or two files in one: copy or download it again.",
        )
    array = values.view(header.dtype)
    if not array.dtype.isnative:
        array = array.byteswap(inplace=True).view(array.dtype.newbyteorder("="))
    return array.reshape(header.shape)


def magic_of(array: AnyArray) -> int:
    """Return the number that starts an IDX file of bytes with as many dimensions: 2051 for images."""
    return LABELS_MAGIC - 1 + array.ndim


def _read_header(stream: ByteStream, name: str) -> IdxHeader:
    magic = take_all(stream, 4)
    if not magic:
        raise ReadError(f"There is nothing packed in “{name}”.", _AGAIN)
    if len(magic) < 4:
        raise ReadError(f"“{name}” has {len(magic)} bytes, too few for an IDX header.", _AGAIN)
    code, n_dimensions = magic[2], magic[3]
    shown = magic.hex(" ").upper()
    if magic[:2] != b"\0\0" and magic[2:] == b"\0\0" and magic[1] in TYPES:
        raise ReadError(
            f"“{name}” starts with {shown}: an IDX header in the wrong byte order.",
            "Write its numbers big-endian.",
        )
    if magic[:2] != b"\0\0":
        raise ReadError(f"“{name}” is not an IDX file: it starts with {shown}.", _OTHER_FORMS)
    if code not in TYPES:
        raise ReadError(
            f"“{name}” starts with {shown}: {code:02X} is not the code of an IDX type.",
            "The codes are 08, 09, 0B, 0C, 0D and 0E.",
        )
    if not 1 <= n_dimensions <= MAX_DIMENSIONS:
        raise ReadError(
            f"“{name}” starts with {shown}: {n_dimensions} dimensions, where 1 to {MAX_DIMENSIONS} are read.",
            _MAGIC_REMEDY,
        )
    sides = take_all(stream, 4 * n_dimensions)
    if len(sides) < 4 * n_dimensions:
        raise ReadError(
            f"“{name}” ends inside its header: {4 + len(sides)} bytes of {4 + 4 * n_dimensions}.", _AGAIN
        )
    starts = range(0, len(sides), 4)
    return IdxHeader(code, tuple(int.from_bytes(sides[i : i + 4], "big") for i in starts))


def _check_promise(header: IdxHeader, most: int, is_gzip: bool, name: str) -> None:
    """Refuse a header whose values the file cannot hold, or the memory cannot, before anything is allocated.

    Parameters
    ----------
    header : IdxHeader
    most : int
        The most bytes the file can unpack to; exactly those it has where it is not packed.
    is_gzip : bool
    name : str
    """
    if header.n_promised == 0:
        raise ReadError(f"“{name}” holds nothing: its size is {_shape_text(header)}.", "Choose another file.")
    if header.n_bytes + header.n_promised > most:
        if is_gzip:
            raise ReadError(
                f"The header of “{name}” promises {_promise_text(header)}; "
                f"the gzip file can unpack to {most:,} at most, so it is cut off.",
                _AGAIN,
            )
        raise _too_short(header, most - header.n_bytes, name)
    detail = f" ({_shape_text(header)})"
    check_memory(header.n_promised, f"“{name}” unpacks to", "Use a smaller file.", detail, MAX_IDX_BYTES)


def _too_short(header: IdxHeader, n_found: int, name: str) -> ReadError:
    return ReadError(
        f"The header of “{name}” promises {_promise_text(header)}, found {header.n_bytes + n_found:,}.",
        f"The file is cut off: {_AGAIN.lower()}",
    )


def _promise_text(header: IdxHeader) -> str:
    return f"{header.n_bytes + header.n_promised:,} bytes ({_shape_text(header)})"


def _shape_text(header: IdxHeader) -> str:
    return " × ".join(f"{side:,}" for side in header.shape)
