"""NPZ archives: named arrays, read block by block and never as Python objects."""

from __future__ import annotations

import os
import zipfile
from collections.abc import Callable, Sequence
from math import prod
from typing import Any

import numpy as np
from numpy.lib import format as npy

from gmmseg.arrays import AnyArray
from gmmseg.control import ShouldStop
from gmmseg.errors import BudgetError, ReadError
from gmmseg.io.decoder_errors import decoding
from gmmseg.io.digits.streams import MAX_EXPANSION, PlainStream, fill
from gmmseg.io.files import open_file, shown_name
from gmmseg.limits import check_file_size, memory_budget, size_text

ZIP_MAGIC = b"PK\x03\x04"
_AGAIN = "Copy or download it again."


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
        with zipfile.ZipFile(file) as archive:
            members = {
                member.filename.removesuffix(".npy"): member
                for member in archive.infolist()
                if member.filename.endswith(".npy")
            }
            chosen = choose(tuple(members))
            return {
                key: _read_member(archive, members[key], f"{key}” in “{name}", should_stop) for key in chosen
            }


def _read_member(
    archive: zipfile.ZipFile, member: zipfile.ZipInfo, name: str, should_stop: ShouldStop
) -> AnyArray:
    if member.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise ReadError(f"“{name}” is packed in an unusual way.", "Write it with numpy.savez_compressed.")
    with archive.open(member) as file:
        version = npy.read_magic(file)
        if version not in ((1, 0), (2, 0)):
            raise ReadError(f"“{name}” is not a plain array of numbers.", "Write it with numpy.savez.")
        read_header = npy.read_array_header_1_0 if version == (1, 0) else npy.read_array_header_2_0
        shape, is_fortran, dtype = read_header(file)
        most = min(member.file_size, MAX_EXPANSION * member.compress_size)
        _check_promise(shape, dtype, most, name)
        values = np.empty(prod(shape) * dtype.itemsize, np.uint8)
        stream = PlainStream(file, should_stop)
        # The byte after the last one is asked for because the archive's checksum is compared there.
        if fill(values.data, stream) < values.size or stream.take(1):
            raise ReadError(f"“{name}” is shorter or longer than its header promises.", _AGAIN)
    flat = values.view(dtype)
    array: AnyArray = flat.reshape(shape[::-1]).T if is_fortran else flat.reshape(shape)
    return array if dtype.isnative else array.astype(dtype.newbyteorder("="))


def _check_promise(shape: tuple[int, ...], dtype: np.dtype[Any], most: int, name: str) -> None:
    """Refuse what is not numbers, or more than the member's `most` bytes or the memory can hold."""
    if dtype.hasobject:
        raise ReadError(
            f"“{name}” holds Python objects, which are never read: they could run any program.",
            "Save it as an array of numbers.",
        )
    if dtype.kind not in "biuf" or dtype.itemsize > 8:
        raise ReadError(f"“{name}” holds values of type {dtype}, which are not read.", "Save it as numbers.")
    shape_text = " × ".join(f"{side:,}" for side in shape)
    if not shape or min(shape) <= 0:
        raise ReadError(f"“{name}” holds nothing: its size is {shape_text or 'that of one number'}.")
    n_promised = prod(shape) * dtype.itemsize
    if n_promised > most:
        raise ReadError(f"“{name}” promises {n_promised:,} bytes ({shape_text}), found {most:,}.", _AGAIN)
    if n_promised > memory_budget():
        raise BudgetError(
            f"“{name}” needs {size_text(n_promised)} ({shape_text}); "
            f"{size_text(memory_budget())} are allowed.",
            "Use fewer images.",
        )
