"""Regular files opened and read without a hang, and what a refused path means to people."""

from __future__ import annotations

import errno
import os
import re
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from io import BufferedReader, BytesIO
from typing import NoReturn

from gmmseg.control import ShouldStop, raise_if_cancelled
from gmmseg.errors import BudgetError, ReadError
from gmmseg.limits import check_file_size

_UNSAFE = '/\\:*?"<>|'
_WEB_ADDRESS = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+://?")


def shown_name(path: str | os.PathLike[str]) -> str:
    """Return the file name as valid text: bytes that are not UTF-8 become ``\\xff``, controls a space."""
    name = os.path.basename(os.fspath(path)) or os.fspath(path)
    try:
        raw = os.fsencode(name)
    except UnicodeEncodeError:
        # Half a character, which no file's name holds.
        raw = name.encode("utf-8", "backslashreplace")
    text = raw.decode("utf-8", "backslashreplace")
    return "".join(character if character.isprintable() else " " for character in text)


def safe_name(name: str, fallback: str) -> str:
    """Return a name for files: without what file systems refuse, and not too long."""
    kept = "".join("_" if c in _UNSAFE or not c.isprintable() else c for c in name).strip(" .")
    return kept[:100] or fallback


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


class AskingBytes(BytesIO):
    """Bytes of a file; each read asks first whether to go on: decoders read between frames and blocks.

    Raises
    ------
    Cancelled
        While reading: `should_stop` said so.
    """

    def __init__(self, data: bytes, should_stop: ShouldStop) -> None:
        super().__init__(data)
        self._should_stop = should_stop

    def read(self, size: int | None = -1, /) -> bytes:
        raise_if_cancelled(self._should_stop)
        return super().read(size)
