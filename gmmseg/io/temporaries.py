"""Temporary files beside what is written: named after the process that owns them, removed when it is gone."""

from __future__ import annotations

import contextlib
import hashlib
import os
import platform
import re
import shutil
import sys
import time

_PREFIX, _SUFFIX = ".gmmseg-", ".tmp"
_NAME = re.compile(
    rf"{re.escape(_PREFIX)}([0-9a-f]{{8}})-(\d+)-(\d+)-[0-9a-f]+{re.escape(_SUFFIX)}", re.ASCII
)
_ABANDONED_SECONDS = 86_400
"""No write takes a day: older temporary files are removed even where their process cannot be looked up."""

# Parts of a temporary folder, in which a folder is built before it takes its place.
NEW, OLD, TARGET = "new", "old", "target"


def temporary_name() -> str:
    """Return a new name, ``.gmmseg-MACHINE-PID-START-RANDOM.tmp``.

    It does not depend on the target's name, which may already be as long as the disk allows.
    """
    pid = os.getpid()
    return f"{_PREFIX}{machine()}-{pid}-{start_of(pid) or 0}-{os.urandom(6).hex()}{_SUFFIX}"


def sweep(folder: str) -> None:
    """Remove temporary files and folders of processes that have ended.

    Where such a process was killed after it had moved an old folder away and before the new one was in its
    place, the old one is put back. What cannot be listed, moved or removed stays as it is.
    """
    with contextlib.suppress(OSError):
        with os.scandir(folder) as entries:
            stale = [entry.path for entry in entries if _is_stale(entry)]
        for path in stale:
            if os.path.isdir(path) and not os.path.islink(path):
                _put_back(folder, path)
                shutil.rmtree(path, ignore_errors=True)
            else:
                with contextlib.suppress(OSError):
                    os.unlink(path)


def _is_stale(entry: os.DirEntry[str]) -> bool:
    if not (entry.name.startswith(_PREFIX) and entry.name.endswith(_SUFFIX)):
        return False
    owner = _NAME.fullmatch(entry.name)
    try:
        status = entry.stat(follow_symlinks=False)
    except OSError:
        return False
    # On Windows, os.kill ends the process it looks up.
    if sys.platform != "win32":
        # In a folder that is shared, what others left is theirs.
        if status.st_uid != os.geteuid():
            return False
        if owner is not None and owner[1] == machine():
            return not is_running(int(owner[2]), int(owner[3]))
    return time.time() - status.st_mtime > _ABANDONED_SECONDS


def _put_back(folder: str, temporary: str) -> None:
    old = os.path.join(temporary, OLD)
    if not os.path.lexists(old):
        return
    try:
        with open(os.path.join(temporary, TARGET), "rb") as file:
            target = os.path.join(folder, os.path.basename(os.fsdecode(file.read())))
        if not os.path.lexists(target):
            os.rename(old, target)
    except (OSError, ValueError):
        return


def machine() -> str:
    """Return 8 hexadecimal digits of the machine, its last start and its process number space.

    Folders may be shared between machines and containers, where equal numbers are other processes.
    """
    facts = [platform.node().encode("utf-8", "surrogateescape")]
    with contextlib.suppress(OSError):
        facts.append(os.fsencode(os.readlink("/proc/self/ns/pid")))
    with contextlib.suppress(OSError), open("/proc/sys/kernel/random/boot_id", "rb") as file:
        facts.append(file.read())
    return hashlib.sha256(b"\0".join(facts)).hexdigest()[:8]


def is_running(pid: int, start: int) -> bool:
    """Whether the process of that number on this machine is still the one that began then."""
    try:
        os.kill(pid, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except OSError:
        pass
    now = start_of(pid)
    # A number is given to another process in time; when it began tells them apart.
    return now is None or start in (0, now)


def start_of(pid: int) -> int | None:
    """Return when a process began, in clock ticks since the machine did; None where that cannot be told."""
    if sys.platform != "linux":
        return None
    try:
        with open(f"/proc/{pid}/stat", "rb") as file:
            # The name before it, in brackets, may hold anything; the start is field 22 of proc(5).
            return int(file.read().rpartition(b")")[2].split()[19])
    except (OSError, ValueError, IndexError):
        return None
