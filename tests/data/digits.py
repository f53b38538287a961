"""Builders of digit files, good and bad, from nothing but code."""

from __future__ import annotations

import gzip
import io
import struct
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

CODES = {"u1": 0x08, "i1": 0x09, "i2": 0x0B, "i4": 0x0C, "f4": 0x0D, "f8": 0x0E}


def idx_header(code: int, *sides: int) -> bytes:
    """Return an IDX header, true or not."""
    return struct.pack(f">BBBB{len(sides)}I", 0, 0, code, len(sides), *sides)


def idx(array: NDArray[Any]) -> bytes:
    """Return an array as an IDX file."""
    kind = array.dtype.str[1:]
    return idx_header(CODES[kind], *array.shape) + array.astype(f">{kind}").tobytes()


def pictures(n: int = 12, height: int = 6, width: int = 5, seed: int = 0) -> NDArray[np.uint8]:
    """Return n different small pictures (n, h, w) with full white somewhere."""
    values = np.random.default_rng(seed).integers(0, 256, (n, height, width), dtype=np.uint8)
    values[:, 0, 0] = 255
    values[:, -1, -1] = 0
    return values


def labels(n: int = 12) -> NDArray[np.uint8]:
    """Return the labels 0..9 over and over."""
    return (np.arange(n) % 10).astype(np.uint8)


def write_idx_folder(
    folder: Path,
    n_train: int = 12,
    n_test: int = 4,
    *,
    packed: bool = True,
    with_labels: bool = True,
    test_word: str = "t10k",
    prefix: str = "",
    separator: str = "-",
) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Write a set as MNIST comes, and return all its pictures and labels, training first."""
    all_pictures, all_labels = pictures(n_train + n_test), labels(n_train + n_test)
    folder.mkdir(parents=True, exist_ok=True)
    for word, rows in (("train", slice(0, n_train)), (test_word, slice(n_train, None))):
        if len(all_pictures[rows]) == 0:
            continue
        files = {f"images{separator}idx3": all_pictures[rows], f"labels{separator}idx1": all_labels[rows]}
        for kind, array in files.items():
            if "labels" in kind and not with_labels:
                continue
            data = gzip.compress(idx(array)) if packed else idx(array)
            (folder / f"{prefix}{word}-{kind}-ubyte{'.gz' if packed else ''}").write_bytes(data)
    return all_pictures, all_labels


def npz_of_raw(**members: bytes) -> bytes:
    """Return an archive whose members are the given bytes, whatever they are."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, data in members.items():
            archive.writestr(f"{name}.npy", data)
    return buffer.getvalue()


def npy_header(descr: str, *shape: int) -> bytes:
    """Return the header of a NumPy file, true or not."""
    text = f"{{'descr': {descr!r}, 'fortran_order': False, 'shape': {shape!r}, }}"
    body = text.encode() + b" " * (-(10 + len(text) + 1) % 64) + b"\n"
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(body)) + body
