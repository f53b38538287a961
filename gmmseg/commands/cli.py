"""The command line: parses, runs one command, and turns how it ended into an exit code."""

from __future__ import annotations

import importlib
import io
import sys
from collections.abc import Callable

from gmmseg.commands.console import Console
from gmmseg.commands.parser import COMMANDS, parse
from gmmseg.commands.streams import standard_streams
from gmmseg.errors import Cancelled, GmmsegError, SettingsError

__all__ = ["COMMANDS", "run"]

OK, FAILED, MISUSED = 0, 1, 2


def _unknown() -> str:
    return "Only the program that has a window can say whether it opens."


def run(argv: list[str], window_problem: Callable[[], str | None] = _unknown) -> int:
    """Run one command.

    Parameters
    ----------
    argv : list of str
        Without the program's name.
    window_problem : callable
        Returns why no window can be opened, None where one can: the core does not know.

    Returns
    -------
    int
        0 on success, 1 when the work was refused (one line on standard error says why), 2 for wrong usage;
        128 and the signal's number when interrupted: 130 by Ctrl-C, 143 by SIGTERM, 129 by SIGHUP.
    """
    try:
        options = parse(argv)
    except SystemExit as stop:
        return stop.code if isinstance(stop.code, int) else FAILED
    options.argv, options.window_problem = argv, window_problem
    # Without standard error there is nobody to tell.
    console = Console(io.StringIO() if sys.stderr is None else sys.stderr, is_quiet=options.quiet)
    try:
        with console.interruptible():
            # Imported by name: numpy and all else only once the arguments are known to be good.
            command = importlib.import_module(f"gmmseg.commands.{options.command}")
            with standard_streams(options, console):
                is_complete: bool = command.run(options, console)
            return OK if is_complete else FAILED
    except GmmsegError as error:
        console.say(str(error))
        return MISUSED if isinstance(error, SettingsError) else FAILED
    except MemoryError:
        console.say("There is not enough memory. Close other programs, or take a smaller picture.")
        return FAILED
    except (Cancelled, KeyboardInterrupt):
        console.say("Interrupted; nothing is half written.")
        return console.interrupted_code
    finally:
        console.clear()
