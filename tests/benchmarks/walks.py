"""Walks through the code: the folders and files that a photo, a moved K and an export pass through.

``python -m tests.benchmarks.walks [CHECKOUT]`` uses the window of this checkout, or of another, offscreen,
and notes in which files functions are called. A room is a folder of a package, or a file that lies loose in
one. A reader who follows a walk file by file, in the order of their first calls, changes rooms whenever the
next new file is in another one.
"""

from __future__ import annotations

import os
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from types import FrameType
from typing import Any

ROOT = Path(sys.argv[1] if len(sys.argv) > 1 else Path(__file__).parents[2]).resolve()


def room_of(name: str) -> str:
    """Return the folder of a file, or the file where it lies loose in a package."""
    parts = Path(name).relative_to(ROOT).parts
    return "/".join(parts[:2])


class Walk:
    """Notes the files in which functions are called, in every thread, in the order of their first calls."""

    def __init__(self) -> None:
        self._files: dict[str, None] = {}

    def __enter__(self) -> Walk:
        threading.setprofile(self._note)
        sys.setprofile(self._note)
        return self

    def __exit__(self, *error: object) -> None:
        sys.setprofile(None)
        threading.setprofile(None)

    def __str__(self) -> str:
        rooms = [room_of(name) for name in self._files]
        changes = sum(one != two for one, two in pairwise(rooms))
        return f"{len(set(rooms))} rooms, {changes} changes of room, {len(rooms)} files"

    def _note(self, frame: FrameType, event: str, argument: Any) -> None:
        name = frame.f_code.co_filename
        if event == "call" and name.startswith((f"{ROOT}/gmmseg/", f"{ROOT}/ui/")):
            self._files.setdefault(name)


def main() -> None:
    """Print the three walks."""
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    sys.path.insert(0, str(ROOT))
    import numpy as np
    from PIL import Image
    from PySide6.QtCore import QSettings, Qt
    from PySide6.QtTest import QTest
    from PySide6.QtWidgets import QAbstractSpinBox, QApplication

    from gmmseg.io.export_items import ExportItem
    from ui.app import App
    from ui.settings_store import SettingsStore
    from ui.theme import apply_theme

    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        QSettings.setPath(QSettings.Format.IniFormat, QSettings.Scope.UserScope, place)
        application = QApplication([])
        apply_theme(application, "light")
        app = App(SettingsStore())
        app.window.show()
        noise = np.random.default_rng(0).integers(0, 255, (40, 60, 3), dtype=np.uint8)
        Image.fromarray(noise).save(folder / "photo.png")
        work, target = app.photo.work, folder / "mask.png"

        def is_settled() -> bool:
            shown = work.workspace.shown
            return shown.segmentation is not None and not shown.is_preview and not shown.document.is_stale

        def until(condition: Callable[[], bool]) -> None:
            since = time.monotonic()
            while not condition() and time.monotonic() - since < 60:
                QTest.qWait(10)
            QTest.qWait(300)

        def is_quiet() -> bool:
            # Older checkouts lack some of them.
            workers = (getattr(work, name, None) for name in ("fitter", "region_maker", "selecting"))
            return not any(worker.runner.is_running for worker in workers if worker is not None)

        with Walk() as walk:
            work.opener.open_path(folder / "photo.png")
            until(is_settled)
        print("a photo is opened, its map is on screen:", walk)
        # What goes on in the background belongs to no other walk.
        until(is_quiet)
        with Walk() as walk:
            box = next(
                box
                for box in app.photo.panels.setup.findChildren(QAbstractSpinBox)
                if any(
                    "n_components" in part.objectName() for part in (box, box.parent()) if part is not None
                )
            )
            box.selectAll()
            QTest.keyClicks(box, "3")
            QTest.keyClick(box, Qt.Key.Key_Return)
            until(lambda: work.workspace.document.settings.mixture.n_components == 3 and is_settled())
        print("K is moved, the new map is on screen:", walk)
        until(is_quiet)
        with Walk() as walk:
            work.exporter.write(work.workspace.shown, [ExportItem(target, "mask")])
            until(target.exists)
        print("a mask is exported:", walk)
        app.shutdown()
    sys.stdout.flush()
    os._exit(0)


if __name__ == "__main__":
    main()
