"""Speed of the real window: start, K to a new map, the longest gap of its event loop during a fit.

``python -m tests.benchmarks.window_latency [PICTURE] [--before CHECKOUT]``, where PICTURE is the 12-megapixel
one. Each figure stands beside its reference, measured in turns with it: an empty window, or one iteration of
scikit-learn. It runs offscreen unless ``QT_QPA_PLATFORM`` says otherwise.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).parents[2]
N_STARTS = 9

_START = """
import importlib.util, sys, time
began = float(sys.argv[1])
try:
    from gmmseg.start import main
except ImportError:
    from main import main

def watch(app_module):
    from PySide6.QtCore import QTimer

    class Watched(app_module.App):
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

    app_module.App = Watched

class Finder:
    # The program itself imports its window, at the moment and in the way that is to be measured.
    @classmethod
    def find_spec(cls, name, path, target=None):
        if name != "ui.app":
            return None
        sys.meta_path.remove(cls)
        spec = importlib.util.find_spec(name)
        load = spec.loader.exec_module
        spec.loader.exec_module = lambda module: (load(module), watch(module))
        return spec

sys.meta_path.insert(0, Finder)
sys.exit(main([]))
"""
_EMPTY = """
import sys, time
began = float(sys.argv[1])
import pyqtgraph
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication, QMainWindow

application = QApplication([])
window = QMainWindow()
window.resize(1440, 900)
window.setCentralWidget(pyqtgraph.GraphicsLayoutWidget())

def look():
    window.grab()
    print(time.time() - began)
    window.close()

window.show()
QTimer.singleShot(0, look)
sys.exit(application.exec())
"""


def _printed(script: str, checkout: Path, *arguments: str) -> str:
    """Return what a script prints that uses the code of a checkout, as its last line."""
    with tempfile.TemporaryDirectory() as home:
        environment = {**os.environ, "HOME": home, "XDG_CONFIG_HOME": home, "PYTHONPATH": str(checkout)}
        environment.setdefault("QT_QPA_PLATFORM", "offscreen")
        # Installed programs have their bytecode beside them.
        environment.pop("PYTHONDONTWRITEBYTECODE", None)
        done = subprocess.run(
            [sys.executable, "-c", script, *arguments],
            env=environment,
            cwd=checkout,
            check=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
    return done.stdout.splitlines()[-1]


def _seconds(script: str, checkout: Path) -> list[float]:
    """Return seconds from the command to the moments that a script reports."""
    return [float(word) for word in _printed(script, checkout, str(time.time())).split()]


def _live(call: str, checkout: Path) -> list[float]:
    """Return the milliseconds that a function of `tests.benchmarks.live_window` of a checkout returns."""
    script = (
        "import json, sys; from pathlib import Path; from tests.benchmarks import live_window\n"
        f"print(json.dumps(live_window.{call}))"
    )
    found = json.loads(_printed(script, checkout))
    return found if isinstance(found, list) else [found]


def _say(what: str, values: Sequence[float], unit: str, reference: Sequence[float] = ()) -> None:
    """Print the median of some figures, and its ratio to that of the reference."""
    digits = 2 if unit == "s" else 0
    middle = statistics.median(values)
    text = f"{what}: median {middle:.{digits}f} {unit}, {min(values):.{digits}f}–{max(values):.{digits}f}"
    if reference:
        text += f"; ratio {middle / statistics.median(reference):.2f}"
    print(text, flush=True)


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("picture", nargs="?", type=Path)
    parser.add_argument("--before", type=Path, metavar="CHECKOUT", help="other code to be measured as well")
    arguments = parser.parse_args()
    checkouts = {"": ROOT}
    if arguments.before is not None:
        checkouts["before: "] = arguments.before.resolve()
    empty: list[float] = []
    starts: dict[str, list[list[float]]] = {name: [] for name in checkouts}
    # The first turn writes bytecode and brings the files into memory.
    for turn in range(N_STARTS + 1):
        seconds = _seconds(_EMPTY, ROOT)
        found = {name: _seconds(_START, checkout) for name, checkout in checkouts.items()}
        if turn:
            empty += seconds
            for name in checkouts:
                starts[name].append(found[name])
    _say("command to an empty window", empty, "s")
    for name in checkouts:
        segmented, exact = zip(*starts[name], strict=True)
        _say(f"{name}command to the segmented sample", segmented, "s", empty)
        _say(f"{name}command to its exact fit", exact, "s", empty)
    iteration = _live("peer_iterations()", ROOT)
    _say("an iteration of scikit-learn, 0.5 MP", iteration, "ms")
    for name, checkout in checkouts.items():
        _say(f"{name}K to a new map, 0.5 MP", _live("slider_latency()", checkout), "ms", iteration)
    _say("longest gap of the event loop, 0.5 MP made ready for clicks", _live("site_gaps()", ROOT), "ms")
    if arguments.picture is not None:
        call = f"loop_gap(Path({str(arguments.picture.resolve())!r}))"
        for name, checkout in checkouts.items():
            gaps = [gap for _ in range(3) for gap in _live(call, checkout)]
            _say(f"{name}longest gap of the event loop, 12 MP fit", gaps, "ms")


if __name__ == "__main__":
    main()
