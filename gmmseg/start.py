"""Start gmmseg: the window, or with a sub-command the command line, which never loads Qt."""

from __future__ import annotations

import gc
import os
import sys
from pathlib import Path

# The same bytes everywhere need one fixed number of BLAS threads; the cores are used by blocks of rows.
# To be set before numpy is imported.
for _name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS"):
    os.environ.setdefault(_name, "1")
# Tables of all 24-bit colours are touched here and there only; filled by huge pages they cost 0.3 s more.
os.environ.setdefault("NUMPY_MADVISE_HUGEPAGE", "0")


def main(argv: list[str] | None = None) -> int:
    """Run the program and return its exit code.

    Parameters
    ----------
    argv : list of str, optional
        Without the program's name; None takes the process's own.
    """
    arguments = sys.argv[1:] if argv is None else argv
    if _is_for_command_line(arguments):
        from gmmseg.commands.cli import run as run_command

        return run_command(arguments, _window_problem)
    problem = _window_problem()
    if problem is not None:
        print(f"gmmseg: {problem}", file=sys.stderr)
        return 1
    # Nothing of what is imported becomes garbage, and looking for it takes a tenth of the time to the
    # window, which sees to its garbage by itself.
    gc.disable()
    from ui.app import run as run_window

    return run_window([name for name in arguments if name != "--"])


def _window_problem() -> str | None:
    """Return why no window can be opened and what to do about it, None where one can."""
    _find_window()
    from ui.platform_check import why_no_window

    return why_no_window()


def _is_for_command_line(arguments: list[str]) -> bool:
    """Whether the window cannot be meant, which takes files that exist, after ``--`` if need be.

    What is neither a command nor a file is left to the command line to refuse.
    """
    if not arguments or arguments[0] == "--":
        return False
    from gmmseg.commands.cli import COMMANDS

    has_option = any(word.startswith("-") for word in arguments)
    return has_option or arguments[0] in COMMANDS or not os.path.lexists(arguments[0])


def _find_window() -> None:
    """Put the folder of ``ui`` and ``assets`` before any other that has folders of these names.

    An installed package has it inside, where it takes no name in site-packages; in a checkout the two lie
    beside the package.
    """
    package = Path(__file__).absolute().parent
    inside = package / "_window"
    sys.path.insert(0, str(inside if inside.is_dir() else package.parent))
