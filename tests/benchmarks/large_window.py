"""Smoothness of the window over a picture beyond memory: ``python -m tests.benchmarks.large_window PICTURE``.

It is opened and fitted, and then looked at in its own pixels at places far apart, in one pane and in two.
Beside the longest gaps of the event loop stands the CPU time that the GUI thread itself had in each. It runs
offscreen unless ``QT_QPA_PLATFORM`` says otherwise.
"""

from __future__ import annotations

import argparse
import faulthandler
import os
import sys
import tempfile
import time
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from PySide6.QtCore import QPointF, QTimer
from PySide6.QtWidgets import QApplication

from tests.benchmarks.digits_window import Pulse, wait

N_JUMPS = 12


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser("large_window", description=__doc__)
    parser.add_argument("picture", type=Path)
    parser.add_argument("--budget", type=int, default=1 << 29, metavar="BYTES", help="of memory")
    parser.add_argument("--stacks", type=float, metavar="MS", help="print stacks of gaps longer than that")
    options = parser.parse_args()
    application = QApplication([])
    with tempfile.TemporaryDirectory() as home:
        os.environ["XDG_CONFIG_HOME"] = os.environ["XDG_CACHE_HOME"] = home
        measure(options.picture, options.budget, options.stacks)
        application.processEvents()


def measure(picture: Path, budget: int, least: float | None) -> None:
    """Open a picture, wait for its fit, and jump."""
    from gmmseg.limits import set_memory_budget
    from ui.app import App
    from ui.settings_store import SettingsStore
    from ui.theme import configure_plots

    # As the program does.
    sys.setswitchinterval(0.001)
    configure_plots()
    app = App(SettingsStore())
    set_memory_budget(budget)
    app.window.resize(1600, 1000)
    app.window.show()
    work, panes = app.photo.work, app.photo.panels.panes
    pulse = Pulse()
    work.opener.open_path(picture)
    wait(lambda: work.workspace.document.fit is not None and not work.is_running, 600)
    pulse.report("opening and fitting")
    image = work.workspace.document.image
    assert image is not None
    if least is not None:
        watch = QTimer(app, interval=2)
        watch.timeout.connect(lambda: faulthandler.dump_traceback_later(least / 1000, repeat=False))
        watch.start()
    for n_panes in (1, 2):
        panes.set_layout(n_panes)
        panes.camera.is_fitted = False
        wait(lambda: False, 1.0)
        for zoom in (1.0, 0.25):
            pulse.gaps.clear()
            for jump in range(N_JUMPS):
                x, y = (jump * 7 + 3) % N_JUMPS / N_JUMPS, (jump * 5 + 1) % N_JUMPS / N_JUMPS
                centre = QPointF(image.width * (x + 0.04), image.height * (y + 0.04))
                panes.camera._set(centre, panes.camera.step * zoom)
                wait(lambda: False, 0.5)
            pulse.report(f"jumps at {zoom:.0%} in {n_panes} pane{'s' * (n_panes > 1)}")
    faulthandler.cancel_dump_traceback_later()
    app.window.close()
    end = time.monotonic() + 1
    while time.monotonic() < end:
        QApplication.processEvents()


if __name__ == "__main__":
    main()
