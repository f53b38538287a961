"""Imports of the window before the first map is on screen and after it, in a process of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]

_START = """
import sys
from gmmseg.start import main
import ui.app
from PySide6.QtCore import QTimer

class Watched(ui.app.App):
    def begin(self, paths=()):
        super().begin(paths)
        self.photo.work.bridge.changed.connect(self._look)

    def _look(self, old, new):
        if new.segmentation is not None and old.segmentation is None:
            print(*sys.modules)
            self.ahead._runner.finished.connect(self._look_after)

    def _look_after(self):
        print(*sys.modules)
        for name in ("segment", "explore"):
            self.photo.arrange(name)
        print(*sys.modules)
        self.window.close()

ui.app.App = Watched
sys.exit(main([]))
"""


def test_the_first_map_is_shown_before_what_only_later_work_needs_is_imported(tmp_path: Path) -> None:
    environment = {
        **os.environ,
        "HOME": str(tmp_path),
        "XDG_CONFIG_HOME": str(tmp_path),
        "QT_QPA_PLATFORM": "offscreen",
    }
    done = subprocess.run(
        [sys.executable, "-c", _START], env=environment, cwd=ROOT, capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stderr
    modules, after, arranged = (set(line.split()) for line in done.stdout.splitlines())
    assert {"ui.photo.desk", "gmmseg.mixture.em"} <= modules
    for later in ("scipy", "skimage", "msgspec", "pooch", "requests", "tifffile", "ui.digits"):
        assert later not in modules
    for later in ("gmmseg.selection.selecting", "gmmseg.io.export", "gmmseg.tiled", "ui.photo.export_dialog"):
        assert later not in modules
    # Whoever starts another program waits for it.
    assert "subprocess" not in modules
    for later in ("gmmseg.regions.pipeline", "gmmseg.mixture.annihilation", "PIL.TiffImagePlugin"):
        assert later not in modules
    for later in ("ui.widgets.setting_fields", "ui.dialogs.bug_report"):
        assert later not in modules
    for later in ("pyqtgraph", "ui.plots", "ui.photo.panels.setup", "ui.photo.panels.regions"):
        assert later not in modules
        assert later in after
    assert not [name for name in arranged - after if name.startswith(("ui.", "pyqtgraph"))]
