"""From a path to bytes without a hang, from bytes to a format, from a decoder's failure to a sentence."""

from __future__ import annotations

import errno
import os
import re
import stat
import struct
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import BufferedReader
from typing import NoReturn

from gmmseg.control import ShouldStop, raise_if_cancelled
from gmmseg.errors import BudgetError, Cancelled, GmmsegError, ReadError
from gmmseg.limits import check_file_size

SUFFIXES = {
    "PNG": (".png", ".apng"),
    "JPEG": (".jpg", ".jpeg", ".jpe", ".jfif"),
    "TIFF": (".tif", ".tiff", ".btf", ".tf8"),
    "BMP": (".bmp", ".dib"),
    "GIF": (".gif",),
    "WEBP": (".webp",),
    "PNM": (".ppm", ".pgm", ".pbm", ".pnm", ".pfm"),
}
"""The suffixes of each format that is read."""

_SIGNATURES = (
    ("PNG", rb"\x89PNG\r\n\x1a\n"),
    ("JPEG", rb"\xff\xd8\xff"),
    ("GIF", rb"GIF8[79]a"),
    ("TIFF", rb"II[*+]\x00|MM\x00[*+]"),
    ("WEBP", rb"RIFF.{4}WEBP"),
    ("PNM", rb"P(?:[1-6]|f)[\s#]"),
    # The size of the header that follows tells a bitmap from text that starts with BM.
    ("BMP", rb"BM.{12}[\x0c\x10\x28\x34\x38\x40\x6c\x7c]\x00\x00\x00"),
)
_REFUSED = (
    ("a PDF", rb"%PDF"),
    ("a PostScript", rb"%!PS|\xc5\xd0\xd3\xc6"),
    ("an SVG", rb"(?:\xef\xbb\xbf)?\s*(?:<\?xml.*?)?(?:<!--.*?)?(?:<!DOCTYPE svg.*?)?<svg"),
    ("a HEIC or AVIF", rb".{4}ftyp"),
    ("a JPEG 2000", rb"\x00\x00\x00\x0cjP  |\xff\x4f\xff\x51"),
    ("a JPEG XL", rb"\xff\x0a|\x00\x00\x00\x0cJXL "),
    ("a Photoshop", rb"8BPS"),
    ("a ZIP", rb"PK\x03\x04"),
    ("a gzip", rb"\x1f\x8b"),
    ("a NumPy", rb"\x93NUMPY"),
    ("an icon", rb"\x00\x00[\x01\x02]\x00"),
)
_FORMATS_TEXT = "PNG, JPEG, TIFF, BMP, GIF, WEBP and PNM"
_WEB_ADDRESS = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+://?")


def shown_name(path: str | os.PathLike[str]) -> str:
    """Return the file name as valid text: bytes that are not UTF-8 become ``\\xff``, controls a space."""
    name = os.path.basename(os.fspath(path)) or os.fspath(path)
    text = os.fsencode(name).decode("utf-8", "backslashreplace")
    return "".join(character if character.isprintable() else " " for character in text)


def read_file_bytes(path: str | os.PathLike[str], should_stop: ShouldStop) -> bytes:
    """Return the bytes of a regular file, read once.

    Raises
    ------
    ReadError
        It is missing, not a regular file, empty, not permitted, or changed while it was read.
    BudgetError
        It is larger than the limits allow; nothing was read.
    """
    raise_if_cancelled(should_stop)
    with open_file(path) as (file, n_bytes):
        check_file_size(n_bytes)
        data = file.read(n_bytes + 1)
    raise_if_cancelled(should_stop)
    if len(data) != n_bytes:
        raise changed_while_read(path)
    return data


@contextmanager
def open_file(path: str | os.PathLike[str], what: str = "an image") -> Iterator[tuple[BufferedReader, int]]:
    """Open a regular file for reading, without a hang, and yield it with its size in bytes.

    Parameters
    ----------
    path : path
    what : str
        What the file should have been, for the refusal of folders and devices.

    Raises
    ------
    ReadError
        It is missing, not a regular file, empty or not permitted; at the end also when it changed meanwhile
        or its disk failed.
    BudgetError
        The memory did not suffice for what was done inside the ``with`` block.
    """
    raw = os.fspath(path)
    name = shown_name(raw)
    if _WEB_ADDRESS.match(raw) and not os.path.exists(raw):
        raise ReadError(f"“{raw}” is a web address; only files are read.", "Download the file first.")
    try:
        _require_regular(os.stat(raw), name, what)
        # Between stat and open the file may have become a pipe: O_NONBLOCK keeps even that from hanging.
        flags = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
        with open(raw, "rb", opener=lambda file, _: os.open(file, flags)) as file:
            before = os.fstat(file.fileno())
            _require_regular(before, name, what)
            if before.st_size == 0:
                raise ReadError(f"“{name}” is an empty file.", "Check that it was copied completely.")
            yield file, before.st_size
            after = os.fstat(file.fileno())
    except (OSError, ValueError) as error:
        _refuse_path(raw, name, error)
    except MemoryError as error:
        raise BudgetError(f"There is not enough memory to read “{name}”.", "Close other programs.") from error
    if (before.st_size, before.st_mtime_ns) != (after.st_size, after.st_mtime_ns):
        raise changed_while_read(path)


def changed_while_read(path: str | os.PathLike[str]) -> ReadError:
    """Return the error for a file that another program is writing."""
    return ReadError(
        f"“{shown_name(path)}” changed while it was being read.", "Open it again when it is complete."
    )


def _require_regular(status: os.stat_result, name: str, what: str) -> None:
    if stat.S_ISDIR(status.st_mode):
        raise ReadError(f"“{name}” is a folder, not {what}.", "Choose one of the files in it.")
    if not stat.S_ISREG(status.st_mode):
        raise ReadError(f"“{name}” is a device or a pipe, not a file.", "Choose a file.")


def _refuse_path(raw: str, name: str, error: OSError | ValueError) -> NoReturn:
    """Raise what the system's refusal means to people."""
    code = error.errno if isinstance(error, OSError) else errno.EINVAL
    short = name if len(name) <= 80 else name[:77] + "…"
    if code == errno.ENOENT and os.path.islink(raw):
        cause, remedy = (
            f"“{short}” is a link to a file that does not exist.",
            "Restore the file it points to.",
        )
    elif code in (errno.ENOENT, errno.ENOTDIR):
        cause, remedy = f"“{short}” does not exist.", "It may have been moved, renamed or removed."
    elif code in (errno.EACCES, errno.EPERM):
        cause, remedy = f"“{short}” may not be read.", "Ask its owner for the permission to read it."
    elif code == errno.ELOOP:
        cause, remedy = f"“{short}” is a link that leads back to itself.", "Open the file itself."
    elif code in (errno.ENAMETOOLONG, errno.EINVAL):
        cause, remedy = f"“{short}” is not a path this system can open.", "Move the file to a shorter path."
    else:
        cause = f"“{short}” could not be read from its disk."
        remedy = "Check that the drive or network folder is still connected."
    raise ReadError(cause, remedy) from error


def recognise(data: bytes, name: str) -> str:
    """Return the format of a file's bytes, a key of `SUFFIXES`, whatever the file is called.

    Raises
    ------
    ReadError
        It is none of the formats that are read.
    """
    if not data:
        raise ReadError(f"“{name}” is an empty file.", "Check that it was copied completely.")
    head = data[:1024]
    for format_name, pattern in _SIGNATURES:
        if re.match(pattern, head, re.DOTALL):
            return format_name
    for title, pattern in _REFUSED:
        if re.match(pattern, head, re.DOTALL):
            raise ReadError(
                f"“{name}” is {title} file, a format that is not read.",
                f"Convert it to PNG or TIFF; {_FORMATS_TEXT} are read.",
            )
    raise ReadError(f"“{name}” is not an image that is read here.", f"{_FORMATS_TEXT} are read.")


@dataclass(frozen=True, slots=True)
class PngHeader:
    """The fields of a PNG's IHDR chunk."""

    width: int
    height: int
    depth: int
    colour_type: int
    is_interlaced: bool

    @property
    def n_samples(self) -> int:
        """Samples a pixel, 1 for a palette index."""
        return {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}.get(self.colour_type, 4)

    @property
    def row_bytes(self) -> int:
        """Bytes of one row, without its filter byte."""
        return (self.width * self.depth * self.n_samples + 7) // 8


def png_header(data: bytes, name: str) -> PngHeader:
    """Return the header of a PNG.

    Raises
    ------
    ReadError
        It is missing, or the file is too short for the picture it promises.
    """
    if len(data) < 33 or data[12:16] != b"IHDR":
        raise cut_off(name, "PNG")
    width, height, depth, colour_type, _, _, interlace = struct.unpack(">IIBBBBB", data[16:29])
    return PngHeader(width, height, depth, colour_type, interlace != 0)


def check_png_is_long_enough(header: PngHeader, n_bytes: int, name: str) -> None:
    """Raise `ReadError` when `n_bytes` cannot hold the promised rows: deflate expands 1032 times at most."""
    promised = header.height * (header.row_bytes + 1)
    if promised > 1032 * n_bytes:
        raise ReadError(
            f"“{name}” promises {header.width:,} × {header.height:,} pixels, {promised:,} bytes of rows; "
            f"its {n_bytes:,} bytes can hold {1032 * n_bytes:,} at most, so it is cut off.",
            "Copy or download it again.",
        )


def webp_size(data: bytes) -> tuple[int, int] | None:
    """Return (width, height) in pixels from a WEBP's first chunk, None where it is none that is known."""
    if len(data) < 30:
        return None
    if data[12:16] == b"VP8X":
        return int.from_bytes(data[24:27], "little") + 1, int.from_bytes(data[27:30], "little") + 1
    if data[12:16] == b"VP8L":
        bits = int.from_bytes(data[21:25], "little")
        return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    if data[12:16] == b"VP8 ":
        width, height = struct.unpack("<HH", data[26:30])
        return width & 0x3FFF, height & 0x3FFF
    return None


def cut_off(name: str, format_name: str) -> ReadError:
    """Return the error for a file whose end is missing."""
    return ReadError(f"The {format_name} file “{name}” is cut off.", "Copy or download it again.")


@contextmanager
def decoding(name: str, format_name: str) -> Iterator[None]:
    """Turn whatever a decoder raises into an error for the user, and keep its warnings to itself."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    except (GmmsegError, Cancelled):
        raise
    except MemoryError as error:
        raise BudgetError(
            f"There is not enough memory to open “{name}”.", "Close other programs or scale the image down."
        ) from error
    except Exception as error:
        # Decoders fed with damaged bytes raise anything from SyntaxError to ZeroDivisionError; their words
        # ("cannot identify <_io.BytesIO …>") say nothing to people, but they do tell short from damaged.
        if isinstance(error, EOFError) or re.search(r"truncat|not enough|end of file", str(error), re.I):
            raise cut_off(name, format_name) from error
        raise ReadError(
            f"The {format_name} file “{name}” is damaged.", "Copy or download it again."
        ) from error
