"""Writing a file or a folder so that after any fault the old or the new one is there, never half of one."""

from __future__ import annotations

import contextlib
import errno
import os
import shutil
import stat
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path

from gmmseg.errors import WriteError
from gmmseg.io.files import shown_name, shown_path
from gmmseg.io.temporaries import NEW, OLD, TARGET, sweep, temporary_name

_BINARY = getattr(os, "O_BINARY", 0)
_WRITE_BLOCK = 1 << 24
_PERMISSIONS = 0o777
"""Bits of a mode that a new file takes over: set-user-id and set-group-id never, whoever owns the old one."""

_CAUSES: dict[int, tuple[str, str]] = {
    errno.ENOSPC: ("the disk is full", "Free some space or choose another folder."),
    errno.EDQUOT: ("your disk quota is used up", "Free some space or choose another folder."),
    errno.EFBIG: ("the file would be larger than is allowed here", "Choose another folder."),
    errno.EIO: ("the disk reports an error", "Choose another disk."),
    errno.EACCES: ("you may not write there", "Choose another folder, or close the file in other programs."),
    errno.EPERM: ("you may not write there", "Choose another folder, or close the file in other programs."),
    errno.EROFS: ("the disk is read-only", "Choose another folder."),
    errno.ENOENT: ("its folder {folder} does not exist", "Choose an existing folder."),
    errno.ENOTDIR: ("its folder {folder} does not exist", "Choose an existing folder."),
    errno.ENAMETOOLONG: ("the name is too long", "Choose a shorter name."),
    errno.ELOOP: ("the link leads back to itself", "Choose another name."),
}


_REFUSED = "the system allows no new files there", "Choose another folder."


def shown(path: str | os.PathLike[str]) -> str:
    """Return the last part of a path in quotation marks, as `shown_name` writes it."""
    return f"“{shown_name(path)}”"


def write_atomically(path: str | os.PathLike[str], data: bytes | Iterable[bytes]) -> None:
    """Write a file so that it holds all of `data` or is as it was.

    A symbolic link is followed and kept. An existing file is replaced by a new one under its name: that
    keeps its permissions, and its owner and group where the system lets the user give files away, but other
    hard links to the old file keep the old content. Set-user-id and set-group-id bits are dropped.

    Parameters
    ----------
    path : path
    data : bytes or iterable of bytes
        Pieces are written as they come; when the iterable raises, nothing has changed.

    Raises
    ------
    WriteError
        The old file, if any, is intact and no temporary file is left.
    """
    with refusals(path):
        target = _target(path)
        sweep(os.path.dirname(target))
        old = _status_of(target)
        temporary, descriptor = _create_beside(target, 0o666 if old is None else 0o600)
        try:
            try:
                for piece in (data,) if isinstance(data, bytes) else data:
                    _write_all(descriptor, piece)
                if old is not None:
                    _keep_owner(temporary, old)
                    os.chmod(temporary, old.st_mode & _PERMISSIONS)
                os.fsync(descriptor)
            finally:
                os.close(descriptor)
            os.replace(temporary, target)
        except BaseException:
            with contextlib.suppress(OSError):
                os.unlink(temporary)
            raise
        _sync_folder(os.path.dirname(target))


def check_writable(path: str | os.PathLike[str]) -> None:
    """Raise `WriteError` when a file cannot be written at `path`; to be called before long work."""
    with refusals(path):
        target = _target(path)
        if _status_of(target) is not None and not os.access(target, os.W_OK):
            raise PermissionError(errno.EACCES, "read-only file")
        # Asking for permissions misses full and network disks; a file that is made and removed does not.
        temporary, descriptor = _create_beside(target, 0o600)
        os.close(descriptor)
        os.unlink(temporary)


def write_folder_atomically(
    path: str | os.PathLike[str], files: Mapping[str, bytes], is_ours: Callable[[Path], bool]
) -> None:
    """Write a folder of files so that it is there as a whole or is as it was.

    Parameters
    ----------
    path : path
    files : mapping from relative names with ``/`` to contents
    is_ours : function
        Whether an existing folder is an earlier one of the same kind, which may be replaced.

    Raises
    ------
    WriteError
        Also when something else is at `path`.
    """
    with refusals(path):
        target = os.path.realpath(path)
        check_folder_writable(target, is_ours)
        temporary = os.path.join(os.path.dirname(target), temporary_name())
        new = os.path.join(temporary, NEW)
        try:
            os.makedirs(new)
            for name, content in files.items():
                _write_new(os.path.join(new, *name.split("/")), content)
            for folder, _, _ in os.walk(new):
                _sync_folder(folder)
            _publish(temporary, target)
        finally:
            # An old folder that could not be put back is not removed: it is the only one there is.
            if os.path.lexists(target) or not os.path.lexists(os.path.join(temporary, OLD)):
                shutil.rmtree(temporary, ignore_errors=True)
        _sync_folder(os.path.dirname(target))


def publish_folder(temporary: str | os.PathLike[str], path: str | os.PathLike[str]) -> None:
    """Put the folder ``new`` within a temporary one in the place of `path`, and remove the temporary one.

    The temporary folder lies beside `path`, of which `check_folder_writable` has been asked. Raises
    `WriteError`; the old folder, if any, is then in its place.
    """
    with refusals(path):
        if hasattr(os, "sync"):
            os.sync()
        _publish(os.fspath(temporary), os.path.realpath(path))
        shutil.rmtree(temporary, ignore_errors=True)
        _sync_folder(os.path.dirname(os.path.realpath(path)))


def _publish(temporary: str, target: str) -> None:
    new = os.path.join(temporary, NEW)
    if not os.path.lexists(target):
        os.rename(new, target)
    elif not _exchange(new, target):
        _replace_in_turn(target, temporary)


def publish_file(made: str | os.PathLike[str], path: str | os.PathLike[str]) -> None:
    """Put a finished file on the same disk in the place of `path`; raises `WriteError`."""
    with refusals(path):
        target = _target(path)
        old = _status_of(target)
        if old is not None:
            _keep_owner(os.fspath(made), old)
            os.chmod(made, old.st_mode & _PERMISSIONS)
        descriptor = os.open(made, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        os.replace(made, target)
        _sync_folder(os.path.dirname(target))


def _exchange(one: str, other: str) -> bool:
    """Let two folders change names in one step; return False where the system has no such call."""
    import ctypes

    with contextlib.suppress(OSError, AttributeError):
        names = os.fsencode(one), os.fsencode(other)
        if sys.platform == "linux":
            here, exchange = -100, 2  # AT_FDCWD, RENAME_EXCHANGE
            return bool(ctypes.CDLL(None).renameat2(here, names[0], here, names[1], exchange) == 0)
        if sys.platform == "darwin":
            return bool(ctypes.CDLL(None).renamex_np(*names, 2) == 0)  # RENAME_SWAP
    return False


def _replace_in_turn(target: str, temporary: str) -> None:
    """Move an old folder away and the new one in its place.

    Killed in between, neither is at `target`; the note lets the next `sweep` put the old one back.
    """
    new, old = os.path.join(temporary, NEW), os.path.join(temporary, OLD)
    _write_new(os.path.join(temporary, TARGET), os.fsencode(os.path.basename(target)))
    _sync_folder(temporary)
    os.rename(target, old)
    try:
        os.rename(new, target)
    except BaseException:
        os.rename(old, target)
        raise


def check_folder_writable(path: str | os.PathLike[str], is_ours: Callable[[Path], bool]) -> None:
    """Raise `WriteError` when `write_folder_atomically` would refuse; to be called before long work."""
    folder = os.path.dirname(os.path.realpath(path))
    sweep(folder)
    if not os.path.lexists(path):
        check_writable(path)
    elif not (os.path.isdir(path) and is_ours(Path(path))):
        raise WriteError(
            f"{shown(path)} exists and is not an earlier export.", "Choose another name or remove it first."
        )
    else:
        check_writable(os.path.join(folder, temporary_name()))


@contextlib.contextmanager
def refusals(path: str | os.PathLike[str]) -> Iterator[None]:
    """Turn what the system refuses into a `WriteError`."""
    try:
        is_possible = b"\0" not in os.fsencode(path)
    except UnicodeEncodeError:
        is_possible = False
    if not is_possible:
        raise WriteError(f"{shown(path)} is not a possible file name.", "Choose another name.")
    try:
        yield
    except OSError as error:
        cause, remedy = _CAUSES.get(error.errno or 0, _REFUSED)
        if error.errno == errno.ENOENT and os.path.isdir(os.path.dirname(os.path.realpath(path))):
            # As /proc answers.
            cause, remedy = _REFUSED
        cause = cause.replace("{folder}", f"“{shown_path(os.path.dirname(path) or os.curdir)}”")
        raise WriteError(f"{shown(path)} cannot be written: {cause}.", remedy) from error


def _target(path: str | os.PathLike[str]) -> str:
    """Return the file behind `path`, refusing links that lead nowhere and what is not a plain file."""
    target = os.path.realpath(path)
    if os.path.islink(target):
        raise OSError(errno.ELOOP, "link loop")
    if os.path.islink(path) and not os.path.exists(target):
        raise WriteError(f"{shown(path)} is a link to a file that does not exist.", "Choose another name.")
    try:
        kind = os.stat(target).st_mode
    except FileNotFoundError:
        return target
    if stat.S_ISDIR(kind):
        raise WriteError(f"{shown(path)} is a folder.", "Choose a file name.")
    if not stat.S_ISREG(kind):
        raise WriteError(f"{shown(path)} is a device, not a file.", "Choose another name.")
    return target


def _status_of(target: str) -> os.stat_result | None:
    try:
        return os.stat(target)
    except FileNotFoundError:
        return None


def _keep_owner(temporary: str, old: os.stat_result) -> None:
    """Give a file the group and the owner of another one, as far as the system allows that to the user."""
    if sys.platform == "win32":
        return
    for owner, group in ((-1, old.st_gid), (old.st_uid, -1)):
        with contextlib.suppress(OSError):
            os.chown(temporary, owner, group)


def _create_beside(target: str, mode: int) -> tuple[str, int]:
    temporary = os.path.join(os.path.dirname(target), temporary_name())
    return temporary, os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | _BINARY, mode)


def _write_new(path: str, content: bytes) -> None:
    os.makedirs(os.path.dirname(path), exist_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | _BINARY, 0o666)
    try:
        _write_all(descriptor, content)
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _write_all(descriptor: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(descriptor, view[:_WRITE_BLOCK]) :]


def _sync_folder(folder: str) -> None:
    """Make a rename survive a power failure; where the system cannot, the new file is in place anyway."""
    if os.name != "posix":
        return
    with contextlib.suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
