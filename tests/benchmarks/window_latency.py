"""How fast the real window is: start, K to a new map, the longest gap of its event loop during a fit.

``python -m tests.benchmarks.window_latency [PICTURE]``, where PICTURE is the 12-megapixel one. It runs
offscreen unless ``QT_QPA_PLATFORM`` says otherwise.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
ROOT = Path(__file__).parents[2]

_START = """
import sys, time
began = float(sys.argv[1])
from gmmseg.start import main
import ui.app
from PySide6.QtCore import QTimer

class Watched(ui.app.App):
    def begin(self, paths=()):
        super().begin(paths)
        self._watch = QTimer(self, interval=2)
        self._watch.timeout.connect(self._look)
        self._watch.start()

    def _look(self):
        shown = self.photo.work.workspace.shown
        if shown.segmentation is not None and not hasattr(self, "_segmented"):
            self.window.grab()
            self._segmented = time.time() - began
        if shown.document.fit is not None and not shown.is_preview:
            self._watch.stop()
            print(self._segmented, time.time() - began)
            self.window.close()

ui.app.App = Watched
sys.exit(main([]))
"""


def start_seconds() -> tuple[float, float]:
    """Return seconds from the command to the window with the sample segmented, and to its exact fit."""
    with tempfile.TemporaryDirectory() as home:
        environment = {**os.environ, "HOME": home, "XDG_CONFIG_HOME": home, "PYTHONPATH": str(ROOT)}
        done = subprocess.run(
            [sys.executable, "-c", _START, str(time.time())],
            env=environment,
            cwd=ROOT,
            check=True,
            capture_output=True,
            text=True,
        )
    segmented, exact = done.stdout.split()[-2:]
    return float(segmented), float(exact)


def main() -> None:
    """Print the figures."""
    start_seconds()
    starts = [start_seconds() for _ in range(7)]
    for what, seconds in zip(("segmented sample", "exact fit"), zip(*starts, strict=True), strict=True):
        print(f"command to the {what}: median {statistics.median(seconds):.2f} s, best {min(seconds):.2f}")
    from tests.benchmarks.live_window import loop_gap, slider_latency

    latency = slider_latency()
    print(
        f"K slider to a new map, 0.5 MP: median {statistics.median(latency):.0f} ms, worst {max(latency):.0f}"
    )
    if len(sys.argv) > 1:
        gaps = [loop_gap(Path(sys.argv[1])) for _ in range(3)]
        print(f"longest gap of the event loop, 12 MP fit: {', '.join(f'{gap:.0f}' for gap in gaps)} ms")


if __name__ == "__main__":
    main()
