"""Get MNIST: the four files from their mirrors, continued where they were cut off, checked before use."""

from __future__ import annotations

import hashlib
import os
import sys
from collections.abc import Generator, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from gmmseg.control import Progress, ShouldStop, never_stop, raise_if_ended
from gmmseg.errors import ReadError
from gmmseg.io.atomic import refusals, write_atomically
from gmmseg.io.digits.fetching import FetchError, fetching
from gmmseg.io.files import open_file, shown_name
from gmmseg.limits import size_text

MIRRORS: tuple[str, ...] = (
    "https://ossci-datasets.s3.amazonaws.com/mnist/",
    "https://storage.googleapis.com/cvdf-datasets/mnist/",
)
"""Where the files are, in the order they are asked; https only."""
TIMEOUT = 15.0
"""Seconds without a byte after which a mirror counts as silent."""
MAX_ATTEMPTS = 50
"""Connections to one mirror for one file; only one that brought new bytes is followed by another."""
_REMEDY = "Check the connection, or get the four files another way and open their folder."


@dataclass(frozen=True, slots=True)
class RemoteFile:
    """A file of a mirror: its name, its size in bytes and the SHA-256 of its contents, hexadecimal."""

    name: str
    n_bytes: int
    sha256: str


MNIST_FILES: tuple[RemoteFile, ...] = (
    RemoteFile(
        "train-images-idx3-ubyte.gz",
        9_912_422,
        "440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609",
    ),
    RemoteFile(
        "train-labels-idx1-ubyte.gz",
        28_881,
        "3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c",
    ),
    RemoteFile(
        "t10k-images-idx3-ubyte.gz",
        1_648_877,
        "8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6",
    ),
    RemoteFile(
        "t10k-labels-idx1-ubyte.gz",
        4_542,
        "f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6",
    ),
)


def cache_folder() -> Path:
    """Return where MNIST is kept for this user; the folder need not exist yet."""
    home = os.path.expanduser("~")
    if sys.platform == "win32":
        base = os.environ.get("LOCALAPPDATA", "") or os.path.join(home, "AppData", "Local")
    elif sys.platform == "darwin":
        base = os.path.join(home, "Library", "Caches")
    else:
        chosen = os.environ.get("XDG_CACHE_HOME", "")
        # The standard says that a relative path here is to be ignored.
        base = chosen if os.path.isabs(chosen) else os.path.join(home, ".cache")
    return Path(base, "gmmseg", "mnist")


def is_complete(folder: str | os.PathLike[str], files: Sequence[RemoteFile] = MNIST_FILES) -> bool:
    """Return whether all files are in a folder with their sizes: quick enough to ask for a menu."""
    try:
        return all(Path(folder, file.name).stat().st_size == file.n_bytes for file in files)
    except OSError:
        return False


def download_events(
    folder: str | os.PathLike[str],
    should_stop: ShouldStop = never_stop,
    mirrors: Sequence[str] = MIRRORS,
    files: Sequence[RemoteFile] = MNIST_FILES,
    timeout: float = TIMEOUT,
) -> Generator[Progress, None, Path]:
    """Fetch what is missing in a folder, yielding how far it is, and return the folder.

    Until its size and checksum are right a file is called ``….part``; it is continued next time, also from
    another mirror. A file that is there and right is not fetched again.

    Parameters
    ----------
    folder : path
        Made where it is missing.
    should_stop : ShouldStop
        Asked every 50 ms; STOP ends like CANCEL, and what has come is kept for the next time.
    mirrors : sequence of str
        Addresses that the file names are appended to, asked in this order.
    files : sequence of RemoteFile
    timeout : float
        Seconds without a byte after which the next mirror is asked.

    Raises
    ------
    ReadError
        No mirror delivered a file, or another file lies under its name in a folder that is not the cache.
    WriteError
        The folder cannot be written.
    Cancelled
        `should_stop` returned anything but NONE.
    """
    target = Path(folder)
    with refusals(target):
        target.mkdir(parents=True, exist_ok=True)
    total = sum(file.n_bytes for file in files)
    done = 0
    for file in files:
        yield Progress(f"Checking {file.name}", done / total)
        if not _is_there(target / file.name, file, should_stop):
            for n_bytes in _file_events(target, file, mirrors, timeout, should_stop):
                text = f"Downloading {file.name}: {size_text(n_bytes)} of {size_text(file.n_bytes)}"
                yield Progress(text, (done + n_bytes) / total)
        done += file.n_bytes
    return target


def _is_there(path: Path, file: RemoteFile, should_stop: ShouldStop) -> bool:
    """Return whether a file is there and right; in the cache, one that is wrong counts as missing."""
    raise_if_ended(should_stop)
    if not os.path.lexists(path):
        return False
    with open_file(path, "a file of digits") as (opened, n_bytes):
        if n_bytes == file.n_bytes and hashlib.sha256(opened.read(n_bytes)).hexdigest() == file.sha256:
            return True
    if path.parent.resolve() == cache_folder().resolve():
        return False
    raise ReadError(
        f"A file called “{file.name}” is already in “{shown_name(path.parent)}”, with other contents.",
        "Choose another folder, or move that file away.",
    )


def _file_events(
    folder: Path, file: RemoteFile, mirrors: Sequence[str], timeout: float, should_stop: ShouldStop
) -> Generator[int, None, None]:
    """Fetch one file from the first mirror that has it, yielding the bytes that are there."""
    part = folder / f"{file.name}.part"
    reasons = []
    for mirror in mirrors:
        reason = yield from _mirror_events(mirror + file.name, part, file, timeout, should_stop)
        if reason is None:
            return
        reasons.append(f"{urlsplit(mirror).hostname} {reason}")
    raise ReadError(f"“{file.name}” could not be downloaded: {'; '.join(reasons)}.", _REMEDY)


def _mirror_events(
    url: str, part: Path, file: RemoteFile, timeout: float, should_stop: ShouldStop
) -> Generator[int, None, str | None]:
    """Fetch one file from one mirror; return what the mirror did instead, None when the file is there."""
    best = -1
    reason = ""
    for _ in range(MAX_ATTEMPTS):
        was_begun = _size_of(part) > 0
        try:
            yield from _attempt(url, part, file, timeout, should_stop)
            if _is_finished(part, file):
                return None
            reason = "sends other contents"
            # What was there before, perhaps of another origin, may be the wrong half.
            if not was_begun:
                break
            continue
        except FetchError as error:
            reason = str(error)
        n_bytes = _size_of(part)
        if n_bytes <= best:
            break
        best = n_bytes
    return reason


def _attempt(
    url: str, part: Path, file: RemoteFile, timeout: float, should_stop: ShouldStop
) -> Generator[int, None, None]:
    """Append to the part what one connection brings, yielding the bytes that are there.

    Raises
    ------
    FetchError
        Afterwards the file is not complete, or something else was sent.
    """
    begun = _size_of(part)
    if begun >= file.n_bytes:
        return
    with fetching(url, begun, timeout, should_stop) as (head, blocks):
        if head.n_bytes not in (None, file.n_bytes) or head.start not in (0, begun):
            raise FetchError("sends something else than the file")
        n_bytes = head.start
        with refusals(part), open(part, "ab") as out:
            out.truncate(n_bytes)
            yield n_bytes
            for block in blocks:
                # One byte too many is enough to tell that it is another file.
                n_bytes += out.write(block[: file.n_bytes + 1 - n_bytes])
                yield n_bytes
                if n_bytes > file.n_bytes:
                    return
    if n_bytes < file.n_bytes:
        raise FetchError("broke the connection")


def _is_finished(part: Path, file: RemoteFile) -> bool:
    """Give a complete part its name when its checksum is right, remove it when not; return which."""
    with open_file(part, "a file of digits") as (opened, n_bytes):
        data = opened.read(file.n_bytes + 1)
    is_right = n_bytes == file.n_bytes and hashlib.sha256(data).hexdigest() == file.sha256
    if is_right:
        write_atomically(part.with_suffix(""), data)
    with refusals(part):
        part.unlink()
    return is_right


def _size_of(part: Path) -> int:
    try:
        return part.stat().st_size
    except OSError:
        return 0
