"""One address, from a byte on: blocks as they come, with the caller free to leave at any moment."""

from __future__ import annotations

import http.client
import queue
import re
import socket
import ssl
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from email.message import Message
from typing import IO

from gmmseg.control import ShouldStop, raise_if_ended

_BLOCK = 1 << 16
_PATIENCE = 0.05
"""Seconds between two questions whether to go on."""
_CONTENT_RANGE = re.compile(r"bytes (\d+)-\d+/(\d+)")


class FetchError(Exception):
    """A server did not deliver; `args[0]` says what it did, to follow its name: ``answers 404``."""


@dataclass(frozen=True, slots=True)
class Head:
    """What a server says before the first byte.

    Parameters
    ----------
    start : int
        Which byte of the file comes first: 0 where the server does not continue files.
    n_bytes : int, optional
        Bytes of the whole file; None where the server does not say.
    """

    start: int
    n_bytes: int | None


@contextmanager
def fetching(
    url: str, start: int, timeout: float, should_stop: ShouldStop
) -> Iterator[tuple[Head, Iterator[bytes]]]:
    """Connect, and yield what the server says first and the blocks of the file from `start` on.

    Looking up a name or waiting for a byte cannot be interrupted, so both happen in a thread of their own,
    which is left to its timeout when the caller leaves.

    Parameters
    ----------
    url : str
    start : int
        The first byte wanted.
    timeout : float
        Seconds without a byte after which the server counts as silent.
    should_stop : ShouldStop
        Asked every 50 ms.

    Raises
    ------
    FetchError
        No connection, a refusal, silence, or a broken connection.
    Cancelled
        `should_stop` returned anything but NONE.
    """
    fetcher = _Fetcher(url, start, timeout)
    fetcher.start()
    try:
        yield fetcher.head(should_stop), fetcher.blocks(should_stop)
    finally:
        fetcher.leave()


class _Fetcher(threading.Thread):
    """Puts what a server sends into a queue: an empty item for the head, the blocks, an empty item."""

    def __init__(self, url: str, start: int, timeout: float) -> None:
        super().__init__(name="fetch", daemon=True)
        self._url = url
        self._start = start
        self._timeout = timeout
        self._head = Head(0, None)
        self._items: queue.Queue[bytes | Exception] = queue.Queue(maxsize=16)
        self._is_left = threading.Event()

    def head(self, should_stop: ShouldStop) -> Head:
        """Wait for the head."""
        self._take(should_stop)
        return self._head

    def blocks(self, should_stop: ShouldStop) -> Iterator[bytes]:
        """Yield the blocks as they come."""
        while block := self._take(should_stop):
            yield block

    def leave(self) -> None:
        """Tell the thread that nobody listens any more."""
        self._is_left.set()

    def run(self) -> None:
        try:
            headers = {"Accept-Encoding": "identity", "User-Agent": "gmmseg"}
            if self._start:
                headers["Range"] = f"bytes={self._start}-"
            request = urllib.request.Request(self._url, headers=headers)  # noqa: S310 - mirrors are https
            opener = urllib.request.build_opener(_SafeRedirects)
            with opener.open(request, timeout=self._timeout) as response:
                self._head = _head_of(response.status, response.headers)
                self._put(b"")
                while not self._is_left.is_set() and (block := response.read1(_BLOCK)):
                    self._put(block)
            self._put(b"")
        except Exception as error:
            # Whatever it is, the caller must hear of it rather than wait for ever.
            self._put(error)

    def _put(self, item: bytes | Exception) -> None:
        while not self._is_left.is_set():
            with suppress(queue.Full):
                self._items.put(item, timeout=_PATIENCE)
                return

    def _take(self, should_stop: ShouldStop) -> bytes:
        while True:
            raise_if_ended(should_stop)
            with suppress(queue.Empty):
                item = self._items.get(timeout=_PATIENCE)
                if isinstance(item, Exception):
                    raise FetchError(_reason(item)) from item
                return item


class _SafeRedirects(urllib.request.HTTPRedirectHandler):
    """Follows redirects, but never from https to something that anybody on the way can change."""

    def redirect_request(
        self,
        req: urllib.request.Request,
        fp: IO[bytes],
        code: int,
        msg: str,
        headers: http.client.HTTPMessage,
        newurl: str,
    ) -> urllib.request.Request | None:
        if req.type == "https" and not newurl.lower().startswith("https:"):
            raise urllib.error.HTTPError(req.full_url, code, msg, headers, fp)
        return super().redirect_request(req, fp, code, msg, headers, newurl)


def _head_of(status: int, headers: Message) -> Head:
    length = headers.get("Content-Length", "")
    n_bytes = int(length) if length.isdecimal() else None
    if status != 206:
        return Head(0, n_bytes)
    match = _CONTENT_RANGE.fullmatch(headers.get("Content-Range", ""))
    if match is None:
        raise http.client.HTTPException("a part without its place")
    return Head(int(match[1]), int(match[2]))


def _reason(error: Exception) -> str:
    """Return what went wrong, to follow the server's name."""
    if isinstance(error, urllib.error.HTTPError):
        code = error.code
        error.close()
        return f"answers {code}"
    cause = error.reason if isinstance(error, urllib.error.URLError) else error
    if isinstance(cause, TimeoutError):
        return "does not answer"
    if isinstance(cause, socket.gaierror):
        return "is not found (no connection to the internet?)"
    if isinstance(cause, ssl.SSLCertVerificationError):
        return "shows a certificate that is not trusted"
    if isinstance(cause, ConnectionRefusedError):
        return "refuses the connection"
    if isinstance(cause, OSError | http.client.IncompleteRead):
        return "broke the connection"
    return "answers something that is not understood"
