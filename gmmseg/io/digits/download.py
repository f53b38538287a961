"""Get MNIST: the four files from their mirrors, checked before they are kept."""

from __future__ import annotations

import contextlib
import hashlib
import http.client
import io
import os
import socket
import ssl
import threading
from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import platformdirs

from gmmseg.control import Progress, ShouldStop, never_stop, raise_if_ended
from gmmseg.errors import ReadError
from gmmseg.io.atomic import refusals, write_atomically
from gmmseg.io.files import open_file, shown_name
from gmmseg.limits import size_text

if TYPE_CHECKING:
    import requests

MIRRORS: tuple[str, ...] = (
    "https://ossci-datasets.s3.amazonaws.com/mnist/",
    "https://storage.googleapis.com/cvdf-datasets/mnist/",
)
"""Addresses of the files, in the order they are asked; https only."""
TIMEOUT = 15.0
"""Seconds without a byte after which a mirror counts as silent."""
_PATIENCE = 0.05
"""Seconds between two questions whether to go on."""
_BLOCK = 1 << 16
_REMEDY = "Check the connection, or get the four files another way and open their folder."


@dataclass(frozen=True, slots=True)
class RemoteFile:
    """A file of a mirror: its name, its size in bytes and the SHA-256 of its contents, hexadecimal."""

    name: str
    n_bytes: int
    sha256: str

    def has_contents(self, data: bytes) -> bool:
        """Return whether bytes are this file's."""
        return len(data) == self.n_bytes and hashlib.sha256(data).hexdigest() == self.sha256


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
    return platformdirs.user_cache_path("gmmseg", appauthor=False) / "mnist"


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

    A file is held in memory until its size and checksum are right, and written only then. One that is there
    and right is not fetched again.

    Parameters
    ----------
    folder : path
        Made where it is missing.
    should_stop : ShouldStop
        Asked every 50 ms; STOP ends like CANCEL. Files that are complete are kept for the next time.
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
            data = yield from _fetch_events(file, mirrors, timeout, should_stop, (done, total))
            write_atomically(target / file.name, data)
        done += file.n_bytes
    return target


def _is_there(path: Path, file: RemoteFile, should_stop: ShouldStop) -> bool:
    """Return whether a file is there and right; in the cache, one that is wrong counts as missing."""
    raise_if_ended(should_stop)
    if not os.path.lexists(path):
        return False
    with open_file(path, "a file of digits") as (opened, _):
        if file.has_contents(opened.read(file.n_bytes + 1)):
            return True
    if path.parent.resolve() == cache_folder().resolve():
        return False
    raise ReadError(
        f"A file called “{file.name}” is already in “{shown_name(path.parent)}”, with other contents.",
        "Choose another folder, or move that file away.",
    )


def _fetch_events(
    file: RemoteFile, mirrors: Sequence[str], timeout: float, should_stop: ShouldStop, share: tuple[int, int]
) -> Generator[Progress, None, bytes]:
    """Fetch one file from the first mirror that has it and return its bytes.

    `share` says how many bytes the files before it have brought, and how many all have.
    """

    def progress(n_bytes: int) -> Progress:
        text = f"Downloading {file.name}: {size_text(n_bytes)} of {size_text(file.n_bytes)}"
        return Progress(text, (share[0] + n_bytes) / share[1])

    reasons = []
    for mirror in mirrors:
        fetch = _Fetch(mirror + file.name, file.n_bytes, timeout)
        fetch.start()
        try:
            while fetch.is_alive():
                raise_if_ended(should_stop)
                yield progress(fetch.body.tell())
                fetch.join(_PATIENCE)
        finally:
            fetch.body.is_wanted = False
        data = fetch.body.getvalue()
        if not isinstance(fetch.error, OSError | http.client.HTTPException | _TooLongError | None):
            raise fetch.error
        if fetch.error is None and file.has_contents(data):
            yield progress(len(data))
            return data
        reasons.append(f"{urlsplit(mirror).hostname} {_reason(fetch.error)}")
    raise ReadError(f"“{file.name}” could not be downloaded: {'; '.join(reasons)}.", _REMEDY)


class _TooLongError(Exception):
    """More came than the file has."""


class _Body(io.BytesIO):
    """Bytes received so far: at most `n_bytes`, and none once nobody waits for them."""

    def __init__(self, n_bytes: int) -> None:
        super().__init__()
        self._n_bytes = n_bytes
        self.is_wanted = True

    def write(self, block: bytes, /) -> int:  # type: ignore[override]
        if not self.is_wanted or self.tell() + len(block) > self._n_bytes:
            raise _TooLongError
        return super().write(block)


class _Fetch(threading.Thread):
    """Fetches one address into memory.

    Looking up a name or waiting for a byte cannot be interrupted: whoever stops waiting leaves this thread to
    its timeout.
    """

    def __init__(self, url: str, n_bytes: int, timeout: float) -> None:
        super().__init__(name="fetch", daemon=True)
        self._url = url
        self._timeout = timeout
        self.body = _Body(n_bytes)
        self.error: Exception | None = None

    def run(self) -> None:
        try:
            # Imported here: it takes as long as the rest of the command line together.
            from pooch import HTTPDownloader

            with contextlib.ExitStack() as responses:

                def hold(response: requests.Response, **_: object) -> None:
                    # Pooch leaves an answer open that is not read to its end.
                    responses.callback(response.close)

                fetch = HTTPDownloader(
                    chunk_size=_BLOCK,
                    timeout=self._timeout,
                    headers={"Accept-Encoding": "identity", "User-Agent": "gmmseg"},
                    hooks={"response": hold},
                )
                fetch(self._url, self.body, None)
        except Exception as error:
            # Whatever it is, the caller must get it rather than a file that ends early.
            self.error = error


_REASONS: tuple[tuple[type[Exception], str], ...] = (
    (TimeoutError, "does not answer"),
    (socket.gaierror, "is not found (no connection to the internet?)"),
    (ssl.SSLCertVerificationError, "shows a certificate that is not trusted"),
    (ConnectionRefusedError, "refuses the connection"),
    (http.client.IncompleteRead, "broke the connection"),
    (ConnectionError, "broke the connection"),
    (_TooLongError, "sends something else than the file"),
)


def _reason(error: Exception | None) -> str:
    """Return why a mirror's answer is not the file, to follow the mirror's name."""
    if error is None:
        return "sends other contents"
    status = getattr(getattr(error, "response", None), "status_code", None)
    if status is not None:
        return f"answers {status}"
    causes = list(_causes(error))
    for kind, reason in _REASONS:
        if any(isinstance(cause, kind) for cause in causes):
            return reason
    return "answers something that is not understood"


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    """Yield an exception and those it was raised after: the libraries wrap the system's in their own."""
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__
