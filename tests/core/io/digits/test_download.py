"""Getting MNIST from servers that deliver, cut off, lie, stall and refuse; all of them on this machine."""

from __future__ import annotations

import errno
import hashlib
import http.server
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import Request

import numpy as np
import pytest

from gmmseg.control import Progress, StopRequest, never_stop, result_of
from gmmseg.errors import Cancelled, ReadError, WriteError
from gmmseg.io import atomic
from gmmseg.io.digits import download, fetching
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
        self.server.requests.append((way, self.headers.get("Range")))
        getattr(self, way)()

    def send(self, body: bytes, status: int = 200, n_sent: int | None = None, **headers: str) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(body[:n_sent])

    def wanted(self) -> int:
        return int(self.headers.get("Range", "bytes=0-").removeprefix("bytes=").removesuffix("-"))

    def good(self, body: bytes = BODY, n_sent: int | None = None) -> None:
        start = self.wanted()
        if start == 0:
            self.send(body, n_sent=n_sent)
        else:
            place = f"bytes {start}-{len(body) - 1}/{len(body)}"
            self.send(body[start:], 206, n_sent, Content_Range=place)

    def cut(self) -> None:
        self.good(n_sent=70_000)

    def cut_at_once(self) -> None:
        self.good(n_sent=0)

    def cut_without_range(self) -> None:
        self.send(BODY, n_sent=100_000)

    def no_range(self) -> None:
        self.send(BODY)

    def lie(self) -> None:
        self.good(BODY[:-1] + bytes([BODY[-1] ^ 1]))

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
        self.good(n_sent=max(120_000 - self.wanted(), 0))
        self.wfile.flush()
        self.server.is_over.wait(10)

    def silent(self) -> None:
        self.server.is_over.wait(10)

    def missing(self) -> None:
        self.send(b"no", 404)

    def broken(self) -> None:
        self.send(b"no", 500)

    def gone(self) -> None:
        self.send(b"no", 416)

    def moved(self) -> None:
        self.send(b"", 302, Location=f"{self.server.address}good/{FILE.name}")

    def circle(self) -> None:
        self.send(b"", 302, Location=f"{self.server.address}circle/{FILE.name}")

    def to_a_file(self) -> None:
        self.send(b"", 302, Location="file:///etc/hostname")

    def wrong_place(self) -> None:
        self.send(BODY[7:], 206, Content_Range=f"bytes 7-{len(BODY) - 1}/{len(BODY)}")

    def no_place(self) -> None:
        self.send(BODY, 206)

    def nonsense(self) -> None:
        self.wfile.write(b"this is no HTTP\r\n\r\n")

    def log_message(self, format: str, *args: object) -> None:
        """Keep the tests' output quiet."""


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.requests: list[tuple[str, str | None]] = []
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
    assert server.requests == [("good", None)]


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


def test_a_server_that_cuts_off_is_asked_for_the_rest(server: Server, tmp_path: Path) -> None:
    get(server, tmp_path, "cut")
    assert content(tmp_path) == {FILE.name: BODY}
    assert [place for _, place in server.requests] == [
        None, "bytes=70000-", "bytes=140000-", "bytes=210000-", "bytes=280000-"
    ]  # fmt: skip


def test_what_one_mirror_began_another_finishes(server: Server, tmp_path: Path) -> None:
    get(server, tmp_path, "stall", "good")
    assert content(tmp_path) == {FILE.name: BODY}
    assert server.requests[-1] == ("good", "bytes=120000-")


def test_a_part_from_last_time_is_continued(server: Server, tmp_path: Path) -> None:
    (tmp_path / f"{FILE.name}.part").write_bytes(BODY[:12_345])
    get(server, tmp_path, "good")
    assert server.requests == [("good", "bytes=12345-")]
    assert content(tmp_path) == {FILE.name: BODY}


@pytest.mark.parametrize("part", [b"rubbish" * 100, BODY + b"more", bytes(len(BODY)), BODY])
def test_a_wrong_part_from_last_time_is_begun_anew(server: Server, tmp_path: Path, part: bytes) -> None:
    (tmp_path / f"{FILE.name}.part").write_bytes(part)
    get(server, tmp_path, "good")
    assert content(tmp_path) == {FILE.name: BODY}
    assert len(server.requests) == (0 if part == BODY else 2 if len(part) < len(BODY) else 1)


def test_a_server_that_ignores_ranges_sends_it_all_again(server: Server, tmp_path: Path) -> None:
    (tmp_path / f"{FILE.name}.part").write_bytes(BODY[:12_345])
    get(server, tmp_path, "no_range")
    assert content(tmp_path) == {FILE.name: BODY}
    assert len(server.requests) == 1


@pytest.mark.parametrize("way", ["moved", "chunked"])
def test_other_ways_to_deliver_are_fine(server: Server, tmp_path: Path, way: str) -> None:
    get(server, tmp_path, way)
    assert content(tmp_path) == {FILE.name: BODY}


@pytest.mark.parametrize(
    ("way", "words"),
    [
        ("lie", "sends other contents"),
        ("page", "sends something else than the file"),
        ("endless", "sends other contents"),
        ("wrong_place", "sends something else than the file"),
        ("no_place", "answers something that is not understood"),
        ("nonsense", "answers something that is not understood"),
        ("missing", "answers 404"),
        ("broken", "answers 500"),
        ("circle", "answers 302"),
        ("to_a_file", "answers 302"),
        ("silent", "does not answer"),
        ("stall", "does not answer"),
        ("cut_at_once", "broke the connection"),
        ("cut_without_range", "broke the connection"),
    ],
)
def test_what_a_server_does_instead_is_told_and_the_next_is_asked(
    server: Server, tmp_path: Path, way: str, words: str
) -> None:
    assert refusal(server, tmp_path, way, "missing") == (
        f"“{FILE.name}” could not be downloaded: 127.0.0.1 {words}; 127.0.0.1 answers 404."
    )
    assert len(server.requests) < 25
    get(server, tmp_path, way, "good")
    assert content(tmp_path) == {FILE.name: BODY}


def test_a_server_that_knows_no_such_range_is_followed_by_the_next(server: Server, tmp_path: Path) -> None:
    (tmp_path / f"{FILE.name}.part").write_bytes(BODY[:5])
    get(server, tmp_path, "gone", "good")
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
def test_stopping_takes_no_longer_than_a_moment_and_keeps_what_came(
    server: Server, tmp_path: Path, way: str, verdict: StopRequest
) -> None:
    moment = [float("inf")]
    begin = time.perf_counter()

    def should_stop() -> StopRequest:
        if time.perf_counter() - begin < 0.2:
            return StopRequest.NONE
        moment[0] = min(moment[0], time.perf_counter())
        return verdict

    file = RemoteFile(FILE.name, 10**9, FILE.sha256) if way == "endless" else FILE
    with pytest.raises(Cancelled):
        result_of(download_events(tmp_path, should_stop, [f"{server.address}{way}/"], (file,), 2.0))
    assert time.perf_counter() - moment[0] < 0.3
    kept = content(tmp_path).get(f"{FILE.name}.part", b"")
    assert len(kept) >= {"silent": 0, "stall": 120_000, "endless": 1}[way]
    assert kept[: len(BODY)] == BODY[: len(kept)]


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


@pytest.mark.parametrize("at", ["part", "name"])
def test_a_full_disk_is_told_and_leaves_no_file(
    server: Server, tmp_path: Path, at: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "full")

    if at == "part":
        monkeypatch.setattr(download, "open", full, raising=False)
    else:
        monkeypatch.setattr(atomic, "_write_all", full)
    with pytest.raises(WriteError, match="disk is full"):
        get(server, tmp_path, "good")
    assert FILE.name not in content(tmp_path)


def test_redirects_never_leave_https() -> None:
    handler = fetching._SafeRedirects()
    request = Request("https://mirror.example/file")
    with pytest.raises(HTTPError):
        handler.redirect_request(request, None, 302, "", None, "http://mirror.example/file")  # type: ignore[arg-type]
    assert handler.redirect_request(request, None, 302, "", None, "https://b.example/file") is not None  # type: ignore[arg-type]


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


@pytest.mark.parametrize(
    ("platform", "environment", "expected"),
    [
        ("linux", {"XDG_CACHE_HOME": "/caches"}, "/caches/gmmseg/mnist"),
        ("linux", {"XDG_CACHE_HOME": "relative"}, "/home/ann/.cache/gmmseg/mnist"),
        ("linux", {}, "/home/ann/.cache/gmmseg/mnist"),
        ("darwin", {"XDG_CACHE_HOME": "/caches"}, "/home/ann/Library/Caches/gmmseg/mnist"),
        ("win32", {"LOCALAPPDATA": "/local"}, "/local/gmmseg/mnist"),
        ("win32", {}, "/home/ann/AppData/Local/gmmseg/mnist"),
    ],
)
def test_the_cache_is_where_each_system_keeps_caches(
    monkeypatch: pytest.MonkeyPatch, platform: str, environment: dict[str, str], expected: str
) -> None:
    for name in ("XDG_CACHE_HOME", "LOCALAPPDATA"):
        monkeypatch.delenv(name, raising=False)
    for name, value in {"HOME": "/home/ann", "USERPROFILE": "/home/ann", **environment}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr("sys.platform", platform)
    assert cache_folder() == Path(expected)
