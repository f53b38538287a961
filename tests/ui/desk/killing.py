"""Kills windows in the middle of a session and counts what is lost: ``python -m tests.ui.desk.killing N``.

A session opens something at a desk and edits it from that moment on, with fits, pictures, journals and the
disk at work as for a person; each step is reported once the window has taken it. After the kill the journal
must hold the last step that was reported, or the one after it, which was in hand.
"""

from __future__ import annotations

import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

import gmmseg
from gmmseg.digits import document as digits
from gmmseg.digits.drawn import drawn_digits
from gmmseg.io.projects.journal.reading import look_into
from gmmseg.laboratory import document as laboratory
from gmmseg.photo import document as photo
from gmmseg.photo.objects.edits import add_object, rename_objects
from gmmseg.photo.objects.patch import brushed
from tests.core.io.projects.test_digits_projects import project_of, ran
from tests.core.io.projects.test_laboratory_projects import drawn_by_hand
from tests.ui.driving import write_png

ROOT = Path(__file__).parents[3]
MOST_SECONDS = 1.5
SHAPE = (60, 80)


@dataclass(frozen=True, slots=True)
class Session:
    """Edits at a desk.

    Parameters
    ----------
    desk : str
    make : callable
        Writes what is opened into a folder and returns its path.
    edit : callable
        Returns the edit with a number of a document.
    told : callable
        Returns what a document holds that edits change.
    """

    desk: str
    make: Callable[[Path], Path]
    edit: Callable[[Any, int], Any]
    told: Callable[[Any], str]


def _large_project(folder: Path) -> Path:
    """Write a project whose journal does not begin at once."""
    project = gmmseg.new_project(write_png(folder / "photo.png"))
    for number in range(90):
        spot = np.zeros(SHAPE, dtype=bool)
        spot[number % 60, number % 80 :] = True
        project = project.with_object(spot, f"line {number}")
    gmmseg.save_project(project, folder / "work.gmmseg")
    return folder / "work.gmmseg"


def _photo_edit(document: photo.Document, number: int) -> Any:
    kind = random.random()
    if kind < 0.2:
        return photo.change_setting("mixture.n_components", random.randint(2, 6), f"K {number}")
    if kind < 0.4 and document.objects:
        return rename_objects([document.objects.objects[0].id], f"name {number}")
    spot = brushed([(random.uniform(0, 80), random.uniform(0, 60))], 4.0, SHAPE)
    return add_object(spot, f"object {number}")


def _photo_told(document: photo.Document) -> str:
    names = ",".join(entry.name for entry in document.object_map)
    return f"{names}|{document.settings.mixture.n_components}"


def _a_digits_file(folder: Path) -> Path:
    gmmseg.save_project(ran(project_of(drawn_digits(60, 20))), folder / "digits.gmmseg")
    return folder / "digits.gmmseg"


def _digits_edit(document: digits.Document, number: int) -> Any:
    if random.random() < 0.7:
        return digits.rename_cluster(number % 3, f"name {number}")
    return digits.change_setting("seed", number, f"Seed {number}")


def _digits_told(document: digits.Document) -> str:
    return f"{','.join(document.names)}|{document.settings.seed}"


def _a_laboratory_file(folder: Path) -> Path:
    gmmseg.save_project(drawn_by_hand(), folder / "laboratory.gmmseg")
    return folder / "laboratory.gmmseg"


def _laboratory_edit(document: laboratory.Document, number: int) -> Any:
    if document.name != "data":
        return laboratory.open_page("data")
    return laboratory.press(random.uniform(-2, 2), random.uniform(-2, 2))


def _laboratory_told(document: laboratory.Document) -> str:
    data = document.page.data
    return f"{document.name}|{data.n_rows}|{float(data.values.sum())!r}"


SESSIONS = {
    "photo": Session("photo", lambda folder: write_png(folder / "photo.png"), _photo_edit, _photo_told),
    "project": Session("photo", _large_project, _photo_edit, _photo_told),
    "digits": Session("digits", _a_digits_file, _digits_edit, _digits_told),
    "laboratory": Session("laboratory", _a_laboratory_file, _laboratory_edit, _laboratory_told),
}


# In the process that is killed


def run_session(session: Session, path: Path, seed: int) -> None:
    """Open a file in a window and edit it until the end."""
    from PySide6.QtCore import QTimer
    from PySide6.QtWidgets import QApplication

    from ui.app import App
    from ui.settings_store import SettingsStore

    random.seed(seed)
    application = QApplication([])
    app = App(SettingsStore())
    app.begin([path])
    n_steps = 0

    def is_open() -> bool:
        desk = app._desk
        if desk is None or desk.name != session.desk:
            return False
        keeper = desk._keeper  # type: ignore[attr-defined]
        return bool(keeper.has_subject) and (path.suffix != ".gmmseg" or keeper.path == path)

    def begin() -> None:
        if is_open():
            waiting.stop()
            os.write(1, b"ready\n")
            steps.start()

    def step() -> None:
        nonlocal n_steps
        work = app._desk.work  # type: ignore[union-attr]
        editor, kind = work.editor, random.random()
        if kind < 0.15 and len(editor.history.past) > 1:
            editor.undo()
        elif kind < 0.25 and editor.history.future:
            editor.redo()
        else:
            work.apply(session.edit(editor.document, n_steps))
        work.settle()
        n_steps += 1
        os.write(1, (session.told(editor.document) + "\n").encode())

    waiting, steps = QTimer(interval=1), QTimer(interval=2)
    waiting.timeout.connect(begin)
    steps.timeout.connect(step)
    waiting.start()
    application.exec()


# In the process that kills


def run(name: str, path: Path, places: Path, seed: int, seconds: float) -> list[str]:
    """Return what a session reported that was killed so many seconds after it began."""
    homes = {each: str(places / each) for each in ("XDG_STATE_HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME")}
    child = subprocess.Popen(
        [sys.executable, "-m", "tests.ui.desk.killing", "session", name, str(path), str(seed)],
        cwd=ROOT,
        env={**os.environ, **homes, "QT_QPA_PLATFORM": "offscreen", "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )
    assert child.stdout is not None
    assert child.stdout.readline() == b"ready\n"
    time.sleep(seconds)
    child.kill()
    reported = child.stdout.read().decode().splitlines()
    child.wait()
    child.stdout.close()
    return reported


def n_lost(name: str, folder: Path, seed: int, seconds: float) -> tuple[int, int]:
    """Return how many steps were reported by a session that is killed, and how many of them were lost."""
    folder.mkdir()
    session = SESSIONS[name]
    path = session.make(folder)
    reported = run(name, path, folder / "home", seed, seconds)
    journals = [each for each in folder.rglob("*.journal") if each.suffix == ".journal"]
    if not journals:
        return len(reported), len(reported)
    (journal,) = journals
    held = session.told(look_into(journal).project.document)
    if reported[-1:] == [held]:
        return len(reported), 0
    # The step in hand may be there already; taken again, the session shows which one it was.
    again = folder / "again"
    again.mkdir()
    more = run(name, session.make(again), again / "home", seed, seconds + 3.0)
    if more[len(reported) : len(reported) + 1] == [held]:
        return len(reported), 0
    return len(reported), next(
        (k for k, each in enumerate(reversed(reported)) if each == held), len(reported)
    )


def check_killed(name: str, folder: Path, n_times: int) -> tuple[int, int]:
    """Kill sessions at random moments.

    Returns
    -------
    int, int
        How many steps they had taken, and how many were lost of one at most.
    """
    moments = np.random.default_rng(n_times).uniform(0, MOST_SECONDS, n_times)
    found = [n_lost(name, folder / str(seed), seed, float(each)) for seed, each in enumerate(moments)]
    return sum(steps for steps, _ in found), max(lost for _, lost in found)


def main(arguments: list[str]) -> None:
    """Be a session, or kill some of each kind and print what was lost."""
    if arguments[0] == "session":
        _, name, path, seed = arguments
        run_session(SESSIONS[name], Path(path), int(seed))
        return
    for name in arguments[1:] or SESSIONS:
        with tempfile.TemporaryDirectory() as place:
            began = time.perf_counter()
            n_steps, most = check_killed(name, Path(place), int(arguments[0]))
            seconds = time.perf_counter() - began
            told = f"{arguments[0]} windows killed after {n_steps:,} steps in {seconds:.0f} s"
            print(f"{name}: {told}; at most {most} of them lost by one", flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
