"""NPZ archives: named arrays, read block by block and never as Python objects."""

from __future__ import annotations

import os
import zipfile
from collections.abc import Callable, Sequence
from typing import IO

from gmmseg.arrays import AnyArray
from gmmseg.control import ShouldStop
from gmmseg.errors import ReadError
from gmmseg.io.decoder_errors import decoding
from gmmseg.io.files import open_file, shown_name
from gmmseg.io.npy import read_array
from gmmseg.io.streams import MAX_EXPANSION
from gmmseg.limits import check_file_size

ZIP_MAGIC = b"PK\x03\x04"


def read_npz(
    path: str | os.PathLike[str], choose: Callable[[Sequence[str]], Sequence[str]], should_stop: ShouldStop
) -> dict[str, AnyArray]:
    """Return some of the arrays of an NPZ file.

    Parameters
    ----------
    path : path
    choose : function
        Given the names of all arrays, returns those to read.
    should_stop : ShouldStop
        Asked before each block.

    Returns
    -------
    dict of arrays
        Of numbers or booleans, in this machine's byte order.

    Raises
    ------
    ReadError
        It is not an NPZ file, damaged, or an array holds something else, such as Python objects.
    BudgetError
        An array would need more memory than is allowed; it was not allocated.
    Cancelled
        `should_stop` returned anything but NONE.
    """
    name = shown_name(path)
    with open_file(path, "an NPZ file") as (file, n_bytes), decoding(name, "NPZ"):
        check_file_size(n_bytes)
        return arrays_of(file, name, choose, should_stop)


def arrays_of(
    file: IO[bytes], name: str, choose: Callable[[Sequence[str]], Sequence[str]], should_stop: ShouldStop
) -> dict[str, AnyArray]:
    """Return some of the arrays of an open NPZ file called `name`; see `read_npz`."""
    with zipfile.ZipFile(file) as archive:
        members = {
            member.filename.removesuffix(".npy"): member
            for member in archive.infolist()
            if member.filename.endswith(".npy")
        }
        chosen = choose(tuple(members))
        return {key: _read_member(archive, members[key], f"{key}” in “{name}", should_stop) for key in chosen}


def _read_member(
    archive: zipfile.ZipFile, member: zipfile.ZipInfo, name: str, should_stop: ShouldStop
) -> AnyArray:
    if member.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise ReadError(f"“{name}” is packed in an unusual way.", "Write it with numpy.savez_compressed.")
    with archive.open(member) as file:
        return read_array(
            file, min(member.file_size, MAX_EXPANSION * member.compress_size), name, should_stop
        )
