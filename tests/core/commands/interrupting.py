"""Ctrl-C for a command in a process of its own, in the middle of its work."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[3]
_COMMAND = """
import sys
from gmmseg.commands.console import Console
from gmmseg.start import main

n_asked, should_stop = 0, Console.should_stop

def counted(console):
    global n_asked
    n_asked += 1
    if n_asked == N_QUESTIONS:
        print("working", file=sys.stderr, flush=True)
    return should_stop(console)

Console.should_stop = counted
sys.exit(main(sys.argv[1:]))
"""


def interrupted(arguments: list[str], folder: Path, n_questions: int = 100) -> tuple[int, str, str]:
    """Return the exit code and both outputs of a command that is interrupted at about its n-th question."""
    code = _COMMAND.replace("N_QUESTIONS", str(n_questions))
    running = subprocess.Popen(
        [sys.executable, "-c", f"import sys; sys.path.insert(0, {str(ROOT)!r})\n{code}", *arguments],
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert running.stderr is not None
    said = ""
    for line in iter(running.stderr.readline, "working\n"):
        assert line, f"it ended before: {said}"
        said += line
    running.send_signal(signal.SIGINT)
    out, err = running.communicate(timeout=60)
    return running.returncode, out, said + err
