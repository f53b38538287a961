"""Messages of a command on standard error, and how signals that end it reach its work."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import threading
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any, TextIO, TypeVar

from gmmseg.control import Progress, StopRequest, relayed, result_of
from gmmseg.errors import WriteError

_R = TypeVar("_R")
_ENDING = ("SIGINT", "SIGTERM", "SIGHUP")
"""Signals that ask a program to end; Windows has no SIGHUP."""
_COLUMNS = 78
"""Characters of a progress line: more would wrap on a terminal of 80 and could not be taken back."""


class Console:
    """Standard error of one run: messages always, progress only on a terminal.

    Parameters
    ----------
    stream : text stream
    is_quiet : bool
        Whether only refusals and failures are said.
    """

    def __init__(self, stream: TextIO, *, is_quiet: bool = False) -> None:
        self._stream = stream
        self._is_quiet = is_quiet
        self._is_terminal = stream.isatty() and not is_quiet
        self._shown = ""
        self._signal: int | None = None

    @property
    def interrupted_code(self) -> int:
        """The exit code of a run that was interrupted: 128 and the number of the signal, Ctrl-C if none."""
        return 128 + (signal.SIGINT if self._signal is None else self._signal)

    def should_stop(self) -> StopRequest:
        """Return CANCEL once a signal has asked the program to end: what all long work asks."""
        return StopRequest.NONE if self._signal is None else StopRequest.CANCEL

    @contextmanager
    def interruptible(self) -> Iterator[None]:
        """Let Ctrl-C, SIGTERM and SIGHUP end the work at its next question; a write that began is completed.

        A second one ends it at once. Signals that whoever started the program had ignored, as nohup does,
        stay ignored.

        Raises
        ------
        KeyboardInterrupt
            At the end of the block, after such a signal.
        """
        before: dict[int, Any] = {}
        if threading.current_thread() is threading.main_thread():
            numbers = [getattr(signal, name) for name in _ENDING if hasattr(signal, name)]
            before = {
                number: signal.signal(number, self._interrupt)
                for number in numbers
                if signal.getsignal(number) is not signal.SIG_IGN
            }
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)
        if self._signal is not None:
            raise KeyboardInterrupt

    def _interrupt(self, number: int, frame: FrameType | None) -> None:
        if self._signal is not None:
            raise KeyboardInterrupt
        self._signal = number

    def drain(self, job: Generator[Any, None, _R], subject: str = "", n_starts: int = 1) -> _R:
        """Run a job to its end, showing its progress, and return its result.

        Parameters
        ----------
        job : generator
        subject : str
            What the job is about, ahead of what it does.
        n_starts : int
            Starts of a fit; which one an iteration belongs to is said where there are several.
        """

        def show(event: object) -> tuple[()]:
            if isinstance(event, Progress):
                self.show_progress(event, subject)
            # A FitStep: to import its class would take numpy, for which help does not wait.
            elif (text := getattr(event, "progress_text", None)) is not None:
                self.show(f"{subject}: {text(n_starts)}")
            return ()

        return result_of(relayed(job, show))

    def show_progress(self, progress: Progress, subject: str = "") -> None:
        """Show how far work is, on a terminal."""
        share = "" if progress.fraction is None else f", {progress.fraction:.0%}"
        self.show(f"{subject}: {progress.text}{share}" if subject else f"{progress.text}{share}")

    def say(self, message: str) -> None:
        """Write one line, whatever characters names in it hold."""
        self.clear()
        self._stream.write(self._printable(f"gmmseg: {message}") + "\n")
        self._stream.flush()

    def note(self, message: str) -> None:
        """Write one line that is no failure: nothing where quiet was asked for."""
        if not self._is_quiet:
            self.say(message)

    def tell(self, message: str) -> None:
        """Write one line for somebody who watches; where standard error is no terminal, nothing."""
        if self._is_terminal:
            self.say(message)

    def answer(self, text: str) -> None:
        """Write what was asked for to standard output.

        Whoever has closed it, such as ``head`` that has seen enough, wants no more: that is no failure.

        Raises
        ------
        WriteError
            It leads to a file that cannot be written.
        """
        self.clear()
        out = sys.stdout
        # None where the program was started without one.
        if out is None:
            return
        encoding = out.encoding or "utf-8"
        self._put(out, f"{text}\n".encode(encoding, "replace").decode(encoding))

    def send(self, data: bytes) -> None:
        """Write the bytes of a file to standard output; raises as `answer`."""
        self.clear()
        out = sys.stdout
        if out is not None:
            self._put(out, data)

    def _put(self, out: TextIO, what: str | bytes) -> None:
        try:
            if isinstance(what, bytes):
                out.buffer.write(what)
            else:
                out.write(what)
            out.flush()
        except BrokenPipeError:
            _silence(out)
        except OSError as error:
            _silence(out)
            raise WriteError(
                f"The result cannot be printed: {(error.strerror or 'the system refuses').lower()}.",
                "Lead standard output elsewhere.",
            ) from error

    def clear(self) -> None:
        """Take the progress line away."""
        if self._shown:
            self._stream.write(f"\r{' ' * len(self._shown)}\r")
            self._stream.flush()
            self._shown = ""

    def show(self, text: str) -> None:
        """Show what is being done, on a terminal, in place of what was shown before."""
        if not self._is_terminal:
            return
        line = self._printable(text)[:_COLUMNS]
        if line != self._shown:
            self._stream.write(f"\r{line.ljust(len(self._shown))}")
            self._stream.flush()
            self._shown = line

    def _printable(self, text: str) -> str:
        encoding = self._stream.encoding or "utf-8"
        line = "".join(c if c.isprintable() else " " for c in text)
        return line.encode(encoding, "backslashreplace").decode(encoding)


def _silence(stream: TextIO) -> None:
    """Lead a stream that takes no more to nowhere, or the interpreter would complain when it ends."""
    with contextlib.suppress(OSError, ValueError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, stream.fileno())
        os.close(nowhere)
