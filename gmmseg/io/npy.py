"""NPY arrays: numbers or booleans, read block by block and never as Python objects."""

from __future__ import annotations

import io
from math import prod
from typing import IO, Any

import numpy as np
from numpy.lib import format as npy

from gmmseg.arrays import AnyArray
from gmmseg.control import ShouldStop
from gmmseg.errors import ReadError
from gmmseg.io.streams import PlainStream, fill
from gmmseg.limits import check_memory

NPY_MAGIC = npy.MAGIC_PREFIX
_AGAIN = "Copy or download it again."


def read_array(file: IO[bytes], most: int, name: str, should_stop: ShouldStop) -> AnyArray:
    """Return the array of a file in NPY format, in this machine's byte order.

    Parameters
    ----------
    file : binary file
        At its beginning.
    most : int
        Bytes that it can hold; what promises more is refused before anything is allocated.
    name : str
        For refusals.
    should_stop : ShouldStop
        Asked before each block.

    Raises
    ------
    ReadError
        It holds something else than numbers, such as Python objects, nothing, or not what it promises.
    BudgetError
        It would need more memory than is allowed; it was not allocated.
    Cancelled
        `should_stop` returned anything but NONE.
    """
    version = npy.read_magic(file)
    if version not in ((1, 0), (2, 0)):
        raise ReadError(f"“{name}” is not a plain array of numbers.", "Write it with numpy.save.")
    read_header = npy.read_array_header_1_0 if version == (1, 0) else npy.read_array_header_2_0
    shape, is_fortran, dtype = read_header(file)
    _check_promise(shape, dtype, most, name)
    values = np.empty(prod(shape) * dtype.itemsize, np.uint8)
    stream = PlainStream(file, should_stop)
    # The byte after the last one is asked for because an archive's checksum is compared there.
    if fill(values.data, stream) < values.size or stream.take(1):
        raise ReadError(f"“{name}” is shorter or longer than its header promises.", _AGAIN)
    flat = values.view(dtype)
    array: AnyArray = flat.reshape(shape[::-1]).T if is_fortran else flat.reshape(shape)
    return array if dtype.isnative else array.astype(dtype.newbyteorder("="))


def encode_npy(array: AnyArray) -> bytes:
    """Return an array of numbers as the bytes of an .npy file."""
    buffer = io.BytesIO()
    npy.write_array(buffer, np.ascontiguousarray(array), allow_pickle=False)
    return buffer.getvalue()


def encode_arrays(**arrays: Any) -> bytes:
    """Return named arrays as the bytes of an .npz file."""
    buffer = io.BytesIO()
    np.savez_compressed(buffer, **arrays)
    return buffer.getvalue()


def _check_promise(shape: tuple[int, ...], dtype: np.dtype[Any], most: int, name: str) -> None:
    """Refuse what is not numbers, or more than `most` bytes or the memory can hold."""
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
    check_memory(n_promised, f"“{name}” needs", "Use a smaller file.", f" ({shape_text})")
