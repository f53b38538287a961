"""Regular files opened and read without a hang, and what a refused path means to people."""

from __future__ import annotations

import errno
import hashlib
import os
import re
import stat
import time
from collections.abc import Iterator
from contextlib import contextmanager
from io import BufferedReader, RawIOBase
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, NoReturn, Protocol, cast

from gmmseg.control import ShouldStop, raise_if_cancelled
from gmmseg.errors import BudgetError, ReadError
from gmmseg.limits import check_file_size

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

_UNSAFE = '/\\:*?"<>|'
_HASHED_AT_ONCE = 1 << 18
_TICK_NS = 3_000_000_000
_MOST_DIGESTS = 16
_digests: dict[tuple[str, int, int, int], str] = {}
_WEB_ADDRESS = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+://?")


def shown_name(path: str | os.PathLike[str]) -> str:
    """Return the file name as valid text: bytes that are not UTF-8 become ``\\xff``, controls a space."""
    return shown_path(os.path.basename(os.fspath(path)) or path)


def shown_path(path: str | os.PathLike[str]) -> str:
    """Return a whole path as valid text, as `shown_name` does the last part."""
    try:
        raw = os.fsencode(path)
    except UnicodeEncodeError:
        # Half a character, which no file's name holds.
        raw = os.fspath(path).encode("utf-8", "backslashreplace")
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
        # A path has one slash where an address has two.
        address = re.sub(":/+", "://", raw, count=1)
        raise ReadError(f"“{address}” is a web address; only files are read.", "Download the file first.")
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


def file_digest(file: BufferedReader, path: str | os.PathLike[str], should_stop: ShouldStop) -> str:
    """Return the SHA-256 of an open file, hexadecimal; of one that has not changed since as it was then.

    Going through the frames of a stack would else read all of it for each.
    """
    status = os.fstat(file.fileno())
    key = (os.path.abspath(path), status.st_size, status.st_mtime_ns, status.st_ino)
    # Within a tick of the clock of some disks a file can change without another time.
    is_settled = time.time_ns() - status.st_mtime_ns > _TICK_NS
    known = _digests.get(key) if is_settled else None
    if known is None:
        known = _digest_of(file, should_stop)
        while len(_digests) >= _MOST_DIGESTS:
            _digests.pop(next(iter(_digests)), None)
        _digests[key] = known
    return known


def _digest_of(file: BufferedReader, should_stop: ShouldStop) -> str:
    digest = hashlib.sha256()
    file.seek(0)
    while block := file.read(_HASHED_AT_ONCE):
        raise_if_cancelled(should_stop)
        digest.update(block)
    return digest.hexdigest()


def content_hash(path: Path) -> str:
    """Return the hash of a file's bytes, or of the names and bytes of a folder's files; empty for neither."""
    if not path.exists():
        return ""
    digest = hashlib.sha256()
    if not path.is_dir():
        digest.update(path.read_bytes())
        return digest.hexdigest()
    for file in sorted(path.rglob("*")):
        if file.is_file():
            content = file.read_bytes()
            name = os.fsencode(file.relative_to(path).as_posix())
            digest.update(b"%s\0%d\0" % (name, len(content)))
            digest.update(content)
    return digest.hexdigest()


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


class Stored(Protocol):
    """Bytes that are kept somewhere: in memory, mapped, or in an open file."""

    def __len__(self) -> int: ...

    def __getitem__(self, part: slice, /) -> bytes: ...


class FileBytes:
    """The bytes of an open file, each read when it is asked for: a stack may be larger than the memory.

    Parameters
    ----------
    file : BufferedReader
        Open as long as this is used, by this alone.
    n_bytes : int
    """

    def __init__(self, file: BufferedReader, n_bytes: int) -> None:
        self._file = file
        self._n_bytes = n_bytes

    def __len__(self) -> int:
        return self._n_bytes

    def __getitem__(self, part: slice, /) -> bytes:
        start, stop, _ = part.indices(self._n_bytes)
        self._file.seek(start)
        return self._file.read(max(0, stop - start))


def asking_file(data: Stored, should_stop: ShouldStop) -> BinaryIO:
    """Return stored bytes as a file; each read asks first whether to go on, and raises `Cancelled` if not.

    Decoders read between frames and blocks.
    """
    return cast("BinaryIO", _AskingFile(data, should_stop))


class _AskingFile(RawIOBase):
    def __init__(self, data: Stored, should_stop: ShouldStop) -> None:
        super().__init__()
        self._data = data
        self._should_stop = should_stop
        self._at = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._at

    def seek(self, offset: int, whence: int = os.SEEK_SET, /) -> int:
        origin = {os.SEEK_SET: 0, os.SEEK_CUR: self._at, os.SEEK_END: len(self._data)}[whence]
        self._at = max(0, origin + offset)
        return self._at

    def read(self, size: int | None = -1, /) -> bytes:
        raise_if_cancelled(self._should_stop)
        end = len(self._data) if size is None or size < 0 else self._at + size
        found = self._data[self._at : end]
        self._at += len(found)
        return found

    def readinto(self, buffer: WriteableBuffer, /) -> int:
        into = memoryview(buffer).cast("B")
        found = self.read(len(into))
        into[: len(found)] = found
        return len(found)
