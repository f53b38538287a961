"""Whatever goes wrong while writing, the old file or the new one is there, and nothing else is left."""

from __future__ import annotations

import errno
import os
import signal
import stat
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from gmmseg.errors import WriteError
from gmmseg.io.atomic import check_writable, write_atomically, write_folder_atomically

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
