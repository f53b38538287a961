"""Smoothness of the window over a picture beyond memory: ``python -m tests.benchmarks.large_window PICTURE``.

It is opened and fitted, and then looked at closely at places far apart, in one pane and in two. From each
jump, the time until what is painted everywhere in the view, photo and maps, has half as many pixels as the
screen in each direction, and all of them; the CPU time of all threads until then; the longest gaps of the
event loop. It runs offscreen unless ``QT_QPA_PLATFORM`` says otherwise.
"""

from __future__ import annotations

import argparse
import faulthandler
import os
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

# Sets, before numpy is there, what the program sets.
import gmmseg.start  # noqa: F401, I001
import numpy as np
from PySide6.QtCore import QPointF, QTimer
from PySide6.QtGui import QPaintEvent
from PySide6.QtWidgets import QApplication

from tests.benchmarks.digits_window import Pulse, wait

N_JUMPS = 12
_SECONDS = 2.0
"""How long a jump is given at most."""
_REST = 0.15
"""Seconds between jumps: what is around the view is being made then."""

_Figure = tuple[float, float] | None
"""Ms by the clock and of CPU; None for never."""


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser("large_window", description=__doc__)
    parser.add_argument("picture", type=Path)
    parser.add_argument("--budget", type=int, default=1 << 29, metavar="BYTES", help="of memory")
    parser.add_argument("--stacks", type=float, metavar="MS", help="print stacks of gaps longer than that")
    parser.add_argument("--cache", metavar="FOLDER", help="keep the levels there for the next time")
    options = parser.parse_args()
    application = QApplication([])
    with tempfile.TemporaryDirectory() as home:
        os.environ["XDG_CONFIG_HOME"] = home
        os.environ["XDG_CACHE_HOME"] = options.cache or home
        measure(options.picture, options.budget, options.stacks)
        application.processEvents()


class Sharpness:
    """Notes when what is painted of the panes became how sharp since the last jump."""

    def __init__(self, panes: Any) -> None:
        self._panes = panes
        self._jumped = 0.0, 0.0
        self._seen: dict[tuple[int, int], tuple[float, float]] = {}

    def jump(self, centre: QPointF, zoom: float) -> None:
        """Look elsewhere."""
        self._seen.clear()
        self._jumped = time.perf_counter(), time.process_time()
        self._panes.camera._set(centre, zoom)

    def at(self, coarser: int) -> _Figure:
        """Return ms by the clock and of CPU until all panes were no coarser than so many levels."""
        found = [
            min(
                (seen for (number, lag), seen in self._seen.items() if number == pane and lag <= coarser),
                default=None,
            )
            for pane in range(len(self._panes.visible_panes))
        ]
        return None if None in found else max(found)  # type: ignore[type-var]

    def note(self, canvas: Any, lag: int) -> None:
        """Note that a canvas has been painted, so many levels too coarse."""
        for number, pane in enumerate(self._panes.visible_panes):
            if pane.canvas is canvas:
                now = time.perf_counter() - self._jumped[0], time.process_time() - self._jumped[1]
                self._seen.setdefault((number, lag), (1000 * now[0], 1000 * now[1]))


def lag_of(canvas: Any) -> int:
    """Return by how many levels the coarsest place that a canvas shows is too coarse."""
    return max((max(_lags(item._finer, canvas)) for item in _drawn(canvas)), default=99)


def _drawn(canvas: Any) -> list[Any]:
    return [item for item in (canvas.photo, canvas.layer) if item.isVisible() and item._finer is not None]


def _lags(tiles: Any, canvas: Any) -> Iterator[int]:
    pyramid = tiles.pyramid
    level = pyramid.level_for(canvas._camera.zoom * canvas.devicePixelRatioF())
    box = canvas._camera.box(canvas.view_size())
    for place in pyramid.tiles_in(level, (box.left(), box.top(), box.right(), box.bottom())):
        yield next(
            (
                coarser - level
                for coarser in range(level, len(pyramid.levels) - 1)
                if all(under in tiles._tiles for under in _over(pyramid, place, coarser))
            ),
            len(pyramid.levels) - 1 - level,
        )


def _over(pyramid: Any, place: Any, level: int) -> list[Any]:
    """Return the tiles of a level over a place of a finer one."""
    tile, scale, inside = pyramid.tile(place), pyramid.scale(place[0]), 1e-9
    box = (
        tile.left * scale + inside,
        tile.top * scale + inside,
        (tile.left + tile.width) * scale - inside,
        (tile.top + tile.height) * scale - inside,
    )
    found: list[Any] = pyramid.tiles_in(level, box)
    return found


def measure(picture: Path, budget: int, least: float | None) -> None:
    """Open a picture, wait for its fit, and jump."""
    from gmmseg.limits import set_memory_budget
    from ui.app import App
    from ui.photo.widgets.canvas import Canvas
    from ui.settings_store import SettingsStore

    # As the program does.
    sys.setswitchinterval(0.001)
    watches: list[Sharpness] = []
    plain = Canvas.paintEvent

    def painted(canvas: Canvas, event: QPaintEvent) -> None:
        lag = lag_of(canvas) if watches else 99
        plain(canvas, event)
        for watch in watches:
            watch.note(canvas, lag)

    setattr(Canvas, "paintEvent", painted)  # noqa: B010 — no method can be assigned
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
        timer = QTimer(app, interval=2)
        timer.timeout.connect(lambda: faulthandler.dump_traceback_later(least / 1000, repeat=False))
        timer.start()
    watch = Sharpness(panes)
    watches.append(watch)
    for n_panes in (1, 2):
        panes.set_layout(n_panes)
        panes.camera.is_fitted = False
        wait(lambda: False, 1.0)
        for zoom in (1.0, 0.5, 0.25):
            pulse.gaps.clear()
            # Where no tile of before is of use.
            places = [QPointF(image.width * x, image.height * y) for x, y in _places(0.04 * n_panes)]
            figures = [_jump(watch, place, panes.camera.step * zoom) for place in places]
            what = f"jumps at {zoom:.0%} in {n_panes} pane{'s' * (n_panes > 1)}"
            for coarser, name in ((1, "to half the pixels"), (0, "to all")):
                _report(f"{what}, {name}", [each[coarser] for each in figures])
            pulse.report(what)
    faulthandler.cancel_dump_traceback_later()
    app.window.close()
    end = time.monotonic() + 1
    while time.monotonic() < end:
        QApplication.processEvents()


def _places(offset: float) -> list[tuple[float, float]]:
    """Return places far from one another, in shares of the picture's sides."""
    return [
        ((jump * 7 + 3) % N_JUMPS / N_JUMPS + offset, (jump * 5 + 1) % N_JUMPS / N_JUMPS + offset)
        for jump in range(N_JUMPS)
    ]


def _jump(watch: Sharpness, place: QPointF, zoom: float) -> list[_Figure]:
    watch.jump(place, zoom)
    wait(lambda: watch.at(0) is not None, _SECONDS)
    found = [watch.at(coarser) for coarser in (0, 1)]
    wait(lambda: False, _REST)
    return found


def _report(what: str, figures: list[_Figure]) -> None:
    there = np.array([figure for figure in figures if figure is not None])
    late = f", {len(figures) - len(there)} never" if len(there) < len(figures) else ""
    if not len(there):
        print(f"{what}: never")
        return
    clock, own = np.median(there, axis=0)
    longest = there[:, 0].max()
    print(f"{what}: median {clock:.0f} ms, longest {longest:.0f}; CPU {own:.0f}{late}")


if __name__ == "__main__":
    main()
