"""Messages that C libraries print to standard error by themselves, taken instead of shown."""

from __future__ import annotations

import os
import re
import tempfile
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

_ONE_AT_A_TIME = threading.RLock()
_OF_A_LIBRARY = re.compile(rb"[\w.]+: .*\.\s*")
"""Form of a line of libtiff's default handlers: the function, a colon, a sentence."""


@contextmanager
def native_messages() -> Iterator[list[str]]:
    """Take what C code prints to standard error inside a ``with`` block; the list is filled at its end.

    The whole process has one standard error: lines of others that fall into the block follow after it.
    """
    messages: list[str] = []
    with _ONE_AT_A_TIME, ExitStack() as ending:
        try:
            taken = ending.enter_context(tempfile.TemporaryFile())
            shown = os.dup(2)
        except OSError:
            # No console, hence no standard error that could be written to; or no room for what is taken.
            yield messages
            return
        os.dup2(taken.fileno(), 2)
        try:
            yield messages
        finally:
            os.dup2(shown, 2)
            os.close(shown)
            taken.seek(0)
            for line in taken:
                if _OF_A_LIBRARY.fullmatch(line):
                    messages.append(line.decode("utf-8", "replace").strip())
                else:
                    os.write(2, line)
