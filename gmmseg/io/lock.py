"""Locks: a file that says who has another file open, and whether that process is still there."""

from __future__ import annotations

import contextlib
import json
import os
import platform
import time
from dataclasses import asdict, dataclass
from pathlib import Path

from gmmseg.io.temporaries import is_running, machine, start_of, temporary_name

_MAX_BYTES = 4096
_ABANDONED_SECONDS = 86_400
"""Of a lock from another machine, where nobody can look: nobody leaves a window alone with a file so long."""


@dataclass(frozen=True, slots=True)
class Holder:
    """A process that has a file open.

    Parameters
    ----------
    host : str
        Name of its machine.
    machine : str
        That machine, its last start and its process number space, hashed.
    pid, start : int
        Its number, and when it began; 0 where that cannot be told.
    since : float
        When it opened the file, seconds since 1970.
    """

    host: str
    machine: str
    pid: int
    start: int
    since: float

    @staticmethod
    def this() -> Holder:
        """Return this process, from now on."""
        pid = os.getpid()
        return Holder(platform.node(), machine(), pid, start_of(pid) or 0, time.time())

    @property
    def is_this(self) -> bool:
        """Whether it is this process."""
        own = Holder.this()
        return (self.host, self.machine, self.pid, self.start) == (own.host, own.machine, own.pid, own.start)

    def has_ended(self) -> bool:
        """Whether the process is gone; of another machine's that is supposed after a day."""
        if self.host != platform.node():
            return time.time() - self.since > _ABANDONED_SECONDS
        # The same host with another mark has been started again since.
        return self.machine != machine() or not is_running(self.pid, self.start)


class Lock:
    """A lock that this process holds; `take` makes them."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def release(self) -> None:
        """Let others open the file; silent where the lock is gone."""
        holder = holder_of(self._path)
        if holder is not None and holder.is_this:
            with contextlib.suppress(OSError):
                os.unlink(self._path)


def lock_path(path: Path) -> Path:
    """Return where the lock of a file is: beside it and hidden."""
    return path.with_name(f".{path.name}.lock")


def take(path: Path) -> Lock | Holder | None:
    """Return the lock of a file, or who has it; None where none can be made, as in a read-only folder.

    The lock of a process that has ended is taken over.
    """
    place = lock_path(path)
    for _ in range(3):
        try:
            _make(place)
        except FileExistsError:
            holder = holder_of(place)
            if holder is not None and holder.is_this:
                return Lock(place)
            if holder is not None and not holder.has_ended():
                return holder
            with contextlib.suppress(OSError):
                os.unlink(place)
            continue
        except OSError:
            return None
        return Lock(place)
    return None


def _make(place: Path) -> None:
    """Make a lock file, which says whose it is from the moment that it is there; raises OSError."""
    content = json.dumps(asdict(Holder.this()))
    made = place.with_name(temporary_name())
    try:
        made.write_text(content, "ascii")
        # Unlike a rename it fails where another process was faster.
        os.link(made, place)
    except FileExistsError:
        raise
    except OSError:
        # A disk without hard links.
        with place.open("x", encoding="ascii") as file:
            file.write(content)
    finally:
        made.unlink(missing_ok=True)


def holder_of(place: Path) -> Holder | None:
    """Return who made a lock; None where there is none, or nothing that can be read."""
    try:
        with open(place, "rb") as file:
            content = json.loads(file.read(_MAX_BYTES))
        return Holder(
            str(content["host"]), str(content["machine"]), int(content["pid"]), int(content["start"]),
            float(content["since"]),
        )  # fmt: skip
    except (OSError, ValueError, TypeError, KeyError, OverflowError, RecursionError):
        return None
