"""Handling of bugs and of signals of the system: a log file, a dialog with details, a clean end."""

from __future__ import annotations

import contextlib
import logging
import platform
import signal
import socket
import sys
import traceback
from collections.abc import Callable
from logging.handlers import RotatingFileHandler
from pathlib import Path
from types import TracebackType

from PySide6.QtCore import QObject, QSocketNotifier, QStandardPaths, Signal, Slot, qVersion

from gmmseg.version import VERSION

LOG_BYTES, LOG_FILES = 500_000, 3
_ENDING = ("SIGTERM", "SIGINT", "SIGHUP")
"""Signals that ask a program to end; Windows has no SIGHUP."""
_log = logging.getLogger("gmmseg")


def log_folder() -> Path:
    """Return the folder of the log file: where the platform keeps a program's own data."""
    place = QStandardPaths.StandardLocation.AppLocalDataLocation
    return Path(QStandardPaths.writableLocation(place)) / "logs"


class _LogFile(RotatingFileHandler):
    """A log that loses lines where the disk is full, which is no reason to disturb anybody."""

    def handleError(self, record: logging.LogRecord) -> None:
        pass

    def close(self) -> None:
        # What could not be written is still in the buffer, and is tried once more.
        with contextlib.suppress(OSError):
            super().close()


def start_log() -> Path | None:
    """Log to a file that starts anew when it grows; return it, or None where none can be written."""
    folder = log_folder()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / "gmmseg.log"
        handler = _LogFile(
            path, maxBytes=LOG_BYTES, backupCount=LOG_FILES, encoding="utf-8", errors="backslashreplace"
        )
    except OSError:
        return None
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    _log.addHandler(handler)
    _log.setLevel(logging.INFO)
    _log.info(_versions())
    return path


def stop_log() -> None:
    """Close the log file."""
    for handler in list(_log.handlers):
        if isinstance(handler, _LogFile):
            _log.removeHandler(handler)
            handler.close()


def details_of(error: BaseException) -> str:
    """Return what a bug report needs: versions and the traceback."""
    return _versions() + "\n\n" + "".join(traceback.format_exception(error))


def _versions() -> str:
    # Not platform.platform(), which starts another program and waits for it.
    system = f"{platform.system()} {platform.release()} {platform.machine()}"
    return f"gmmseg {VERSION}, Qt {qVersion()}, Python {sys.version.split()[0]}, {system}"


class BugCatcher(QObject):
    """Takes the exceptions that nobody caught: logs them and passes them on to be shown."""

    caught = Signal(object)
    """Exception"""

    def install(self) -> None:
        """Become the interpreter's hook for uncaught exceptions."""
        sys.excepthook = self._on_exception

    def uninstall(self) -> None:
        """Give the interpreter its own hook back."""
        sys.excepthook = sys.__excepthook__

    def _on_exception(
        self, kind: type[BaseException], error: BaseException, trace: TracebackType | None
    ) -> None:
        if issubclass(kind, KeyboardInterrupt):
            return
        _log.critical("uncaught", exc_info=(kind, error, trace))
        self.caught.emit(error)


class SignalWatch(QObject):
    """Turns SIGTERM, SIGINT and SIGHUP into a call in the event loop, where Python would not get a turn.

    Those that whoever started the program had ignored, as nohup does, stay ignored.
    """

    def __init__(self, on_signal: Callable[[], None], parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._on_signal = on_signal
        self._reader, self._writer = socket.socketpair()
        for end in (self._reader, self._writer):
            end.setblocking(False)
        self._notifier = QSocketNotifier(self._reader.fileno(), QSocketNotifier.Type.Read, self)
        self._notifier.activated.connect(self._on_readable)
        self._old_fd = signal.set_wakeup_fd(self._writer.fileno(), warn_on_full_buffer=False)
        for name in _ENDING:
            number = getattr(signal, name, None)
            if number is not None and signal.getsignal(number) is not signal.SIG_IGN:
                # The handler does nothing: the byte in the socket is what wakes the event loop.
                signal.signal(number, lambda _number, _frame: None)

    def close(self) -> None:
        """Stop watching: signals that come now are ignored, for the program is already ending."""
        signal.set_wakeup_fd(self._old_fd)
        self._notifier.setEnabled(False)
        self._reader.close()
        self._writer.close()

    @Slot()
    def _on_readable(self) -> None:
        with contextlib.suppress(OSError):
            self._reader.recv(64)
        self._on_signal()
