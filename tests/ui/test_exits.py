"""However the window is left, with work going on, the process ends by itself, cleanly, with exit code 0."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import numpy as np
import pytest

from gmmseg.version import VERSION
from tests.ui.driving import write_png

ROOT = Path(__file__).parents[2]

CHILD = """
import signal
import sys
from PySide6.QtCore import QCoreApplication, Qt, QTimer
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
import ui.app
from gmmseg.drawing.layers import Layer

way, path, work = sys.argv[1:]
if hasattr(signal, "SIGHUP"):
    # Whoever runs the tests may have it ignored.
    signal.signal(signal.SIGHUP, signal.SIG_DFL)

class Watched(ui.app.App):
    def begin(self, paths):
        super().begin(paths)
        self.n_said = 0
        if work == "regions":
            # The tree of the regions is made by what makes the image ready for clicks.
            self.photo.work.selecting.progressed.connect(self.count)
            self.photo.panels.panes.choose_layer(0, Layer("regions"))
        self.timer = QTimer(interval=10)
        self.timer.timeout.connect(self.leave)
        self.timer.start()

    def count(self, progress):
        self.n_said += 1

    def is_in_the_middle(self):
        if work == "regions":
            return self.photo.work.selecting.runner.is_running and self.n_said > 1
        return self.photo.work.fitter.runner.is_running and bool(self.photo.work.workspace.shown.steps)

    def leave(self):
        if not self.is_in_the_middle():
            return
        self.timer.stop()
        print("working", flush=True)
        if way == "close":
            self.window.close()
        elif way == "key":
            QTest.keyClick(self.window, Qt.Key.Key_Q, Qt.KeyboardModifier.ControlModifier)
        elif way == "quit":
            QCoreApplication.quit()

ui.app.App = Watched
from gmmseg.start import main
code = main([path])
print("left", QCoreApplication.applicationVersion(), QGuiApplication.desktopFileName(), flush=True)
sys.exit(code)
"""


def environment(folder: Path) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if name not in ("DISPLAY", "WAYLAND_DISPLAY")}
    places = {
        name: str(folder / name.lower()) for name in ("XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME")
    }
    return {
        **kept,
        **places,
        "QT_QPA_PLATFORM": "offscreen",
        "PYTHONPATH": str(ROOT),
        "PYTHONFAULTHANDLER": "1",
    }


@pytest.fixture(scope="module")
def large_photo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A photo with so many colours that its fit is still running when the window is left."""
    rng = np.random.default_rng(0)
    pixels = rng.integers(0, 256, (1000, 1000, 3), dtype=np.uint8)
    return write_png(tmp_path_factory.mktemp("photo") / "large.png", pixels)


def start(way: str, path: Path, tmp_path: Path, work: str = "fit") -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(CHILD), way, str(path), work],
        cwd=ROOT,
        env=environment(tmp_path),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def assert_clean(code: int, out: str, err: str) -> None:
    assert code == 0, err
    assert "working" in out
    # Qt passes these on to the desktop: crash reports, task bars and portals find the program by them.
    assert f"left {VERSION} gmmseg" in out
    for word in ("QThread", "Traceback", "libshiboken", "Fatal", "Segmentation"):
        assert word not in err


@pytest.mark.slow
@pytest.mark.parametrize("way", ["close", "key", pytest.param("quit", marks=pytest.mark.slow)])
def test_leaving_with_a_fit_running_ends_cleanly(way: str, large_photo: Path, tmp_path: Path) -> None:
    child = start(way, large_photo, tmp_path)
    out, err = child.communicate(timeout=60)
    assert_clean(child.returncode, out, err)


@pytest.mark.slow
@pytest.mark.parametrize("way", [pytest.param("close", marks=pytest.mark.slow), "quit"])
def test_leaving_while_regions_are_found_ends_cleanly(way: str, large_photo: Path, tmp_path: Path) -> None:
    child = start(way, large_photo, tmp_path, "regions")
    out, err = child.communicate(timeout=60)
    assert_clean(child.returncode, out, err)


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such signals")
@pytest.mark.parametrize("name", ["SIGTERM", pytest.param("SIGINT", marks=pytest.mark.slow), "SIGHUP"])
def test_a_signal_with_a_fit_running_ends_cleanly_and_what_is_remembered_is_kept(
    name: str, large_photo: Path, tmp_path: Path
) -> None:
    number = getattr(signal, name)
    child = start("signal", large_photo, tmp_path)
    assert child.stdout is not None
    assert child.stdout.readline().strip() == "working"
    child.send_signal(number)
    out, err = child.communicate(timeout=30)
    assert_clean(child.returncode, "working" + out, err)
    kept = (tmp_path / "xdg_config_home" / "gmmseg" / "gmmseg.ini").read_text()
    assert "geometry=" in kept
    assert "panes=" in kept


@pytest.mark.slow
@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full, which has no room for anything")
def test_a_full_disk_ends_in_no_traceback(large_photo: Path, tmp_path: Path) -> None:
    logs = tmp_path / "xdg_data_home" / "gmmseg" / "gmmseg" / "logs"
    logs.mkdir(parents=True)
    (logs / "gmmseg.log").symlink_to("/dev/full")
    child = start("close", large_photo, tmp_path)
    out, err = child.communicate(timeout=60)
    assert_clean(child.returncode, out, err)
    assert "Logging error" not in err


@pytest.mark.slow
def test_an_unwritable_home_does_not_keep_it_from_starting(large_photo: Path, tmp_path: Path) -> None:
    for name in ("xdg_config_home", "xdg_data_home"):
        (tmp_path / name).write_text("a file where a folder should be")
    child = start("close", large_photo, tmp_path)
    out, err = child.communicate(timeout=60)
    assert_clean(child.returncode, out, err)


@pytest.mark.parametrize("entry", [["main.py"], ["-m", "gmmseg"]], ids=["main.py", "python -m gmmseg"])
def test_help_needs_no_window(entry: list[str], tmp_path: Path) -> None:
    environ = {**environment(tmp_path), "QT_QPA_PLATFORM": "no such platform"}
    done = subprocess.run(
        [sys.executable, *entry, "--help"], cwd=ROOT, env=environ, capture_output=True, text=True, timeout=30
    )
    assert done.returncode == 0, done.stderr
    assert "segment" in done.stdout
