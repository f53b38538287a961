"""Getting MNIST from servers that deliver, break off, lie, stall and refuse; all of them on this machine."""

from __future__ import annotations

import errno
import hashlib
import http.server
import os
import socket
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from gmmseg.control import Progress, StopRequest, never_stop, result_of
from gmmseg.errors import Cancelled, ReadError, WriteError
from gmmseg.io import atomic
from gmmseg.io.digits.download import (
    MIRRORS,
    MNIST_FILES,
    RemoteFile,
    cache_folder,
    download_events,
    is_complete,
)
from tests.data.shared import MNIST

BODY = np.random.default_rng(0).bytes(300_000)
FILE = RemoteFile("digits.gz", len(BODY), hashlib.sha256(BODY).hexdigest())
TIMEOUT = 0.4


class Handler(http.server.BaseHTTPRequestHandler):
    """Serves BODY the way the first part of the path says."""

    server: Server

    def do_GET(self) -> None:
        way = self.path.split("/")[1]
        self.server.requests.append(way)
        self.server.encodings.add(self.headers["Accept-Encoding"])
        getattr(self, way)()

    def send(self, body: bytes, status: int = 200, n_sent: int | None = None, **headers: str) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(body[:n_sent])

    def good(self) -> None:
        self.send(BODY)

    def cut(self) -> None:
        self.send(BODY, n_sent=70_000)

    def lie(self) -> None:
        self.send(BODY[:-1] + bytes([BODY[-1] ^ 1]))

    def page(self) -> None:
        self.send(b"<html>Please log in</html>")

    def endless(self) -> None:
        self.send_response(200)
        self.end_headers()
        self.close_connection = True
        try:
            while True:
                self.wfile.write(BODY)
        except OSError:
            self.server.was_left.set()

    def chunked(self) -> None:
        self.send_response(200)
        self.end_headers()
        self.wfile.write(BODY)

    def stall(self) -> None:
        self.send(BODY, n_sent=120_000)
        self.wfile.flush()
        self.server.is_over.wait(10)

    def silent(self) -> None:
        self.server.is_over.wait(10)

    def missing(self) -> None:
        self.send(b"no", 404)

    def broken(self) -> None:
        self.send(b"no", 500)

    def moved(self) -> None:
        self.send(b"", 302, Location=f"{self.server.address}good/{FILE.name}")

    def circle(self) -> None:
        self.send(b"", 302, Location=f"{self.server.address}circle/{FILE.name}")

    def to_a_file(self) -> None:
        self.send(b"", 302, Location="file:///etc/hostname")

    def nonsense(self) -> None:
        self.wfile.write(b"this is no HTTP\r\n\r\n")

    def log_message(self, format: str, *args: object) -> None:
        """Keep the tests' output quiet."""


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.requests: list[str] = []
        self.encodings: set[str] = set()
        self.is_over = threading.Event()
        self.was_left = threading.Event()
        self.address = f"http://127.0.0.1:{self.server_address[1]}/"

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that leaves in the middle is what these tests are about."""


@pytest.fixture
def server() -> Iterator[Server]:
    with Server() as running:
        thread = threading.Thread(target=running.serve_forever, args=(0.01,))
        thread.start()
        yield running
        running.is_over.set()
        running.shutdown()
        thread.join()


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    monkeypatch.setenv("no_proxy", "*")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    yield
    deadline = time.monotonic() + 5
    while any(thread.name == "fetch" for thread in threading.enumerate()):
        assert time.monotonic() < deadline, "a thread is left behind"
        time.sleep(0.01)


def get(server: Server, folder: Path, *ways: str, files: tuple[RemoteFile, ...] = (FILE,)) -> Path:
    mirrors = [f"{server.address}{way}/" for way in ways]
    return result_of(download_events(folder, never_stop, mirrors, files, TIMEOUT))


def refusal(server: Server, folder: Path, *ways: str) -> str:
    with pytest.raises(ReadError) as caught:
        get(server, folder, *ways)
    assert not (folder / FILE.name).exists()
    assert "open their folder" in caught.value.remedy
    return caught.value.cause


def content(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_a_file_is_fetched_checked_and_named(server: Server, tmp_path: Path) -> None:
    folder = tmp_path / "new" / "folder"
    assert get(server, folder, "good") == folder
    assert content(folder) == {FILE.name: BODY}
    assert server.requests == ["good"]
    # A file that is packed already must come as it is.
    assert server.encodings == {"identity"}


def test_a_file_that_is_there_is_not_fetched_again(server: Server, tmp_path: Path) -> None:
    (tmp_path / FILE.name).write_bytes(BODY)
    get(server, tmp_path, "good")
    assert server.requests == []


def test_all_files_are_fetched_and_only_those_that_are_missing(server: Server, tmp_path: Path) -> None:
    files = tuple(RemoteFile(name, FILE.n_bytes, FILE.sha256) for name in ("a.gz", "b.gz", "c.gz"))
    (tmp_path / "b.gz").write_bytes(BODY)
    assert not is_complete(tmp_path, files)
    get(server, tmp_path, "good", files=files)
    assert set(content(tmp_path)) == {"a.gz", "b.gz", "c.gz"}
    assert len(server.requests) == 2
    assert is_complete(tmp_path, files)


@pytest.mark.parametrize("way", ["moved", "chunked"])
def test_other_ways_to_deliver_are_fine(server: Server, tmp_path: Path, way: str) -> None:
    get(server, tmp_path, way)
    assert content(tmp_path) == {FILE.name: BODY}


@pytest.mark.parametrize(
    ("way", "words"),
    [
        ("lie", "sends other contents"),
        ("page", "sends other contents"),
        ("endless", "sends something else than the file"),
        ("nonsense", "answers something that is not understood"),
        ("missing", "answers 404"),
        ("broken", "answers 500"),
        ("circle", "answers 302"),
        ("to_a_file", "answers something that is not understood"),
        ("silent", "does not answer"),
        ("stall", "does not answer"),
        ("cut", "broke the connection"),
    ],
)
def test_what_a_server_does_instead_is_told_and_the_next_is_asked(
    server: Server, tmp_path: Path, way: str, words: str
) -> None:
    assert refusal(server, tmp_path, way, "missing") == (
        f"“{FILE.name}” could not be downloaded: 127.0.0.1 {words}; 127.0.0.1 answers 404."
    )
    assert set(server.requests) == {way, "missing"}
    get(server, tmp_path, way, "good")
    assert content(tmp_path) == {FILE.name: BODY}


def test_more_than_the_file_is_not_taken(server: Server, tmp_path: Path) -> None:
    refusal(server, tmp_path, "endless")
    assert content(tmp_path) == {}
    assert server.was_left.wait(5)


def test_nobody_listening_is_told(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        mirror = f"http://127.0.0.1:{taken.getsockname()[1]}/"
        with pytest.raises(ReadError, match="refuses the connection"):
            result_of(download_events(tmp_path, never_stop, [mirror], (FILE,), TIMEOUT))


def test_an_unknown_name_is_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def unknown(*_: object, **__: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    with pytest.raises(ReadError, match=r"mirror\.example is not found"):
        result_of(download_events(tmp_path, never_stop, ["http://mirror.example/"], (FILE,), TIMEOUT))


@pytest.mark.parametrize("verdict", [StopRequest.STOP, StopRequest.CANCEL])
@pytest.mark.parametrize("way", ["silent", "stall", "endless"])
def test_the_first_stop_ends_a_download_whatever_the_server_does_and_leaves_nothing(
    server: Server, tmp_path: Path, way: str, verdict: StopRequest
) -> None:
    n_asked = 0

    def should_stop() -> StopRequest:
        nonlocal n_asked
        n_asked += 1
        return StopRequest.NONE if n_asked < 5 else verdict

    file = RemoteFile(FILE.name, 10**12, FILE.sha256) if way == "endless" else FILE
    with pytest.raises(Cancelled):
        result_of(download_events(tmp_path, should_stop, [f"{server.address}{way}/"], (file,), 60.0))
    assert n_asked == 5
    assert content(tmp_path) == {}


def test_progress_counts_bytes_over_all_files(server: Server, tmp_path: Path) -> None:
    files = (FILE, RemoteFile("second.gz", FILE.n_bytes, FILE.sha256))
    events = download_events(tmp_path, never_stop, [f"{server.address}good/"], files, TIMEOUT)
    told = [event for event in events if isinstance(event, Progress)]
    fractions = [event.fraction for event in told if event.fraction is not None]
    assert fractions == sorted(fractions)
    assert fractions[0] == 0.0
    assert fractions[-1] == 1.0
    assert any(event.text == "Downloading digits.gz: 300 kB of 300 kB" for event in told)


def test_another_file_of_the_same_name_is_left_alone(server: Server, tmp_path: Path) -> None:
    (tmp_path / FILE.name).write_bytes(b"mine")
    with pytest.raises(ReadError, match="already in"):
        get(server, tmp_path, "good")
    assert content(tmp_path) == {FILE.name: b"mine"}
    assert server.requests == []


def test_a_damaged_file_in_the_cache_is_fetched_again(server: Server) -> None:
    cache_folder().mkdir(parents=True)
    (cache_folder() / FILE.name).write_bytes(BODY[:-1] + b"?")
    get(server, cache_folder(), "good")
    assert content(cache_folder()) == {FILE.name: BODY}


def test_a_folder_that_cannot_be_made_is_refused(server: Server, tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(WriteError):
        get(server, tmp_path / "file" / "folder", "good")


def test_a_full_disk_is_told_and_leaves_no_file(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "full")

    monkeypatch.setattr(atomic, "_write_all", full)
    with pytest.raises(WriteError, match="disk is full"):
        get(server, tmp_path, "good")
    assert content(tmp_path) == {}


@pytest.mark.skipif(os.name != "posix", reason="no named pipes here")
def test_links_and_pipes_of_earlier_names_are_neither_followed_nor_waited_for(
    server: Server, tmp_path: Path
) -> None:
    folder, mine = tmp_path / "folder", tmp_path / "mine"
    folder.mkdir()
    mine.write_bytes(b"mine")
    files = tuple(RemoteFile(name, FILE.n_bytes, FILE.sha256) for name in ("a.gz", "b.gz"))
    (folder / "a.gz.part").symlink_to(mine)
    os.mkfifo(folder / "b.gz.part")
    get(server, folder, "good", files=files)
    assert mine.read_bytes() == b"mine"
    assert [(folder / file.name).read_bytes() for file in files] == [BODY, BODY]
    (folder / "a.gz").unlink()
    os.mkfifo(folder / "a.gz")
    with pytest.raises(ReadError, match=r"a\.gz"):
        get(server, folder, "good", files=files)


def test_the_mirrors_are_https_and_the_files_are_the_four() -> None:
    assert len(MIRRORS) == 2
    assert all(mirror.startswith("https://") and mirror.endswith("/") for mirror in MIRRORS)
    assert [file.n_bytes for file in MNIST_FILES] == [9_912_422, 28_881, 1_648_877, 4_542]
    assert all(len(bytes.fromhex(file.sha256)) == 32 for file in MNIST_FILES)


@pytest.mark.shared_data
@pytest.mark.skipif(not MNIST.is_dir(), reason="the MNIST files are not beside the checkout")
def test_the_checksums_are_those_of_mnist() -> None:
    # The large training file beside the checkout is packed anew, so that its bytes are others.
    for file in MNIST_FILES[1:]:
        data = (MNIST / file.name).read_bytes()
        assert (len(data), hashlib.sha256(data).hexdigest()) == (file.n_bytes, file.sha256)


def test_the_cache_is_where_this_user_keeps_caches(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    if sys.platform.startswith("linux"):
        assert cache_folder() == tmp_path / "cache" / "gmmseg" / "mnist"
        monkeypatch.setenv("XDG_CACHE_HOME", "")
        monkeypatch.setenv("HOME", str(tmp_path))
        assert cache_folder() == tmp_path / ".cache" / "gmmseg" / "mnist"
    assert cache_folder().is_absolute()
