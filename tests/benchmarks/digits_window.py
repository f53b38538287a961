"""How smooth the digits desk is: the longest gaps of the event loop during a run, and how soon it stops.

``python -m tests.benchmarks.digits_window FOLDER [IMAGES]``, where FOLDER holds MNIST. It runs offscreen
unless ``QT_QPA_PLATFORM`` says otherwise. The wall of digits scrolls all the while. Beside each gap stands
the CPU time that the GUI thread itself had in it: the rest was waiting, for the interpreter or for a
processor that other programs used.
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from PySide6.QtCore import QEventLoop, QObject, QTimer
from PySide6.QtWidgets import QApplication

from gmmseg.digit_document import change_digit_setting

BEAT_MS = 4
STOP_AFTER = (0.5, 2.0, 5.0, 10.0)
"""Seconds into a run at which it is stopped."""


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
    timer = QTimer(interval=20)
    timer.timeout.connect(lambda: loop.quit() if until() or time.monotonic() > end else None)
    timer.start()
    loop.exec()


def main() -> None:
    """Print the figures."""
    sys.setswitchinterval(0.001)
    application = QApplication([])
    with tempfile.TemporaryDirectory() as home:
        os.environ["XDG_CONFIG_HOME"] = os.environ["XDG_CACHE_HOME"] = home
        measure(Path(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else None)
        application.processEvents()


def measure(folder: Path, n_images: int | None) -> None:
    """Open the folder, run the manifold recipe while the wall scrolls, and stop it again and again."""
    from ui.app import App
    from ui.settings_store import SettingsStore
    from ui.theme import configure_plots

    configure_plots()
    app = App(SettingsStore())
    app.window.show()
    app.work_at("digits")
    desk = app._desks["digits"]
    work = desk.work  # type: ignore[attr-defined]
    wait(lambda: work.workspace.document.outcome is not None and not work.is_running, 60)
    pulse = Pulse()
    work.opener.open_path(folder)
    wait(lambda: not work.workspace.document.digits.is_drawn, 60)
    pulse.report("opening")
    work.apply(change_digit_setting("n_images", n_images, ""))
    bar = desk.panels.clusters.walls["clusters"].verticalScrollBar()  # type: ignore[attr-defined]
    scroll = QTimer(interval=16)
    scroll.timeout.connect(lambda: bar.setValue((bar.value() + 25) % max(bar.maximum(), 1)))
    scroll.start()
    began = time.perf_counter()
    work.experimenter.run()
    wait(lambda: not work.is_running, 900)
    pulse.report(f"a run of {time.perf_counter() - began:.0f} s while the wall scrolls")
    scroll.stop()
    work.apply(change_digit_setting("orientation.n_bins", 11, ""))
    for seconds in STOP_AFTER:
        work.experimenter.run()
        wait(lambda: not work.is_running, seconds)
        stage = next(
            (one.title for one in work.workspace.shown.log.stages if one.status == "running"), "none"
        )
        began = time.perf_counter()
        desk.stop()
        wait(lambda: not work.is_running, 10)
        print(f"stopped in {time.perf_counter() - began:.2f} s: {stage}")
    app.shutdown()


if __name__ == "__main__":
    main()
