"""Smoothness of the digits desk: the longest gaps of the event loop during a run, and how soon it stops.

``python -m tests.benchmarks.digits_window FOLDER [IMAGES]``, where FOLDER holds MNIST. With ``--stops`` a run
is stopped in each stage of a recipe instead, and the wall time until all is idle is told. It runs offscreen
unless ``QT_QPA_PLATFORM`` says otherwise. The wall of digits scrolls all the while. Beside each gap stands
the CPU time that the GUI thread itself had in it: the rest was waiting, for the interpreter or for a
processor that other programs used.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, cast

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from PySide6.QtCore import QEventLoop, QObject, QTimer
from PySide6.QtWidgets import QApplication

from gmmseg.digits.dataset import DigitSet
from gmmseg.digits.document import change_setting

if TYPE_CHECKING:
    from ui.app import App
    from ui.digits.desk import DigitsDesk

BEAT_MS = 4
STOP_AFTER = (0.5, 2.0, 5.0, 10.0)
"""Seconds into a run at which it is stopped."""
STOP_WITHIN_STAGE = 0.4
"""Seconds into a stage at which it is stopped."""


class Pulse(QObject):
    """Notes the time between its beats, in ms: (gap, CPU time of this thread in it)."""

    def __init__(self) -> None:
        super().__init__()
        self.gaps: list[tuple[float, float]] = []
        self._last = time.perf_counter(), time.thread_time()
        self._timer = QTimer(self, interval=BEAT_MS)
        self._timer.timeout.connect(self._beat)
        self._timer.start()

    def _beat(self) -> None:
        now = time.perf_counter(), time.thread_time()
        self.gaps.append((1000 * (now[0] - self._last[0]), 1000 * (now[1] - self._last[1])))
        self._last = now

    def report(self, what: str) -> None:
        """Print the longest gaps since the last time."""
        gaps = sorted(self.gaps)
        self.gaps.clear()
        worst = ", ".join(f"{gap:.0f} ({own:.0f})" for gap, own in gaps[-5:])
        print(f"{what}: median {gaps[len(gaps) // 2][0]:.0f} ms, longest {worst}")


def wait(until: Callable[[], bool], seconds: float) -> None:
    """Let the event loop run until something is so, at most so long."""
    loop, end = QEventLoop(), time.monotonic() + seconds
    timer = QTimer(interval=5)
    timer.timeout.connect(lambda: loop.quit() if until() or time.monotonic() > end else None)
    timer.start()
    loop.exec()


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser("digits_window", description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("images", type=int, nargs="?")
    parser.add_argument("--stops", metavar="RECIPE", nargs="*", help="manifold, or recipes by name")
    options = parser.parse_args()
    sys.setswitchinterval(0.001)
    application = QApplication([])
    with tempfile.TemporaryDirectory() as home:
        os.environ["XDG_CONFIG_HOME"] = os.environ["XDG_CACHE_HOME"] = home
        if options.stops is None:
            measure(options.folder, options.images)
        else:
            measure_stops(options.folder, options.images, options.stops or ["manifold"])
        application.processEvents()


def opened(folder: Path, n_images: int | None, pulse: Pulse | None = None) -> tuple[App, DigitsDesk]:
    """Return the window with the digits of a folder opened in it, not yet clustered."""
    from ui.app import App
    from ui.settings_store import SettingsStore

    app = App(SettingsStore())
    app.window.show()
    app.work_at("digits")
    desk = cast("DigitsDesk", app._desks["digits"])
    work = desk.work
    wait(lambda: work.workspace.document.outcome is not None and not work.is_running, 60)
    if pulse is not None:
        pulse.gaps.clear()
    work.opener.open_path(folder)
    wait(lambda: not _digits(desk).is_drawn, 60)
    if pulse is not None:
        pulse.report("opening")
    work.apply(change_setting("n_images", n_images, ""))
    return app, desk


def _digits(desk: DigitsDesk) -> DigitSet:
    digits = desk.work.workspace.document.digits
    assert digits is not None
    return digits


def measure(folder: Path, n_images: int | None) -> None:
    """Open the folder, run the manifold recipe while the wall scrolls, and stop it again and again."""
    pulse = Pulse()
    app, desk = opened(folder, n_images, pulse)
    work = desk.work
    bar = desk.panels.clusters.walls["clusters"].verticalScrollBar()
    scroll = QTimer(interval=16)
    scroll.timeout.connect(lambda: bar.setValue((bar.value() + 25) % max(bar.maximum(), 1)))
    scroll.start()
    began = time.perf_counter()
    work.experimenter.run()
    wait(lambda: not work.is_running, 900)
    pulse.report(f"a run of {time.perf_counter() - began:.0f} s while the wall scrolls")
    scroll.stop()
    work.apply(change_setting("orientation.n_bins", 11, ""))
    for seconds in STOP_AFTER:
        work.experimenter.run()
        wait(lambda: not work.is_running, seconds)
        stop(desk)
    app.shutdown()


def measure_stops(folder: Path, n_images: int | None, recipes: list[str]) -> None:
    """Run recipes and stop them in every stage; what stages before have made is kept."""
    app, desk = opened(folder, n_images)
    work = desk.work
    longest = 0.0
    for recipe in recipes:
        work.apply(change_setting("recipe", recipe, ""))
        for at in range(len(work.workspace.shown.log.stages)):
            work.experimenter.run()
            wait(lambda at=at: not work.is_running or _is_under_way(desk, at), 900)  # type: ignore[misc]
            wait(lambda: not work.is_running, STOP_WITHIN_STAGE)
            if work.is_running:
                longest = max(longest, stop(desk))
        work.experimenter.run()
        wait(lambda: not work.is_running, 900)
    print(f"longest: {longest:.2f} s")
    app.shutdown()


def _is_under_way(desk: DigitsDesk, at: int) -> bool:
    return desk.work.workspace.shown.log.stages[at].status == "running"


def stop(desk: DigitsDesk) -> float:
    """Stop the run; print and return the seconds until all is idle."""
    log = desk.work.workspace.shown.log
    stage = next((one.title for one in log.stages if one.status == "running"), "none")
    began = time.perf_counter()
    desk.stop()
    wait(lambda: not desk.work.is_running, 60)
    seconds = time.perf_counter() - began
    print(f"stopped in {seconds:.2f} s: {stage}")
    return seconds


if __name__ == "__main__":
    main()
