"""Kills windows in the middle of a session and counts what is lost: ``python -m tests.ui.photo.killing N``.

The session marks, renames, undoes, redoes and changes settings, with fits, pictures and the disk at work as
for a person; each step is reported once the window has taken it. After the kill the journal must hold the
last step that was reported, or the one after it.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import textwrap
import time
from pathlib import Path

import numpy as np

from gmmseg.io.projects.journal.reading import look_into
from tests.ui.driving import write_png

ROOT = Path(__file__).parents[3]
MOST_SECONDS = 1.5

SESSION = textwrap.dedent("""
    import os, random, sys
    from pathlib import Path
    from PySide6.QtCore import QTimer
    from PySide6.QtWidgets import QApplication
    from gmmseg.photo.document import change_setting
    from gmmseg.photo.objects.edits import add_object, rename_objects
    from gmmseg.photo.objects.patch import brushed
    from ui.app import App
    from ui.settings_store import SettingsStore

    path, seed = Path(sys.argv[1]), int(sys.argv[2])
    random.seed(seed)
    application = QApplication([])
    app = App(SettingsStore())
    app.begin([path])
    work = app.photo.work
    n = 0

    def step():
        global n
        history = work.workspace.history
        kind = random.random()
        if kind < 0.15 and len(history.past) > 1:
            work.workspace.undo()
        elif kind < 0.25 and history.future:
            work.workspace.redo()
        elif kind < 0.35:
            work.apply(change_setting("mixture.n_components", random.randint(2, 6), "K"))
        elif kind < 0.5 and work.workspace.document.objects:
            work.apply(rename_objects([work.workspace.document.objects.objects[0].id], f"name {n}"))
        else:
            spot = brushed([(random.uniform(0, 80), random.uniform(0, 60))], 4.0, (60, 80))
            work.apply(add_object(spot, f"object {n}"))
        work.settle()
        n += 1
        os.write(1, (state() + "\\n").encode())

    def state():
        history = work.workspace.history
        names = ",".join(entry.name for entry in work.workspace.document.object_map)
        return f"{len(history.past)}|{history.present.title}|{names}|" + repr(
            work.workspace.document.settings.mixture.n_components)

    def begin():
        if work.keeper.journaling.path is None or work.workspace.document.fit is None:
            return
        waiting.stop()
        os.write(1, f"ready {work.keeper.journaling.path}\\n".encode())
        steps.start()

    waiting, steps = QTimer(interval=5), QTimer(interval=2)
    waiting.timeout.connect(begin)
    steps.timeout.connect(step)
    waiting.start()
    application.exec()
""")


def run(folder: Path, seed: int, seconds: float) -> tuple[Path, list[str]]:
    """Return the journal of a window that is killed in a session, and the states that it reported."""
    places = {
        name: str(folder / str(seed) / name)
        for name in ("XDG_STATE_HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME")
    }
    child = subprocess.Popen(
        [sys.executable, "-c", SESSION, str(folder / "photo.png"), str(seed)],
        cwd=ROOT,
        env={**os.environ, **places, "QT_QPA_PLATFORM": "offscreen", "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )
    assert child.stdout is not None
    ready = child.stdout.readline().decode()
    assert ready.startswith("ready ")
    time.sleep(seconds)
    child.kill()
    reported = child.stdout.read().decode().splitlines()
    child.wait()
    child.stdout.close()
    return Path(ready.removeprefix("ready ").strip()), reported


def state_in(journal: Path) -> str:
    """Return the state in a journal as the session reports it."""
    project = look_into(journal).project
    history, document = project.history, project.document
    names = ",".join(entry.name for entry in document.object_map)
    n_components = document.settings.mixture.n_components
    return f"{len(history.past)}|{history.present.title}|{names}|{n_components}"


def check_killed(folder: Path, n_times: int) -> int:
    """Kill windows at random moments and return how many steps they had taken; raise where one was lost."""
    write_png(folder / "photo.png")
    random = np.random.default_rng(n_times)
    total = 0
    for seed in range(n_times):
        journal, reported = run(folder, seed, float(random.uniform(0, MOST_SECONDS)))
        total += len(reported)
        if reported and state_in(journal) != reported[-1]:
            # The step in hand may be there already; taken again, the session shows which one it was.
            assert state_in(journal) in following(folder, seed, len(reported)), (seed, reported[-1])
    return total


def following(folder: Path, seed: int, n_reported: int) -> list[str]:
    """Return the step after those that were reported, from the same session once more."""
    for seconds in (3.0, 10.0):
        _, reported = run(folder, seed, seconds)
        if len(reported) > n_reported:
            return [reported[n_reported]]
    return []


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as name:
        began = time.perf_counter()
        n_windows = int(sys.argv[1])
        n_steps = check_killed(Path(name), n_windows)
        seconds = time.perf_counter() - began
        print(f"{n_windows} windows killed after {n_steps:,} steps in {seconds:.0f} s; none lost")
