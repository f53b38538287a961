"""Failures while writing leave the old file or the new one, and nothing else."""

from __future__ import annotations

import errno
import os
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from gmmseg.errors import WriteError
from gmmseg.io import atomic, temporaries
from gmmseg.io.atomic import (
    check_folder_writable,
    check_writable,
    write_atomically,
    write_folder_atomically,
)

OLD, NEW = b"old content", b"new" * 100_000
needs_posix = pytest.mark.skipif(os.name != "posix", reason="POSIX files")


def names_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_new_file_holds_the_data_and_has_the_default_mode(tmp_path: Path) -> None:
    write_atomically(tmp_path / "new.bin", NEW)
    reference = tmp_path / "reference"
    reference.touch()
    assert (tmp_path / "new.bin").read_bytes() == NEW
    assert (tmp_path / "new.bin").stat().st_mode == reference.stat().st_mode


def test_pieces_are_written_one_after_another(tmp_path: Path) -> None:
    write_atomically(tmp_path / "new.bin", (bytes([i]) * i for i in range(5)))
    assert (tmp_path / "new.bin").read_bytes() == b"\1\2\2\3\3\3\4\4\4\4"


def test_an_iterable_that_raises_changes_nothing(tmp_path: Path) -> None:
    def pieces() -> Iterator[bytes]:
        yield NEW
        raise KeyboardInterrupt

    (tmp_path / "file").write_bytes(OLD)
    with pytest.raises(KeyboardInterrupt):
        write_atomically(tmp_path / "file", pieces())
    assert (tmp_path / "file").read_bytes() == OLD
    assert names_in(tmp_path) == ["file"]


@needs_posix
def test_an_existing_file_keeps_its_mode(tmp_path: Path) -> None:
    target = tmp_path / "file"
    target.write_bytes(OLD)
    target.chmod(0o640)
    write_atomically(target, NEW)
    assert stat.S_IMODE(target.stat().st_mode) == 0o640
    assert target.read_bytes() == NEW


@needs_posix
def test_a_symbolic_link_is_followed_and_kept(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    target = tmp_path / "folder" / "file"
    target.write_bytes(OLD)
    (tmp_path / "link").symlink_to(target)
    write_atomically(tmp_path / "link", NEW)
    assert (tmp_path / "link").is_symlink()
    assert target.read_bytes() == NEW


def a_dangling_link(folder: Path) -> Path:
    (folder / "link").symlink_to(folder / "nothing")
    return folder / "link"


def a_link_loop(folder: Path) -> Path:
    (folder / "a").symlink_to(folder / "b")
    (folder / "b").symlink_to(folder / "a")
    return folder / "a"


def a_folder(folder: Path) -> Path:
    (folder / "folder").mkdir()
    return folder / "folder"


def a_fifo(folder: Path) -> Path:
    os.mkfifo(folder / "fifo")
    return folder / "fifo"


REFUSED: list[Callable[[Path], Path]] = [
    a_dangling_link,
    a_link_loop,
    a_folder,
    a_fifo,
    lambda folder: Path("/dev/full"),
    lambda folder: folder / "missing" / "file",
    lambda folder: folder / ("x" * 300),
    lambda folder: folder / ("x/" * 3000),
    lambda folder: folder / "nul\0character",
    lambda folder: folder / "half a character \ud83c",
]


@needs_posix
@pytest.mark.parametrize("make", REFUSED)
@pytest.mark.parametrize("ask", [check_writable, lambda path: write_atomically(path, NEW)])
def test_what_is_no_plain_file_is_refused_with_a_remedy(
    tmp_path: Path, make: Callable[[Path], Path], ask: Callable[[Path], None]
) -> None:
    target = make(tmp_path)
    before = names_in(tmp_path)
    with pytest.raises(WriteError) as caught:
        ask(target)
    assert caught.value.cause.endswith(".")
    assert caught.value.remedy.endswith(".")
    assert names_in(tmp_path) == before


@pytest.mark.parametrize(
    "name", ["a b", "高斯 가우시안", "🎨", "line\nbreak", "100 % “quoted”", ".hidden", "y" * 250]
)
def test_unusual_names_work(tmp_path: Path, name: str) -> None:
    check_writable(tmp_path / name)
    write_atomically(tmp_path / name, NEW)
    assert names_in(tmp_path) == [name]


@pytest.mark.skipif(sys.platform != "linux", reason="file names that are not Unicode")
def test_a_name_that_is_not_unicode_works_and_is_printable_in_errors(tmp_path: Path) -> None:
    name = os.fsdecode(b"\xff\xfe")
    write_atomically(tmp_path / name, NEW)
    assert names_in(tmp_path) == [name]
    with pytest.raises(WriteError) as caught:
        write_atomically(tmp_path / "missing" / name, NEW)
    assert str(caught.value).encode("utf-8")


def test_asking_leaves_nothing_behind(tmp_path: Path) -> None:
    (tmp_path / "old").write_bytes(OLD)
    check_writable(tmp_path / "old")
    check_writable(tmp_path / "new")
    assert names_in(tmp_path) == ["old"]
    assert (tmp_path / "old").read_bytes() == OLD


@needs_posix
def test_a_read_only_file_is_refused_before_long_work(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "old").write_bytes(OLD)
    # The superuser may write read-only files, so that the mode alone would not be tested everywhere.
    monkeypatch.setattr(os, "access", lambda path, how: False)
    with pytest.raises(WriteError, match="may not write"):
        check_writable(tmp_path / "old")


class Faults:
    """Fails the n-th of the system calls that writing makes."""

    NAMES = ("open", "write", "fsync", "replace", "rename", "chmod", "mkdir")

    def __init__(self, monkeypatch: pytest.MonkeyPatch, number: int, at: int) -> None:
        self.calls = 0
        self.failed = ""
        for name in self.NAMES:
            monkeypatch.setattr(os, name, self._failing(getattr(os, name), name, number, at))

    def _failing(self, real: Callable[..., Any], name: str, number: int, at: int) -> Callable[..., Any]:
        def call(*arguments: Any, **named: Any) -> Any:
            if name == "open" and not arguments[1] & os.O_WRONLY:
                # Clearing away a folder opens it too; a disk that refuses even that leaves a temporary one.
                return real(*arguments, **named)
            self.calls += 1
            if self.calls == at:
                self.failed = name
                raise OSError(number, os.strerror(number))
            if name == "write":
                # Short writes are allowed by POSIX.
                return real(arguments[0], arguments[1][:65_536])
            return real(*arguments, **named)

        return call


@needs_posix
def test_the_data_reaches_the_disk_before_the_name_and_the_name_after_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: list[str] = []

    def recorded(real: Callable[..., Any], name: str) -> Callable[..., Any]:
        def call(*arguments: Any) -> Any:
            is_folder = name == "fsync" and stat.S_ISDIR(os.fstat(arguments[0]).st_mode)
            calls.append("fsync folder" if is_folder else name)
            return real(*arguments)

        return call

    (tmp_path / "file").write_bytes(OLD)
    for name in ("write", "fsync", "replace"):
        monkeypatch.setattr(os, name, recorded(getattr(os, name), name))
    write_atomically(tmp_path / "file", NEW)
    assert calls == ["write", "fsync", "replace", "fsync folder"]


FAULTS = [errno.ENOSPC, errno.EIO, errno.EACCES, errno.EFBIG, errno.EROFS]


@pytest.mark.parametrize("number", FAULTS, ids=lambda number: errno.errorcode[number])
@pytest.mark.parametrize("is_new", [True, False])
def test_a_fault_in_any_call_leaves_the_old_file_and_no_other(
    tmp_path: Path, number: int, is_new: bool
) -> None:
    target = tmp_path / "file"
    failed = []
    for at in range(1, 100):
        target.unlink(missing_ok=True)
        if not is_new:
            target.write_bytes(OLD)
        with pytest.MonkeyPatch.context() as patch:
            faults = Faults(patch, number, at)
            try:
                write_atomically(target, NEW)
                is_written = True
            except WriteError:
                is_written = False
        if is_written:
            assert target.read_bytes() == NEW
        else:
            assert target.exists() != is_new
            assert is_new or target.read_bytes() == OLD
        assert names_in(tmp_path) == (["file"] if target.exists() else [])
        if not faults.failed:
            break
        failed.append(faults.failed)
    else:
        pytest.fail("no run passed without a fault")
    # More blocks than one were written, and every kind of call took its turn.
    assert failed.count("write") > 3
    assert {"open", "write", "fsync", "replace"} <= set(failed)


@pytest.mark.parametrize("number", FAULTS, ids=lambda number: errno.errorcode[number])
@pytest.mark.parametrize("is_new", [True, False])
def test_a_fault_in_any_call_leaves_the_old_folder_and_no_other(
    tmp_path: Path, number: int, is_new: bool
) -> None:
    target = tmp_path / "folder"
    for at in range(1, 100):
        if not is_new or target.exists():
            write_folder_atomically(target, {"old": OLD}, lambda path: True)
        if is_new and target.exists():
            (target / "old").unlink()
            target.rmdir()
        with pytest.MonkeyPatch.context() as patch:
            faults = Faults(patch, number, at)
            try:
                write_folder_atomically(target, {"a": NEW, "b/c/d": NEW}, lambda path: True)
                is_written = True
            except WriteError:
                is_written = False
        if is_written:
            assert names_in(target) == ["a", "b"]
            assert (target / "b" / "c" / "d").read_bytes() == NEW
        elif not is_new:
            assert (target / "old").read_bytes() == OLD
        assert names_in(tmp_path) == (["folder"] if is_written or not is_new else [])
        if not faults.failed:
            return
    pytest.fail("no run passed without a fault")


def test_a_folder_of_another_kind_is_not_replaced(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "photo").write_bytes(OLD)
    with pytest.raises(WriteError, match="not an earlier export"):
        write_folder_atomically(tmp_path / "folder", {"a": NEW}, lambda path: False)
    assert names_in(tmp_path / "folder") == ["photo"]


def run(script: str, *arguments: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-W", "error", "-c", script, *map(str, arguments)], capture_output=True, text=True
    )


@needs_posix
def test_a_file_size_limit_leaves_the_old_file(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(OLD)
    done = run(
        "import resource, signal, sys\n"
        "from gmmseg.errors import WriteError\n"
        "from gmmseg.io.atomic import write_atomically\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))\n"
        "try:\n    write_atomically(sys.argv[1], b'x' * 100_000)\n"
        "except WriteError as error:\n    print(error)\n",
        tmp_path / "file",
    )
    assert done.returncode == 0, done.stderr
    assert "larger than is allowed" in done.stdout
    assert (tmp_path / "file").read_bytes() == OLD
    assert names_in(tmp_path) == ["file"]


KILLED_AT = """
import os, signal, sys
from gmmseg.io.atomic import write_atomically
calls = 0
def killing(real, name):
    def call(*arguments, **named):
        global calls
        calls += 1
        if calls == int(sys.argv[2]):
            if name == "write":
                real(arguments[0], arguments[1][: len(arguments[1]) // 2])
            os.kill(os.getpid(), signal.SIGKILL)
        return real(*arguments, **named)
    return call
for name in ("open", "write", "chmod", "fsync", "replace", "close"):
    setattr(os, name, killing(getattr(os, name), name))
write_atomically(sys.argv[1], b"new" * 100_000)
"""


@needs_posix
def test_killed_at_any_call_the_old_or_the_new_file_is_there(tmp_path: Path) -> None:
    target = tmp_path / "file"
    seen = set()
    for at in range(1, 30):
        target.write_bytes(OLD)
        done = run(KILLED_AT, target, at)
        content = target.read_bytes()
        assert content in (OLD, NEW)
        seen.add(content)
        if done.returncode == 0:
            break
        assert done.returncode == -signal.SIGKILL, done.stderr
    assert at > 5
    assert seen == {OLD, NEW}


KILLED_FOLDER = """
import os, signal, sys
from pathlib import Path
from gmmseg.io import atomic

place, at, can_exchange = Path(sys.argv[1]), 0, sys.argv[2] == "exchange"
if not can_exchange:
    atomic._exchange = lambda one, other: False
real_exchange = atomic._exchange
files = lambda word: {"zarr.json": word, "c/0/0": word * 9}
held = lambda folder: {
    path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()
}
os.fsync = lambda descriptor: None  # What is tested here takes no power failure.

def killing(real, at, calls):
    def call(*arguments, **named):
        calls.append(0)
        if len(calls) == at:
            os.kill(os.getpid(), signal.SIGKILL)
        return real(*arguments, **named)
    return call

while True:
    at += 1
    atomic.write_folder_atomically(place / "x.zarr", files(b"old"), lambda folder: True)
    child = os.fork()
    if child == 0:
        calls = []
        for name in ("open", "write", "fsync", "mkdir", "rename", "unlink", "rmdir", "scandir"):
            setattr(os, name, killing(getattr(os, name), at, calls))
        atomic._exchange = killing(atomic._exchange, at, calls)
        atomic.write_folder_atomically(place / "x.zarr", files(b"new"), lambda folder: True)
        os._exit(0)
    status = os.waitpid(child, 0)[1]
    now = held(place / "x.zarr")
    was = "old" if now == files(b"old") else "new" if now == files(b"new") else "half" if now else "none"
    # The next write is of another file.
    atomic.write_atomically(place / "other", b"")
    now = held(place / "x.zarr")
    then = "old" if now == files(b"old") else "new" if now == files(b"new") else "half" if now else "none"
    print(was, then, len(list(place.iterdir())))
    if status == 0:
        break
    assert os.WTERMSIG(status) == signal.SIGKILL
"""


@pytest.mark.skipif(sys.platform != "linux", reason="the exchange is tested where it is known to be there")
@pytest.mark.parametrize("way", ["exchange", "in turn"])
def test_killed_at_any_call_the_old_or_the_new_folder_is_there(tmp_path: Path, way: str) -> None:
    done = run(KILLED_FOLDER, tmp_path, way)
    assert done.returncode == 0, done.stderr
    states = [line.split() for line in done.stdout.splitlines()]
    assert len(states) > 15
    # The temporary ones of the killed process are gone after the next write.
    assert {count for _, _, count in states} == {"2"}
    assert {then for _, then, _ in states} == {"old", "new"}
    seen = {was for was, _, _ in states}
    assert seen == ({"old", "new"} if way == "exchange" else {"old", "new", "none"})
    if way == "in turn":
        assert {then for was, then, _ in states if was == "none"} == {"old"}


def test_an_old_folder_that_cannot_be_put_back_is_not_removed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_folder_atomically(tmp_path / "x.zarr", {"a": OLD}, lambda path: True)
    renamed: list[str] = []

    def rename(one: str, other: str, real: Callable[..., None] = os.rename) -> None:
        renamed.append(one)
        if len(renamed) > 1:
            raise OSError(errno.EIO, "the disk fails after the first step")
        real(one, other)

    with monkeypatch.context() as patch:
        patch.setattr(atomic, "_exchange", lambda one, other: False)
        patch.setattr(os, "rename", rename)
        with pytest.raises(WriteError):
            write_folder_atomically(tmp_path / "x.zarr", {"a": NEW}, lambda path: True)
    assert len(renamed) == 3
    # Once this process is gone, as which the test stands in, the next question puts it back.
    monkeypatch.setattr(temporaries, "is_running", lambda pid, start: False)
    check_folder_writable(tmp_path / "x.zarr", lambda path: (path / "a").exists())
    assert names_in(tmp_path) == ["x.zarr"]
    assert (tmp_path / "x.zarr" / "a").read_bytes() == OLD


def a_stale_folder(folder: Path, note: bytes) -> None:
    """Make what a process leaves that was killed after it had moved the old folder away."""
    temporary = folder / temporaries.temporary_name()
    (temporary / "old").mkdir(parents=True)
    (temporary / "old" / "a").write_bytes(OLD)
    (temporary / "target").write_bytes(note)


def test_a_put_back_folder_never_replaces_what_is_there_now(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    a_stale_folder(tmp_path, b"x.zarr")
    # Systems let an empty folder be replaced by another one.
    (tmp_path / "x.zarr").mkdir()
    monkeypatch.setattr(temporaries, "is_running", lambda pid, start: False)
    temporaries.sweep(str(tmp_path))
    assert names_in(tmp_path) == ["x.zarr"]
    assert names_in(tmp_path / "x.zarr") == []


def test_a_folder_is_put_back_beside_its_temporary_one_and_nowhere_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "inner").mkdir()
    a_stale_folder(tmp_path / "inner", b"../x.zarr")
    monkeypatch.setattr(temporaries, "is_running", lambda pid, start: False)
    temporaries.sweep(str(tmp_path / "inner"))
    assert names_in(tmp_path) == ["inner"]
    assert (tmp_path / "inner" / "x.zarr" / "a").read_bytes() == OLD


def name_of(machine: str, pid: int, start: int) -> str:
    return f".gmmseg-{machine}-{pid}-{start}-0123456789ab.tmp"


@pytest.mark.skipif(sys.platform != "linux", reason="processes are asked for by /proc")
def test_only_what_nobody_is_writing_is_swept(tmp_path: Path) -> None:
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    machine, pid, start = temporaries.temporary_name().removeprefix(".gmmseg-").split("-")[:3]
    kept = {
        "of this process": name_of(machine, int(pid), int(start)),
        "of another machine, just now": name_of("00000000", ended.pid, 1),
        "of an older version, just now": ".gmmseg-0123456789ab.tmp",
        "of the user": "notes.tmp",
        "of the user too": ".gmmseg-notes",
    }
    gone = {
        "of a process that ended": name_of(machine, ended.pid, 1),
        "of an earlier one with the number of this process": name_of(machine, int(pid), int(start) - 1),
        "of another machine, days ago": name_of("00000000", int(pid), int(start)),
        "of an older version, days ago": ".gmmseg-ba9876543210.tmp",
    }
    for name in (*kept.values(), *gone.values()):
        (tmp_path / name).write_bytes(OLD)
    for what, name in gone.items():
        if "days ago" in what:
            os.utime(tmp_path / name, (time.time() - 2e5,) * 2)
    write_atomically(tmp_path / "file", NEW)
    assert names_in(tmp_path) == sorted([*kept.values(), "file"])


@needs_posix
def test_what_another_user_left_in_a_shared_folder_is_not_swept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    left = tmp_path / temporaries.temporary_name()
    left.write_bytes(OLD)
    monkeypatch.setattr(temporaries, "is_running", lambda pid, start: False)
    user = os.geteuid()
    with monkeypatch.context() as patch:
        patch.setattr(os, "geteuid", lambda: user + 1)
        temporaries.sweep(str(tmp_path))
    assert left.exists()
    temporaries.sweep(str(tmp_path))
    assert not left.exists()


@needs_posix
def test_a_link_with_a_temporary_name_is_swept_without_what_it_leads_to(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "photos").mkdir()
    (tmp_path / "photos" / "photo").write_bytes(OLD)
    (tmp_path / temporaries.temporary_name()).symlink_to(tmp_path / "photos")
    monkeypatch.setattr(temporaries, "is_running", lambda pid, start: False)
    temporaries.sweep(str(tmp_path))
    assert names_in(tmp_path) == ["photos"]
    assert names_in(tmp_path / "photos") == ["photo"]


@needs_posix
@pytest.mark.parametrize("mode", [0o4755, 0o2755, 0o6711])
def test_set_user_id_and_set_group_id_are_dropped(tmp_path: Path, mode: int) -> None:
    target = tmp_path / "file"
    target.write_bytes(OLD)
    target.chmod(mode)
    write_atomically(target, NEW)
    assert stat.S_IMODE(target.stat().st_mode) == mode & 0o777


@needs_posix
def test_a_hard_link_keeps_the_old_content(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(OLD)
    os.link(tmp_path / "file", tmp_path / "other")
    write_atomically(tmp_path / "file", NEW)
    assert (tmp_path / "file").read_bytes() == NEW
    assert (tmp_path / "other").read_bytes() == OLD


@pytest.mark.skipif(os.name != "posix" or os.geteuid() != 0, reason="only root may give files away")
def test_a_file_that_root_replaces_stays_its_owners(tmp_path: Path) -> None:
    target = tmp_path / "file"
    target.write_bytes(OLD)
    os.chown(target, 1234, 2345)
    target.chmod(0o640)
    write_atomically(target, NEW)
    status = target.stat()
    assert (status.st_uid, status.st_gid, stat.S_IMODE(status.st_mode)) == (1234, 2345, 0o640)


@pytest.mark.skipif(not os.path.isdir("/proc/self"), reason="a folder that is there but takes no files")
def test_a_folder_that_is_there_is_not_said_to_be_missing() -> None:
    with pytest.raises(WriteError) as caught:
        check_writable("/proc/mask.png")
    assert "allows no new files there" in caught.value.cause
    with pytest.raises(WriteError, match="folder “/proc/missing” does not exist"):
        check_writable("/proc/missing/mask.png")
